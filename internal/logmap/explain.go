package logmap

// From records to the statements that can have printed them. What the text of a
// record alone says is worked out for many records at once (find.go); here its
// neighbours are taken into account, and the answer is put together.

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/klog"
	"dekho/internal/logmap/pattern"
)

// Verdict says how sure the first site of an Explanation is.
type Verdict uint8

const (
	// Unknown: no statement of the tree fits, though the kernel printed it; or
	// only such fit as could print anything ("%s\n"), which are listed then.
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

	id uint32
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
	// MaxSites bounds the sites listed for a record; 0 means 32.
	MaxSites int
	// Guard, if not nil, runs the work of every goroutine that reads the map,
	// and turns faults of a mapped file that was cut short into errors.
	Guard func(func() error) error
}

// Session explains the records of one log in their order. It remembers what
// the log has said so far: statements near each other print near each other.
// A Session is used by one goroutine, or by one for Draft and SetArch and
// another for Decide and NewBoot.
type Session struct {
	m       *Map
	opts    Options
	arch    string
	finders []*finder // of Draft
	teller  *finder   // of Decide
	drafts  []draft   // of the batch being decided

	seen     []bool          // files that certainly printed
	seenDir  map[string]bool // their directories
	certain  int             // records that were certain
	previous []neighbour     // of the records just before, newest last
	around   []around        // scratch of context, as the next two
	order    []rank
	sorted   []candidate
}

// neighbour is the first site of a record explained before, and how far it can
// be trusted, 0 to 1.
type neighbour struct {
	site  uint32
	trust float64
}

// NewSession starts to explain a log.
func (m *Map) NewSession(o Options) *Session {
	if o.MaxSites <= 0 {
		o.MaxSites = 32
	}
	return &Session{m: m, opts: o, arch: o.Arch, teller: newFinder(m, &o, o.Arch), seen: make([]bool, m.nFiles), seenDir: make(map[string]bool)}
}

// SetArch tells the session what architecture the log comes from, when the
// log has said so; it holds for what is drafted from then on. An architecture
// given in Options stays.
func (s *Session) SetArch(arch string) {
	if s.opts.Arch == "" && arch != s.arch {
		s.arch = arch
		for _, f := range s.finders {
			f.reset(arch)
		}
	}
}

// NewBoot forgets what is near: another boot begins with what is decided next.
func (s *Session) NewBoot() { s.previous = s.previous[:0] }

// Explain finds the statements that can have printed the record.
func (s *Session) Explain(r *klog.Record) Explanation {
	b := &Batch{drafts: make([]draft, 1)}
	s.workers(1)
	s.finders[0].draft(r, &b.drafts[0])
	return s.Decide(b)[0]
}

// ExplainAll explains consecutive records. The more are given at once, the
// more each can learn from those that follow it, and the more processors work
// at the same time; some hundreds are plenty. An error is that of Options.Guard.
func (s *Session) ExplainAll(rs []*klog.Record) ([]Explanation, error) {
	b, err := s.Draft(rs)
	if err != nil {
		return nil, err
	}
	return s.Decide(b), nil
}

// Batch is consecutive records with what the text of each says by itself.
type Batch struct{ drafts []draft }

// perWorker is the least number of records worth a goroutine.
const perWorker = 32

// Draft does the part of ExplainAll that looks at the texts alone. One
// goroutine may draft the next records while another decides about these.
func (s *Session) Draft(rs []*klog.Record) (*Batch, error) {
	b := &Batch{drafts: make([]draft, len(rs))}
	workers := max(1, min(runtime.GOMAXPROCS(0), len(rs)/perWorker, 8))
	s.workers(workers)
	// Some texts cost many times what others do: the work is shared out in
	// small pieces.
	const piece = perWorker / 4
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w, f := range s.finders[:workers] {
		wg.Go(func() {
			errs[w] = s.guard(func() error {
				for {
					end := int(next.Add(piece))
					if end-piece >= len(rs) {
						return nil
					}
					for i := end - piece; i < min(end, len(rs)); i++ {
						f.draft(rs[i], &b.drafts[i])
					}
				}
			})
		})
	}
	wg.Wait()
	return b, errors.Join(errs...)
}

// workers makes sure that there are n finders.
func (s *Session) workers(n int) {
	for len(s.finders) < n {
		s.finders = append(s.finders, newFinder(s.m, &s.opts, s.arch))
	}
}

func (s *Session) guard(fn func() error) error {
	if s.opts.Guard == nil {
		return fn()
	}
	return s.opts.Guard(fn)
}

// Decide explains a batch; the batches of a log are decided in its order.
func (s *Session) Decide(b *Batch) []Explanation {
	s.drafts = b.drafts
	out := make([]Explanation, len(b.drafts))
	for i := range out {
		out[i] = s.decide(i)
	}
	s.drafts = nil
	return out
}

