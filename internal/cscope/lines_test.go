package cscope

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// newTree writes and indexes a tree, and changes to it.
func newTree(tb testing.TB, files map[string]string) *Env {
	tb.Helper()
	dir := tb.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Chdir(dir)
	store := tb.TempDir()
	env := &Env{
		In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
		Bench: func(dir string) (*workbench.Workbench, error) {
			return workbench.New(workbench.Options{Tree: dir, Store: store})
		},
		Temp: func() (render.TempFile, error) { return os.CreateTemp(tb.TempDir(), "") },
	}
	if err := Run(context.Background(), env, &Options{Build: true}); err != nil {
		tb.Fatal(err)
	}
	return env
}

// ask runs line mode on an input and returns what came out.
func ask(tb testing.TB, env *Env, input string) (out, complaints string) {
	tb.Helper()
	var o, e bytes.Buffer
	run := *env
	run.In, run.Out, run.Err = strings.NewReader(input), &o, &e
	if err := Run(context.Background(), &run, &Options{NoUpdate: true, Lines: true}); err != nil {
		tb.Fatal(err)
	}
	return o.String(), e.String()
}

var source = map[string]string{
	"a.c": "int one(void) { return two(); }\n\tint  two(void);\n",
	"b.c": "#define X(v) \\\n\ttwo(v)\nint three;\nint long_line = " + strings.Repeat("1 + ", 5000) + "two();\r\n",
}

func TestHostileInput(t *testing.T) {
	env := newTree(t, source)
	for _, test := range []struct{ input, want, complaint string }{
		{"1one", ">> cscope: 1 lines\na.c one 1 int one(void) { return two(); }\n>> ", ""}, // a line that ends early
		{"1one\x00garbage\n", ">> cscope: 1 lines\na.c one 1 int one(void) { return two(); }\n>> ", ""},
		{"1one\r\n", ">> cscope: 1 lines\na.c one 1 int one(void) { return two(); }\n>> ", ""},
		{"1" + strings.Repeat("x", 1<<20) + "\n1one\n", ">> cscope: 0 lines\n>> cscope: 1 lines\na.c one 1 int one(void) { return two(); }\n>> ", ""},
		{"5one\n", ">> Unable to search database\n>> ", "there is no question 5"},
		{"0\n", ">> cscope: 0 lines\n>> ", ""},
		{"0*\n", ">> Unable to search database\n>> ", "is no regular expression"},
		{"3two\n", ">> cscope: 3 lines\na.c one 1 int one(void) { return two(); }\nb.c <global> 4 int long_line = 1 + ", ""},
		{"\x1b[A\n", ">> >> ", "unknown command"},
		{"q\n1one\n", ">> ", ""},
		{"P\n", ">> /", ""},
	} {
		out, complaints := ask(t, env, test.input)
		if !strings.HasPrefix(out, test.want) || strings.HasSuffix(test.want, prompt) && out != test.want {
			t.Errorf("%.40q: got %.200q, want %.200q", test.input, out, test.want)
		}
		if !strings.Contains(complaints, test.complaint) || test.complaint == "" && complaints != "" {
			t.Errorf("%.40q: complained %q, not %q", test.input, complaints, test.complaint)
		}
	}
}

// answerLine is what Vim and xcscope make of a line.
var answerLine = regexp.MustCompile(`^[^ \t]+ [^ \t]+ [0-9]+ .+$`)

// checkAnswers fails if what came out is not well formed: as many lines as each
// header says, none too long for Vim.
func checkAnswers(tb testing.TB, out string) {
	tb.Helper()
	in := bufio.NewScanner(strings.NewReader(out))
	in.Buffer(nil, 1<<20)
	left := 0
	for in.Scan() {
		line := in.Text()
		if left > 0 {
			left--
			if !answerLine.MatchString(line) || len(line) > maxAnswer || strings.ContainsAny(line, "\x00\r") {
				tb.Errorf("bad line %.300q", line)
			}
			continue
		}
		line = strings.ReplaceAll(line, prompt, "")
		if n, ok := strings.CutPrefix(line, "cscope: "); ok {
			n, _, _ = strings.Cut(n, " ")
			var err error
			if left, err = strconv.Atoi(n); err != nil {
				tb.Errorf("bad header %q", line)
			}
		}
	}
	if left != 0 {
		tb.Errorf("%d lines are missing", left)
	}
}

