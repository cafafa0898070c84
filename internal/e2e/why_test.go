package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dekho/internal/workbench"
)

// whyTruth is a statement that prints an error code, or follows one, with what
// in the field made the code. It was written down by reading the source, before
// and without asking the program.
type whyTruth struct {
	file, statement string // part of its line
	errno           string
	origins         []whyPlace // each is right
	why             string
}

// whyPlace is a statement by a part of the line that guards it, or of its own.
type whyPlace struct{ file, function, line string }

// whyFirst is how many of the likeliest origins count as an answer.
const whyFirst = 3

// TestWhy asks where error codes came from.
func TestWhy(t *testing.T) {
	k := testKernel(t)
	w, err := workbench.New(workbench.Options{Tree: k.tree, Store: k.store})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := w.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close() //nolint:errcheck // it was only read
	for _, set := range []struct {
		name  string
		truth []whyTruth
		least int
	}{
		{"first", whyStatements, 28},
		{"second", whyOthers, 9},
		{"blind", whyBlind, 19},
		{"second blind", whyBlind2, 11},
		{"third blind", whyBlind3, 5},
	} {
		right := 0
		for _, tr := range set.truth {
			line := lineWith(t, k.tree, tr.file, tr.statement, 0)
			start := time.Now()
			y, err := tree.Why(context.Background(), tr.file, uint32(line), workbench.WhyOptions{Errno: tr.errno})
			if err != nil {
				t.Errorf("%s:%d: %v", tr.file, line, err)
				continue
			}
			at := slices.IndexFunc(y.Origins, func(o workbench.WhyOrigin) bool {
				return slices.ContainsFunc(tr.origins, func(p whyPlace) bool { return isOrigin(t, k.tree, &o, p) })
			})
			if 0 <= at && at < whyFirst {
				right++
			}
			verdict := fmt.Sprintf("number %d of %d", at+1, len(y.Origins))
			if at < 0 {
				verdict = fmt.Sprintf("not among %d", len(y.Origins))
			}
			t.Logf("%-70s %-13s %-20s %d ms", fmt.Sprintf("%s:%d", tr.file, line), tr.errno, verdict, time.Since(start).Milliseconds())
		}
		t.Logf("%s set: the true origin is among the first %d for %d of %d statements", set.name, whyFirst, right, len(set.truth))
		if right < set.least {
			t.Errorf("%s set: %d are right, want %d", set.name, right, set.least)
		}
	}
}

// isOrigin reports whether an origin is the place that was written down.
func isOrigin(t *testing.T, root string, o *workbench.WhyOrigin, p whyPlace) bool {
	if o.Path != p.file || o.Function != p.function {
		return false
	}
	guard := uint32(lineWith(t, root, p.file, p.line, int(o.Line)))
	return o.Line == guard || guard < o.Line && o.Line <= guard+4 ||
		slices.ContainsFunc(append(slices.Clip(o.Conds), o.Jumps...), func(c workbench.WhyCond) bool {
			return uint32(lineWith(t, root, p.file, p.line, int(c.Line))) == c.Line
		})
}

var whyFiles = make(map[string][]byte)

// lineWith is the line of a file that has a text, the last one up to a line if
// that is not 0.
func lineWith(t *testing.T, root, file, text string, upTo int) int {
	t.Helper()
	content, ok := whyFiles[file]
	if !ok {
		var err error
		if content, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(file))); err != nil {
			t.Fatal(err)
		}
		whyFiles[file] = content
	}
	found := 0
	for i, l := range bytes.Split(content, []byte("\n")) {
		if strings.Contains(string(l), text) && (upTo == 0 && found == 0 || upTo > 0 && i+1 <= upTo) {
			found = i + 1
		}
	}
	if found == 0 && upTo == 0 {
		t.Fatalf("%s has no %q", file, text)
	}
	return found
}
