package tui

// Keys: one table, from which help is made too.

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// binding is what some keys do.
type binding struct {
	keys []string
	help string
	do   func(m *model) tea.Cmd
}

// always are the keys that do the same wherever the user is.
func always() []binding {
	return []binding{
		{[]string{"tab", "shift+tab"}, "the other side", (*model).otherSide},
		{[]string{"ctrl+p"}, "find files and symbols", func(m *model) tea.Cmd { return m.openFinder(findAll) }},
		{[]string{"ctrl+g"}, "find text in all files", func(m *model) tea.Cmd { return m.openFinder(findText) }},
		{[]string{"ctrl+r"}, "the files looked at last", func(m *model) tea.Cmd { return m.openFinder(findRecent) }},
		{[]string{"alt+left"}, "back", func(m *model) tea.Cmd { return m.back(-1) }},
		{[]string{"alt+right"}, "forward", func(m *model) tea.Cmd { return m.back(1) }},
		{[]string{"f1"}, "help", (*model).help},
		{[]string{"ctrl+z"}, "suspend", func(*model) tea.Cmd { return tea.Suspend }},
		{[]string{"ctrl+c"}, "quit", func(*model) tea.Cmd { return tea.Quit }},
	}
}

// onSource are the keys in the source.
func onSource() []binding {
	return []binding{
		{[]string{"enter"}, "follow the name under the cursor", (*model).followHere},
		{[]string{"backspace", "["}, "back", func(m *model) tea.Cmd { return m.back(-1) }},
		{[]string{"]"}, "forward", func(m *model) tea.Cmd { return m.back(1) }},
		{[]string{"d"}, "all definitions of the name", onName((*model).definitions)},
		{[]string{"r"}, "references to it", (*model).references},
		{[]string{"c"}, "who calls it, as a tree", onName(func(m *model, name string) tea.Cmd { return m.openCalls(name, true) })},
		{[]string{"C"}, "what it calls, as a tree", onName(func(m *model, name string) tea.Cmd { return m.openCalls(name, false) })},
		{[]string{"i"}, "what is known of the name", onName((*model).info)},
		{[]string{"o"}, "the outline of the file", (*model).openOutline},
		{[]string{"f"}, "find files and symbols", func(m *model) tea.Cmd { return m.openFinder(findAll) }},
		{[]string{"s"}, "find text in all files", func(m *model) tea.Cmd { return m.openFinder(findText) }},
		{[]string{"b"}, "the files looked at last", func(m *model) tea.Cmd { return m.openFinder(findRecent) }},
		{[]string{"L"}, "the log", (*model).openLog},
		{[]string{".", ","}, "next and previous row of the list", nil},
		{[]string{"/"}, "search in the file", (*model).askSearch},
		{[]string{"n", "N"}, "next and previous match", nil},
		{[]string{"*"}, "search the name in the file", onName(func(m *model, name string) tea.Cmd { return m.search(name, 1) })},
		{[]string{":"}, "go to a line", (*model).askLine},
		{[]string{"w", "W"}, "next and previous name", nil},
		{[]string{"}", "{"}, "next and previous definition", nil},
		{[]string{"z"}, "wrap lines or not", func(m *model) tea.Cmd { m.source.wrap = !m.source.wrap; return nil }},
		{[]string{"e"}, "edit in $EDITOR", (*model).edit},
		{[]string{"y"}, "copy file:line", (*model).yank},
		{[]string{"?"}, "help", (*model).help},
		{[]string{"esc"}, "end the search", func(m *model) tea.Cmd { m.source.search, m.source.mark = "", 0; return nil }},
		{[]string{"q"}, "quit", func(*model) tea.Cmd { return tea.Quit }},
	}
}

