package workbench

// What macros and enumerators come to.

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"dekho/internal/constexpr"
	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/c"
	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// constants computes macros and enumerators of a tree, for one question. It
// keeps the files that it has read.
type constants struct {
	t     *Tree
	files map[source.FileID]*closeup
	size  int // of the files read, in bytes
	depth int
}

// Bounds on what one question may cost.
const (
	maxConstantFiles = 40
	maxConstantBytes = 8 << 20
	maxConstantDepth = 24
	// maxVariants is how many definitions of one name are compared.
	maxVariants = 12
)

func (t *Tree) constants() *constants {
	return &constants{t: t, files: make(map[source.FileID]*closeup)}
}

// file reads a file, once.
func (k *constants) file(id source.FileID) (*closeup, error) {
	if f, ok := k.files[id]; ok {
		return f, nil
	}
	if len(k.files) >= maxConstantFiles || k.size >= maxConstantBytes {
		return nil, errTooMuch
	}
	f, err := k.t.closeup(id)
	if err != nil {
		return nil, err
	}
	k.files[id] = f
	k.size += len(f.Src)
	return f, nil
}

var errTooMuch = errors.New("depends on too much")

// define reads the #define of a name at a line of a file; nil if it is not
// there any more.
func (c *closeup) define(name string, line uint32) *macro.Def {
	s, ok := c.At(name, line, lang.DefMacro)
	if !ok {
		return nil
	}
	return readDefine(c.Src[s.From:s.To], s.Line)
}

// readDefine makes a definition of the text of a directive.
func readDefine(text []byte, line uint32) *macro.Def {
	d, ok := c.ScanDefine(text)
	if !ok {
		return nil
	}
	rec := linkfacts.Record{Tag: linkfacts.TagMacro, Line: line, Name: d.Name, Params: clean(d.Params), Body: clean(d.Body)}
	if d.Function {
		rec.Flags = linkfacts.FlagFunctionLike
	}
	return macro.FromRecord(0, &rec)
}

// clean is source text without comments and line splices.
func clean(text []byte) []byte {
	var b bytes.Buffer
	for _, l := range c.AppendLexemes(nil, text) {
		if l.Blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.Write(l.Text)
	}
	return b.Bytes()
}

// of computes the constant that a symbol of a file defines. It is "" if it
// defines none, such as a macro that takes parameters.
func (k *constants) of(f *closeup, s *outline.Symbol) string {
	var v constexpr.Value
	var err error
	switch s.Role {
	case lang.DefEnumerator:
		v, err = k.enumerator(f, s.Off)
	case lang.DefMacro:
		def := readDefine(f.Src[s.From:s.To], s.Line)
		if def == nil || def.Function || def.Body == "" {
			return ""
		}
		if sharedHeader(f.path) {
			// Others may define it, too: what it comes to depends on who asks.
			var named *macro.Def
			if named, v, err = k.name(s.Name, ""); named != nil {
				v, err = constexpr.Eval(named.Tokens(), k.names(f.path))
			}
			break
		}
		v, err = constexpr.Eval(def.Tokens(), k.names(f.path))
	default:
		return ""
	}
	var depends *constexpr.DependsError
	switch {
	case err == nil:
		return v.String()
	case errors.As(err, &depends) && depends.Name == s.Name && strings.HasPrefix(depends.Why, "#if"):
		return "depends on " + depends.Why
	case errors.As(err, &depends) && depends.Name == s.Name && depends.Why != "":
		return "depends on which of its " + depends.Why + " is meant"
	case errors.As(err, &depends), errors.Is(err, errTooMuch):
		return err.Error()
	}
	return ""
}

// sharedHeader reports whether a file is a header that the whole kernel, or all
// of an architecture, includes.
func sharedHeader(p string) bool { return strings.HasPrefix(p, "include/") || archHeader(p) }

// enumerator computes an enumerator: the last explicit value before it and how
// far it stands behind that.
func (k *constants) enumerator(f *closeup, off uint32) (constexpr.Value, error) {
	list := f.Enumerators(off)
	at := -1
	for i, o := range list {
		if o.Off == off {
			at = i
		}
	}
	if at < 0 {
		return constexpr.Value{}, constexpr.ErrNotConstant
	}
	governed := f.condition(list[at].Line)
	steps := int64(0)
	for i := at; i >= 0; i-- {
		o := list[i]
		if o.Role == lang.Call {
			return constexpr.Value{}, &constexpr.DependsError{Name: string(f.Src[o.Off : o.Off+uint32(o.Len)])}
		}
		if cond := f.condition(o.Line); i < at && cond != "" && cond != governed {
			return constexpr.Value{}, &constexpr.DependsError{Name: cond}
		}
		s := f.Symbol(o)
		text := f.Src[o.Off+uint32(o.Len) : max(s.To, o.Off+uint32(o.Len))]
		_, expr, ok := bytes.Cut(text, []byte("="))
		if !ok {
			steps++
			continue
		}
		v, err := constexpr.Eval(macro.Lex(nil, string(clean(expr))), k.names(f.path))
		v.Bits += uint64(steps)
		return v, err
	}
	return constexpr.Int(steps - 1), nil
}

