package logmap

// From the evaluated format of a statement to its sites: what wrappers put
// around it, what is known of the arguments at build time, one site a line.

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/logmap/pattern"
	"dekho/internal/macro"
)

// generic adds the places inside a wrapper as sites of their own, with unknown
// text in the hole: for callers that could not be resolved.
func (l *linker) generic(outs []out) {
	for i := range outs {
		o := &outs[i]
		if o.place == nil || ownText(o) < 4 {
			continue
		}
		elems := slices.Clone(o.elems)
		args := make([]string, 0, len(o.args))
		for j := range elems {
			if elems[j].Kind == pattern.VaFormat && len(elems[j].Text) == 0 {
				elems[j].Kind = pattern.Any
			}
		}
		for j := range o.args {
			args = append(args, paramText(&o.args[j]))
		}
		l.addSite(elems, args, o.level, o.place, nil, flagGeneric)
	}
}

// paramText is an operand of a wrapper for display.
func paramText(o *operand) string {
	ts := slices.Clone(o.toks)
	for i := range ts {
		if ts[i].Kind == macro.Param {
			ts[i].Kind = c.Ident
		}
	}
	return (&operand{toks: ts, text: o.text}).source()
}

// ownText counts the letters of a way to print that do not come from callers.
func ownText(o *out) int {
	n := 0
	for i := range o.elems {
		if o.elems[i].Kind == pattern.Literal {
			for _, b := range o.elems[i].Text {
				if identByte(b) {
					n++
				}
			}
		}
	}
	return n
}

// splice expands macros in the format that bring arguments along:
// #define pr_fmt(fmt) "%s: " fmt, __func__
func (l *linker) splice(ops []operand, format int, ctx context) []operand {
	for range 3 {
		ts := ops[format].tokens()
		expanded := false
		for i := 0; i+1 < len(ts); i++ {
			if ts[i].Kind != c.Ident || ts[i+1].Kind != c.Open {
				continue
			}
			args, next, ok := macro.Group(ts, i+1)
			if !ok {
				break
			}
			for _, m := range l.view.Visible(ts[i].Text, ctx.file) {
				if !m.Function {
					continue
				}
				if !hasCommas(m) {
					break
				}
				all := slices.Concat([]macro.Token{{Kind: c.Open}}, ts[:i], m.Substitute(args), ts[next:], []macro.Token{{Kind: c.Close}})
				parts, _, ok := macro.Group(all, 0)
				if !ok || len(parts) == 0 {
					break
				}
				out := slices.Clone(ops[:format])
				for _, p := range parts {
					out = append(out, operand{toks: p})
				}
				ops = append(out, ops[format+1:]...)
				expanded = true
				break
			}
			if expanded {
				break
			}
			i = next - 1
		}
		if !expanded {
			break
		}
	}
	return ops
}

