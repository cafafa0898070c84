package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// cxxFact is a line of the ground truth that tools/cxxtruth makes.
type cxxFact struct {
	kind, name, scope string
	at                spot
}

// spot is a line of a file.
type spot struct {
	path string
	line int
}

// cxxKinds are the kinds of the truth with what dekho and ctags call them, and
// the share that dekho has to find, in percent.
var cxxKinds = []struct {
	kind, what   string
	dekho, ctags []string
	floor        float64
}{
	{"function", "functions, methods", []string{"function"}, []string{"function"}, 99.5},
	{"prototype", "methods in classes", []string{"function", "declaration"}, []string{"function", "prototype"}, 99.5},
	{"class", "classes", []string{"class"}, []string{"class"}, 99.5},
	{"struct", "structs", []string{"struct"}, []string{"struct"}, 99},
	{"enum", "enumerations", []string{"enum"}, []string{"enum"}, 99.5},
	{"member", "data members", []string{"member"}, []string{"member"}, 99},
	{"typedef", "typedefs, aliases", []string{"typedef"}, []string{"typedef"}, 99},
	{"variable", "variables", []string{"variable", "member"}, []string{"variable", "member", "externvar"}, 99},
	{"namespace", "namespaces", []string{"namespace"}, []string{"namespace"}, 98},
}

// cxxSample is how many methods there are for each that is also asked for by
// its qualified name.
const cxxSample = 10

// TestCxxAccuracy holds what is found in Qt base against the debug information
// of a compiler. Names that macros paste together, and names that stand as
// arguments of a macro, are another question and counted apart.
func TestCxxAccuracy(t *testing.T) {
	cache, err := testenv.Cache()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "sources", "qtbase-opensource-src")
	truth, err := os.ReadFile(filepath.Join(dir, "truth", "xref.tsv"))
	if err != nil {
		t.Skip("SKIPPED: no ground truth of C++: make it with `go run ./tools/cxxtruth` (minutes)")
	}
	tree := filepath.Join(dir, "qtbase-opensource-src")
	facts, macros := cxxFacts(t, tree, truth)

	bin := filepath.Join(t.TempDir(), "dekho")
	build := exec.Command("go", "build", "-o", bin, "./cmd/dekho")
	build.Dir = testenv.Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	store := t.TempDir()
	start := time.Now()
	out, err := exec.Command(bin, "index", "--store", store, tree).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fmt.Printf("index of Qt base: %.1f s\n%s", time.Since(start).Seconds(), out)

	ask := func(names []string) map[string]map[spot][]string {
		slices.Sort(names)
		cmd := exec.Command(bin, "refs", "--store", store, "--tree", tree, "--json", "--no-text", "--role", "definition,declaration", "-")
		cmd.Stdin = strings.NewReader(strings.Join(slices.Compact(names), "\n"))
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState.ExitCode() != 1 {
			t.Fatal(err)
		}
		return answers(t, out)
	}
	var plain, qualified []string
	for _, f := range facts {
		plain = append(plain, f.name)
		if f.scope != "" && f.kind == "function" && len(plain)%cxxSample == 0 {
			qualified = append(qualified, f.scope+"::"+f.name)
		}
	}
	found := ask(plain)
	peer := ctags(tree)
	for _, k := range cxxKinds {
		n, ours, theirs := 0, 0, 0
		for _, f := range facts {
			if f.kind != k.kind {
				continue
			}
			n++
			if intersect(found[f.name][f.at], k.dekho) {
				ours++
			} else {
				t.Logf("lost: %s %s::%s %s:%d", f.kind, f.scope, f.name, f.at.path, f.at.line)
			}
			if intersect(peer[f.name][f.at], k.ctags) {
				theirs++
			}
		}
		percent := 100 * float64(ours) / float64(max(n, 1))
		line := fmt.Sprintf("%-20s %6d at the exact line: dekho %6.2f %%", k.what, n, percent)
		if peer != nil {
			line += fmt.Sprintf(", ctags %6.2f %%", 100*float64(theirs)/float64(max(n, 1)))
		}
		fmt.Printf("%s; %d made by macros\n", line, macros[k.kind])
		if percent < k.floor {
			t.Errorf("%s: %.2f %%, want %.2f %%", k.what, percent, k.floor)
		}
	}

	found = ask(qualified)
	n, right := 0, 0
	for _, f := range facts {
		places, asked := found[f.scope+"::"+f.name]
		if !asked || f.kind != "function" {
			continue
		}
		n++
		if slices.Contains(places[f.at], "function") {
			right++
		} else {
			t.Logf("lost: %s::%s %s:%d", f.scope, f.name, f.at.path, f.at.line)
		}
	}
	percent := 100 * float64(right) / float64(max(n, 1))
	fmt.Printf("%-20s %6d by class::name: %.2f %%\n", "methods", n, percent)
	if percent < 99 {
		t.Errorf("methods by qualified name: %.2f %%, want 99 %%", percent)
	}
}

