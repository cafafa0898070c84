package remedy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"dekho/internal/rootfs"
)

// around is how many lines around a change are shown.
const around = 3

// maxShown is how large a content can be that is shown.
const maxShown = 64 << 10

// Diff shows a change as a unified diff; of a link it compares what it says.
func (c *Change) Diff() string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\t(%s)\n+++ %s\t(%s)\n", c.Path, c.Before.Describe(), c.Path, c.After.Describe())
	old, isText1 := c.Before.lines()
	now, isText2 := c.After.lines()
	if !isText1 || !isText2 {
		if !bytes.Equal(c.Before.Data, c.After.Data) {
			fmt.Fprintf(&b, "the contents differ: %d bytes, %d bytes\n", len(c.Before.Data), len(c.After.Data))
		}
		return b.String()
	}
	b.WriteString(unified(old, now))
	return b.String()
}

// lines are what is compared; without a newline at the end of the last one, if
// it has none.
func (s *State) lines() ([]string, bool) {
	if s.Type == rootfs.Symlink {
		return []string{"-> " + string(s.Data) + "\n"}, true
	}
	if len(s.Data) > maxShown || !utf8.Valid(s.Data) || bytes.IndexByte(s.Data, 0) >= 0 {
		return nil, false
	}
	var all []string
	for l := range strings.Lines(string(s.Data)) {
		all = append(all, l)
	}
	return all, true
}

// unified compares two lists of lines. What a fix changes lies close together,
// so that it is one hunk: what both begin and end with is left out.
func unified(old, now []string) string {
	head := 0
	for head < len(old) && head < len(now) && old[head] == now[head] {
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(now)-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	if head+tail == len(old) && len(old) == len(now) {
		return ""
	}
	from, before := max(head-around, 0), min(tail, around)
	span := func(n int) string {
		size := n - tail + before - from
		start := from + 1
		if size == 0 {
			start--
		}
		if size == 1 {
			return strconv.Itoa(start)
		}
		return fmt.Sprintf("%d,%d", start, size)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@@ -%s +%s @@\n", span(len(old)), span(len(now)))
	write := func(mark string, lines []string) {
		for _, l := range lines {
			b.WriteString(mark + l)
			if !strings.HasSuffix(l, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	write(" ", old[from:head])
	write("-", old[head:len(old)-tail])
	write("+", now[head:len(now)-tail])
	write(" ", old[len(old)-tail:len(old)-tail+before])
	return b.String()
}