// How much a neighbour counts, in bits.
const (
	sameStatement = 25 // the line before is an earlier line of the same format
	sameFunction  = 8
	sameFile      = 5
	laterLine     = 2 // in the same function, behind the neighbour
	fileSeen      = 3
	silentDir     = -3 // a directory that has not printed once in enoughSeen certain records
	silentDriver  = -9 // more, if the text names another driver than the file's
	enoughSeen    = 60
	lonelyLine    = -12 // a later line of a format, without the one before
	perRecord     = 0.5 // less for each record in between
	lookBehind    = 8
	lookAhead     = 5
)

// context scores the candidates of draft i by their neighbours, and leaves the
// best in its place, the first first.
func (s *Session) context(i int) {
	d := &s.drafts[i]
	s.gather(i)
	top := -1000.0
	s.order = slices.Grow(s.order[:0], len(d.cands))[:len(d.cands)]
	for n := range d.cands {
		c := &s.order[n]
		*c = rank{score: d.cands[n].base, id: d.cands[n].id, why: d.cands[n].why, at: n}
		file, fn, line := s.m.origin(c.id)
		if _, _, lineOf := s.m.flags(c.id); lineOf > 0 {
			if k := len(s.previous); k > 0 && s.m.sameStatement(s.previous[k-1].site, c.id) {
				c.score += sameStatement
				c.why |= whyStatement
			} else {
				c.score += lonelyLine
			}
		}
		near, reason := 0.0, why(0)
		for k := range s.around {
			if a := &s.around[k]; a.file == file {
				if p, w := a.near(fn, line); p > near {
					near, reason = p, w
				}
			}
		}
		switch {
		case near > 0:
			c.score += near
			c.why |= reason
		case s.hasSeen(file):
			c.score += fileSeen
			c.why |= whySeen
		}
		top = max(top, c.score)
	}
	if s.certain >= enoughSeen {
		top = s.silent(top)
	}
	// What is far behind is no rival; dropping it keeps sorting cheap.
	reach := rivals
	if len(d.cands) > manyRivals {
		reach = closeRivals
	}
	s.order = slices.DeleteFunc(s.order, func(c rank) bool { return c.score < top-reach })
	// Candidates are large, and other records have them too: their ranks are
	// sorted, and those that count are copied.
	slices.SortFunc(s.order, func(a, b rank) int {
		if a.score != b.score {
			return cmp.Compare(b.score, a.score)
		}
		return cmp.Compare(a.id, b.id)
	})
	s.sorted = s.sorted[:0]
	for _, r := range s.order {
		c := d.cands[r.at]
		c.score, c.why = r.score, r.why
		s.sorted = append(s.sorted, c)
	}
	d.cands = s.sorted
}

// rank is what orders a candidate.
type rank struct {
	score float64
	id    uint32
	why   why
	at    int // among the candidates
}

// silent charges those candidates near the top whose directories have not
// printed in this log, and returns the new top.
func (s *Session) silent(top float64) float64 {
	best := -1000.0
	for n := range s.order {
		c := &s.order[n]
		if c.score >= top-nearTop {
			if file := s.m.originFile(c.id); c.why&(whyFunction|whyFile|whySeen) == 0 && !s.seenDir[s.m.dir(file)] {
				c.score += silentDir
				if c.why&whyOthers != 0 {
					c.score += silentDriver
				}
			}
		}
		best = max(best, c.score)
	}
	return best
}

func (s *Session) hasSeen(file uint32) bool { return file < uint32(len(s.seen)) && s.seen[file] }

// nearTop is how far behind the first a candidate may be for silence to matter.
const nearTop = 20

// How far, in bits, a candidate may be behind the first to be listed, and how
// far if there are many.
const (
	rivals      = 40.0
	closeRivals = 15.0
	manyRivals  = 100
)

// around is a neighbour as context sees it.
type around struct {
	file, fn, line uint32
	weight, age    float64
	behind         bool // it comes before the record
}

// near scores a site in the neighbour's file.
func (a *around) near(fn, line uint32) (float64, why) {
	points, w := sameFile-a.age*perRecord, whyFile
	if a.fn == fn && fn != 0 {
		points, w = sameFunction-a.age*perRecord, whyFunction
		if a.behind == (line > a.line) {
			points += laterLine
		}
	}
	return points * a.weight, w
}

// gather fills s.around for record i: those decided before it, and those
// behind it that are certain by their text alone.
func (s *Session) gather(i int) {
	s.around = s.around[:0]
	for k := len(s.previous) - 1; k >= 0; k-- {
		n := s.previous[k]
		a := around{weight: n.trust, age: float64(len(s.previous) - 1 - k), behind: true}
		a.file, a.fn, a.line = s.m.origin(n.site)
		s.around = append(s.around, a)
	}
	for k := i + 1; k < len(s.drafts) && k <= i+lookAhead; k++ {
		if d := &s.drafts[k]; d.plain {
			a := around{weight: 1, age: float64(k - i - 1)}
			a.file, a.fn, a.line = s.m.origin(d.first)
			s.around = append(s.around, a)
		}
	}
}

// What a verdict asks for, in bits.
const (
	certainGap   = 14
	certainBits  = 18
	likelyGap    = 2.5
	anyoneAbove  = 8   // so many statements without words of their own fit any text
	strangerBits = 22  // for a record that does not say it is the kernel's
	hopeless     = -20 // scores below are no answer
)

