package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"dekho/internal/index"
)

func TestScanNames(t *testing.T) {
	var text strings.Builder
	for i := range 200 {
		fmt.Fprintf(&text, "Name_%d()\n{\n\tuse%d;\n}\n", i, i)
	}
	tr := newTree(t, map[string]string{"a.c": text.String(), "b.c": "other_name()\n{\n}\n"})
	tr.update()
	x := tr.open()
	for _, c := range []struct {
		roles index.RoleSet
		want  int
	}{
		{index.AllRoles, 401},
		{index.Definitions, 201},
	} {
		var mu sync.Mutex
		var got []string
		scan := index.Scan{Roles: c.roles, Workers: 3}
		err := x.ScanNames(context.Background(), scan, func(_ int, name []byte, _ index.RoleSet) bool {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(name))
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		for n, err := range x.Names("") {
			if err != nil {
				t.Fatal(err)
			}
			has := n.Roles&c.roles != 0
			if has != slices.Contains(got, n.Text) {
				t.Errorf("%b: %s found %v, want %v", c.roles, n.Text, !has, has)
			}
		}
		if len(got) != c.want {
			t.Errorf("%b: %d names, want %d", c.roles, len(got), c.want)
		}
	}
	n := 0
	err := x.ScanNames(context.Background(), index.Scan{Roles: index.AllRoles}, func(int, []byte, index.RoleSet) bool {
		n++
		return n < 5
	})
	if err != nil || n != 5 {
		t.Errorf("stopped after %d names, %v", n, err)
	}
}
