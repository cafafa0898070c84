package tui

// Lists on the left: a cursor that moves over rows, more of them than are on the
// screen.

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// scroll is where in a list the user is.
type scroll struct{ sel, top int }

// move moves the selection in a list of n rows, by so many.
func (s *scroll) move(by, n int) { s.sel = max(0, min(s.sel+by, n-1)) }

// fit brings the selection into a window of a height.
func (s *scroll) fit(n, height int) {
	s.move(0, n)
	s.top = max(min(s.top, s.sel, n-height), s.sel-height+1, 0)
}

// place is somewhere in the tree.
type place struct {
	path string
	line int // from 1; 0 for the beginning
	// name, if not "", stands in the line, and is where the cursor goes; else col
	// is its byte in the line.
	name string
	col  int
}

// panel is what can be shown on the left.
type panel interface {
	// head draws the first row, and returns the column of the cursor if something
	// is being typed there, or -1.
	head(m *model, r *row) int
	size() int
	draw(m *model, r *row, i int)
	// about is all that a row says, for when it is cut; "" if it is said elsewhere.
	about(i int) string
	// target is where a row leads; ok is false if nowhere.
	target(i int) (p place, ok bool)
	at() *scroll
	// key handles a key and reports whether it did.
	key(m *model, k tea.KeyPressMsg) (tea.Cmd, bool)
}

// item is a row of a list.
type item struct {
	label  string
	hits   []int // bytes of label that matched
	style  style // of label
	mark   string
	detail string
	// path says that detail is a path, of which the end tells most.
	path   bool
	indent int
	to     place
	none   bool // it leads nowhere
	out    bool // the lens leaves it out
}

// drawItem draws a row of a list.
func drawItem(r *row, it *item) {
	s := it.style
	if it.out {
		s |= faint
	}
	r.fill(r.col + it.indent)
	if len(it.hits) == 0 {
		r.put(s, it.label)
	} else {
		hit := 0
		for _, c := range appendCells(nil, it.label, r.left()) {
			for hit < len(it.hits) && it.hits[hit] < c.off {
				hit++
			}
			if hit < len(it.hits) && it.hits[hit] < c.end {
				r.putCell(s|bold|green, &c)
			} else {
				r.putCell(s, &c)
			}
		}
	}
	if it.mark != "" {
		r.put(plain, " ")
		r.put(yellow, it.mark)
	}
	if it.detail != "" && r.left() > 3 {
		r.put(plain, "  ")
		text := it.detail
		if it.path {
			text = tail(text, r.left())
		}
		r.put(faint, text)
	}
}

// listPanel is a list that can be narrowed by typing.
type listPanel struct {
	scroll
	title  string
	items  []item
	shown  []int // those that the filter leaves; nil for all
	filter input
	typing bool
}

func newList(title string, items []item) *listPanel {
	return &listPanel{title: title, items: items}
}

func (p *listPanel) at() *scroll { return &p.scroll }

func (p *listPanel) size() int {
	if p.shown != nil {
		return len(p.shown)
	}
	return len(p.items)
}

func (p *listPanel) item(i int) *item {
	if p.shown != nil {
		i = p.shown[i]
	}
	return &p.items[i]
}

func (p *listPanel) head(_ *model, r *row) int {
	r.put(bold, p.title)
	if !p.typing && len(p.filter.text) == 0 {
		return -1
	}
	r.put(plain, " /")
	if p.typing {
		return p.filter.draw(r)
	}
	r.put(plain, p.filter.String())
	return -1
}

func (p *listPanel) draw(_ *model, r *row, i int) { drawItem(r, p.item(i)) }

func (p *listPanel) about(i int) string {
	if i < 0 || i >= p.size() {
		return ""
	}
	it := p.item(i)
	parts := []string{it.label, it.mark, it.detail}
	if !it.path && it.indent > 0 { // a line of a file
		parts = append([]string{it.to.path + ":"}, parts...)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

func (p *listPanel) target(i int) (place, bool) {
	if i < 0 || i >= p.size() {
		return place{}, false
	}
	it := p.item(i)
	return it.to, !it.none
}

func (p *listPanel) key(m *model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	if !p.typing {
		if k.String() == "/" {
			p.typing = true
			return nil, true
		}
		return nil, false
	}
	switch k.String() {
	case "enter":
		p.typing = false
		return nil, true
	case "esc":
		p.typing = false
		p.filter.clear()
		p.narrow()
		return m.preview(), true
	}
	if !p.filter.key(k) {
		return nil, false
	}
	p.narrow()
	return m.preview(), true
}

// narrow leaves the items that have the text of the filter in them, with the
// heads of their groups.
func (p *listPanel) narrow() {
	p.scroll = scroll{}
	text := strings.ToLower(p.filter.String())
	if text == "" {
		p.shown = nil
		return
	}
	p.shown = make([]int, 0, 64)
	for i := range p.items {
		it := &p.items[i]
		if strings.Contains(strings.ToLower(it.label), text) || strings.Contains(strings.ToLower(it.detail), text) ||
			strings.Contains(strings.ToLower(it.to.path), text) {
			p.shown = append(p.shown, i)
		}
	}
}