func TestLinesAreWellFormed(t *testing.T) {
	env := newTree(t, source)
	var input strings.Builder
	for _, q := range []int{0, 1, 2, 3, 4, 6, 7, 8, 9} {
		for _, p := range []string{"two", "t.*", "long_line", "X", "a.c", "v"} {
			fmt.Fprintf(&input, "%d%s\n", q, p)
		}
	}
	out, _ := ask(t, env, input.String())
	checkAnswers(t, out)
}

func FuzzDialogue(f *testing.F) {
	env := newTree(f, source)
	f.Add("1one\n0two")
	f.Add("c\n3(t|o).*\n6^\\s\n4\x00\n")
	f.Add("2X\nF\nC\nP\nq\n")
	f.Fuzz(func(t *testing.T, input string) {
		if strings.ContainsAny(input, "r\x12") {
			return // indexing is another matter
		}
		out, _ := ask(t, env, input)
		checkAnswers(t, out)
	})
}

// deadClient is an output whose reader is gone.
type deadClient struct{ n int }

func (d *deadClient) Write(p []byte) (int, error) {
	if d.n -= len(p); d.n < 0 {
		return 0, errors.New("broken pipe")
	}
	return len(p), nil
}

func TestClientDies(t *testing.T) {
	env := newTree(t, source)
	for n := range 80 {
		run := *env
		run.In, run.Out = io.MultiReader(strings.NewReader("1one\n3two\n"), endless{}), &deadClient{n}
		done := make(chan error, 1)
		go func() { done <- Run(context.Background(), &run, &Options{NoUpdate: true, Lines: true}) }()
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("goes on for a client that is gone")
		}
	}
}

// endless is an input that goes on asking.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "1one\n"), nil }

// TestRebuildMeanwhile asks while the tree is indexed again by another.
func TestRebuildMeanwhile(t *testing.T) {
	env := newTree(t, source)
	in, questions := io.Pipe()
	answers, out := io.Pipe()
	run := *env
	run.In, run.Out = in, out
	done := make(chan error, 1)
	go func() { done <- Run(context.Background(), &run, &Options{NoUpdate: true, Lines: true}) }()
	r := bufio.NewReader(answers)
	for i := range 3 {
		if err := os.WriteFile("new.c", fmt.Appendf(nil, "int fresh%d;\n", i), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Run(context.Background(), env, &Options{Build: true}); err != nil {
			t.Fatal(err)
		}
		go fmt.Fprintf(questions, "1fresh%d\n", i) //nolint:errcheck // the answer tells
		head, _ := r.ReadString('\n')
		line, err := r.ReadString('\n')
		if want := fmt.Sprintf("new.c fresh%d 1 int fresh%d;\n", i, i); err != nil || line != want {
			t.Fatalf("%q %q %v, want %q", head, line, err, want)
		}
	}
	go questions.Close() //nolint:errcheck // ends the run
	_, _ = io.Copy(io.Discard, io.LimitReader(r, 3))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestDatabaseFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, d := range []database{{Root: "/src/linux"}, {Root: "/src/a \"b\"\nc", Base: "/src"}} {
		if err := d.write("x.out", false); err != nil {
			t.Fatal(err)
		}
		if got := readDatabase("x.out"); got == nil || *got != d {
			t.Errorf("%+v came back as %+v", d, got)
		}
	}
	for _, text := range []string{"", "cscope 15 /src -c 0000000000\n", databaseHead, databaseHead + "\ntree \"relative\"\n", strings.Repeat("x", maxDatabase+1)} {
		if err := os.WriteFile("y.out", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := readDatabase("y.out"); got != nil {
			t.Errorf("%.20q is taken for %+v", text, got)
		}
	}
	if readDatabase(".") != nil || readDatabase("nosuchfile") != nil {
		t.Error("a directory or nothing is taken for a database")
	}
}
