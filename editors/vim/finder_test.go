package vim_test

import "testing"

func TestFinder(t *testing.T) {
	run(t, []scenario{
		{
			name: "a symbol: typed, found, opened; CTRL-T returns",
			steps: `
do edit kernel/start.c
keys :DekhoFind\<CR>
wait mode() ==# 'i'
type rocketst
wait get(get(dekho#finder#state().items, 0, {}), 'name', '') ==# 'rocket_start'
want getline(1) => 'rocketst'
want getline(2) =~# '^> rocket_start  *function  *drivers/mars/rocket.c:16' => 1
want len(filter(getmatches(), 'v:val.group ==# "DekhoFindMatch"')) > 0 => 1
want dekho#finder#status() =~# '^ \[all\] files symbols buffers grep%=  1/1 $' => 1
keys \<CR>
wait winnr('$') == 1
want mode() => 'n'
want bufname('%') => 'drivers/mars/rocket.c'
want getline('.') => 'int rocket_start(const struct rocket_ops *ops)'
want expand('<cword>') => 'rocket_start'
keys \<C-t>
want bufname('%') => 'kernel/start.c'
`,
		},
		{
			name: "files, moving, splits",
			steps: `
keys :DekhoFind files setup\<CR>
wait len(get(dekho#finder#state(), 'items', [])) == 2
do let g:job = dekho#finder#state().source.job.id
keys \<C-n>
want getline(3)[0] => '>'
keys \<C-p>
want getline(2)[0] => '>'
do let g:name = getline(2)[2:]
keys \<C-v>
wait mode() ==# 'n'
want winnr('$') => 2
want bufname('%') => g:name
# The process behind it ends.
wait has('nvim') ? jobwait([g:job], 0)[0] != -1 : job_status(g:job) ==# 'dead'
do only
keys :DekhoFind files rover\<CR>
wait len(get(dekho#finder#state(), 'items', []))
keys \<C-x>
want winnr('$') => 2
do only
keys :DekhoFind files rover\<CR>
wait len(get(dekho#finder#state(), 'items', []))
keys \<C-t>
want tabpagenr('$') => 2
want bufname('%') => 'drivers/mars/rover.c'
`,
		},
		{
			name: "sources follow each other, buffers and text among them",
			steps: `
do edit kernel/halt.c
do edit kernel/start.c
keys :DekhoFind buffers\<CR>
want len(dekho#finder#state().items) => 2
type hlt
want len(dekho#finder#state().items) => 1
want getline(2) => '> kernel/halt.c'
keys \<C-u>
type dust
wait len(dekho#finder#state().items) == 0
keys \<C-f>
wait len(dekho#finder#state().items) == 1
want dekho#finder#state().source.name => 'grep'
want getline(2) =~# '^> drivers/mars/rover.c:24: pr_warn("dust' => 1
keys \<C-b>
want dekho#finder#state().source.name => 'buffers'
keys \<C-f>
wait len(dekho#finder#state().items) == 1
keys \<CR>
want line('.') => 24
`,
		},
		{
			name: "marks and the quickfix list",
			steps: `
keys :DekhoFind symbols mars\<CR>
wait len(get(dekho#finder#state(), 'items', [])) > 3
do let g:found = len(dekho#finder#state().items)
keys \<C-q>
wait len(getqflist())
want len(getqflist()) => g:found
want getqflist({'title': 1}).title =~# '^:DekhoFind symbols mars' => 1
do cclose
keys :DekhoFind!\<CR>
wait len(get(dekho#finder#state(), 'items', [])) == g:found
want getline(1) => 'mars'
keys \<Tab>\<Tab>
want getline(2)[1] => '*'
want getline(3)[1] => '*'
keys \<C-q>
wait len(getqflist()) == 2
`,
		},
		{
			name: "preview of the place",
			steps: `
do edit kernel/start.c
keys :DekhoFind symbols rocket_start\<CR>
wait len(get(dekho#finder#state(), 'items', []))
keys \<C-o>
want index(dekho#popup#text(), 'int rocket_start(const struct rocket_ops *ops)') >= 0 => 1
keys \<C-c>
want empty(dekho#popup#text()) => 1
want winnr('$') => 1
want bufname('%') => 'kernel/start.c'
want mode() => 'n'
`,
		},
		{
			name: "Normal mode selects, and goes back to typing",
			steps: `
keys :DekhoFind mars\<CR>
wait len(get(dekho#finder#state(), 'items', [])) > 3
keys \<Esc>
wait mode() ==# 'n'
keys 4G
want getline(4)[0] => '>'
want dekho#finder#state().selected => 2
keys i
wait mode() ==# 'i'
want getline(1) => 'mars'
type _dr
wait get(get(dekho#finder#state().items, 0, {}), 'name', '') ==# 'mars_drive'
keys \<Esc>
wait mode() ==# 'n'
keys q
want winnr('$') => 1
`,
		},
		{
			name: "editing keys, pasted lines, queries that are none",
			steps: `
keys :DekhoFind files\<CR>
type rovers\<BS>
wait len(get(dekho#finder#state(), 'items', [])) == 1
keys \<Del>
want getline(1) => 'rover'
want line('$') => 2
keys \<C-u>
wait len(get(dekho#finder#state(), 'items', [1])) == 0
do let @a = "halt\nstart\n"
keys \<C-r>a
wait len(get(dekho#finder#state(), 'items', []))
want getline(1) => 'halt'
want line('.') => 1
want line('$') => 3
keys \<C-u>
type !
wait dekho#finder#state().remark !=# '' || empty(dekho#finder#state().items)
keys \<C-u>
type start
wait len(get(dekho#finder#state(), 'items', []))
want getline(2) => '> kernel/start.c'
type zzzz
wait len(dekho#finder#state().items) == 0
keys \<CR>
want mode() => 'i'
keys \<C-c>
want winnr('$') => 1
`,
		},
		{
			name: "more than fits is moved through, on a small screen",
			steps: `
do set lines=24 columns=80
do let g:dekho_finder_height = 5
keys :DekhoFind m\<CR>
wait len(get(dekho#finder#state(), 'items', [])) > 6
want line('$') => 5
keys \<C-p>
want dekho#finder#state().selected => len(dekho#finder#state().items) - 1
want getline(5)[0] => '>'
keys \<C-n>
want getline(2)[0] => '>'
keys \<C-n>\<C-n>\<C-n>\<C-n>
want dekho#finder#state().selected => 4
want getline(5)[0] => '>'
keys \<PageUp>
want getline(2)[0] => '>'
keys \<C-c>
want winnr('$') => 1
`,
		},
		{
			name: "an unsaved buffer stays in its window",
			steps: `
do set nohidden
do edit kernel/start.c
do call setline(1, 'changed')
keys :DekhoFind files halt\<CR>
wait len(get(dekho#finder#state(), 'items', []))
keys \<CR>
want bufname('%') => 'kernel/halt.c'
want winnr('$') => 2
`,
		},
	})
}
