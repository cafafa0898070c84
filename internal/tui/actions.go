package tui

// What the keys do that ask the tree something, or another program.

import (
	"context"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// chosen goes to what is selected on the left.
func (m *model) chosen() tea.Cmd {
	p, ok := m.panel.target(m.panel.at().sel)
	if !ok {
		return nil
	}
	m.results = m.panel
	return m.visit(p)
}

// nextResult goes to the next row of the list that was used last.
func (m *model) nextResult(by int) tea.Cmd {
	if m.results == nil {
		m.say("there is no list")
		return nil
	}
	at, n := m.results.at(), m.results.size()
	for i := at.sel + by; i >= 0 && i < n; i += by {
		if p, ok := m.results.target(i); ok && p.line > 0 {
			at.sel = i
			m.panel = m.results
			return m.visit(p)
		}
	}
	m.say("the list has nothing further")
	return nil
}

// closePanel closes a list, and shows again what the user looked at before it.
func (m *model) closePanel() tea.Cmd {
	m.panel = m.base()
	if m.source.file != nil && len(m.history) > 0 {
		m.focus = focusSource
	}
	return m.comeBack()
}

// openLog puts the log on the left.
func (m *model) openLog() tea.Cmd {
	if m.log == nil {
		m.say("there is no log: dekho tui --log FILE shows one")
		return nil
	}
	m.panel, m.results, m.focus = m.log, m.log, focusLeft
	return m.preview()
}

// followHere goes to the definition of what the cursor is on. Several that can be meant
// are listed; so are the others, when the cursor is on the definition already.
func (m *model) followHere() tea.Cmd {
	here, ok := m.source.here()
	if !ok {
		return nil
	}
	// Wherever on the line of an #include one is, the header is meant.
	if line := m.source.text(here.line); includeLine.MatchString(line) {
		here.col = max(here.col, len(includeLine.FindString(line)))
	}
	return m.start(jobList, "definition", 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		a, spot, err := t.DefineAt(ctx, cursor(here))
		if err != nil {
			return nil, err
		}
		if spot == nil {
			return func(m *model) tea.Cmd { m.say("there is no name under the cursor"); return nil }, nil
		}
		name := strings.Clone(spot.Name)
		list := definitionItems(a, spot.Spelled)
		return func(m *model) tea.Cmd {
			switch {
			case len(list) == 1 && list[0].to.path == here.path && list[0].to.line == here.line:
				return m.definitions(name)
			case len(list) == 1:
				return m.visit(list[0].to)
			case len(list) == 0:
				m.sayNothing("no definition of", name, a.Nearest)
				return nil
			}
			return m.openPanel(newList("definitions of "+name, list))
		}, nil
	})
}

// includeLine is an #include up to the name of the header.
var includeLine = regexp.MustCompile(`^\s*(#\s*include(_next)?|/include/)\s*[<"]`)

// cursor is a place as the tree is asked about it.
func cursor(p place) workbench.Cursor {
	return workbench.Cursor{Path: p.path, Line: uint32(p.line), Column: p.col + 1}
}

// follow goes to the definition of a name, or lists them if there are several.
func (m *model) follow(name string) tea.Cmd {
	return m.define(name, func(m *model, list []item) tea.Cmd {
		if len(list) == 1 {
			return m.visit(list[0].to)
		}
		return m.openPanel(newList("definitions of "+name, list))
	})
}

// definitions lists the definitions of a name.
func (m *model) definitions(name string) tea.Cmd {
	return m.define(name, func(m *model, list []item) tea.Cmd {
		return m.openPanel(newList("definitions of "+name, list))
	})
}

// define finds the definitions of a name.
func (m *model) define(name string, then func(m *model, list []item) tea.Cmd) tea.Cmd {
	return m.start(jobList, "definition of "+name, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		a, err := t.Define(ctx, name)
		if err != nil {
			return nil, err
		}
		if len(a.Results) == 0 {
			return func(m *model) tea.Cmd { m.sayNothing("no definition of", name, a.Nearest); return nil }, nil
		}
		list := definitionItems(a, name)
		return func(m *model) tea.Cmd { return then(m, list) }, nil
	})
}

// definitionItems are definitions as a list shows them.
func definitionItems(a *workbench.Answer, name string) []item {
	list := make([]item, 0, len(a.Results))
	for i := range a.Results {
		r := &a.Results[i]
		what := r.Kind
		if what == "" {
			what = r.Role
		}
		it := item{
			label: what, detail: r.Path + ":" + strconv.Itoa(int(r.Line)), path: true, out: isOut(r.Lens),
			to: place{path: r.Path, line: int(r.Line), name: name},
		}
		if r.Macro != nil {
			it.mark = "by " + strings.Clone(r.Macro.Name)
		}
		list = append(list, it)
	}
	return list
}

// maxRefs bounds the references that are listed.
const maxRefs = 100000

