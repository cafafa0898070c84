package debuginfo

import (
	"debug/dwarf"
	"runtime/debug"
	"sort"
)

// Lines says which lines of the source an address comes from: the innermost
// function first, then those that it was inlined into. function is the symbol
// that the address is in.
func (f *File) Lines(addr uint64, function string) (list []Location, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { err = recovered(recover(), err) }()
	if err := f.index(); err != nil {
		return nil, err
	}
	end := sort.Search(len(f.units), func(i int) bool { return f.units[i].low > addr })
	for i := end - 1; i >= 0 && f.units[i].low+f.widest > addr; i-- {
		u := &f.units[i]
		if addr >= u.high {
			continue
		}
		if list, err := f.inUnit(u.unit, addr, function); err != nil || len(list) > 0 {
			return list, err
		}
	}
	return nil, nil
}

// unit is what is needed of a translation unit's own entry.
type unit struct {
	entry *dwarf.Entry
	dir   string
	files []*dwarf.LineFile
}

// inUnit looks an address up in a unit.
func (f *File) inUnit(off dwarf.Offset, addr uint64, function string) (list []Location, err error) {
	r := f.dwarf.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err != nil || e == nil {
		return nil, err
	}
	u := unit{entry: e}
	u.dir, _ = e.Val(dwarf.AttrCompDir).(string)
	lr, err := f.dwarf.LineReader(e)
	if err != nil || lr == nil {
		return nil, err
	}
	// The function, and what was inlined at the address, outermost first.
	scopes, err := f.scopes(r, addr)
	if err != nil {
		return nil, err
	}
	at, ok := line(lr, addr)
	u.files = lr.Files()
	if !ok {
		return nil, nil
	}
	if len(scopes) == 0 {
		// Assembly, or a function that is another one's code under its own name.
		return []Location{{Function: function, Path: clean(at.File.Name, u.dir), Line: at.Line}}, nil
	}
	here := Location{Path: clean(at.File.Name, u.dir), Line: at.Line}
	for i := len(scopes) - 1; i >= 0; i-- {
		here.Function = f.nameOf(scopes[i], 0)
		here.Inlined = i > 0
		list = append(list, here)
		if i > 0 {
			// Where it was called is where the outer function was.
			call, _ := scopes[i].Val(dwarf.AttrCallLine).(int64)
			n, _ := scopes[i].Val(dwarf.AttrCallFile).(int64)
			here = Location{Line: int(call)}
			if n >= 0 && int(n) < len(u.files) && u.files[n] != nil {
				here.Path = clean(u.files[n].Name, u.dir)
			}
		}
	}
	return list, nil
}

// scopes walks a unit from behind its own entry down to an address.
func (f *File) scopes(r *dwarf.Reader, addr uint64) ([]*dwarf.Entry, error) {
	var found []*dwarf.Entry
	for depth := 0; ; {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return found, nil
		}
		if e.Tag == 0 {
			depth--
			if depth < 0 || len(found) > 0 && depth == 0 {
				return found, nil
			}
			continue
		}
		enter := false
		switch e.Tag {
		case dwarf.TagSubprogram:
			if len(found) == 0 && f.covers(e, addr) {
				found, enter = append(found, e), true
			}
		case dwarf.TagInlinedSubroutine:
			if len(found) > 0 && f.covers(e, addr) {
				found, enter = append(found, e), true
			}
		case dwarf.TagLexDwarfBlock:
			enter = len(found) > 0 && f.covers(e, addr)
		}
		switch {
		case !e.Children:
			if len(found) > 0 && depth == 0 {
				return found, nil
			}
		case enter:
			depth++
		default:
			r.SkipChildren()
		}
	}
}

func (f *File) covers(e *dwarf.Entry, addr uint64) bool {
	ranges, err := f.dwarf.Ranges(e)
	if err != nil {
		return false
	}
	for _, a := range ranges {
		if a[0] <= addr && addr < a[1] {
			return true
		}
	}
	return false
}

// nameOf is the name of a function's entry, which may stand in the entry that
// it is an instance of.
func (f *File) nameOf(e *dwarf.Entry, depth int) string {
	if name, ok := e.Val(dwarf.AttrName).(string); ok {
		return name
	}
	for _, attr := range []dwarf.Attr{dwarf.AttrAbstractOrigin, dwarf.AttrSpecification} {
		off, ok := e.Val(attr).(dwarf.Offset)
		if !ok || depth > 8 {
			continue
		}
		r := f.dwarf.Reader()
		r.Seek(off)
		if origin, err := r.Next(); err == nil && origin != nil {
			return f.nameOf(origin, depth+1)
		}
	}
	return ""
}

// line finds an address in the table of lines.
func line(lr *dwarf.LineReader, addr uint64) (hit dwarf.LineEntry, ok bool) {
	var prev, e dwarf.LineEntry
	for inSequence := false; lr.Next(&e) == nil; prev, inSequence = e, !e.EndSequence {
		if inSequence && prev.Address <= addr && addr < e.Address && prev.File != nil && prev.Line > 0 {
			return prev, true
		}
	}
	return hit, false
}
