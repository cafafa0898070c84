package klog

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"time"
	"unicode/utf8"
)

// This file is the reader's window on the capture: it finds physical lines,
// cuts them into records, and keeps the byte ranges exact.

// Defaults and bounds of Options.
const (
	// DefaultMaxText is the longest Text by default. printk itself stops at
	// 1 KiB and journald at 48 KiB.
	DefaultMaxText = 64 << 10
	// lineSlack is how much longer than its text a line may be (prefixes,
	// colours) before it counts as overlong.
	lineSlack = 8 << 10
	// readSize is about how much is read at a time.
	readSize = 64 << 10
	// maxDict bounds what is read ahead for the KEY=value lines of a record.
	maxDict = 4 << 10
	// stampSpan is more than any prefix that a record in mid-line is
	// recognised by: that much of a chunk waits for the next one.
	stampSpan = 128
)

// Options configures a Reader. The zero value is ready to use.
type Options struct {
	// MaxText is the longest Text delivered, in bytes; what is beyond it is
	// dropped from Text and FlagTruncated is set. 0 means DefaultMaxText.
	MaxText int
	// Follow makes the reader deliver records as a growing capture yields
	// them; nil reads to the end.
	Follow *Follow
}

// Reader reads the records of a capture. It is used by one goroutine.
type Reader struct {
	in      source
	opened  bool
	opts    Options
	maxText int
	maxLine int

	buf      []byte
	rd, wr   int   // buf[rd:wr] is unread
	scanned  int   // buf[rd:rd+scanned] holds no '\n'
	base     int64 // capture offset of buf[0]
	line     int   // number of the physical line at buf[rd]
	rejoined int   // line ends that were taken out of it
	midLine  bool  // buf[rd] is not the start of a line
	readErr  error // what the source ended with
	finished bool

	queue []queued // of the physical line read last
	next  int      // index into queue of the next to deliver

	clean cleaned
	peek  cleaned // of lookAhead
	lex   lexer
	seg   segmenter
	stats Stats
}

// queued is a record that waits for its turn.
type queued struct {
	Record
	bootID string // the journal's, if the line carries it
}

// NewReader returns a Reader of the capture in. Compression and encoding are
// recognised with the first call of Next, which reports what is wrong with
// them.
func NewReader(in io.Reader, opts Options) *Reader {
	r := &Reader{opts: opts, maxText: opts.MaxText, line: 1}
	if r.maxText <= 0 {
		r.maxText = DefaultMaxText
	}
	r.maxLine = r.maxText + lineSlack
	r.in.raw = in
	r.lex.init()
	r.seg.ahead = r.lookAhead
	return r
}

// ReadAll reads a whole capture. On an error it returns what was read before
// it as well.
func ReadAll(in io.Reader, opts Options) (*Log, error) {
	r := NewReader(in, opts)
	defer r.stop()
	l := &Log{}
	for {
		rec, err := r.Next()
		if err != nil {
			l.Boots, l.Stats = r.Boots(), r.Stats()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return l, err
		}
		l.Records = append(l.Records, rec)
	}
}

// All iterates over the records up to the end of the capture or the first
// error, which comes with a zero Record.
func (r *Reader) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// Next returns the next record; io.EOF after the last one. Any other error is
// final too, and comes after all records of what could be read.
func (r *Reader) Next() (Record, error) {
	for r.next == len(r.queue) {
		r.queue, r.next = r.queue[:0], 0
		if err := r.readLine(); err != nil {
			return Record{}, err
		}
	}
	q := &r.queue[r.next]
	rec := &q.Record
	r.next++
	r.seg.place(rec, q.bootID)
	r.stats.Records++
	if rec.Origin == OriginKernel {
		r.stats.Kernel++
	}
	if rec.HasTime {
		r.stats.Timed++
	}
	if rec.Flags&FlagGarbled != 0 {
		r.stats.Garbled++
	}
	return *rec, nil
}

// Boots returns the boots found so far, the last one as far as it was read.
// The caller owns the slice.
func (r *Reader) Boots() []Boot { return r.seg.list() }

// Stats returns the counts of what was delivered so far.
func (r *Reader) Stats() Stats {
	s := r.stats
	s.Lines = int64(r.line + r.rejoined)
	if !r.midLine && s.Lines > 0 {
		s.Lines--
	}
	return s
}

// Close releases the decompressor and, in follow mode, the goroutine that reads.
// It does not close the underlying reader. After it Next returns io.EOF. The error is always nil.
func (r *Reader) Close() error {
	r.stop()
	return nil
}

