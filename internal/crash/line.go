package crash

import (
	"strconv"
	"strings"
)

// lineKind is what a line of a report is, by its shape alone.
type lineKind uint8

const (
	lineText lineKind = iota
	// lineFrame is a frame of a call trace.
	lineFrame
	// lineHeading begins a call trace.
	lineHeading
	// linePC says where the processor was.
	linePC
	// lineInterrupted says where the code was that an interrupt came into.
	lineInterrupted
	// lineAt is a lock with the place where it was taken.
	lineAt
	lineRegisters
	lineCode
	// lineCPU is the line of dump_stack_print_info with CPU, task and release.
	lineCPU
	lineHardware
	// lineRule is a line of ==== or ----.
	lineRule
	// lineEnd is the "---[ end trace".
	lineEnd
	// lineOffset tells KASLR's.
	lineOffset
	// linePart is anything else that only a report has.
	linePart
)

// line is a line of a report.
type line struct {
	kind    lineKind
	heading headingKind
	text    string
	frame   Frame
	// from is the caller in ARM's "(a) from (b+0x1/0x2)", where frame is a.
	from *Frame
	at   Place
}

// endsRegisters reports whether it is the last line of the registers of RISC-V
// (__show_regs in arch/riscv/kernel/process.c).
func (l *line) endsRegisters() bool {
	return l.kind == lineRegisters && strings.Contains(l.text, "cause: ")
}

// headingKind is whose stack follows.
type headingKind uint8

const (
	headNone headingKind = iota
	// headCall: the one that led here.
	headCall
	// headLeak: kmemleak's, of an allocation.
	headLeak
	// headPast: of something that happened before (allocation, free, store).
	headPast
	// headChain: of a lock taken before, for lockdep.
	headChain
)

// headings are the lines above call traces. Facts of arch/*/kernel/dumpstack.c
// and stacktrace.c, mm/kasan/report.c, mm/kmsan/report.c, mm/kmemleak.c,
// mm/kfence/report.c, mm/page_owner.c, kernel/locking/lockdep.c.
var headings = []struct {
	start, end string
	kind       headingKind
}{
	{"Call Trace:", "", headCall},
	{"Call trace:", "", headCall},
	{"Backtrace:", "", headCall},
	{"backtrace:", "", headLeak},
	{"backtrace (", "", headLeak},
	{"Allocated by task ", "", headPast},
	{"Allocated:", "", headPast},
	{"Freed by task ", "", headPast},
	{"Freed:", "", headPast},
	{"Last potentially related work creation:", "", headPast},
	{"Second to last potentially related work creation:", "", headPast},
	{"Uninit was ", " at:", headPast},
	{"Uninit was ", " at", headPast},
	{"Local variable ", " created at:", headPast},
	{"allocated by task ", "", headPast},
	{"freed by task ", "", headPast},
	{"kfence-#", "", headPast},
	{"page last allocated via ", "", headPast},
	{"page last free ", "", headPast},
	{"read to 0x", "", headPast},
	{"write to 0x", "", headPast},
	{"Preemption disabled at:", "", headPast},
	{"-> #", ":", headChain},
	{"which became ", " at:", headChain},
	{"... which became ", " at:", headChain},
}

// parseHeading says what stack a line announces.
func parseHeading(text string) headingKind {
	text = strings.TrimSpace(text)
	if text == "" {
		return headNone
	}
	if !headingByte[text[0]] {
		// Kernels of old print the stack's words and the heading in one line.
		if strings.HasSuffix(text, "Call Trace:") && isHex(text[0]) {
			return headCall
		}
		return headNone
	}
	for i := range headings {
		h := &headings[i]
		if strings.HasPrefix(text, h.start) && strings.HasSuffix(text, h.end) {
			return h.kind
		}
	}
	return headNone
}

// headingByte are the bytes that headings begin with.
var headingByte = func() (set [256]bool) {
	for i := range headings {
		set[headings[i].start[0]] = true
	}
	return set
}()

