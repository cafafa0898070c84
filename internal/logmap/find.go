package logmap

// What the text of a record says by itself: the sites whose format fits, and
// how well each explains the text. Nothing here depends on other records, so
// many can be worked on at once.

import (
	"cmp"
	"slices"
	"strings"

	"dekho/internal/klog"
	"dekho/internal/logmap/pattern"
)

// draft is a record with its candidates, before its neighbours are looked at.
type draft struct {
	text   string
	kernel bool        // the record says that it is the kernel's
	empty  Verdict     // the answer when there are no candidates
	plain  bool        // the best candidate is certain by the text alone
	first  uint32      // its site
	cands  []candidate // shared with other records of the same text: not to be written to
}

// candidate is a site that can have printed a record.
type candidate struct {
	id    uint32
	why   why
	hit   pattern.Hit
	base  float64 // bits, from the text
	score float64 // with the neighbours
	parts []part
}

// part is a statement that continued the line, and the bytes it printed.
type part struct {
	id         uint32
	start, end int
	bits       float64
}

// why is a set of reasons for and against a site.
type why uint32

const (
	whyArch why = 1 << iota
	whySample
	whyBuilt
	whyNotBuilt
	whyLevel
	whyOdd
	whyDriver
	whyModuleDriver
	whyModule
	whyPath
	whyOthers
	whyStatement
	whyFunction
	whyFile
	whySeen
	whyStranger // nothing ties the file to the driver that the text names; not told
)

var whyTexts = [...]string{
	"of another architecture",
	"a sample",
	"built by the configuration",
	"not built by the configuration",
	"printed at another level",
	"in an #if arm that is seldom built",
	"its file names the driver",
	"its module names the driver",
	"the driver is called like its module",
	"its path is called like the driver or bus",
	"its file names other drivers",
	"the line before is of the same statement",
	"its function printed next to it",
	"its file printed next to it",
	"its file has printed before",
}

func (w why) text() []string {
	var out []string
	for i, t := range whyTexts {
		if w>>i&1 != 0 {
			out = append(out, t)
		}
	}
	return out
}

// finder drafts records. It is used by one goroutine.
type finder struct {
	m     *Map
	opts  *Options
	arch  string
	mat   *pattern.Matcher
	caps  pattern.Captures
	hits  []pattern.Hit
	elems []pattern.Elem
	files []*fileFacts // by file
	found []candidate  // of the text at hand
	cache map[textKey]cached
	kept  int // candidates in cache
}

// fileFacts is what ranking asks of a file again and again.
type fileFacts struct {
	path   string
	arch   string
	word   string // the architecture that its name speaks of, see foreign
	module string
	names  []string // own driver names, "", those of the module
	sample bool
	drives bool // registers a driver
	built  int8 // against the configuration: 1 yes, -1 no, 0 not known
	driver map[string]verdictOnDriver
}

type verdictOnDriver struct {
	points float64
	why    why
}

func newFinder(m *Map, o *Options, arch string) *finder {
	return &finder{m: m, opts: o, arch: arch, mat: m.set.NewMatcher(), files: make([]*fileFacts, m.nFiles), cache: make(map[textKey]cached)}
}

// reset forgets what depended on the architecture.
func (f *finder) reset(arch string) {
	f.arch = arch
	f.forget()
}

func (f *finder) forget() {
	clear(f.cache)
	f.kept = 0
}

// maxTextLen is how much of a record is matched; printk itself stops at about
// a thousand bytes.
const maxTextLen = 4096

// maxHits bounds the patterns looked at for one record, maxSites the sites of
// one pattern, maxCandidates what is kept.
const (
	maxHits       = 256
	maxSites      = 2048
	maxCandidates = 2048
)

// What context and the driver's name can make up for, in bits.
const (
	farReach  = 60.0
	nearReach = 30.0
)

// enoughBits: a pattern that explains the whole text with so much of its own
// is not helped by looking at patterns without text.
const enoughBits = 28

