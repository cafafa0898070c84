package ctags

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dekho/internal/render"
	"dekho/internal/testenv"
	"dekho/internal/workbench"
)

func temp(tb testing.TB) func() (render.TempFile, error) {
	dir := tb.TempDir()
	return func() (render.TempFile, error) { return os.CreateTemp(dir, "") }
}

// TestSorter sorts with so little memory that most of it goes through files.
func TestSorter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var lines []string
	for range 2000 {
		lines = append(lines, fmt.Sprintf("%0*x\tx", rnd.IntN(12), rnd.IntN(1<<12)))
	}
	lines = append(lines, "", "Prefix\ta", "prefix\tb", "PREFIX\tc", "p\xff")
	for _, fold := range []bool{false, true} {
		s := newSorter(3, fold, temp(t))
		s.limit = 200
		for i, l := range lines {
			if err := s.workers[i%3].add([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		if err := s.merge(func(line []byte) error { got = append(got, string(line)); return nil }); err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(lines)
		slices.SortFunc(want, func(a, b string) int { return s.compare([]byte(a), []byte(b)) })
		if want = slices.Compact(want); !slices.Equal(got, want) {
			t.Errorf("fold %v: %d lines, want %d", fold, len(got), len(want))
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParse(t *testing.T) {
	// As gutentags, the kernel's tags.sh and people call it.
	for _, args := range []string{
		"-f tags.temp --exclude=.git --options=NONE --recursive .",
		"-f tags.temp --append src/x.c",
		"-a -I __initdata,__packed,EXPORT_SYMBOL+ --extra=+fq --c-kinds=+px --fields=+iaS --langmap=c:+.h --regex-c=/x/y/f/ x.c",
		"-R --c++-kinds=+p --fields=+iaS --extras=+q --languages=C,C++ .",
		"--sort=foldcase --links=no --totals --quiet=yes --guess-language-eagerly -o tags -R",
		"-e -R -fTAGS --tag-relative=yes",
		"-nuR --kinds-C=*-x --fields={line}{scope}",
	} {
		if _, err := Parse(strings.Fields(args)); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	for _, args := range []string{"--frobnicate", "-f", "--output-format=yaml", "--fields={line", "-Z", "--pattern-length-limit=-1", "--options=nosuchfile"} {
		if _, err := Parse(strings.Fields(args)); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", args, err)
		}
	}
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.WriteFile(loop, []byte("--options="+loop), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse([]string{"--options=" + loop}); !errors.Is(err, ErrUsage) {
		t.Errorf("a file of options that names itself: %v", err)
	}
	o, err := Parse(strings.Fields("--fields=+n{signature}-k --kinds-C=f --kinds-Ruby=x --languages=-C++ -u"))
	if err != nil {
		t.Fatal(err)
	}
	if !o.Fields['n'] || o.Fields['k'] || !o.Fields['S'] || !o.Kinds['f'] || o.Kinds['d'] || !o.Languages["c"] || o.Languages["c++"] || o.Order != Unsorted {
		t.Errorf("%+v", o)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-R --fields=+n{line}-k --exclude=[a-z]*.c")
	f.Add("-f x -L - --kinds-C=+p-{macro}")
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "@") || strings.Contains(line, "options") {
			return // they read files
		}
		args := strings.Fields(line)
		if o, err := Parse(args); err == nil {
			if skip, err := excluder(o.Exclude); err == nil {
				skip("drivers/net/x.c")
			}
		}
		_, _ = ParseLookup(args)
	})
}

func TestExclude(t *testing.T) {
	skip, err := excluder([]string{"tools", "*.S", "./lib/*/test", "[!a-y]z.c"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"tools/x.c": true, "a/tools/b/x.c": true, "x.c": false, "arch/x/y.S": true, "lib/a/b/test/x.c": true, "lib/x.c": false,
		"zz.c": true, "az.c": false, "./tools/y.c": true, "mytools/x.c": false,
	} {
		if got := skip(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// hostile are names and lines that could break the format.
var hostile = map[string]string{
	"a.c": "int slash_ = '/';\tint dollar$;\nint back = '\\\\'; // $\nint crlf;\r\nint " + strings.Repeat("long_", 200) + ";\n" +
		"struct { int anon; } inst;\nint caf\xc3\xa9 = " + strings.Repeat("\xc3\xa9", 100) + ";\n#define X(a) \\\n a\nint x\n=\n1;\n",
	"b.h": "typedef struct s { union { int deep; }; } s_t;\nenum { ONE, TWO\n};\nint unfinished(",
}

// TestReadBack has readtags of universal-ctags read what was written, and wants
// its answers from the look-up.
func TestReadBack(t *testing.T) {
	readtags := testenv.Program(t, "readtags", "universal-ctags")
	t.Chdir(t.TempDir())
	for name, text := range hostile {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workbench.New(workbench.Options{Store: t.TempDir(), Tree: "."})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Index(context.Background(), ".", workbench.IndexOptions{}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	env := &Env{Out: &out, Warn: t.Logf, Bench: w, Temp: temp(t)}
	for _, sort := range []string{"yes", "foldcase", "no"} {
		o, err := Parse([]string{"-R", "--fields=+neS", "--sort=" + sort})
		if err != nil {
			t.Fatal(err)
		}
		if err := Run(context.Background(), env, o); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"slash_", "back", "crlf", strings.Repeat("long_", 200), "anon", "X", "x", "deep", "s_t", "ONE", "nosuchname"} {
			want, err := exec.Command(readtags, "-e", "-n", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			tree, err := w.Open()
			if err != nil {
				t.Fatal(err)
			}
			out.Reset()
			_, err = LookUp(context.Background(), env, tree, &LookupOptions{Fields: true, Numbers: true, Names: []string{name}})
			if err = errors.Join(err, tree.Close()); err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) || name != "nosuchname" && len(want) == 0 {
				t.Errorf("sort=%s: readtags says\n%.300s\nand the look-up\n%.300s", sort, want, out.String())
			}
		}
	}
}
