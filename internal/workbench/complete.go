package workbench

import (
	"errors"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
)

// Complete lists the names of symbols that begin with prefix, in byte order, at
// most limit of them.
func (t *Tree) Complete(prefix string, limit int) ([]string, error) {
	var names []string
	// Symbols of the configuration are completed with CONFIG_.
	roles, before := index.Definitions, ""
	if symbol, ok := strings.CutPrefix(prefix, configPrefix); ok {
		prefix, before, roles = symbol, configPrefix, index.Roles(lang.DefConfig)
	}
	err := index.Guard(func() error {
		var generated []string
		if roles == index.Definitions {
			m, err := t.macros()
			if err != nil {
				return err
			}
			if m != nil {
				for name, err := range m.table.Names().WithPrefix(prefix) {
					if err != nil {
						return errors.Join(ErrDamaged, err)
					}
					if generated = append(generated, name); len(generated) >= limit {
						break
					}
				}
			}
		}
		for n, err := range t.idx.Names(prefix) {
			if err != nil {
				return err
			}
			if n.Roles&roles == 0 {
				continue
			}
			if names = append(names, before+strings.Clone(n.Text)); len(names) >= limit {
				break
			}
		}
		if len(generated) > 0 {
			names = append(names, generated...)
			slices.Sort(names)
			names = slices.Compact(names)
			names = names[:min(len(names), limit)]
		}
		return nil
	})
	return names, t.idx.Err(err)
}