// names finds what names mean in a file.
func (k *constants) names(path string) constexpr.Names {
	return func(name string) (*macro.Def, constexpr.Value, error) {
		if k.depth++; k.depth > maxConstantDepth {
			return nil, constexpr.Value{}, errTooMuch
		}
		defer func() { k.depth-- }()
		return k.name(name, path)
	}
}

// name finds the definition of a name that a file means: its own, or that of
// its architecture, or the one that all share. When several are left, they must
// come to the same.
func (k *constants) name(name, path string) (def *macro.Def, v constexpr.Value, err error) {
	refs, err := k.t.idx.Refs(name, index.Roles(lang.DefMacro, lang.DefEnumerator))
	if err != nil {
		return nil, v, err
	}
	refs = k.meant(refs, path)
	if len(refs) == 0 {
		return nil, v, &constexpr.DependsError{Name: name}
	}
	if len(refs) > maxVariants {
		return nil, v, &constexpr.DependsError{Name: name, Why: fmt.Sprintf("%d definitions", len(refs))}
	}
	var cond string
	seen := 0
	for _, r := range refs {
		f, err := k.file(r.File)
		if err != nil {
			return nil, v, err
		}
		if seen++; seen == 1 {
			cond = f.condition(r.Line)
		}
		var d *macro.Def
		var w constexpr.Value
		if r.Role == lang.DefMacro {
			if d = f.define(name, r.Line); d == nil {
				return nil, v, &constexpr.DependsError{Name: name}
			}
			if len(refs) > 1 && !d.Function {
				if w, err = constexpr.Eval(d.Tokens(), k.names(f.path)); err != nil {
					return nil, v, err
				}
				d = nil
			}
		} else {
			s, ok := f.At(name, r.Line, lang.DefEnumerator)
			if !ok {
				return nil, v, &constexpr.DependsError{Name: name}
			}
			if w, err = k.enumerator(f, s.Off); err != nil {
				return nil, v, err
			}
		}
		same := d == nil && def == nil && w.Bits == v.Bits || d != nil && def != nil && d.Body == def.Body
		if seen > 1 && !same {
			why := fmt.Sprintf("%d definitions", len(refs))
			if cond != "" && cond != "!__ASSEMBLY__" {
				why = "#if " + cond
			}
			return nil, v, &constexpr.DependsError{Name: name, Why: why}
		}
		def, v = d, w
	}
	if seen == 0 {
		return nil, v, &constexpr.DependsError{Name: name}
	}
	return def, v, nil
}

// meant picks the definitions that a file is likely to mean.
func (k *constants) meant(refs []index.Ref, path string) []index.Ref {
	best, kept := 0, []index.Ref(nil)
	for _, r := range refs {
		p := k.t.idx.Path(r.File)
		if len(refs) > 1 && place(path) != placeTools && k.foreign(r) {
			continue
		}
		var rank int
		switch where := place(p); {
		case p == path:
			rank = 6
		case where == placeTools != (place(path) == placeTools):
			rank = 1
		case strings.HasPrefix(p, "arch/"):
			if strings.HasPrefix(path, "arch/") && archOf(p) == archOf(path) {
				rank = 5
			} else if rank = 4; !archHeader(p) {
				rank = 1
			}
		case strings.HasPrefix(p, "include/"):
			rank = 4
		case strings.HasSuffix(p, ".h"):
			rank = 2 + min(commonDirs(p, path), 1)
		default:
			rank = 1
		}
		if rank > best {
			best, kept = rank, kept[:0]
		}
		if rank == best {
			kept = append(kept, r)
		}
	}
	return kept
}

// foreign reports whether a line is for programs outside of the kernel, or for
// assembly.
func (k *constants) foreign(r index.Ref) bool {
	conds, err := k.t.idx.Conds(r.File)
	if err != nil {
		return false
	}
	cond := condition(conds, r.Line, math.MaxUint32)
	return strings.Contains(cond, "!__KERNEL__") ||
		strings.Contains(strings.ReplaceAll(cond, "!__ASSEMBLY__", ""), "__ASSEMBLY__")
}

// commonDirs is how many directories two paths begin with in common.
func commonDirs(a, b string) int {
	n := 0
	for {
		x, resta, ok := strings.Cut(a, "/")
		y, restb, ok2 := strings.Cut(b, "/")
		if !ok || !ok2 || x != y {
			return n
		}
		a, b = resta, restb
		n++
	}
}