// parseLine classes a line of a report.
func parseLine(text string) line {
	l := line{text: text}
	if h := parseHeading(text); h != headNone {
		l.kind, l.heading = lineHeading, h
		return l
	}
	if f, from, ok := parseFrame(text); ok {
		l.kind, l.frame, l.from = lineFrame, f, from
		return l
	}
	if f, ok := parsePC(text); ok {
		l.kind, l.frame = linePC, f
		return l
	}
	body := strings.TrimSpace(text)
	if body == "" {
		return l
	}
	if rest, ok := strings.CutPrefix(body, "--- interrupt: "); ok {
		l.kind = lineInterrupted
		if _, at, ok := strings.Cut(rest, " at "); ok {
			l.frame, _ = parseSymbol(at)
		}
		return l
	}
	switch body[0] {
	case '=', '-':
		if strings.HasPrefix(body, "---[ end ") {
			l.kind = lineEnd
			return l
		}
		if len(body) >= 20 && strings.Trim(body, body[:1]) == "" {
			l.kind = lineRule
			return l
		}
	case 'C':
		switch {
		case strings.HasPrefix(body, "Code:"):
			l.kind = lineCode
			return l
		case strings.HasPrefix(body, "CPU: "), strings.HasPrefix(body, "Comm: "):
			l.kind = lineCPU
			return l
		}
	case 'H':
		if strings.HasPrefix(body, "Hardware name: ") {
			l.kind = lineHardware
			return l
		}
	case 'K':
		if strings.HasPrefix(body, "Kernel Offset: ") {
			l.kind = lineOffset
			return l
		}
	case '<':
		for _, m := range [...]string{"<TASK>", "</TASK>", "<IRQ>", "</IRQ>", "<NMI>", "</NMI>", "<SOFTIRQ>", "</SOFTIRQ>", "<#DF>", "</#DF>", "<EOI>"} {
			if body == m {
				l.kind = linePart
				return l
			}
		}
	}
	// Held locks, and the lock that was being taken: "... at: func+0x1/0x2".
	if i := strings.LastIndex(text, "at: "); i >= 0 && (i == 0 || text[i-1] == ' ') {
		if f, ok := parseSymbol(text[i+len("at: "):]); ok {
			l.kind, l.frame = lineAt, f
			return l
		}
	}
	if isRegisters(body) {
		l.kind = lineRegisters
		if name, _, _ := strings.Cut(body, ":"); len(name) >= 4 && strings.Trim(name, "0123456789abcdef") == "" {
			l.kind = linePart // the words of a stack
		}
		return l
	}
	for _, p := range partStarts {
		if strings.HasPrefix(body, p) {
			l.kind = linePart
			return l
		}
	}
	return l
}

// partStarts are how other lines begin that stand in reports only.
var partStarts = []string{
	"Modules linked in:", "Read of size ", "Write of size ", "Read at addr ", "Write at addr ", "The buggy address ", "Memory state around the buggy",
	"Kernel panic - not syncing", "Rebooting in ", "Workqueue: ", "Stack:", "Exception stack(", "Process ", "Internal error: ", "Oops: ", "Oops [#",
	"invalid opcode: ", "stack backtrace:", "other info that might help us debug this:", "Possible unsafe locking scenario:", "the existing dependency chain",
	"which lock already depends", "Showing all locks held", "Sending NMI from CPU", "NMI backtrace for cpu", "Dumping ftrace buffer", "Mem-Info:",
	"Kernel Offset: ", "flags: 0x", "raw: ", "page dumped because: ", "page:", "unreferenced object ", "comm \"", "hex dump (first", "value changed: ",
	"Reported by Kernel Concurrency", "Bytes ", "Memory access of size", "CR2: ", "PKRU: ", "#PF: ", "PGD ", "pgd = ", "pstate: ", "Redzone ", "Object ", "Padding ",
	"task: ", "task:", "irq event stamp: ", "hardirqs last ", "softirqs last ", "8<--- cut here ---", "rcu: ", "(detected by ",
}

