package render

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"dekho/internal/workbench"
)

// How many instructions in front of the one that trapped a person is shown, and
// behind it.
const (
	codeBefore = 4
	codeAfter  = 2
)

// code writes the code of a crash around where it failed, and what the
// instruction that trapped did.
func (t *LogText) code(w io.Writer, c *workbench.CodeListing) error {
	l := &t.line
	if c == nil {
		return nil
	}
	if c.Unread != "" || c.Trap < 0 {
		if c.Unread == "" {
			return nil // without a mark, nothing tells which instruction matters
		}
		l.reset()
		l.put("", indent)
		l.tail(inkDim, "code: "+c.Unread)
		return t.flush(w)
	}
	from, to := max(0, c.Trap-codeBefore), min(len(c.Instructions), c.Trap+1+codeAfter)
	width := 0
	for i := from; i < to; i++ {
		width = max(width, len(placeInCode(c, i)))
	}
	for i := from; i < to; i++ {
		l.reset()
		l.put("", indent)
		ink := inkDim
		if i == c.Trap {
			l.put(inkWarn, "-> ")
			ink = ""
		} else {
			l.put("", "   ")
		}
		l.put(inkDim, fmt.Sprintf("%-*s  ", width, placeInCode(c, i)))
		l.put(ink, c.Instructions[i].Text)
		if i == from && i < c.Trap && c.Guess {
			l.put(inkDim, "  (code in front of the arrow is a guess)")
		}
		if err := t.flush(w); err != nil {
			return err
		}
	}
	for i := range c.Accesses {
		text := accessText(&c.Accesses[i])
		if text == "" {
			continue
		}
		l.reset()
		l.put("", indent)
		l.tail("", text)
		if err := t.flush(w); err != nil {
			return err
		}
	}
	return nil
}

// placeInCode says where an instruction is: in its function, or else how far from
// the one that trapped.
func placeInCode(c *workbench.CodeListing, i int) string {
	in := &c.Instructions[i]
	if in.Place != "" {
		return in.Place
	}
	if c.Trap < 0 {
		return fmt.Sprintf("+%#x", in.Offset)
	}
	switch d := in.Offset - c.Instructions[c.Trap].Offset; {
	case d < 0:
		return fmt.Sprintf("-%#x", -d)
	default:
		return fmt.Sprintf("+%#x", d)
	}
}

// accessText says what an operand came to, "" if that is not known.
func accessText(a *workbench.MemoryAccess) string {
	if !a.Known && len(a.Registers) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(a.Operand)
	switch {
	case !a.Known:
		b.WriteString(" is made of")
	default:
		fmt.Fprintf(&b, " is at %#x", a.Address)
		switch {
		case a.AtFault:
			b.WriteString(", the address of the fault")
		case a.Elsewhere:
			b.WriteString(", which is not the address of the fault")
		}
		if a.Shadow {
			fmt.Fprintf(&b, ", where KASAN keeps what it knows of %#x", a.Shadowed)
		}
	}
	sep := ": "
	if !a.Known {
		sep = " "
	}
	for i := range a.Registers {
		r := &a.Registers[i]
		b.WriteString(sep)
		sep = ", "
		if r.Meaning == "NULL" {
			b.WriteString(r.Name + " is NULL")
			continue
		}
		fmt.Fprintf(&b, "%s is %#x", r.Name, r.Value)
		if r.Meaning != "" {
			b.WriteString(", " + r.Meaning)
		}
		if r.Place != "" {
			b.WriteString(" (" + r.Place + ")")
		}
	}
	return b.String()
}

// codeJSON writes the code of a crash.
func codeJSON(o *object, c *workbench.CodeListing) {
	if c == nil {
		return
	}
	o.open("disassembly", '{')
	o.str("arch", c.Arch)
	o.opt("unread", c.Unread)
	o.flag("guess", c.Guess)
	o.open("instructions", '[')
	for i := range c.Instructions {
		in := &c.Instructions[i]
		o.open("", '{')
		o.opt("at", in.Place)
		o.str("bytes", hex.EncodeToString(in.Bytes))
		o.str("text", in.Text)
		o.flag("trapped", i == c.Trap)
		o.close('}')
	}
	o.close(']')
	if len(c.Accesses) > 0 {
		o.open("accesses", '[')
		for i := range c.Accesses {
			a := &c.Accesses[i]
			o.open("", '{')
			o.str("operand", a.Operand)
			if a.Known {
				o.str("address", fmt.Sprintf("%#x", a.Address))
			}
			o.flag("at_fault", a.AtFault)
			if a.Shadow {
				o.str("shadow_of", fmt.Sprintf("%#x", a.Shadowed))
			}
			o.open("registers", '[')
			for j := range a.Registers {
				r := &a.Registers[j]
				o.open("", '{')
				o.str("name", r.Name)
				o.str("value", fmt.Sprintf("%#x", r.Value))
				o.opt("meaning", r.Meaning)
				o.opt("defined", r.Place)
				o.close('}')
			}
			o.close(']')
			o.close('}')
		}
		o.close(']')
	}
	o.close('}')
}
