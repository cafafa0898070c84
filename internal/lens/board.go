package lens

// Boards: the devices that a device tree has.

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"

	"dekho/internal/kbuild"
)

// Board is the devices of a machine.
type Board struct {
	// Compatible are the compatible strings of its enabled nodes.
	Compatible map[string]bool
}

// The format of a flattened device tree (Devicetree Specification, chapter 5):
// all numbers are big-endian.
const (
	blobMagic  = 0xd00dfeed
	blobHeader = 40
	blobBegin  = 1
	blobEnd    = 2
	blobProp   = 3
	blobNop    = 4
	blobFinish = 9
	maxBlob    = 64 << 20
	maxNodes   = 1000 // nesting
)

// errBlob says that something is not a device tree blob.
var errBlob = errors.New("is not a device tree blob")

// ReadBlob reads a .dtb. Nodes that are disabled, and what is in them, do not
// count.
func ReadBlob(in io.Reader) (*Board, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxBlob+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBlob || len(data) < blobHeader || binary.BigEndian.Uint32(data) != blobMagic {
		return nil, errBlob
	}
	word := func(at int) uint64 { return uint64(binary.BigEndian.Uint32(data[at:])) }
	size, structs, names := word(4), word(8), word(12)
	if size > uint64(len(data)) || structs >= size || names > size {
		return nil, errBlob
	}
	b := &Board{Compatible: make(map[string]bool)}
	if !b.nodes(data[structs:size], data[names:size]) {
		return nil, errBlob
	}
	return b, nil
}

// node is an open node of a blob.
type node struct {
	disabled   bool
	compatible []byte
}

// nodes reads the structure block and reports whether it is whole.
func (b *Board) nodes(s, names []byte) bool {
	var open []node
	for len(s) >= 4 {
		token := binary.BigEndian.Uint32(s)
		s = s[4:]
		switch token {
		case blobBegin:
			end := bytes.IndexByte(s, 0)
			if end < 0 || len(open) > maxNodes {
				return false
			}
			n := node{}
			if len(open) > 0 {
				n.disabled = open[len(open)-1].disabled
			}
			open = append(open, n)
			s = s[min(len(s), (end+4)&^3):]
		case blobProp:
			if len(s) < 8 || len(open) == 0 {
				return false
			}
			n, name := uint64(binary.BigEndian.Uint32(s)), uint64(binary.BigEndian.Uint32(s[4:]))
			s = s[8:]
			if n > uint64(len(s)) || name >= uint64(len(names)) {
				return false
			}
			value := s[:n]
			s = s[min(uint64(len(s)), (n+3)&^3):]
			text, _, _ := bytes.Cut(names[name:], []byte{0})
			cur := &open[len(open)-1]
			switch string(text) {
			case "compatible":
				cur.compatible = value
			case "status":
				status, _, _ := bytes.Cut(value, []byte{0})
				if string(status) != "okay" && string(status) != "ok" {
					cur.disabled = true
				}
			}
		case blobEnd:
			if len(open) == 0 {
				return false
			}
			if cur := &open[len(open)-1]; !cur.disabled {
				for c := range bytes.SplitSeq(cur.compatible, []byte{0}) {
					if len(c) > 0 {
						b.Compatible[string(c)] = true
					}
				}
			}
			open = open[:len(open)-1]
		case blobNop:
		case blobFinish:
			return len(open) == 0
		default:
			return false
		}
	}
	return false
}

// maxSources bounds how many files a device tree source includes.
const maxSources = 200

// ReadSource reads the compatible strings of a .dts of the tree and of what it
// includes. Whether a node is enabled only a compiler of device trees knows, so
// all of them count.
func ReadSource(src kbuild.Source, name string) *Board {
	b := &Board{Compatible: make(map[string]bool)}
	seen := map[string]bool{name: true}
	files := []string{name}
	for len(files) > 0 {
		file := files[0]
		files = files[1:]
		text, ok := src.ReadFile(file)
		if !ok {
			continue
		}
		for line := range bytes.Lines(text) {
			line = bytes.TrimSpace(line)
			if !bytes.HasPrefix(line, []byte("#include")) && !bytes.HasPrefix(line, []byte("/include/")) {
				continue
			}
			inc, ok := between(line)
			if !ok {
				continue
			}
			for _, p := range []string{path.Join(path.Dir(file), inc), archDTS(file, inc)} {
				if !seen[p] && len(seen) < maxSources {
					seen[p] = true
					files = append(files, p)
				}
			}
		}
		b.properties(text)
	}
	return b
}

// between is what stands in quotes or angle brackets in a line.
func between(line []byte) (string, bool) {
	i := bytes.IndexAny(line, `"<`)
	if i < 0 {
		return "", false
	}
	n := bytes.IndexAny(line[i+1:], `">`)
	if n < 0 {
		return "", false
	}
	return string(line[i+1 : i+1+n]), true
}

// archDTS is where a source that is named from the include path lies: paths
// such as <arm/foo.dtsi> are below a directory dts of an architecture.
func archDTS(file, inc string) string {
	if i := strings.Index(file, "/dts/"); i >= 0 {
		return path.Join(file[:i+len("/dts")], inc)
	}
	return inc
}

// properties adds the values of compatible properties in source text.
func (b *Board) properties(text []byte) {
	for {
		i := bytes.Index(text, []byte("compatible"))
		if i < 0 {
			return
		}
		text = text[i+len("compatible"):]
		rest, ok := bytes.CutPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("="))
		if !ok {
			continue
		}
		end := bytes.IndexByte(rest, ';')
		if end < 0 {
			return
		}
		for i, part := range bytes.Split(rest[:end], []byte{'"'}) {
			if i%2 == 1 && len(part) > 0 {
				b.Compatible[string(part)] = true
			}
		}
		text = rest[end:]
	}
}

// Match finds a compatible string of the board in the text of a source: in a
// table of devices (.compatible = "...") or a declaration that stands for one
// (IRQCHIP_DECLARE). A source without a table may have it anywhere in quotes, if
// it names a vendor. table says that the source has a table.
func (b *Board) Match(text []byte) (compatible string, table bool) {
	inTable := ""
	for at := 0; ; {
		i := bytes.Index(text[at:], []byte(".compatible"))
		if i < 0 {
			break
		}
		at += i + len(".compatible")
		rest, ok := bytes.CutPrefix(bytes.TrimLeft(text[at:], " \t\r\n"), []byte("="))
		if !ok {
			continue
		}
		if rest, ok = bytes.CutPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte(`"`)); !ok {
			continue
		}
		table = true
		value, _, _ := bytes.Cut(rest[:min(len(rest), 200)], []byte(`"`))
		if inTable == "" && b.Compatible[string(value)] {
			inTable = string(value)
		}
	}
	if inTable != "" {
		return inTable, true
	}
	// IRQCHIP_DECLARE(gic, "arm,cortex-a7-gic", ...), of_machine_is_compatible("fsl,imx7d")
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '"')
		if i < 0 {
			return "", table
		}
		at += i + 1
		rest := text[at:]
		end := bytes.IndexAny(rest[:min(len(rest), 200)], "\"\n\\")
		if end < 0 || rest[end] != '"' {
			continue
		}
		if value := rest[:end]; bytes.IndexByte(value, ',') > 0 && b.Compatible[string(value)] {
			line := text[bytes.LastIndexByte(text[:at], '\n')+1 : at]
			if !table || bytes.Contains(line, []byte("_DECLARE(")) {
				return string(value), table
			}
		}
		at += end + 1
	}
}
