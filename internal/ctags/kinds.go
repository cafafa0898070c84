package ctags

import (
	"path"
	"strings"

	"dekho/internal/workbench"
)

// language is a language by the names that it has here and in universal-ctags.
type language struct{ own, name, alias string }

var languageTable = []language{
	{"c", "C", "c"},
	{"c++", "C++", "c++"},
	{"asm", "Asm", "asm"},
	{"dts", "DTS", "dts"},
	{"kbuild", "Kconfig", "make"},
}

// kind is a kind of tag.
type kind struct {
	letter byte
	name   string
	text   string // for people
}

// Kinds of universal-ctags, by what this program calls them.
var (
	cKinds = map[string]kind{
		"macro":      {'d', "macro", "macro definitions"},
		"enumerator": {'e', "enumerator", "enumerators (values inside an enumeration)"},
		"function":   {'f', "function", "function definitions"},
		"enum":       {'g', "enum", "enumeration names"},
		"member":     {'m', "member", "class, struct, and union members"},
		"struct":     {'s', "struct", "structure names"},
		"typedef":    {'t', "typedef", "typedefs"},
		"union":      {'u', "union", "union names"},
		"variable":   {'v', "variable", "variable definitions"},
		"class":      {'c', "class", "classes"},
		"namespace":  {'n', "namespace", "namespaces"},
		"prototype":  {'p', "prototype", "function prototypes"},
		"external":   {'x', "externvar", "external and forward variable declarations"},
	}
	asmLabel    = kind{'l', "label", "labels"}
	asmMacro    = kind{'m', "macro", "macros"}
	define      = kind{'d', "define", "defines"}
	dtsLabel    = kind{'l', "label", "labels"}
	config      = kind{'c', "config", "configs"}
	makeMacro   = kind{'m', "macro", "macros"}
	otherKind   = kind{'v', "variable", ""}
	cKindOrder  = []string{"macro", "enumerator", "function", "enum", "member", "prototype", "struct", "typedef", "union", "variable", "external", "class", "namespace"}
	offByItself = map[string]bool{"prototype": true, "external": true}
)

func kindNames() map[string]byte {
	names := make(map[string]byte)
	for _, k := range cKinds {
		names[k.name] = k.letter
	}
	return names
}

// kindOf is the kind of a tag.
func kindOf(file string, t *workbench.Tag) kind {
	switch t.Language {
	case "c", "c++":
		if k, ok := cKinds[t.Kind]; ok {
			return k
		}
		return otherKind
	case "asm":
		if t.Kind != "macro" {
			return asmLabel
		}
		if strings.Contains(string(t.Text), ".macro") {
			return asmMacro
		}
		return define
	case "dts":
		if t.Kind == "macro" {
			return define
		}
		return dtsLabel
	case "kbuild":
		if strings.HasPrefix(path.Base(file), "Kconfig") || t.Kind == "config" {
			return config
		}
		return makeMacro
	}
	return otherKind
}

// languageName is what universal-ctags calls the language of a tag.
func languageName(file string, t *workbench.Tag) string {
	for _, l := range languageTable {
		if l.own == t.Language {
			if l.own == "kbuild" && !strings.HasPrefix(path.Base(file), "Kconfig") {
				return "Make"
			}
			return l.name
		}
	}
	return t.Language
}
