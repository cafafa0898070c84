package mcp

// Pages. An answer that is longer than an assistant wants to read comes in
// parts. The token of the next part says where it begins, of which question and
// of which state of the index; the server remembers nothing.

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"

	"dekho/internal/workbench"
)

// What a page holds at most. The text is what an assistant reads; the
// structured form of the same results may be larger, as it spells out every key.
const (
	defaultResults = 50
	maxResults     = 500
	maxText        = 8 << 10
	maxJSON        = 24 << 10
)

// pageArg is the argument of tools whose answers come in pages.
type pageArg struct {
	Page string `json:"page,omitempty" jsonschema:"token of the next page, from the previous answer; repeat all other arguments"`
}

func (a *pageArg) page() *string { return &a.Page }
func (*pageArg) limit() *int     { return new(int) }

// listArgs are those of tools whose answers are lists.
type listArgs struct {
	Limit int `json:"limit,omitempty" jsonschema:"results on a page: 50, at most 500"`
	pageArg
}

func (a *listArgs) limit() *int { return &a.Limit }

// paged is the arguments of a tool whose answers come in pages.
type paged interface {
	page() *string
	limit() *int
}

// tokenVersion is the first byte of a token.
const tokenVersion = 1

// token is where a page begins.
type token struct {
	state    uint64 // of the index
	question uint64
	offset   uint64
}

func (t token) String() string {
	b := []byte{tokenVersion}
	b = binary.LittleEndian.AppendUint64(b, t.state)
	b = binary.LittleEndian.AppendUint64(b, t.question)
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(b, t.offset))
}

var errToken = errors.New("this is no page token; leave page out for the first page, or repeat the token of the previous answer as it is")

// tokenLen is the length of the longest token, in bytes before encoding.
const tokenLen = 1 + 8 + 8 + binary.MaxVarintLen64

// maxOffset is beyond every answer.
const maxOffset = 1 << 40

func parseToken(s string) (token, error) {
	if len(s) > base64.RawURLEncoding.EncodedLen(tokenLen) {
		return token{}, errToken
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 18 || b[0] != tokenVersion {
		return token{}, errToken
	}
	offset, _ := binary.Uvarint(b[17:])
	t := token{binary.LittleEndian.Uint64(b[1:]), binary.LittleEndian.Uint64(b[9:]), offset}
	if offset > maxOffset || t.String() != s {
		return token{}, errToken
	}
	return t, nil
}

// state identifies what the index says about a tree.
func state(info *workbench.TreeInfo) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d\x00%d\x00%d", info.Root, info.Indexed.UnixNano(), info.Files, info.Bytes) //nolint:errcheck // a hash takes everything
	return h.Sum64()
}

// question identifies a call of a tool, but for the page that is asked for.
func question(tool string, args any) (uint64, error) {
	h := fnv.New64a()
	h.Write([]byte(tool))
	err := json.NewEncoder(h).Encode(args)
	return h.Sum64(), err
}

// window is the part of an answer that a call asks for.
type window struct {
	from, limit int
	token       token // of further pages, but for their offset
	notes       []string
}

// newWindow works out which part of an answer a call of a tool asks for, from a
// tree in some state.
func newWindow(tool string, args paged, state uint64) (*window, error) {
	page, limit := *args.page(), *args.limit()
	// The size of a page may differ from page to page.
	*args.page(), *args.limit() = "", 0
	q, err := question(tool, args)
	*args.page(), *args.limit() = page, limit
	if err != nil {
		return nil, err
	}
	w := &window{limit: limit, token: token{state: state, question: q}}
	switch {
	case limit == 0:
		w.limit = defaultResults
	case limit < 0 || limit > maxResults:
		return nil, fmt.Errorf("limit is a number from 1 to %d", maxResults)
	}
	if page == "" {
		return w, nil
	}
	t, err := parseToken(page)
	switch {
	case err != nil:
		return nil, err
	case t.question != q:
		return nil, errors.New("this page token belongs to another question: repeat the arguments of the call that gave it, or leave page out")
	case t.state != state:
		w.note("the index changed since the previous page: this is the first page again")
	default:
		w.from = int(t.offset)
	}
	return w, nil
}

// note adds what a reader should know about the answer.
func (w *window) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// next is the token of the page that begins at an offset.
func (w *window) next(offset int) string {
	t := w.token
	t.offset = uint64(offset)
	return t.String()
}

// page says which part of an answer this is; docs/json.md describes it.
type page struct {
	Tree  string   `json:"tree,omitempty"`
	First int      `json:"first,omitempty"`
	Last  int      `json:"last,omitempty"`
	Total int      `json:"total,omitempty"`
	Next  string   `json:"next,omitempty"`
	Cut   []cut    `json:"cut,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// answer is the result of a tool.
type answer struct {
	text []byte // lines for an assistant
	json []byte // an object, of the form that docs/json.md describes
	page page
	unit string // what First, Last and Total count
	// later says that there are pages before this one.
	later bool
}

// list shows some of total results: as many as were asked for and fit. show
// makes the text and the JSON of those from one number up to another.
func (w *window) list(total int, show func(from, to int) (text, json []byte, err error)) (*answer, error) {
	from := min(w.from, total)
	to := min(from+w.limit, total)
	text, js, err := show(from, to)
	for err == nil && to-from > 1 && (len(text) > maxText || len(js) > maxJSON) {
		fits := min(float64(maxText)/float64(len(text)), float64(maxJSON)/float64(len(js)))
		to = from + max(1, min(int(float64(to-from)*fits), to-from-1))
		text, js, err = show(from, to)
	}
	if err != nil {
		return nil, err
	}
	a := &answer{text: text, json: js, page: page{First: from + 1, Last: to, Total: total}}
	if from == to {
		a.page.First, a.page.Last = 0, 0
	}
	if to < total {
		a.page.Next = w.next(to)
	}
	return a, nil
}

// errFull ends a search whose page is full.
var errFull = errors.New("the page is full")

// stream is a page of results that come one by one, without their number being
// known.
type stream struct {
	w     *window
	seen  int // results that came
	shown int
	size  int // bytes of text shown
}

// take reports whether the next result, which has so many bytes of text, belongs
// to the page. The error is errFull if it and those behind it belong to later
// ones.
func (s *stream) take(size int) (bool, error) {
	s.seen++
	if s.seen <= s.w.from {
		return false, nil
	}
	if s.shown == s.w.limit || s.shown > 0 && s.size+size > maxText {
		return false, errFull
	}
	s.shown++
	s.size += size
	return true, nil
}

// answer is the page; full says that there are more results.
func (s *stream) answer(text, js []byte, full bool) *answer {
	a := &answer{text: text, json: js}
	if s.shown > 0 {
		a.page.First, a.page.Last = s.w.from+1, s.w.from+s.shown
	}
	if full {
		a.page.Next = s.w.next(s.w.from + s.shown)
	} else {
		a.page.Total = s.seen
	}
	return a
}
