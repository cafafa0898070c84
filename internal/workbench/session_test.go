package workbench_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"dekho/internal/workbench"
)

// sessionTree indexes a directory with files and opens a session on it.
func sessionTree(t *testing.T, files map[string]string, lens *workbench.LensOptions) (*workbench.Workbench, *workbench.Session) {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(root, name), text)
	}
	w, err := workbench.New(workbench.Options{Tree: root, Store: t.TempDir(), Lens: lens})
	if err != nil {
		t.Fatal(err)
	}
	reindex(t, w)
	s, err := w.OpenSession()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, s
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func reindex(t *testing.T, w *workbench.Workbench) {
	t.Helper()
	if _, _, err := w.Index(t.Context(), "", workbench.IndexOptions{}); err != nil {
		t.Fatal(err)
	}
}

// defined is where a session finds the definitions of a name, with the text of
// their lines.
func defined(t *testing.T, s *workbench.Session, name string) string {
	t.Helper()
	var list []string
	err := s.Use(t.Context(), func(tree *workbench.Tree) error {
		a, err := tree.Define(t.Context(), name)
		if err != nil {
			return err
		}
		for _, r := range a.Results {
			list = append(list, fmt.Sprintf("%s:%d:%s", r.Path, r.Line, r.Text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestSession(t *testing.T) {
	w, s := sessionTree(t, map[string]string{"a.c": "int alpha;\n", "b.c": "int beta;\n"}, nil)
	expect(t, "as indexed", defined(t, s, "alpha"), "a.c:1:int alpha;")

	// What was not saved, by either kind of path.
	if err := s.Edit(filepath.Join(s.Root(), "a.c"), []byte("\nint alpha, gamma;\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Edit("b.c", []byte("int delta;\n")); err != nil {
		t.Fatal(err)
	}
	expect(t, "a moved definition", defined(t, s, "alpha"), "a.c:2:int alpha, gamma;")
	expect(t, "a new definition", defined(t, s, "gamma"), "a.c:2:int alpha, gamma;")
	expect(t, "a definition that was removed", defined(t, s, "beta"), "")
	if err := s.Discard("b.c"); err != nil {
		t.Fatal(err)
	}
	expect(t, "a buffer that was given up", defined(t, s, "beta"), "b.c:1:int beta;")

	// Somebody indexes the tree, the buffer stays over it.
	write(t, filepath.Join(s.Root(), "b.c"), "\n\nint beta;\n")
	write(t, filepath.Join(s.Root(), "c.c"), "int alpha;\n")
	reindex(t, w)
	expect(t, "a new index below a buffer", defined(t, s, "alpha"), "a.c:2:int alpha, gamma; c.c:1:int alpha;")
	expect(t, "a new index", defined(t, s, "beta"), "b.c:3:int beta;")

	// A file that is not in the tree yet counts as soon as it is.
	if err := s.Edit("new/d.c", []byte("int epsilon;\n")); err != nil {
		t.Fatal(err)
	}
	expect(t, "a buffer without a file", defined(t, s, "epsilon"), "")
	write(t, filepath.Join(s.Root(), "new/d.c"), "\n")
	reindex(t, w)
	expect(t, "a buffer that got its file", defined(t, s, "epsilon"), "new/d.c:1:int epsilon;")

	var input *workbench.InputError
	for _, path := range []string{"../a.c", "/etc/passwd"} {
		if err := s.Edit(path, nil); !errors.As(err, &input) {
			t.Errorf("Edit of %s: %v", path, err)
		}
	}
}

// TestSessionDropped uses a session whose tree is forgotten meanwhile.
func TestSessionDropped(t *testing.T) {
	w, s := sessionTree(t, map[string]string{"a.c": "int alpha;\n"}, nil)
	if err := w.Drop(t.Context(), s.Root(), 0, nil); err != nil {
		t.Fatal(err)
	}
	use := func() error { return s.Use(t.Context(), func(*workbench.Tree) error { return nil }) }
	if err := use(); !errors.Is(err, workbench.ErrNoIndex) {
		t.Errorf("a session on a tree that was dropped: %v", err)
	}
	reindex(t, w)
	if err := use(); err != nil {
		t.Errorf("a session on a tree that was indexed again: %v", err)
	}
}

// TestSessionCrowd has editors type, index and ask at the same time: every answer
// is one of the states that the tree was in.
func TestSessionCrowd(t *testing.T) {
	w, s := sessionTree(t, map[string]string{
		"a.c": "int alpha;\n", "Makefile": "obj-y += a.o\n", "arch/x86/Makefile": "obj-y += b.o\n",
	}, &workbench.LensOptions{Arch: "x86"})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				err := s.Use(ctx, func(tree *workbench.Tree) error {
					for range 3 { // the same within one use
						a, err := tree.Define(ctx, "alpha")
						if err != nil {
							return err
						}
						if len(a.Results) != 1 || a.Results[0].Changed && !strings.Contains(a.Results[0].Text, "alpha") {
							return fmt.Errorf("alpha is %+v", a.Results)
						}
					}
					return nil
				})
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 30 {
		text := strings.Repeat("\n", i%5) + "int alpha;\n"
		switch i % 3 {
		case 0:
			if err := s.Edit("a.c", []byte(text)); err != nil {
				t.Error(err)
			}
		case 1:
			reindex(t, w)
		case 2:
			if err := s.Discard("a.c"); err != nil {
				t.Error(err)
			}
		}
	}
	stop()
	wg.Wait()
}

// TestSessionMoved asks for what linkers found, in a file that lines were put
// into.
func TestSessionMoved(t *testing.T) {
	const driver = `struct ops { int (*run)(int a); };
static int my_run(int a) { return a; }
static struct ops my_ops = { .run = my_run };
#define MAKE(name) int name##_made(void) { return my_run(1); }
MAKE(alpha)
int use(struct ops *o)
{
	return o->run(1);
}
`
	_, s := sessionTree(t, map[string]string{"a.c": driver}, nil)
	ask := func() string {
		var b strings.Builder
		err := s.Use(t.Context(), func(tree *workbench.Tree) error {
			callers, err := tree.Callers(t.Context(), "my_run", workbench.CallerOptions{})
			if err != nil {
				return err
			}
			for _, c := range callers.Callers {
				fmt.Fprintf(&b, "%s:%d %s;", c.Function, c.Line, c.How)
				for _, p := range c.Steps {
					fmt.Fprintf(&b, " via %d", p.Line)
				}
			}
			callees, err := tree.Callees(t.Context(), "use", workbench.CalleeOptions{})
			if err != nil {
				return err
			}
			for _, c := range callees.Callees {
				fmt.Fprintf(&b, " %s at %d", c.Name, c.Line)
			}
			o, err := tree.Outline(t.Context(), "a.c")
			for _, i := range o.Items {
				if i.Macro != nil {
					fmt.Fprintf(&b, " %s:%d of %d", i.Name, i.Line, i.Macro.Line)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	expect(t, "saved", ask(), ":5 macro;use:8 pointer; via 3 run at 8 alpha_made:5 of 4")
	edited := "\n\n" + strings.Replace(driver, "int use(", "\nint use(", 1)
	if err := s.Edit("a.c", []byte(edited)); err != nil {
		t.Fatal(err)
	}
	expect(t, "edited", ask(), ":7 macro;use:11 pointer; via 5 run at 11 alpha_made:7 of 6")
}