// parseFrame reads a line of a call trace. Facts of printk_stack_address and
// its like in arch/*/kernel: one or two addresses in brackets, a question
// mark if the address was only found on the stack, name+offset/size, the
// module. ARM writes "[<pc>] (name) from [<pc>] (name+offset/size)", PowerPC
// two addresses; symbolised logs add file:line.
//
// Without CONFIG_KALLSYMS, ARM writes "Function entered at [<pc>] from [<pc>]".
func parseFrame(text string) (f Frame, from *Frame, ok bool) {
	s := strings.TrimLeft(text, " \t")
	if s == "" {
		return f, nil, false
	}
	if rest, found := strings.CutPrefix(s, "Function entered at "); found {
		return parseNameless(rest)
	}
	// Marks of the stack that begins or ends there, in front of the frame.
	for strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 0 || end > 8 || end+1 >= len(s) || s[end+1] != ' ' {
			break
		}
		s = strings.TrimLeft(s[end+1:], " ")
	}
	for range 2 {
		addr, rest, found := cutAddress(s)
		if !found {
			break
		}
		f.Address, s = addr, rest
	}
	if rest, found := strings.CutPrefix(s, "? "); found {
		f.Unreliable, s = true, strings.TrimLeft(rest, " ")
	}
	if strings.HasPrefix(s, "(") && f.Address != 0 {
		return parseFrameARM(s, f)
	}
	if first, rest, found := strings.Cut(s, " from "); found {
		// ARM since 5.18: "show_stack from dump_stack_lvl+0x10/0x14".
		callee, ok := parseFunction(first)
		if g, found := parseSymbol(rest); ok && found {
			callee.Unreliable, g.Unreliable = f.Unreliable, f.Unreliable
			return callee, &g, true
		}
	}
	g, ok := parseSymbol(s)
	if !ok {
		return f, nil, false
	}
	g.Address, g.Unreliable = f.Address, f.Unreliable || strings.HasSuffix(s, "(unreliable)")
	return g, nil, true
}

func parseNameless(s string) (f Frame, from *Frame, ok bool) {
	addr, rest, ok := cutAddress(s)
	if !ok {
		return f, nil, false
	}
	f.Address = addr
	if rest, found := strings.CutPrefix(rest, "from "); found {
		if addr, _, found := cutAddress(rest); found {
			from = &Frame{Address: addr}
		}
	}
	return f, from, from != nil
}

func parseFrameARM(s string, f Frame) (Frame, *Frame, bool) {
	name, rest, found := strings.Cut(s[1:], ") from ")
	if !found {
		// "[<pc>] (name+0x1/0x2)"
		g, ok := parseSymbol(s[1:])
		g.Address = f.Address
		return g, nil, ok
	}
	addr, rest, found := cutAddress(rest)
	if !found || !strings.HasPrefix(rest, "(") {
		return f, nil, false
	}
	g, ok := parseSymbol(rest[1:])
	if !ok {
		return f, nil, false
	}
	g.Address = addr
	callee, ok := parseFunction(name)
	callee.Address, callee.Unreliable, g.Unreliable = f.Address, f.Unreliable, f.Unreliable
	return callee, &g, ok
}

// parseFunction reads "name" or "name [module]", with an offset or without.
func parseFunction(s string) (f Frame, ok bool) {
	if f, ok := parseSymbol(s); ok {
		return f, true
	}
	n := nameLen(s)
	if n == 0 || n < len(s) && !strings.HasPrefix(s[n:], " [") {
		return f, false
	}
	f.Function = s[:n]
	f.tail(s[n:])
	return f, true
}

// cutAddress takes "[<ffffffff81000000>] " or "[c0001234] " off the front.
func cutAddress(s string) (addr uint64, rest string, ok bool) {
	if !strings.HasPrefix(s, "[") {
		return 0, s, false
	}
	end := strings.IndexByte(s, ']')
	if end < 0 || end > 24 {
		return 0, s, false
	}
	in := strings.TrimSuffix(strings.TrimPrefix(s[1:end], "<"), ">")
	in = strings.TrimPrefix(in, "0x")
	addr, err := strconv.ParseUint(in, 16, 64)
	if err != nil || in == "" {
		return 0, s, false
	}
	rest = s[end+1:]
	if rest != "" && rest[0] != ' ' && rest[0] != '(' {
		return 0, s, false
	}
	return addr, strings.TrimLeft(rest, " "), true
}

