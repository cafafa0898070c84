package workbench

// Where an error code came from: from the statement that printed it back
// through assignments and calls to what made it.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dekho/internal/errflow"
	"dekho/internal/index"
	"dekho/internal/source"
)

// WhyOptions say what to explain.
type WhyOptions struct {
	// Errno is the error code, by name or number ("-22", "EINVAL"); "" to take
	// any.
	Errno string
	// Value is the text of the printed argument that holds the code ("ret"), ""
	// to find it.
	Value string
	// Arch is the architecture whose numbers count, "" for most.
	Arch string
	// Limit bounds the origins, 0 for all that were found.
	Limit int
}

// Why is an explanation of an error code.
type Why struct {
	// Path and Line are those of the statement, Text it, Function what it stands
	// in.
	Path     string
	Line     uint32
	Text     string
	Function string
	// Errno is the code, nil if it is not known.
	Errno *Errno
	// Value is the expression that was printed or, when none that could hold an
	// error was, tested before it; Tested says so.
	Value  string
	Tested bool
	// Conds are the conditions around the statement, outermost first.
	Conds []WhyCond
	// Origins are where the code can have come from, the likeliest first, and
	// More how many were left out.
	Origins []WhyOrigin
	More    int
	// Exhausted says that the search was cut short: there may be others.
	Exhausted bool
	// Record is the text of the record that was asked about, RecordLine its line
	// in the log, and Verdict how sure it is that the statement printed it;
	// "" without a log.
	Record     string
	RecordLine int
	Verdict    Verdict
}

// WhyCond is a condition.
type WhyCond struct {
	Text string
	Line uint32
	Not  bool // it did not hold
}

// WhyOrigin is a place that an error code can have come from.
type WhyOrigin struct {
	// Path, Line and Function are the place, Text its statement.
	Path     string
	Line     uint32
	Function string
	Text     string
	// What says what stands there: "constant", or for what is not followed
	// further "call", "pointer", "parameter" and "value", with Name.
	What, Name string
	// Macro is the macro out of which the value comes where its use stands, ""
	// if it is written out.
	Macro string
	// Conds are the conditions around it within its function.
	Conds []WhyCond
	// Jumps are the conditions of the gotos that lead to it.
	Jumps []WhyCond
	// Condition is what of #if governs it.
	Condition string
	// Share is how likely it is beside the others, 0 to 1; an estimate from how
	// many ways there are.
	Share float64
	// Steps lead from the statement that was asked about to it.
	Steps []WhyStep
	// Said are the records of the log that were printed on the way from there,
	// before the one that was asked about.
	Said []WhySaid
	// Guess says that the code is stored where the names of variable and member
	// agree, and nothing else tells that it is the same object.
	Guess bool
	// Lens is what the lens says of the place, nil without one.
	Lens *Judgement
}

// WhyStep is a statement through which an error code was handed on.
type WhyStep struct {
	Path     string
	Line     uint32
	Function string // that the statement stands in
	Text     string
	// How is "" for an assignment, else how the next function was called.
	How   CallKind
	Grade Grade // of CallPointer
}

// The kinds of WhyOrigin.What.
const (
	WhyConstant  = "constant"
	WhyCall      = "call"
	WhyPointer   = "pointer"
	WhyParameter = "parameter"
	WhyValue     = "value"
)

// ErrNoStatement says that there is no statement of a function at a place.
var ErrNoStatement = errors.New("no statement of a function is there")

// Why explains an error code at a statement: of a file of the tree by its line.
func (t *Tree) Why(ctx context.Context, file string, line uint32, opts WhyOptions) (w *Why, err error) {
	err = index.Guard(func() error {
		w, err = t.why(ctx, file, line, opts, nil)
		return err
	})
	return w, t.idx.Err(err)
}

