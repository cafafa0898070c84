// Package asm extracts facts from assembly for the GNU assembler, of every
// architecture that Linux has been ported to, and from linker scripts.
//
// An assembler file that the preprocessor reads is text in which neither the
// instructions nor the macros are known: the instructions differ by
// architecture, and most labels are made by macros of headers
// (SYM_FUNC_START(name), ENTRY(name), LEAF(name)). The extractor knows the
// shape of statements, the comment characters and branches of each
// architecture (dialect.go), and tells from the shape and the words of a
// macro's name whether it makes a label (label.go). What a label is, a function
// or a piece of data or a mark inside of something, is decided when the whole
// file has been seen (resolve.go).
//
// The files of one worker are read one after another in one pass over the
// bytes: lines into statements (lex.go), statements into uses and definitions
// (stmt.go). Linker scripts share nothing with that but the preprocessor
// (script.go).
package asm

import (
	"strings"

	"dekho/internal/lang"
	"dekho/internal/lang/cpp"
	"dekho/internal/lang/linkfacts"
)

// Language is the row of this package in the table of languages.
func Language() lang.Language {
	return lang.Language{
		Name:    "asm",
		Version: 3,
		Match:   func(path string) bool { return isScript(path) || isSource(path) },
		New:     func() lang.Extractor { return new(extractor) },
	}
}

func isSource(path string) bool {
	return strings.HasSuffix(path, ".S") || strings.HasSuffix(path, ".s")
}

// isScript accepts linker scripts and the headers made for them.
func isScript(path string) bool {
	return strings.HasSuffix(path, ".lds") || strings.HasSuffix(path, ".lds.S") || strings.HasSuffix(path, ".lds.h")
}

// extractor holds the state of one worker; everything is reused from file to
// file.
type extractor struct {
	src []byte
	f   *lang.Facts
	pp  cpp.Reader
	d   *dialect

	toks []token // of the statement being read
	text []byte  // scratch: the text of a record

	body    bool   // inside the body of a #define
	params  []byte // its parameters
	macro   int    // > 0 between .macro and .endm: how deep
	macroAt int    // index in labels of the macro being read, -1 for none
	// macroParams are its parameters.
	macroParams []byte

	section  section
	previous section
	sections []section // .pushsection

	labels    []label
	symbols   map[uint32]symbol   // by hash of the name
	templates map[uint32]template // macros of this file, by hash of the name
	spelled   map[uint32]template // what spelling said, by hash of the name
	transfers map[uint32]transfer // what d.branch said
	branches  []branch
	doubtful  []int32 // occurrences of what may be registers
}

// Extract implements lang.Extractor.
func (x *extractor) Extract(path string, src []byte, f *lang.Facts) {
	x.src, x.f = src, f
	x.pp.Reset(src, f)
	f.Lines = 0
	if isScript(path) {
		x.script()
	} else {
		x.reset()
		x.speak(dialectOf(path))
		x.file()
		x.resolve()
	}
	x.pp.Close(f.Lines)
	x.pp.Release()
	x.src, x.f = nil, nil
}

// maxMemo bounds what is remembered from file to file.
const maxMemo = 1 << 14

// speak changes to the dialect of the next file.
func (x *extractor) speak(d *dialect) {
	if x.d != d || len(x.transfers) > maxMemo {
		clear(x.transfers)
	}
	x.d = d
}

func (x *extractor) reset() {
	x.body, x.macro, x.macroAt = false, 0, -1
	x.section, x.previous = sectionText, sectionText
	x.sections = x.sections[:0]
	x.labels = x.labels[:0]
	x.branches = x.branches[:0]
	x.doubtful = x.doubtful[:0]
	if x.symbols == nil {
		x.symbols = make(map[uint32]symbol)
		x.templates = make(map[uint32]template)
		x.spelled = make(map[uint32]template)
		x.transfers = make(map[uint32]transfer)
	}
	if len(x.spelled) > maxMemo {
		clear(x.spelled)
	}
	x.macroParams = nil
	clear(x.symbols)
	clear(x.templates)
}

// recordMacro writes the macro just defined down for the linkers.
func (x *extractor) recordMacro() {
	m := &x.pp.Macro
	if m.Body.Len == 0 || m.Body.Len > linkfacts.MaxText || m.Params.Len > linkfacts.MaxText {
		return
	}
	var flags uint32
	if m.Function {
		flags |= linkfacts.FlagFunctionLike
	}
	if m.Guarded {
		flags |= linkfacts.FlagGuarded
	}
	x.text = cpp.AppendText(x.text[:0], x.bytes(m.Params))
	n := len(x.text)
	x.text = cpp.AppendText(x.text, x.bytes(m.Body))
	x.f.Link = linkfacts.AppendMacro(x.f.Link, m.Line, flags, x.bytes(m.Name), x.text[:n], x.text[n:])
}

func (x *extractor) bytes(sp lang.Span) []byte { return x.src[sp.Off : sp.Off+sp.Len] }
