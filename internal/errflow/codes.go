package errflow

// The error codes of a function in short.

import (
	"cmp"
	"slices"

	"dekho/internal/outline"
)

// Code is something that a function can return.
type Code struct {
	// Errno is the name of an error code (EINVAL), "" if Call is set.
	Errno string
	// Call is a function whose result is returned.
	Call string
	// Lines are where, 1-based: of the return statement, or of the assignment
	// to the variable that is returned.
	Lines []uint32
}

// Codes lists what the function s of a file can return: error codes in the order
// in which they stand, then calls.
func Codes(f *outline.File, s *outline.Symbol) []Code {
	fn := Read(f, s)
	var out []Code
	for _, src := range fn.Returns(Want{}) {
		var c Code
		switch {
		case src.Kind == Constant && isErrno(src.Name):
			c.Errno = src.Name
		case src.Kind == Call && (!fn.object || len(src.Via) == 0 || fn.minds()):
			c.Call = src.Name
		default:
			continue
		}
		i := slices.IndexFunc(out, func(o Code) bool { return o.Errno == c.Errno && o.Call == c.Call })
		if i < 0 {
			i = len(out)
			out = append(out, c)
		}
		out[i].Lines = append(out[i].Lines, src.Line)
	}
	for i := range out {
		slices.Sort(out[i].Lines)
		out[i].Lines = slices.Compact(out[i].Lines)
	}
	slices.SortStableFunc(out, func(a, b Code) int {
		return cmp.Or(cmp.Compare(min(1, len(a.Call)), min(1, len(b.Call))), cmp.Compare(a.Lines[0], b.Lines[0]))
	})
	return out
}

// minds reports whether a function looks for errors in pointers: then a pointer
// that it got may be one.
func (fn *Func) minds() bool {
	for i := range fn.toks {
		switch fn.word(i) {
		case "IS_ERR", "IS_ERR_OR_NULL", "ERR_CAST", "PTR_ERR":
			return true
		}
	}
	return false
}
