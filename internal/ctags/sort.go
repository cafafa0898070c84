package ctags

// Sorting more lines than memory holds.

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"dekho/internal/render"
)

// sortMemory is how many bytes of lines a worker holds before it puts them,
// sorted, into a file.
const sortMemory = 32 << 20

// sorter puts items in order: those of all workers, each item once. An item has
// a key of its own in front, of a fixed length, or is its own key.
type sorter struct {
	temp    func() (render.TempFile, error)
	fold    bool
	limit   int // of memory, for each worker
	workers []*sortWorker
}

// sortWorker collects the items of one goroutine.
type sortWorker struct {
	s     *sorter
	buf   []byte
	items []item
	runs  []render.TempFile
}

// item is a part of a buffer, with its beginning as a number to compare first.
type item struct {
	head     uint64
	off, len uint32
}

func newSorter(workers int, fold bool, temp func() (render.TempFile, error)) *sorter {
	s := &sorter{temp: temp, fold: fold, limit: sortMemory}
	for range workers {
		s.workers = append(s.workers, &sortWorker{s: s})
	}
	return s
}

// add adds an item, which is copied.
func (w *sortWorker) add(line []byte) error {
	if len(w.buf) > 0 && len(w.buf)+len(line) > w.s.limit {
		if err := w.spill(); err != nil {
			return err
		}
	}
	w.items = append(w.items, item{w.s.head(line), uint32(len(w.buf)), uint32(len(line))})
	w.buf = append(w.buf, line...)
	return nil
}

// head is the first bytes of a line as a number that sorts like them.
func (s *sorter) head(line []byte) uint64 {
	var b [8]byte
	copy(b[:], line)
	if s.fold {
		for i, c := range b {
			b[i] = upper(c)
		}
	}
	return binary.BigEndian.Uint64(b[:])
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// compare compares lines.
func (s *sorter) compare(a, b []byte) int {
	if !s.fold {
		return bytes.Compare(a, b)
	}
	for i := range min(len(a), len(b)) {
		if x, y := upper(a[i]), upper(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return bytes.Compare(a, b)
}

func (w *sortWorker) text(i item) []byte { return w.buf[i.off : i.off+i.len] }

func (w *sortWorker) sort() {
	slices.SortFunc(w.items, func(a, b item) int {
		if a.head != b.head {
			if a.head < b.head {
				return -1
			}
			return 1
		}
		return w.s.compare(w.text(a), w.text(b))
	})
}

// spill writes what was collected to a file, sorted.
func (w *sortWorker) spill() error {
	w.sort()
	f, err := w.s.temp()
	if err != nil {
		return err
	}
	w.runs = append(w.runs, f)
	out := bufio.NewWriterSize(f, 1<<20)
	var size [4]byte
	for _, i := range w.items {
		binary.LittleEndian.PutUint32(size[:], i.len)
		if _, err := out.Write(size[:]); err != nil {
			return err
		}
		if _, err := out.Write(w.text(i)); err != nil {
			return err
		}
	}
	w.items, w.buf = w.items[:0], w.buf[:0]
	return out.Flush()
}

// close gives up the files.
func (s *sorter) close() error {
	var errs []error
	for _, w := range s.workers {
		for _, f := range w.runs {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// run is a sorted sequence of items.
type run struct {
	line []byte
	head uint64
	next func() ([]byte, error) // io.EOF at the end
}

// merge calls fn for all items in order, equal ones once. An item is valid until
// fn returns.
func (s *sorter) merge(fn func(line []byte) error) error {
	h := &runs{s: s}
	add := func(next func() ([]byte, error)) error {
		line, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		h.list = append(h.list, &run{line, s.head(line), next})
		return err
	}
	for _, w := range s.workers {
		w.sort()
		at := 0
		err := add(func() ([]byte, error) {
			if at == len(w.items) {
				return nil, io.EOF
			}
			at++
			return w.text(w.items[at-1]), nil
		})
		if err != nil {
			return err
		}
		for _, f := range w.runs {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return err
			}
			if err := add(readRun(f)); err != nil {
				return err
			}
		}
	}
	heap.Init(h)
	var last []byte
	for first := true; len(h.list) > 0; first = false {
		r := h.list[0]
		if first || !bytes.Equal(last, r.line) {
			last = append(last[:0], r.line...)
			if err := fn(last); err != nil {
				return err
			}
		}
		line, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			heap.Pop(h)
		case err != nil:
			return err
		default:
			r.line, r.head = line, s.head(line)
			heap.Fix(h, 0)
		}
	}
	return nil
}

// readRun reads the items of a file.
func readRun(f io.Reader) func() ([]byte, error) {
	in := bufio.NewReaderSize(f, 256<<10)
	var buf []byte
	return func() ([]byte, error) {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return nil, err
		}
		n := int(binary.LittleEndian.Uint32(size[:]))
		buf = slices.Grow(buf[:0], n)[:n]
		_, err := io.ReadFull(in, buf)
		return buf, err
	}
}

// runs is a heap of runs, that with the least item first.
type runs struct {
	s    *sorter
	list []*run
}

func (h *runs) Len() int { return len(h.list) }

func (h *runs) Less(i, j int) bool {
	a, b := h.list[i], h.list[j]
	if a.head != b.head {
		return a.head < b.head
	}
	return h.s.compare(a.line, b.line) < 0
}

func (h *runs) Swap(i, j int) { h.list[i], h.list[j] = h.list[j], h.list[i] }

func (h *runs) Push(x any) { h.list = append(h.list, x.(*run)) }

func (h *runs) Pop() any {
	last := len(h.list) - 1
	r := h.list[last]
	h.list = h.list[:last]
	return r
}
