package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "dekho"

// layer is a group of packages and all that they may import of this module.
// Patterns are those of path.Match; "x/..." is x and what lies below it. A
// package may always import what lies below itself.
type layer struct {
	packages []string
	imports  []string
	why      string
}

// layers is the architecture, from the bottom up. The first layer that a
// package matches counts.
var layers = []layer{
	{
		packages: []string{"internal/source", "internal/finding", "internal/rootfs", "internal/lang"},
		why:      "leaves hold the types everybody shares: they know nobody",
	},
	{
		packages: []string{"internal/capture/..."},
		imports:  []string{"internal/rootfs"},
		why:      "facts of a system are asked for without a thought of what they mean",
	},
	{
		packages: []string{"internal/remedy"},
		imports:  []string{"internal/rootfs"},
		why:      "a root is changed and put back without a thought of what for",
	},
	{
		packages: []string{"internal/store", "internal/trigram", "internal/klog"},
		imports:  []string{"internal/source", "internal/finding"},
		why:      "formats and readers stand on the leaves and not on each other",
	},
	{
		packages: []string{"internal/query/..."},
		imports:  []string{"internal/query/...", "internal/source", "internal/trigram"},
		why:      "a query is turned into trigrams; where they are looked up is the index's business",
	},
	{
		packages: []string{"internal/lang/all"},
		imports:  []string{"internal/lang/..."},
		why:      "the one list of languages",
	},
	{
		packages: []string{"internal/lang/..."},
		imports:  []string{"internal/lang", "internal/lang/linkfacts", "internal/lang/cpp", "internal/source"},
		why:      "an extractor reads one file: it knows neither the index nor the other languages",
	},
	{
		packages: []string{"internal/prose", "internal/kerneldoc", "internal/sections"},
		why:      "readers of texts and frames: they know nobody",
	},
	{
		packages: []string{"internal/index/..."},
		imports: []string{
			"internal/lang", "internal/source", "internal/store", "internal/trigram", "internal/query/...",
		},
		why: "the index stores what extractors report without knowing any language or use",
	},
	{
		packages: []string{"internal/macro"},
		imports:  []string{"internal/lang/linkfacts", "internal/lang/c"},
		why:      "macros are expanded with the lexer of C, from facts alone",
	},
	{
		packages: []string{"internal/constexpr"},
		imports:  []string{"internal/lang/c", "internal/lang/linkfacts", "internal/macro"},
		why:      "expressions of C are made of the tokens of macros",
	},
	{
		packages: []string{"internal/outline", "internal/ofmatch"},
		imports:  []string{"internal/lang", "internal/lang/c"},
		why:      "a look at one file: the index is not asked",
	},
	{
		packages: []string{"internal/highlight"},
		imports:  []string{"internal/lang/c"},
		why:      "a look at the letters of a file: nothing is known of what they mean",
	},
	{
		packages: []string{"internal/errflow"},
		imports:  []string{"internal/lang/c", "internal/outline"},
		why:      "a look at one function: the index is not asked",
	},
	{
		packages: []string{"internal/xref"},
		imports:  []string{"internal/lang", "internal/lang/linkfacts", "internal/lang/c", "internal/macro", "internal/query/fuzzy", "internal/sections", "internal/source"},
		why:      "what macros make is worked out from facts, for whoever can provide them; its names are found as those of the index are",
	},
	{
		packages: []string{"internal/kbuild"},
		why:      "makefiles are evaluated wherever they come from",
	},
	{
		packages: []string{"internal/lens"},
		imports:  []string{"internal/index/...", "internal/kbuild", "internal/lang", "internal/lang/linkfacts", "internal/macro"},
		why:      "the lens judges what the index knows by makefiles and conditions",
	},
	{
		packages: []string{"internal/ops"},
		imports:  []string{"internal/lang/linkfacts", "internal/lang/c", "internal/macro", "internal/sections", "internal/source"},
		why:      "calls through pointers are worked out from facts, for whoever can provide them",
	},
	{
		packages: []string{"internal/initcall"},
		imports: []string{
			"internal/index/...", "internal/kbuild", "internal/lang", "internal/lang/c", "internal/lang/linkfacts", "internal/lens",
			"internal/macro", "internal/source",
		},
		why: "the order of a boot is what macros, makefiles and conditions come to",
	},
	{
		packages: []string{"internal/logmap/..."},
		imports: []string{
			"internal/index/...", "internal/klog", "internal/lang", "internal/lang/linkfacts", "internal/lang/c",
			"internal/macro", "internal/sections", "internal/source", "internal/finding", "internal/store",
		},
		why: "logmap joins records with what the index knows about statements, whose macros it expands with the lexer of C",
	},
	{
		packages: []string{"internal/logdiff"},
		imports:  []string{"internal/klog"},
		why:      "runs are compared by what is handed over of them",
	},
	{
		packages: []string{"internal/boots"},
		imports:  []string{"internal/klog"},
		why:      "how boots went is told by the records alone",
	},
	{
		packages: []string{"internal/crash"},
		imports:  []string{"internal/klog", "internal/finding", "internal/source"},
		why:      "crash reports are read from records alone, without a tree",
	},
	{
		packages: []string{"internal/noise"},
		imports:  []string{"internal/klog", "internal/crash"},
		why:      "what belongs to which record is told by the records alone, by the shapes that crash reports have",
	},
	{
		packages: []string{"internal/debuginfo"},
		why:      "a kernel's own files are read without a tree and without a log",
	},
	{
		packages: []string{"internal/disasm"},
		why:      "bytes of code are decoded wherever they come from",
	},
	{
		packages: []string{"internal/diag/all"},
		imports:  []string{"internal/diag/...", "internal/capture", "internal/finding"},
		why:      "the one list of diagnoses",
	},
	{
		packages: []string{"internal/diag/...", "internal/fndiff/...", "internal/soak/..."},
		imports: []string{
			"internal/index/...", "internal/logmap/...", "internal/klog", "internal/lang", "internal/source",
			"internal/finding", "internal/rootfs", "internal/capture/...", "internal/remedy", "internal/diag/services", "internal/query/...", "internal/boots",
			"internal/crash",
		},
		why: "a diagnosis stands on the index and on what was captured",
	},
	{
		packages: []string{"internal/workbench/..."},
		imports: []string{
			"internal/index/...", "internal/logmap/...", "internal/ops", "internal/diag/...", "internal/fndiff/...", "internal/soak/...",
			"internal/macro", "internal/xref", "internal/lang/...", "internal/query/...", "internal/store", "internal/trigram", "internal/klog",
			"internal/source", "internal/finding", "internal/rootfs", "internal/capture", "internal/remedy",
			"internal/prose", "internal/kerneldoc", "internal/highlight", "internal/outline", "internal/ofmatch", "internal/constexpr",
			"internal/kbuild", "internal/lens", "internal/initcall", "internal/boots", "internal/logdiff", "internal/crash", "internal/debuginfo", "internal/disasm", "internal/noise",
			"internal/errflow",
		},
		why: "use cases use everything below and know no front end",
	},
	{
		packages: []string{"internal/render/..."},
		imports:  []string{"internal/workbench/...", "internal/finding", "internal/source"},
		why:      "rendering turns results into text, JSON and HTML: it looks nothing up",
	},
	{
		packages: []string{"internal/lsp/...", "internal/cscope/...", "internal/ctags/...", "internal/mcp/...", "internal/tui/...", "internal/web/..."},
		imports:  []string{"internal/workbench/...", "internal/render/..."},
		why:      "a front end calls a use case and shows the result",
	},
	{
		packages: []string{"internal/cli/..."},
		imports: []string{
			"internal/workbench/...", "internal/render/...",
			"internal/lsp/...", "internal/cscope/...", "internal/ctags/...", "internal/mcp/...", "internal/tui/...", "internal/web/...",
		},
		why: "a front end calls a use case and shows the result; this one also starts the others",
	},
	{
		packages: []string{"cmd/dekho"},
		imports:  []string{"internal/cli/..."},
		why:      "main does nothing but call cli",
	},
	{
		packages: []string{"cmd/...", "tools/..."},
		imports:  []string{"internal/cli/..."},
		why:      "tools of the build stand beside the program: they run it",
	},
	{
		packages: []string{"internal/testenv", "internal/vimdrive", "internal/nstest", "internal/archtest", "internal/e2e/...", "editors/..."},
		imports:  []string{"internal/testenv"},
		why:      "for tests only: imported by test files",
	},
}

