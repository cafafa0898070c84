package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// lander is a small tree for clients that write into it.
var lander = map[string]string{
	"engine.h":   "extern int fuel;\nint burn(int n);\n#define BURN(n) burn(n)\n",
	"engine.c":   "#include \"engine.h\"\nint fuel = 7;\n\nint burn(int n)\n{\n\tfuel -= n;\n\treturn fuel;\n}\n",
	"sub/land.c": "#include \"../engine.h\"\n/* fuel is low */\nint land(void)\n{\n\treturn BURN(3) + burn(1);\n}\n",
}

// client is a directory with links to the program under the names that clients
// call, and an environment that finds them.
type client struct {
	dir, bin string
	env      []string
}

func (k *kernel) client(t *testing.T, files map[string]string) *client {
	t.Helper()
	c := &client{dir: t.TempDir(), bin: t.TempDir()}
	for name, text := range files {
		name = filepath.Join(c.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cscope", "ctags", "readtags", "dekho"} {
		if err := os.Symlink(k.bin, filepath.Join(c.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	c.env = append(os.Environ(), "PATH="+c.bin+":"+os.Getenv("PATH"), "DEKHO_STORE="+k.store, "DEKHO_TREE=", "HOME="+c.dir)
	if len(files) > 0 { // a tree of its own: it must not stay in the store of all tests
		c.env = append(c.env, "DEKHO_STORE="+t.TempDir())
	}
	return c
}

// run runs a program in the client's directory.
func (c *client) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	if path := filepath.Join(c.bin, name); !strings.Contains(name, "/") {
		if _, err := os.Stat(path); err == nil {
			cmd = exec.CommandContext(t.Context(), path, args...)
		}
	}
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// vim runs a script in Vim, which has Say(text) to say something, and returns
// what it said.
func (c *client) vim(t *testing.T, script string) string {
	t.Helper()
	vim := testenv.Program(t, "vim.nox", "vim-nox")
	said := filepath.Join(t.TempDir(), "said")
	name := filepath.Join(t.TempDir(), "script.vim")
	text := fmt.Sprintf(`
function! Say(text)
	call writefile(split(a:text, "\n"), %q, 'a')
endfunction
function! Here()
	return printf('%%s:%%d', expand('%%'), line('.'))
endfunction
function! Quickfix()
	return join(map(getqflist(), {_, e -> printf('%%s:%%d:%%s', bufname(e.bufnr), e.lnum, e.text)}), ' | ')
endfunction
try
%s
catch
	call Say('ERROR ' .. v:exception .. ' at ' .. v:throwpoint)
endtry
qa!
`, said, script)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run(t, vim, "-Nu", "NONE", "-i", "NONE", "-n", "-es", "-S", name)
	out, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// saysAll fails unless a text is made of some lines.
func saysAll(t *testing.T, got string, want ...string) {
	t.Helper()
	if w := strings.Join(want, "\n") + "\n"; got != w {
		t.Errorf("got\n%swant\n%s", got, w)
	}
}

// TestVimCscope has Vim's :cscope work with the program, on a small tree: every
// query, quickfix, tags, the connection.
func TestVimCscope(t *testing.T) {
	c := testKernel(t).client(t, lander)
	c.run(t, "dekho", "cscope", "-Rbq")
	for _, prg := range []string{`dekho\ cscope`, "cscope"} {
		saysAll(t, c.vim(t, `
set cscopeprg=`+prg+` cscopequickfix=s-,c-,d-,i-,t-,e-,a-,f- cscopetag cscopeverbose
call Say(split(execute('cs add cscope.out'), "\n")[-1])
cs find g land
call Say('g ' .. Here())
for [q, name] in [['s', 'fuel'], ['c', 'burn'], ['d', 'land'], ['t', 'is low'], ['e', '^.define.*N.n'], ['i', '^engine.h$'], ['i', 'engine.h'], ['a', 'fuel'], ['f', 'land.c'], ['3', 'land']]
	call setqflist([])
	try
		execute 'silent cs find' q name
		call Say(q .. ' ' .. Quickfix())
	catch /E259/
		call Say(q .. ' nothing')
	endtry
endfor
cstag burn
call Say('cstag ' .. Here())
normal! gg0
execute "normal! 4Gwyiw\<C-]>"
call Say('^] ' .. Here())
let before = execute('cs show')
cs reset
call Say('reset ' .. (before =~ 'cscope.out' && execute('cs show') =~ 'cscope.out'))
try
	cs find g nosuchname
catch /E259/
	call Say('none')
endtry
cs find g land
call Say('g ' .. Here())
cs kill -1
try
	cs find g land
catch /E567/
	call Say('killed')
endtry
`),
			"Added cscope database "+c.dir+"/cscope.out",
			"g sub/land.c:3",
			"s engine.c:2:<<global>> int fuel = 7; | engine.c:6:<<burn>> fuel -= n; | engine.c:7:<<burn>> return fuel; | engine.h:1:<<global>> extern int fuel;",
			"c sub/land.c:5:<<land>> return BURN(3) + burn(1); | engine.h:3:<<BURN>> #define BURN(n) burn(n)",
			"d sub/land.c:5:<<BURN>> return BURN(3) + burn(1); | sub/land.c:5:<<burn>> return BURN(3) + burn(1);",
			"t sub/land.c:2:<<<unknown>>> /* fuel is low */",
			"e engine.h:3:<<<unknown>>> #define BURN(n) burn(n)",
			`i engine.c:1:<<global>> #include "engine.h"`,
			`i engine.c:1:<<global>> #include "engine.h" | sub/land.c:1:<<global>> #include "../engine.h"`,
			"a engine.c:2:<<global>> int fuel = 7; | engine.c:6:<<burn>> fuel -= n;",
			"f sub/land.c:1:<<<unknown>>>",
			"3 nothing",
			"cstag engine.c:4",
			"^] engine.c:4",
			"reset 1",
			"none",
			"g sub/land.c:3",
			"killed",
		)
	}
}

// TestVimCscopeKernel asks Vim about the whole kernel, from elsewhere, and wants
// as many places as the program names, each with its line.
func TestVimCscopeKernel(t *testing.T) {
	k := testKernel(t)
	c := k.client(t, nil)
	c.run(t, "dekho", "cscope", "--tree", k.tree, "-b", "-f", "kernel.out", "-s", k.tree)
	for _, q := range []struct{ letter, name string }{
		{"s", "vfs_read"},
		{"c", "ext4_mark_iloc_dirty"},
		{"c", "ext4_file_read_iter"},
		{"d", "vfs_read"},
		{"t", "Attempted to kill init"},
		{"e", "^vfs_r[a-z]*\\("},
		{"f", "fs/ext4/super.c"},
		{"i", "linux/tty_flip.h"},
		{"a", "f_op"},
		{"g", "file_operations"},
	} {
		number := map[string]string{"s": "0", "g": "1", "d": "2", "c": "3", "t": "4", "e": "6", "f": "7", "i": "8", "a": "9"}[q.letter]
		answer := c.run(t, "cscope", "-d", "-f", "kernel.out", "-L", "-"+number, q.name)
		var want []string
		for line := range strings.Lines(answer) {
			f := strings.SplitN(line, " ", 4)
			want = append(want, f[0]+":"+f[2])
		}
		got := c.vim(t, `
set cscopeprg=cscope cscopequickfix=s-,c-,d-,i-,t-,e-,a-,f-,g-
cs add kernel.out
silent cs find `+q.letter+" "+strings.ReplaceAll(q.name, "|", `\|`)+`
call Say(join(map(getqflist(), {_, e -> fnamemodify(bufname(e.bufnr), ':p') .. ':' .. e.lnum}), "\n"))
`)
		if got = strings.TrimRight(got, "\n"); got != strings.Join(want, "\n") || len(want) == 0 {
			t.Errorf("cs find %s %s: Vim has %d places, the program %d\n%.300s\n%.300s", q.letter, q.name, strings.Count(got, "\n")+1, len(want), got, strings.Join(want, "\n"))
		}
	}
	got := c.vim(t, "set cscopeprg=cscope\ncs add kernel.out\ncs find g vfs_read\ncall Say(Here())")
	saysAll(t, got, k.tree+"/fs/read_write.c:450")
}

// TestCscopeMaps uses the commands of the cscope_maps.vim that people have: a
// database in the working directory or in CSCOPE_DB, and queries for the word
// under the cursor.
func TestCscopeMaps(t *testing.T) {
	c := testKernel(t).client(t, lander)
	c.run(t, "cscope", "-b", "-q", "-k", "-R")
	saysAll(t, c.vim(t, `
set cscopetag csto=0 cscopeprg=cscope
if filereadable("cscope.out")
	cs add cscope.out
elseif $CSCOPE_DB != ""
	cs add $CSCOPE_DB
endif
set cscopeverbose
edit sub/land.c
call search('burn(1)')
execute 'cs find g' expand('<cword>')
call Say(Here())
edit sub/land.c
call cursor(1, 12)
execute 'cs find f' fnamemodify(expand('<cfile>'), ':t')
call Say(Here())
cd sub
let $CSCOPE_DB = '../cscope.out'
cs kill -1
set cscoperelative
cs add $CSCOPE_DB
cs find g land
call Say(Here())
`), "engine.c:4", "engine.h:1", "land.c:3")
}

// xcscopeMark is a file by which the package of xcscope.el is known: it has no
// program, but this is one.
const xcscopeMark = "/usr/lib/emacsen-common/packages/install/elpa-xcscope"

// TestXcscope has Emacs search with xcscope.el, and make the index with its own
// command.
func TestXcscope(t *testing.T) {
	emacs := testenv.Program(t, "emacs", "emacs-nox")
	testenv.Program(t, xcscopeMark, "elpa-xcscope")
	found, err := filepath.Glob("/usr/share/emacs/site-lisp/elpa-src/xcscope-*/xcscope.el")
	if err != nil || len(found) == 0 {
		t.Fatalf("the package has no xcscope.el: %v", err)
	}
	c := testKernel(t).client(t, lander)
	script := filepath.Join(c.bin, "script.el")
	if err := os.WriteFile(script, []byte(`
(require 'cl-lib)
(setq cscope-option-kernel-mode t cscope-option-use-inverted-index t cscope-program "cscope"
      cscope-use-relative-paths t cscope-display-times nil cscope-edit-single-match nil)
(defun wait-for (name)
  (while (cl-some (lambda (p) (string-prefix-p name (process-name p))) (process-list))
    (accept-process-output nil 0.05)))
(find-file "sub/land.c")
(cscope-index-files default-directory)
(wait-for "cscope-indexer")
(setq default-directory (expand-file-name ".."))
(let ((top (file-name-as-directory (expand-file-name ".." (file-name-directory buffer-file-name)))))
  (cscope-set-initial-directory top)
  (cscope-index-files top)
  (wait-for "cscope-indexer"))
(dolist (search '((cscope-find-this-symbol "fuel") (cscope-find-global-definition "land")
                  (cscope-find-functions-calling-this-function "burn") (cscope-find-called-functions "land")
                  (cscope-find-this-text-string "is low") (cscope-find-egrep-pattern "^#def.*BURN")
                  (cscope-find-this-file "land.c") (cscope-find-files-including-file "engine.h")
                  (cscope-find-global-definition "nosuchname")))
  (funcall (car search) (cadr search))
  (wait-for "cscope"))
(with-current-buffer "*cscope*"
  (princ (buffer-substring-no-properties (point-min) (point-max))))
`), 0o600); err != nil {
		t.Fatal(err)
	}
	out := c.run(t, emacs, "-Q", "--batch", "-l", found[0], "-l", script)
	for _, want := range []string{
		"*** engine.c:\n", "<global>[2]", "int fuel = 7;", "burn[6]", "fuel -= n;",
		"land[3]", "int land(void)",
		"BURN[3]", "#define BURN(n) burn(n)", "land[5]", "return BURN(3) + burn(1);",
		"burn[5]",
		"<unknown>[2]", "/* fuel is low */",
		"*** sub/land.c:\n", "<unknown>[1]",
		`#include "engine.h"`, `#include "../engine.h"`,
		"No matches were found",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
			return
		}
	}
	for _, bad := range []string{"invalid", "annot", "nable"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q in\n%s", bad, out)
		}
	}
}

// TestGutentags runs what the scripts of vim-gutentags run: update_scopedb for
// cscope, with its database in the tree and in a directory for all, and
// update_tags for ctags.
func TestGutentags(t *testing.T) {
	c := testKernel(t).client(t, lander)
	cache := t.TempDir()
	for _, test := range []struct{ db, root, name string }{
		{"cscope.out", ".", "sub/land.c"},
		{filepath.Join(cache, "lander-cscope.out"), c.dir, c.dir + "/./sub/land.c"},
	} {
		// The names of files as it lists them, a build beside the database, and the
		// three files of it moved to their places.
		c.run(t, "sh", "-ec", fmt.Sprintf(`
db=%q root=%q
echo $$ > "$db.lock"
cd "$root"
find . -type f | while read -r l; do if [ "$root" = . ]; then echo "$l"; else echo "$root/$l"; fi; done > "$db.files"
cscope -i "$db.files" -q -v -b -k -f "$db.temp"
mv -f "$db.temp.in" "$db.in"
mv -f "$db.temp.po" "$db.po"
mv -f "$db.temp" "$db"
rm -f "$db.lock" "$db.files"
`, test.db, test.root))
		got := c.vim(t, "set cscopeprg=cscope\ncs add "+test.db+"\ncs find g land\ncall Say(fnamemodify(Here(), ':p'))\ncs reset\ncs find g fuel\ncall Say(expand('%:t'))")
		saysAll(t, got, filepath.Clean(filepath.Join(c.dir, "sub/land.c"))+":3", "engine.c")
	}
	c.run(t, "sh", "-ec", `
ctags -f tags.temp --exclude=tags --exclude=tags.* --recursive=yes .
mv -f tags.temp tags
printf 'int late(void) { return 0; }\n' >> engine.c
grep -Ev '	engine\.c	' tags > tags.temp
ctags -f tags.temp --append engine.c
mv -f tags.temp tags
`)
	saysAll(t, c.vim(t, "tag late\ncall Say(Here())\ntag land\ncall Say(Here())"), "engine.c:9", "sub/land.c:3")
}
