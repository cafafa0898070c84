// Package returns finds which error codes a function can return, and which
// functions it calls whose result it returns. It reads the text of the function:
// the constants in return statements, and what was assigned to the variables that
// they name, in whatever order.
package returns

import (
	"slices"
	"strings"

	"dekho/internal/lang/c"
	"dekho/internal/outline"
)

// Result is something that a function can return.
type Result struct {
	// Errno is the name of an error code (EINVAL), "" if Call is set.
	Errno string
	// Call is a function whose result is returned.
	Call string
	// Lines are where, 1-based: of the return statement, or of the assignment
	// to the variable that is returned.
	Lines []uint32
}

// maxNesting bounds how deep the parentheses of an expression are followed.
const maxNesting = 50

// Of lists what the function s of the file can return: error codes in the order
// in which they stand, then calls.
func Of(f *outline.File, s *outline.Symbol) []Result {
	r := &reader{f: f, pointer: returnsPointer(f, s)}
	first, _ := slices.BinarySearchFunc(f.Code, s.Body, func(t c.Token, off uint32) int { return int(t.Off) - int(off) })
	end := first
	for end < len(f.Code) && f.Code[end].Off < s.To {
		end++
	}
	r.toks = f.Code[first:end]
	r.assignments()
	for i := range r.toks {
		if r.word(i) == "return" {
			r.expression(i+1, r.statementEnd(i+1), 0, 0)
		}
	}
	slices.SortStableFunc(r.out, func(a, b Result) int {
		if (a.Call == "") != (b.Call == "") {
			if a.Call == "" {
				return -1
			}
			return 1
		}
		return int(a.Lines[0]) - int(b.Lines[0])
	})
	for i := range r.out {
		slices.Sort(r.out[i].Lines)
		r.out[i].Lines = slices.Compact(r.out[i].Lines)
	}
	return r.out
}

// returnsPointer reports whether the head of a function says that it returns a
// pointer: then variables and calls are objects, and only what comes out of
// ERR_PTR is an error.
func returnsPointer(f *outline.File, s *outline.Symbol) bool {
	return strings.Contains(string(f.Src[s.From:s.Off]), "*")
}

// reader reads one function.
type reader struct {
	f       *outline.File
	toks    []c.Token
	pointer bool
	assigns map[string][]span // what is assigned to each variable
	visited map[string]bool
	out     []Result
	steps   int
}

// stepsPerToken bounds how often each token is looked at on average, so that no
// text takes more than linear time.
const stepsPerToken = 256

// step counts a token that is looked at; false ends the search.
func (r *reader) step() bool {
	r.steps++
	return r.steps <= stepsPerToken*(len(r.toks)+stepsPerToken)
}

// span is a range of tokens.
type span struct{ from, to int }

func (r *reader) word(i int) string {
	if i >= 0 && i < len(r.toks) && r.toks[i].Kind == c.TokenWord {
		return string(r.toks[i].Text(r.f.Src))
	}
	return ""
}

func (r *reader) is(i int, text string) bool {
	return i >= 0 && i < len(r.toks) && r.toks[i].Kind == c.TokenPunct && string(r.toks[i].Text(r.f.Src)) == text
}

// statementEnd is the index of the semicolon that ends what begins at i.
func (r *reader) statementEnd(i int) int {
	depth := 0
	for ; i < len(r.toks) && r.step(); i++ {
		switch {
		case r.is(i, "(") || r.is(i, "[") || r.is(i, "{"):
			depth++
		case r.is(i, ")") || r.is(i, "]") || r.is(i, "}"):
			if depth--; depth < 0 {
				return i
			}
		case depth == 0 && (r.is(i, ";") || r.is(i, ",")):
			return i
		}
	}
	return i
}

// assignments finds what is assigned to plain variables: NAME = EXPR, also
// inside of conditions.
func (r *reader) assignments() {
	r.assigns, r.visited = make(map[string][]span), make(map[string]bool)
	for i := 1; i < len(r.toks); i++ {
		if !r.is(i, "=") {
			continue
		}
		name := r.word(i - 1)
		if name == "" || r.is(i-2, ".") || r.is(i-2, "->") || r.is(i-2, "]") {
			continue
		}
		r.assigns[name] = append(r.assigns[name], span{i + 1, r.statementEnd(i + 1)})
	}
}

// errorPointers hand an error code on inside of a pointer, or out of one; the
// argument counts.
var errorPointers = map[string]bool{
	"ERR_PTR": true, "ERR_CAST": true, "PTR_ERR": true, "PTR_ERR_OR_ZERO": true, "IS_ERR": false,
}