// decide turns draft i into an answer and remembers it.
func (s *Session) decide(i int) Explanation {
	d := &s.drafts[i]
	if len(d.cands) == 0 {
		return Explanation{Verdict: d.empty}
	}
	s.context(i)
	best := &d.cands[0]
	if !d.kernel && !best.speaksForItself() {
		return Explanation{Verdict: NotKernel}
	}
	if best.score < hopeless {
		return Explanation{Verdict: Unknown}
	}
	var e Explanation
	e.Verdict = s.verdict(d)
	for n := range d.cands {
		c := &d.cands[n]
		if len(e.Sites) >= s.opts.MaxSites || len(e.Sites) > 7 && c.score < best.score-25 {
			e.More = len(d.cands) - n
			break
		}
		if !slices.ContainsFunc(e.Sites, func(o Site) bool { return s.m.sameStatement(o.id, c.id) }) {
			e.Sites = append(e.Sites, s.m.site(c.id, c.score, c.why))
		}
	}
	e.Args = s.teller.args(best, d.text)
	for _, p := range best.parts {
		e.Parts = append(e.Parts, s.m.site(p.id, 0, 0))
	}
	trust := [...]float64{Certain: 1, Likely: 0.6, Ambiguous: 0.2, Unknown: 0}[e.Verdict]
	if len(s.previous) >= lookBehind {
		copy(s.previous, s.previous[1:])
		s.previous = s.previous[:lookBehind-1]
	}
	s.previous = append(s.previous, neighbour{best.id, trust})
	if e.Verdict == Certain {
		f := s.m.originFile(best.id)
		if f < uint32(len(s.seen)) {
			s.seen[f] = true
		}
		s.seenDir[s.m.dir(f)] = true
		s.certain++
	}
	return e
}

// verdict judges the ranked candidates of a draft.
func (s *Session) verdict(d *draft) Verdict {
	best := &d.cands[0]
	gap := 100.0
	for i := 1; i < len(d.cands); i++ {
		if !s.m.samePlace(best.id, d.cands[i].id) {
			gap = best.score - d.cands[i].score
			break
		}
	}
	covered := best.hit.Whole || len(best.parts) > 0 && best.parts[len(best.parts)-1].end == len(d.text)
	flags, _, _ := s.m.flags(best.id)
	switch {
	case gap >= certainGap && best.hit.Specificity >= certainBits && covered && flags&flagGeneric == 0 && best.score > 0:
		return Certain
	case gap >= likelyGap:
		return Likely
	case best.hit.Specificity < 0 && best.score < 0 && len(d.cands) > anyoneAbove:
		return Unknown
	}
	return Ambiguous
}

// flags unpacks the flags of a site.
func (m *Map) flags(site uint32) (flags uint32, level, part int) {
	f := m.col(site, colFlags)
	return f & (1<<levelShift - 1), int(f>>levelShift&0xff) - 1, int(f >> partShift & 0xff)
}

// dir is the directory of a file.
func (m *Map) dir(file uint32) string {
	p := m.str(m.fileWord(file, filePath))
	return p[:strings.LastIndexByte(p, '/')+1]
}

// samePlace reports whether two sites print at the same place, sameStatement
// whether their words come from the same statement too.
func (m *Map) samePlace(a, b uint32) bool {
	return m.col(a, colFile) == m.col(b, colFile) && m.col(a, colLine) == m.col(b, colLine)
}

func (m *Map) sameStatement(a, b uint32) bool {
	return m.samePlace(a, b) && m.col(a, colSaidFile) == m.col(b, colSaidFile) && m.col(a, colSaidLine) == m.col(b, colSaidLine)
}

// origin is where the words of a site come from: the caller of a wrapper, or
// the place itself.
func (m *Map) origin(site uint32) (file, fn, line uint32) {
	if said := m.col(site, colSaidFile); said != 0 {
		return said - 1, m.col(site, colSaidFn), m.col(site, colSaidLine)
	}
	return m.col(site, colFile), m.col(site, colFn), m.col(site, colLine)
}

func (m *Map) originFile(site uint32) uint32 {
	if said := m.col(site, colSaidFile); said != 0 {
		return said - 1
	}
	return m.col(site, colFile)
}

// site describes a site.
func (m *Map) site(id uint32, score float64, w why) Site {
	_, level, _ := m.flags(id)
	file := m.col(id, colFile)
	st := Site{
		Place:  Place{Path: m.str(m.fileWord(file, filePath)), Line: m.col(id, colLine), Function: m.str(m.col(id, colFn))},
		Family: m.str(m.col(id, colFamily)),
		Format: m.set.Format(pattern.PatternID(m.col(id, colPattern))),
		Level:  level,
		Score:  score,
		Why:    w.text(),
		id:     id,
	}
	if syms := m.str(m.fileWord(file, fileSymbols)); syms != "" {
		st.Symbols = strings.Fields(syms)
	}
	if said := m.col(id, colSaidFile); said != 0 {
		st.Said = &Place{Path: m.str(m.fileWord(said-1, filePath)), Line: m.col(id, colSaidLine), Function: m.str(m.col(id, colSaidFn))}
	}
	return st
}
