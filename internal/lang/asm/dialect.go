package asm

// What differs between the assemblers of the architectures: comments, the
// separator of statements, branches. Facts from the manual of GNU as, chapters
// "Syntax" of each target, and from the instruction sets.

import (
	"bytes"
	"strings"
)

// dialect describes the assembler of an architecture.
type dialect struct {
	// comment begins a comment anywhere in a line, 0 if there is none but //
	// and block comments, which the preprocessor removes for all.
	comment byte
	// loose comments begin only behind blanks and before one: for an
	// architecture that is not known.
	loose bool
	// separator stands between the statements of a line.
	separator byte
	// dollar may begin a name.
	dollar bool
	// hashFlags: the flags of a section are words: #alloc, #execinstr.
	hashFlags bool
	// anywhere: branches need not be the first word ({ if (p0) call foo }).
	anywhere bool
	// branch tells whether an instruction jumps, or calls.
	branch func(m string) transfer
}

// transfer is what an instruction does with a name that is its operand.
type transfer uint8

const (
	noTransfer transfer = iota
	jump                // goes there
	call                // goes there and comes back
)

// commentAt reports whether a comment of the assembler begins at s[i]; open
// says that blanks or nothing stand before it.
func (d *dialect) commentAt(s []byte, i int, open bool) bool {
	if d.comment == 0 || s[i] != d.comment {
		return false
	}
	if !d.loose {
		return true
	}
	return open && i+1 < len(s) && (blank(s[i+1]) || s[i+1] == '\n')
}

var dialects = map[string]*dialect{
	"alpha":      {comment: '#', separator: ';', branch: branches("bsr jsr", "jmp", "b")},
	"arc":        {comment: ';', separator: '`', branch: branches("bl jl", "", "b j")},
	"arm":        {comment: '@', separator: ';', branch: armBranch},
	"arm64":      {separator: ';', branch: branches("bl", "cbz cbnz tbz tbnz b", "b.", "bic bics bfi bfm bfxil bcax")},
	"csky":       {comment: '#', separator: ';', branch: branches("bsr jbsr jsri", "", "b j", "bclri bseti btsti bgeni bmaski")},
	"hexagon":    {separator: ';', anywhere: true, branch: branches("call", "jump", "")},
	"ia64":       {separator: ';', branch: branches("br.call brl.call", "", "br. brl.")},
	"loongarch":  {comment: '#', separator: ';', branch: branches("bl", "", "b", "bitrev bstrins bstrpick break")},
	"m68k":       {comment: '|', separator: ';', branch: branches("jbsr jsr bsr bsrl bsrs bsrw", "jmp", "j b db", "bset bclr bchg btst bfextu bfexts bfins bfffo")},
	"microblaze": {comment: '#', separator: ';', branch: branches("", "", "b", "bsll bsrl bsra bslli bsrli bsrai", "brl bral")},
	"mips":       {comment: '#', separator: ';', branch: branches("jal bal jals bltzal bgezal", "", "b j", "break bitswap")},
	"nios2":      {comment: '#', separator: ';', branch: branches("call", "", "b jmp")},
	"openrisc":   {comment: '#', separator: ';', branch: branches("l.jal", "l.j l.bf l.bnf", "")},
	"parisc":     {comment: ';', separator: '!', dollar: true, branch: branches("bl call blr", "", "b cmpb cmpib addib comb comib bb movb")},
	"powerpc":    {comment: '#', separator: ';', branch: powerpcBranch},
	"riscv":      {comment: '#', separator: ';', branch: branches("call jal", "tail j", "b", "bset bclr binv bext")},
	"s390":       {comment: '#', separator: ';', branch: branches("brasl bras", "", "j br cgij cij clgij clij cgrj crj clgrj clrj")},
	"sh":         {comment: '!', separator: ';', branch: branches("bsr", "bt bf bra", "")},
	"sparc":      {comment: '!', separator: ';', hashFlags: true, branch: branches("call", "", "b fb")},
	"x86":        {comment: '#', separator: ';', branch: branches("call callq calll callw lcall lcallw", "", "j loop ljmp")},
	"xtensa":     {comment: '#', separator: ';', branch: branches("call0 call4 call8 call12 xcall0 xcall4 abi_call", "", "b j loop")},
}

// unknown stands for a file that does not tell its architecture: the comment
// character must look like one.
var unknown = &dialect{comment: '#', loose: true, separator: ';', branch: func(m string) transfer {
	switch m {
	case "call", "bl", "jal", "bsr", "callq":
		return call
	case "jmp", "b", "j", "bra":
		return jump
	}
	return noTransfer
}}

// otherNames are directories named after an architecture under another name.
var otherNames = map[string]*dialect{
	"um": dialects["x86"], "x86_64": dialects["x86"], "i386": dialects["x86"], "sparc64": dialects["sparc"],
	"ppc": dialects["powerpc"], "ppc64": dialects["powerpc"], "aarch64": dialects["arm64"],
}

