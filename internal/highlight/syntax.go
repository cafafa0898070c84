package highlight

// Languages other than C: what they need to be told apart at a glance is a table.
// The reader of it goes line by line and remembers one thing at the end of a line:
// whether a comment or string is still open.

import (
	"bytes"
	"path"
	"strings"
)

// syntax is how a language looks.
type syntax struct {
	files []string // patterns over the last element of a path
	// comments begin comments that end with the line; those of word begin them
	// only where a word begins.
	comments []string
	word     bool
	// block holds the marks around comments that go over lines.
	block [2]string
	// quotes are the characters around strings that end with the line; those of
	// long, around strings that may go over lines.
	quotes string
	long   []string
	// raw says that a backslash does not escape in '...'.
	raw      bool
	keywords map[string]Class
	// letters are those of words, besides what they are in C.
	letters string
	// dollar says that $X, ${X} and $(X) are variables.
	dollar bool
	// hash says that lines which begin with # and a word of the preprocessor are
	// directives.
	hash bool
	// key says that a word which begins a line and has one of these behind it is
	// a key, a label or a target.
	key string
	// prose marks up as reStructuredText and Markdown do.
	prose bool
}

// The states between lines: 0, an open block comment, or 2 and more for the long
// string of that number.
const (
	stateBlock = 1
	stateLong  = 2
)

var syntaxes = []*syntax{
	{
		files: []string{"Makefile*", "*.mk", "Kbuild*", "*.make", "Makefile"}, comments: []string{"#"}, word: true, quotes: `"'`, dollar: true,
		letters: "-", key: ":=+?",
		keywords: words(nil, Keyword, "ifeq ifneq ifdef ifndef else endif include -include sinclude define endef export unexport override vpath"),
	},
	{
		files: []string{"Kconfig*", "*.config", "*_defconfig"}, comments: []string{"#"}, word: true, quotes: `"'`, key: "=",
		keywords: words(words(nil, Keyword, `config menuconfig choice endchoice comment menu endmenu if endif source mainmenu depends on select
			imply visible help optional range prompt default def_bool def_tristate modules option`), Type, "bool tristate string hex int"),
	},
	{
		files: []string{"*.dts", "*.dtsi", "*.dtso"}, comments: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"`, hash: true,
		letters: "-,#", key: ":=",
	},
	{
		files: []string{"*.S", "*.s", "*.asm", "*.lds", "*.ld", "*.inc"}, comments: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"`,
		hash: true, letters: ".", key: ":",
	},
	{
		files: []string{"*.sh", "*.bash", "configure", "*.awk"}, comments: []string{"#"}, word: true, quotes: `"`, long: []string{"'"}, raw: true, dollar: true,
		letters: "-",
		keywords: words(nil, Keyword, `if then else elif fi for in do done while until case esac function return exit local export set shift
			break continue eval exec trap source test BEGIN END print getline next`),
	},
	{
		files: []string{"*.py", "SConstruct"}, comments: []string{"#"}, quotes: `"'`, long: []string{`"""`, "'''"},
		keywords: words(nil, Keyword, `and as assert async await break class continue def del elif else except finally for from global if
			import in is lambda nonlocal not or pass raise return try while with yield None True False self`),
	},
	{
		files: []string{"*.pl", "*.pm"}, comments: []string{"#"}, word: true, quotes: `"'`, dollar: true,
		keywords: words(nil, Keyword, `my our local sub if elsif else unless while until for foreach return last next redo use require package
			print printf die warn eval and or not eq ne lt gt le ge cmp defined undef shift push pop keys`),
	},
	{
		files: []string{"*.rs"}, comments: []string{"//"}, block: [2]string{"/*", "*/"}, long: []string{`"`},
		keywords: words(words(nil, Keyword, `as async await break const continue crate dyn else enum extern false fn for if impl in let loop match
			mod move mut pub ref return self Self static struct super trait true type unsafe use where while`), Type,
			"bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize Option Result String Vec Box"),
	},
	{
		files: []string{"*.go"}, comments: []string{"//"}, block: [2]string{"/*", "*/"}, quotes: `"'`, long: []string{"`"},
		keywords: words(words(nil, Keyword, `break case chan const continue default defer else fallthrough for func go goto if import interface map
			package range return select struct switch type var nil true false`), Type,
			"any bool byte error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr"),
	},
	{
		files: []string{"*.yaml", "*.yml"}, comments: []string{"#"}, word: true, quotes: `"'`, letters: "-$,#", key: ":",
		keywords: words(nil, Keyword, "true false null yes no"),
	},
	{files: []string{"*.json"}, quotes: `"`, keywords: words(nil, Keyword, "true false null")},
	{
		files: []string{"*.l", "*.y", "*.lex", "*.cocci", "*.bpf", "*.glsl", "*.js", "*.java", "*.tc"}, comments: []string{"//"},
		block: [2]string{"/*", "*/"}, quotes: `"'`, keywords: wordsC,
	},
	{files: []string{"*.rst", "*.md"}, prose: true},
	{
		files:    []string{"*.conf", "*.cfg", "*.ini", "*.toml", "MAINTAINERS", ".*ignore", ".gitattributes", ".clang-format", "*.service"},
		comments: []string{"#", ";"}, word: true, quotes: `"`, letters: "-.", key: ":=",
	},
}