func (r *Reader) stop() {
	r.finished = true
	r.queue, r.next = nil, 0
	r.in.close()
}

// fill reads more of the capture behind buf[wr]. It returns errQuiet in follow
// mode when nothing came for a while, and the sticky error at the end.
func (r *Reader) fill() error {
	if r.readErr != nil {
		return r.readErr
	}
	if len(r.buf)-r.wr < readSize/4 {
		// Make room: first a small buffer, then by the need, up to an
		// overlong line and a good read.
		n := r.wr - r.rd
		dst := r.buf
		if want := min(max(2*len(dst), readSize), r.maxLine+readSize); len(dst)-n < readSize/2 && len(dst) < want {
			dst = make([]byte, want)
		}
		copy(dst, r.buf[r.rd:r.wr])
		r.buf = dst
		r.base += int64(r.rd)
		r.rd, r.wr = 0, n
	}
	for range 100 {
		n, err := r.in.read(r.buf[r.wr:])
		r.wr += n
		r.stats.Bytes += int64(n)
		if errors.Is(err, errQuiet) {
			if n > 0 {
				return nil
			}
			return errQuiet
		}
		if err != nil {
			r.readErr = err
			if n > 0 {
				return nil
			}
			return err
		}
		if n > 0 {
			return nil
		}
	}
	r.readErr = io.ErrNoProgress
	return r.readErr
}

// sniff lets the lexer look at the start of the capture. In follow mode that
// is what came first, else as much as it wants.
func (r *Reader) sniff() {
	for r.wr-r.rd < sniffSize {
		err := r.fill()
		if err != nil && !errors.Is(err, errQuiet) {
			break
		}
		if r.opts.Follow != nil && r.wr > r.rd {
			break
		}
	}
	w := r.buf[r.rd:r.wr]
	r.lex.sniff(w[:min(len(w), sniffSize)], r.readErr != nil && len(w) <= sniffSize)
}

// lookAhead calls f for the lines that follow, see segmenter.ahead.
func (r *Reader) lookAhead(limit int, f func(p *prefix, text []byte) bool) int {
	for r.opts.Follow == nil && r.wr-r.rd < sniffSize/2 {
		if r.fill() != nil {
			break
		}
	}
	lex := r.lex
	n := 0
	for w := r.buf[r.rd:min(r.wr, r.rd+sniffSize/2)]; n < limit; n++ {
		i := bytes.IndexByte(w, '\n')
		if i < 0 {
			break
		}
		line := bytes.Trim(w[:i], "\r")
		w = w[i+1:]
		if special(line)&hasControl != 0 {
			r.peek.clean(line)
			line = r.peek.text
		}
		p := lex.prefix(line, true)
		text := line[p.text:]
		if p.decoded != nil {
			text = p.decoded
		} else if i := findStamp(line, p.text, &p); i >= 0 {
			text = line[p.text:i]
		}
		if !f(&p, text) {
			return n + 1
		}
	}
	return n
}

// rejoin mends a line end that the capturing tool put into a time stamp
// ("[    0.04", "4159] SMP: ..."): if the line of n bytes is the start of a
// stamp and the next one goes on with it, the line end is taken out. It
// reports whether it did.
func (r *Reader) rejoin(n int) bool {
	line := bytes.TrimRight(r.buf[r.rd:r.rd+n], "\r\n")
	if bytes.IndexByte(line, ']') >= 0 || r.midLine {
		return false
	}
	for _, b := range line[1:] {
		if b != ' ' && b != '.' && !isDigit(b) {
			return false
		}
	}
	for r.wr-r.rd < n+stampSpan {
		if r.opts.Follow != nil || r.fill() != nil {
			break
		}
	}
	line = r.buf[r.rd : r.rd+len(line)]
	rest := r.buf[r.rd+n : min(r.wr, r.rd+n+stampSpan)]
	var joined [2 * stampSpan]byte
	c := append(append(joined[:0], line...), rest...)
	_, k, wide := scanStamp(c)
	if k <= len(line) || !wide || k < len(c) && c[k] != ' ' && c[k] != '[' && c[k] != '\n' && c[k] != '\r' {
		return false
	}
	// A character that is taken out of every text.
	for i := r.rd + len(line); i < r.rd+n; i++ {
		r.buf[i] = '\a'
	}
	r.rejoined++
	r.scanned = n
	return true
}

