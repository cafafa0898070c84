package workbench

// Which types are made of which. C has no classes; a struct that has another in
// it by value is of its kind, and container_of() leads from the one to the
// other: a struct ext4_inode_info is an inode.

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// Related is a type that another one is made of, or that is made of it.
type Related struct {
	Result
	Name string // of the type
	// How says how: the member, or the line of the class.
	How string
}

// maxEmbedFiles bounds the files that are searched for types that are made of
// another.
const maxEmbedFiles = 400

// Bases lists the types that a struct has in it by value, and the base classes
// of a class.
func (t *Tree) Bases(_ context.Context, name, file string) (list []Related, err error) {
	err = index.Guard(func() error {
		id, ok := t.file(file)
		if !ok {
			return nil
		}
		near, err := t.closeup(id)
		if err != nil {
			return err
		}
		y := typist{t: t}
		f, all, at := y.typeNamed(name, near)
		if f == nil {
			return nil
		}
		add := func(base, how string) {
			y := typist{t: t}
			of, list2, i := y.typeNamed(base, f)
			if of == nil || slices.ContainsFunc(list, func(r Related) bool { return r.Name == base }) {
				return
			}
			s := &list2[i]
			list = append(list, Related{Name: base, How: how, Result: of.result(&lang.Occ{Off: s.Off, Line: s.Line, Role: s.Role}, "")})
		}
		for _, base := range baseClasses(f, &all[at]) {
			add(base, "base class")
		}
		for i := range all {
			m := &all[i]
			if m.Role != lang.DefMember || m.Parent != at {
				continue
			}
			if text := oneLine(f, m); !strings.ContainsAny(text, "*(") {
				if sub := embedded.FindStringSubmatch(text); sub != nil {
					add(sub[1], "member "+m.Name)
				}
			}
		}
		return nil
	})
	return list, t.idx.Err(err)
}

// embedded matches the declaration of a member that is a struct.
var embedded = regexp.MustCompile(`^(?:const\s+)?(?:struct|union)\s+(\w+)\s+\w`)

// baseClasses lists the base classes of a class of C++.
func baseClasses(f *closeup, s *outline.Symbol) []string {
	if s.Body <= s.Off || s.Body > uint32(len(f.Src)) {
		return nil
	}
	_, bases, ok := strings.Cut(string(f.Src[s.Off:s.Body]), ":")
	if !ok || s.Role == lang.DefEnum {
		return nil
	}
	var names []string
	for part := range strings.SplitSeq(bases, ",") {
		part, _, _ = strings.Cut(part, "<")
		if words := strings.Fields(part); len(words) > 0 {
			last := words[len(words)-1]
			names = append(names, last[strings.LastIndexByte(last, ':')+1:])
		}
	}
	return names
}

// Derived lists the types that have a struct in them by value, and the classes
// derived from a class. More says that not all files were searched.
func (t *Tree) Derived(ctx context.Context, name string) (list []Related, more bool, err error) {
	err = index.Guard(func() error {
		list, more, err = t.derived(ctx, name)
		return err
	})
	return list, more, t.idx.Err(err)
}

func (t *Tree) derived(ctx context.Context, name string) (list []Related, more bool, err error) {
	refs, err := t.idx.Refs(name, index.Roles(lang.TypeUse))
	if err != nil {
		return nil, false, err
	}
	member := regexp.MustCompile(`^\s*(?:const\s+)?(?:struct|union)\s+` + regexp.QuoteMeta(name) + `\s+(\w+)[^*(=]*;`)
	class := regexp.MustCompile(`(?:class|struct)\s[^;{]*:[^;{]*\b` + regexp.QuoteMeta(name) + `\b`)
	funcs := t.idx.FuncFinder()
	var f *closeup
	var symbols []outline.Symbol
	p := t.newPresenter(name)
	files, last := 0, source.NoFile
	for _, r := range refs {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if _, inside, err := funcs.At(r.File, r.Line); err != nil {
			return nil, false, err
		} else if inside {
			continue
		}
		if p.file != r.File {
			if err := p.load(r.File); err != nil {
				return nil, false, err
			}
		}
		text := p.text(r.Line)
		sub := member.FindSubmatch(text)
		isClass := class.Match(text)
		if sub == nil && !isClass {
			continue
		}
		if last != r.File {
			if files++; files > maxEmbedFiles {
				return list, true, nil
			}
			last = r.File
			if f, err = t.closeup(r.File); err != nil {
				f = nil
				continue
			}
			symbols = f.Symbols()
		}
		if f == nil {
			continue
		}
		at := -1
		for i := range symbols {
			s := &symbols[i]
			if isType(s.Role.Kind()) && s.Name != name && s.Start <= r.Line && r.Line <= s.End && (sub != nil || s.Line == r.Line) {
				at = i // the innermost comes last
			}
		}
		if at < 0 {
			continue
		}
		s := &symbols[at]
		rel := Related{Name: s.Name, Result: f.result(&lang.Occ{Off: s.Off, Line: s.Line, Role: s.Role}, "")}
		if sub != nil {
			rel.How = "member " + string(sub[1])
		} else {
			rel.How = "derived class"
		}
		if err := t.mark(&rel.Result); err != nil {
			return nil, false, err
		}
		list = append(list, rel)
	}
	return list, false, nil
}

// TypeAt finds the type of what stands at a position: the struct, union, enum or
// typedef that a variable, member or function is declared with, or the type
// itself.
func (t *Tree) TypeAt(ctx context.Context, at Cursor) (a *Answer, s *Spot, err error) {
	err = index.Guard(func() error {
		var sp *spot
		if a, sp, err = t.typeAt(ctx, at); sp != nil {
			s = &sp.Spot
		}
		return err
	})
	return a, s, t.idx.Err(err)
}

func (t *Tree) typeAt(ctx context.Context, at Cursor) (*Answer, *spot, error) {
	a, s, err := t.defineAt(ctx, at)
	if err != nil || s == nil || s.Header != "" || len(a.Results) == 0 || isType(a.Results[0].Kind) {
		return a, s, err
	}
	r := &a.Results[0]
	y := typist{t: t}
	f := s.c
	if r.Path != s.Path {
		f = y.open(r.Path)
	}
	name := ""
	if f != nil {
		from, _ := f.LineExtent(r.Line)
		ends := behindStatement
		switch r.Kind {
		case lang.DefParam.Kind():
			ends = behindParam
		case lang.DefLocal.Kind():
			ends = behindBlock
		}
		if i := f.tokenBefore(from+uint32(max(r.Column, 1)-1)) + 1; i < len(f.Code) {
			name = declared(f, i, ends)
		}
	}
	if name == "" {
		return &Answer{Name: s.Name}, s, nil
	}
	of, list, i := y.typeNamed(name, f)
	if of == nil {
		a, err = t.define(ctx, name)
		return a, s, err
	}
	res := of.result(&lang.Occ{Off: list[i].Off, Line: list[i].Line, Role: list[i].Role}, "")
	return &Answer{Name: name, Results: []Result{res}}, s, t.mark(&res)
}
