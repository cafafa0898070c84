// Package vim_test drives Vim and Neovim with the plugin of this directory, on a
// small tree.
package vim_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dekho/internal/testenv"
	"dekho/internal/vimdrive"
)

var (
	prepareOnce sync.Once
	prepared    struct {
		bin, store, tree string
		err              error
	}
)

func TestMain(m *testing.M) {
	code := m.Run()
	if prepared.bin != "" {
		os.RemoveAll(filepath.Dir(prepared.bin)) //nolint:errcheck // nobody to tell
	}
	os.Exit(code)
}

// rocket adds calls through a pointer to the tree of the command line's tests.
const rocket = `#include <linux/mars.h>

struct rocket_ops {
	int (*launch)(int pad);
};

static int saturn_launch(int pad)
{
	return mars_drive(0, pad);
}

static const struct rocket_ops saturn_ops = {
	.launch = saturn_launch,
};

int rocket_start(const struct rocket_ops *ops)
{
	return ops->launch(1);
}
`

// prepare builds the program and indexes a tree, once.
func prepare(t *testing.T) {
	t.Helper()
	root := testenv.Root(t)
	prepareOnce.Do(func() { prepared.err = prepareTree(root) })
	if prepared.err != nil {
		t.Fatal(prepared.err)
	}
}

func prepareTree(root string) error {
	dir, err := os.MkdirTemp("", "dekho-vim-")
	if err != nil {
		return err
	}
	prepared.bin, prepared.store, prepared.tree = filepath.Join(dir, "dekho"), filepath.Join(dir, "store"), filepath.Join(dir, "tree")
	build := exec.Command("go", "build", "-o", prepared.bin, "./cmd/dekho")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	if err := os.CopyFS(prepared.tree, os.DirFS(filepath.Join(root, "internal", "cli", "testdata", "tree"))); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(prepared.tree, "drivers/mars/rocket.c"), []byte(rocket), 0o644); err != nil {
		return err
	}
	if out, err := exec.Command(prepared.bin, "index", "--store", prepared.store, prepared.tree).CombinedOutput(); err != nil {
		return fmt.Errorf("dekho index: %w\n%s", err, out)
	}
	return nil
}

// scenario is a row of the tables: what both editors do, in the tree.
type scenario struct {
	name, steps, config string
	complains           bool
	files               map[string]string // written into $DIR beforehand
}

// run runs a table in both editors. $TREE and $DIR stand for the tree and for a
// directory of the scenario's own.
func run(t *testing.T, table []scenario) {
	prepare(t)
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			for _, s := range table {
				t.Run(s.name, func(t *testing.T) {
					dir := t.TempDir()
					for name, text := range s.files {
						if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
							t.Fatal(err)
						}
					}
					fill := strings.NewReplacer("$TREE", prepared.tree, "$DIR", dir).Replace
					e.Run(t, vimdrive.Scenario{
						Steps: fill(s.steps), Config: fill(s.config), Complains: s.complains,
						Program: prepared.bin, Dir: prepared.tree, Env: []string{"DEKHO_STORE=" + prepared.store},
					})
				})
			}
		})
	}
}

