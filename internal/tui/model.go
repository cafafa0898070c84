package tui

// The model: what there is, and how messages change it.

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"dekho/internal/workbench"
)

// focus is where keys go.
type focus int

const (
	focusLeft focus = iota
	focusSource
)

// model is all that is known. Only Update changes it.
type model struct {
	ctx  context.Context
	o    Options
	jobs [numJobs]running

	// eager has jobs begin at once, for tests.
	eager bool

	width, height int
	focus         focus
	panel         panel // on the left
	finder        finder
	log           *logPanel // nil without a log
	results       panel     // the list that was asked for last, nil for none
	source        sourceView
	text          *textPane // over the source, nil for none
	prompt        *prompt   // in the status line, nil for none

	// ahead are keys that were pressed while a file was being opened: they are meant
	// for it.
	ahead   []tea.KeyPressMsg
	tree    string  // what to call it
	message string  // in the status line
	history []place // where the user was and can go back to
	now     int     // where in it he is
	// peeking says that the source shows what a list leads to, and not where the
	// user went.
	peeking bool
	visited []place // everything looked at, for the finder
	clicked place   // where the mouse was pressed last
}

// prompt is a line that is asked for in the status line.
type prompt struct {
	input
	mark string
	done func(m *model, text string) tea.Cmd
}

// maxHistory bounds what is remembered.
const maxHistory = 500

func newModel(ctx context.Context, o Options) *model {
	m := &model{ctx: ctx, o: o, width: 80, height: 24, tree: o.Session.Root()}
	m.panel = &m.finder
	if o.Log != nil {
		m.log = newLogPanel(o.Log)
		m.panel = m.log
	}
	m.layout()
	return m
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd {
	var cmds []tea.Cmd
	cmds = append(cmds, m.start(jobName, "", 0, func(_ context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		name := strings.Clone(t.Name())
		return func(m *model) tea.Cmd { m.tree = name; return nil }, nil
	}))
	if m.o.Start != "" {
		cmds = append(cmds, m.begin(m.o.Start))
	}
	if m.o.Log != nil {
		cmds = append(cmds, m.readLog(m.o.Log))
	}
	return tea.Batch(cmds...)
}

// begin goes to what the user named when he started: a file, with a line or not (and
// what compilers write behind it), or a name.
func (m *model) begin(what string) tea.Cmd {
	m.focus = focusSource
	file, line := what, 0
	if at := strings.IndexByte(what, ':'); at > 0 {
		if n, err := fmt.Sscanf(what[at+1:], "%d", &line); n == 1 && err == nil {
			file = what[:at]
		}
	}
	if strings.ContainsAny(file, "/.") || line > 0 {
		return m.visit(place{path: file, line: line})
	}
	return m.follow(what)
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(1, msg.Width), max(1, msg.Height)
	case tea.KeyPressMsg:
		m.message = ""
		cmd = m.typed(msg)
	case tea.PasteMsg:
		cmd = m.paste(msg.Content)
	case tea.MouseClickMsg:
		m.message = ""
		cmd = m.click(tea.Mouse(msg))
	case tea.MouseWheelMsg:
		cmd = m.wheel(tea.Mouse(msg))
	case finished:
		cmd = m.finish(msg)
		for len(m.ahead) > 0 && !m.arriving() {
			key := m.ahead[0]
			m.ahead = m.ahead[1:]
			cmd = tea.Batch(cmd, m.key(key))
		}
	case moreLog:
		cmd = m.takeLog(msg)
	case edited:
		cmd = m.afterEdit(msg)
	}
	m.layout()
	return m, tea.Batch(cmd, m.color())
}

// maxAhead bounds the keys that are remembered while a file is opened.
const maxAhead = 100

// arriving reports whether the user goes somewhere and is not there yet.
func (m *model) arriving() bool {
	return m.jobs[jobOpen].label != "" || m.finder.chosen && m.busy(jobFind)
}

// typed handles a key, or remembers it for the file that is being opened.
func (m *model) typed(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case !m.arriving() || len(m.ahead) >= maxAhead:
	case k.String() == "esc":
		m.stop(jobOpen)
		m.ahead, m.finder.chosen = nil, false
		return nil
	case k.String() == "ctrl+c":
	default:
		m.ahead = append(m.ahead, k)
		return nil
	}
	return m.key(k)
}

// takeLog takes records of the log.
func (m *model) takeLog(msg moreLog) tea.Cmd {
	p := m.log
	before := p.current()
	p.add(msg.records)
	cmd := p.feed.wait
	if msg.end {
		cmd, p.done = nil, true
		p.settle()
		if len(p.records) == 0 {
			m.say("there is no record in " + p.name)
		}
	}
	if p.current() != before && m.panel == p && m.focus == focusLeft {
		return tea.Batch(cmd, m.preview())
	}
	return cmd
}

// say shows a message in the status line, until the next key.
func (m *model) say(text string) {
	m.message, _, _ = strings.Cut(text, "\n")
}

// sayNothing says that something was not found, and what is near.
func (m *model) sayNothing(what, name string, nearest []string) {
	text := what + " " + name
	if len(nearest) > 0 {
		text += "; nearest: " + strings.Join(nearest[:min(len(nearest), 3)], ", ")
	}
	m.say(text)
}

// openPanel puts a list on the left, and shows what its first row leads to.
func (m *model) openPanel(p panel) tea.Cmd {
	m.panel, m.results, m.focus, m.text = p, p, focusLeft, nil
	return m.preview()
}

// base is what stands on the left when nothing else does.
func (m *model) base() panel {
	if m.log != nil {
		return m.log
	}
	return &m.finder
}