func (t *Tree) why(ctx context.Context, file string, line uint32, opts WhyOptions, heard *heard) (*Why, error) {
	id, ok := t.file(file)
	if !ok {
		near, err := t.nearestFiles(ctx, file)
		if err != nil {
			return nil, err
		}
		return nil, &InputError{Name: file, Err: errors.New("is not in the tree"), Hint: nearHint(near)}
	}
	g, err := t.newCallGraph()
	if err != nil {
		return nil, err
	}
	s := &whySearch{ctx: ctx, t: t, g: g, errnos: t.errnos(opts.Arch), files: make(map[source.FileID]*whyFile), until: time.Now().Add(whyTime)}
	w := &Why{Path: t.idx.Path(id), Line: line}
	s.start, s.asked, s.heard, s.common, s.reach = w.Path, line, heard, t.commonBeside(id), 1
	if opts.Errno != "" {
		e, ok := errno(s.errnos, opts.Errno)
		if !ok {
			return nil, &UsageError{fmt.Errorf("%q is no error code; it would be -22 or EINVAL", opts.Errno)}
		}
		w.Errno = &e
		s.want.Errno = e.Name
	}
	f, err := s.file(id)
	if err != nil {
		return nil, err
	}
	s.firmware = firmwareOf(f.Src)
	sym, ok := f.around(line)
	if !ok {
		return nil, &InputError{Name: fmt.Sprintf("%s:%d", w.Path, line), Err: ErrNoStatement, Hint: "give the line of the statement that printed the error"}
	}
	fn := f.read(sym)
	at, ok := fn.Statement(line)
	if !ok {
		return nil, &InputError{Name: fmt.Sprintf("%s:%d", w.Path, line), Err: ErrNoStatement, Hint: "give the line of the statement that printed the error"}
	}
	w.Function, w.Text = sym.Name, strings.TrimSpace(f.text(line))
	w.Conds = whyConds(fn.Conds(at))
	where := whyPlace{f: f, sym: sym, fn: fn}
	var leaves []whyLeaf
	for _, a := range fn.Printed(at) {
		if opts.Value != "" && squeezed(a.Text) != squeezed(opts.Value) {
			continue
		}
		// A name or a count comes from no error code.
		if list := s.deepen(where, fn.Trace(at, a, s.want)); opts.Value != "" || hasConstant(list) {
			w.Value, leaves = a.Text, list
			break
		} else if w.Value == "" && len(list) > 0 && namedCode(a.Text) {
			// Where it came from is not known as far back, but it is the code.
			w.Value, leaves = a.Text, list
		}
	}
	if w.Value == "" {
		w.Tested = true
		leaves = s.deepen(where, fn.Tested(at, s.want))
	}
	s.finish(w, leaves, opts.Limit)
	return w, ctx.Err()
}

// deepen follows sources through more and more calls, until that tells nothing
// new or costs too much: then what was found so far counts.
func (s *whySearch) deepen(at whyPlace, list []errflow.Source) []whyLeaf {
	var leaves []whyLeaf
	for s.depth = whyFirstDepth; s.depth <= whyDepth; s.depth += whyDeeper {
		s.known, s.active, s.limited = make(map[whyKey]whyKnown), make(map[whyKey]bool), false
		more := s.sources(at, list, nil, 0)
		if s.cut && hasConstant(leaves) {
			break
		}
		if leaves = more; s.cut || !s.limited {
			break
		}
	}
	return leaves
}

// codeNames are what variables that hold an error code are called.
var codeNames = []string{"ret", "rc", "retval", "rval", "status", "result", "res"}

// namedCode reports whether a printed expression is called as error codes are:
// "error", "bp->b_error", "ret".
func namedCode(text string) bool {
	name := strings.ToLower(text[strings.LastIndexAny(text, ".>")+1:])
	return strings.Contains(name, "err") || slices.Contains(codeNames, strings.TrimSpace(name))
}

func hasConstant(leaves []whyLeaf) bool {
	return slices.ContainsFunc(leaves, func(l whyLeaf) bool { return l.origin.What == WhyConstant })
}

// finish ranks what was found.
func (s *whySearch) finish(w *Why, leaves []whyLeaf, limit int) {
	for i := range leaves {
		leaves[i].weight = leaves[i].likely()
	}
	// Several ways to one place are one origin, with the likeliest way.
	slices.SortStableFunc(leaves, func(a, b whyLeaf) int { return cmp.Compare(b.weight, a.weight) })
	total := 0.0
	byPlace := make(map[string]int)
	if hasConstant(leaves) {
		for i := range leaves {
			if leaves[i].origin.What != WhyConstant {
				leaves[i].weight *= weightBeside
			}
		}
	}
	for _, l := range leaves {
		total += l.weight
		key := fmt.Sprintf("%s:%d:%s:%s", l.origin.Path, l.origin.Line, l.origin.What, l.origin.Name)
		if i, ok := byPlace[key]; ok {
			w.Origins[i].Share += l.weight
			continue
		}
		byPlace[key] = len(w.Origins)
		l.origin.Share = l.weight
		w.Origins = append(w.Origins, l.origin)
	}
	for i := range w.Origins {
		w.Origins[i].Share /= total
		slices.Reverse(w.Origins[i].Steps)
	}
	slices.SortStableFunc(w.Origins, func(a, b WhyOrigin) int { return cmp.Compare(b.Share, a.Share) })
	w.Exhausted = s.cut
	if limit > 0 && len(w.Origins) > limit {
		w.More = len(w.Origins) - limit
		w.Origins = w.Origins[:limit]
	}
}

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

func nearHint(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return "near it are " + strings.Join(near, ", ")
}

func whyConds(list []errflow.Cond) []WhyCond {
	out := make([]WhyCond, len(list))
	for i, c := range list {
		out[i] = WhyCond{c.Text, c.Line, c.Not}
	}
	return out
}
