package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"dekho/internal/index"
	"dekho/internal/testenv"
	"dekho/internal/workbench"
)

// TestTruthLens holds the lens against what a compiler compiled: of the
// definitions in the debug information, none may be called out.
func TestTruthLens(t *testing.T) {
	k := testKernel(t)
	w, err := workbench.New(workbench.Options{Tree: k.tree, Store: k.store, Lens: &workbench.LensOptions{
		Config: testenv.KernelConfig(t, "linux-image-amd64_amd64"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close() //nolint:errcheck // it was only read
	f, err := os.Open(testenv.Shared(t, "truth", "xref-6.1.192-amd64.tsv.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	z, err := xz.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]map[string]bool{} // functions by file
	states := map[workbench.BuildState]int{}
	why := map[workbench.BuildState]map[string]int{workbench.BuiltOut: {}, workbench.BuiltUnknown: {}}
	example := map[string]string{}
	n := 0
	for lines := bufio.NewScanner(z); lines.Scan(); {
		row := strings.Split(lines.Text(), "\t")
		if len(row) != 4 || row[0] == "call" {
			continue
		}
		line, err := strconv.ParseUint(row[3], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		j, err := tree.Judge(row[2], uint32(line))
		if err != nil {
			t.Fatal(err)
		}
		if row[0] == "func" && strings.HasSuffix(row[2], ".c") {
			if compiled[row[2]] == nil {
				compiled[row[2]] = map[string]bool{}
			}
			compiled[row[2]][row[1]+":"+row[3]] = true
		}
		n++
		states[j.State]++
		if j.State != workbench.BuiltIn {
			what := "?"
			if r := j.Deciding(); r != nil {
				what = r.What
			}
			why[j.State][what]++
			example[what] = lines.Text()
		}
	}
	percent := func(s workbench.BuildState) float64 { return 100 * float64(states[s]) / float64(n) }
	fmt.Printf("lens: of %d compiled definitions %.2f %% in, %.2f %% unknown, %.3f %% out\n", n,
		percent(workbench.BuiltIn), percent(workbench.BuiltUnknown), percent(workbench.BuiltOut))
	for _, s := range []workbench.BuildState{workbench.BuiltOut, workbench.BuiltUnknown} {
		list := slices.SortedFunc(maps.Keys(why[s]), func(a, b string) int { return why[s][b] - why[s][a] })
		for _, what := range list[:min(len(list), 8)] {
			fmt.Printf("  %v %6d  %s: %s\n", s, why[s][what], what, example[what])
		}
	}
	lensOnFunctions(t, k, tree, compiled)
	if percent(workbench.BuiltOut) > 0.1 {
		t.Errorf("%.3f %% of what is compiled is called out", percent(workbench.BuiltOut))
	}
}

// TestBarsLens measures the lens on a point query and on a large one, beside the
// same without it.
func TestBarsLens(t *testing.T) {
	k := testKernel(t)
	config := testenv.KernelConfig(t, "linux-image-amd64_amd64")
	for _, args := range [][]string{{"def", "tcp_v4_rcv"}, {"def", "secondary_start_kernel"}, {"refs", "kfree"}} {
		const runs = 7
		plain := k.median(t, runs, args...)
		lens := k.median(t, runs, append(args, "--config", config)...)
		fmt.Printf("dekho %s: %.1f ms, with --config %.1f ms\n", strings.Join(args, " "), 1000*plain.Seconds(), 1000*lens.Seconds())
	}
}

// lensOnFunctions looks at all functions of the files that were compiled: how
// many of those that the lens calls in or out were.
func lensOnFunctions(t *testing.T, k *kernel, tree *workbench.Tree, compiled map[string]map[string]bool) {
	t.Helper()
	idx, err := index.Open(k.store, k.tree)
	if err != nil {
		t.Fatal(err)
	}
	defer idx.Close() //nolint:errcheck // it was only read
	count := map[workbench.BuildState][2]int{}
	for file, names := range compiled {
		id, ok := idx.FileByPath(file)
		if !ok {
			continue
		}
		funcs, err := idx.Funcs(id)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range funcs {
			j, err := tree.Judge(file, f.Start)
			if err != nil {
				t.Fatal(err)
			}
			c := count[j.State]
			if names[fmt.Sprintf("%s:%d", f.Name, f.Start)] {
				c[1]++
			} else {
				c[0]++
			}
			count[j.State] = c
		}
	}
	for _, s := range []struct {
		state workbench.BuildState
		name  string
	}{{workbench.BuiltIn, "in"}, {workbench.BuiltUnknown, "unknown"}, {workbench.BuiltOut, "out"}} {
		c := count[s.state]
		fmt.Printf("lens: of %d functions of compiled files called %s, %.2f %% are in the debug information\n",
			c[0]+c[1], s.name, 100*float64(c[1])/float64(max(1, c[0]+c[1])))
	}
}
