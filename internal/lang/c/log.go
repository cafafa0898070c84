package c

// What logmap needs: statements that may print, with the text of their
// arguments, functions that take a format, names of drivers.

import (
	"bytes"
	"sort"
	"unsafe"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// logState is scratch memory and the state of the function being read.
type logState struct {
	params []byte
	text   []byte

	driver    bool // the file registers a driver, and that has been written
	open      bool // a function record has been written and not ended
	wrapper   bool // the function takes a format: all its calls count
	fn        token
	fnFlags   uint32
	fnParams  []token
	fnAttr    []token
	pendingFn bool // inside a function; its record is written with its first statement

	oddArms []lang.Cond
	arms    []token // a statement without the arms left out
	commas  []int   // scratch of logArgs
	words   [1 << 12]wordState
}

func (l *logState) reset() {
	l.open, l.pendingFn, l.wrapper, l.driver = false, false, false, false
}

// tokensText is the source text of consecutive tokens. When comments or
// splices may stand between them they are folded to a blank.
func (x *extractor) tokensText(ts []token, dirty bool) []byte {
	if len(ts) == 0 {
		return nil
	}
	last := &ts[len(ts)-1]
	raw := x.src[ts[0].off : last.off+uint32(last.len)]
	if !dirty && bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '/') < 0 {
		return raw
	}
	b := x.log.text[:0]
	for i := range ts {
		t := &ts[i]
		if i > 0 && t.flags&(blankBefore|firstOnLine) != 0 {
			b = append(b, ' ')
		}
		if t.kind == kString || t.kind == kChar {
			b = appendUnspliced(b, x.text(t))
		} else {
			b = append(b, x.text(t)...)
		}
	}
	x.log.text = b
	return b
}

// appendUnspliced appends s without backslash-newline pairs.
func appendUnspliced(b, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if s[i+1] == '\n' {
				i++
				continue
			}
			if s[i+1] == '\r' && i+2 < len(s) && s[i+2] == '\n' {
				i += 2
				continue
			}
			b = append(b, s[i], s[i+1])
			i++
			continue
		}
		b = append(b, s[i])
	}
	return b
}

// logFunc notes the function whose body begins; its record is written with its
// first statement.
func (x *extractor) logFunc(name *token, static bool, params, attr []token) {
	l := &x.log
	l.fn = *name
	l.fnFlags = 0
	if static {
		l.fnFlags |= linkfacts.FlagStatic
	}
	l.fnParams, l.fnAttr = params, attr
	l.wrapper = false
	for i := range params {
		t := &params[i]
		if t.kind == kEllipsis || t.kind == kIdent && (is(x.text(t), "va_list") || is(x.text(t), "va_format")) {
			l.wrapper = true
		}
	}
	if l.wrapper {
		l.fnFlags |= linkfacts.FlagFormat
	}
	l.pendingFn = true
}

func (x *extractor) logFuncEnd() {
	l := &x.log
	if l.open {
		x.f.Link = linkfacts.AppendFuncEnd(x.f.Link)
	}
	l.open, l.pendingFn, l.wrapper = false, false, false
}

// printWords are parts of names under which the kernel prints. They only
// decide which statements are kept for logmap, which finds out from the tree
// whether the callee prints at all.
var printWords = [...]string{
	"print", "pr_", "err", "warn", "WARN", "info", "dbg", "DBG", "debug", "DEBUG", "log", "LOG", "msg", "MSG",
	"ERR", "INFO", "PRINT", "panic", "PANIC", "notice", "crit", "alert", "emerg", "trace", "TRACE", "fatal",
	"bug", "BUG", "die", "note", "say", "report", "dump", "kmsg", "DPRI", "dprintk", "putstr",
}

// silent are frequent callees that carry such a word, or take such a string,
// and never print to the kernel log. Leaving them out is only a matter of size.
var silent = map[string]bool{
	"IS_ERR": true, "PTR_ERR": true, "ERR_PTR": true, "IS_ERR_OR_NULL": true, "ERR_CAST": true, "PTR_ERR_OR_ZERO": true,
	"BUILD_BUG_ON": true, "BUG_ON": true, "WARN_ON": true, "WARN_ON_ONCE": true, "VM_BUG_ON": true, "ilog2": true,
	"seq_printf": true, "seq_puts": true, "snprintf": true, "scnprintf": true, "sprintf": true, "sysfs_emit": true,
	"sysfs_emit_at": true, "printf": true, "fprintf": true, "strcmp": true, "strncmp": true, "kasprintf": true,
	"devm_kasprintf": true, "snd_iprintf": true, "request_irq": true, "debugfs_create_file": true, "strlcpy": true,
	"strscpy": true, "strcpy": true, "strcat": true, "alloc_workqueue": true, "usb_control_msg": true,
	"MODULE_PARM_DESC": true, "debug_object_init": true, "debugfs_create_dir": true, "netif_msg_init": true,
}

