package logmap

// The map file: what the linker writes and `dekho log` reads, by mapping it.
//
// Byte order is little-endian, numbers are uint32.
//
//	header   magic "DKLM", version, and for each section its offset and length
//	strings  each a varint length and its bytes; a reference is the offset of
//	         the length in the section, 0 is the empty string
//	files    filesWords numbers a file: path, module, symbol, names (strings;
//	         names separated by NUL), first and last+1 index in byPlace, flags
//	sites    siteWords numbers a site, sorted by pattern (see the columns)
//	starts   for each pattern the index of its first site, and one more
//	byPlace  site indexes sorted by file, line
//	patterns a set of package pattern
//
// The container it is stored in has checksums; here every access is checked
// against the bounds, so that damage costs answers and never a fault.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"dekho/internal/logmap/pattern"
	"dekho/internal/macro"
	"dekho/internal/sections"
)

const (
	magic = 0x4d4c4b44 // "DKLM"
	// Version is the version of the map's format and of the linker that makes
	// it: an older map is made anew by the next index run.
	Version = 5

	sectionCount = 6
)

// The columns of a site.
const (
	colFile     = iota // where the statement that prints stands
	colLine            //
	colFn              // string: enclosing function
	colSaidFile        // where the words come from when that is a caller: file + 1, 0 if not
	colSaidLine        //
	colSaidFn          //
	colFamily          // string: the name called there (dev_err, ext4_msg)
	colArgs            // string: sources of the arguments of the conversions, separated by NUL
	colFlags           // flag*, level + 1 at levelShift, line of the format at partShift
	colPattern         // id of the pattern
	siteWords
)

type siteRow [siteWords]uint32

// fileDriver marks a file that registers a driver, or whose module does.
const fileDriver = 1

// The words of a file.
const (
	filePath    = iota
	fileModule  // KBUILD_MODNAME
	fileSymbols // Kconfig symbols that build it, separated by blanks; A|B is either
	fileNames   // driver names, separated by NUL
	fileFirst   // in byPlace
	fileEnd
	fileFlags // fileDriver
	filesWords
)

const (
	flagCont    = 1 << iota // continues a line (KERN_CONT)
	flagGeneric             // the place inside a wrapper, caller unknown
	flagLater               // not the first line of its format
	flagOdd                 // in an arm that is seldom built
	levelShift  = 8
	partShift   = 16
)

// writer collects sites.
type writer struct {
	linker   *linker
	strings  bytes.Buffer
	interned map[string]uint32
	sites    []siteRow
	files    []int32 // of the linker, in the order met
	patterns *pattern.Builder
}

// newWriter returns a writer with room for about the given number of sites.
func newWriter(l *linker, sites int) *writer {
	w := &writer{linker: l, interned: make(map[string]uint32, sites), patterns: pattern.NewBuilder(sites)}
	w.strings.Grow(32 * sites)
	w.sites = make([]siteRow, 0, sites)
	w.strings.WriteByte(0) // the empty string
	w.interned[""] = 0
	return w
}

func (w *writer) intern(s string) uint32 {
	if ref, ok := w.interned[s]; ok {
		return ref
	}
	ref := uint32(w.strings.Len())
	var b [binary.MaxVarintLen32]byte
	w.strings.Write(b[:binary.PutUvarint(b[:], uint64(len(s)))])
	w.strings.WriteString(s)
	w.interned[s] = ref
	return ref
}

func (w *writer) file(l *linker, f int32) uint32 {
	fi := &l.files[f]
	if fi.out == 0 {
		w.files = append(w.files, f)
		fi.out = int32(len(w.files))
	}
	return uint32(fi.out - 1)
}

// pending is one line of a format on its way to the writer.
type pending struct {
	elems       []pattern.Elem
	args        string // separated by NUL
	place, said *stmt
	flags       uint32
	open        bool
}

func newPending(ln formatLine, args []string, level int, place, said *stmt, flags uint32, part int) pending {
	n := 0
	for i := range ln.elems {
		if ln.elems[i].Kind.IsConversion() {
			n++
		}
	}
	first := min(ln.firstArg, len(args))
	args = args[first:min(first+n, len(args))]
	if level >= 0 && level <= 7 {
		flags |= uint32(level+1) << levelShift
	}
	flags |= uint32(min(part, 255)) << partShift
	return pending{elems: ln.elems, args: strings.Join(args, "\x00"), place: place, said: said, flags: flags, open: ln.open}
}

