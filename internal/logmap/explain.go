package logmap

// From a record to the statements that can have printed it.

import (
	"cmp"
	"slices"
	"strings"

	"dekho/internal/klog"
	"dekho/internal/logmap/pattern"
)

// Verdict says how sure the first site of an Explanation is.
type Verdict uint8

const (
	// Unknown: no statement of the tree fits, though the kernel printed it.
	Unknown Verdict = iota
	// NotKernel: the record is not the kernel's.
	NotKernel
	// Ambiguous: several statements fit and nothing tells them apart.
	Ambiguous
	// Likely: several fit, and the first beats the others by evidence.
	Likely
	// Certain: one statement fits.
	Certain
)

var verdictNames = [...]string{"unknown", "not kernel", "ambiguous", "likely", "certain"}

// String is the verdict as shown to people and in JSON.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown"
}

// Place is a line of the tree.
type Place struct {
	Path     string
	Line     uint32
	Function string // "" at file scope
}

// Site is a statement that can have printed a record.
type Site struct {
	Place
	// Family is the name of the macro or function called (dev_err, ext4_msg).
	Family string
	// Format is the format as a whole, with what wrappers put around it.
	Format string
	// Level is the kernel log level, 0 to 7, or -1 when not known.
	Level int
	// Said is the statement the words come from, when Place is inside a
	// wrapper function that it calls.
	Said *Place
	// Symbols are the Kconfig symbols that build the file, the file's own first.
	Symbols []string
	// Score ranks the sites of one record, in bits; differences count.
	Score float64
	// Why tells what spoke for the site and against it.
	Why []string

	id   uint32
	file uint32
	hit  pattern.Hit
	text string // what the pattern was matched against
}

// Arg is the value of one argument.
type Arg struct {
	Name       string // source text of the argument
	Conversion string // "%d"
	Text       string // what was printed
	Value      any    // typed, see pattern.Value
}

// Explanation is what is known of one record.
type Explanation struct {
	Verdict Verdict
	Sites   []Site // best first
	Args    []Arg  // of the first site
	Parts   []Site // statements that continued the line (pr_cont), in order
	More    int    // sites left out of Sites
}

// Options of a Session.
type Options struct {
	// Arch is the architecture directory of the kernel that wrote the log
	// ("x86", "arm", "arm64", "riscv"), "" to take it from the log.
	Arch string
	// Config is the configuration of that kernel: symbols with CONFIG_ and
	// their values, "n" for what is off. Nil if not known.
	Config map[string]string
	// MaxSites bounds the sites listed for a record; 0 means 8.
	MaxSites int
}

// Session explains the records of one log in their order. It remembers what
// the log has said so far: statements near each other print near each other.
// A Session is used by one goroutine.
type Session struct {
	m    *Map
	mat  *pattern.Matcher
	opts Options
	caps pattern.Captures
	hits []pattern.Hit
	ids  []uint32
	cand []candidate

	arch     string
	seen     map[uint32]int // files that certainly printed, and how often
	previous []neighbour    // of the records just before, newest last
	elems    []pattern.Elem
	names    map[uint32][]string
	built    map[uint32]int8 // files against the configuration: 1 yes, -1 no
}

// candidate is a site while it is being ranked.
type candidate struct {
	id    uint32
	hit   pattern.Hit
	score float64
	why   []string
	parts []part
}

// neighbour is the first site of a record explained before, and how far it can
// be trusted, 0 to 1.
type neighbour struct {
	site  uint32
	trust float64
}

type part struct {
	id         uint32
	start, end int
	bits       float64
}

// NewSession starts to explain a log.
func (m *Map) NewSession(o Options) *Session {
	if o.MaxSites <= 0 {
		o.MaxSites = 8
	}
	return &Session{
		m: m, mat: m.set.NewMatcher(), opts: o, arch: o.Arch,
		seen: make(map[uint32]int), names: make(map[uint32][]string), built: make(map[uint32]int8),
	}
}

// SetArch tells the session what architecture the log comes from, when the
// log has said so. An architecture given in Options stays.
func (s *Session) SetArch(arch string) {
	if s.opts.Arch == "" {
		s.arch = arch
	}
}

// NewBoot forgets what is near: another boot begins.
func (s *Session) NewBoot() { s.previous = s.previous[:0] }