// hasCommas reports whether the body of m has commas outside parentheses.
func hasCommas(m *macro.Def) bool {
	depth := 0
	for _, t := range m.Tokens() {
		switch t.Kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
		case c.Comma:
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// alignArgs gives each conversion one argument: those of `*` are dropped, Any
// gets an empty one.
func alignArgs(elems []pattern.Elem, args []operand) []operand {
	out := make([]operand, 0, len(args))
	next := 0
	for i := range elems {
		e := &elems[i]
		if !e.Kind.IsConversion() {
			continue
		}
		var op operand
		if e.Kind != pattern.Any {
			for n := e.Args(); n > 0 && next < len(args); n-- {
				op = args[next]
				next++
			}
		}
		out = append(out, op)
	}
	return out
}

// substantial reports whether elements say more than blanks and "some text".
func substantial(elems []pattern.Elem) bool {
	for i := range elems {
		switch elems[i].Kind {
		case pattern.Any:
		case pattern.Literal:
			if len(strings.TrimSpace(string(elems[i].Text))) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// finish folds constant arguments into the text and adds the sites.
func (l *linker) finish(o *out, s *stmt, ctx context) {
	elems := make([]pattern.Elem, 0, len(o.elems))
	args := make([]string, 0, len(o.args))
	arg := 0
	level := o.level
	for _, e := range o.elems {
		if !e.Kind.IsConversion() {
			elems = append(elems, e)
			continue
		}
		var op operand
		if arg < len(o.args) {
			op = o.args[arg]
		}
		arg++
		if len(elems) == 0 && e.Kind == pattern.String && levelName(&op) {
			continue // a level prefix handed down
		}
		if chunks, ok := l.constant(&op, e, ctx); ok {
			for _, ch := range chunks {
				if ch.unknown {
					elems = append(elems, pattern.Elem{Kind: pattern.Any})
					args = append(args, op.source())
					continue
				}
				text := ch.text
				if len(elems) == 0 || len(elems) == 1 && elems[0].Kind == pattern.Literal && len(elems[0].Text) == 0 {
					text, level = cutLevel(text, level)
				}
				elems = append(elems, pattern.Elem{Kind: pattern.Literal, Text: bytesOf(text)})
			}
			continue
		}
		elems = append(elems, e)
		args = append(args, op.source())
	}
	elems, args = mergeStrings(elems, args)
	var said *stmt
	place := s
	if o.place != nil && !l.common(s) {
		place, said = o.place, s
	}
	l.addSite(elems, args, level, place, said, 0)
}

// mergeStrings replaces long runs of plain %s ("%s%s%s%s%s%s", flags spelled
// out one by one) by one piece of unknown text: nothing tells them apart.
func mergeStrings(elems []pattern.Elem, args []string) ([]pattern.Elem, []string) {
	const long = 5
	plain := func(e *pattern.Elem) bool { return e.Kind == pattern.String && e.Width == 0 }
	runs, run := 0, 0
	for i := range elems {
		if plain(&elems[i]) {
			if run++; run == long {
				runs++
			}
		} else {
			run = 0
		}
	}
	if runs == 0 {
		return elems, args
	}
	var out []pattern.Elem
	var outArgs []string
	arg := 0
	for i := 0; i < len(elems); {
		n := i
		for n < len(elems) && plain(&elems[n]) {
			n++
		}
		switch {
		case n-i >= long:
			out = append(out, pattern.Elem{Kind: pattern.Any})
			last := min(arg+n-i, len(args))
			outArgs = append(outArgs, strings.Join(args[min(arg, last):last], " "))
			arg += n - i
			i = n
		default:
			out = append(out, elems[i])
			if elems[i].Kind.IsConversion() {
				if arg < len(args) {
					outArgs = append(outArgs, args[arg])
				}
				arg++
			}
			i++
		}
	}
	return out, outArgs
}

// levelName reports whether an argument is named like a log level that callers
// hand down as text: printk("%sCall Trace:\n", log_lvl).
func levelName(op *operand) bool {
	name, _ := op.name()
	switch name {
	case "log_lvl", "loglvl", "level", "lvl", "log_level", "loglevel", "kern_level", "printk_level", "klevel":
		return true
	}
	return false
}

// common reports whether a statement calls one of the macros that every print
// goes through (pr_err, dev_info): then the statement itself is what printed,
// whatever functions handed it on.
func (l *linker) common(s *stmt) bool {
	for _, m := range l.view.Visible(s.callee, s.file) {
		switch l.files[m.File].Path {
		case "include/linux/printk.h", "include/linux/kernel.h", "include/linux/dev_printk.h", "include/linux/device.h", "include/linux/dynamic_debug.h":
			return true
		}
	}
	return false
}

// constant is the text a conversion prints when its argument is known at build
// time, at least in part: __func__, a string macro, __LINE__, linux_banner.
func (l *linker) constant(op *operand, e pattern.Elem, ctx context) ([]chunk, bool) {
	if e.Width != 0 || e.Flags&pattern.HasPrec != 0 {
		return nil, false
	}
	switch e.Kind {
	case pattern.String:
		if op.toks == nil && !maybeText(op.text) {
			return nil, false
		}
		ts := op.tokens()
		if len(ts) == 0 || len(ts) > 12 {
			return nil, false
		}
		chunks, ok := l.eval(ts, ctx)
		if ok {
			return chunks, true
		}
		letters := 0
		for _, ch := range chunks {
			letters += len(strings.TrimSpace(ch.text))
		}
		return chunks, letters >= 4 && len(ts) == 1
	case pattern.Int, pattern.Uint:
		if name, _ := op.name(); name == "__LINE__" {
			return []chunk{{text: strconv.FormatUint(uint64(ctx.line), 10)}}, true
		}
	}
	return nil, false
}

// maybeText reports whether an argument can be a string constant, by its look:
// most are members, calls or variables in lower case.
func maybeText(arg string) bool {
	for i := 0; i < len(arg); i++ {
		switch arg[i] {
		case '"':
			return true
		case '>', '.', '[', '?', '+', '*':
			return false
		}
	}
	return arg != ""
}

// addSite files the lines of a format under its statement.
func (l *linker) addSite(elems []pattern.Elem, args []string, level int, place, said *stmt, flags uint32) {
	lines := splitLines(elems)
	for part, ln := range lines {
		if ln.empty() {
			continue
		}
		f := flags
		if part > 0 {
			f |= flagLater
		}
		if level == 'c' {
			f |= flagCont
		}
		if place.odd {
			f |= flagOdd
		}
		l.rows = append(l.rows, newPending(ln, args, level, place, said, f, part))
	}
}

// formatLine is one line of a format.
type formatLine struct {
	elems    []pattern.Elem
	firstArg int
	open     bool // does not end in a newline
}

func (f *formatLine) empty() bool {
	for i := range f.elems {
		if f.elems[i].Kind != pattern.Literal || len(strings.TrimSpace(string(f.elems[i].Text))) > 0 {
			return false
		}
	}
	return true
}

// splitLines cuts elements at newlines: printk puts its prefix before each
// line of a record, so each is a line of the log.
func splitLines(elems []pattern.Elem) []formatLine {
	if line, ok := oneLine(elems); ok {
		return []formatLine{line}
	}
	var out []formatLine
	cur := formatLine{open: true}
	arg := 0
	for _, e := range elems {
		if e.Kind != pattern.Literal {
			cur.elems = append(cur.elems, e)
			arg++
			continue
		}
		text := string(e.Text)
		for {
			line, rest, nl := strings.Cut(text, "\n")
			if line != "" {
				cur.elems = append(cur.elems, pattern.Elem{Kind: pattern.Literal, Text: []byte(line)})
			}
			if !nl {
				break
			}
			cur.open = false
			out = append(out, cur)
			cur = formatLine{open: true, firstArg: arg}
			text = rest
		}
	}
	if len(cur.elems) > 0 {
		out = append(out, cur)
	}
	return out
}

// oneLine is the usual case: the only newline is the last byte.
func oneLine(elems []pattern.Elem) (formatLine, bool) {
	for i := range elems {
		if elems[i].Kind != pattern.Literal {
			continue
		}
		if nl := bytes.IndexByte(elems[i].Text, '\n'); nl >= 0 {
			if i != len(elems)-1 || nl != len(elems[i].Text)-1 {
				return formatLine{}, false
			}
			elems[i].Text = elems[i].Text[:nl]
			return formatLine{elems: elems}, true
		}
	}
	return formatLine{elems: elems, open: true}, true
}

// sortSites orders the sites of a map: by pattern, then place.
func sortSites(sites []siteRow) {
	slices.SortFunc(sites, func(a, b siteRow) int {
		return cmp.Or(cmp.Compare(a[colPattern], b[colPattern]), cmp.Compare(a[colFile], b[colFile]),
			cmp.Compare(a[colLine], b[colLine]), cmp.Compare(a[colSaidFile], b[colSaidFile]), cmp.Compare(a[colSaidLine], b[colSaidLine]))
	})
}