// parseSymbol reads "name+0x12/0x34 [module buildid] file.c:12", or of a
// symbolised log "name file.c:12 [inline]".
func parseSymbol(s string) (f Frame, ok bool) {
	if _, rest, found := cutAddress(s); found {
		s = rest
	}
	n := nameLen(s)
	if n == 0 {
		return f, false
	}
	name, rest := s[:n], s[n:]
	if strings.HasPrefix(rest, "+0x") {
		off, r, ok1 := cutHex(rest[3:])
		if !ok1 {
			return f, false
		}
		f.Offset, rest = off, r
		if strings.HasPrefix(rest, "/0x") {
			size, r, ok1 := cutHex(rest[3:])
			if ok1 {
				f.Size, rest = size, r
			}
		}
		f.Function = name
		f.tail(rest)
		return f, true
	}
	if strings.HasPrefix(rest, " ") && strings.HasSuffix(rest, " [inline]") {
		f.Function, f.Inlined = name, true
		f.tail(strings.TrimSuffix(rest, " [inline]"))
		return f, f.File != ""
	}
	return f, false
}

// tail reads what follows a symbol.
func (f *Frame) tail(s string) {
	for _, w := range strings.Fields(s) {
		switch {
		case strings.HasPrefix(w, "["):
			f.Module = strings.Trim(w, "[])")
		case strings.HasSuffix(w, "]") && f.Module != "" && f.BuildID == "":
			f.BuildID = strings.TrimSuffix(w, "]")
		default:
			path, num, found := strings.Cut(w, ":")
			if !found || !strings.Contains(path, ".") {
				continue
			}
			num, _, _ = strings.Cut(num, ":")
			if n, err := strconv.Atoi(num); err == nil && n > 0 {
				f.File, f.SourceLine = strings.TrimPrefix(path, "./"), n
			}
		}
	}
}

// cutHex reads hexadecimal digits.
func cutHex(s string) (v uint64, rest string, ok bool) {
	n := 0
	for n < len(s) && n < 17 && isHex(s[n]) {
		n++
	}
	v, err := strconv.ParseUint(s[:n], 16, 64)
	return v, s[n:], err == nil
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// nameLen is the length of the symbol that s begins with. Demangled names of
// Rust begin with '<' and hold nearly anything up to the offset.
func nameLen(s string) int {
	if strings.HasPrefix(s, "<") {
		if n := strings.Index(s, "+0x"); n > 0 && n < 256 && strings.IndexByte(s[:n], '>') > 0 {
			return n
		}
		return 0
	}
	n := 0
	for n < len(s) && nameByte[s[n]] {
		n++
	}
	if n > 0 && s[0] >= '0' && s[0] <= '9' || n == 1 && s[0] == '.' {
		return 0
	}
	return n
}

var nameByte = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.$:") {
		set[c] = true
	}
	return set
}()

// baseName takes what the compiler appended off a name (".isra.0",
// ".constprop.3", ".part.1", ".cold").
func baseName(name string) string {
	if strings.HasPrefix(name, "<") {
		return name
	}
	if i := strings.IndexByte(name, '.'); i > 0 {
		return name[:i]
	}
	return name
}

// pcStarts are how the architectures name the program counter, and whether a
// value without a symbol counts: some print the bare value first. Facts of
// show_regs and its like below arch.
var pcStarts = []struct {
	text string
	bare bool
}{
	{"RIP: ", true},
	{"RIP  ", true},
	{"EIP: ", true},
	{"EIP is at ", true},
	{"IP: ", true},
	{"PC is at ", true},
	{"pc : ", false},
	{"pc ", false},
	{"epc : ", false},
	{"epc   : ", false},
	{"NIP ", false},
	{"NIP: ", false},
	{"Krnl PSW : ", false},
	{"ERA: ", false},
	{"era   : ", false},
	{"TPC: ", false},
	{"IAOQ[0]: ", false},
}