// maxHits bounds the patterns looked at for one record.
const maxHits = 256

// Explain finds the statements that can have printed the record.
func (s *Session) Explain(r *klog.Record) Explanation {
	text := r.Text
	if len(text) > 4096 {
		text = text[:4096]
	}
	trimmed := strings.TrimRight(text, " ")
	if trimmed == "" || r.Origin == klog.OriginFirmware || r.Origin == klog.OriginCapture {
		return Explanation{Verdict: NotKernel}
	}
	s.find(bytesOf(trimmed), r)
	if len(s.cand) == 0 {
		if r.Origin == klog.OriginKernel {
			return Explanation{Verdict: Unknown}
		}
		return Explanation{Verdict: NotKernel}
	}
	e := s.decide(r, trimmed)
	return e
}

// find fills s.cand with ranked candidates.
func (s *Session) find(text []byte, r *klog.Record) {
	s.cand = s.cand[:0]
	s.hits = s.mat.Find(text, s.hits[:0])
	s.hits = s.mat.FindWeak(text, s.hits)
	if len(s.hits) == 0 {
		return
	}
	slices.SortStableFunc(s.hits, func(a, b pattern.Hit) int { return cmp.Compare(b.Specificity, a.Specificity) })
	if len(s.hits) > maxHits {
		s.hits = s.hits[:maxHits]
	}
	for _, h := range s.hits {
		if !h.Whole && h.Specificity < 6 {
			continue // a few letters at the start say nothing
		}
		first, end := s.m.patternSites(h.ID)
		if end-first > 4*maxHits {
			end = first + 4*maxHits
		}
		for id := first; id < end; id++ {
			c := candidate{id: id, hit: h}
			if s.rank(&c, text, r) {
				s.cand = append(s.cand, c)
			}
		}
	}
	slices.SortStableFunc(s.cand, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
}

// flagsOf unpacks the flags of a site.
func (m *Map) flags(site uint32) (flags uint32, level, part int) {
	f := m.col(site, colFlags)
	return f & (1<<levelShift - 1), int(f>>levelShift&0xff) - 1, int(f >> partShift & 0xff)
}

// rank scores a candidate; false drops it.
func (s *Session) rank(c *candidate, text []byte, r *klog.Record) bool {
	m := s.m
	flags, level, lineOf := m.flags(c.id)
	file := m.col(c.id, colFile)
	if said := m.col(c.id, colSaidFile); said != 0 {
		file = said - 1
	}
	path := m.str(m.fileWord(file, 0))
	c.score = saturate(float64(c.hit.Specificity))
	why := func(points float64, text string) {
		c.score += points
		c.why = append(c.why, text)
	}
	// Architecture.
	if rest, ok := strings.CutPrefix(path, "arch/"); ok && s.arch != "" {
		arch, sub, _ := strings.Cut(rest, "/")
		if arch == "x86" && strings.HasPrefix(sub, "um/") {
			arch = "um"
		}
		if arch != s.arch {
			why(-60, "of another architecture ("+arch+")")
		} else {
			c.score += 3
		}
	}
	if strings.HasPrefix(path, "samples/") {
		why(-10, "a sample")
	}
	// Configuration.
	switch s.configured(file) {
	case 1:
		why(4, "built by the configuration")
	case -1:
		why(-60, "not built by the configuration")
	}
	// Level.
	if r.Level != klog.NoLevel && level >= 0 {
		if int(r.Level) == level {
			c.score += 4
		} else {
			why(-20, "printed at another level")
		}
	}
	if flags&flagGeneric != 0 {
		c.score -= 12
	}
	if flags&flagOdd != 0 {
		why(-6, "in an #if arm that is seldom built")
	}
	if flags&flagCont != 0 && !r.Flags.Has(klog.FlagContinuation) {
		c.score -= 10
	}
	args := m.str(m.col(c.id, colArgs))
	s.captures(c, text, args, file, path, why)
	if !c.hit.Whole {
		c.parts = s.continuation(c, text, file)
		rest := len(text)
		if n := len(c.parts); n > 0 {
			rest = c.parts[n-1].end
			bits := float64(c.hit.Specificity)
			for _, p := range c.parts {
				bits += max(p.bits, 0)
			}
			c.score += 2 + saturate(bits) - saturate(float64(c.hit.Specificity))
		} else {
			rest = c.hit.End
		}
		if left := len(strings.TrimSpace(string(text[rest:]))); left > 0 {
			c.score -= 12 + float64(left)
		}
	}
	// Neighbours.
	if lineOf > 0 {
		if n := len(s.previous); n > 0 && s.samePlace(s.previous[n-1].site, c.id) {
			why(25, "the line before is of the same statement")
		} else {
			c.score -= 12
		}
	}
	if near, what := s.near(c.id, file); near > 0 {
		why(near, what)
	} else if s.seen[file] > 0 {
		why(3, "the file has printed before")
	}
	return true
}

// saturate bounds the weight of long formats: beyond some forty bits more text
// says little more, since near copies of a format share most of it.
func saturate(bits float64) float64 {
	const knee = 40
	if bits > knee {
		return knee + (bits-knee)*0.15
	}
	return bits
}

func (s *Session) samePlace(a, b uint32) bool {
	m := s.m
	return m.col(a, colFile) == m.col(b, colFile) && m.col(a, colLine) == m.col(b, colLine) &&
		m.col(a, colSaidFile) == m.col(b, colSaidFile) && m.col(a, colSaidLine) == m.col(b, colSaidLine)
}

// fileAndFn are the file and function the words of a site come from.
func (m *Map) origin(site uint32) (file, fn, line uint32) {
	if said := m.col(site, colSaidFile); said != 0 {
		return said - 1, m.col(site, colSaidFn), m.col(site, colSaidLine)
	}
	return m.col(site, colFile), m.col(site, colFn), m.col(site, colLine)
}

// near tells how near the site is to those of the records before.
func (s *Session) near(site, file uint32) (float64, string) {
	_, fn, line := s.m.origin(site)
	best, what := 0.0, ""
	for i := len(s.previous) - 1; i >= 0; i-- {
		p := s.previous[i]
		pf, pfn, pline := s.m.origin(p.site)
		if pf != file {
			continue
		}
		age := float64(len(s.previous)-1-i) * 0.5
		points := 5.0 - age
		w := "its file printed just before"
		if pfn == fn && fn != 0 {
			points = 8 - age
			w = "its function printed just before"
			if line > pline {
				points += 2
			}
		}
		if points *= p.trust; points > best {
			best, what = points, w
		}
	}
	return best, what
}

// configured tells whether the configuration builds the file: 1, -1, 0 if not
// known.
func (s *Session) configured(file uint32) int8 {
	if s.opts.Config == nil {
		return 0
	}
	if v, ok := s.built[file]; ok {
		return v
	}
	v := int8(0)
	for sym := range strings.FieldsSeq(s.m.str(s.m.fileWord(file, 2))) {
		switch s.opts.Config[sym] {
		case "y", "m":
			if v == 0 {
				v = 1
			}
		default:
			v = -1
		}
	}
	s.built[file] = v
	return v
}

// driverArgs are the argument expressions that name driver and device in
// dev_printk (drivers/base/core.c) and what is built on it.
const driverArg = "dev_driver_string("

// captures looks at what the conversions printed: is it plausible for the
// site?
func (s *Session) captures(c *candidate, text []byte, args string, file uint32, path string, why func(float64, string)) {
	if !s.mat.Match(c.hit.ID, text, &s.caps) {
		return
	}
	s.elems = s.m.set.AppendElems(s.elems[:0], c.hit.ID)
	i := 0
	for _, e := range s.elems {
		if !e.Kind.IsConversion() {
			continue
		}
		arg, rest, _ := strings.Cut(args, "\x00")
		args = rest
		if i >= len(s.caps.Spans) {
			break
		}
		got := s.caps.Spans[i].Text(text)
		i++
		switch e.Kind {
		case pattern.Dentry, pattern.Node, pattern.BlockDev, pattern.UnknownPointer:
			free(c, got)
		case pattern.String, pattern.Any, pattern.VaFormat:
			if strings.HasPrefix(arg, driverArg) {
				if strings.IndexByte(string(got), ' ') >= 0 || len(got) > 40 {
					c.score -= 15 // driver names have no blanks
				}
				if p, w := s.driver(string(got), file, path); w != "" {
					why(p, w)
				} else {
					c.score += p
				}
				continue
			}
			// Free text that holds what looks like the words of another
			// statement is less likely than a format with those words.
			free(c, got)
			if strings.HasPrefix(arg, "dev_name(") || strings.Contains(arg, "netdev_name(") {
				if strings.IndexByte(string(got), ' ') >= 0 {
					c.score -= 10
				}
			}
		}
	}
}

// free charges for text that a conversion printed as it came: words in it are
// more likely words of a format.
func free(c *candidate, got []byte) {
	c.score -= min(float64(len(got))/8, 10)
	if len(got) > 0 && (got[0] == ' ' || got[0] == '\t') {
		c.score -= 8 // blanks in front are a format's
	}
	blanks := 0
	for i := range got {
		if got[i] == ' ' {
			if blanks++; blanks > 8 {
				return
			}
			c.score--
			if i > 0 && got[i-1] == ':' {
				c.score -= 3
			}
		}
	}
}

// driver scores the driver's name in front of a device against the file.
func (s *Session) driver(name string, file uint32, path string) (float64, string) {
	if name == "" {
		return -2, ""
	}
	names, ok := s.names[file]
	if !ok {
		if all := s.m.str(s.m.fileWord(file, 3)); all != "" {
			names = strings.Split(all, "\x00")
		}
		s.names[file] = names
	}
	own := true
	for _, n := range names {
		switch {
		case n == "":
			own = false
		case n == name && own:
			return 14, "its file names the driver " + name
		case n == name:
			return 12, "its module names the driver " + name
		}
	}
	plain := strings.ReplaceAll(name, "-", "_")
	if m := s.m.str(s.m.fileWord(file, 1)); m != "" && m == plain {
		return 12, "part of module " + m
	}
	// The name as a directory or a file of the path: pci, usb, nvme. That is
	// how code that is no driver itself speaks for a device.
	base := path
	for base != "" {
		var part string
		part, base, _ = strings.Cut(base, "/")
		if dot := strings.LastIndexByte(part, '.'); dot > 0 {
			part = part[:dot]
		}
		if strings.ReplaceAll(part, "-", "_") == plain {
			if len(names) > 0 {
				return 5, "its path names " + name
			}
			return 9, "its path names " + name
		}
	}
	short := plain
	if i := strings.IndexAny(short, "_ "); i > 2 {
		short = short[:i]
	}
	if len(short) >= 3 && strings.Contains(path, short) {
		return 2, ""
	}
	if len(names) > 0 {
		return -16, "its file names other drivers"
	}
	return -6, ""
}

// continuation finds the statements that printed the rest of the line: pr_cont
// of the same file, one after the other.
func (s *Session) continuation(c *candidate, text []byte, file uint32) []part {
	var parts []part
	pos := c.hit.End
	_, fn, line := s.m.origin(c.id)
	for steps := 0; pos < len(text) && steps < 64; steps++ {
		best := part{end: -1}
		bestScore := 0.0
		s.m.fileSites(file, func(id uint32) bool {
			flags, level, lineOf := s.m.flags(id)
			if lineOf > 0 || flags&flagGeneric != 0 {
				return true
			}
			if flags&flagCont == 0 && level >= 0 && level != 0 {
				return true // starts a line of its own
			}
			p := pattern.PatternID(s.m.col(id, colPattern))
			if sp := s.m.set.Specificity(p); sp < 3 && (flags&flagCont == 0 || sp < -12) {
				return true
			}
			if !s.mat.Match(p, text[pos:], &s.caps) {
				return true
			}
			score := float64(s.m.set.Specificity(p)) + float64(s.caps.End)/2
			if s.caps.Whole {
				score += 10
			}
			_, f, l := s.m.origin(id)
			if f == fn {
				score += 8
				if l >= line {
					score += 3
				}
			}
			if s.caps.End > 0 && (best.end < 0 || score > bestScore) {
				best, bestScore = part{id: id, start: pos, end: pos + s.caps.End, bits: float64(s.m.set.Specificity(p))}, score
			}
			return true
		})
		if best.end <= pos {
			break
		}
		parts = append(parts, best)
		_, fn, line = s.m.origin(best.id)
		pos = best.end
	}
	return parts
}

// decide turns the ranked candidates into an answer and remembers it.
func (s *Session) decide(r *klog.Record, text string) Explanation {
	var e Explanation
	best := &s.cand[0]
	specific := float64(best.hit.Specificity)
	kernel := r.Origin == klog.OriginKernel
	if !kernel && (specific < 22 || !best.hit.Whole && len(best.parts) == 0) {
		return Explanation{Verdict: NotKernel}
	}
	if best.score < -20 {
		e.Verdict = Unknown
		return e
	}
	gap := 100.0
	for i := 1; i < len(s.cand); i++ {
		if !s.sameFirst(s.cand[0].id, s.cand[i].id) {
			gap = s.cand[0].score - s.cand[i].score
			break
		}
	}
	covered := best.hit.Whole || len(best.parts) > 0 && best.parts[len(best.parts)-1].end == len(text)
	flags, _, _ := s.m.flags(best.id)
	switch {
	case gap >= 14 && specific >= 18 && covered && flags&flagGeneric == 0:
		e.Verdict = Certain
	case gap >= 2.5:
		e.Verdict = Likely
	default:
		e.Verdict = Ambiguous
	}
	for i := range s.cand {
		c := &s.cand[i]
		if len(e.Sites) > 0 && (len(e.Sites) >= s.opts.MaxSites || c.score < best.score-25 && len(e.Sites) > 3) {
			e.More = len(s.cand) - i
			break
		}
		dup := false
		for j := range e.Sites {
			dup = dup || s.samePlace(e.Sites[j].id, c.id)
		}
		if !dup {
			e.Sites = append(e.Sites, s.m.site(c))
		}
	}
	e.Args = s.args(best, text)
	for _, p := range best.parts {
		e.Parts = append(e.Parts, s.m.site(&candidate{id: p.id}))
	}
	s.remember(best, e.Verdict)
	return e
}

// sameFirst reports whether two sites have the same place.
func (s *Session) sameFirst(a, b uint32) bool {
	m := s.m
	return m.col(a, colFile) == m.col(b, colFile) && m.col(a, colLine) == m.col(b, colLine)
}

func (s *Session) remember(c *candidate, v Verdict) {
	if len(s.previous) >= 8 {
		copy(s.previous, s.previous[1:])
		s.previous = s.previous[:7]
	}
	trust := [...]float64{Certain: 1, Likely: 0.6, Ambiguous: 0.2}[v]
	s.previous = append(s.previous, neighbour{c.id, trust})
	if v == Certain {
		f, _, _ := s.m.origin(c.id)
		s.seen[f]++
	}
}

// site describes a candidate.
func (m *Map) site(c *candidate) Site {
	_, level, _ := m.flags(c.id)
	file := m.col(c.id, colFile)
	st := Site{
		Place:  Place{Path: m.str(m.fileWord(file, 0)), Line: m.col(c.id, colLine), Function: m.str(m.col(c.id, colFn))},
		Family: m.str(m.col(c.id, colFamily)),
		Format: m.set.Format(pattern.PatternID(m.col(c.id, colPattern))),
		Level:  level,
		Score:  c.score,
		Why:    c.why,
		id:     c.id,
		file:   file,
	}
	if syms := m.str(m.fileWord(file, 2)); syms != "" {
		st.Symbols = strings.Fields(syms)
	}
	if said := m.col(c.id, colSaidFile); said != 0 {
		st.Said = &Place{Path: m.str(m.fileWord(said-1, 0)), Line: m.col(c.id, colSaidLine), Function: m.str(m.col(c.id, colSaidFn))}
	}
	return st
}

// args are the values of the arguments of the first site.
func (s *Session) args(c *candidate, text string) []Arg {
	b := bytesOf(text)
	if !s.mat.Match(c.hit.ID, b, &s.caps) {
		return nil
	}
	names := s.m.str(s.m.col(c.id, colArgs))
	s.elems = s.m.set.AppendElems(s.elems[:0], c.hit.ID)
	var out []Arg
	i := 0
	for _, e := range s.elems {
		if !e.Kind.IsConversion() || i >= len(s.caps.Spans) {
			continue
		}
		name, rest, _ := strings.Cut(names, "\x00")
		names = rest
		got := s.caps.Spans[i].Text(b)
		i++
		out = append(out, Arg{Name: name, Conversion: e.String(), Text: string(got), Value: pattern.Value(e, got)})
	}
	return out
}
