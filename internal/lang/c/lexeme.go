package c

// LexemeKind is the kind of a Lexeme.
type LexemeKind uint8

// The kinds of lexemes; everything without a kind of its own is Punct.
const (
	Ident LexemeKind = iota
	Number
	String
	Char
	Open  // (
	Close // )
	Comma
	Hash  // #
	Paste // ##
	Punct
)

// Lexeme is one token of a piece of C text, such as the body of a macro.
type Lexeme struct {
	Kind  LexemeKind
	Blank bool // blanks stand before it
	Text  []byte
}

// AppendLexemes splits text, which holds neither directives nor newlines that
// matter, into lexemes. Comments are dropped. The lexemes alias text.
func AppendLexemes(dst []Lexeme, text []byte) []Lexeme {
	blank := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case class[c]&cSpace != 0 || c == '\n' || c == '\\':
			i++
			blank = true
			continue
		case c == '/' && i+1 < len(text) && text[i+1] == '*':
			i = skipComment(text, i)
			blank = true
			continue
		case c == '/' && i+1 < len(text) && text[i+1] == '/':
			i = lineEnd(text, i)
			continue
		}
		start := i
		var t token
		t, i = scan(text, i)
		dst = append(dst, Lexeme{Kind: lexemeKind(t.kind), Blank: blank, Text: text[start:i]})
		blank = false
	}
	return dst
}

func lexemeKind(k kind) LexemeKind {
	switch k {
	case kIdent:
		return Ident
	case kNumber:
		return Number
	case kString:
		return String
	case kChar:
		return Char
	case kLParen:
		return Open
	case kRParen:
		return Close
	case kComma:
		return Comma
	case kHash:
		return Hash
	case kPaste:
		return Paste
	}
	if k.keyword() {
		return Ident
	}
	return Punct
}
