package tui

import tea "charm.land/bubbletea/v2"

// wheelRows is how far a notch of the wheel goes.
const wheelRows = 3

// wheel scrolls what is under the pointer.
func (m *model) wheel(e tea.Mouse) tea.Cmd {
	by := wheelRows
	switch e.Button {
	case tea.MouseWheelUp:
		by = -by
	case tea.MouseWheelDown:
	default:
		return nil
	}
	switch {
	case m.text != nil:
		m.text.move(by, len(m.text.lines))
	case e.X < m.leftWidth():
		m.panel.at().move(by, m.panel.size())
		return m.preview()
	case m.source.file != nil:
		m.source.page(by)
	}
	return nil
}

// click selects what is under the pointer; a second click on it goes there, or follows
// the name.
func (m *model) click(e tea.Mouse) tea.Cmd {
	if e.Button != tea.MouseLeft || m.prompt != nil || e.Y < 0 || e.Y >= m.body() {
		return nil
	}
	if m.text != nil {
		m.text.sel = min(m.text.top+max(0, e.Y-1), len(m.text.lines)-1)
		return nil
	}
	left := m.leftWidth()
	if e.X < left {
		m.focus = focusLeft
		at := m.panel.at()
		i := at.top + e.Y - 1 - m.bannerRows()
		if e.Y < 1+m.bannerRows() || i >= m.panel.size() {
			return nil
		}
		again := i == at.sel && m.clicked == (place{line: i})
		at.sel, m.clicked = i, place{line: i}
		if again {
			return m.chosen()
		}
		return m.preview()
	}
	rows := m.source.layout()
	y := e.Y - len(m.recordDetails())
	if y < 0 || y >= len(rows) || rows[y].line == 0 {
		m.focus = focusSource
		return nil
	}
	x := e.X - m.source.gutter()
	if left > 0 {
		x -= left + 1
	}
	v := &m.source
	v.line = rows[y].line
	v.setCol(byteAt(v.text(v.line), rows[y].from+max(0, x)))
	cmd := m.enterSource()
	here, _ := v.here()
	again := here == m.clicked
	if m.clicked = here; again {
		return m.followHere()
	}
	return cmd
}
