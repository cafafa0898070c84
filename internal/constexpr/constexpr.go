// Package constexpr computes integer constant expressions of C: what a macro or
// an enumerator comes to, as far as the source alone tells. long and pointers are
// taken to have 64 bits.
package constexpr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/macro"
)

// Value is an integer with the type that C gives it.
type Value struct {
	Bits     uint64 // sign-extended if the type is signed
	Unsigned bool
	Wide     bool // 64 bits, else 32
}

// Int is a value of type int.
func Int(n int64) Value { return Value{Bits: uint64(n)}.normal() }

// normal cuts a value to its type.
func (v Value) normal() Value {
	switch {
	case v.Wide:
	case v.Unsigned:
		v.Bits = uint64(uint32(v.Bits))
	default:
		v.Bits = uint64(int64(int32(uint32(v.Bits))))
	}
	return v
}

// String is the value in decimal, and in hexadecimal if that tells more.
func (v Value) String() string {
	s := strconv.FormatInt(int64(v.Bits), 10)
	if v.Unsigned {
		s = strconv.FormatUint(v.Bits, 10)
	}
	if v.Unsigned || int64(v.Bits) >= 0 {
		if v.Bits > 9 {
			s += " (0x" + strconv.FormatUint(v.Bits, 16) + ")"
		}
	}
	return s
}

// Names finds what an identifier stands for: a macro or a value. The error says
// why it cannot tell; see DependsError.
type Names func(name string) (*macro.Def, Value, error)

// DependsError says that a value depends on something that the expression alone
// does not tell.
type DependsError struct {
	Name string
	Why  string // "it has 12 definitions", or ""
}

func (e *DependsError) Error() string {
	if e.Why != "" {
		return "depends on " + e.Name + ": " + e.Why
	}
	return "depends on " + e.Name
}

// ErrNotConstant is returned for what is no integer constant expression.
var ErrNotConstant = errors.New("not an integer constant")

// Bounds on the work for one expression: macros can grow without end.
const (
	maxDepth = 100
	maxSteps = 100_000
)

// Eval computes an expression.
func Eval(expr []macro.Token, names Names) (Value, error) {
	e := &evaluator{names: names}
	return e.all(expr, 0)
}

// evaluator computes one expression and those of the names in it.
type evaluator struct {
	names Names
	steps int
	open  []string // macros being expanded: C does not expand them again
}

// expression is an expression being read.
type expression struct {
	e     *evaluator
	ts    []macro.Token
	i     int
	depth int
}

// all computes an expression that takes up all tokens.
func (e *evaluator) all(ts []macro.Token, depth int) (Value, error) {
	x := &expression{e: e, ts: ts, depth: depth}
	if len(ts) == 0 || len(ts) > maxSteps {
		return Value{}, ErrNotConstant
	}
	v, err := x.conditional()
	if err == nil && x.i < len(x.ts) {
		err = ErrNotConstant
	}
	return v, err
}

func (x *expression) peek() string {
	if x.i < len(x.ts) {
		return x.ts[x.i].Text
	}
	return ""
}

func (x *expression) accept(text string) bool {
	if x.peek() == text && x.ts[x.i].Kind != c.String && x.ts[x.i].Kind != c.Char {
		x.i++
		return true
	}
	return false
}

func (x *expression) conditional() (Value, error) {
	v, err := x.binary(0)
	if err != nil || !x.accept("?") {
		return v, err
	}
	a, errA := x.conditional()
	if errA != nil {
		return a, errA
	}
	if !x.accept(":") {
		return v, ErrNotConstant
	}
	b, errB := x.conditional()
	if errB != nil {
		return b, errB
	}
	a, b = balance(a, b)
	if v.Bits != 0 {
		return a, nil
	}
	return b, nil
}

// precedence of the binary operators, from 1; 0 is none.
func precedence(op string) int {
	switch op {
	case "||":
		return 1
	case "&&":
		return 2
	case "|":
		return 3
	case "^":
		return 4
	case "&":
		return 5
	case "==", "!=":
		return 6
	case "<", ">", "<=", ">=":
		return 7
	case "<<", ">>":
		return 8
	case "+", "-":
		return 9
	case "*", "/", "%":
		return 10
	}
	return 0
}