// preview shows where the selected row leads, without going there.
func (m *model) preview() tea.Cmd {
	if m.width < twoPanes && m.focus == focusLeft {
		return nil // there is no room to see it
	}
	p, ok := m.panel.target(m.panel.at().sel)
	if !ok {
		m.stop(jobOpen)
		m.source.mark = 0
		return nil
	}
	m.leave()
	return m.open(p, false)
}

// enterSource gives the keys to the source. What a list showed there is where the user
// is from then on.
func (m *model) enterSource() tea.Cmd {
	m.focus = focusSource
	if m.jobs[jobOpen].label == "" {
		m.stop(jobOpen) // a preview would change what one looks at
	}
	if here, ok := m.source.here(); ok && m.peeking {
		return m.visit(here)
	}
	return nil
}

// comeBack shows where the user was before a list showed something else.
func (m *model) comeBack() tea.Cmd {
	if !m.peeking || len(m.history) == 0 {
		return nil
	}
	return m.open(m.history[m.now], true)
}

// open shows a place. It is where the user is from then on, if he went there.
func (m *model) open(p place, went bool) tea.Cmd {
	if f := m.source.file; f != nil && f.Path == p.path {
		m.stop(jobOpen)
		m.arrive(p, went)
		return nil
	}
	label, wait := "", previewWait
	if went {
		label, wait = "opening "+p.path, 0
	}
	return m.start(jobOpen, label, wait, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		f, err := t.Source(ctx, p.path)
		if err != nil {
			return nil, err
		}
		if f.Path == "" {
			return func(m *model) tea.Cmd { m.sayNothing("the tree has no file", p.path, f.Nearest); return nil }, nil
		}
		p.path = f.Path
		_, off := f.Line(p.line)
		spans := f.Spans(min(off, colorAtOnce) + colorAhead)
		return func(m *model) tea.Cmd {
			m.source.show(f, spans)
			m.arrive(p, went)
			return m.inspect(f)
		}, nil
	})
}

// How much of a file is coloured when it is opened, at most, and how much more than
// is seen. The rest follows when it is seen.
const (
	colorAtOnce = 1 << 20
	colorAhead  = 64 << 10
)

// arrive puts the cursor of the source somewhere.
func (m *model) arrive(p place, went bool) {
	m.source.mark = p.line
	m.layout()
	m.source.goTo(p)
	if m.peeking = !went; m.peeking {
		return
	}
	m.focus, m.text = focusSource, nil
	m.visited = append(m.visited, p)
	if len(m.visited) > maxHistory {
		m.visited = m.visited[len(m.visited)-maxHistory:]
	}
}

// visit goes to a place, from where one can come back.
func (m *model) visit(p place) tea.Cmd {
	m.stop(jobList)
	if len(m.history) > 0 {
		m.leave()
		m.history = m.history[:m.now+1]
	}
	m.history = append(m.history, p)
	if len(m.history) > maxHistory {
		m.history = m.history[1:]
	}
	m.now = len(m.history) - 1
	return m.open(p, true)
}

// leave notes where the cursor is, for coming back.
func (m *model) leave() {
	if here, ok := m.source.here(); ok && !m.peeking && m.now < len(m.history) && m.history[m.now].path == here.path {
		m.history[m.now] = here
	}
}

// back goes back to where the user was, or forward again.
func (m *model) back(by int) tea.Cmd {
	to := m.now + by
	if to < 0 || to >= len(m.history) {
		m.say("there is nothing further in the history")
		return nil
	}
	m.leave()
	m.now = to
	return m.open(m.history[to], true)
}

// maxOutline is the size of the largest file of which an outline is made without
// being asked for.
const maxOutline = 4 << 20

// inspect asks what else is wanted of a file: its outline, and what the lens leaves
// out.
func (m *model) inspect(f *workbench.SourceFile) tea.Cmd {
	return m.start(jobDetails, "", 0, func(ctx context.Context, t *workbench.Tree) (func(m *model) tea.Cmd, error) {
		unbuilt, err := t.Unbuilt(ctx, f.Path)
		if err != nil {
			return nil, err
		}
		var items []workbench.OutlineItem
		if len(f.Text) <= maxOutline {
			if items, err = outline(ctx, t, f.Path); err != nil {
				return nil, err
			}
		}
		return func(m *model) tea.Cmd {
			if m.source.file == f {
				m.source.unbuilt, m.source.outline = unbuilt, items
			}
			return nil
		}, nil
	})
}

// outline is the outline of a file, which lives longer than the tree.
func outline(ctx context.Context, t *workbench.Tree, path string) ([]workbench.OutlineItem, error) {
	o, err := t.Outline(ctx, path)
	if err != nil {
		return nil, err
	}
	for i := range o.Items {
		it := &o.Items[i]
		it.Name, it.Text, it.Macro = strings.Clone(it.Name), strings.Clone(it.Text), nil
	}
	return o.Items, nil
}

// color works out the colours of what is seen, if they are not known yet: at once if
// it is near, else beside the model.
func (m *model) color() tea.Cmd {
	v := &m.source
	if v.file == nil || m.jobs[jobColor].label != "" {
		return nil
	}
	need := v.bottom()
	if need <= v.colored || v.colored >= len(v.file.Text) {
		return nil
	}
	f := v.file
	if need-v.colored < colorAtOnce {
		v.spans, v.colored = f.Spans(need+colorAhead), f.Colored()
		return nil
	}
	return m.start(jobColor, "colours", 0, func(context.Context, *workbench.Tree) (func(m *model) tea.Cmd, error) {
		spans, colored := f.Spans(need+colorAhead), f.Colored()
		return func(m *model) tea.Cmd {
			if m.source.file == f {
				m.source.spans, m.source.colored = spans, colored
			}
			return nil
		}, nil
	})
}