// attachDict gives the record of /dev/kmsg just queued what the " KEY=value"
// lines behind it say, as far as they have been read.
func (r *Reader) attachDict() {
	last := &r.queue[len(r.queue)-1]
	if last.Flags&FlagDict != 0 {
		return
	}
	for r.wr-r.rd < maxDict && r.opts.Follow == nil {
		if r.fill() != nil { // comes out again with the next line
			break
		}
	}
	last.Dict = dictOf(r.buf[r.rd:min(r.wr, r.rd+maxDict)])
}

// lookThroughEntry lets the lexer look through the entry of a journal that starts
// at buf[rd].
func (r *Reader) lookThroughEntry() {
	for r.wr-r.rd < maxEntry && r.opts.Follow == nil {
		if r.fill() != nil { // comes out again with the next line
			break
		}
	}
	r.lex.lookThrough(r.buf[r.rd:min(r.wr, r.rd+maxEntry)])
}

// readLine reads one physical line, or what there is of it, into the queue.
func (r *Reader) readLine() error {
	if r.finished {
		return io.EOF
	}
	if !r.opened {
		if err := r.in.open(r.opts.Follow); err != nil {
			r.finished = true
			return err
		}
		r.opened = true
		r.stats.Compression, r.stats.Encoding = r.in.compression, r.in.encoding
		r.sniff()
	}
	for {
		if i := bytes.IndexByte(r.buf[r.rd+r.scanned:r.wr], '\n'); i >= 0 {
			n := r.scanned + i + 1
			if r.buf[r.rd] == '[' && n < stampSpan && r.rejoin(n) {
				continue
			}
			if r.lex.startsEntry(r.buf[r.rd : r.rd+n]) {
				r.lookThroughEntry()
			}
			r.cut(r.buf[r.rd:r.rd+n], true)
			r.advance(n)
			r.line += 1 + r.rejoined
			r.rejoined = 0
			r.midLine = false
			if r.lex.inKmsg {
				r.attachDict()
			}
			return nil
		}
		have := r.wr - r.rd
		r.scanned = have
		if have >= r.maxLine {
			return r.readOverlong()
		}
		err := r.fill()
		switch {
		case err == nil:
			continue
		case errors.Is(err, errQuiet) && have == 0:
			continue
		case have == 0:
			r.finished = true
			return err
		}
		// The end of the capture, or of what there is for now.
		r.cut(r.buf[r.rd:r.wr], false)
		r.advance(have)
		r.midLine = true
		return nil
	}
}

// advance moves the start of the window.
func (r *Reader) advance(n int) {
	r.rd += n
	r.scanned = 0
}

// readOverlong cuts the start of a line that is longer than the window allows,
// and extends its last record over what follows, up to where the line ends or
// another record starts.
func (r *Reader) readOverlong() error {
	n := r.maxLine - stampSpan
	r.cut(r.buf[r.rd:r.rd+n], false)
	r.advance(n)
	r.midLine = true
	last := &r.queue[len(r.queue)-1]
	last.Flags = last.Flags&^FlagUnterminated | FlagTruncated
	for {
		w := r.buf[r.rd:r.wr]
		// Up to stop, any record that starts is seen whole.
		stop := len(w)
		if r.readErr == nil {
			stop = max(0, stop-stampSpan)
		}
		if i := findBreak(w, stop); i >= 0 {
			r.advance(i)
			if i < len(w) && w[i] == '\n' {
				r.advance(1)
				r.line += 1 + r.rejoined
				r.rejoined = 0
				r.midLine = false
			}
			last.End = r.base + int64(r.rd)
			return nil
		}
		r.advance(stop)
		last.End = r.base + int64(r.rd)
		switch err := r.fill(); {
		case err == nil:
		case errors.Is(err, errQuiet):
			if r.wr > r.rd {
				r.advance(r.wr - r.rd)
				last.End = r.base + int64(r.rd)
			}
			last.Flags |= FlagUnterminated
			return nil
		case r.wr == r.rd:
			last.Flags |= FlagUnterminated
			return nil // the error comes with the next call
		}
	}
}

// cut appends the records of a physical line, or of what was read of it, to
// the queue. whole says that it ends with its line end.
func (r *Reader) cut(line []byte, whole bool) {
	start := r.base + int64(r.rd)
	body := line
	if whole {
		body = body[:len(body)-1]
	}
	for len(body) > 0 && body[len(body)-1] == '\r' {
		body = body[:len(body)-1]
	}
	first := len(r.queue)
	sp := special(body)
	if sp&hasControl == 0 {
		c := cleaned{text: body, level: NoLevel}
		r.split(&c, len(body), start, sp, !r.midLine)
	} else {
		for off := 0; ; {
			n := segmentLen(body[off:])
			r.clean.clean(body[off : off+n])
			r.split(&r.clean, n, start+int64(off), sp, off > 0 || !r.midLine)
			off += n
			if off >= len(body) {
				break
			}
		}
	}
	// The last record takes the line end with it.
	last := &r.queue[len(r.queue)-1]
	last.End = start + int64(len(line))
	if !whole {
		last.Flags |= FlagUnterminated
	}
	if r.midLine {
		r.queue[first].Flags |= FlagMidLine
		if !r.queue[first].HasTime {
			r.queue[first].Flags |= FlagContinuation
		}
	}
	for i := first + 1; i < len(r.queue); i++ {
		r.queue[i].Flags |= FlagMidLine
	}
}

