package vim_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/testenv"
	"dekho/internal/vimdrive"
)

// dirty has each fault that is fixed, and white space that must stay.
const dirty = "// SPDX-License-Identifier: GPL-2.0\n" +
	"#include <linux/kernel.h> \n" +
	"\n" +
	"/*\n" +
	" *  a comment  \n" +
	"        indented by spaces, \"not a string\n" +
	" */\n" +
	"static const char *const text = \"a \tb  \";\t \n" +
	"static const char long_text[] = \"one \\\n" +
	"        two \tthree\";\n" +
	"\n" +
	"int  dirty(int a)\n" +
	"{\n" +
	"        int b = a; \t/* eight spaces */\n" +
	"  \tint c = '\"';   \t/* space before tab */\n" +
	"\t        int d = 0;\n" +
	"\t\t\t     \n" +
	"\treturn b + c + d;\f\n" +
	"}\n"

// clean is what it has to become.
const clean = "// SPDX-License-Identifier: GPL-2.0\n" +
	"#include <linux/kernel.h>\n" +
	"\n" +
	"/*\n" +
	" *  a comment\n" +
	"\tindented by spaces, \"not a string\n" +
	" */\n" +
	"static const char *const text = \"a \tb  \";\n" +
	"static const char long_text[] = \"one \\\n" +
	"        two \tthree\";\n" +
	"\n" +
	"int  dirty(int a)\n" +
	"{\n" +
	"\tint b = a;\t/* eight spaces */\n" +
	"\tint c = '\"';\t/* space before tab */\n" +
	"\t\tint d = 0;\n" +
	"\n" +
	"\treturn b + c + d;\n" +
	"}\n"

// put is a step that fixes a file and writes it.
func put(name, command string) string {
	return "do edit! $DIR/" + name + "\ndo " + command + "\ndo write\n"
}

func TestFixWhitespace(t *testing.T) {
	prepare(t)
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			dir := t.TempDir()
			git := func(args ...string) {
				t.Helper()
				cmd := exec.Command(testenv.Program(t, "git", "git"), append([]string{"-C", dir, "-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"}, args...)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("git %v: %v\n%s", args, err, out)
				}
			}
			files := map[string][2]string{
				// What it is, and what it becomes.
				"all.c":    {dirty, clean},
				"range.c":  {"int a; \nint b; \nint c; \n", "int a; \nint b;\nint c; \n"},
				"old.c":    {"int a; \nint b; \n", "int a; \nint new;\nint b; \n"},
				"new.c":    {"int a; \n", "int a;\n"},
				"dos.c":    {"int a; \r\nint b;\r\n", "int a;\nint b;\n"},
				"mixed.c":  {"int a;\r\nint b;\n", "int a;\nint b;\n"},
				"end.c":    {"int a;\n\n \n\n", "int a;\n"},
				"cut.c":    {"int a;", "int a;\n"},
				"Kconfig":  {"config A \n        bool \"a \tb\"\n", "config A\n        bool \"a \tb\"\n"},
				"Makefile": {"a: b \n        true\n", "a: b\n        true\n"},
				"a.dts":    {"/ {\n        p = \"one  \n        two\";  \n};\n", "/ {\n\tp = \"one  \n        two\";\n};\n"},
				"a.S":      {"x: \t nop \n        ret\n", "x: \t nop\n        ret\n"},
				"a.patch":  {"+int a; \n \n", "+int a; \n \n"},
			}
			git("init", "-q")
			for name, f := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(f[0]), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			git("add", "range.c", "old.c")
			git("commit", "-q", "-m", "start")
			steps := put("all.c", "DekhoFixWhitespace!") + put("range.c", "2DekhoFixWhitespace") +
				"do edit $DIR/old.c\ndo call append(1, 'int new; ')\ndo DekhoFixWhitespace\nwant &modified => 1\ndo write\n" +
				put("new.c", "DekhoFixWhitespace") + put("dos.c", "DekhoFixWhitespace!") + put("mixed.c", "DekhoFixWhitespace") +
				put("end.c", "DekhoFixWhitespace!") + put("cut.c", "DekhoFixWhitespace!") + put("Kconfig", "DekhoFixWhitespace!") +
				put("Makefile", "DekhoFixWhitespace!") + put("a.dts", "DekhoFixWhitespace!") + put("a.S", "DekhoFixWhitespace!") +
				put("a.patch", "DekhoFixWhitespace!") +
				"want execute('messages') =~# 'white space of a patch belongs to the files it is for' => 1\n" +
				"want execute('messages') =~# '9 lines fixed, 2 left as part of a string' => 1\n"
			e.Run(t, vimdrive.Scenario{
				Steps: strings.ReplaceAll(steps, "$DIR", dir), Program: prepared.bin, Dir: dir, Complains: true, Config: "set nofixendofline",
			})
			for name, f := range files {
				got, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != f[1] {
					t.Errorf("%s: got\n%q\nwant\n%q", name, got, f[1])
				}
			}
		})
	}
}

