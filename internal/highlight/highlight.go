// Package highlight classes the pieces of a source file for showing it in
// colours: comments, strings, keywords. It knows what they look like in the
// languages of a kernel tree and nothing about what they mean. C and C++ are read
// with the lexer of package c, other languages by a table (syntax.go).
//
// A file is read from its beginning only as far as somebody looks, so that the
// size of a file does not matter for showing its first screen.
package highlight

import (
	"path"
	"strings"

	"dekho/internal/lang/c"
)

// Class is what a piece of a file is. Text that is in no span is plain.
type Class uint8

// The classes.
const (
	Plain     Class = iota
	Comment         //
	String          // strings and character constants
	Number          //
	Keyword         //
	Type            // names of types that are known to be such
	Directive       // of a preprocessor, or what has its place: a label, a key
	Function        // a name that is called or defined with parameters
	Variable        // $(X) in a makefile or script
)

// Span is a piece of a file: bytes [Off, End).
type Span struct {
	Off, End uint32
	Class    Class
}

// Text is a file that is being read. It is not safe for concurrent use, but the
// spans that it has returned are never changed.
type Text struct {
	src   []byte
	pos   int
	spans []Span
	next  func(t *Text, want int)
	lang  *syntax // nil for C
	plus  bool    // C++
	toks  []c.Token
	state uint8 // of the table's reader, at pos
}

// New begins to read a file, whose path tells its language.
func New(name string, src []byte) *Text {
	t := &Text{src: src}
	base := path.Base(name)
	switch ext := path.Ext(base); ext {
	case ".c", ".h":
		t.next = (*Text).readC
	case ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inl":
		t.next, t.plus = (*Text).readC, true
	default:
		if t.lang = syntaxOf(base, src); t.lang != nil {
			t.next = (*Text).readLines
		}
	}
	if t.next == nil {
		t.pos = len(src)
	}
	return t
}

// Done is how many bytes have been read.
func (t *Text) Done() int { return t.pos }

// To reads on until the first n bytes are classed, and returns all spans so far
// in their order.
func (t *Text) To(n int) []Span {
	for n = min(n, len(t.src)); t.pos < n; {
		t.next(t, n)
	}
	return t.spans
}

// put adds a span.
func (t *Text) put(off, end int, class Class) {
	if class != Plain && end > off {
		t.spans = append(t.spans, Span{uint32(off), uint32(end), class})
	}
}

// chunk is how much of C is read at once.
const chunk = 64 << 10

// readC reads a piece of C. It ends where a line does that no token crosses, for
// what comes next is read as if it were the beginning of a file.
func (t *Text) readC(want int) {
	for size := max(chunk, min(want-t.pos, 1<<20)); ; size *= 2 {
		end := min(t.pos+size, len(t.src))
		t.toks = c.AppendTokens(t.toks[:0], t.src[t.pos:end])
		if end < len(t.src) {
			// What touches the end may go on behind it: its line is left to the
			// next piece.
			n := len(t.toks)
			for n > 0 && t.toks[n-1].Line == t.toks[len(t.toks)-1].Line {
				n--
			}
			if n == 0 {
				if len(t.toks) > 0 || size < len(t.src) && size < 1<<20 {
					continue // a single token, or blanks only
				}
			} else {
				end = t.pos + int(t.toks[n-1].End)
			}
			t.toks = t.toks[:n]
		}
		t.classC(t.pos, t.toks)
		t.pos = end
		return
	}
}

// classC classes tokens, whose offsets count from base.
func (t *Text) classC(base int, toks []c.Token) {
	src := t.src[base:]
	for i := range toks {
		k := &toks[i]
		off, end := base+int(k.Off), base+int(k.End)
		switch k.Kind {
		case c.TokenComment:
			t.put(off, end, Comment)
		case c.TokenString, c.TokenChar:
			t.put(off, end, String)
		case c.TokenNumber:
			t.put(off, end, Number)
		case c.TokenDirective:
			t.directive(off, end)
		case c.TokenWord:
			class := t.word(k.Text(src))
			if class == Plain && i+1 < len(toks) && toks[i+1].Is(src, "(") {
				class = Function
			}
			if class == Plain && i > 0 && isTag(toks[i-1].Text(src)) {
				class = Type
			}
			t.put(off, end, class)
		case c.TokenPunct:
		}
	}
}

// directive classes a directive: the mark with its word, then its tokens.
func (t *Text) directive(off, end int) {
	at := off + 1
	for at < end && (t.src[at] == ' ' || t.src[at] == '\t') {
		at++
	}
	word := at
	for at < end && isWord(t.src[at]) {
		at++
	}
	t.put(off, at, Directive)
	name := string(t.src[word:at])
	if name == "include" || name == "include_next" || name == "import" {
		for at < end && (t.src[at] == ' ' || t.src[at] == '\t') {
			at++
		}
		if at < end && t.src[at] == '<' {
			stop := at
			for stop < end && t.src[stop] != '>' && t.src[stop] != '\n' {
				stop++
			}
			stop = min(stop+1, end)
			t.put(at, stop, String)
			at = stop
		}
	}
	// The rest is C, in which a # is no directive: the first token is not at the
	// beginning of a line, but AppendTokens would take it for that.
	for at < end && (t.src[at] == ' ' || t.src[at] == '\t' || t.src[at] == '#') {
		at++
	}
	t.classC(at, c.AppendTokens(nil, t.src[at:end]))
}

func isTag(word []byte) bool {
	switch string(word) {
	case "struct", "union", "enum", "class":
		return true
	}
	return false
}

// word classes a word of C.
func (t *Text) word(w []byte) Class {
	if class, ok := wordsC[string(w)]; ok {
		return class
	}
	if t.plus {
		if class, ok := wordsPlus[string(w)]; ok {
			return class
		}
	}
	if len(w) > 2 && w[len(w)-2] == '_' && w[len(w)-1] == 't' {
		return Type
	}
	return Plain
}

// words makes a table of words that are separated by blanks.
func words(m map[string]Class, class Class, list string) map[string]Class {
	if m == nil {
		m = make(map[string]Class)
	}
	for w := range strings.FieldsSeq(list) {
		m[w] = class
	}
	return m
}

// The words of C, of its GNU dialect and of the kernel's own types.
var wordsC = words(words(nil, Keyword, `auto break case const continue default do else enum extern for goto if inline register
	restrict return sizeof static struct switch typedef union volatile while _Alignas _Alignof _Atomic _Generic _Noreturn
	_Static_assert _Thread_local typeof __typeof__ asm __asm__ __attribute__ __inline __inline__ __always_inline noinline
	__volatile__ __extension__ alignof true false NULL`), Type, `void char short int long float double signed unsigned bool
	_Bool _Complex u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __le16 __le32 __le64 __be16
	__be32 __be64 uint ulong ushort uchar`)

// The further words of C++.
var wordsPlus = words(nil, Keyword, `alignas catch class concept consteval constexpr constinit const_cast co_await co_return
	co_yield decltype delete dynamic_cast explicit export final friend mutable namespace new noexcept nullptr operator override
	private protected public reinterpret_cast requires static_assert static_cast template this thread_local throw try typeid
	typename using virtual`)

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= 0x80
}