// intersect reports whether two lists have an element in common.
func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// macroLine is a line that begins with a macro and its arguments.
var macroLine = regexp.MustCompile(`^\s*[A-Z][A-Z0-9_]*\s*\((.*)`)

// cxxFacts reads the truth: what is spelled out on its line, and how many of
// each kind are not.
func cxxFacts(t *testing.T, tree string, truth []byte) (facts []cxxFact, macros map[string]int) {
	t.Helper()
	macros = make(map[string]int)
	lines := make(map[string][]string)
	for sc := bufio.NewScanner(bytes.NewReader(truth)); sc.Scan(); {
		f := strings.Split(sc.Text(), "\t")
		if len(f) != 5 {
			t.Fatalf("truth: %q", sc.Text())
		}
		line, err := strconv.Atoi(f[4])
		if err != nil {
			t.Fatal(err)
		}
		fact := cxxFact{f[0], f[1], f[2], spot{f[3], line}}
		text, ok := lines[fact.at.path]
		if !ok {
			data, err := os.ReadFile(filepath.Join(tree, fact.at.path))
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Split(string(data), "\n")
			lines[fact.at.path] = text
		}
		s := ""
		if line <= len(text) {
			s = strings.ReplaceAll(text[line-1], "operator ", "operator")
		}
		m := macroLine.FindStringSubmatch(s)
		word := strings.ReplaceAll(fact.name, "operator ", "operator")
		if !spelled(s, word) || m != nil && spelled(m[1], word) {
			macros[fact.kind]++
			continue
		}
		facts = append(facts, fact)
	}
	return facts, macros
}

// spelled reports whether a line has a name as a word.
func spelled(line, name string) bool {
	for from := 0; ; {
		i := strings.Index(line[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !wordByte(line[i-1]) || !wordByte(name[0])) && (end == len(line) || !wordByte(line[end]) || !wordByte(name[len(name)-1])) {
			return true
		}
		from = i + 1
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// answers reads the JSON of dekho refs: for each name, what stands where.
func answers(t *testing.T, out []byte) map[string]map[spot][]string {
	t.Helper()
	found := make(map[string]map[spot][]string)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var a struct {
			Name    string
			Results []struct {
				Path, Kind, Role string
				Line             int
			}
		}
		if err := d.Decode(&a); err != nil {
			t.Fatal(err)
		}
		m := make(map[spot][]string)
		for _, r := range a.Results {
			at := spot{r.Path, r.Line}
			m[at] = append(m[at], r.Kind, r.Role)
		}
		found[a.Name] = m
	}
	return found
}

// ctags is what Universal Ctags finds, nil where it is not installed.
func ctags(tree string) map[string]map[spot][]string {
	if out, err := exec.Command("ctags", "--version").Output(); err != nil || !bytes.Contains(out, []byte("Universal Ctags")) {
		return nil
	}
	cmd := exec.Command("ctags", "-x", "--_xformat=%N\t%K\t%n\t%F", "--languages=C++", "--langmap=C++:+.h", "--kinds-C++=+px", "-R", "src")
	cmd.Dir = tree
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	found := make(map[string]map[spot][]string)
	for line := range strings.SplitSeq(string(out), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			continue
		}
		n, err := strconv.Atoi(f[2])
		if err != nil {
			continue
		}
		name := strings.Replace(f[0], "operator ", "operator", 1)
		if found[name] == nil {
			found[name] = make(map[spot][]string)
		}
		at := spot{f[3], n}
		found[name][at] = append(found[name][at], f[1])
	}
	return found
}