// draft works out the candidates of a record.
func (f *finder) draft(r *klog.Record, d *draft) {
	text := r.Text
	if len(text) > maxTextLen {
		text = text[:maxTextLen]
	}
	d.text = strings.TrimRight(text, " ")
	d.cands = nil
	d.kernel = r.Origin == klog.OriginKernel
	d.plain = false
	d.empty = NotKernel
	if d.text == "" || r.Origin == klog.OriginFirmware || r.Origin == klog.OriginCapture {
		return
	}
	if d.kernel {
		d.empty = Unknown
	}
	key := textKey{d.text, r.Level, r.Origin, r.Flags & klog.FlagContinuation}
	if old, ok := f.cache[key]; ok {
		d.cands, d.plain, d.first = old.cands, old.plain, old.first
		return
	}
	d.cands = f.found[:0]
	f.find(d, r)
	f.found = d.cands
	if !d.kernel && !slices.ContainsFunc(d.cands, func(c candidate) bool { return c.speaksForItself() }) {
		d.cands = nil
	}
	d.cands = slices.Clone(d.cands)
	d.judge(f.m)
	if len(f.cache) >= cacheSize || f.kept+len(d.cands) > cacheCandidates {
		f.forget()
	}
	key.text = strings.Clone(key.text)
	f.cache[key] = cached{d.cands, d.plain, d.first}
	f.kept += len(d.cands)
}

// speaksForItself reports whether the text of a record is enough to say that the
// kernel printed it, where the record does not.
func (c *candidate) speaksForItself() bool {
	return c.hit.Specificity >= strangerBits && (c.hit.Whole || len(c.parts) > 0)
}

// judge notes the best candidate by the text alone.
func (d *draft) judge(m *Map) {
	if len(d.cands) == 0 {
		return
	}
	first := 0
	for i := range d.cands {
		if d.cands[i].base > d.cands[first].base {
			first = i
		}
	}
	best := &d.cands[first]
	d.first = best.id
	gap := 100.0
	for i := range d.cands {
		if c := &d.cands[i]; best.base-c.base < gap && !m.samePlace(best.id, c.id) {
			gap = best.base - c.base
		}
	}
	flags, _, _ := m.flags(best.id)
	d.plain = d.kernel && gap >= certainGap && best.hit.Whole && best.hit.Specificity >= certainBits && flags&flagGeneric == 0
}

// textKey is all that a draft depends on; the same text comes again and again
// in a log (call traces, a device that keeps failing).
type textKey struct {
	text   string
	level  klog.Level
	origin klog.Origin
	flags  klog.Flags
}

type cached struct {
	cands []candidate
	plain bool
	first uint32
}

// cacheSize and cacheCandidates bound the drafts a finder remembers: a word
// alone has thousands of candidates.
const (
	cacheSize       = 4096
	cacheCandidates = 1 << 18
)

// find fills d.cands.
func (f *finder) find(d *draft, r *klog.Record) {
	text := bytesOf(d.text)
	f.hits = f.mat.Find(text, f.hits[:0])
	best := f.rankHits(f.hits, text, d, r, -1000, farReach)
	disputed := d.disputed(best)
	if (best < enoughBits || disputed) && (d.kernel || r.Origin == klog.OriginUnknown) {
		reach := nearReach
		if disputed {
			reach = farReach
		}
		f.hits = f.mat.FindWeak(text, f.hits[:0])
		f.rankHits(f.hits, text, d, r, best, reach)
	}
}

// disputed reports whether nothing ties the file of the best candidate to the
// driver that the text names.
func (d *draft) disputed(best float64) bool {
	for i := range d.cands {
		if c := &d.cands[i]; c.base == best {
			return c.why&(whyOthers|whyStranger) != 0
		}
	}
	return false
}

// rankHits adds the sites of patterns to d.cands and returns the best score.
// Patterns that cannot come within reach of floor, the best so far, are left
// out.
func (f *finder) rankHits(hits []pattern.Hit, text []byte, d *draft, r *klog.Record, floor, reach float64) float64 {
	slices.SortStableFunc(hits, func(a, b pattern.Hit) int { return cmp.Compare(b.Specificity, a.Specificity) })
	if len(hits) > maxHits {
		hits = hits[:maxHits]
	}
	best := floor
	for _, h := range hits {
		if !h.Whole && h.Specificity < 2 {
			continue // a few letters at the start say nothing
		}
		bits := saturate(float64(h.Specificity))
		if bits < best-reach {
			break
		}
		if h.Whole && bits < best-nearReach-10 {
			continue // only what starts a line can gain by what follows
		}
		if !f.mat.Match(h.ID, text, &f.caps) {
			continue
		}
		f.elems = f.m.set.AppendElems(f.elems[:0], h.ID)
		if !h.Whole && letters(f.elems) < 3 {
			continue // what starts like this can be anything
		}
		first, end := f.m.patternSites(h.ID)
		if end-first > maxSites {
			end = first + maxSites
		}
		for id := first; id < end; id++ {
			c := candidate{id: id, hit: h}
			f.rank(&c, text, r)
			if c.base > best-reach && len(d.cands) < maxCandidates {
				d.cands = append(d.cands, c)
				best = max(best, c.base)
			}
		}
	}
	// Prefix matches need the rest of the line explained; that is looked for
	// last, since it uses the matcher.
	for i := range d.cands {
		c := &d.cands[i]
		if !c.hit.Whole && c.parts == nil {
			f.rest(c, text)
		}
	}
	return best
}