// onLists are the keys in lists, which are not typed into.
func onLists() []binding {
	return []binding{
		{[]string{"enter"}, "go there", (*model).chosen},
		{[]string{"esc", "backspace"}, "close the list", (*model).closePanel},
		{[]string{"/"}, "narrow the list", nil},
		{[]string{"right", "left"}, "open and close a branch of a tree", nil},
		{[]string{"?"}, "help", (*model).help},
		{[]string{"q"}, "quit", func(*model) tea.Cmd { return tea.Quit }},
	}
}

// otherSide gives the keys to the other side.
func (m *model) otherSide() tea.Cmd {
	m.stop(jobList)
	if m.focus == focusLeft {
		return m.enterSource()
	}
	m.focus = focusLeft
	return nil
}

// onName makes an action of one that wants the name under the cursor.
func onName(do func(m *model, name string) tea.Cmd) func(m *model) tea.Cmd {
	return func(m *model) tea.Cmd {
		name := m.source.name()
		if name == "" {
			m.say("there is no name under the cursor")
			return nil
		}
		return do(m, name)
	}
}

// bound does what a table binds to a key.
func (m *model) bound(table []binding, key string) (cmd tea.Cmd, ok bool) {
	for i := range table {
		for _, k := range table[i].keys {
			if k == key && table[i].do != nil {
				return table[i].do(m), true
			}
		}
	}
	return nil, false
}

// key handles a key.
func (m *model) key(k tea.KeyPressMsg) tea.Cmd {
	key := k.String()
	if m.prompt != nil {
		return m.promptKey(k)
	}
	if m.text != nil {
		if key == "ctrl+c" {
			return tea.Quit
		}
		cmd, closed := m.text.key(m, k)
		if closed {
			m.text = nil
		}
		return cmd
	}
	if cmd, ok := m.bound(always(), key); ok {
		return cmd
	}
	if m.focus == focusSource {
		return m.sourceKey(key)
	}
	return m.panelKey(k)
}

// promptKey handles a key while something is asked for.
func (m *model) promptKey(k tea.KeyPressMsg) tea.Cmd {
	switch k.String() {
	case "enter":
		p := m.prompt
		m.prompt = nil
		return p.done(m, p.String())
	case "esc", "ctrl+c":
		m.prompt = nil
	case "backspace":
		if len(m.prompt.text) == 0 {
			m.prompt = nil
			return nil
		}
		m.prompt.key(k)
	default:
		m.prompt.key(k)
	}
	return nil
}

// panelKey handles a key on the left.
func (m *model) panelKey(k tea.KeyPressMsg) tea.Cmd {
	at, n, page := m.panel.at(), m.panel.size(), max(1, m.body()-2)
	by := 0
	key := k.String()
	switch key {
	case "down", "ctrl+n":
		by = 1
	case "up":
		by = -1
	case "pgdown":
		by = page
	case "pgup":
		by = -page
	case "enter":
		if m.panel == &m.finder {
			if m.finder.chosen = m.busy(jobFind); m.finder.chosen {
				return nil // what is listed is the answer to something else
			}
			return m.chosen()
		}
	}
	if by == 0 {
		if cmd, ok := m.panel.key(m, k); ok {
			return cmd
		}
		switch key { // letters, which a panel that is typed into has taken
		case "j":
			by = 1
		case "k":
			by = -1
		case "g", "home":
			by = -n
		case "G", "end":
			by = n
		case "ctrl+d", "ctrl+f":
			by = page
		case "ctrl+u", "ctrl+b":
			by = -page
		default:
			cmd, ok := m.bound(onLists(), key)
			if !ok { // what a list shows in the source can be asked about too
				cmd, _ = m.bound(onSource(), key)
			}
			return cmd
		}
	}
	at.move(by, n)
	return m.preview()
}

