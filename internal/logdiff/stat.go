package logdiff

import "math"

// Fisher is the p-value of Fisher's exact test, two-sided, for something that is
// so in a of n runs of one kind and in b of m of the other: how likely it is that
// chance alone separates them as well or better.
func Fisher(a, n, b, m int) float64 {
	if a < 0 || b < 0 || a > n || b > m || n+m == 0 {
		return 1
	}
	k := a + b
	// The logarithm of the probability that x of n have it, given that k have.
	prob := func(x int) float64 {
		return choose(n, x) + choose(m, k-x) - choose(n+m, k)
	}
	seen := prob(a)
	p := 0.0
	for x := max(0, k-m); x <= min(n, k); x++ {
		// As likely as what was seen, but for rounding.
		if q := prob(x); q <= seen+1e-9 {
			p += math.Exp(q)
		}
	}
	return min(1, p)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k int) float64 {
	lf := func(n int) float64 {
		v, _ := math.Lgamma(float64(n + 1))
		return v
	}
	return lf(n) - lf(k) - lf(n-k)
}
