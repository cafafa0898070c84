package logmap

// What makefiles tell of a file: the module it is part of (KBUILD_MODNAME) and
// the symbol that builds it.

import (
	"maps"
	"slices"
	"strings"

	"dekho/internal/macro"
)

// applyKbuild reads the makefile of a directory ("" or ending in /) and notes
// module and symbol of the files it names.
func (l *linker) applyKbuild(dir, text string) {
	objects := make(map[string]string)   // object without .o -> symbol, "y" if always
	members := make(map[string][]string) // composite -> its objects
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.IndexByte(line, '#'); i >= 0 {
			line = line[:i]
		}
		left, right, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		left = strings.TrimRight(left, "+:?! \t")
		left = strings.TrimSpace(left)
		if strings.ContainsAny(left, " \t") {
			continue
		}
		i := strings.LastIndexByte(left, '-')
		if j := strings.Index(left, "-$("); j >= 0 {
			i = j
		}
		if i <= 0 {
			continue
		}
		name, cond := left[:i], left[i+1:]
		symbol, known := symbolOf(cond)
		if !known {
			continue
		}
		for _, o := range strings.Fields(right) {
			if strings.HasSuffix(o, "/") && name == "obj" {
				d := macro.CleanJoin(dir, o)
				l.dirSymbol[d] = either(l.dirSymbol[d], symbol)
				continue
			}
			o, ok := strings.CutSuffix(o, ".o")
			if !ok {
				continue
			}
			if name == "obj" {
				objects[o] = either(objects[o], symbol)
			} else {
				members[name] = append(members[name], o)
			}
		}
	}
	set := func(object, module, symbol string) {
		for _, ext := range [...]string{".c", ".S"} {
			if f, ok := l.table.FileByPath(macro.CleanJoin(dir, object+ext)); ok {
				fi := &l.files[f]
				m := strings.ReplaceAll(module[strings.LastIndexByte(module, '/')+1:], "-", "_")
				switch {
				case fi.module == "":
					fi.module, fi.symbol = m, symbol
				case fi.module != m:
					fi.shared = true // part of several modules
					fi.symbol = either(fi.symbol, symbol)
				}
			}
		}
	}
	for _, o := range slices.Sorted(maps.Keys(objects)) {
		symbol := objects[o]
		parts, composite := members[o]
		if !composite {
			set(o, o, symbol)
			continue
		}
		for _, p := range parts {
			set(p, o, symbol)
		}
	}
}

// either joins the symbols of two lines that build the same: any of them will
// do, and what is always built needs none.
func either(a, b string) string {
	switch {
	case a == "" || b == "y":
		return b
	case a == "y" || b == "" || slices.Contains(strings.Split(a, "|"), b):
		return a
	}
	return a + "|" + b
}

// symbolOf reads what stands behind the dash: y, m, objs, $(CONFIG_X).
func symbolOf(cond string) (string, bool) {
	switch cond {
	case "y", "m", "objs":
		return "y", true
	}
	if s, ok := strings.CutPrefix(cond, "$(CONFIG_"); ok {
		if s, _, ok = strings.Cut(s, ")"); ok {
			return "CONFIG_" + s, true
		}
	}
	return "", false
}