// letters counts the letters of the literal text.
func letters(elems []pattern.Elem) (n int) {
	for i := range elems {
		if elems[i].Kind == pattern.Literal {
			for _, b := range elems[i].Text {
				if b|0x20 >= 'a' && b|0x20 <= 'z' {
					n++
				}
			}
		}
	}
	return n
}

// facts returns what is known of a file.
func (f *finder) facts(file uint32) *fileFacts {
	if file >= uint32(len(f.files)) {
		return &fileFacts{} // a damaged map
	}
	if ff := f.files[file]; ff != nil {
		return ff
	}
	m := f.m
	ff := &fileFacts{path: m.str(m.fileWord(file, filePath)), module: m.str(m.fileWord(file, fileModule))}
	if rest, ok := strings.CutPrefix(ff.path, "arch/"); ok {
		var sub string
		ff.arch, sub, _ = strings.Cut(rest, "/")
		if ff.arch == "x86" && strings.HasPrefix(sub, "um/") {
			ff.arch = "um"
		}
	}
	base, _, _ := strings.Cut(ff.path[strings.LastIndexByte(ff.path, '/')+1:], ".")
	if base, _, _ = strings.Cut(base, "-"); ff.arch == "" && slices.Contains(archNames[:], base) {
		ff.word = base
	}
	ff.drives = m.fileWord(file, fileFlags)&fileDriver != 0
	ff.sample = strings.HasPrefix(ff.path, "samples/")
	if names := m.str(m.fileWord(file, fileNames)); names != "" {
		ff.names = strings.Split(names, "\x00")
	}
	if f.opts.Config != nil {
		for syms := range strings.FieldsSeq(m.str(m.fileWord(file, fileSymbols))) {
			on := false
			for sym := range strings.SplitSeq(syms, "|") {
				v := f.opts.Config[sym]
				on = on || v == "y" || v == "m"
			}
			switch {
			case !on:
				ff.built = -1
			case ff.built == 0:
				ff.built = 1
			}
		}
	}
	f.files[file] = ff
	return ff
}

// rank scores a candidate by the text; f.caps and f.elems are those of its
// pattern.
func (f *finder) rank(c *candidate, text []byte, r *klog.Record) {
	m := f.m
	flags, level, _ := m.flags(c.id)
	ff := f.facts(m.originFile(c.id))
	c.base = saturate(float64(c.hit.Specificity))
	add := func(points float64, w why) {
		c.base += points
		c.why |= w
	}
	if ff.arch != "" && f.arch != "" {
		if ff.arch == f.arch {
			c.base += 3
		} else {
			add(-60, whyArch)
		}
	}
	if ff.sample {
		add(-10, whySample)
	}
	switch ff.built {
	case 1:
		add(4, whyBuilt)
	case -1:
		add(-60, whyNotBuilt)
	}
	if r.Level != klog.NoLevel && level >= 0 {
		if int(r.Level) == level {
			c.base += 4
		} else {
			add(-20, whyLevel)
		}
	}
	if level < 0 && r.Level == klog.NoLevel && debugFamily(m.str(m.col(c.id, colFamily))) {
		c.base -= 3 // seldom printed, and the record does not say
	}
	if ff.foreign(f.arch) {
		add(-6, whyArch)
	}
	if flags&flagGeneric != 0 {
		c.base -= 12
	}
	if flags&flagOdd != 0 {
		add(-6, whyOdd)
	}
	if flags&flagCont != 0 && !r.Flags.Has(klog.FlagContinuation) {
		c.base -= 10
	}
	f.captures(c, text, ff)
	if len(f.elems) == 1 && f.elems[0].Kind.IsConversion() && c.hit.Whole {
		c.base -= 6 // a statement that can print anything
	}
}

