package crash

import (
	"strings"
)

// entitle makes the title of a report of its lines and judges whether the report
// is whole.
func (o *open) entitle() {
	r := o.r
	head := o.lines[0].text[o.at:]
	r.Foreign = o.group.user
	missing := ""
	for i := range o.group.kinds {
		k := &o.group.kinds[i]
		stars, ok := match(k.head, head)
		if !ok {
			continue
		}
		r.Known = true
		quoted, ok := o.find(k.need)
		if !ok {
			if missing == "" {
				missing = k.need.String() + " is missing"
			}
			continue
		}
		o.make(k, stars, quoted)
		return
	}
	r.Title, r.Type, r.Severity = scrub(head), o.group.class, Warning
	if missing != "" {
		r.Corrupted = missing + o.because()
	}
	if o.spoiled || hasStamp(r.Title) {
		r.Corrupted = mixedHeadline
	}
}

const (
	mixedHeadline = "another record is written into its headline"
	noFunction    = "corrupted" // stands for a function in titles
)

// make fills the title of a kind in.
func (o *open) make(k *kind, stars []string, quoted string) {
	r := o.r
	r.kind = k
	r.Severity = k.sev
	if k.sev == Fatal {
		r.Panicked = true
	}
	name, raw := "", ""
	if len(k.where) > 0 {
		for _, path := range k.where {
			var mixed bool
			name, raw, mixed = o.blame(path, k)
			if mixed {
				r.Corrupted = "the stack of a fault injection stands in it"
			} else if name != "" {
				r.Corrupted = ""
				break
			}
		}
		if name == "" {
			if r.Corrupted == "" {
				r.Corrupted = "no function to blame in it" + o.because()
			}
		} else {
			r.Function = name
		}
	}
	fill := func(format, function string) string {
		if function == "" {
			function = noFunction
		}
		var b strings.Builder
		for i := 0; i < len(format); i++ {
			if format[i] != '%' || i+1 == len(format) {
				b.WriteByte(format[i])
				continue
			}
			i++
			switch c := format[i]; {
			case c == 'f':
				b.WriteString(function)
			case c == 'n':
				b.WriteString(quoted)
			case c >= '1' && int(c-'1') < len(stars):
				b.WriteString(scrub(stars[c-'1']))
			}
		}
		return strings.TrimSpace(b.String())
	}
	r.Title = fill(k.title, name)
	seen := map[string]bool{r.Title: true}
	for _, format := range append([]string{k.title}, k.alt...) {
		for _, fn := range [...]string{name, raw} {
			t := fill(format, fn)
			if fn == "" && fn != name || seen[t] {
				continue
			}
			seen[t] = true
			r.AltTitles = append(r.AltTitles, t)
		}
	}
	r.Type = k.class
	if k.classOf != nil {
		r.Type = k.classOf(r.Title)
	}
	switch {
	case r.Corrupted != "":
	case k.remains:
		r.Corrupted = "only the end of a report is here"
	case o.spoiled || hasStamp(r.Title):
		r.Corrupted = mixedHeadline
	case o.ruled && !o.ended && o.within:
		r.Corrupted = "another report stands in it"
	case !k.untraced:
		if why := o.traceless(); why != "" {
			r.Corrupted = why + o.because()
		}
	}
}

// own are the lines before somebody else's call trace.
func (o *open) own() []line {
	if o.cut > 0 {
		return o.lines[:o.cut]
	}
	return o.lines
}

// String is what is needed, as shown to people.
func (n need) String() string {
	switch {
	case n.source:
		return "the line with the place in the source"
	case n.next:
		return "the line behind the headline"
	}
	return "the line “" + strings.TrimSpace(n.before+"…"+n.after) + "”"
}

