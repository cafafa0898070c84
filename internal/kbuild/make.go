package kbuild

// The evaluator: lines, conditionals, assignments.

import (
	"path"
	"slices"
	"strings"
)

// Bounds that no makefile of a kernel comes near; beyond them values are cut.
const (
	maxDepth = 60     // references inside of references
	maxSteps = 50_000 // references expanded for one directory
	// Work that grows with the words of a value counts as steps too.
	wordsPerStep = 64
	maxWords     = 20_000  // of one value
	maxText      = 1 << 16 // bytes of one word
	maxInclude   = 20      // files that include one another
)

// maker evaluates the makefile of one directory and what it includes.
type maker struct {
	b     *Build
	outer *maker // whose exported variables are seen, nil for the top
	dir   string
	vars  map[string]*variable
	steps int
	depth int

	name     string // of the file being read
	files    int    // how deep in includes
	guards   []guard
	inRule   bool
	exported map[string]bool
	recipes  []recipe
	args     [][]Word // of the function being called, $(0) first
}

// variable is a list of segments, one for each assignment that counts.
type variable struct {
	simple bool // := rather than =
	segs   []segment
}

// segment is what one assignment contributed.
type segment struct {
	raw   text   // expanded when it is used
	words []Word // expanded already, if raw is empty
	state State
	cause *Cause
}

// text is a logical line or a part of it, which may span several lines.
type text struct {
	s     string
	file  string
	line  int
	joins []int  // where further lines begin in s, ascending
	cond  string // what of the configuration decides on it, see Cause
}

// lineAt is the line of a byte of t.
func (t *text) lineAt(off int) int {
	n := t.line
	for _, j := range t.joins {
		if off < j {
			break
		}
		n++
	}
	return n
}

// cut is t from one byte to another, without the white space at its ends.
func (t *text) cut(from, to int) text {
	for from < to && isSpace(t.s[from]) {
		from++
	}
	for to > from && isSpace(t.s[to-1]) {
		to--
	}
	part := text{s: t.s[from:to], file: t.file, line: t.lineAt(from), cond: t.cond}
	for _, j := range t.joins {
		if j > from && j < to {
			part.joins = append(part.joins, j-from)
		}
	}
	return part
}

// guard is an open conditional.
type guard struct {
	state State // of the open arm
	rest  State // that none of the arms so far was taken
	cause *Cause
}

// recipe is a line of a recipe that enters a directory.
type recipe struct {
	what  string // the directory, not yet expanded
	state State
	cause *Cause
}

func newMaker(b *Build, outer *maker, dir string) *maker {
	return &maker{b: b, outer: outer, dir: dir, vars: make(map[string]*variable), exported: make(map[string]bool)}
}

// set defines a variable that other makefiles see.
func (m *maker) set(name, value string) {
	m.exported[name] = true
	m.vars[name] = &variable{simple: true, segs: []segment{{words: []Word{{Text: value, State: Yes}}, state: Yes}}}
	if value == "" {
		m.vars[name].segs[0].words = nil
	}
}

// file reads a makefile and reports whether there is one.
func (m *maker) file(name string) bool {
	if m.files >= maxInclude {
		return false
	}
	src, ok := m.b.src.ReadFile(name)
	if !ok {
		return false
	}
	saved, guards, rule := m.name, m.guards, m.inRule
	m.name, m.guards, m.inRule = name, nil, false
	if s, c := m.governing(guards); s != Yes {
		m.guards = []guard{{state: s, cause: c}}
	}
	m.files++
	m.read(string(src), 1)
	m.files--
	m.name, m.guards, m.inRule = saved, guards, rule
	return true
}

// read evaluates text that begins at a line of the file.
func (m *maker) read(src string, line int) {
	var define *text // the variable whose define is open
	depth := 0
	var t text
	for len(src) > 0 {
		t, src = logicalLine(src, line)
		t.file = m.name
		line += 1 + len(t.joins)
		if define != nil {
			switch word := firstWord(t.s); {
			case word == "define":
				depth++
			case word == "endef" && depth > 0:
				depth--
			case word == "endef":
				m.define(define)
				define = nil
				continue
			}
			define.s += t.s + "\n"
			continue
		}
		if strings.HasPrefix(t.s, "\t") && m.inRule {
			m.recipe(&t)
			continue
		}
		t.s = uncomment(t.s)
		t = t.cut(0, len(t.s))
		if t.s == "" {
			continue
		}
		if word := firstWord(t.s); word == "define" {
			rest := t.cut(len(word), len(t.s))
			rest.s += "\n"
			define = &rest
			continue
		}
		m.statement(&t)
	}
}

