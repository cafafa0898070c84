package vim_test

import (
	"fmt"
	"strings"
	"testing"
)

const marsLog = `[    0.000000] Linux version 6.1.7-mars (nobody@mars) #1 SMP
[    0.000000] Machine model: Rover Board
[    0.100000] caches are cold
[    1.000000] rover: alpha: wheels ready
[    1.600000] rover: dust on the panels
[    2.000000] orbiter: pass over alpha at height 0x00061a80
login: [    2.500000] rover: beta: only 3 wheels left, error -19
[    2.600000] something else entirely
[    3.000000] Kernel panic - not syncing: Rover lost
login: 
`

func TestLog(t *testing.T) {
	var long strings.Builder
	for i := range 10500 { // each at another time: else they are one record, printed again
		fmt.Fprintf(&long, "[%5d.600000] rover: dust on the panels\n[%5d.700000] nothing of note\n", i, i)
	}
	run(t, []scenario{
		{
			name:  "signs for what matters, and the way to statements",
			files: map[string]string{"mars.log": marsLog},
			steps: `
do let g:dekho_arch = 'arm'
do DekhoLog $DIR/mars.log
wait !dekho#log#busy(bufnr('%'))
want &filetype => 'dekholog'
want map(sign_getplaced('%', {'group': 'dekho_log'})[0].signs, '[v:val.lnum, v:val.name]') => [[5, 'dekho_warning'], [7, 'dekho_first'], [8, 'dekho_unmapped'], [9, 'dekho_error']]
want execute('messages') =~# 'dekho: 9 records of the kernel, 8 mapped, 3 matter' => 1
keys ]d
want line('.') => 5
keys ]d
want line('.') => 7
keys ]e
want line('.') => 9
keys [d
want line('.') => 7
keys gg[D
want line('.') => 7
keys gd
want bufname('%') => 'drivers/mars/rover.c'
want getline('.') =~# 'only %d wheels left' => 1
keys \<C-t>
want expand('%:t') => 'mars.log'
want line('.') => 7
keys 4G\<CR>
want getline('.') =~# 'wheels ready' => 1
keys \<C-o>
keys 9G\<C-w>\<CR>
want winnr('$') => 2
want getline('.') =~# 'pr_emerg' => 1
`,
		},
		{
			name:  "K shows the candidates and the values",
			files: map[string]string{"mars.log": marsLog},
			steps: `
do DekhoLog $DIR/mars.log
wait !dekho#log#busy(bufnr('%'))
keys 7GfbK
want dekho#popup#text()[0] => 'certain, error'
want index(dekho#popup#text(), '  rover->name = beta') > 0 => 1
want index(dekho#popup#text(), 'drivers/mars/rover.c:9: check_wheels() pr_err') > 0 => 1
keys j
wait empty(dekho#popup#text())
keys 8GK
want dekho#popup#text()[0] => 'unknown'
`,
		},
		{
			name: "what nobody printed", complains: true,
			files: map[string]string{"mars.log": marsLog},
			steps: `
do DekhoLog $DIR/mars.log
wait !dekho#log#busy(bufnr('%'))
keys 8Ggd
want execute('messages') =~# 'dekho: no statement of the tree prints this' => 1
keys 10Ggd
want execute('messages') =~# 'dekho: the kernel did not print this: user space' => 1
keys G]d
want execute('messages') =~# 'dekho: nothing that matters below' => 1
want bufname('%') =~# 'mars.log' => 1
`,
		},
		{
			name:  "an ambiguous record is listed with grades",
			files: map[string]string{"two.log": "[    0.100000] caches are cold\n"},
			steps: `
do DekhoLog $DIR/two.log
wait !dekho#log#busy(bufnr('%'))
want sign_getplaced('%', {'group': 'dekho_log'})[0].signs[0].name => 'dekho_guess'
keys gd
wait winnr('$') == 2
want expand('%:t') => 'two.log'
want len(getloclist(0)) => 2
want getloclist(0)[0].text =~# '^\[ambiguous [0-9.-]\+\] setup_machine() pr_info' => 1
`,
		},
		{
			name:  "an edit is followed",
			files: map[string]string{"mars.log": marsLog},
			steps: `
do DekhoLog $DIR/mars.log
wait !dekho#log#busy(bufnr('%'))
keys ggO[    0.000000] rover: dust on the panels\<Esc>
wait !dekho#log#busy(bufnr('%'))
wait map(sign_getplaced('%', {'group': 'dekho_log'})[0].signs, 'v:val.lnum') == [1, 6, 8, 9, 10]
want sign_getplaced('%', {'group': 'dekho_log', 'lnum': 8})[0].signs[0].name => 'dekho_first'
keys 8Ggd
want getline('.') =~# 'only %d wheels left' => 1
`,
		},
		{
			name: "line ends of DOS, colours, NULs, bytes that are no text",
			files: map[string]string{
				"dos.log":   strings.ReplaceAll(marsLog, "\n", "\r\n"),
				"dirty.log": "\x00\x00\xff\x1b[32m[    1.600000] \x1b[0mrover: dust on the panels\n\x00\n[    1.000000] rover: al\xffpha: wheels ready\n[    1.600000] rover: dust on the panels",
			},
			steps: `
do DekhoLog $DIR/dos.log
wait !dekho#log#busy(bufnr('%'))
want map(sign_getplaced('%', {'group': 'dekho_log'})[0].signs, 'v:val.lnum')[-3:] => [7, 8, 9]
keys 7G$gd
want getline('.') =~# 'only %d wheels left' => 1
do DekhoLog $DIR/dirty.log
wait !dekho#log#busy(bufnr('%'))
want map(sign_getplaced('%', {'group': 'dekho_log'})[0].signs, 'v:val.lnum') => [1, 4]
keys 1G$gd
want getline('.') =~# 'dust on the panels' => 1
keys \<C-o>
keys 4Ggd
want getline('.') =~# 'dust on the panels' => 1
`,
		},
		{
			name:  "a record whose time stamp is broken over two lines",
			files: map[string]string{"broken.log": "[    0.000000] Machine model: Rover Board\n[    1.6\n00000] rover: dust on the panels\n[    1.700000] nothing\n"},
			steps: `
do DekhoLog $DIR/broken.log
wait !dekho#log#busy(bufnr('%'))
keys 3Ggd
want getline('.') =~# 'dust on the panels' => 1
`,
		},
		{
			name:  "a long log",
			files: map[string]string{"long.log": long.String()},
			steps: `
do DekhoLog $DIR/long.log
patience 60
wait !dekho#log#busy(bufnr('%'))
want len(sign_getplaced('%', {'group': 'dekho_log'})[0].signs) => 21000
keys 20999Ggd
want getline('.') =~# 'dust on the panels' => 1
`,
		},
		{
			name:  "a file type of its own",
			files: map[string]string{"boot.dmesg": marsLog},
			steps: `
do edit $DIR/boot.dmesg
want &filetype => 'dekholog'
do let b:dekho_root = '$TREE'
do DekhoLog
wait !dekho#log#busy(bufnr('%'))
want len(sign_getplaced('%', {'group': 'dekho_log'})[0].signs) > 2 => 1
`,
		},
	})
}