func (x *expression) binary(above int) (Value, error) {
	v, err := x.unary()
	for err == nil && x.i < len(x.ts) {
		op := x.peek()
		p := precedence(op)
		if p == 0 || p <= above {
			break
		}
		x.i++
		var w Value
		if w, err = x.binary(p); err == nil {
			v, err = apply(op, v, w)
		}
	}
	return v, err
}

// balance gives two values their common type.
func balance(a, b Value) (Value, Value) {
	switch {
	case a.Wide == b.Wide:
		u := a.Unsigned || b.Unsigned
		a.Unsigned, b.Unsigned = u, u
	case a.Wide:
		b.Wide, b.Unsigned = true, a.Unsigned
	default:
		a.Wide, a.Unsigned = true, b.Unsigned
	}
	return a.normal(), b.normal()
}

func truth(ok bool) Value {
	if ok {
		return Int(1)
	}
	return Int(0)
}

func apply(op string, a, b Value) (Value, error) {
	switch op {
	case "<<", ">>":
		n := b.Bits
		if n > 63 {
			return a, ErrNotConstant
		}
		switch {
		case op == "<<":
			a.Bits <<= n
		case a.Unsigned:
			a.Bits >>= n
		default:
			a.Bits = uint64(int64(a.Bits) >> n)
		}
		return a.normal(), nil
	case "&&":
		return truth(a.Bits != 0 && b.Bits != 0), nil
	case "||":
		return truth(a.Bits != 0 || b.Bits != 0), nil
	}
	a, b = balance(a, b)
	less := int64(a.Bits) < int64(b.Bits)
	if a.Unsigned {
		less = a.Bits < b.Bits
	}
	switch op {
	case "|":
		a.Bits |= b.Bits
	case "^":
		a.Bits ^= b.Bits
	case "&":
		a.Bits &= b.Bits
	case "+":
		a.Bits += b.Bits
	case "-":
		a.Bits -= b.Bits
	case "*":
		a.Bits *= b.Bits
	case "/", "%":
		if b.Bits == 0 {
			return a, ErrNotConstant
		}
		switch {
		case a.Unsigned && op == "/":
			a.Bits /= b.Bits
		case a.Unsigned:
			a.Bits %= b.Bits
		case int64(b.Bits) == -1: // the one quotient that overflows
			a.Bits = map[string]uint64{"/": -a.Bits, "%": 0}[op]
		case op == "/":
			a.Bits = uint64(int64(a.Bits) / int64(b.Bits))
		default:
			a.Bits = uint64(int64(a.Bits) % int64(b.Bits))
		}
	case "==":
		return truth(a.Bits == b.Bits), nil
	case "!=":
		return truth(a.Bits != b.Bits), nil
	case "<":
		return truth(less), nil
	case ">":
		return truth(!less && a.Bits != b.Bits), nil
	case "<=":
		return truth(less || a.Bits == b.Bits), nil
	case ">=":
		return truth(!less), nil
	}
	return a.normal(), nil
}

func (x *expression) unary() (Value, error) {
	if x.depth++; x.depth > maxDepth {
		return Value{}, ErrNotConstant
	}
	defer func() { x.depth-- }()
	if x.e.steps++; x.e.steps > maxSteps || x.i >= len(x.ts) {
		return Value{}, ErrNotConstant
	}
	t := x.ts[x.i]
	switch t.Kind {
	case c.Number:
		x.i++
		return number(t.Text)
	case c.Char:
		x.i++
		return character(t.Text)
	case c.Ident:
		if t.Text == "sizeof" {
			return x.sizeof()
		}
		return x.name()
	case c.Open:
		if v, ok, err := x.cast(); ok || err != nil {
			return v, err
		}
		x.i++
		v, err := x.conditional()
		if err == nil && !x.accept(")") {
			err = ErrNotConstant
		}
		return v, err
	case c.Punct:
		x.i++
		switch t.Text {
		case "-", "+", "~", "!":
			v, err := x.unary()
			if err != nil {
				return v, err
			}
			switch t.Text {
			case "-":
				v.Bits = -v.Bits
			case "~":
				v.Bits = ^v.Bits
			case "!":
				return truth(v.Bits == 0), nil
			}
			return v.normal(), nil
		}
	}
	return Value{}, ErrNotConstant
}

