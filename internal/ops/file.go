package ops

// The table file: what the linker writes and queries read, by mapping it.
//
// Byte order is little-endian, numbers are uint32.
//
//	header   magic "DKOP", version, and for each section its offset and length
//	names    all strings, sorted, in blocks of blockNames: of each the length
//	         it shares with the one before (0 for the first of a block), the
//	         length of the rest, both varints, and the rest
//	blocks   where in names each block starts
//	files    the path (a name) of each file
//	nodes    nodeWords numbers a node, sorted by name; node 0 is none
//	puts     putWords numbers a put, sorted by the node they put into
//	extras   extraWords numbers for puts that have more to tell, by put
//	sources  indexes of puts, sorted by what they put
//	calls    callWords numbers a call, sorted by the node called; the last is
//	         the number of arguments and callObject
//	places   indexes of calls, sorted by file and line
//
// A name is its place in the order, from 1; 0 is the empty one. What a put puts
// is a name<<1 (of a function) or a node<<1|1.
//
// The container it is stored in has checksums; here every access is checked
// against the bounds, so that damage costs answers and never a fault.

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"dekho/internal/sections"
	"dekho/internal/source"
)

const (
	magic = 0x504f4b44 // "DKOP"
	// Version is the version of the table's format and of the linker that
	// makes it: an older table is made anew by the next index run.
	Version = 4
)

// The sections.
const (
	secNames = iota
	secBlocks
	secFiles
	secNodes
	secPuts
	secExtras
	secSources
	secCalls
	secPlaces
	sectionCount
)

const blockNames = 16

// The columns of a node.
const (
	nodeKind  = iota // kind | 1 + number of parameters << 8 | opaque << 16
	nodeName         // name
	nodeOwner        // name
	nodeGroup        // 0, or 1 + file
	nodeIndex
	nodeWords
)

// The columns of a put.
const (
	putTo = iota
	putSource
	putFile
	putLine
	putWords
)

// The columns of an extra.
const (
	extraPut = iota
	extraVia // name
	extraItem
	extraWords
)

// The columns of a call.
const (
	callNode = iota
	callFile
	callLine
	callArgs
	callWords
)

// tableWriter numbers names, files and nodes.
type tableWriter struct {
	names  map[id]uint32
	list   []string
	files  []uint32 // by the number they have in the tree
	paths  []uint32
	nodes  map[node]uint32
	sorted []node
	local  [][]uint32 // of each part, the numbers of its nodes
	params map[node]uint32
}

type putRow [putWords + 2]uint32 // with via and item

type callRow [callWords]uint32