// find looks for the line that a kind needs and returns what it quotes.
func (o *open) find(n need) (quoted string, ok bool) {
	if n == (need{}) {
		return "", true
	}
	for i := range o.own()[1:] {
		text := strings.TrimSpace(o.lines[1+i].text)
		if n.next {
			return scrub(text), text != ""
		}
		if n.source {
			if namesSource(text) {
				return "", true
			}
			continue
		}
		if n.before == "" {
			if word, _, found := strings.Cut(text, n.after); found && word != "" && !strings.ContainsAny(word, " \t") {
				return word, true
			}
			continue
		}
		_, rest, found := strings.Cut(" "+text, n.before)
		if !found {
			continue
		}
		if n.after == "" {
			return strings.TrimSpace(rest), true
		}
		if quoted, _, found = strings.Cut(rest, n.after); found {
			return quoted, true
		}
	}
	return "", false
}

// namesSource reports whether a text holds "path/file.ext:12".
func namesSource(text string) bool {
	for i := 1; i+1 < len(text); i++ {
		if text[i] != ':' || text[i+1] < '0' || text[i+1] > '9' || !wordByte(text[i-1]) {
			continue
		}
		n := i
		for n > 0 && text[n-1] >= 'a' && text[n-1] <= 'z' {
			n--
		}
		if n > 1 && n < i && text[n-1] == '.' && wordByte(text[n-2]) {
			return true
		}
	}
	return false
}

// blame goes a path through the report. raw is the function's name with what
// plain takes off; mixed says that frames of somebody else stand between.
func (o *open) blame(path []step, k *kind) (name, raw string, mixed bool) {
	var plains, raws []string
	add := func(function string) bool {
		if function == "" {
			return false
		}
		function = baseName(function)
		if blameless(function, k.skip) {
			return false
		}
		if rust := demangle(function); rust != "" {
			function = rust
		}
		plains, raws = append(plains, plain(function)), append(raws, function)
		return true
	}
	i := 0
	lines := o.own()
	for _, st := range path {
		for ; i < len(lines); i++ {
			l := &lines[i]
			if l.kind == lineFrame && strings.HasPrefix(l.frame.Function, "should_fail") && !l.frame.Unreliable {
				mixed = true
				i++
				break
			}
			if st == frames {
				if i > 0 && l.kind == lineHeading {
					i++
					break
				}
				if l.kind == lineFrame && !l.frame.Unreliable {
					if !add(l.frame.Function) && l.from != nil {
						add(l.from.Function)
					}
				}
				continue
			}
			if st.is(l, i) {
				if st == atHeadline {
					add(functionIn(l.text[o.at:]))
				} else if st != atTick && st != atInterrupt {
					add(l.frame.Function)
				}
				i++
				break
			}
		}
	}
	pick := k.pick
	if pick == nil {
		pick = pickFirst
	}
	name = pick(plains)
	for j, p := range plains {
		if p == name || strings.HasPrefix(p, name) && name != "" {
			raw = raws[j]
			break
		}
	}
	return name, raw, mixed
}

// is reports whether a line is where a step leads to.
func (st step) is(l *line, i int) bool {
	switch st {
	case atHeadline:
		return i == 0
	case atPC:
		return l.kind == linePC || l.kind == lineInterrupted && l.frame.Function != ""
	case atTick:
		return strings.Contains(l.text, "apic_timer_interrupt")
	case atInterrupt:
		return strings.Contains(l.text, "apic_timer_interrupt") || strings.Contains(l.text, "Exception stack") || strings.Contains(l.text, "el1h_64_irq")
	case atCall:
		return l.heading == headCall
	case atOwner:
		return l.heading == headPast && strings.Contains(l.text, "page last allocated ")
	case atLeak:
		return l.heading == headLeak
	case atLock:
		return l.kind == lineAt || l.kind == lineFrame && l.frame.Address != 0
	case atAcquire:
		return strings.Contains(l.text, "is trying to acquire") || strings.Contains(l.text, "just changed the state of lock") || strings.Contains(l.text, " takes")
	case atCause:
		return l.heading == headChain && strings.Contains(l.text, "which became ")
	}
	return false
}

// functionIn is the function that a headline names: "... in foo+0x1/0x2".
func functionIn(text string) string {
	for {
		_, rest, found := strings.Cut(text, " in ")
		if !found {
			return ""
		}
		if f, ok := parseSymbol(rest); ok {
			return f.Function
		}
		text = rest
	}
}

// lookAhead is how far behind a heading its first frame may stand.
const lookAhead = 15

