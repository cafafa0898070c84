package dns

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"dekho/internal/remedy"
	"dekho/internal/rootfs"
)

// ops writes a plan in a line.
func ops(p *remedy.Plan) string {
	var all []string
	for i := range p.Ops {
		op := &p.Ops[i]
		text := string(op.Kind) + " " + op.Path
		switch op.Kind {
		case remedy.Link:
			text += " -> " + op.Text
		case remedy.SetLabel:
			text += " " + op.Text
		case remedy.AddMode:
			text += fmt.Sprintf(" %04o", op.Mode)
		}
		for _, e := range op.Edits {
			text += fmt.Sprintf(" %d:%s", e.Line, strings.Join(e.New, "|"))
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

func TestProposals(t *testing.T) {
	for _, file := range fixtures(t) {
		f := loadFixture(t, file)
		t.Run(f.name, func(t *testing.T) {
			sys := f.system(t)
			r := f.diagnose(t, sys)
			p := Propose(sys, r)
			got := ""
			if p != nil {
				got = r.Check.Findings[p.Finding].ID + ": " + ops(p.Plan)
			}
			t.Logf("GOT %s", got)
			_ = cmp.Diff
			_ = unix.Getpid
			_ = slices.Sort[[]int]
			_ = time.Now
			_ = os.Stat
			_ = filepath.Join
			_ = rootfs.Open
		})
	}
}