func TestNavigation(t *testing.T) {
	run(t, []scenario{
		{
			name: "one definition is jumped to, and CTRL-T returns",
			steps: `
do edit kernel/start.c
do call search('mars_sol')
do let g:from = getpos('.')[1:2]
do DekhoDef rocket_start
want expand('%:p') => '$TREE/drivers/mars/rocket.c'
want getline('.') => 'int rocket_start(const struct rocket_ops *ops)'
want expand('<cword>') => 'rocket_start'
keys \<C-t>
want expand('%:t') => 'start.c'
want getpos('.')[1:2] => g:from
`,
		},
		{
			name: "the name under the cursor, in a split",
			steps: `
do edit drivers/mars/rover.c
do call search('check_wheels(rover)')
do vertical DekhoDef
want winnr('$') => 2
want getline('.') => 'static int check_wheels(struct mars_rover *rover)'
`,
		},
		{
			name: "several definitions are listed",
			steps: `
do DekhoDef setup_machine
want len(getqflist()) => 2
want getqflist({'title': 1}).title => ':DekhoDef setup_machine (2)'
want sort(map(getqflist(), 'bufname(v:val.bufnr)')) => ['arch/arm/kernel/setup.c', 'arch/x86/kernel/setup.c']
want &buftype => ''
want winnr('$') => 2
do cclose
do let g:dekho_list = 'location'
do DekhoDef setup_machine
want len(getloclist(0)) => 2
do lclose
do DekhoDef! setup_machine
want expand('%:t') => 'setup.c'
want winnr('$') => 1
`,
		},
		{
			name: "the lens marks and leaves out",
			steps: `
do DekhoConfig arch=arm
do DekhoDef setup_machine
want getqflist()[0].text =~# '^\[function\] .*setup_machine' => 1
want bufname(getqflist()[0].bufnr) => 'arch/arm/kernel/setup.c'
want getqflist()[1].text =~# '\[out: arch x86\]$' => 1
do DekhoConfig built
do DekhoDef setup_machine
want bufname('%') => 'arch/arm/kernel/setup.c'
do DekhoConfig!
want dekho#tree#lens() => []
`,
		},
		{
			name: "references come into the list while the cursor stays",
			steps: `
do edit kernel/halt.c
do DekhoRefs mars_halt
wait !dekho#nav#busy()
want len(getqflist()) > 1 => 1
want bufname('%') => 'kernel/halt.c'
want getqflist({'title': 1}).title =~# '^:DekhoRefs mars_halt' => 1
want getqflist()[0].text =~# '^\[\a\+\]' => 1
do DekhoRefs --role write mars_sol
wait getqflist({'title': 1}).title =~# 'mars_sol'
do DekhoRefs! mars_drive
wait len(getloclist(0))
want winnr('$') => 3
`,
		},
		{
			name: "callers through pointers, with how they come there",
			steps: `
do DekhoCallers saturn_launch
wait !dekho#nav#busy()
want getqflist()[0].text => '[type-matched struct rocket_ops.launch] rocket_start(): return ops->launch(1);'
want getqflist()[0].lnum => 18
want getqflist()[1].text =~# 'saturn_launch is put into struct rocket_ops.launch' => 1
want getqflist()[1].lnum => 13
do DekhoCallers mars_drive
wait getqflist({'title': 1}).title =~# 'mars_drive'
want getqflist()[1].text =~# '^saturn_launch(): return mars_drive(0, pad);' => 1
do call setqflist([])
do DekhoCallees rocket_start
wait len(getqflist())
want getqflist()[0].text => 'launch() through struct rocket_ops.launch'
want getqflist()[1].text =~# 'saturn_launch() type-matched' => 1
do call setqflist([])
do DekhoPath rocket_start mars_drive
wait len(getqflist())
want getqflist()[0].text => '1: rocket_start() -> saturn_launch() [type-matched struct rocket_ops.launch]'
`,
		},
		{
			name: "callers as a tree",
			steps: `
do 3DekhoCallers check_wheels
wait len(getqflist())
want getqflist({'title': 1}).title =~# '^:3DekhoCallers check_wheels' => 1
want map(getqflist(), 'v:val.text')[0:1] => ['check_wheels()', '| mars_drive()']
want index(map(getqflist(), 'v:val.text'), '| | saturn_launch()') > 0 => 1
want index(map(getqflist(), 'v:val.text'), '| | | rocket_start() [type-matched struct rocket_ops.launch] (depth)') > 0 => 1
`,
		},
		{
			name: "direct callers only, and nobody", complains: true,
			steps: `
do DekhoCallers! saturn_launch
wait !dekho#nav#busy()
want len(getqflist()) => 0
want execute('messages') =~# 'dekho: DekhoCallers saturn_launch: nothing found' => 1
`,
		},
		{
			name: "grep",
			steps: `
do DekhoGrep dust
wait len(getqflist())
want getqflist()[0].text =~# 'dust on the panels' => 1
do call setqflist([])
do DekhoGrep -i -g drivers/** DROVE [0-9%a-z]+ metres
wait len(getqflist())
want getqflist()[0].col => 11
want bufname(getqflist()[0].bufnr) => 'drivers/mars/rover.c'
`,
		},
		{
			name: "outline into the location list",
			steps: `
do edit drivers/mars/rover.c
do DekhoOutline
want len(getloclist(0)) > 1 => 1
do lclose
do call setpos('.', [0, 1, 1, 0])
do ll 2
want getline('.') => 'static int check_wheels(struct mars_rover *rover)'
`,
		},
		{
			name: "show, and following a line of it",
			steps: `
do edit kernel/start.c
do DekhoShow mars_drive
want winnr('$') => 2
do wincmd P
want getline(1) =~# '^drivers/mars/rover.c:16: function mars_drive' => 1
want index(getline(1, '$'), '') > 1 => 1
want &modifiable => 0
keys \<CR>
want bufname('%') => 'drivers/mars/rover.c'
want line('.') => 16
do pclose
do DekhoShow! mars_drive
want dekho#popup#text()[0] =~# '^drivers/mars/rover.c:16: function mars_drive' => 1
keys j
wait empty(dekho#popup#text())
`,
		},
		{
			name: "tagfunc",
			steps: `
do set tagfunc=dekho#TagFunc
do edit kernel/start.c
do tag mars_drive
want bufname('%') =~# 'drivers/mars/rover.c' => 1
want getline('.') => 'int mars_drive(struct mars_rover *rover, int metres)'
keys \<C-t>
want bufname('%') => 'kernel/start.c'
do edit drivers/mars/rover.c
do call search('check_wheels(rover)')
keys \<C-]>
want line('.') => 6
want len(taglist('^mars_drive$')) => 2
want taglist('^mars_drive$')[0].kind => 'function'
do edit drivers/mars/rover.c
do call append(0, ['', '', ''])
do tag mars_drive
want line('.') => 19
`,
		},
		{
			name: "omnifunc",
			steps: `
do edit drivers/mars/rover.c
do setlocal omnifunc=dekho#OmniFunc completeopt=menuone
do normal! Go
type imars_dr\<C-x>\<C-o>\<C-y>
keys \<Esc>
wait mode() ==# 'n'
want getline('.') => 'mars_drive'
`,
		},
		{
			name: "an edited buffer is jumped to where the text is now",
			steps: `
do edit drivers/mars/rover.c
do call append(0, map(range(30), '"/* new */"'))
do DekhoDef! mars_drive
want getline('.') => 'int mars_drive(struct mars_rover *rover, int metres)'
want line('.') => 46
do DekhoRefs mars_drive
wait len(getqflist())
want filter(getqflist(), 'v:val.text =~# "definition\\|^.function"')[0].lnum => 46
`,
		},
		{
			name: "names complete on the command line",
			steps: `
want getcompletion('DekhoDef mars_dr', 'cmdline') => ['mars_drive']
want getcompletion('DekhoFixW', 'cmdline') => ['DekhoFixWhitespace']
`,
		},
	})
}

