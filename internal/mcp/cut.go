package mcp

// Answers that are no lists, such as all about a name, are a text whose lines
// come in pages. Their structured form comes with the first page; lists in it
// that are too long are cut.

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// cut says that a list of the structured form was shortened.
type cut struct {
	List  string `json:"list"`  // where it is: "callers.first"
	Shown int    `json:"shown"` // elements that are there
	Total int    `json:"total"` // that there were
}

// document shows a part of a text, and all of the structured form that fits.
func (w *window) document(text, js []byte) (*answer, error) {
	lines := bytes.SplitAfter(text, []byte{'\n'})
	if n := len(lines); len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	from := min(w.from, len(lines))
	to, size := from, 0
	for to < len(lines) && (to == from || size+len(lines[to]) <= maxText) {
		size += len(lines[to])
		to++
	}
	a := &answer{text: bytes.Join(lines[from:to], nil), unit: "lines"}
	if to < len(lines) {
		a.page.Next = w.next(to)
	}
	if from > 0 || to < len(lines) {
		a.page.First, a.page.Last, a.page.Total = from+1, to, len(lines)
	}
	if from > 0 {
		a.json = []byte("{}")
		return a, nil
	}
	var err error
	a.json, a.page.Cut, err = shorten(js)
	return a, err
}

// longText is the length of strings that are shortened when lists do not suffice.
const longText = 1 << 10

// shorten halves the largest lists of a JSON object until it fits.
func shorten(js []byte) ([]byte, []cut, error) {
	if len(js) <= maxJSON {
		return js, nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(js))
	dec.UseNumber()
	var v map[string]any
	if err := dec.Decode(&v); err != nil {
		return nil, nil, err
	}
	cuts := make(map[string]*cut)
	for {
		out, err := json.Marshal(v)
		if err != nil {
			return nil, nil, err
		}
		if len(out) <= maxJSON {
			return out, listCuts(cuts), nil
		}
		var l longest
		l.look("", v, func(any) {})
		switch {
		case l.text == "" && len(l.list) > 1:
			c := cuts[l.at]
			if c == nil {
				c = &cut{List: l.at, Total: len(l.list)}
				cuts[l.at] = c
			}
			c.Shown = len(l.list) / 2
			l.set(l.list[:c.Shown])
		case l.text != "":
			l.set(strings.ToValidUTF8(l.text[:longText], "") + "…")
		default: // many keys with short values: nothing is left that could be cut
			return []byte("{}"), listCuts(cuts), nil
		}
	}
}

func listCuts(m map[string]*cut) []cut {
	var out []cut
	for _, c := range m {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b cut) int { return strings.Compare(a.List, b.List) })
	return out
}

// longest finds what is largest in a JSON value: a list of several elements, or
// else a text.
type longest struct {
	at   string
	size int
	list []any
	text string
	set  func(any)
}

// look returns the size of a value; set puts another in its place.
func (l *longest) look(at string, v any, set func(any)) int {
	size := 8
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			sub := k
			if at != "" {
				sub = at + "." + k
			}
			size += len(k) + l.look(sub, v[k], func(to any) { v[k] = to })
		}
	case []any:
		for i, e := range v {
			size += l.look(at+"["+strconv.Itoa(i)+"]", e, func(to any) { v[i] = to })
		}
		// A list of one element is as large as what is in it: that can be cut.
		if len(v) > 1 && size > l.size {
			l.at, l.size, l.list, l.text, l.set = at, size, v, "", set
		}
	case string:
		size += len(v)
		if len(v) > 2*longText && size > l.size {
			l.at, l.size, l.list, l.text, l.set = at, size, nil, v, set
		}
	}
	return size
}