// wordState remembers for names, by hash, whether they are silent or speak.
type wordState struct {
	hash  uint32
	known bool
	print bool
}

// printName reports whether a callee's name suggests that it prints.
func (x *extractor) printName(t *token) bool {
	s := &x.log.words[t.hash&uint32(len(x.log.words)-1)]
	if s.known && s.hash == t.hash {
		return s.print
	}
	name := x.text(t)
	found := false
	for _, w := range printWords {
		if len(name) >= len(w) && bytes.Contains(name, []byte(w)) {
			found = true
			break
		}
	}
	*s = wordState{hash: t.hash, known: true, print: found}
	return found
}

// spoken reports whether a string constant looks like words for a person
// rather than a name: it has a conversion, a blank or an escape.
func spoken(s []byte) bool {
	return bytes.IndexByte(s, '%') >= 0 || bytes.IndexByte(s, ' ') >= 0 || bytes.IndexByte(s, '\\') >= 0
}

// logCall records the call of callee with the argument tokens ts (without the
// parentheses) if it may print. strings tells that a string constant stands at
// the top level of the arguments.
func (x *extractor) logCall(callee *token, ts []token, strings bool) {
	l := &x.log
	name := x.text(callee)
	switch {
	case l.wrapper: // what a wrapper calls decides whether it prints
	case !l.pendingFn:
		// At file scope only macros that make printing functions matter:
		// define_dev_printk_level(_dev_err, KERN_ERR).
		if strings || macroName(name) || !x.printName(callee) {
			return
		}
	case strings:
		if !x.printName(callee) && !x.anySpoken(ts) || silent[string(name)] {
			return
		}
	case len(ts) == 0 || !x.printName(callee) || silent[string(name)]:
		return
	}
	if n := len(ts); n > 0 && int(ts[n-1].off+uint32(ts[n-1].len)-ts[0].off) > linkfacts.MaxText {
		return
	}
	if l.pendingFn && !l.open {
		var attr []byte
		l.params = l.params[:0]
		if l.wrapper {
			l.params = append(l.params, x.tokensText(l.fnParams, false)...)
			attr = x.tokensText(l.fnAttr, false)
		}
		x.f.Link = linkfacts.AppendFunc(x.f.Link, l.fn.line, l.fnFlags, x.text(&l.fn), l.params, attr)
		l.open = true
	}
	if !x.logArms(callee, ts) {
		x.logArgs(callee, ts)
	}
}

// oddArms gathers the arms of the file whose conditions are neither CONFIG_
// symbols nor include guards.
func (x *extractor) oddArms() {
	x.log.oddArms = x.log.oddArms[:0]
	for _, c := range x.f.Conds {
		if k := c.Kind.First(); k != lang.CondIfdef && k != lang.CondIf || c.Expr.Len == 0 {
			continue
		}
		e := x.src[c.Expr.Off : c.Expr.Off+c.Expr.Len]
		if bytes.Contains(e, []byte("CONFIG_")) || bytes.HasPrefix(e, []byte("__")) || bytes.ContainsAny(e, "<>=!") ||
			bytes.Contains(e, []byte("MODULE")) || bytes.Contains(e, []byte("IS_")) {
			continue
		}
		x.log.oddArms = append(x.log.oddArms, c)
	}
}

// odd is FlagOdd for a line in such an arm, else 0.
func (x *extractor) odd(line uint32) uint32 {
	for i := range x.log.oddArms {
		if c := &x.log.oddArms[i]; line >= c.Start && line <= c.End {
			return linkfacts.FlagOdd
		}
	}
	return 0
}

// maxArms bounds the conditionals inside one statement whose arms are told
// apart: each doubles the number of its versions.
const maxArms = 3