// dialectOf tells the assembler from the directories of a path.
func dialectOf(path string) *dialect {
	d := unknown
	for dir, rest, ok := strings.Cut(path, "/"); ok; dir, rest, ok = strings.Cut(rest, "/") {
		if a := dialects[dir]; a != nil {
			d = a
		} else if a := otherNames[dir]; a != nil && (d == unknown || dir != "um") {
			d = a
		}
	}
	return d
}

// branches makes the branch function of an architecture whose instructions
// are regular: those that call, those that jump, beginnings of those that
// jump, words that begin like them and do not, and beginnings of those that
// call. Lists are separated by blanks.
func branches(calls, jumps, prefixes string, more ...string) func(string) transfer {
	table := make(map[string]transfer)
	for _, w := range strings.Fields(calls) {
		table[w] = call
	}
	for _, w := range strings.Fields(jumps) {
		table[w] = jump
	}
	var callPrefixes []string
	if len(more) > 0 {
		for _, w := range strings.Fields(more[0]) {
			table[w] = noTransfer
		}
	}
	if len(more) > 1 {
		callPrefixes = strings.Fields(more[1])
	}
	jumpPrefixes := strings.Fields(prefixes)
	return func(m string) transfer {
		if t, ok := table[m]; ok {
			return t
		}
		if stem, _, ok := strings.Cut(m, "."); ok && stem != "l" {
			// br.call.sptk.many, bl.d: what stands before the last dot.
			if t, ok := table[stem]; ok && t != jump {
				return t
			}
			for w, t := range table {
				if t == call && strings.HasPrefix(m, w+".") {
					return call
				}
			}
		}
		for _, p := range callPrefixes {
			if strings.HasPrefix(m, p) {
				return call
			}
		}
		for _, p := range jumpPrefixes {
			if strings.HasPrefix(m, p) {
				return jump
			}
		}
		return noTransfer
	}
}

// armBranch knows b and bl with a condition behind, and a width.
func armBranch(m string) transfer {
	m, _, _ = strings.Cut(m, ".")
	switch m {
	case "b", "cbz", "cbnz":
		return jump
	case "bl", "blx":
		return call
	}
	if len(m) < 3 || m[0] != 'b' {
		return noTransfer
	}
	if armCondition(m[1:]) {
		return jump
	}
	if m[1] == 'l' && armCondition(strings.TrimPrefix(m[2:], "x")) {
		return call
	}
	return noTransfer
}

func armCondition(c string) bool {
	switch c {
	case "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al":
		return true
	}
	return false
}

// powerpcBranch knows that an l at the end, or before the hint, means a call.
func powerpcBranch(m string) transfer {
	if m == "" || m[0] != 'b' {
		return noTransfer
	}
	m = strings.TrimRight(m, "+-a")
	switch m {
	case "b", "bdnz", "bdz", "bc":
		return jump
	case "bpermd", "brd", "brh", "brw", "bcdadd", "bcdsub":
		return noTransfer
	case "bnl", "bnlr":
		return jump
	}
	if strings.HasSuffix(m, "l") {
		return call
	}
	return jump
}

// addresses are instructions, or beginnings of them, whose operand is the
// address of a name and not what it holds.
var addresses = [][]byte{
	[]byte("adr"), []byte("lea"), []byte("la"), []byte("lla"), []byte("dla"), []byte("mova"), []byte("set"), []byte("pea"),
	[]byte("lrw"), []byte("lda"),
}

func takesAddress(m []byte) bool {
	for _, a := range addresses {
		if bytes.HasPrefix(m, a) {
			return true
		}
	}
	return false
}

// register reports whether a name looks like a register where these have no
// mark before them: up to three letters and a number (r12, x0, xmm15), or one
// of the few with names of their own.
func register(w []byte) bool {
	if len(w) > 6 {
		return false
	}
	switch string(w) {
	case "sp", "lr", "pc", "fp", "ip", "ra", "gp", "tp", "rp", "at", "sl", "sb", "wsp", "xzr", "wzr", "zero", "blink", "ilink",
		"cpsr", "spsr", "apsr", "fpscr", "fpexc", "msp", "psp", "pr", "sr", "vbr", "ssr", "spc", "gbr", "mach", "macl", "fpul",
		"cr", "ctr", "xer", "dp", "ea", "ba", "et", "bt", "sar", "usp":
		return true
	}
	i := 0
	for i < len(w) && w[i] >= 'a' && w[i] <= 'z' {
		i++
	}
	if i == 0 || i > 3 || i == len(w) {
		return false
	}
	for _, c := range w[i:] {
		if !digit(c) {
			return false
		}
	}
	return len(w)-i <= 3
}
