package tui

// Drawing: the model to rows of text.

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// twoPanes is how wide a terminal is in which both sides have room.
const twoPanes = 60

// leftWidth is how many columns the left side has, 0 if it is not seen.
func (m *model) leftWidth() int {
	switch {
	case m.width >= twoPanes:
		return max(24, min(m.width*2/5, 72))
	case m.focus == focusLeft && m.text == nil:
		return m.width
	}
	return 0
}

// rightWidth is how many columns the right side has, 0 if it is not seen.
func (m *model) rightWidth() int {
	left := m.leftWidth()
	if left == 0 {
		return m.width
	}
	return max(0, m.width-left-1)
}

// body is how many rows there are above the status line.
func (m *model) body() int { return max(0, m.height-1) }

// layout tells the panes how much room they have.
func (m *model) layout() {
	m.panel.at().fit(m.panel.size(), max(1, m.body()-1-m.bannerRows()))
	v := &m.source
	v.width, v.height = m.rightWidth(), max(1, m.body()-len(m.recordDetails()))
	if m.rightWidth() > 0 {
		v.fit()
	}
}

func (m *model) bannerRows() int {
	if m.log != nil && m.panel == m.log {
		return m.log.bannerRows(m.body())
	}
	return 0
}

// recordDetails is what stands above the source while a log is looked at.
func (m *model) recordDetails() []detail {
	if m.log == nil || m.panel != m.log || m.rightWidth() == 0 {
		return nil
	}
	rec := m.log.record(m.log.sel)
	if rec == nil {
		return nil
	}
	list := m.log.details(rec, m.rightWidth())
	return list[:min(len(list), m.body()/2)]
}

// View implements tea.Model.
func (m *model) View() tea.View {
	text, x, y := m.screen()
	v := tea.NewView(text)
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	if x >= 0 {
		v.Cursor = tea.NewCursor(x, y)
	}
	return v
}

// screen draws everything, and says where the cursor is; x is -1 if there is none.
func (m *model) screen() (text string, x, y int) {
	left, right := m.leftWidth(), m.rightWidth()
	buf := make([]byte, 0, m.height*(m.width+32))
	details := m.recordDetails()
	rows := m.source.layout()
	var r row
	x = -1
	for i := range m.body() {
		if left > 0 {
			r.reset(left)
			if at := m.drawLeft(&r, i); at >= 0 && m.focus == focusLeft && m.prompt == nil && m.text == nil {
				x, y = at, i
			}
			buf = r.appendTo(buf)
		}
		if left > 0 && right > 0 {
			r.reset(1)
			r.put(faint, "│")
			buf = r.appendTo(buf)
		}
		if right > 0 {
			r.reset(right)
			switch at := i - len(details); {
			case m.text != nil:
				m.text.drawRow(&r, i, m.body())
			case at < 0:
				r.put(details[i].style, details[i].text)
			case m.source.file == nil:
				m.drawWelcome(&r, at)
			case at < len(rows):
				if at := m.source.drawRow(&r, rows[at]); at >= 0 && m.focus == focusSource && m.prompt == nil {
					if x, y = at, i; left > 0 {
						x += left + 1
					}
				}
			}
			buf = r.appendTo(buf)
		}
		buf = append(buf, '\n')
	}
	r.reset(m.width)
	if at := m.drawStatus(&r); at >= 0 {
		x, y = at, m.body()
	}
	return string(r.appendTo(buf)), x, y
}

// drawLeft draws a row of the left side.
func (m *model) drawLeft(r *row, i int) int {
	if i == 0 {
		if m.focus != focusLeft {
			r.under = faint
		}
		return m.panel.head(m, r)
	}
	i--
	if n := m.bannerRows(); i < n {
		m.log.banner(r, i)
		return -1
	} else if i -= n; i < 0 {
		return -1
	}
	at := m.panel.at()
	if i += at.top; i >= m.panel.size() {
		if i == 0 {
			m.drawEmpty(r)
		}
		return -1
	}
	if i == at.sel {
		if r.under = reverse; m.focus != focusLeft {
			r.under = underline
		}
	}
	m.panel.draw(m, r, i)
	return -1
}

// drawEmpty says why a list is empty.
func (m *model) drawEmpty(r *row) {
	switch {
	case m.panel == m.log && m.log != nil && !m.log.done:
		r.put(faint, "reading...")
	case m.panel == &m.finder && len(m.finder.query.text) == 0 && m.finder.kind != findRecent:
		r.put(faint, "type to find (ctrl+t: what)")
	default:
		r.put(faint, "nothing")
	}
}

// drawWelcome draws what is on the right as long as there is no file.
func (m *model) drawWelcome(r *row, i int) {
	lines := [...]string{"", "dekho  " + m.tree, "", "Type a few letters of a file or symbol.", "Enter goes there, Tab changes sides,", "? in the source lists the keys."}
	if i < len(lines) {
		r.put(plain, " ")
		r.put(faint, lines[i])
	}
}

// drawStatus draws the last row, and returns where the cursor is if something is typed
// there, or -1.
func (m *model) drawStatus(r *row) int {
	if m.prompt != nil {
		r.put(bold, m.prompt.mark)
		return m.prompt.draw(r)
	}
	r.under = reverse
	if m.message != "" {
		r.put(bold, m.message)
		return -1
	}
	// What is worked on, tree and lens stand at the right as far as there is room.
	var right []string
	if w := m.working(); w != "" {
		right = append(right, "... "+w)
	}
	if m.panel == &m.finder && m.finder.more {
		right = append(right, "more")
	}
	if m.o.Lens != "" {
		right = append(right, m.o.Lens)
	}
	right = append(right, m.tree)
	end := strings.Join(right, "  ")
	// A row that is cut on the left is told in full.
	if about := m.panel.about(m.panel.at().sel); about != "" && m.focus == focusLeft {
		r.put(bold, " "+about)
		if w := m.working(); w != "" && r.left() > 6 {
			r.put(plain, "  ... "+w)
		}
		return -1
	}
	here, ok := m.source.here()
	if !ok {
		r.put(plain, " "+end)
		return -1
	}
	f := m.source.file
	position := ":" + strconv.Itoa(here.line) + ":" + strconv.Itoa(here.col+1)
	if s := m.source.symbol(here.line); s != nil {
		position += " " + s.Name
		if s.Kind == "function" {
			position += "()"
		}
	}
	if m.source.isUnbuilt(here.line) {
		position += " [not built]"
	}
	if f.Changed {
		position += " [changed since it was indexed]"
	}
	room := m.width - len(position) - 2
	if len(end) > room/2 {
		end = end[:max(0, room/2)]
	}
	r.put(plain, " ")
	r.put(bold, tail(here.path, max(8, room-len(end)-1)))
	r.put(plain, position)
	if free := r.left() - len(end) - 1; free > 0 {
		r.fill(r.col + free)
		r.put(plain, end)
	}
	return -1
}