// write numbers everything and writes the table.
func (l *linker) write(parts []rows, w io.Writer) (Stats, error) {
	dropDead(parts)
	t := l.number(parts)
	putsOf := make([][]putRow, len(parts))
	callsOf := make([][]callRow, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			p, nodes := &parts[i], t.local[i]
			puts := make([]putRow, 0, len(p.puts))
			for j := range p.puts {
				e := &p.puts[j]
				source := t.names[e.name] << 1
				if e.name == 0 {
					source = nodes[e.from]<<1 | 1
				}
				puts = append(puts, putRow{nodes[e.to], source, t.files[e.file], e.line, t.names[e.via], nodes[e.item]})
			}
			calls := make([]callRow, 0, len(p.calls))
			for _, e := range p.calls {
				calls = append(calls, callRow{nodes[e.of], t.files[e.file], e.line, e.args})
			}
			putsOf[i], callsOf[i] = puts, calls
		})
	}
	wg.Wait()
	puts, calls := slices.Concat(putsOf...), slices.Concat(callsOf...)
	var sources, places []uint32
	wg.Go(func() {
		slices.SortFunc(puts, func(a, b putRow) int { return slices.Compare(a[:], b[:]) })
		puts = slices.Compact(puts)
		sources = make([]uint32, len(puts))
		for i := range sources {
			sources[i] = uint32(i)
		}
		slices.SortStableFunc(sources, func(a, b uint32) int { return cmp.Compare(puts[a][putSource], puts[b][putSource]) })
	})
	wg.Go(func() {
		slices.SortFunc(calls, func(a, b callRow) int { return slices.Compare(a[:], b[:]) })
		calls = slices.Compact(calls)
		places = make([]uint32, len(calls))
		for i := range places {
			places[i] = uint32(i)
		}
		slices.SortFunc(places, func(a, b uint32) int {
			x, y := &calls[a], &calls[b]
			return cmp.Or(cmp.Compare(x[callFile], y[callFile]), cmp.Compare(x[callLine], y[callLine]), cmp.Compare(a, b))
		})
	})
	wg.Wait()

	var secs [sectionCount][]byte
	secs[secNames], secs[secBlocks] = t.nameSections()
	secs[secFiles] = sections.AppendWords(nil, t.paths...)
	secs[secNodes] = make([]byte, nodeWords*4, (len(t.sorted)+1)*nodeWords*4)
	for _, n := range t.sorted {
		group := uint32(0)
		if n.group > 0 {
			group = t.files[n.group-1] + 1
		}
		secs[secNodes] = sections.AppendWords(secs[secNodes], uint32(n.kind)|min(t.params[n]&^opaque, 255)<<8|t.params[n]&opaque<<8, t.names[n.name], t.names[n.owner], group, n.index)
	}
	for i := range puts {
		secs[secPuts] = sections.AppendWords(secs[secPuts], puts[i][:putWords]...)
		if via, item := puts[i][putWords], puts[i][putWords+1]; via|item != 0 {
			secs[secExtras] = sections.AppendWords(secs[secExtras], uint32(i), via, item)
		}
	}
	secs[secSources] = sections.AppendWords(nil, sources...)
	for i := range calls {
		secs[secCalls] = sections.AppendWords(secs[secCalls], calls[i][:]...)
	}
	secs[secPlaces] = sections.AppendWords(nil, places...)
	return Stats{Nodes: len(t.sorted), Puts: len(puts), Calls: len(calls)}, frame.Write(w, secs[:])
}

// dropDead drops what is put into parameters that nothing is known to be done
// with: they lead nowhere.
func dropDead(parts []rows) {
	for range 3 { // one may lead to another
		alive := make(map[node]bool)
		for i := range parts {
			p := &parts[i]
			for _, c := range p.calls {
				alive[p.nodes[c.of]] = true
			}
			for j := range p.puts {
				if e := &p.puts[j]; e.name == 0 {
					alive[p.nodes[e.from]] = true
				}
			}
		}
		dropped := false
		for i := range parts {
			p := &parts[i]
			was := len(p.puts)
			p.puts = slices.DeleteFunc(p.puts, func(e put) bool {
				n := p.nodes[e.to]
				return n.kind == Param && !alive[n]
			})
			dropped = dropped || len(p.puts) < was
		}
		if !dropped {
			return
		}
	}
}

