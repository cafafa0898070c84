package workbench

// Which driver is likely to be behind a pointer: the one that many boards have,
// above all those that have the device of the driver that asks.

import (
	"bytes"
	"iter"
	"math"
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/dts"
	"dekho/internal/source"
)

// Bounds of what is looked at.
const (
	maxCommon = 256 // sources of device trees, beside which more tell nothing
	maxUsers  = 24  // files that use what a file exports
	maxLayers = 2   // of files that use what others export
	maxBeside = 48  // boards with the device of the driver that asks
	maxParts  = 40  // sources that a board is made of
	// maxStrings is how many strings of one file are looked for.
	maxStrings = 64
	maxString  = 160 // bytes in which one has to stand
)

// commonness knows how common drivers are. It is for one question.
type commonness struct {
	t *Tree
	// sources are the sources of device trees with devices for the driver in a
	// file.
	sources map[source.FileID][]source.FileID
	layer   int
	// beside counts on how many boards with the device of the asking driver a
	// source is part of, of boards of them.
	beside map[source.FileID]int
	boards int
}

// commonBeside is what is common on boards that have a device for the driver in a
// file.
func (t *Tree) commonBeside(id source.FileID) *commonness {
	c := &commonness{t: t, sources: make(map[source.FileID][]source.FileID), beside: make(map[source.FileID]int)}
	boards := c.boardsOf(c.own(id))
	// Neighbours are alike: of many some of each kind are looked at.
	for i := 0; i < len(boards); i += 1 + len(boards)/maxBeside {
		c.boards++
		for _, part := range c.parts(boards[i]) {
			c.beside[part]++
		}
	}
	return c
}

// boardsOf lists the boards among sources and those that include one of them.
func (c *commonness) boardsOf(sources []source.FileID) []source.FileID {
	paths := make(map[string]bool, len(sources))
	for _, id := range sources {
		paths[c.t.idx.Path(id)] = true
	}
	names, err := c.t.newMatcher().boardsOf(paths)
	if err != nil {
		return nil
	}
	var list []source.FileID
	for _, name := range names {
		if id, ok := c.t.idx.FileByPath(name); ok {
			list = append(list, id)
		}
	}
	return list
}

// parts are the sources that a board is made of.
func (c *commonness) parts(board source.FileID) []source.FileID {
	list := []source.FileID{board}
	for i := 0; i < len(list) && len(list) < maxParts; i++ {
		includes, err := c.t.idx.Includes(list[i])
		if err != nil {
			return list
		}
		for j := range includes {
			for _, p := range dts.Resolve(c.t.idx.Path(list[i]), includes[j].Path) {
				if id, ok := c.t.idx.FileByPath(p); ok && dts.IsSource(p) && !slices.Contains(list, id) {
					list = append(list, id)
					break
				}
			}
		}
	}
	return list
}

// of lists the sources of device trees with devices for the driver in a file, or
// in those beside it that use what the file exports.
func (c *commonness) of(id source.FileID) []source.FileID {
	list, ok := c.sources[id]
	if !ok {
		c.sources[id] = nil // while it is looked for: files can use each other
		if list = c.own(id); len(list) == 0 {
			list = c.throughUsers(id)
		}
		c.sources[id] = list
	}
	return list
}

// throughUsers are the sources for the drivers beside a file that use what it
// exports.
func (c *commonness) throughUsers(id source.FileID) []source.FileID {
	content, _, err := c.t.idx.ReadFile(id)
	if err != nil || c.layer >= maxLayers {
		return nil
	}
	users, dir := make(map[source.FileID]bool), path.Dir(c.t.idx.Path(id))
	for name := range exported(content) {
		err := c.t.idx.EachRef(name, index.Roles(lang.Call, lang.Read), func(r index.Ref) bool {
			// What is elsewhere uses a service of the kernel; here it is a part of
			// the same driver.
			if r.File != id && path.Dir(c.t.idx.Path(r.File)) == dir {
				users[r.File] = true
			}
			return len(users) < maxUsers
		})
		if err != nil || len(users) >= maxUsers {
			break
		}
	}
	c.layer++
	defer func() { c.layer-- }()
	var list []source.FileID
	for user := range users {
		list = append(list, c.of(user)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// own lists the sources of device trees with a string of a file's own tables.
func (c *commonness) own(id source.FileID) []source.FileID {
	if !isC(c.t.idx.Path(id)) {
		return nil
	}
	content, _, err := c.t.idx.ReadFile(id)
	if err != nil {
		return nil
	}
	var list []source.FileID
	looked := 0
	for compatible := range matched(content) {
		if looked++; looked > maxStrings || len(list) >= maxCommon {
			break
		}
		last := source.NoFile
		err := c.t.idx.EachRef(compatible, index.Roles(lang.Read), func(r index.Ref) bool {
			if r.File != last && dts.IsSource(c.t.idx.Path(r.File)) {
				last = r.File
				list = append(list, r.File)
			}
			return len(list) < maxCommon
		})
		if err != nil {
			break
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
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

// How much it counts how many boards have a driver, 1 for in proportion: what few
// have is debugged more often.
const (
	whySpread       = 0.8
	whySpreadBeside = 0.4  // if it is known what is beside the asking driver
	whyAbsent       = 0.03 // of what is on none of the boards then
	whyUnknown      = 0.05 // of what is in no device tree
)

// weight says how common the driver in a file is, beside others.
func (c *commonness) weight(id source.FileID) float64 {
	list := c.of(id)
	n := 1 + float64(min(len(list), maxCommon))
	switch {
	case c.boards == 0:
		return math.Pow(n, whySpread)
	case len(list) == 0:
		return whyUnknown
	}
	most := 0
	for _, part := range list {
		most = max(most, c.beside[part])
	}
	return math.Pow(n, whySpreadBeside) * (whyAbsent + float64(most)/float64(c.boards))
}

// What it counts that a driver is the one that asks: who registers with a core is
// called back by it. It counts less that it is in the same directory, and that the
// log has something of it.
const (
	weightSelf    = 8
	weightBesides = 2
	weightPresent = 5
)

// prior says how likely a pointer holds a function, beside others.
func (s *whySearch) prior(t *Target) float64 {
	w := 1.0
	if id, ok := s.t.idx.FileByPath(t.Path); ok {
		w = s.common.weight(id)
	}
	switch {
	case t.Path == s.start:
		w *= weightSelf
	case path.Dir(t.Path) == path.Dir(s.start):
		w *= weightBesides
	}
	if s.heard.present(t.Path) {
		w *= weightPresent
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