// add files one line of a format.
func (w *writer) add(l *linker, p *pending) {
	row := siteRow{
		colFile: w.file(l, p.place.file), colLine: p.place.line, colFn: w.intern(p.place.fn), colFamily: w.intern(p.place.callee),
		colArgs: w.intern(p.args), colFlags: p.flags, colPattern: uint32(w.patterns.Add(p.elems, p.open)),
	}
	if p.said != nil {
		row[colSaidFile] = w.file(l, p.said.file) + 1
		row[colSaidLine] = p.said.line
		row[colSaidFn] = w.intern(p.said.fn)
		row[colFamily] = w.intern(p.said.callee)
	}
	w.sites = append(w.sites, row)
}

// driverNames evaluates the driver names of a file; those of the other files
// of its module follow behind an empty one.
func (l *linker) driverNames(f int32) string {
	own := l.ownNames(f)
	out := slices.Clone(own)
	if m := l.files[f].module; m != "" && !l.files[f].shared {
		key := l.files[f].Dir + m
		others, ok := l.moduleNames[key]
		if !ok {
			for _, g := range l.moduleFiles[key] {
				for _, n := range l.ownNames(g) {
					if !slices.Contains(others, n) && len(others) < 64 {
						others = append(others, n)
					}
				}
			}
			l.moduleNames[key] = others
		}
		if len(others) > 0 {
			out = append(append(out, ""), others...)
		}
	}
	return strings.Join(out, "\x00")
}

func (l *linker) ownNames(f int32) []string {
	var out []string
	for _, raw := range l.files[f].names {
		chunks, ok := l.eval(macro.Lex(nil, raw), context{file: f, from: -1})
		if ok && len(chunks) == 1 && chunks[0].text != "" && len(out) < 64 && !slices.Contains(out, chunks[0].text) {
			out = append(out, chunks[0].text)
		}
	}
	return out
}

// symbols is the chain of Kconfig symbols that builds a file: its own, then
// those of its directories, separated by blanks.
func (l *linker) symbols(f int32) string {
	fi := &l.files[f]
	var out []string
	if fi.symbol != "" && fi.symbol != "y" {
		out = append(out, fi.symbol)
	}
	for d := fi.Dir; d != ""; {
		if s := l.dirSymbol[d]; s != "" && s != "y" && !slices.Contains(out, s) {
			out = append(out, s)
		}
		d = d[:strings.LastIndexByte(d[:len(d)-1], '/')+1]
	}
	return strings.Join(out, " ")
}

