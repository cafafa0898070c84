package render

import (
	"strings"

	"dekho/internal/workbench"
)

// lensMark is what the lens says of a place in a few words: "out: CONFIG_SMP=n",
// and how it looks; "" for nothing.
func lensMark(j *workbench.Judgement) (string, ink) {
	if j == nil {
		return "", ""
	}
	why := ""
	if r := j.Deciding(); r != nil {
		why = r.What
	}
	var mark string
	color := inkDim
	switch j.State {
	case workbench.BuiltOut:
		mark = "out: " + why
		color = inkWarn
	case workbench.BuiltUnknown:
		switch {
		case strings.HasPrefix(why, "#if "):
			mark = "if " + strings.TrimPrefix(why, "#if ")
		case strings.HasPrefix(why, "CONFIG_"), strings.HasPrefix(why, "ifeq"), strings.HasPrefix(why, "ifneq"), strings.HasPrefix(why, "ifdef"):
			mark = "if " + why
		default:
			mark = "unknown: " + why
		}
	case workbench.BuiltIn:
		switch {
		case j.Module != "":
			mark = "module " + j.Module
		case len(j.Reasons) > 0:
			mark = "built in"
		}
		color = inkGood
	}
	const most = 100
	if len(mark) > most {
		mark = strings.ToValidUTF8(mark[:most], "") + "..."
	}
	switch {
	case j.State == workbench.BuiltOut:
	case j.Board != "":
		mark = join(mark, "on the board: "+j.Board)
		color = inkGood
	case j.OffBoard:
		mark = join(mark, "not on the board")
		color = inkWarn
	}
	return mark, color
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// mark writes what the lens says, in brackets with blanks behind them.
func (l *line) mark(j *workbench.Judgement) {
	if m, color := lensMark(j); m != "" {
		l.put(color, "["+m+"]")
		l.put("", "  ")
	}
}

// lens writes what the lens says.
func (o *object) lens(j *workbench.Judgement) {
	if j == nil {
		return
	}
	o.str("built", buildState(j.State))
	o.opt("module", j.Module)
	o.opt("board", j.Board)
	o.flag("off_board", j.OffBoard)
	if len(j.Reasons) == 0 {
		return
	}
	o.open("reasons", '[')
	for i := range j.Reasons {
		r := &j.Reasons[i]
		o.open("", '{')
		o.str("what", r.What)
		o.str("built", buildState(r.State))
		o.opt("path", r.Path)
		o.optNum("line", int64(r.Line))
		o.close('}')
	}
	o.close(']')
}

func buildState(s workbench.BuildState) string {
	switch s {
	case workbench.BuiltIn:
		return "yes"
	case workbench.BuiltOut:
		return "no"
	}
	return "unknown"
}