// expression looks at an expression whose value is returned. line, if not 0, is
// what the results are said to stand at.
func (r *reader) expression(from, to int, line uint32, nesting int) {
	if nesting > maxNesting || from >= to {
		return
	}
	for r.is(from, "(") && r.closes(from) == to-1 {
		from, to = from+1, to-1
	}
	// a ? b : c has the values b and c; a ?: c those of a and c.
	if q := r.top(from, to, "?"); q >= 0 {
		colon := r.colon(q+1, to)
		if colon < 0 {
			return
		}
		if colon == q+1 {
			r.expression(from, q, line, nesting+1)
		}
		r.expression(q+1, colon, line, nesting+1)
		r.expression(colon+1, to, line, nesting+1)
		return
	}
	if from >= to {
		return
	}
	at := line
	if at == 0 {
		at = r.toks[from].Line
	}
	if eq := r.top(from, to, "="); eq >= 0 { // a = b = c
		r.expression(eq+1, to, line, nesting+1)
		return
	}
	if r.is(from, "-") && to == from+2 && isErrno(r.word(from+1)) {
		r.add(Result{Errno: r.word(from + 1)}, at)
		return
	}
	name := r.word(from)
	switch {
	case name == "":
	case to == from+1:
		r.variable(name, nesting)
	case r.is(from+1, "(") && r.closes(from+1) == to-1:
		if through, known := errorPointers[name]; known {
			if through {
				r.errorOf(from+2, to-1, at, nesting)
			}
			return
		}
		if name == "dev_err_probe" { // returns its second argument
			if comma := r.statementEnd(from + 2); r.is(comma, ",") {
				r.expression(comma+1, min(r.statementEnd(comma+1), to-1), line, nesting+1)
			}
			return
		}
		if !r.pointer || nesting == 0 {
			r.add(Result{Call: name}, at)
		}
	}
}

// errorOf looks at the argument of ERR_PTR or PTR_ERR. Of a pointer, the calls
// that it came from count, whatever the function returns itself.
func (r *reader) errorOf(from, to int, line uint32, nesting int) {
	was := r.pointer
	r.pointer = false
	r.expression(from, to, line, nesting+1)
	r.pointer = was
}

// variable looks at what was assigned to a variable that is returned.
func (r *reader) variable(name string, nesting int) {
	if r.visited[name] && !r.pointer || nesting > maxNesting {
		return
	}
	if !r.pointer {
		r.visited[name] = true
	} else if nesting > 2 {
		return
	}
	for _, a := range r.assigns[name] {
		if a.from < a.to {
			r.expression(a.from, a.to, 0, nesting+1)
		}
	}
}

// closes is the index of the parenthesis that closes the one at i, -1 if none
// does.
func (r *reader) closes(i int) int {
	depth := 0
	for ; i < len(r.toks) && r.step(); i++ {
		switch {
		case r.is(i, "("):
			depth++
		case r.is(i, ")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// top finds an operator outside of brackets, -1 if it is not there.
func (r *reader) top(from, to int, op string) int {
	depth := 0
	for i := from; i < to && r.step(); i++ {
		switch {
		case r.is(i, "(") || r.is(i, "[") || r.is(i, "{"):
			depth++
		case r.is(i, ")") || r.is(i, "]") || r.is(i, "}"):
			depth--
		case depth == 0 && r.is(i, op):
			return i
		}
	}
	return -1
}

// colon finds the colon that belongs to the question mark before from.
func (r *reader) colon(from, to int) int {
	depth, nested := 0, 0
	for i := from; i < to && r.step(); i++ {
		switch {
		case r.is(i, "(") || r.is(i, "[") || r.is(i, "{"):
			depth++
		case r.is(i, ")") || r.is(i, "]") || r.is(i, "}"):
			depth--
		case depth == 0 && r.is(i, "?"):
			nested++
		case depth == 0 && r.is(i, ":"):
			if nested == 0 {
				return i
			}
			nested--
		}
	}
	return -1
}

// add files a result, together with those that are the same.
func (r *reader) add(res Result, line uint32) {
	if res.Call == "likely" || res.Call == "unlikely" {
		return
	}
	for i := range r.out {
		if o := &r.out[i]; o.Errno == res.Errno && o.Call == res.Call {
			o.Lines = append(o.Lines, line)
			return
		}
	}
	res.Lines = []uint32{line}
	r.out = append(r.out, res)
}

// isErrno reports whether a word is spelled as error codes are.
func isErrno(w string) bool {
	if len(w) < 3 || w[0] != 'E' {
		return false
	}
	for i := 1; i < len(w); i++ {
		if (w[i] < 'A' || w[i] > 'Z') && (w[i] < '0' || w[i] > '9') {
			return false
		}
	}
	return true
}