// pkg is what `go list -json` says about a package, as far as it matters here.
type pkg struct {
	ImportPath string
	Imports    []string // without those of test files, which may reach across
}

func TestImportsPointDown(t *testing.T) {
	packages := list(t)
	if len(packages) < 3 {
		t.Fatalf("go list found %d packages", len(packages))
	}
	for _, p := range packages {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		l := find(name)
		if l == nil {
			t.Errorf("%s is in no layer: decide where it stands and add it to the table in internal/archtest", name)
			continue
		}
		for _, imported := range p.Imports {
			target, ours := strings.CutPrefix(imported, module+"/")
			if ours && !allowed(l, name, target) {
				t.Errorf("%s imports %s: %s", name, target, l.why)
			}
		}
	}
}

// TestLayersPointDown makes sure that the table itself has no upward arrow.
func TestLayersPointDown(t *testing.T) {
	for i, l := range layers {
		for _, target := range l.imports {
			j := slices.IndexFunc(layers, func(l layer) bool { return matchAny(l.packages, strings.TrimSuffix(target, "/...")) })
			if j < 0 {
				t.Errorf("%v may import %s, which is in no layer", l.packages, target)
			} else if j > i && !below(l.packages, target) {
				t.Errorf("%v may import %s, which is above it", l.packages, target)
			}
		}
	}
}

// below tells whether the target lies below one of the packages, as
// lang/all and lang/c do: there the list of all stands before the pattern.
func below(packages []string, target string) bool {
	return slices.ContainsFunc(packages, func(p string) bool {
		return path.Dir(p) == strings.TrimSuffix(target, "/...")
	})
}

func find(name string) *layer {
	i := slices.IndexFunc(layers, func(l layer) bool { return matchAny(l.packages, name) })
	if i < 0 {
		return nil
	}
	return &layers[i]
}

func allowed(l *layer, name, target string) bool {
	return strings.HasPrefix(target, name+"/") || matchAny(l.imports, target)
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if dir, ok := strings.CutSuffix(p, "/..."); ok {
			return name == dir || strings.HasPrefix(name, dir+"/")
		}
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}

// list asks the go command about the packages of this module.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
