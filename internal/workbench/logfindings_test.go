package workbench

import "testing"

// TestOneOrigin: which wrapper printed a record does not matter to where its words
// come from; which statement does.
func TestOneOrigin(t *testing.T) {
	site := func(printer, said string, line uint32) (s Site) {
		s.Path = printer
		if said != "" {
			s.Said = &Place{Path: said, Line: line}
		}
		return s
	}
	one := []Site{site("drivers/base/core.c", "a.c", 10), site("kernel/panic.c", "a.c", 10)}
	for name, c := range map[string]struct {
		verdict Verdict
		sites   []Site
		more    int
		want    bool
	}{
		"one statement":        {Ambiguous, one, 0, true},
		"another line":         {Ambiguous, append(one[:1:1], site("drivers/base/core.c", "a.c", 20)), 0, false},
		"printed without them": {Ambiguous, append(one[:1:1], site("a.c", "", 0)), 0, false},
		"some left out":        {Ambiguous, one, 1, false},
		"not known":            {Unknown, nil, 0, false},
	} {
		r := &LogRecord{}
		r.Verdict, r.Sites, r.More = c.verdict, c.sites, c.more
		if r.oneOrigin() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}
