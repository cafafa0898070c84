package workbench

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"kfree", "kfree", 0},
		{"kfree", "KFree", 0},
		{"kfree", "kfre", 1},
		{"kfree", "kfreee", 1},
		{"kfree", "krfee", 1},
		{"kfree", "vfree", 1},
		{"tcp_v4_rcv", "tcp_v6_rcv", 1},
		{"abcd", "dcba", 3}, // more than the limit
		{"", "ab", 2},
		{"ab", "", 2},
		{"printk", "prnitkk", 2},
	} {
		var e editor
		if got := e.distance([]byte(c.a), []byte(c.b), 2); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestDistanceBanded compares the banded computation with the plain one.
func TestDistanceBanded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		var sb strings.Builder
		for range r.IntN(8) {
			sb.WriteByte("abc"[r.IntN(3)])
		}
		return sb.String()
	}
	var e editor
	for range 20_000 {
		a, b := word(), word()
		for limit := 1; limit <= 2; limit++ {
			want := min(plainDistance(a, b), limit+1)
			if got := e.distance([]byte(a), []byte(b), limit); got != want {
				t.Fatalf("distance(%q, %q, %d) = %d, want %d", a, b, limit, got, want)
			}
		}
	}
}

func plainDistance(a, b string) int {
	d := make([][]int, len(b)+1)
	for j := range d {
		d[j] = make([]int, len(a)+1)
		d[j][0] = j
	}
	for i := range d[0] {
		d[0][i] = i
	}
	for j := 1; j <= len(b); j++ {
		for i := 1; i <= len(a); i++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[j][i] = min(d[j-1][i-1]+cost, d[j-1][i]+1, d[j][i-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[j][i] = min(d[j][i], d[j-2][i-2]+1)
			}
		}
	}
	return d[len(b)][len(a)]
}