// name computes an identifier, or the use of a macro with arguments.
func (x *expression) name() (Value, error) {
	name := x.ts[x.i].Text
	for _, o := range x.e.open {
		if o == name {
			return Value{}, &DependsError{Name: name}
		}
	}
	def, v, err := x.e.names(name)
	if err != nil {
		return v, err
	}
	x.i++
	if def == nil {
		return v.normal(), nil
	}
	var args [][]macro.Token
	if def.Function {
		if x.i >= len(x.ts) || x.ts[x.i].Kind != c.Open {
			return v, ErrNotConstant
		}
		var ok bool
		if args, x.i, ok = macro.Group(x.ts, x.i); !ok {
			return v, ErrNotConstant
		}
	}
	body := def.Substitute(args)
	if x.e.steps += len(body); x.e.steps > maxSteps {
		return v, ErrNotConstant
	}
	x.e.open = append(x.e.open, name)
	v, err = x.e.all(body, x.depth+1)
	x.e.open = x.e.open[:len(x.e.open)-1]
	if errors.Is(err, ErrNotConstant) {
		err = fmt.Errorf("%s is %w", name, ErrNotConstant)
	}
	return v, err
}

// integer is a type of C.
type integer struct {
	size     int
	unsigned bool
}

// typeWords are the words that integer types are written with, and what they
// come to alone.
var typeWords = map[string]integer{
	"int": {4, false}, "unsigned": {4, true}, "signed": {4, false}, "char": {1, false}, "short": {2, false}, "long": {8, false},
	"u8": {1, true}, "u16": {2, true}, "u32": {4, true}, "u64": {8, true}, "s8": {1, false}, "s16": {2, false}, "s32": {4, false}, "s64": {8, false},
	"__u8": {1, true}, "__u16": {2, true}, "__u32": {4, true}, "__u64": {8, true}, "__s8": {1, false}, "__s16": {2, false}, "__s32": {4, false}, "__s64": {8, false},
	"uint8_t": {1, true}, "uint16_t": {2, true}, "uint32_t": {4, true}, "uint64_t": {8, true},
	"int8_t": {1, false}, "int16_t": {2, false}, "int32_t": {4, false}, "int64_t": {8, false},
	"__be16": {2, true}, "__be32": {4, true}, "__be64": {8, true}, "__le16": {2, true}, "__le32": {4, true}, "__le64": {8, true},
	"size_t": {8, true}, "ssize_t": {8, false}, "loff_t": {8, false}, "phys_addr_t": {8, true}, "dma_addr_t": {8, true}, "gfp_t": {4, true},
	"__poll_t": {4, true}, "fmode_t": {4, true}, "blk_opf_t": {4, true}, "slab_flags_t": {4, true}, "pgprot_t": {8, true}, "bool": {1, true},
}

// readType reads a type that is nothing but words and stars.
func readType(ts []macro.Token) (t integer, ok bool) {
	pointer := false
	for _, w := range ts {
		switch {
		case w.Kind == c.Punct && w.Text == "*":
			pointer = true
		case w.Kind != c.Ident:
			return t, false
		case w.Text == "__force" || w.Text == "const" || w.Text == "volatile" || w.Text == "__user" || w.Text == "__iomem":
		case w.Text == "void":
			t.size, ok = 4, true
		default:
			k, known := typeWords[w.Text]
			if !known {
				return t, false
			}
			switch {
			case !ok:
				t = k
			case w.Text == "int" || w.Text == "signed": // long int, unsigned int
			case w.Text == "unsigned":
				t.unsigned = true
			default:
				t.size = k.size
			}
			ok = true
		}
	}
	if pointer {
		return integer{8, true}, ok
	}
	return t, ok
}