// logicalLine takes a line with its continuations off src.
func logicalLine(src string, line int) (t text, rest string) {
	t.line = line
	end := strings.IndexByte(src, '\n')
	if end < 0 {
		return text{s: strings.TrimSuffix(src, "\r"), line: line}, ""
	}
	if !strings.HasSuffix(strings.TrimSuffix(src[:end], "\r"), "\\") {
		return text{s: strings.TrimSuffix(src[:end], "\r"), line: line}, src[end+1:]
	}
	var sb strings.Builder
	for {
		part, more, ok := strings.Cut(src, "\n")
		src = more
		part = strings.TrimSuffix(part, "\r")
		cont, joined := strings.CutSuffix(part, "\\")
		sb.WriteString(cont)
		if !joined || !ok {
			break
		}
		sb.WriteByte(' ')
		t.joins = append(t.joins, sb.Len())
	}
	t.s = sb.String()
	return t, src
}

func uncomment(s string) string {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '#')
		if i < 0 {
			return s
		}
		i += from
		if i == 0 || s[i-1] != '\\' {
			return s[:i]
		}
		from = i + 1
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func firstWord(s string) string {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t("); i >= 0 {
		return s[:i]
	}
	return s
}

// governing is what a stack of conditionals says: the smallest state, and the
// outermost cause of it.
func (m *maker) governing(guards []guard) (State, *Cause) {
	s := Yes
	var c *Cause
	for i := range guards {
		if guards[i].state < s {
			s, c = guards[i].state, guards[i].cause
		}
	}
	return s, c
}

// statement evaluates a line outside of recipes.
func (m *maker) statement(t *text) {
	word := firstWord(t.s)
	rest := t.cut(len(word), len(t.s))
	switch word {
	case "ifeq", "ifneq", "ifdef", "ifndef":
		g := guard{rest: Yes}
		m.arm(&g, word, &rest, t)
		m.guards = append(m.guards, g)
		return
	case "else":
		if n := len(m.guards); n > 0 {
			g := &m.guards[n-1]
			if next := firstWord(rest.s); next != "" {
				cond := rest.cut(len(next), len(rest.s))
				m.arm(g, next, &cond, &rest)
			} else {
				g.state, g.rest = g.rest, No
			}
		}
		return
	case "endif":
		if n := len(m.guards); n > 0 {
			m.guards = m.guards[:n-1]
		}
		return
	}
	if m.assignment(t, false) {
		m.inRule = false
		return
	}
	switch word {
	case "include", "-include", "sinclude":
		m.inRule = false
		m.include(&rest)
	case "export":
		m.inRule = false
		if !m.assignment(&rest, true) {
			names, _ := live(m.expand(&rest, nil))
			for _, name := range strings.Fields(names) {
				m.exported[name] = true
			}
		}
	case "override", "private":
		m.inRule = false
		m.assignment(&rest, false)
	case "unexport", "undefine", "vpath":
		m.inRule = false
	default:
		if strings.HasPrefix(t.s, "$(eval ") || strings.HasPrefix(t.s, "$(call ") || strings.HasPrefix(t.s, "$(foreach ") {
			m.expand(t, nil) // for what it assigns
			return
		}
		m.inRule = true
	}
}

// arm opens an arm of a conditional: directive is ifeq and the like, cond what
// follows it, whole both.
func (m *maker) arm(g *guard, directive string, cond, whole *text) {
	s := m.condition(directive, cond)
	g.state = min(s, g.rest)
	g.rest = min(g.rest, s.not())
	what := m.symbols(cond.s)
	if what == "" {
		what = strings.Join(strings.Fields(whole.s), " ")
	}
	g.cause = &Cause{Path: m.name, Line: whole.line, Cond: what}
}

// symbols is what of the configuration a text names, with its values, "" for
// nothing.
func (m *maker) symbols(s string) string {
	var list []string
	for {
		i := strings.Index(s, "CONFIG_")
		if i < 0 {
			break
		}
		end := i + len("CONFIG_")
		for end < len(s) && isSymbolByte(s[end]) {
			end++
		}
		sym := s[i:end]
		s = s[end:]
		value, known := m.b.config(sym)
		switch {
		case !known:
		case value == "":
			sym += "=n"
		default:
			sym += "=" + value
		}
		const most = 4
		if len(list) < most && !slices.Contains(list, sym) {
			list = append(list, sym)
		}
	}
	return strings.Join(list, ", ")
}

