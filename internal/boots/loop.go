package boots

import (
	"fmt"
	"slices"
	"time"

	"dekho/internal/klog"
)

// This file finds boots that repeat each other.

// Loop is a run of boots that ended in the same way.
type Loop struct {
	// First and Last are the numbers of the boots, Count is how many they are.
	First, Last, Count int
	Kind               Kind
	// Facts say what is equal and what differs.
	Facts []LoopFact
}

// LoopFact is something that boots have in common or not.
type LoopFact struct {
	Name string
	// Same says that all have it; Values then holds it, else the different
	// values in the order in which they came, up to a few.
	Same   bool
	Values []string
	// More is how many further values there are.
	More int
}

const (
	// loopAfter is how many boots in a row make a loop, orderlyLoopAfter how many
	// that ended because somebody asked for it.
	loopAfter        = 2
	orderlyLoopAfter = 3
	// maxValues bounds the different values that are listed.
	maxValues = 6
)

// Loops finds the boots that ended in the same way, one after the other.
func Loops(list []Boot) []Loop {
	var loops []Loop
	for i := 0; i < len(list); {
		j := i + 1
		kind := list[i].End.Kind
		for j < len(list) && list[j].End.Kind == kind {
			j++
		}
		least := 0
		switch kind {
		case Panic, Watchdog, Reset:
			least = loopAfter
		case Reboot, Kexec:
			least = orderlyLoopAfter
		}
		if least > 0 && j-i >= least {
			loops = append(loops, loopOf(list[i:j]))
		}
		i = j
	}
	return loops
}

func loopOf(run []Boot) Loop {
	l := Loop{First: run[0].Number, Last: run[len(run)-1].Number, Count: len(run), Kind: run[0].End.Kind}
	l.add(run, "message", true, func(b *Boot) string {
		if len(b.End.Evidence) == 0 {
			return ""
		}
		return b.End.Evidence[0].Quote
	})
	l.add(run, "last message", true, func(b *Boot) string { return b.End.Last.Quote })
	l.add(run, "stage", false, func(b *Boot) string { return b.End.Stage.String() })
	l.add(run, "version", false, func(b *Boot) string { return b.Version.Value })
	l.add(run, "command line", false, func(b *Boot) string { return b.CommandLine.Value })
	l.add(run, "remark", true, func(b *Boot) string {
		if len(b.Remarks) == 0 {
			return ""
		}
		return b.Remarks[0].Quote
	})
	l.add(run, "time to end", false, func(b *Boot) string {
		if b.Span.From == SpanUnknown {
			return ""
		}
		text := fmt.Sprintf("%.1f s", b.Span.Duration.Round(100*time.Millisecond).Seconds())
		if b.Span.From == SpanEstimate {
			text = "about " + text
		}
		return text
	})
	return l
}

// add compares what the boots have of something, if any has it. Of a text that
// a kernel printed, numbers do not count.
func (l *Loop) add(run []Boot, name string, text bool, of func(*Boot) string) {
	f := LoopFact{Name: name, Same: true}
	first, any := of(&run[0]), false
	seen := map[string]bool{}
	for i := range run {
		v := of(&run[i])
		any = any || v != ""
		if v != first && !(text && klog.Masked(v) == klog.Masked(first)) {
			f.Same = false
		}
		if seen[v] {
			continue
		}
		if len(seen) < 1000 {
			seen[v] = true
		}
		if len(f.Values) < maxValues {
			f.Values = append(f.Values, v)
		} else {
			f.More++
		}
	}
	if !any {
		return
	}
	if f.Same {
		f.Values, f.More = f.Values[:1], 0
	} else {
		for i, v := range f.Values {
			if v == "" {
				f.Values[i] = "none"
			}
		}
	}
	l.Facts = append(l.Facts, f)
}

// Fact is what the loop says about something, nil if nothing.
func (l *Loop) Fact(name string) *LoopFact {
	if i := slices.IndexFunc(l.Facts, func(f LoopFact) bool { return f.Name == name }); i >= 0 {
		return &l.Facts[i]
	}
	return nil
}
