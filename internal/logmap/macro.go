package logmap

// Macros of the tree: which definition a file sees, and expansion. Expansion
// works on the text around print statements only, without a build: all
// definitions that a file can see in any configuration count.

import (
	"sort"
	"strings"
	"sync/atomic"
	"unsafe"

	"dekho/internal/lang/c"
)

// tok is one token of a macro body or an argument. Beside the tokens of C there
// are places for the arguments of the statement being expanded, so that the
// expansion of a macro can be computed once for all its uses.
type tok struct {
	kind c.LexemeKind
	text string
	n    int32 // of tokParam and tokRest
}

const (
	// tokParam stands for argument n of the statement.
	tokParam c.LexemeKind = 100 + iota
	// tokRest stands for the arguments from n on, with their commas.
	tokRest
)

// lexText splits text into tokens that alias it.
func lexText(dst []tok, text string) []tok {
	var buf [64]c.Lexeme
	ls := c.AppendLexemes(buf[:0], bytesOf(text))
	for _, l := range ls {
		dst = append(dst, tok{kind: l.Kind, text: stringOf(l.Text)})
	}
	return dst
}

// bytesOf and stringOf convert without copying; the blobs of the index that
// the linker reads are never written to.
func bytesOf(s string) []byte  { return unsafe.Slice(unsafe.StringData(s), len(s)) }
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// macro is one #define.
type macro struct {
	name     string
	file     int32
	line     uint32
	function bool
	guarded  bool     // under #ifndef of its own name
	global   bool     // a variable that every file can name
	params   []string // fixed parameters
	rest     string   // name of the variable part: __VA_ARGS__, or args of args...
	body     string

	// Worked out when first asked for, by whoever asks; two workers that do so
	// at once come to the same.
	toks  atomic.Pointer[[]tok]
	prims atomic.Pointer[[]prim] // see linker.macroPrims
}

func newMacro(file int32, line uint32, name string, function bool, params, body string) *macro {
	m := &macro{name: name, file: file, line: line, function: function, body: body}
	if !function {
		return m
	}
	for p := range strings.SplitSeq(params, ",") {
		p = strings.TrimSpace(strings.ReplaceAll(p, "\\\n", ""))
		switch {
		case p == "":
		case p == "...":
			m.rest = "__VA_ARGS__"
		case strings.HasSuffix(p, "..."):
			m.rest = strings.TrimSpace(strings.TrimSuffix(p, "..."))
		default:
			m.params = append(m.params, p)
		}
	}
	return m
}

func (m *macro) tokens() []tok {
	if ts := m.toks.Load(); ts != nil {
		return *ts
	}
	ts := lexText(nil, m.body)
	m.toks.Store(&ts)
	return ts
}

// paramIndex is the index of a fixed parameter, len(params) for the variable
// part, or -1.
func (m *macro) paramIndex(name string) int {
	for i, p := range m.params {
		if p == name {
			return i
		}
	}
	if m.rest != "" && name == m.rest {
		return len(m.params)
	}
	return -1
}

// maxExpansion bounds the tokens of one expansion: hostile macros grow
// exponentially.
const maxExpansion = 20000

// substitute is the body of m with its parameters replaced by args, the
// tokens of each argument. The operators # and ## are applied.
func (m *macro) substitute(args [][]tok) []tok {
	body := m.tokens()
	out := make([]tok, 0, len(body)+16)
	variable := func() []tok {
		var v []tok
		for i := len(m.params); i < len(args); i++ {
			if i > len(m.params) {
				v = append(v, tok{kind: c.Comma, text: ","})
			}
			v = append(v, args[i]...)
		}
		return v
	}
	arg := func(i int) []tok {
		if i == len(m.params) {
			return variable()
		}
		if i < len(args) {
			return args[i]
		}
		return nil
	}
	paste := false
	for i := 0; i < len(body) && len(out) < maxExpansion; i++ {
		t := body[i]
		switch {
		case t.kind == c.Hash && m.function && i+1 < len(body) && body[i+1].kind == c.Ident:
			if p := m.paramIndex(body[i+1].text); p >= 0 {
				out = append(out, tok{kind: c.String, text: quote(arg(p))})
				i++
				continue
			}
		case t.kind == c.Paste:
			paste = true
			continue
		}
		add := []tok{t}
		if t.kind == c.Ident && m.function {
			if p := m.paramIndex(t.text); p >= 0 {
				add = arg(p)
				if paste && len(add) == 0 {
					// , ## __VA_ARGS__ without arguments takes the comma along.
					if n := len(out); n > 0 && out[n-1].kind == c.Comma {
						out = out[:n-1]
					}
				}
			}
		}
		if paste && len(add) > 0 && len(out) > 0 && pastes(out[len(out)-1]) && pastes(add[0]) {
			out[len(out)-1].text += add[0].text
			add = add[1:]
		}
		paste = false
		out = append(out, add...)
	}
	return out
}