// cast computes (type)expr; ok is false if the parentheses hold no type.
func (x *expression) cast() (v Value, ok bool, err error) {
	end := x.i + 1
	for end < len(x.ts) && x.ts[end].Kind != c.Close {
		if x.ts[end].Kind == c.Open {
			return v, false, nil
		}
		end++
	}
	if end >= len(x.ts) {
		return v, false, nil
	}
	t, ok := readType(x.ts[x.i+1 : end])
	if !ok {
		if !typedefCast(x.ts[x.i+1:end], x.ts[end+1:]) {
			return v, false, nil
		}
		// A type that is not known: the value is what it was.
		x.i = end + 1
		v, err = x.unary()
		return v, true, err
	}
	x.i = end + 1
	if v, err = x.unary(); err != nil {
		return v, true, err
	}
	switch t.size {
	case 1, 2:
		shift := 64 - 8*t.size
		if t.unsigned {
			v.Bits = v.Bits << shift >> shift
		} else {
			v.Bits = uint64(int64(v.Bits<<shift) >> shift)
		}
		v.Unsigned, v.Wide = false, false // promoted to int
	default:
		v.Unsigned, v.Wide = t.unsigned, t.size == 8
	}
	return v.normal(), true, nil
}

// typedefCast reports whether parentheses that hold these words are a cast to a
// type defined elsewhere: one named like a type, with an operand behind.
func typedefCast(words, behind []macro.Token) bool {
	for _, w := range words {
		if w.Kind != c.Ident {
			return false
		}
	}
	if len(words) == 0 || len(behind) == 0 || !strings.HasSuffix(words[len(words)-1].Text, "_t") {
		return false
	}
	switch behind[0].Kind {
	case c.Number, c.Char, c.Ident, c.Open:
		return true
	}
	return false
}

// sizeof computes the size of an integer type.
func (x *expression) sizeof() (Value, error) {
	start := x.i
	x.i++
	if x.i < len(x.ts) && x.ts[x.i].Kind == c.Open {
		if args, next, ok := macro.Group(x.ts, x.i); ok && len(args) == 1 {
			if t, ok := readType(args[0]); ok {
				x.i = next
				return Value{Bits: uint64(t.size), Unsigned: true, Wide: true}, nil
			}
			x.i = next
		}
	}
	var b strings.Builder
	for _, t := range x.ts[start:min(x.i, len(x.ts))] {
		b.WriteString(t.Text)
	}
	return Value{}, &DependsError{Name: b.String()}
}

// number reads an integer constant with its suffix.
func number(text string) (Value, error) {
	digits := strings.TrimRight(text, "uUlL")
	suffix := strings.ToLower(text[len(digits):])
	hex := len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'x'
	n, err := strconv.ParseUint(digits, 0, 64)
	if err != nil || strings.Contains(digits, "_") || len(suffix) > 3 || !hex && len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'o' {
		return Value{}, ErrNotConstant
	}
	v := Value{Bits: n, Unsigned: strings.Contains(suffix, "u"), Wide: strings.Contains(suffix, "l")}
	octal := len(digits) > 1 && digits[0] == '0'
	switch {
	case n > 1<<63-1:
		v.Unsigned, v.Wide = true, true
	case n > 1<<32-1, n > 1<<31-1 && !v.Unsigned && !hex && !octal:
		v.Wide = true
	case n > 1<<31-1 && !v.Wide:
		v.Unsigned = true
	}
	return v, nil
}

// character reads a character constant.
func character(text string) (Value, error) {
	s, err := strconv.Unquote(strings.Replace(text, `'\0'`, `'\x00'`, 1))
	if err != nil || len(s) != 1 {
		return Value{}, ErrNotConstant
	}
	return Int(int64(int8(s[0]))), nil
}