// logArms records a statement that has conditionals among its arguments, once
// for each choice of arms. It reports whether there were any.
func (x *extractor) logArms(callee *token, ts []token) bool {
	if len(ts) == 0 || len(x.arms) == 0 {
		return false
	}
	first := int32((uintptr(unsafe.Pointer(&ts[0])) - uintptr(unsafe.Pointer(&x.toks[0]))) / unsafe.Sizeof(token{}))
	end := first + int32(len(ts))
	lo := sort.Search(len(x.arms), func(i int) bool { return x.arms[i].tok >= first })
	hi := lo
	groups := 0
	for hi < len(x.arms) && x.arms[hi].tok <= end {
		if x.arms[hi].kind == armIf && x.arms[hi].tok < end {
			groups++
		}
		hi++
	}
	if groups == 0 {
		return false
	}
	groups = min(groups, maxArms)
	for choice := range 1 << groups {
		x.log.arms = x.log.arms[:0]
		next, group, depth := lo, -1, 0
		dead := 0 // depth of the conditional whose arm is left out, 0 if none
		for i := first; i < end; i++ {
			for next < hi && x.arms[next].tok <= i {
				switch x.arms[next].kind {
				case armIf:
					depth++
					group++
					if dead == 0 && group < groups && choice>>group&1 != 0 {
						dead = depth
					}
				case armElse:
					switch {
					case dead == depth:
						dead = 0
					case dead == 0:
						dead = depth
					}
				case armEndif:
					if dead == depth {
						dead = 0
					}
					depth--
				}
				next++
			}
			if dead == 0 {
				x.log.arms = append(x.log.arms, ts[i-first])
			}
		}
		if len(x.log.arms) > 0 {
			x.logArgs(callee, x.log.arms)
		}
	}
	return true
}

// logText records a variable that holds a string constant, which stands for
// its text as a macro does: static const char version[] = "...".
func (x *extractor) logText(name *token, static bool, value []token) {
	if len(value) == 0 || len(value) > 64 || value[0].kind != kString && value[0].kind != kIdent {
		return
	}
	strings := false
	for i := range value {
		switch value[i].kind {
		case kString:
			strings = true
		case kIdent, kLParen, kRParen:
		default:
			return
		}
	}
	if !strings {
		return
	}
	flags := uint32(linkfacts.FlagVariable)
	if static {
		flags |= linkfacts.FlagStatic
	}
	text := x.tokensText(value, true)
	if len(text) <= linkfacts.MaxText {
		x.f.Link = linkfacts.AppendMacro(x.f.Link, name.line, flags, x.text(name), nil, text)
	}
}

// logArgs writes the statement with the arguments ts.
func (x *extractor) logArgs(callee *token, ts []token) {
	commas := x.log.commas[:0] // outside brackets
	depth := 0
	for i := range ts {
		switch ts[i].kind {
		case kLParen, kLBrack, kLBrace:
			depth++
		case kRParen, kRBrack, kRBrace:
			depth--
		case kComma:
			if depth == 0 {
				commas = append(commas, i)
			}
		}
	}
	x.log.commas = commas
	n := 0
	if len(ts) > 0 {
		n = 1 + len(commas)
	}
	x.f.Link = linkfacts.AppendStmt(x.f.Link, callee.line, x.text(callee), x.odd(callee.line), n)
	start := 0
	for _, i := range commas {
		x.f.Link = linkfacts.AppendArg(x.f.Link, x.tokensText(ts[start:i], false))
		start = i + 1
	}
	if n > 0 {
		x.f.Link = linkfacts.AppendArg(x.f.Link, x.tokensText(ts[start:], false))
	}
}

func (x *extractor) anySpoken(ts []token) bool {
	for i := range ts {
		if ts[i].kind == kString && spoken(x.text(&ts[i])) {
			return true
		}
	}
	return false
}

// logMember looks at the value toks[value:] given to the member t by a
// designated initialiser: the name of a driver, or the mark of one.
func (x *extractor) logMember(t *token, value int) {
	switch string(x.text(t)) {
	case "compatible":
		if value < len(x.toks) && x.toks[value].kind == kString {
			x.occ(&x.toks[value], lang.Registration)
		}
	case "name":
		x.logName(x.toks[value:min(x.initialiser(value), value+6)])
	case "probe", "probe_new", "id_table", "of_match_table", "acpi_match_table":
		if !x.log.driver {
			x.log.driver = true
			x.f.Link = linkfacts.AppendDriver(x.f.Link)
		}
	}
}

// logName records a value given to a member called name, which is how drivers
// say what they are called.
func (x *extractor) logName(value []token) {
	if len(value) == 0 || len(value) > 4 {
		return
	}
	for i := range value {
		if k := value[i].kind; k != kString && k != kIdent {
			return
		}
	}
	text := x.tokensText(value, false)
	if len(text) > 128 {
		return
	}
	x.f.Link = linkfacts.AppendName(x.f.Link, text)
}

// is compares the text of a token with a word, without making a string.
func is(text []byte, word string) bool { return string(text) == word }