func pastes(t tok) bool { return t.kind == c.Ident || t.kind == c.Number }

// quote is the string constant that # makes of tokens.
func quote(ts []tok) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, t := range ts {
		if i > 0 && t.kind == c.Ident && ts[i-1].kind == c.Ident {
			b.WriteByte(' ')
		}
		for _, r := range []byte(t.text) {
			if r == '"' || r == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// group returns the arguments in the parentheses that open at ts[i], and the
// index behind them. ok is false when they do not close.
func group(ts []tok, i int) (args [][]tok, next int, ok bool) {
	depth := 0
	start := i + 1
	for ; i < len(ts); i++ {
		switch ts[i].kind {
		case c.Open:
			depth++
		case c.Close:
			depth--
			if depth == 0 {
				if i > start || len(args) > 0 {
					args = append(args, ts[start:i])
				}
				return args, i + 1, true
			}
		case c.Comma:
			if depth == 1 {
				args = append(args, ts[start:i])
				start = i + 1
			}
		case c.Punct:
			// Braces and brackets hide commas from the preprocessor no more
			// than other tokens do.
		}
	}
	return nil, i, false
}

// nameDefs are the definitions of one name.
type nameDefs struct {
	number  int32    // index in linker.names
	all     []*macro // in the order of their files
	headers []*macro // those in headers
	global  *macro   // a variable that every file can name
	// common is set when the only definitions outside C files are those of one
	// header that any file may include: the usual case, and a quick one.
	common []*macro
}

// index fills what is derived from all.
func (d *nameDefs) index(l *linker) {
	for _, m := range d.all {
		switch {
		case l.files[m.file].header:
			d.headers = append(d.headers, m)
		case m.global && d.global == nil:
			d.global = m
		}
	}
	if n := len(d.headers); n > 0 && d.headers[0].file == d.headers[n-1].file && strings.HasPrefix(l.files[d.headers[0].file].path, "include/") {
		d.common = d.headers
	}
}

// own are the definitions in the file itself.
func (d *nameDefs) own(file int32) []*macro {
	i := sort.Search(len(d.all), func(i int) bool { return d.all[i].file >= file })
	j := i
	for j < len(d.all) && d.all[j].file == file {
		j++
	}
	return d.all[i:j]
}

// visible returns the definitions of name that the file sees: its own, or
// those of one header it includes. All #if alternatives of one file count.
func (l *linker) visible(name string, file int32) []*macro {
	d := l.macros[name]
	if d == nil {
		return nil
	}
	if own := d.own(file); len(own) > 0 {
		return own
	}
	if d.common != nil {
		return d.common
	}
	if len(d.headers) == 0 {
		if d.global != nil {
			return []*macro{d.global}
		}
		return nil
	}
	if l.visFile != file { // the memo serves the statements of one file
		clear(l.visMemo)
		l.visFile = file
	}
	if v, ok := l.visMemo[name]; ok {
		return v
	}
	v := l.findVisible(name, d, file)
	l.visMemo[name] = v
	return v
}

// findVisible looks for the header that brings a name to a file.
func (l *linker) findVisible(name string, d *nameDefs, file int32) []*macro {
	var groups [][]*macro // by header
	for i := 0; i < len(d.headers); {
		j := i
		for j < len(d.headers) && d.headers[j].file == d.headers[i].file {
			j++
		}
		if l.near(&l.files[d.headers[i].file], file) {
			groups = append(groups, d.headers[i:j])
		}
		i = j
	}
	switch len(groups) {
	case 0:
		return nil
	case 1:
		return groups[0]
	}
	return l.reach(name, groups, file)
}

// near reports whether a file can be expected to include the header: any may
// include those of include directories, private headers serve the files around
// them. User-space tools have headers of their own.
func (l *linker) near(h *fileInfo, file int32) bool {
	f := &l.files[file]
	if h.userSpace || f.userSpace {
		return h.userSpace == f.userSpace
	}
	if strings.HasPrefix(h.path, "include/") {
		return true
	}
	if h.arch != "" && strings.HasPrefix(h.path[len("arch/")+len(h.arch):], "/include/") {
		return f.arch == "" || f.arch == h.arch
	}
	return commonDirs(h.path, f.path) >= 2
}

// reach finds which of the headers with a definition of name the file
// includes, directly or not. Where more than one is reached, the one nearest
// to the file in the tree is taken: private headers redefine what common ones
// preset.
func (l *linker) reach(name string, groups [][]*macro, file int32) []*macro {
	var best []*macro
	bestScore := 0
	consider := func(g []*macro, hops int) {
		h := &l.files[g[0].file]
		if g[0].guarded && strings.HasPrefix(h.path, "include/") {
			return // a default among others, see below
		}
		s := commonDirs(h.path, l.files[file].path)*100 - hops
		if h.arch != "" && l.files[file].arch != h.arch {
			s -= 1000
		}
		if best == nil || s > bestScore {
			best, bestScore = g, s
		}
	}
	// The file's own includes, and what its private headers include in turn:
	// common headers seldom redefine what others use, and going through them
	// would visit half of include/.
	l.seenGen++
	queue := append(l.queue[:0], file)
	for n := 0; n < len(queue) && n < 100; n++ {
		hops := 1
		if n == 0 {
			hops = 0
		}
		for _, h := range l.includes(queue[n]) {
			if l.seenAt[h] == l.seenGen {
				continue
			}
			l.seenAt[h] = l.seenGen
			for _, g := range groups {
				if g[0].file == h {
					consider(g, hops)
				}
			}
			if p := l.files[h].path; !strings.HasPrefix(p, "include/") && !strings.HasPrefix(p, "arch/") {
				queue = append(queue, h)
			}
		}
	}
	l.queue = queue
	if best != nil {
		return best
	}
	// Not seen on the way: the definition that a common header presets, which
	// is the one that its macros use.
	if g, ok := l.presets[name]; ok {
		return g
	}
	most := -1
	for _, g := range groups {
		if !strings.HasPrefix(l.files[g[0].file].path, "include/") {
			continue
		}
		if n := l.usesIn(name, g[0].file); n > most {
			best, most = g, n
		}
	}
	l.presets[name] = best
	return best
}

// usesIn counts the macros of a header that mention a name.
func (l *linker) usesIn(name string, header int32) (n int) {
	number, ok := l.number(name)
	if !ok {
		return 0
	}
	for _, u := range l.users[number] {
		if d := l.macros[l.names[u]]; d != nil {
			n += len(d.own(header))
		}
	}
	return n
}

// commonDirs counts the leading directories two paths share.
func commonDirs(a, b string) int {
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// includes returns the headers a file includes, as far as the tree has them.
func (l *linker) includes(file int32) []int32 {
	fi := &l.files[file]
	if hs := fi.includes.Load(); hs != nil {
		return *hs
	}
	var hs []int32
	for _, inc := range l.in.Includes(int(file)) {
		if h, ok := l.resolveInclude(fi, inc); ok {
			hs = append(hs, h)
		}
	}
	fi.includes.Store(&hs)
	return hs
}

// resolveInclude finds the header that inc names in a file: beside it, in the
// include directories, or, since -I flags are not known, anywhere near.
func (l *linker) resolveInclude(fi *fileInfo, inc string) (int32, bool) {
	try := func(p string) (int32, bool) {
		h, ok := l.byPath[p]
		return h, ok
	}
	if h, ok := try(cleanJoin(fi.dir, inc)); ok {
		return h, ok
	}
	if fi.arch != "" {
		if h, ok := try("arch/" + fi.arch + "/include/" + inc); ok {
			return h, ok
		}
	}
	for _, dir := range [...]string{"include/", "include/uapi/", "arch/x86/include/", "include/asm-generic/"} {
		p := dir + inc
		if dir == "include/asm-generic/" {
			rest, ok := strings.CutPrefix(inc, "asm/")
			if !ok {
				continue
			}
			p = dir + rest
		}
		if h, ok := try(p); ok {
			return h, ok
		}
	}
	base := inc[strings.LastIndexByte(inc, '/')+1:]
	best, bestScore := int32(-1), 0
	for _, h := range l.byBase[base] {
		p := l.files[h].path
		if !strings.HasSuffix(p, "/"+strings.TrimLeft(inc, "./")) {
			continue
		}
		if s := commonDirs(p, fi.path); s > bestScore {
			best, bestScore = h, s
		}
	}
	return best, best >= 0
}

// cleanJoin joins a directory ("" or ending in /) and a relative path, folding
// ".." without leaving the tree.
func cleanJoin(dir, rel string) string {
	for {
		switch {
		case strings.HasPrefix(rel, "./"):
			rel = rel[2:]
		case strings.HasPrefix(rel, "../"):
			rel = rel[3:]
			d := strings.TrimSuffix(dir, "/")
			dir = d[:strings.LastIndexByte(d, '/')+1]
		default:
			return dir + rel
		}
	}
}
