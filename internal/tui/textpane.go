package tui

import (
	"regexp"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// textPane is a text over the source: help, or what is known of a name.
type textPane struct {
	scroll
	title string
	lines []string
}

func newText(title, text string) *textPane {
	return &textPane{title: title, lines: strings.Split(strings.TrimRight(text, "\n"), "\n")}
}

// placeInText is how the commands of dekho write a place.
var placeInText = regexp.MustCompile(`^\s*([^\s:]+):(\d+)(?::|$|\s)`)

// key handles a key and reports whether the text is closed by it.
func (p *textPane) key(m *model, k tea.KeyPressMsg) (cmd tea.Cmd, closed bool) {
	page := max(1, m.body()-2)
	switch k.String() {
	case "down", "j":
		p.move(1, len(p.lines))
	case "up", "k":
		p.move(-1, len(p.lines))
	case "pgdown", "space", "ctrl+f", "ctrl+d":
		p.move(page, len(p.lines))
	case "pgup", "ctrl+b", "ctrl+u":
		p.move(-page, len(p.lines))
	case "g", "home":
		p.sel = 0
	case "G", "end":
		p.sel = len(p.lines) - 1
	case "enter":
		if match := placeInText.FindStringSubmatch(p.lines[p.sel]); match != nil {
			line, err := strconv.Atoi(match[2])
			if err == nil {
				return m.visit(place{path: match[1], line: line}), true
			}
		}
		return nil, false
	case "esc", "q", "i", "?", "backspace":
		return nil, true
	}
	return nil, false
}

// drawRow draws a row of the window.
func (p *textPane) drawRow(r *row, y, height int) {
	if y == 0 {
		r.under = reverse
		r.put(bold, p.title)
		return
	}
	p.fit(len(p.lines), height-1)
	i := p.top + y - 1
	if i >= len(p.lines) {
		return
	}
	if i == p.sel {
		r.under = reverse
	}
	line := p.lines[i]
	if match := placeInText.FindStringSubmatchIndex(line); match != nil {
		r.put(plain, line[:match[2]])
		r.put(magenta, line[match[2]:match[3]])
		r.put(plain, ":")
		r.put(green, line[match[4]:match[5]])
		line = line[match[5]:]
	}
	r.put(plain, line)
}
