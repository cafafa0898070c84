package dnsquery

import (
	"slices"
	"strings"
	"testing"
)

func TestSearch(t *testing.T) {
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63)
	for _, tt := range []struct {
		name        string
		search      []string
		ndots       int
		glibc, musl []string
	}{
		{"host", nil, 1, []string{"host"}, []string{"host"}},
		{"host", []string{"a.test", "b.test."}, 1, []string{"host.a.test", "host.b.test", "host"}, []string{"host.a.test", "host.b.test", "host"}},
		{"host", []string{"a.test"}, 0, []string{"host", "host.a.test"}, []string{"host"}},
		{"www.host", []string{"a.test"}, 1, []string{"www.host", "www.host.a.test"}, []string{"www.host"}},
		{"www.host", []string{"a.test"}, 5, []string{"www.host.a.test", "www.host"}, []string{"www.host.a.test", "www.host"}},
		{"www.host.", []string{"a.test"}, 5, []string{"www.host"}, []string{"www.host"}},
		{"host", []string{".", "a.test"}, 1, []string{"host", "host.a.test"}, []string{"host.a.test", "host"}},
		// ndots has a greatest value.
		{strings.Repeat("x.", 15) + "y", []string{"a.test"}, 100, []string{strings.Repeat("x.", 15) + "y", strings.Repeat("x.", 15) + "y.a.test"}, []string{strings.Repeat("x.", 15) + "y"}},
		// Too long with the search list.
		{long, []string{long}, 5, []string{long}, []string{long}},
		{".", nil, 1, nil, nil},
	} {
		if got := Glibc(tt.name, tt.search, tt.ndots); !slices.Equal(got, tt.glibc) {
			t.Errorf("Glibc(%q, %q, %d) = %q, want %q", tt.name, tt.search, tt.ndots, got, tt.glibc)
		}
		if got := Musl(tt.name, tt.search, tt.ndots); !slices.Equal(got, tt.musl) {
			t.Errorf("Musl(%q, %q, %d) = %q, want %q", tt.name, tt.search, tt.ndots, got, tt.musl)
		}
	}
}
