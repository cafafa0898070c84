package kerneldoc_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/kerneldoc"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/outline"
	"dekho/internal/testenv"
)

// TestAccuracyTree reads all kernel-doc of a kernel tree and compares it with the
// code behind it: the name that is described is the one defined next, and the
// parameters described are among its parameters.
func TestAccuracyTree(t *testing.T) {
	root := testenv.KernelTree(t)
	var marked, parsed, overviews, members, functions, named, params, matched int
	byKind := make(map[kerneldoc.Kind]int)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".c") && !strings.HasSuffix(path, ".h") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.Contains(string(src), "/**") {
			return nil
		}
		var facts lang.Facts
		c.Language().New().Extract(path, src, &facts)
		f := outline.Read("c", src, &facts)
		for _, comment := range f.Comments {
			text := comment.Text(src)
			if !kerneldoc.Is(text) {
				continue
			}
			marked++
			doc, ok := kerneldoc.Parse(text)
			if !ok {
				continue
			}
			parsed++
			byKind[doc.Kind]++
			_, _ = doc.Text(80), doc.Markdown()
			switch doc.Kind {
			case kerneldoc.Overview:
				overviews++
				continue
			case kerneldoc.Member:
				members++
				continue
			case kerneldoc.Function:
			default:
				continue
			}
			sym, ok := next(f, &facts, comment.End)
			if !ok {
				continue
			}
			functions++
			if sym.Name != doc.Name {
				continue
			}
			named++
			head := string(src[sym.Off:sym.Body])
			for i := range doc.Params {
				params++
				if p := doc.Params[i].Name; p == "..." && strings.Contains(head, "...") || hasWord(head, p) {
					matched++
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d comments marked, %d parsed (%.1f %%): %v", marked, parsed, percent(parsed, marked), byKind)
	t.Logf("functions: %d followed by a definition, %d of its name (%.1f %%)", functions, named, percent(named, functions))
	t.Logf("parameters: %d described, %d in the prototype (%.1f %%)", params, matched, percent(matched, params))
	if percent(parsed, marked) < 90 || percent(named, functions) < 93 || percent(matched, params) < 97 {
		t.Error("less than it was")
	}
}

// next is the function defined right behind a comment.
func next(f *outline.File, facts *lang.Facts, off uint32) (outline.Symbol, bool) {
	for i := range facts.Occs {
		o := &facts.Occs[i]
		if o.Off < off || !o.Role.IsDef() && o.Role != lang.Declaration {
			continue
		}
		if o.Role != lang.DefFunction {
			return outline.Symbol{}, false
		}
		return f.Symbol(o), true
	}
	return outline.Symbol{}, false
}

func hasWord(s, w string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(w)
		if (i == 0 || !word(s[i-1])) && (end == len(s) || !word(s[end])) {
			return true
		}
		from = i + 1
	}
}

func word(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(of, 1)) }