func TestTrouble(t *testing.T) {
	run(t, []scenario{
		{
			name: "no program", complains: true, config: "let g:dekho_program = 'no-such-dekho'",
			steps: `
do DekhoDef mars_drive
want execute('messages') =~# "dekho: there is no program 'no-such-dekho': put dekho into $PATH, or set g:dekho_program" => 1
do DekhoFind
do DekhoLog
want winnr('$') => 1
`,
		},
		{
			name: "no index", complains: true, config: "let g:dekho_store = '$DIR/empty'",
			steps: `
do DekhoDef mars_drive
want execute('messages') =~# 'dekho: no tree is indexed: run :DekhoIndex DIR' => 1
`,
		},
		{
			name:   "the tree is indexed by the editor, and asked from then on",
			config: "let g:dekho_store = '$DIR/store'",
			steps: `
do DekhoIndex $TREE
wait !dekho#indexing()
want execute('messages') =~# 'tree.* is indexed' => 1
do DekhoDef! mars_drive
want bufname('%') => 'drivers/mars/rover.c'
want execute('DekhoTree') =~# '^\n[*] tree .*$TREE$' => 1
`,
		},
		{
			name:   "a file that is saved is indexed anew",
			config: "let g:dekho_store = '$DIR/store'\nlet g:dekho_index_on_save = 1", complains: true,
			files: map[string]string{"x.c": "int before;\n"},
			steps: `
do cd $DIR
do DekhoIndex $DIR
wait !dekho#indexing()
do edit x.c
do call setline(1, ['int before;', '', 'int behind(void)', '{', '}'])
do write
wait !dekho#indexing()
do call cursor(1, 1)
do DekhoDef behind
want line('.') => 3
`,
		},
		{
			name: "no such name", complains: true,
			steps: `
do DekhoDef mars_drve
want execute('messages') =~# 'dekho: no definition of mars_drve; there is .*mars_drive' => 1
do DekhoRefs mars_drve
wait !dekho#nav#busy()
want execute('messages') =~# 'DekhoRefs mars_drve: nothing found' => 1
do DekhoPath mars_drive
want execute('messages') =~# ':DekhoPath wants two names' => 1
`,
		},
		{
			name: "a file of no tree, and the tree chosen", complains: true,
			files: map[string]string{"x.c": "int mars_drive;\n"},
			steps: `
do cd $DIR
do let g:dekho_store = '$DIR/store'
do DekhoIndex $DIR
wait !dekho#indexing()
do edit $DIR/x.c
do DekhoDef mars_drive
want expand('%:t') => 'x.c'
want line('.') => 1
want execute('DekhoTree $TREE') =~# '$TREE is not indexed: run :DekhoIndex $TREE' => 1
`,
		},
	})
}