func isSymbolByte(c byte) bool {
	return c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// condition evaluates an ifeq, ifneq, ifdef or ifndef.
func (m *maker) condition(directive string, cond *text) State {
	switch directive {
	case "ifdef", "ifndef":
		name, s := live(m.expand(cond, nil))
		if s == Yes {
			s = m.defined(name)
		}
		if directive == "ifndef" {
			s = s.not()
		}
		return s
	case "ifeq", "ifneq":
		a, b, ok := condArgs(cond.s)
		if !ok {
			return Maybe
		}
		x, sx := live(m.expandString(a))
		y, sy := live(m.expandString(b))
		s := Maybe
		if sx == Yes && sy == Yes {
			s = No
			if x == y {
				s = Yes
			}
		}
		if directive == "ifneq" {
			s = s.not()
		}
		return s
	}
	return Maybe
}

// condArgs splits "(a,b)", or "a" "b" in quotes.
func condArgs(s string) (a, b string, ok bool) {
	if s == "" {
		return "", "", false
	}
	if s[0] == '(' {
		end := closing(s, 0)
		if end < 0 {
			return "", "", false
		}
		args := splitArgs(s[1:end])
		if len(args) < 2 {
			return "", "", false
		}
		return strings.TrimSpace(args[0]), strings.TrimSpace(strings.Join(args[1:], ",")), true
	}
	a, s, ok = quoted(s)
	if !ok {
		return "", "", false
	}
	b, _, ok = quoted(strings.TrimLeft(s, " \t"))
	return a, b, ok
}

func quoted(s string) (inner, rest string, ok bool) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return "", "", false
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", "", false
	}
	return s[1 : 1+end], s[2+end:], true
}

// defined tells whether a variable has a value that is not empty.
func (m *maker) defined(name string) State {
	if strings.HasPrefix(name, "CONFIG_") {
		value, known := m.b.config(name)
		switch {
		case !known:
			return Maybe
		case value == "":
			return No
		}
		return Yes
	}
	v := m.find(name)
	if v == nil {
		return No
	}
	s := No
	for i := range v.segs {
		seg := &v.segs[i]
		state := seg.state
		if seg.raw.s == "" {
			state = No
			for _, w := range seg.words {
				state = max(state, min(w.State, seg.state))
			}
		}
		s = max(s, state)
	}
	return s
}

// find is the variable of a name, nil if there is none.
func (m *maker) find(name string) *variable {
	if v := m.vars[name]; v != nil {
		return v
	}
	if m.outer != nil && m.outer.exported[name] {
		return m.outer.vars[name]
	}
	return nil
}

// include reads the makefiles of a list.
func (m *maker) include(list *text) {
	for _, w := range m.expand(list, nil) {
		p := path.Clean(w.Text)
		// scripts/ holds the machinery of Kbuild, whose rules are built into
		// this package.
		if w.State == No || strings.HasPrefix(p, "scripts/") || strings.HasPrefix(p, "../") {
			continue
		}
		if w.State == Maybe {
			m.guards = append(m.guards, guard{state: Maybe, cause: w.Cause})
		}
		m.file(p)
		if w.State == Maybe {
			m.guards = m.guards[:len(m.guards)-1]
		}
	}
}

// assignment evaluates a line if it is one.
func (m *maker) assignment(t *text, export bool) bool {
	at, width := assignOp(t.s)
	if at < 0 {
		return false
	}
	name := t.cut(0, at)
	value := t.cut(at+width, len(t.s))
	if name.s == "" || strings.ContainsAny(name.s, " \t") && !strings.Contains(name.s, "$") {
		return false
	}
	m.assign(&name, t.s[at:at+width], &value, export)
	return true
}

// assignOp finds the operator of an assignment, -1 if the line is a rule or
// something else.
func assignOp(s string) (at, width int) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '$':
			if i+1 < len(s) && (s[i+1] == '(' || s[i+1] == '{') {
				end := closing(s, i+1)
				if end < 0 {
					return -1, 0
				}
				i = end
			}
		case '=':
			return i, 1
		case '?', '+', '!':
			if i+1 < len(s) && s[i+1] == '=' {
				return i, 2
			}
		case ':':
			for n := 1; n <= 3 && i+n < len(s); n++ {
				if s[i+n] == '=' {
					return i, n + 1
				}
				if s[i+n] != ':' {
					break
				}
			}
			return -1, 0
		}
	}
	return -1, 0
}