// parsePC reads the line that says where the processor was. A frame without a
// function says that it has no symbol.
func parsePC(text string) (Frame, bool) {
	s := strings.TrimLeft(text, " ")
	if s == "" {
		return Frame{}, false
	}
	for _, p := range pcStarts {
		if s[0] != p.text[0] || !strings.HasPrefix(s, p.text) {
			continue
		}
		if f, ok := parsePCValue(s[len(p.text):]); ok && (p.bare || f.Function != "") {
			return f, true
		}
	}
	return Frame{}, false
}

func parsePCValue(s string) (f Frame, ok bool) {
	s = strings.TrimLeft(s, " ")
	// x86: the code segment.
	if n := strings.IndexByte(s, ':'); n > 0 && n <= 4 {
		if _, rest, hex := cutHex(s[:n]); hex && rest == "" {
			s = strings.TrimLeft(s[n+1:], " ")
		}
	}
	for range 2 {
		addr, rest, found := cutAddress(s)
		if !found {
			break
		}
		f.Address, s = addr, rest
	}
	if strings.HasPrefix(s, "(null)") {
		return f, true
	}
	if i := strings.IndexByte(s, '('); i >= 0 && f.Address == 0 && nameLen(s) == 0 {
		// s390: "psw-mask address (name+0x1/0x2)".
		s = s[i+1:]
	}
	if addr, rest, hex := cutHex(s); hex && len(s)-len(rest) >= 8 && strings.HasPrefix(rest, " ") && f.Address == 0 {
		// MIPS, LoongArch: the bare address, then the symbol.
		if g, found := parseSymbol(strings.TrimLeft(rest, " ")); found {
			g.Address = addr
			return g, true
		}
	}
	s = strings.TrimPrefix(s, "<")
	if g, found := parseSymbol(s); found {
		g.Address = f.Address
		return g, true
	}
	if f.Address != 0 {
		return f, true
	}
	// The rest of a damaged name may be made of such digits, too.
	digits := strings.TrimPrefix(s, "0x")
	if addr, rest, found := cutHex(digits); found && (len(digits) < len(s) || len(digits)-len(rest) >= 8) {
		f.Address = addr
		return f, true
	}
	return f, strings.Contains(s, "(null)")
}

// isRegisters reports whether a line is a list of registers and values:
// "RAX: 0000000000000000 RBX: ...", "x29: ffff... x28: ...", "r7 : 80100a74".
func isRegisters(s string) bool {
	name, rest, found := strings.Cut(s, ":")
	name = strings.TrimSpace(name)
	if !found || name == "" || len(name) > 8 || strings.ContainsAny(name, " /") {
		return false
	}
	rest = strings.TrimLeft(rest, " ")
	if len(rest) > 4 && rest[4] == ':' {
		rest = rest[5:] // the segment of x86's stack pointer
	}
	rest = strings.TrimPrefix(rest, "[<")
	n := 0
	for n < len(rest) && isHex(rest[n]) {
		n++
	}
	return n >= 8 && (n == len(rest) || rest[n] == ' ' || rest[n] == '(' || rest[n] == '>')
}

// registers reads such a line.
func registers(s string) []Register {
	var list []Register
	fields := strings.Fields(s)
	for i := 0; i < len(fields); i++ {
		name, ok := strings.CutSuffix(fields[i], ":")
		if !ok && i+1 < len(fields) && fields[i+1] == ":" {
			name, ok = fields[i], true
			i++
		}
		if !ok {
			// "GS:ffff88813bd00000(0000)", of x86.
			if seg, v, found := strings.Cut(fields[i], ":"); found && strings.HasSuffix(seg, "GS") {
				v, _, _ = strings.Cut(v, "(")
				list = append(list, Register{Name: seg, Value: v})
			}
			continue
		}
		if name == "" || i+1 >= len(fields) {
			continue
		}
		v := fields[i+1]
		if c := strings.IndexByte(v, ':'); c == 4 && isHex(v[0]) {
			v = v[c+1:] // RSP: 0018:ffff...
		}
		v = strings.TrimSuffix(strings.TrimPrefix(v, "[<"), ">]")
		if n, _, _ := strings.Cut(v, "("); n != "" && isHex(n[0]) {
			list = append(list, Register{Name: name, Value: n})
			i++
		}
	}
	return list
}