func (w *writer) writeTo(out io.Writer) error {
	l := w.linker
	// The patterns are compiled while the tables are put in order.
	var set bytes.Buffer
	compiled := make(chan error, 1)
	go func() {
		_, err := w.patterns.WriteTo(&set)
		compiled <- err
	}()
	sortSites(w.sites)
	w.sites = slices.Compact(w.sites)
	byPlace := make([]uint32, len(w.sites))
	for i := range byPlace {
		byPlace[i] = uint32(i)
	}
	slices.SortFunc(byPlace, func(a, b uint32) int {
		x, y := &w.sites[a], &w.sites[b]
		return cmp.Or(cmp.Compare(x[colFile], y[colFile]), cmp.Compare(x[colLine], y[colLine]), cmp.Compare(a, b))
	})
	l.moduleFiles = make(map[string][]int32)
	l.moduleNames = make(map[string][]string)
	drives := make(map[string]bool) // modules that register a driver
	for i := range l.files {
		fi := &l.files[i]
		if fi.module == "" || fi.shared {
			continue
		}
		if fi.driver {
			drives[fi.Dir+fi.module] = true
		}
		if len(fi.names) > 0 {
			l.moduleFiles[fi.Dir+fi.module] = append(l.moduleFiles[fi.Dir+fi.module], int32(i))
		}
	}
	files := make([]uint32, 0, len(w.files)*filesWords)
	next := 0
	for i, f := range w.files {
		first := next
		for next < len(byPlace) && w.sites[byPlace[next]][colFile] == uint32(i) {
			next++
		}
		var flags uint32
		if fi := &l.files[f]; fi.driver || drives[fi.Dir+fi.module] {
			flags |= fileDriver
		}
		module := l.files[f].module
		if l.files[f].shared {
			module = ""
		}
		files = append(files, w.intern(l.files[f].Path), w.intern(module), w.intern(l.symbols(f)), w.intern(l.driverNames(f)), uint32(first), uint32(next), flags)
	}
	starts := make([]uint32, w.patterns.Len()+1)
	for i := range w.sites {
		starts[w.sites[i][colPattern]+1]++
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	rows := make([]uint32, 0, len(w.sites)*siteWords)
	for i := range w.sites {
		rows = append(rows, w.sites[i][:]...)
	}
	if err := <-compiled; err != nil {
		return err
	}
	return frame.Write(out, [][]byte{
		w.strings.Bytes(), sections.Words(files), sections.Words(rows), sections.Words(starts), sections.Words(byPlace), set.Bytes(),
	})
}

// ErrDamaged is returned by Open for bytes that are not a map, ErrVersion for
// a map of another version.
var (
	ErrDamaged = errors.New("damaged map of print statements")
	ErrVersion = errors.New("map of print statements of another version")
)

var frame = sections.Frame{
	Magic: magic, Version: Version, Align: 8, Name: "map of print statements", Damaged: ErrDamaged, Other: ErrVersion,
}

// Map is an opened map. It is immutable and safe for concurrent use.
type Map struct {
	sections [sectionCount][]byte
	set      *pattern.Set
	nSites   uint32
	nFiles   uint32
}

const (
	secStrings = iota
	secFiles
	secSites
	secStarts
	secByPlace
	secPatterns
)

// Open opens the bytes written by Link, usually a mapping; it reads nothing
// but the header.
func Open(b []byte) (*Map, error) {
	m := &Map{}
	if err := frame.Open(b, m.sections[:]); err != nil {
		return nil, err
	}
	m.nSites = uint32(len(m.sections[secSites]) / (siteWords * 4))
	m.nFiles = uint32(len(m.sections[secFiles]) / (filesWords * 4))
	set, err := pattern.Open(m.sections[secPatterns])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	m.set = set
	return m, nil
}

func (m *Map) word(section int, i uint64) uint32 {
	return sections.Word(m.sections[section], i)
}

// str is the string at a reference, "" if there is none.
func (m *Map) str(ref uint32) string {
	b := m.sections[secStrings]
	if uint64(ref) >= uint64(len(b)) {
		return ""
	}
	n, k := binary.Uvarint(b[ref:])
	if k <= 0 || n > uint64(len(b))-uint64(ref)-uint64(k) {
		return ""
	}
	start := uint64(ref) + uint64(k)
	return stringOf(b[start : start+n])
}

func (m *Map) col(site uint32, col int) uint32 {
	return m.word(secSites, uint64(site)*siteWords+uint64(col))
}

func (m *Map) fileWord(file uint32, word int) uint32 {
	return m.word(secFiles, uint64(file)*filesWords+uint64(word))
}

// patternSites is the range of the sites of a pattern.
func (m *Map) patternSites(p pattern.PatternID) (first, end uint32) {
	first, end = m.word(secStarts, uint64(p)), m.word(secStarts, uint64(p)+1)
	end = min(end, m.nSites)
	return min(first, end), end
}

// fileSites calls fn for the sites of a file in the order of their lines,
// until it returns false.
func (m *Map) fileSites(file uint32, fn func(site uint32) bool) {
	first, end := m.fileWord(file, fileFirst), m.fileWord(file, fileEnd)
	for i := first; i < end && i < m.nSites; i++ {
		if !fn(m.word(secByPlace, uint64(i))) {
			return
		}
	}
}

// SitesIn lists the statements that stand in some lines of a file, in their
// order, or whose words do: the callers of a function that prints what it is
// given.
func (m *Map) SitesIn(path string, first, last uint32) []Site {
	file := uint32(0)
	for file < m.nFiles && m.str(m.fileWord(file, filePath)) != path {
		file++
	}
	if file == m.nFiles {
		return nil
	}
	var ids []uint32
	add := func(id uint32) bool {
		if f, _, line := m.origin(id); f == file && line >= first && line <= last {
			ids = append(ids, id)
		}
		return true
	}
	m.fileSites(file, add)
	// What is said through a function elsewhere is filed there.
	rows := m.sections[secSites]
	for id := range m.nSites {
		row := rows[uint64(id)*siteWords*4:]
		if binary.LittleEndian.Uint32(row[colSaidFile*4:]) == file+1 && binary.LittleEndian.Uint32(row[colFile*4:]) != file {
			add(id)
		}
	}
	slices.SortFunc(ids, func(a, b uint32) int {
		_, _, x := m.origin(a)
		_, _, y := m.origin(b)
		_, _, i := m.flags(a)
		_, _, j := m.flags(b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(i, j), cmp.Compare(a, b))
	})
	sites := make([]Site, len(ids))
	for i, id := range ids {
		sites[i] = m.site(id, 0, 0)
	}
	return sites
}

// NumSites is the number of statements, one for each line of each format.
func (m *Map) NumSites() int { return int(m.nSites) }

// NumPatterns is the number of different formats.
func (m *Map) NumPatterns() int { return m.set.Len() }