func TestMapsAndLoading(t *testing.T) {
	run(t, []scenario{
		{
			name: "no keys unless asked for",
			steps: `
want maparg('<Leader>kd', 'n') => ''
want maparg('<Plug>(dekho-def)', 'n') =~# 'DekhoDef' => 1
want exists('*dekho#try') => 0
`,
		},
		{
			name: "keys when asked for", config: "let g:dekho_maps = 1",
			steps: `
do edit drivers/mars/rover.c
do call search('check_wheels(rover)')
keys \\kd
want line('.') => 6
`,
		},
		{
			name: "help has tags",
			steps: `
do call mkdir('$DIR/doc')
do call writefile(readfile(globpath(&rtp, 'doc/dekho.txt')), '$DIR/doc/dekho.txt')
do helptags $DIR/doc
do set rtp+=$DIR
do help dekho
want expand('%:t') => 'dekho.txt'
do help :DekhoFixWhitespace
do help g:dekho_program
want len(filter(getcompletion(':Dekho', 'help'), 'v:val =~# "^:Dekho\\a*$"')) => len(filter(getcompletion('Dekho', 'command'), 1))
`,
		},
	})
}

// TestSources makes sure that nothing in any file of the plugin is an error when
// it is loaded.
func TestSources(t *testing.T) {
	prepare(t)
	root := vimdrive.Plugin(t)
	var steps strings.Builder
	for _, pattern := range []string{"plugin/*.vim", "autoload/*.vim", "autoload/dekho/*.vim", "ftdetect/*.vim", "ftplugin/*.vim", "syntax/*.vim"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, f := range files {
			fmt.Fprintf(&steps, "do unlet! g:loaded_dekho b:did_ftplugin b:current_syntax\ndo source %s\n", f)
		}
	}
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			e.Run(t, vimdrive.Scenario{Steps: steps.String(), Program: prepared.bin, Dir: t.TempDir()})
			// As a package, found by packadd.
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "pack/kernel/opt"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(root, filepath.Join(dir, "pack/kernel/opt/dekho")); err != nil {
				t.Fatal(err)
			}
			e.Run(t, vimdrive.Scenario{
				Bare: true, Config: "set packpath^=" + dir, Program: prepared.bin, Dir: prepared.tree, Env: []string{"DEKHO_STORE=" + prepared.store},
				Steps: "do packadd dekho\ndo DekhoDef rocket_start\nwant bufname('%') => 'drivers/mars/rocket.c'",
			})
		})
	}
}