// sourceKey handles a key in the source.
func (m *model) sourceKey(key string) tea.Cmd {
	v := &m.source
	if v.file != nil {
		page := max(1, v.height-2)
		switch key {
		case "down", "j":
			v.down(1)
		case "up", "k":
			v.down(-1)
		case "left", "h":
			v.step(-1)
		case "right", "l":
			v.step(1)
		case "pgdown", "space", "ctrl+f":
			v.page(page)
		case "pgup", "ctrl+b":
			v.page(-page)
		case "ctrl+d":
			v.page(page / 2)
		case "ctrl+u":
			v.page(-page / 2)
		case "home", "0":
			v.setCol(0)
		case "^":
			v.setCol(len(v.text(v.line)) - len(strings.TrimLeft(v.text(v.line), " \t")))
		case "end", "$":
			v.setCol(len(v.text(v.line)))
		case "g":
			v.goTo(place{line: 1})
		case "G":
			v.goTo(place{line: v.file.Lines()})
		case "w":
			v.nextName(1)
		case "W":
			v.nextName(-1)
		case "}":
			v.nextSymbol(1)
		case "{":
			v.nextSymbol(-1)
		case "n":
			return m.search(v.search, 1)
		case "N":
			return m.search(v.search, -1)
		}
	}
	switch key {
	case ".":
		return m.nextResult(1)
	case ",":
		return m.nextResult(-1)
	}
	cmd, _ := m.bound(onSource(), key)
	return cmd
}

// paste takes what was pasted.
func (m *model) paste(text string) tea.Cmd {
	switch {
	case m.prompt != nil:
		m.prompt.insert(text)
	case m.text == nil && m.focus == focusLeft && m.panel == &m.finder:
		m.finder.query.insert(text)
		return m.finder.search(m)
	}
	return nil
}

// help shows the keys.
func (m *model) help() tea.Cmd {
	var b strings.Builder
	section := func(title string, table []binding) {
		b.WriteString(title + "\n")
		for i := range table {
			keys := strings.Join(table[i].keys, " ")
			b.WriteString("  " + keys + strings.Repeat(" ", max(1, 16-len(keys))) + table[i].help + "\n")
		}
		b.WriteString("\n")
	}
	section("In the source", onSource())
	b.WriteString("  arrows h j k l, page up and down, space, g, G, 0, ^, $ move\n\n")
	section("In lists", onLists())
	section("Everywhere", always())
	b.WriteString("In the finder\n  what is typed is looked for as by dekho find: 'exact ^start end$ !not\n" +
		"  ctrl+t          files and symbols, files, symbols, text, recent\n\n")
	b.WriteString("In a log\n  n N             next and previous problem\n  ! w             what went wrong first, and what is worst\n" +
		"  s               leave out what is less serious\n  u               only what has no statement\n" +
		"  a               what is not the kernel's too\n  /               only records with a text\n" +
		"  marks: P panic, O oops, W warning, C critical, E error, t trouble, n notice;\n" +
		"  = certain, ~ likely, ? ambiguous, x unknown\n")
	m.text = newText("keys", b.String())
	return nil
}

// askSearch asks what to search for in the file.
func (m *model) askSearch() tea.Cmd {
	m.prompt = &prompt{mark: "/", done: func(m *model, text string) tea.Cmd {
		if text == "" {
			text = m.source.search
		}
		return m.search(text, 1)
	}}
	return nil
}

// search searches a text in the file, from the line behind the cursor.
func (m *model) search(text string, by int) tea.Cmd {
	v := &m.source
	if v.file == nil || text == "" {
		return nil
	}
	v.search = text
	from := v.line + by
	if from < 1 || from > v.file.Lines() {
		from = 1
		if by < 0 {
			from = v.file.Lines()
		}
	}
	if !v.find(by, from) {
		m.say("not in this file: " + text)
	}
	return nil
}

// askLine asks for the line to go to.
func (m *model) askLine() tea.Cmd {
	m.prompt = &prompt{mark: ":", done: func(m *model, text string) tea.Cmd {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			m.say("that is no line: " + text)
			return nil
		}
		if here, ok := m.source.here(); ok {
			return m.visit(place{path: here.path, line: n})
		}
		return nil
	}}
	return nil
}
