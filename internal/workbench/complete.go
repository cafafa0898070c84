package workbench

import (
	"strings"

	"dekho/internal/index"
)

// Complete lists the names of symbols that begin with prefix, in byte order, at
// most limit of them.
func (t *Tree) Complete(prefix string, limit int) ([]string, error) {
	var names []string
	err := index.Guard(func() error {
		for n, err := range t.idx.Names(prefix) {
			if err != nil {
				return err
			}
			if n.Roles&index.Definitions == 0 {
				continue
			}
			if names = append(names, strings.Clone(n.Text)); len(names) >= limit {
				break
			}
		}
		return nil
	})
	return names, t.idx.Err(err)
}
