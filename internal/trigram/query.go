package trigram

// Queries: boolean expressions over keys, and their evaluation.

import (
	"cmp"
	"slices"
	"strings"
)

// Op says how the parts of a Query combine.
type Op uint8

const (
	// All matches every document: the query knows nothing.
	All Op = iota
	// None matches no document.
	None
	// And matches documents that have all Keys and match all of Sub.
	And
	// Or matches documents that have one of Keys or match one of Sub.
	Or
)

// Query is a condition on the trigrams of a document.
type Query struct {
	Op   Op
	Keys []Key
	Sub  []*Query
}

// String is the query in a notation like (abc def)|xyz, for tests and for
// people who ask why a search is slow. Byte classes print as one of their
// bytes: Other as '?', newline as '$'.
func (q *Query) String() string {
	var sb strings.Builder
	q.print(&sb)
	return sb.String()
}

func (q *Query) print(sb *strings.Builder) {
	switch q.Op {
	case All:
		sb.WriteString("all")
		return
	case None:
		sb.WriteString("none")
		return
	}
	sep := " "
	if q.Op == Or {
		sep = "|"
	}
	for i, k := range q.Keys {
		if i > 0 {
			sb.WriteString(sep)
		}
		sb.WriteString(k.String())
	}
	for i, s := range q.Sub {
		if i > 0 || len(q.Keys) > 0 {
			sb.WriteString(sep)
		}
		sb.WriteByte('(')
		s.print(sb)
		sb.WriteByte(')')
	}
}

// classNames has one byte to print for each class.
const classNames = "abcdefghijklmnopqrstuvwxyz0123456789_.\t$();,.*-><=&\"/:{}#+|![]%?"

// String is the key as three printable bytes; see Query.String.
func (k Key) String() string {
	b := [3]byte{classNames[k>>12&63], classNames[k>>6&63], classNames[k&63]}
	for i, c := range b {
		if c == '\t' {
			b[i] = '~'
		}
	}
	return string(b[:])
}

// Eval adds to a new set the documents that match q.
func (x *Index) Eval(q *Query) (*Set, error) {
	e := evaluator{x: x}
	return e.eval(q)
}

// evaluator keeps sets for reuse while one query is answered.
type evaluator struct {
	x    *Index
	free []*Set
}

func (e *evaluator) set() *Set {
	if n := len(e.free); n > 0 {
		s := e.free[n-1]
		e.free = e.free[:n-1]
		s.Clear()
		return s
	}
	return NewSet(e.x.docs)
}

func (e *evaluator) release(s *Set) { e.free = append(e.free, s) }

func (e *evaluator) eval(q *Query) (*Set, error) {
	s := e.set()
	switch q.Op {
	case All:
		s.Fill()
		return s, nil
	case Or:
		for _, k := range q.Keys {
			if err := e.x.AddTo(k, s); err != nil {
				return nil, err
			}
		}
		for _, sub := range q.Sub {
			t, err := e.eval(sub)
			if err != nil {
				return nil, err
			}
			s.Or(t)
			e.release(t)
		}
		return s, nil
	case And:
		lists, err := e.byLength(q.Keys)
		if err != nil {
			return nil, err
		}
		s.Fill()
		t := e.set()
		for _, l := range lists {
			t.Clear()
			if err := e.x.addSpan(l.k, l.span, t); err != nil {
				return nil, err
			}
			s.And(t)
			if s.Empty() {
				break
			}
		}
		e.release(t)
		for _, sub := range q.Sub {
			if s.Empty() {
				break
			}
			t, err := e.eval(sub)
			if err != nil {
				return nil, err
			}
			s.And(t)
			e.release(t)
		}
		return s, nil
	}
	return s, nil // None, or a query nobody built
}

// keySpan is a key and its posting list.
type keySpan struct {
	k Key
	span
}

// byLength finds posting lists and orders them shortest first: that is rarest
// first, and an intersection that runs empty stops.
func (e *evaluator) byLength(keys []Key) ([]keySpan, error) {
	lists := make([]keySpan, len(keys))
	for i, k := range keys {
		s, err := e.x.find(k)
		if err != nil {
			return nil, err
		}
		lists[i] = keySpan{k, s}
	}
	slices.SortFunc(lists, func(a, b keySpan) int { return cmp.Compare(a.n, b.n) })
	return lists, nil
}