// segmentLen is the length of the part of a line up to where a carriage return
// starts it over, that return included. Returns at the start of the line and
// runs of them do not count for more than one.
func segmentLen(c []byte) int {
	i := 0
	for i < len(c) && c[i] == '\r' {
		i++
	}
	j := bytes.IndexByte(c[i:], '\r')
	if j < 0 {
		return len(c)
	}
	for i += j; i < len(c) && c[i] == '\r'; i++ {
	}
	return i
}

// split appends the records of one stretch of a line to the queue: n raw bytes
// at the capture offset start, cleaned to c. lineStart says that it stands
// where a line starts on the screen.
func (r *Reader) split(c *cleaned, n int, start int64, sp int, lineStart bool) {
	text := c.text
	for from := 0; ; {
		p := r.lex.prefix(text[from:], lineStart && from == 0)
		p.text += from
		end := len(text)
		if p.decoded == nil {
			i := findStamp(text, p.text, &p)
			if i >= 0 && !p.hasTime && (i == p.text || isResidue(text[p.text:i])) {
				// Nobody wrote what stands in front.
				host, clock := p.host, p.hostClock
				p = r.lex.prefix(text[i:], false)
				p.host, p.hostClock = host, clock
				p.text += i
				i = findStamp(text, p.text, &p)
			}
			if i >= 0 {
				end = i
			}
			if lineStart && from == 0 {
				r.lex.join(text, &p, c.at == nil)
			}
		}
		r.queue = append(r.queue, queued{})
		q := &r.queue[len(r.queue)-1]
		r.lex.inKmsg = p.kmsg
		q.bootID = p.bootID
		q.Start, q.End = start+int64(c.raw(from, n)), start+int64(c.raw(end, n))
		q.TextStart = start + int64(c.raw(p.text, n))
		if from == 0 {
			q.Start = start
		}
		q.Line = r.line
		q.Level, q.Facility = p.level, p.facility
		if q.Level == NoLevel {
			q.Level = c.level
		}
		q.HasTime, q.Time = p.hasTime, time.Duration(p.time)
		q.Host, q.HostClock = p.host, p.hostClock
		q.Origin, q.Flags, q.Dict = p.origin, p.flags|c.flags, p.dict
		if len(p.caller) > 0 {
			q.Caller = r.lex.intern(p.caller)
		}
		t := text[p.text:end]
		if p.decoded != nil {
			t = p.decoded
			sp |= hasHigh
		}
		r.setText(&q.Record, t, sp, c.odd)
		if end == len(text) {
			return
		}
		from = end
	}
}

// setText sets Text and the flags about it. sp is what special says about the
// line, odd the number of control characters taken out.
func (r *Reader) setText(rec *Record, t []byte, sp, odd int) {
	if len(t) > r.maxText {
		t = t[:r.maxText]
		if sp&hasHigh != 0 {
			t = trimPartialRune(t)
		}
		rec.Flags |= FlagTruncated
	}
	if sp&hasHigh != 0 && !utf8.Valid(t) {
		rec.Flags |= FlagInvalidUTF8
		odd += invalidBytes(t)
	}
	if odd > 2 && odd*8 > len(t) {
		rec.Flags |= FlagGarbled
	}
	rec.Text = string(t)
}

// trimPartialRune cuts a character off the end of t that was cut in two.
func trimPartialRune(t []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(t); i++ {
		if b := t[len(t)-i]; utf8.RuneStart(b) {
			if b >= 0xc0 && !utf8.FullRune(t[len(t)-i:]) {
				return t[:len(t)-i]
			}
			break
		}
	}
	return t
}

// invalidBytes counts the bytes of t that are no part of a UTF-8 character.
func invalidBytes(t []byte) int {
	n := 0
	for len(t) > 0 {
		c, size := utf8.DecodeRune(t)
		if c == utf8.RuneError && size == 1 {
			n++
		}
		t = t[size:]
	}
	return n
}