// syntaxOf finds the syntax of a file: by its name, or as scripts say it in their
// first line.
func syntaxOf(base string, src []byte) *syntax {
	for _, s := range syntaxes {
		for _, p := range s.files {
			if ok, err := path.Match(p, base); ok && err == nil {
				return s
			}
		}
	}
	line, _, _ := bytes.Cut(src[:min(len(src), 128)], []byte("\n"))
	if !bytes.HasPrefix(line, []byte("#!")) {
		return nil
	}
	for _, by := range []struct{ word, name string }{{"python", "x.py"}, {"perl", "x.pl"}, {"awk", "x.awk"}, {"sh", "x.sh"}} {
		if bytes.Contains(line, []byte(by.word)) {
			return syntaxOf(by.name, nil)
		}
	}
	return nil
}

// linesAtOnce is how much is read at least, in bytes.
const linesAtOnce = 16 << 10

// readLines reads some lines of a language of the table.
func (t *Text) readLines(want int) {
	for stop := max(want, t.pos+linesAtOnce); t.pos < len(t.src) && t.pos < stop; {
		end := t.pos + bytes.IndexByte(t.src[t.pos:], '\n') + 1
		if end == t.pos {
			end = len(t.src)
		}
		if t.lang.prose {
			t.prose(t.pos, end)
		} else {
			t.line(t.pos, end)
		}
		t.pos = end
	}
}

// line classes the pieces of a line.
func (t *Text) line(i, end int) {
	s := t.lang
	if t.state != 0 {
		mark := s.block[1]
		class := Comment
		if t.state >= stateLong {
			mark, class = s.long[t.state-stateLong], String
		}
		stop, closed := closing(t.src, i, end, mark, class == String && !s.raw)
		t.put(i, stop, class)
		if !closed {
			return
		}
		t.state, i = 0, stop
	}
	first := true // nothing but blanks so far
	for i < end {
		b := t.src[i]
		switch {
		case b == ' ' || b == '\t' || b == '\n' || b == '\r':
			i++
			continue
		case first && s.hash && b == '#' && t.isDirective(i+1, end):
			at := i + 1
			for at < end && (t.src[at] == ' ' || t.src[at] == '\t') {
				at++
			}
			for at < end && isWord(t.src[at]) {
				at++
			}
			t.put(i, at, Directive)
			i = at
		case t.isComment(i, end):
			stop := end
			for stop > i && (t.src[stop-1] == '\n' || t.src[stop-1] == '\r') {
				stop--
			}
			t.put(i, stop, Comment)
			return
		case s.block[0] != "" && hasAt(t.src, i, end, s.block[0]):
			stop, closed := closing(t.src, i+len(s.block[0]), end, s.block[1], false)
			t.put(i, stop, Comment)
			if !closed {
				t.state = stateBlock
				return
			}
			i = stop
		case t.long(&i, end):
			if t.state != 0 {
				return
			}
		case strings.IndexByte(s.quotes, b) >= 0:
			stop, _ := closing(t.src, i+1, end, string(b), true)
			t.put(i, stop, String)
			i = stop
		case s.dollar && b == '$' && i+1 < end:
			i = t.variable(i, end)
		case b >= '0' && b <= '9':
			at := i
			for at < end && (isWord(t.src[at]) || t.src[at] == '.') {
				at++
			}
			t.put(i, at, Number)
			i = at
		case t.inWord(b):
			i = t.tableWord(i, end, first)
		default:
			i++
		}
		first = false
	}
}

// inWord reports whether a byte is part of a word.
func (t *Text) inWord(b byte) bool { return isWord(b) || strings.IndexByte(t.lang.letters, b) >= 0 }

