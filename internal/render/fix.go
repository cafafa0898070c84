package render

import (
	"io"
	"strings"

	"dekho/internal/workbench"
)

// This file shows changes of a system: what a fix would change or has changed,
// and what taking it back changes.

// FixText writes what a fix changes: what it is for, the diff, the commands.
func FixText(w io.Writer, style Style, f *workbench.Fix) error {
	style.Width = 0 // a line of a diff is whole
	l := &line{style: &style}
	l.put(inkName, f.Title)
	l.end()
	l.put("", "  for ")
	l.put("", f.FindingTitle)
	l.put(inkDim, "  ["+f.Finding+"]")
	l.end()
	l.notes(f.Notes)
	l.changes(f.Changes)
	l.commands("then runs", f.Run)
	l.commands("for you to decide on", f.Advice)
	l.put(inkDim, "proof: "+f.Proof+"; it is taken back if it does not hold")
	l.end()
	_, err := w.Write(l.buf)
	return err
}

// FixOutcomeText writes what became of a fix.
func FixOutcomeText(w io.Writer, style Style, f *workbench.Fix) error {
	l := &line{style: &style}
	switch f.Outcome {
	case workbench.FixApplied:
		l.put(inkGood, "done")
		l.put("", ": "+f.Reason+"; ")
		l.put(inkName, "dekho undo "+f.Journal)
		l.put("", " takes it back")
	case workbench.FixRolledBack:
		l.put(inkBad, "taken back")
		l.put("", ": "+f.Reason)
	default:
		l.put("", "nothing was changed")
	}
	l.end()
	_, err := w.Write(l.buf)
	return err
}

func (l *line) notes(notes []string) {
	for _, n := range notes {
		l.wrapped(inkWarn, "  ", n)
	}
}

// changes writes a diff.
func (l *line) changes(changes []workbench.FixChange) {
	for i := range changes {
		for text := range strings.Lines(changes[i].Diff()) {
			text = strings.TrimSuffix(text, "\n")
			color := ink("")
			switch {
			case strings.HasPrefix(text, "---"), strings.HasPrefix(text, "+++"):
				color = inkHeader
			case strings.HasPrefix(text, "@@"):
				color = inkDim
			case strings.HasPrefix(text, "-"):
				color = inkBad
			case strings.HasPrefix(text, "+"):
				color = inkGood
			}
			l.put(color, text)
			l.end()
		}
	}
}

func (l *line) commands(title string, list []workbench.FixCommand) {
	for _, c := range list {
		l.put("", title+": $ ")
		l.put(inkName, strings.Join(c.Args, " "))
		l.put(inkDim, "  # "+c.Why)
		l.end()
	}
}

// FixJSON writes a fix as JSON; docs/json.md describes it.
func FixJSON(w io.Writer, f *workbench.Fix) error {
	var o object
	o.open("", '{')
	o.system(f.About)
	o.str("finding", f.Finding)
	o.str("title", f.Title)
	if len(f.Notes) > 0 {
		o.list("notes", f.Notes)
	}
	o.changes(f.Changes)
	o.commands("run", f.Run)
	o.commands("advice", f.Advice)
	o.str("outcome", string(f.Outcome))
	o.opt("reason", f.Reason)
	o.opt("journal", f.Journal)
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) changes(changes []workbench.FixChange) {
	objects(o, "changes", changes, func(c *workbench.FixChange) {
		o.str("path", c.Path)
		o.str("before", c.Before.Describe())
		o.str("after", c.After.Describe())
		o.flag("in_place", c.InPlace)
		o.str("diff", c.Diff())
	})
}

func (o *object) commands(name string, list []workbench.FixCommand) {
	if len(list) == 0 {
		return
	}
	o.open(name, '[')
	for _, c := range list {
		o.open("", '{')
		o.list("command", c.Args)
		o.opt("why", c.Why)
		o.close('}')
	}
	o.close(']')
}

// UndoText writes what taking a fix back changes, or what it came to once it is
// done.
func UndoText(w io.Writer, style Style, u *workbench.Undoing) error {
	style.Width = 0
	l := &line{style: &style}
	if u.Done {
		for _, text := range u.Left {
			l.put(inkWarn, text)
			l.end()
		}
		l.put(inkGood, "taken back")
		l.put("", ": "+u.ID)
		l.end()
	} else {
		l.journal(u.FixJournal)
		l.notes(u.Notes)
		l.changes(u.Changes)
	}
	_, err := w.Write(l.buf)
	return err
}

// journal writes a fix in a line.
func (l *line) journal(j *workbench.FixJournal) {
	l.put(inkName, j.ID)
	l.put("", "  ")
	if j.Status == workbench.FixPending {
		l.put(inkWarn, "interrupted")
		l.put("", "  ")
	}
	l.put(inkPath, j.Root)
	l.put("", "  "+j.Title)
	l.put(inkDim, "  ["+j.Subject+"]")
	l.end()
}

// UndoJSON writes it as JSON.
func UndoJSON(w io.Writer, u *workbench.Undoing) error {
	var o object
	o.open("", '{')
	o.journal(u.FixJournal)
	if len(u.Notes) > 0 {
		o.list("notes", u.Notes)
	}
	o.changes(u.Changes)
	o.flag("done", u.Done)
	if len(u.Left) > 0 {
		o.list("left", u.Left)
	}
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}

func (o *object) journal(j *workbench.FixJournal) {
	o.str("journal", j.ID)
	o.str("status", string(j.Status))
	o.str("at", j.At.Format("2006-01-02T15:04:05Z07:00"))
	o.str("root", j.Root)
	o.optNum("pid", int64(j.PID))
	o.str("finding", j.Subject)
	o.str("title", j.Title)
}

// FixListText lists the fixes that can be taken back, the newest first.
func FixListText(w io.Writer, style Style, list []*workbench.FixJournal) error {
	l := &line{style: &style}
	for _, j := range list {
		l.journal(j)
	}
	_, err := w.Write(l.buf)
	return err
}

// FixListJSON writes them as JSON, an object for each.
func FixListJSON(w io.Writer, list []*workbench.FixJournal) error {
	var o object
	for _, j := range list {
		o.open("", '{')
		o.journal(j)
		o.close('}')
		o.buf = append(o.buf, '\n')
	}
	_, err := w.Write(o.buf)
	return err
}
