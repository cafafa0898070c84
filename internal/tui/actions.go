package tui

// What the keys do that ask the tree something, or another program.

import (
	"context"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
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

// followHere follows the name under the cursor.
func (m *model) followHere() tea.Cmd {
	name, include := m.source.name()
	switch {
	case name == "":
		m.say("there is no name under the cursor")
		return nil
	case include:
		return m.followInclude(name)
	}
	return m.follow(name)
}

// follow goes to the definition of a name. Several are listed, unless one is plainly
// meant: that of the same file, or the only one that the lens does not leave out.
func (m *model) follow(name string) tea.Cmd {
	here, _ := m.source.here()
	return m.define(name, func(m *model, list []item) tea.Cmd {
		in, local, inFile, built := 0, 0, 0, 0
		for i := range list {
			if !list[i].out {
				built, in = i, in+1
			}
			if list[i].to.path == here.path && list[i].to.line != here.line {
				local, inFile = i, inFile+1
			}
		}
		switch {
		case len(list) == 1:
			return m.visit(list[0].to)
		case inFile == 1:
			return m.visit(list[local].to)
		case in == 1:
			return m.visit(list[built].to)
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
		return func(m *model) tea.Cmd { return then(m, list) }, nil
	})
}

// references lists the references to a name, by files.
func (m *model) references(name string) tea.Cmd {
	return m.start(jobList, "references to "+name, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		a, err := t.Refs(ctx, name, workbench.RefOptions{})
		if err != nil {
			return nil, err
		}
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
			it.to.name = name
			if r.Role != "call" {
				it.mark = r.Role
			}
			list = append(list, it)
		}
		p := newList(fmt.Sprintf("%d references to %s", len(a.Results), name), list)
		return func(m *model) tea.Cmd {
			p.move(1, p.size()) // the first row is a file
			return m.openPanel(p)
		}, nil
	})
}

// followInclude goes to a header.
func (m *model) followInclude(name string) tea.Cmd {
	here, _ := m.source.here()
	return m.start(jobList, "header "+name, 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		beside := path.Join(path.Dir(here.path), name)
		list, err := t.Find(ctx, path.Base(name)+"$", workbench.FindOptions{Files: true, Limit: maxFound})
		if err != nil {
			return nil, err
		}
		var items []item
		for i := range list {
			p := list[i].Path
			if p == beside || p == "include/"+name {
				return func(m *model) tea.Cmd { return m.visit(place{path: p}) }, nil
			}
			if strings.HasSuffix("/"+p, "/"+name) {
				items = append(items, item{label: path.Base(p), detail: path.Dir(p), path: true, to: place{path: p}, out: isOut(list[i].Lens)})
			}
		}
		return func(m *model) tea.Cmd {
			switch len(items) {
			case 0:
				m.sayNothing("the tree has no header", name, nil)
				return nil
			case 1:
				return m.visit(items[0].to)
			}
			return m.openPanel(newList("headers "+name, items))
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
