package workbench

// What makes an origin likelier than another when nothing of the code tells them
// apart: how many boards have a driver, how near it is to who asks, and which
// firmware the asking driver is for.

import (
	"bytes"
	"iter"
	"math"
	"path"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/dts"
	"dekho/internal/source"
)

// Bounds of what is counted.
const (
	maxCommon = 256 // sources of device trees, beside which more tell nothing
	maxUsers  = 24  // files that use what a file exports
	maxLayers = 2   // of files that use what others export
	// maxStrings is how many strings of one file are looked for.
	maxStrings = 64
	maxString  = 160 // bytes in which one has to stand
)

// common says how many sources of device trees have devices for the driver in a
// file, or for those that use what the file exports.
func (s *whySearch) common(id source.FileID) int {
	n, ok := s.boards[id]
	if !ok {
		s.boards[id] = 0 // while it is counted: files can use each other
		n = s.countBoards(id)
		s.boards[id] = n
	}
	return n
}

func (s *whySearch) countBoards(id source.FileID) int {
	n := s.ownBoards(id)
	content, _, err := s.t.idx.ReadFile(id)
	if err != nil || n > 0 || !bytes.Contains(content, []byte("EXPORT_SYMBOL")) {
		return n
	}
	users := make(map[source.FileID]bool)
	for name := range exported(content) {
		err := s.t.idx.EachRef(name, index.Roles(lang.Call, lang.Read), func(r index.Ref) bool {
			if r.File != id {
				users[r.File] = true
			}
			return len(users) < maxUsers
		})
		if err != nil || len(users) >= maxUsers {
			break
		}
	}
	if s.counting >= maxLayers {
		return n
	}
	s.counting++
	defer func() { s.counting-- }()
	for user := range users {
		if n += s.common(user); n >= maxCommon {
			return maxCommon
		}
	}
	return n
}

// exported lists the functions that a file offers to modules.
func exported(content []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			i := bytes.Index(content, []byte("EXPORT_SYMBOL"))
			if i < 0 {
				return
			}
			content = content[i:]
			open, end := bytes.IndexByte(content, '('), bytes.IndexAny(content, ",)\n")
			if open >= 0 && open < end && !yield(string(bytes.TrimSpace(content[open+1:end]))) {
				return
			}
			content = content[len("EXPORT_SYMBOL"):]
		}
	}
}

// matched lists the strings that the drivers of a file are found by: those of
// tables, and of the macros that declare an init function. It only looks for
// them, without reading the file: a hundred files are looked at for one answer.
func matched(content []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, word := range []string{"compatible", "_DECLARE("} {
			for rest := content; ; {
				i := bytes.Index(rest, []byte(word))
				if i < 0 {
					break
				}
				rest = rest[i+len(word):]
				before, text, ok := bytes.Cut(rest[:min(len(rest), maxString)], []byte{'"'})
				if !ok || word == "compatible" && string(bytes.TrimSpace(before)) != "=" || bytes.ContainsAny(before, ";)") {
					continue
				}
				if text, _, ok = bytes.Cut(text, []byte{'"'}); ok && !yield(string(text)) {
					return
				}
			}
		}
	}
}

// ownBoards counts the sources of device trees with a string of a file's own
// tables.
func (s *whySearch) ownBoards(id source.FileID) int {
	if !isC(s.t.idx.Path(id)) {
		return 0
	}
	content, _, err := s.t.idx.ReadFile(id)
	if err != nil {
		return 0
	}
	n, looked := 0, 0
	for compatible := range matched(content) {
		if looked++; looked > maxStrings {
			break
		}
		last := source.NoFile
		err := s.t.idx.EachRef(compatible, index.Roles(lang.Read), func(r index.Ref) bool {
			if r.File != last && dts.IsSource(s.t.idx.Path(r.File)) {
				last = r.File
				n++
			}
			return n < maxCommon
		})
		if err != nil || n >= maxCommon {
			break
		}
	}
	return n
}

// whySpread says how much the number of boards counts, 1 for in proportion: what
// few have is debugged more often.
const whySpread = 0.8

// prior says how likely a pointer holds a function, beside others.
func (s *whySearch) prior(t *Target) float64 {
	w := 1.0
	if id, ok := s.t.idx.FileByPath(t.Path); ok {
		w = math.Pow(1+float64(s.common(id)), whySpread)
	}
	switch {
	case t.Path == s.start:
		w *= 8 // a driver that registers itself
	case path.Dir(t.Path) == path.Dir(s.start):
		w *= 2
	}
	switch t.Grade {
	case TypeMatched:
	case SignatureMatched:
		w *= 0.5
	default:
		w *= 0.2
	}
	return w
}

// firmware is what devices are described by.
type firmware uint8

const (
	anyFirmware firmware = iota
	deviceTree
	acpi
)

// firmwareOf says which firmware a driver is for, as far as its tables tell.
func firmwareOf(content []byte) firmware {
	of := bytes.Contains(content, []byte("struct of_device_id"))
	hasACPI := bytes.Contains(content, []byte("struct acpi_device_id")) || bytes.Contains(content, []byte("ACPI_PTR("))
	switch {
	case of && !hasACPI:
		return deviceTree
	case hasACPI && !of:
		return acpi
	}
	return anyFirmware
}

// otherFirmware reports whether a file is for the firmware that the asking driver
// is not for.
func (s *whySearch) otherFirmware(file string) bool {
	switch s.firmware {
	case deviceTree:
		return strings.Contains(file, "acpi")
	case acpi:
		return strings.HasPrefix(file, "drivers/of/") || strings.HasSuffix(file, "-of.c") || strings.HasSuffix(file, "_of.c")
	}
	return false
}
