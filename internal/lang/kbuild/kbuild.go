// Package kbuild extracts facts from the kernel's build description: the
// symbols of Kconfig files, the makefiles that tie objects to them, and the
// configurations that set them. For answers about single symbols and objects it
// also reads these files whole: see ParseKconfig and ParseMakefile.
//
// A symbol is reported as it is written: EXT4_FS in Kconfig files,
// CONFIG_EXT4_FS everywhere else. Who asks for one looks both up.
package kbuild

import (
	"bytes"
	"strings"

	"dekho/internal/lang"
	"dekho/internal/lang/linkfacts"
)

// Language is the row of this package in the table of languages.
func Language() lang.Language {
	return lang.Language{
		Name:    "kbuild",
		Version: 2,
		Match:   func(path string) bool { return kindOf(path) != none },
		New:     func() lang.Extractor { return extractor{} },
	}
}

// fileKind is what a file tells about the build.
type fileKind uint8

const (
	none fileKind = iota
	makefile
	makeInclude // included by makefiles: describes no directory
	kconfig
	configuration
)

func kindOf(path string) fileKind {
	base := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case base == "Makefile" || base == "Kbuild":
		return makefile
	case strings.HasPrefix(base, "Kconfig"):
		return kconfig
	case strings.HasPrefix(base, "Makefile.") || strings.HasPrefix(base, "Kbuild.") || base == "Platform":
		return makeInclude
	case base == "defconfig" || strings.HasSuffix(base, "_defconfig"):
		return configuration
	case base == "config" || strings.HasSuffix(base, ".config"):
		// Fragments of the tree; an own .config in its top directory is
		// someone's choice and no part of it.
		if strings.Contains(path, "/configs/") || strings.HasPrefix(path, "tools/testing/") {
			return configuration
		}
	}
	return none
}

// IsKconfig reports whether a file of the tree declares symbols, and thus
// writes them without CONFIG_.
func IsKconfig(path string) bool { return kindOf(path) == kconfig }

// IsMakefile reports whether a file is a makefile or included by one.
func IsMakefile(path string) bool {
	k := kindOf(path)
	return k == makefile || k == makeInclude
}

// IsConfiguration reports whether a file sets symbols: a defconfig or a fragment.
func IsConfiguration(path string) bool { return kindOf(path) == configuration }

type extractor struct{}

// Extract implements lang.Extractor.
func (extractor) Extract(path string, src []byte, f *lang.Facts) {
	switch kindOf(path) {
	case makefile:
		// The linker of print statements knows the directories.
		if len(src) <= linkfacts.MaxText*16 {
			f.Link = linkfacts.AppendKbuild(f.Link, src)
		}
		extractMakefile(src, f)
	case makeInclude:
		extractMakefile(src, f)
	case kconfig:
		extractKconfig(src, f)
	case configuration:
		extractConfiguration(src, f)
	}
	f.Lines = lines(src)
}

func lines(src []byte) uint32 {
	n := uint32(bytes.Count(src, []byte{'\n'}))
	if len(src) > 0 && src[len(src)-1] != '\n' {
		n++
	}
	return n
}

// report appends an occurrence of src[from:to].
func report(f *lang.Facts, src []byte, from, to int, line uint32, role lang.Role) {
	if n := to - from; n > 0 && n <= lang.MaxIdent {
		f.Occs = append(f.Occs, lang.Occ{
			Off: uint32(from), Line: line, Hash: lang.Hash(src[from:to]), Len: uint16(n), Role: role,
		})
	}
}

var configPrefix = []byte("CONFIG_")

// extractConfiguration reports what a configuration sets, "is not set" included.
func extractConfiguration(src []byte, f *lang.Facts) {
	line := uint32(1)
	for off := 0; off < len(src); line++ {
		end := off + lineLen(src[off:])
		at := off
		if at+1 < end && src[at] == '#' && src[at+1] == ' ' {
			at += 2
		}
		if bytes.HasPrefix(src[at:end], configPrefix) {
			i := at
			for i < end && wordByte(src[i]) {
				i++
			}
			if at == off && i < end && src[i] == '=' || at > off && string(bytes.TrimRight(src[i:end], " \t\r")) == " is not set" {
				report(f, src, at, i, line, lang.Write)
			}
		}
		off = end + 1
	}
}

// lineLen is the length of the first line of src without its newline.
func lineLen(src []byte) int {
	if n := bytes.IndexByte(src, '\n'); n >= 0 {
		return n
	}
	return len(src)
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