// debugFamily reports whether a statement prints for debugging, by its name.
func debugFamily(name string) bool {
	return strings.Contains(name, "dbg") || strings.Contains(name, "debug") || strings.Contains(name, "DBG") || strings.Contains(name, "DEBUG")
}

// archNames are names of architectures as parts of the names of files outside
// arch/: drivers/firmware/efi/riscv-runtime.c.
var archNames = [...]string{"arm", "arm64", "riscv", "x86", "mips", "powerpc", "s390", "sparc", "loongarch", "ia64", "parisc", "m68k", "alpha", "sh", "xtensa"}

// foreign reports whether the name of a file outside arch/ says that it is for
// another architecture.
func (ff *fileFacts) foreign(arch string) bool {
	return ff.word != "" && arch != "" && ff.word != arch && (arch != "arm64" || ff.word != "arm")
}

// saturate bounds the weight of long formats: beyond some forty bits more text
// says little more, since near copies of a format share most of it.
func saturate(bits float64) float64 {
	const knee, most = 40, 60
	if bits > knee {
		return min(knee+(bits-knee)*0.15, most)
	}
	return bits
}

// driverArg is how dev_printk (drivers/base/core.c) names the driver or bus of
// a device.
const driverArg = "dev_driver_string("

// captures looks at what the conversions printed: is it plausible for the
// site?
func (f *finder) captures(c *candidate, text []byte, ff *fileFacts) {
	args := f.m.str(f.m.col(c.id, colArgs))
	i := 0
	for _, e := range f.elems {
		if !e.Kind.IsConversion() {
			continue
		}
		arg, rest, _ := strings.Cut(args, "\x00")
		args = rest
		if i >= len(f.caps.Spans) {
			break
		}
		got := f.caps.Spans[i].Text(text)
		i++
		switch e.Kind {
		case pattern.Dentry, pattern.Node, pattern.BlockDev, pattern.UnknownPointer:
			c.base += freeText(got)
		case pattern.String, pattern.Any, pattern.VaFormat:
			if strings.HasPrefix(arg, driverArg) {
				if len(got) > 40 || slices.Contains(got, ' ') {
					c.base -= 15 // names of drivers have no blanks
				}
				v := ff.judge(got)
				if v.points < 0 && c.hit.Specificity < 0 {
					// Little text speaks for the site: the core of a subsystem
					// speaks for its drivers' devices like this.
					v.points /= 2
				}
				c.base += v.points
				c.why |= v.why
				continue
			}
			if strings.HasPrefix(arg, "dev_name(") || strings.HasPrefix(arg, "netdev_name(") {
				switch {
				case slices.Contains(got, ' '):
					c.base -= 10
				case slices.ContainsFunc(got, func(b byte) bool { return b >= '0' && b <= '9' }):
					c.base += 6 // devices are numbered
				}
				continue
			}
			c.base += freeText(got)
		}
	}
}

// freeText charges for text that a conversion printed as it came: words in it
// are more likely words of a format.
func freeText(got []byte) float64 {
	points := -min(float64(len(got))/8, 10)
	if len(got) > 0 && (got[0] == ' ' || got[0] == '\t') {
		points -= 8 // blanks in front are a format's
	}
	blanks := 0
	for i := range got {
		if got[i] == ' ' {
			if blanks++; blanks > 8 {
				break
			}
			points--
			if i > 0 && got[i-1] == ':' {
				points -= 3
			}
		}
	}
	return points
}

// judge scores the name of a driver or bus in front of a device against a file.
func (ff *fileFacts) judge(name []byte) verdictOnDriver {
	if v, ok := ff.driver[string(name)]; ok {
		return v
	}
	v := ff.judgeDriver(string(name))
	if ff.driver == nil {
		ff.driver = make(map[string]verdictOnDriver)
	}
	if len(ff.driver) < 256 {
		ff.driver[string(name)] = v
	}
	return v
}

