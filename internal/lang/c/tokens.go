package c

// Tokens of a whole file, comments and directives included: for those who look
// at one file closely, such as an outline, and can afford a slice of them.

// TokenKind is the kind of a Token.
type TokenKind uint8

// The kinds of tokens.
const (
	TokenWord      TokenKind = iota // identifiers and keywords
	TokenNumber                     //
	TokenString                     // with its quotes and prefix
	TokenChar                       // a character constant
	TokenComment                    // with its marks
	TokenDirective                  // a preprocessor directive, up to the newline that ends it
	TokenPunct                      // an operator or bracket
)

// Token is one token of a source file.
type Token struct {
	Off, End uint32 // bytes; End is behind the last
	Line     uint32 // 1-based, of the first byte
	Kind     TokenKind
}

// Text is the source text of the token in the file that it was read from.
func (t *Token) Text(src []byte) []byte { return src[t.Off:t.End] }

// Is reports whether the token is the punctuation or word given.
func (t *Token) Is(src []byte, text string) bool {
	return (t.Kind == TokenPunct || t.Kind == TokenWord) && string(src[t.Off:t.End]) == text
}

// AppendTokens splits a file into tokens. Both arms of conditionals are read,
// those of #if 0 too: text there that is no C ends a string at its line.
func AppendTokens(dst []Token, src []byte) []Token {
	line := uint32(1)
	first := true // on its line
	for i := 0; i < len(src); {
		start, at := i, line
		kind := TokenPunct
		switch act := actions[src[i]]; {
		case act == actSpace || act == actSplice:
			i++
			continue
		case act == actLine:
			line++
			first = true
			i++
			continue
		case act == actSlash && i+1 < len(src) && src[i+1] == '*':
			kind, i = TokenComment, skipComment(src, i)
			line += countLines(src[start:i])
			dst = append(dst, Token{uint32(start), uint32(i), at, kind})
			continue // a directive may follow it on its line
		case act == actSlash && i+1 < len(src) && src[i+1] == '/':
			kind, i = TokenComment, lineEnd(src, i)
			line += countLines(src[start:i])
		case act == actHash && first:
			kind, i = TokenDirective, directiveEnd(src, i)
			line += countLines(src[start:i])
		default:
			var t token
			t, i = scan(src, i)
			switch {
			case t.kind == kIdent || t.kind.keyword():
				kind = TokenWord
			case t.kind == kNumber:
				kind = TokenNumber
			case t.kind == kString:
				kind = TokenString
				line += countLines(src[start:i])
			case t.kind == kChar:
				kind = TokenChar
				line += countLines(src[start:i])
			}
		}
		first = false
		dst = append(dst, Token{uint32(start), uint32(i), at, kind})
	}
	return dst
}

// Define is a #define directive taken apart. Its parts alias the source; they
// may hold comments and line splices, which AppendLexemes drops.
type Define struct {
	Name     []byte
	Params   []byte // between the parentheses
	Body     []byte
	Function bool // it takes parameters
}

// ScanDefine takes the text of a directive apart, from its # to its end. ok is
// false if it is no #define.
func ScanDefine(text []byte) (d Define, ok bool) {
	i := skipBlanks(text, 0)
	if i >= len(text) || text[i] != '#' {
		return d, false
	}
	i = skipBlanks(text, i+1)
	const word = "define"
	if len(text)-i < len(word) || string(text[i:i+len(word)]) != word {
		return d, false
	}
	i = skipBlanks(text, i+len(word))
	start := i
	for i < len(text) && class[text[i]]&cIdent != 0 {
		i++
	}
	d.Name = text[start:i]
	if len(d.Name) == 0 {
		return d, false
	}
	if i < len(text) && text[i] == '(' {
		d.Function = true
		i++
		start = i
		for i < len(text) && text[i] != ')' {
			i++
		}
		d.Params = text[start:i]
		i = min(i+1, len(text))
	}
	i = skipBlanks(text, i)
	end := len(text)
	for end > i && (class[text[end-1]]&cSpace != 0 || text[end-1] == '\n') {
		end--
	}
	d.Body = text[min(i, end):end]
	return d, true
}