func TestWhitespaceIsShown(t *testing.T) {
	shown := "len(filter(getmatches(), 'v:val.group ==# \"DekhoWhitespace\"'))"
	run(t, []scenario{{
		name:  "in kernel trees only, by kind of file",
		files: map[string]string{"a.c": "int a; \n", "Kconfig": "config A\n", "a.patch": "+a \n"},
		steps: `
do edit $DIR/a.c
want ` + shown + ` => 0
do call mkdir('$DIR/k/scripts', 'p')
do call writefile([], '$DIR/k/scripts/checkpatch.pl')
do call writefile(['int a; '], '$DIR/k/a.c')
do call writefile(['config A'], '$DIR/k/Kconfig')
do call writefile(['a'], '$DIR/k/a.patch')
do edit $DIR/k/a.c
want ` + shown + ` => 2
do split $DIR/k/Kconfig
want ` + shown + ` => 1
do edit $DIR/k/a.patch
want ` + shown + ` => 0
do wincmd w
want ` + shown + ` => 2
do let g:dekho_whitespace = 0
do edit $DIR/k/a.c
want ` + shown + ` => 0
`,
	}, {
		name: "outside of git it says what to do", complains: true,
		files: map[string]string{"a.c": "int a; \n"},
		steps: `
do edit $DIR/a.c
do let $GIT_CEILING_DIRECTORIES = '/'
do silent DekhoFixWhitespace
want getline(1) => 'int a; '
want execute('DekhoFixWhitespace') =~# 'is in no git repository: give a range, or a bang for the whole buffer' => 1
`,
	}})
}

// TestCheckpatch asks the kernel's own program before and after.
func TestCheckpatch(t *testing.T) {
	checkpatch := filepath.Join(testenv.KernelTree(t), "scripts", "checkpatch.pl")
	perl := testenv.Program(t, "perl", "perl")
	prepare(t)
	const types = "TRAILING_WHITESPACE,DOS_LINE_ENDINGS,CODE_INDENT,SPACE_BEFORE_TAB,MISSING_EOF_NEWLINE"
	complaints := func(file string) string {
		// Its exit code says whether it complains of anything.
		out, _ := exec.Command(perl, checkpatch, "--no-tree", "--terse", "--no-summary", "--show-types", "-f", "--types", types, file).CombinedOutput()
		return strings.TrimSpace(string(out))
	}
	// Strings that hold white space of their own would go on being complained of.
	text := strings.ReplaceAll(strings.ReplaceAll(dirty, "\"a \tb  \"", "\"a b\""), "        two \tthree", "two three")
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{"a.c": text, "dos.c": strings.ReplaceAll(text, "\n", "\r\n"), "cut.h": "#define A 1 \n#define B  \t2"} {
				file := filepath.Join(dir, name)
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				before := complaints(file)
				e.Run(t, vimdrive.Scenario{Steps: strings.ReplaceAll(put(name, "DekhoFixWhitespace!"), "$DIR", dir), Program: prepared.bin, Dir: dir})
				if after := complaints(file); before == "" || after != "" {
					t.Errorf("%s: before:\n%s\nafter:\n%s", name, before, after)
				}
				for _, kind := range strings.Split(types, ",") {
					if name == "a.c" && kind != "DOS_LINE_ENDINGS" && kind != "MISSING_EOF_NEWLINE" && !strings.Contains(before, kind) {
						t.Errorf("it did not complain of %s before:\n%s", kind, before)
					}
				}
			}
		})
	}
}