func (ff *fileFacts) judgeDriver(name string) verdictOnDriver {
	if name == "" {
		return verdictOnDriver{points: -2}
	}
	own := true
	for _, n := range ff.names {
		switch {
		case n == "":
			own = false
		case n == name && own:
			return verdictOnDriver{14, whyDriver}
		case n == name:
			return verdictOnDriver{12, whyModuleDriver}
		}
	}
	plain := strings.ReplaceAll(name, "-", "_")
	if ff.module != "" && ff.module == plain {
		return verdictOnDriver{12, whyModule}
	}
	// The name as a directory or a file of the path: pci, usb, nvme. That is
	// how code that is no driver itself speaks for a device.
	for base := ff.path; base != ""; {
		var part string
		part, base, _ = strings.Cut(base, "/")
		if dot := strings.LastIndexByte(part, '.'); dot > 0 {
			part = part[:dot]
		}
		if strings.ReplaceAll(part, "-", "_") == plain {
			if len(ff.names) > 0 {
				return verdictOnDriver{5, whyPath}
			}
			return verdictOnDriver{9, whyPath}
		}
	}
	short := plain
	if i := strings.IndexAny(short, "_ "); i > 2 {
		short = short[:i]
	}
	if len(short) >= 3 && strings.Contains(ff.path, short) {
		return verdictOnDriver{points: 2}
	}
	if ff.drives {
		return verdictOnDriver{-16, whyOthers}
	}
	return verdictOnDriver{-4, whyStranger}
}

// rest looks for the statements that printed the rest of a line of which the
// candidate explains the start, and scores it.
func (f *finder) rest(c *candidate, text []byte) {
	c.parts = f.continuation(c, text)
	end := c.hit.End
	if n := len(c.parts); n > 0 {
		end = c.parts[n-1].end
		bits := float64(c.hit.Specificity)
		for _, p := range c.parts {
			bits += max(p.bits, 0)
		}
		c.base += 2 + saturate(bits) - saturate(float64(c.hit.Specificity))
	}
	if left := len(strings.TrimSpace(string(text[end:]))); left > 0 {
		c.base -= 12 + float64(left)
	}
}

// maxParts bounds the continuations of one line.
const maxParts = 64

// continuation finds the statements that printed the rest of the line: pr_cont
// of the same file, one after the other.
func (f *finder) continuation(c *candidate, text []byte) []part {
	var parts []part
	pos := c.hit.End
	file, fn, line := f.m.origin(c.id)
	for pos < len(text) && len(parts) < maxParts {
		best := part{end: -1}
		bestScore := 0.0
		f.m.fileSites(file, func(id uint32) bool {
			flags, level, lineOf := f.m.flags(id)
			if lineOf > 0 || flags&flagGeneric != 0 {
				return true
			}
			if flags&flagCont == 0 && level > 0 {
				return true // starts a line of its own
			}
			p := pattern.PatternID(f.m.col(id, colPattern))
			sp := f.m.set.Specificity(p)
			if sp < 3 && (flags&flagCont == 0 || sp < -12) {
				return true
			}
			if !f.mat.Match(p, text[pos:], &f.caps) || f.caps.End == 0 {
				return true
			}
			score := sp + float64(f.caps.End)/2
			if f.caps.Whole {
				score += 10
			}
			_, nfn, nline := f.m.origin(id)
			if nfn == fn {
				score += 8
				if nline >= line {
					score += 3
				}
			}
			if best.end < 0 || score > bestScore {
				best, bestScore = part{id: id, start: pos, end: pos + f.caps.End, bits: sp}, score
			}
			return true
		})
		if best.end <= pos {
			break
		}
		parts = append(parts, best)
		_, fn, line = f.m.origin(best.id)
		pos = best.end
	}
	return parts
}

// args are the values of the arguments of a site for a text.
func (f *finder) args(c *candidate, text string) []Arg {
	b := bytesOf(text)
	if !f.mat.Match(c.hit.ID, b, &f.caps) {
		return nil
	}
	names := f.m.str(f.m.col(c.id, colArgs))
	f.elems = f.m.set.AppendElems(f.elems[:0], c.hit.ID)
	var out []Arg
	i := 0
	for _, e := range f.elems {
		if !e.Kind.IsConversion() || i >= len(f.caps.Spans) {
			continue
		}
		name, rest, _ := strings.Cut(names, "\x00")
		names = rest
		got := f.caps.Spans[i].Text(b)
		i++
		out = append(out, Arg{Name: name, Conversion: e.String(), Text: string(got), Value: pattern.Value(e, got)})
	}
	return out
}