// number gives names, files and nodes their numbers.
func (l *linker) number(parts []rows) *tableWriter {
	t := &tableWriter{
		names: make(map[id]uint32), files: make([]uint32, len(l.macros.Files)), nodes: make(map[node]uint32), params: make(map[node]uint32),
		local: make([][]uint32, len(parts)),
	}
	used := make([]map[id]string, len(parts)) // names, by part
	files := make([]map[int32]bool, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			p := &parts[i]
			names, fs := make(map[id]string, len(p.puts)), make(map[int32]bool)
			want := func(h id) {
				if h == 0 {
					return
				}
				if _, ok := names[h]; !ok {
					for j := range parts { // a tag may be known to another part alone
						if s, ok := parts[(i+j)%len(parts)].names[h]; ok {
							names[h] = s
							break
						}
					}
				}
			}
			live := make([]bool, len(p.nodes))
			for j := range p.puts {
				e := &p.puts[j]
				want(e.name)
				want(e.via)
				live[e.to], live[e.from], live[e.item] = true, true, true
				fs[e.file] = true
			}
			for _, c := range p.calls {
				live[c.of] = true
				fs[c.file] = true
			}
			for j := range p.nodes {
				n := &p.nodes[j]
				if !live[j] || n.kind == None {
					n.kind = None
					continue
				}
				want(n.name)
				want(n.owner)
				if n.group > 0 {
					fs[n.group-1] = true
				}
			}
			for f := range fs {
				path := l.macros.Files[f].Path
				names[idOf(path)] = path
			}
			used[i], files[i] = names, fs
		})
	}
	wg.Wait()
	all := used[0]
	for _, names := range used[1:] {
		maps.Copy(all, names)
	}
	t.list = slices.Collect(maps.Values(all))
	slices.Sort(t.list)
	t.list = slices.Compact(t.list)
	for i, s := range t.list {
		t.names[idOf(s)] = uint32(i + 1)
	}
	for f := range t.files {
		if slices.ContainsFunc(files, func(fs map[int32]bool) bool { return fs[int32(f)] }) {
			t.files[f] = uint32(len(t.paths))
			t.paths = append(t.paths, t.names[idOf(l.macros.Files[f].Path)])
		}
	}
	for i := range parts {
		p := &parts[i]
		for j := range p.nodes {
			n := &p.nodes[j]
			if n.kind == None {
				continue
			}
			if v, ok := p.params[*n]; ok {
				merge(t.params, *n, v)
			}
			if n.owner != 0 && t.names[n.owner] == 0 { // declared nowhere
				n.owner, n.group = 0, 0
			}
			if _, ok := t.nodes[*n]; !ok {
				t.nodes[*n] = 0
				t.sorted = append(t.sorted, *n)
			}
		}
	}
	slices.SortFunc(t.sorted, func(a, b node) int {
		return cmp.Or(cmp.Compare(t.names[a.name], t.names[b.name]), cmp.Compare(a.kind, b.kind), cmp.Compare(t.names[a.owner], t.names[b.owner]),
			cmp.Compare(a.group, b.group), cmp.Compare(a.index, b.index))
	})
	for i, n := range t.sorted {
		t.nodes[n] = uint32(i + 1)
	}
	for i := range parts {
		t.local[i] = make([]uint32, len(parts[i].nodes))
		for j, n := range parts[i].nodes {
			if n.kind != None {
				t.local[i][j] = t.nodes[n]
			}
		}
	}
	return t
}

// nameSections encodes the names.
func (t *tableWriter) nameSections() (names, blocks []byte) {
	prev := ""
	for i, s := range t.list {
		shared := 0
		if i%blockNames == 0 {
			blocks = sections.AppendWords(blocks, uint32(len(names)))
		} else {
			for shared < len(s) && shared < len(prev) && s[shared] == prev[shared] {
				shared++
			}
		}
		names = binary.AppendUvarint(names, uint64(shared))
		names = binary.AppendUvarint(names, uint64(len(s)-shared))
		names = append(names, s[shared:]...)
		prev = s
	}
	return names, blocks
}

// ErrDamaged is returned by Open for bytes that are not a table, ErrVersion for
// a table of another version.
var (
	ErrDamaged = errors.New("damaged table of calls through pointers")
	ErrVersion = errors.New("table of calls through pointers of another version")
)

var frame = sections.Frame{
	Magic: magic, Version: Version, Align: 4, Name: "table of calls through pointers", Damaged: ErrDamaged, Other: ErrVersion,
}

// Table is an opened table. It is immutable and safe for concurrent use.
type Table struct {
	sections [sectionCount][]byte
	names    uint32 // an upper bound
	moved    source.LineMaps
}

// Moved is the table with places where they are in files that were edited since.
func (t *Table) Moved(lines source.LineMaps) *Table {
	m := *t
	m.moved = lines
	return &m
}

// Open opens the bytes written by Link, usually a mapping; it reads nothing but
// the header.
func Open(b []byte) (*Table, error) {
	t := &Table{}
	if err := frame.Open(b, t.sections[:]); err != nil {
		return nil, err
	}
	t.names = uint32(len(t.sections[secBlocks])/4) * blockNames
	return t, nil
}

// word is a number of a section, 0 beyond its end.
func (t *Table) word(section int, i uint64) uint32 {
	return sections.Word(t.sections[section], i)
}

// rows is the number of rows of a section.
func (t *Table) rows(section, words int) uint32 {
	return uint32(len(t.sections[section]) / (words * 4))
}
