package tui

// The finder: files, symbols, text and what was looked at before, while one types.

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// finderKind is what a finder looks for.
type finderKind int

const (
	findAll finderKind = iota
	findFiles
	findSymbols
	findText
	findRecent
	numFinderKinds
)

var finderNames = [...]string{findAll: "find", findFiles: "files", findSymbols: "symbols", findText: "grep", findRecent: "recent"}

// How long typing has to pause. Finding names costs little; text is read from
// files.
const (
	findWait = 15 * time.Millisecond
	grepWait = 120 * time.Millisecond
	// previewWait is for a file that is shown while one moves over a list.
	previewWait = 60 * time.Millisecond
)

// Bounds of what is listed.
const (
	maxFound     = 200
	maxTextLines = 2000
)

// finder is the panel that is typed into.
type finder struct {
	listPanel
	query input
	kind  finderKind
	// more says that there is more than is listed.
	more bool
	// chosen says that the user goes to the first of what is being looked for.
	chosen bool
}

func (f *finder) head(_ *model, r *row) int {
	r.put(bold|cyan, finderNames[f.kind]+"> ")
	return f.query.draw(r)
}

func (f *finder) key(m *model, k tea.KeyPressMsg) (tea.Cmd, bool) {
	switch k.String() {
	case "ctrl+t":
		f.kind = (f.kind + 1) % numFinderKinds
		return f.search(m), true
	case "esc":
		if len(f.query.text) > 0 {
			f.query.clear()
			return f.search(m), true
		}
		return nil, false
	}
	before := f.query.String()
	if !f.query.key(k) {
		return nil, false
	}
	if f.query.String() == before {
		return nil, true
	}
	return f.search(m), true
}

// openFinder puts the finder on the left, to look for a kind of things.
func (m *model) openFinder(kind finderKind) tea.Cmd {
	m.stop(jobList) // its answer would take the place
	m.panel, m.focus, m.text = &m.finder, focusLeft, nil
	m.finder.kind = kind
	m.finder.query.clear()
	return m.finder.search(m)
}

// search looks for what was typed.
func (f *finder) search(m *model) tea.Cmd {
	query, kind := f.query.String(), f.kind
	if strings.TrimSpace(query) == "" || kind == findRecent || kind == findText && utf8.RuneCountInString(query) < 2 {
		m.stop(jobFind)
		f.take(nil, false)
		if kind == findRecent {
			f.take(m.recent(query), false)
			return m.preview()
		}
		return nil
	}
	wait := findWait
	if kind == findText {
		wait = grepWait
	}
	return m.start(jobFind, "", wait, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		var items []item
		var more bool
		var err error
		if kind == findText {
			items, more, err = grepItems(ctx, t, query)
		} else {
			items, err = foundItems(ctx, t, query, kind)
			more = len(items) == maxFound
		}
		return func(m *model) tea.Cmd {
			f := &m.finder
			f.take(items, more)
			switch {
			case m.panel != f:
				return nil
			case f.chosen:
				f.chosen = false
				return m.chosen()
			}
			return m.preview()
		}, err
	})
}

// take takes what was found.
func (f *finder) take(items []item, more bool) {
	f.items, f.more, f.scroll = items, more, scroll{}
	if f.kind == findText {
		f.move(1, len(items)) // the first row is a file
	}
}

// foundItems finds files and symbols.
func foundItems(ctx context.Context, t *workbench.Tree, query string, kind finderKind) ([]item, error) {
	list, err := t.Find(ctx, query, workbench.FindOptions{Limit: maxFound, Files: kind == findFiles, Symbols: kind == findSymbols})
	if err != nil {
		return nil, err
	}
	items := make([]item, 0, len(list))
	for i := range list {
		f := &list[i]
		it := item{to: place{path: f.Path, line: int(f.Line), name: f.Name}, path: true, out: isOut(f.Lens)}
		if f.Name != "" {
			it.label, it.hits = f.Name, f.Positions
			it.detail = f.Path + ":" + strconv.Itoa(int(f.Line))
		} else {
			base := strings.LastIndexByte(f.Path, '/') + 1
			it.label, it.detail = f.Path[base:], path.Dir(f.Path)
			for _, p := range f.Positions {
				if p >= base {
					it.hits = append(it.hits, p-base)
				}
			}
		}
		items = append(items, it)
	}
	return items, nil
}

// isOut reports whether the lens leaves something out.
func isOut(j *workbench.Judgement) bool { return j != nil && j.State == workbench.BuiltOut }

// errEnough ends a search that has found what can be shown.
type errEnough struct{}

func (errEnough) Error() string { return "enough" }

// grepItems finds text: the lines by files.
func grepItems(ctx context.Context, t *workbench.Tree, query string) (items []item, more bool, err error) {
	g, err := t.Grep(query, workbench.GrepOptions{Literal: true, SmartCase: true})
	if err != nil {
		return nil, false, err
	}
	lines := 0
	err = g.Run(ctx, func(r *workbench.GrepResult) error {
		items = append(items, item{label: r.Path, style: magenta, to: place{path: r.Path}})
		for i := range r.Lines {
			l := &r.Lines[i]
			text := strings.TrimSpace(string(l.Text))
			items = append(items, lineItem(r.Path, l.Number, text, "", isOut(g.Judgement(l))))
			if lines++; lines >= maxTextLines {
				return errEnough{}
			}
		}
		return nil
	})
	if _, enough := err.(errEnough); enough { //nolint:errorlint // it is never wrapped
		return items, true, nil
	}
	return items, false, err
}

// lineItem is a line of a file in a list, below the path of the file.
func lineItem(file string, line int, text, function string, out bool) item {
	label := strconv.Itoa(line)
	if function != "" {
		label += " " + function
	}
	return item{label: label, style: green, detail: text, indent: 1, to: place{path: file, line: line}, out: out}
}

// recent lists where the user was, the latest first, each file once.
func (m *model) recent(query string) []item {
	var items []item
	seen := make(map[string]bool)
	words := strings.Fields(strings.ToLower(query))
next:
	for i := len(m.visited) - 1; i >= 0; i-- {
		p := m.visited[i]
		if seen[p.path] {
			continue
		}
		seen[p.path] = true
		for _, w := range words {
			if !strings.Contains(strings.ToLower(p.path), w) {
				continue next
			}
		}
		items = append(items, item{label: path.Base(p.path), detail: fmt.Sprintf("%s:%d", path.Dir(p.path), p.line), path: true, to: p})
	}
	return items
}