// references lists the references to what the cursor is on, by files.
func (m *model) references() tea.Cmd {
	here, ok := m.source.here()
	if !ok {
		return nil
	}
	return m.start(jobList, "references", 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		a, spot, cut, err := t.RefsAt(ctx, cursor(here), maxRefs)
		if err != nil {
			return nil, err
		}
		if spot == nil {
			return func(m *model) tea.Cmd { m.say("there is no name under the cursor"); return nil }, nil
		}
		name := strings.Clone(spot.Name)
		if len(a.Results) == 0 {
			return func(m *model) tea.Cmd { m.sayNothing("no reference to", name, a.Nearest); return nil }, nil
		}
		var list []item
		file := ""
		for i := range a.Results {
			r := &a.Results[i]
			if r.Path != file {
				file = r.Path
				list = append(list, item{label: file, style: magenta, to: place{path: file}})
			}
			it := lineItem(file, int(r.Line), strings.TrimSpace(r.Text), r.Function, isOut(r.Lens))
			it.to.name = spot.Spelled
			if r.Role != "call" {
				it.mark = r.Role
			}
			list = append(list, it)
		}
		p := newList(fmt.Sprintf("%d references to %s", len(a.Results)+cut, name), list)
		return func(m *model) tea.Cmd {
			p.move(1, p.size()) // the first row is a file
			return m.openPanel(p)
		}, nil
	})
}

// openOutline lists the definitions of the file.
func (m *model) openOutline() tea.Cmd {
	f := m.source.file
	if f == nil {
		return nil
	}
	line := m.source.line
	return m.start(jobList, "outline of "+f.Path, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		list, err := outline(ctx, t, f.Path)
		if err != nil {
			return nil, err
		}
		items := make([]item, 0, len(list))
		sel := 0
		for i := range list {
			it := &list[i]
			if int(it.Start) <= line {
				sel = i
			}
			items = append(items, item{
				label: it.Name, mark: it.Kind, detail: strings.TrimSpace(it.Text), indent: min(it.Depth, 8) * 2,
				to: place{path: f.Path, line: int(it.Line), name: it.Name},
			})
		}
		return func(m *model) tea.Cmd {
			if len(items) == 0 {
				m.say("no definitions in " + f.Path)
				return nil
			}
			p := newList(fmt.Sprintf("outline of %s", path.Base(f.Path)), items)
			p.sel = sel
			return m.openPanel(p)
		}, nil
	})
}

// info shows what is known of a name.
func (m *model) info(name string) tea.Cmd {
	width := max(20, m.rightWidth())
	return m.start(jobList, "about "+name, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		s, err := t.Show(ctx, name, workbench.ShowOptions{})
		if err != nil {
			return nil, err
		}
		if s.Definition == nil && s.Config == nil {
			return func(m *model) tea.Cmd { m.sayNothing("nothing is known of", name, s.Nearest); return nil }, nil
		}
		var b strings.Builder
		if err := render.ShowText(&b, render.Style{Width: width}, s); err != nil {
			return nil, err
		}
		text := newText(name, b.String())
		return func(m *model) tea.Cmd { m.text = text; return nil }, nil
	})
}

// yank copies where the cursor is into the clipboard of the terminal.
func (m *model) yank() tea.Cmd {
	here, ok := m.source.here()
	if !ok {
		return nil
	}
	text := here.path + ":" + strconv.Itoa(here.line)
	m.say("copied " + text)
	return tea.SetClipboard(text)
}

// edited is the message that the editor has ended.
type edited struct {
	path string
	err  error
}

// edit opens the editor where the cursor is.
func (m *model) edit() tea.Cmd {
	here, ok := m.source.here()
	if !ok {
		return nil
	}
	args := editorArgs(m.o.Editor, filepath.Join(m.o.Session.Root(), filepath.FromSlash(here.path)), here.line)
	cmd := exec.Command("/bin/sh", append([]string{"-c", m.o.Editor + ` "$@"`, "dekho"}, args...)...)
	return tea.ExecProcess(cmd, func(err error) tea.Msg { return edited{here.path, err} })
}

// editorArgs are the arguments for an editor to open a file at a line. Most take what
// vi takes.
func editorArgs(editor, file string, line int) []string {
	words := strings.Fields(editor)
	if len(words) == 0 {
		return []string{file}
	}
	switch filepath.Base(words[0]) {
	case "code", "codium", "code-insiders":
		return []string{"--wait", "--goto", fmt.Sprintf("%s:%d", file, line)}
	case "hx", "helix", "subl", "zed":
		return []string{fmt.Sprintf("%s:%d", file, line)}
	}
	return []string{"+" + strconv.Itoa(line), file}
}

// afterEdit reads the file anew.
func (m *model) afterEdit(msg edited) tea.Cmd {
	if msg.err != nil {
		m.say("the editor: " + msg.err.Error())
	}
	here, ok := m.source.here()
	if !ok || here.path != msg.path {
		return nil
	}
	m.source.file = nil
	return m.open(here, true)
}
