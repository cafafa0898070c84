package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// trailLines is how many frames of a crash a person is shown.
const trailLines = 4

// crash writes what a crash report says below its headline: its title unless
// that was said, where it stands and who it happened to, and the functions that
// led there.
func (t *LogText) crash(w io.Writer, c *workbench.Crash, title bool) error {
	l := &t.line
	l.reset()
	l.put("", indent)
	if title {
		l.put(inkHeader, c.Title)
		l.put("", "  ")
	}
	l.put(inkDim, crashText(c))
	if err := t.flush(w); err != nil {
		return err
	}
	if c.Corrupted != "" {
		l.reset()
		l.put("", indent)
		l.put(inkWarn, "corrupted")
		l.tail(inkDim, ": "+c.Corrupted)
		if err := t.flush(w); err != nil {
			return err
		}
	}
	for i := range c.Trail {
		if i == trailLines {
			break
		}
		f := &c.Trail[i]
		l.reset()
		l.put("", indent)
		if i == 0 {
			l.put(inkDim, "at ")
		} else {
			l.put(inkDim, "by ")
		}
		l.put(inkName, frameName(f))
		if f.Size > 0 {
			l.put("", fmt.Sprintf("+%#x/%#x", f.Offset, f.Size))
		}
		if f.Module != "" {
			l.put("", " ["+f.Module+"]")
		}
		switch {
		case len(f.Source) > 0:
			// The innermost first, as they ran; the function itself is last.
			for j := range f.Source {
				at := &f.Source[j]
				l.put("", "  ")
				if j > 0 {
					l.put(inkDim, "in ")
				}
				if at.Inlined {
					l.put(inkName, at.Function+"()")
					l.put("", " ")
				}
				l.put(inkPath, at.Path)
				l.put("", ":")
				l.put(inkLine, strconv.Itoa(at.Line))
			}
		case f.File != "":
			l.put("", "  ")
			l.put(inkPath, f.File)
			l.put("", ":")
			l.put(inkLine, strconv.Itoa(f.SourceLine))
		case f.Path != "":
			l.put("", "  ")
			l.put(inkPath, f.Path)
			l.put("", ":")
			l.put(inkLine, strconv.FormatUint(uint64(f.Definition), 10))
			if f.Others > 0 {
				l.put(inkDim, ", or "+count(f.Others, "other place"))
			}
		}
		if err := t.flush(w); err != nil {
			return err
		}
		if i > 0 || f.Text == "" {
			continue
		}
		// What ran when it failed; of the others the places tell enough.
		l.reset()
		l.put("", indent+indent)
		l.tail("", f.Text)
		if err := t.flush(w); err != nil {
			return err
		}
	}
	return t.code(w, c.Listing)
}

// frameName is the function of a frame, or its address.
func frameName(f *workbench.TrailFrame) string {
	if f.Function == "" {
		return fmt.Sprintf("%#x", f.Address)
	}
	return f.Function
}

// crashText says where a crash report stands, and where it happened.
func crashText(c *workbench.Crash) string {
	var parts []string
	if c.Line == c.LastLine {
		parts = append(parts, fmt.Sprintf("line %d", c.Line))
	} else {
		parts = append(parts, fmt.Sprintf("lines %d-%d", c.Line, c.LastLine))
	}
	if c.CPU >= 0 {
		parts = append(parts, fmt.Sprintf("CPU %d", c.CPU))
	}
	if c.PID >= 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("PID %d %s", c.PID, c.Comm)))
	}
	if c.Count > 1 {
		parts = append(parts, fmt.Sprintf("%d such reports, the last in line %d", c.Count, c.LastHead))
	}
	if c.Panicked && c.Panic != "" {
		parts = append(parts, "panic: "+c.Panic)
	}
	return strings.Join(parts, ", ")
}