// tableWord classes the word at i and returns where it ends.
func (t *Text) tableWord(i, end int, first bool) int {
	at := i
	for at < end && t.inWord(t.src[at]) {
		at++
	}
	class := t.lang.keywords[string(t.src[i:at])]
	next := at
	for next < end && (t.src[next] == ' ' || t.src[next] == '\t') {
		next++
	}
	switch {
	case class != Plain || next == end:
	case first && strings.IndexByte(t.lang.key, t.src[next]) >= 0:
		class = Directive
	case t.src[next] == '(' && next == at:
		class = Function
	}
	t.put(i, at, class)
	return at
}

// variable classes the $ at i with what belongs to it.
func (t *Text) variable(i, end int) int {
	at := i + 1
	switch b := t.src[at]; {
	case b == '(' || b == '{':
		want := byte(')')
		if b == '{' {
			want = '}'
		}
		// What is in it may be a call with words of its own: only a name counts.
		for at++; at < end && (isWord(t.src[at]) || t.src[at] == '-' || t.src[at] == '.'); at++ {
		}
		if at < end && t.src[at] == want {
			at++
		}
	case isWord(b):
		for at < end && isWord(t.src[at]) {
			at++
		}
	default:
		at++
	}
	t.put(i, at, Variable)
	return at
}

// long classes a string at i that may go over lines.
func (t *Text) long(i *int, end int) bool {
	for n, mark := range t.lang.long {
		if !hasAt(t.src, *i, end, mark) {
			continue
		}
		stop, closed := closing(t.src, *i+len(mark), end, mark, !t.lang.raw)
		t.put(*i, stop, String)
		if !closed {
			t.state = stateLong + uint8(n)
		}
		*i = stop
		return true
	}
	return false
}

// isComment reports whether a comment that ends with the line begins at i.
func (t *Text) isComment(i, end int) bool {
	for _, mark := range t.lang.comments {
		if !hasAt(t.src, i, end, mark) {
			continue
		}
		if !t.lang.word || i == 0 || !t.inWord(t.src[i-1]) && t.src[i-1] != '$' && t.src[i-1] != '\\' && t.src[i-1] != '{' {
			return true
		}
	}
	return false
}

// isDirective reports whether a word of the preprocessor stands at i.
func (t *Text) isDirective(i, end int) bool {
	for i < end && (t.src[i] == ' ' || t.src[i] == '\t') {
		i++
	}
	at := i
	for at < end && isWord(t.src[at]) {
		at++
	}
	switch string(t.src[i:at]) {
	case "include", "define", "undef", "if", "ifdef", "ifndef", "else", "elif", "endif", "error", "warning", "pragma", "line":
		return true
	}
	return false
}

// prose classes a line of a document.
func (t *Text) prose(i, end int) {
	text := bytes.TrimRight(t.src[i:end], " \t\r\n")
	stop := i + len(text)
	trimmed := bytes.TrimLeft(text, " \t")
	switch {
	case len(trimmed) >= 3 && bytes.Count(trimmed, trimmed[:1]) == len(trimmed) && strings.IndexByte("=-~^*#+`\"", trimmed[0]) >= 0:
		t.put(i, stop, Keyword) // the line below a heading
		return
	case bytes.HasPrefix(text, []byte("# ")), bytes.HasPrefix(text, []byte("## ")), bytes.HasPrefix(text, []byte("### ")):
		t.put(i, stop, Keyword)
		return
	case bytes.HasPrefix(trimmed, []byte(".. ")):
		class := Comment
		if bytes.Contains(trimmed, []byte("::")) {
			class = Directive
		}
		t.put(i, stop, class)
		return
	}
	for i < stop {
		at := bytes.IndexByte(t.src[i:stop], '`')
		if at < 0 {
			return
		}
		i += at
		mark := "`"
		if hasAt(t.src, i, stop, "``") {
			mark = "``"
		}
		closes, closed := closing(t.src, i+len(mark), stop, mark, false)
		if !closed {
			return
		}
		t.put(i, closes, String)
		i = closes
	}
}

// hasAt reports whether a text stands at i, before end.
func hasAt(src []byte, i, end int, text string) bool {
	return end-i >= len(text) && string(src[i:i+len(text)]) == text
}

// closing finds what is behind the mark that closes something, or else the end.
func closing(src []byte, i, end int, mark string, escapes bool) (int, bool) {
	for ; i < end; i++ {
		if escapes && src[i] == '\\' {
			i++
			continue
		}
		if hasAt(src, i, end, mark) {
			return i + len(mark), true
		}
	}
	return end, false
}