// traceless says what is wrong with the call traces of a report, or "".
func (o *open) traceless() string {
	var lines []*line
	for i := range o.lines {
		if l := &o.lines[i]; l.kind != lineFrame || !l.frame.Unreliable {
			lines = append(lines, l)
		}
	}
	any := false
	var seen [headChain + 1]bool
	for i, l := range lines {
		// The first of each sort tells.
		if l.kind != lineHeading || l.heading == headChain || seen[l.heading] {
			continue
		}
		if l.heading == headPast && !titledPast(l.text) {
			continue
		}
		seen[l.heading] = true
		if len(lines)-i < 3 {
			return "its call trace is cut off"
		}
		found := false
		for _, f := range lines[i+1 : min(len(lines), i+1+lookAhead)] {
			if f.kind == lineHeading {
				break
			}
			if f.kind == lineFrame || strings.Contains(f.text, "(stack is not available)") {
				found = true
				break
			}
		}
		if !found {
			return "no frames follow “" + strings.TrimSpace(l.text) + "”"
		}
		any = true
	}
	if !any {
		return "it has no call trace"
	}
	return ""
}

// titledPast reports whether a heading is one whose stack must be there.
func titledPast(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "Allocated") || strings.HasPrefix(text, "Freed") || strings.HasPrefix(text, "Uninit was stored to memory at")
}

// maxTitle bounds titles: a headline that others are written into is long.
const maxTitle = 120

// scrub takes out of a text what differs from one occurrence of a bug to the
// next: addresses, offsets into functions, numbers, the names of test programs.
func scrub(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < maxTitle; {
		c := s[i]
		word := i > 0 && wordByte(s[i-1])
		switch {
		case c == '+' && word && strings.HasPrefix(s[i:], "+0x"):
			// foo+0x12/0x34
			i += 3
			for i < len(s) && isHex(s[i]) {
				i++
			}
			if strings.HasPrefix(s[i:], "/0x") {
				i += 3
				for i < len(s) && isHex(s[i]) {
					i++
				}
			}
		case !word && isHex(c):
			n := i
			if strings.HasPrefix(s[i:], "0x") {
				n += 2
			}
			for n < len(s) && isHex(s[n]) {
				n++
			}
			m := i
			for m < len(s) && s[m] >= '0' && s[m] <= '9' {
				m++
			}
			switch {
			case n-i >= 6 && (n == len(s) || !wordByte(s[n])) && m != n:
				b.WriteString("ADDR")
				i = n
			case m > i && (m == len(s) || !wordByte(s[m])):
				b.WriteString("NUM")
				i = m
			default:
				b.WriteByte(c)
				i++
			}
		case strings.HasPrefix(s[i:], "syz-executor"), strings.HasPrefix(s[i:], "syzkaller-testdir"), !word && strings.HasPrefix(s[i:], "syzkaller"):
			name := "syz-executor"
			if !strings.HasPrefix(s[i:], name) {
				if name = "syzkaller-testdir"; !strings.HasPrefix(s[i:], name) {
					name = "syzkaller"
				}
			}
			b.WriteString(name)
			i += len(name)
			n := i
			for n < len(s) && (s[n] >= '0' && s[n] <= '9' || n == i && s[n] == '.') {
				n++
			}
			if n > i {
				if name == "syzkaller-testdir" {
					b.WriteString("NUM")
				}
				i = n
			}
		case c == '\t' || c == ' ':
			if str := b.String(); str != "" && str[len(str)-1] != ' ' {
				b.WriteByte(' ')
			}
			i++
		case c < ' ' || c >= 0x7f:
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return strings.TrimSpace(b.String())
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// hasStamp reports whether a title has a time stamp in it: "[  12.345678]".
func hasStamp(s string) bool {
	for {
		_, rest, found := strings.Cut(s, "[")
		if !found {
			return false
		}
		in, _, found := strings.Cut(rest, "]")
		in = strings.TrimSpace(in)
		whole, part, dot := strings.Cut(in, ".")
		if found && dot && number(whole) && number(part) {
			return true
		}
		s = rest
	}
}

// number reports whether s is a number, or stands for one after scrub.
func number(s string) bool {
	if s == "NUM" {
		return true
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