// crashJSON writes a crash report.
func crashJSON(o *object, c *workbench.Crash) {
	o.open("", '{')
	o.str("title", c.Title)
	o.list("alt_titles", c.AltTitles)
	o.opt("type", c.Type)
	o.str("severity", c.Severity.String())
	o.opt("corrupted", c.Corrupted)
	o.opt("crashed_in", c.Function)
	o.num("boot", int64(c.Boot))
	o.num("line", int64(c.Head.Line))
	o.num("first_line", int64(c.Line))
	o.num("last_line", int64(c.LastLine))
	o.num("records", int64(c.Records))
	o.num("count", c.Count)
	o.num("last_head", int64(c.LastHead))
	o.str("text", c.Headline)
	o.opt("caller", c.Caller)
	if c.CPU >= 0 {
		o.num("cpu", int64(c.CPU))
	}
	if c.PID >= 0 {
		o.num("pid", int64(c.PID))
	}
	o.opt("comm", c.Comm)
	o.opt("taint", c.Taint)
	o.opt("version", c.Release)
	o.opt("machine", c.Hardware)
	o.opt("build_id", c.BuildID)
	o.flag("panicked", c.Panicked)
	o.opt("panic", c.Panic)
	o.opt("kernel_offset", c.KernelOffset)
	o.opt("lost", c.Lost)
	o.open("trail", '[')
	for i := range c.Trail {
		f := &c.Trail[i]
		o.open("", '{')
		frameJSON(o, &f.StackFrame)
		if f.Path != "" {
			o.open("defined", '{')
			o.str("path", f.Path)
			o.num("line", int64(f.Definition))
			o.close('}')
			o.optNum("other_definitions", int64(f.Others))
		}
		o.opt("text", f.Text)
		if len(f.Source) > 0 {
			o.open("lines", '[')
			for j := range f.Source {
				at := &f.Source[j]
				o.open("", '{')
				o.str("function", at.Function)
				o.str("path", at.Path)
				o.num("line", int64(at.Line))
				o.flag("inlined", at.Inlined)
				o.close('}')
			}
			o.close(']')
		}
		o.close('}')
	}
	o.close(']')
	o.open("stacks", '[')
	for i := range c.Stacks {
		s := &c.Stacks[i]
		o.open("", '{')
		o.str("heading", s.Heading)
		o.num("line", int64(s.Line))
		o.num("last_line", int64(s.LastLine))
		o.open("frames", '[')
		for j := range s.Frames {
			o.open("", '{')
			frameJSON(o, &s.Frames[j])
			o.close('}')
		}
		o.close(']')
		o.close('}')
	}
	o.close(']')
	if len(c.Registers) > 0 {
		o.open("registers", '[')
		for _, r := range c.Registers {
			o.open("", '{')
			o.str("name", r.Name)
			o.str("value", r.Value)
			o.close('}')
		}
		o.close(']')
	}
	if c.Fault.Known || c.Fault.Access != "" {
		o.open("fault", '{')
		if c.Fault.Known {
			o.str("address", fmt.Sprintf("%#x", c.Fault.Address))
		}
		o.opt("access", c.Fault.Access)
		o.close('}')
	}
	o.opt("code", c.Code.Text)
	codeJSON(o, c.Listing)
	if len(c.Locks) > 0 {
		o.open("locks", '[')
		for i := range c.Locks {
			o.open("", '{')
			o.str("text", c.Locks[i].Text)
			o.num("line", int64(c.Locks[i].Line))
			o.close('}')
		}
		o.close(']')
	}
	o.close('}')
}

func frameJSON(o *object, f *workbench.StackFrame) {
	o.str("function", f.Function)
	if f.Size > 0 || f.Offset > 0 {
		o.num("offset", int64(f.Offset)) //nolint:gosec // of a function
		o.num("size", int64(f.Size))     //nolint:gosec // of a function
	}
	if f.Address != 0 {
		o.str("address", fmt.Sprintf("%#x", f.Address))
	}
	o.opt("module", f.Module)
	o.opt("build_id", f.BuildID)
	o.num("line", int64(f.Line))
	o.flag("unreliable", f.Unreliable)
	o.flag("inlined", f.Inlined)
	if f.File != "" {
		o.open("source", '{')
		o.str("path", f.File)
		o.num("line", int64(f.SourceLine))
		o.close('}')
	}
}
