package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dekho/internal/lang/c"
	"dekho/internal/testenv"
	"dekho/internal/workbench"

	"github.com/ulikunitz/xz"
)

// truthRow is a row of the cross reference that a compiler's debug information
// gives, see the README beside it.
type truthRow struct {
	kind, name, path string
	line             uint32
}

// compilerMade are prefixes of names that the compiler makes, which nobody asks
// for.
var compilerMade = [...]string{
	"__UNIQUE_ID_", "__addressable_", "__compiletime_assert_", "___ftrace_", "__func__.", "__stack_chk_fail", "fortify_panic", "__builtin_",
}

// crossReference reads the truth without what the compiler made by itself, and
// without what has no place.
func crossReference(t *testing.T) []truthRow {
	t.Helper()
	f, err := os.Open(testenv.Shared(t, "truth", "xref-6.1.192-amd64.tsv.xz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	z, err := xz.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var rows []truthRow
lines:
	for s := bufio.NewScanner(z); s.Scan(); {
		p := strings.Split(s.Text(), "\t")
		if len(p) != 4 {
			t.Fatalf("row %q", s.Text())
		}
		n, err := strconv.ParseUint(p[3], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range compilerMade {
			if strings.HasPrefix(p[1], m) {
				continue lines
			}
		}
		if n > 0 {
			rows = append(rows, truthRow{p[0], p[1], p[2], uint32(n)})
		}
	}
	return rows
}

func openTree(t *testing.T, k *kernel) *workbench.Tree {
	t.Helper()
	w, err := workbench.New(workbench.Options{Tree: k.tree, Store: k.store})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() }) //nolint:errcheck // it was only read
	return tree
}

// truthKinds are the kinds of the truth and what dekho calls them.
var truthKinds = map[string]string{
	"func": "function", "struct": "struct", "union": "union", "enum": "enum", "typedef": "typedef", "var": "variable",
}

// TestTruthDefinitions asks for every definition that a compiler saw, and wants
// it at its line.
func TestTruthDefinitions(t *testing.T) {
	k := testKernel(t)
	tree := openTree(t, k)
	asked := map[string]map[string]bool{} // name -> kind path line
	total, found := map[string]int{}, map[string]int{}
	missed := 0
	for _, r := range crossReference(t) {
		kind, ok := truthKinds[r.kind]
		if !ok {
			continue
		}
		at := asked[r.name]
		if at == nil {
			at = map[string]bool{}
			asked[r.name] = at
			a, err := tree.Define(t.Context(), r.name)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range a.Results {
				at[fmt.Sprintf("%s %s %d", d.Kind, d.Path, d.Line)] = true
			}
		}
		total[r.kind]++
		if at[fmt.Sprintf("%s %s %d", kind, r.path, r.line)] {
			found[r.kind]++
		} else if missed++; missed <= 5 {
			t.Logf("missed: %+v", r)
		}
	}
	types, foundTypes := total["struct"]+total["union"]+total["enum"], found["struct"]+found["union"]+found["enum"]
	for _, b := range []struct {
		name         string
		found, total int
		bar          float64
	}{
		{"functions at the exact line", found["func"], total["func"], 99.5},
		{"structs, unions and enums", foundTypes, types, 99.5},
		{"file-scope variables", found["var"], total["var"], 99},
		{"typedefs", found["typedef"], total["typedef"], 99},
	} {
		reached(t, b.name, b.found, b.total, b.bar, b.bar)
	}
}

// reached prints a figure beside its bar, and fails below the floor.
func reached(t *testing.T, name string, found, total int, bar, floor float64) {
	t.Helper()
	v := percent(found, total)
	verdict := "reached"
	if v < bar {
		verdict = "NOT REACHED"
	}
	fmt.Printf("%-40s %6.2f %% of %d, bar %.1f %%: %s\n", name, v, total, bar, verdict)
	if v < floor {
		t.Errorf("%s: %.2f %% is below the floor of %.2f %%", name, v, floor)
	}
}

// TestTruthCalls asks who calls a sample of the functions that a compiler saw
// called, and wants every call site.
func TestTruthCalls(t *testing.T) {
	k := testKernel(t)
	tree := openTree(t, k)
	sites := map[string][]truthRow{}
	definedAt := map[string]bool{}
	for _, r := range crossReference(t) {
		if r.kind == "func" {
			definedAt[fmt.Sprintf("%s %s:%d", r.name, r.path, r.line)] = true
		}
		if r.kind == "call" && crc32.ChecksumIEEE([]byte(r.name))%20 == 0 {
			sites[r.name] = append(sites[r.name], r)
		}
	}
	files := map[string][]byte{}
	var total, exact, direct, within, silent int
	for name, rows := range sites {
		a, err := tree.Callers(t.Context(), name, workbench.CallerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		at := map[string]workbench.CallKind{}
		lines := map[string][]uint32{}
		for _, c := range a.Callers {
			p := fmt.Sprintf("%s:%d", c.Path, c.Line)
			if at[p] == "" {
				at[p] = c.How
			}
			lines[c.Path] = append(lines[c.Path], c.Line)
		}
		for _, r := range rows {
			total++
			how := at[fmt.Sprintf("%s:%d", r.path, r.line)]
			if how != "" {
				exact++
				if how == workbench.CallDirect {
					direct++
				}
				continue
			}
			src, ok := files[r.path]
			if !ok {
				if src, err = os.ReadFile(filepath.Join(k.tree, filepath.FromSlash(r.path))); err != nil {
					t.Fatal(err)
				}
				files[r.path] = src
			}
			last, calls := statement(src, r.line)
			if !calls || definedAt[fmt.Sprintf("%s %s:%d", r.name, r.path, r.line)] {
				silent++
				continue
			}
			for _, l := range lines[r.path] {
				if l > r.line && l <= last {
					within++
					break
				}
			}
		}
	}
	fmt.Printf("calls: %d sites of %d functions; %.2f %% spelled out; %.2f %% at the line but for arguments of macros on later lines (%.2f %%); "+
		"%.2f %% where the line calls nothing, or begins the function itself (code that the compiler moved or split)\n", total, len(sites),
		percent(direct, total), percent(exact, total), percent(within, total), percent(silent, total))
	reached(t, "call sites at the exact line", exact, total, 97, 94)
	reached(t, "the same, arguments counted to the macro", exact+within, total, 97, 95.5)
	reached(t, "the same, of lines that call something", exact+within, total-silent, 97, 97)
}

// statement looks at what begins in a line: the last line of the arguments of
// the calls in it, and whether it has a call or a macro at all.
func statement(src []byte, line uint32) (last uint32, calls bool) {
	for range line - 1 {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return line, false
		}
		src = src[i+1:]
	}
	end := bytes.IndexByte(src, '\n')
	if end < 0 {
		end = len(src)
	}
	last = line
	text := src[:min(len(src), 4096)]
	ls := c.AppendLexemes(nil, text)
	first := c.AppendLexemes(nil, src[:end])
	for i := range first {
		if first[i].Kind != c.Ident {
			continue
		}
		if upper := string(bytes.ToUpper(first[i].Text)); upper == string(first[i].Text) && len(upper) > 1 {
			calls = true // perhaps a macro
		}
		if i+1 >= len(ls) || ls[i+1].Kind != c.Open {
			continue
		}
		calls = true
		depth, n := 0, line
		for j := i + 1; j < len(ls); j++ {
			switch ls[j].Kind {
			case c.Open:
				depth++
			case c.Close:
				depth--
			}
			if depth == 0 {
				n = line + uint32(bytes.Count(text[:offset(text, ls[j].Text)], []byte("\n")))
				break
			}
		}
		last = max(last, n)
	}
	return last, calls
}

// offset is where a part of text that aliases it begins.
func offset(text, part []byte) int { return cap(text) - cap(part) }