// assign acts on NAME OP VALUE under the open conditionals.
func (m *maker) assign(name *text, op string, value *text, export bool) {
	state, cause := m.governing(m.guards)
	target, known := name.s, Yes
	if i := strings.IndexByte(name.s, '$'); i >= 0 {
		value.cond = m.symbols(name.s)
		target, known = live(m.expand(name, nil))
		// What obj-$(CONFIG_X) names is absent from obj-y if X is not set, and
		// may be in it if nobody knows.
		dash := strings.LastIndex(name.s, "-$")
		switch {
		case known == Yes && !strings.HasSuffix(target, "-"):
		case dash < 0:
			return
		default:
			prefix, s := live(m.expandString(name.s[:dash]))
			if s != Yes {
				return
			}
			target = prefix + "-y"
			if known == Yes {
				known = No
			}
		}
	}
	if known < state {
		state, cause = known, nil
	}
	if cause == nil {
		cause = &Cause{Path: m.name, Line: value.line, Cond: value.cond}
	}
	if export {
		m.exported[target] = true
	}
	v := m.vars[target]
	if v == nil {
		v = &variable{}
		if outer := m.find(target); outer != nil && op == "+=" {
			v.simple, v.segs = outer.simple, slices.Clip(outer.segs)
		}
		m.vars[target] = v
	}
	simple := strings.HasPrefix(op, ":")
	seg := segment{state: state, cause: cause}
	switch {
	case op == "!=":
		seg.words = []Word{unknown(cause)}
	case simple || op == "+=" && v.simple:
		seg.words = m.expand(value, nil)
	default:
		seg.raw = *value
	}
	switch {
	case op == "+=", state == No:
	case op == "?=" && slices.ContainsFunc(v.segs, func(s segment) bool { return s.state == Yes }):
		return
	case state == Maybe || op == "?=":
		if state == Maybe {
			for i := range v.segs {
				s := &v.segs[i]
				if s.state == Yes {
					s.state = Maybe
				}
			}
		}
	default:
		v.simple = simple
		kept := v.segs[:0:0]
		for _, s := range v.segs {
			if s.state == No {
				kept = append(kept, s)
			}
		}
		v.segs = kept
	}
	if len(v.segs) < maxWords {
		v.segs = append(v.segs, seg)
	}
}

// define ends a define: its first line is the name.
func (m *maker) define(t *text) {
	name, body, _ := strings.Cut(t.s, "\n")
	name = strings.TrimRight(strings.TrimSpace(name), "+:?= \t")
	if state, cause := m.governing(m.guards); state != No && name != "" {
		v := &variable{segs: []segment{{raw: text{s: strings.TrimSuffix(body, "\n"), file: t.file, line: t.line + 1}, state: state, cause: cause}}}
		m.vars[name] = v
	}
}

// recipe keeps a line of a recipe that enters a directory:
// $(MAKE) $(build)=arch/x86/boot.
func (m *maker) recipe(t *text) {
	const mark = "$(build)="
	i := strings.Index(t.s, mark)
	if i < 0 {
		return
	}
	what := t.s[i+len(mark):]
	for n := 0; n < len(what); n++ {
		switch c := what[n]; {
		case c == '$' && n+1 < len(what) && (what[n+1] == '(' || what[n+1] == '{'):
			if end := closing(what, n+1); end > 0 {
				n = end
			}
		case isSpace(c), c == ';', c == ')', c == '"', c == '\'':
			what = what[:n]
		}
	}
	state, cause := m.governing(m.guards)
	if cause == nil {
		cause = &Cause{Path: m.name, Line: t.line}
	}
	m.recipes = append(m.recipes, recipe{what, state, cause})
}

// entered adds the directories that recipes enter.
func (m *maker) entered(dirs map[string]Mention) {
	for _, r := range m.recipes {
		for _, w := range m.expandString(r.what) {
			if w = w.with(r.state, r.cause); w.Cause == nil {
				w.Cause = r.cause
			}
			dir := path.Clean(w.Text)
			mention := Mention{State: w.State, Cause: w.Cause}
			if old, ok := dirs[dir]; !ok || mention.better(old) {
				dirs[dir] = mention
			}
		}
	}
}
