package bootlog

import (
	"cmp"
	"math/bits"
	"regexp"
	"strings"
	"sync"

	"dekho/internal/finding"
	"dekho/internal/klog"
)

// Resource is what a device needs of another one before it works.
type Resource string

// The resources, by the names of their subsystems.
const (
	NoResource Resource = ""
	IRQ        Resource = "irq"
	Clock      Resource = "clock"
	Regulator  Resource = "regulator"
	GPIO       Resource = "gpio"
	Pinctrl    Resource = "pinctrl"
	PHY        Resource = "phy"
	ResetLine  Resource = "reset"
	DMA        Resource = "dma"
	Memory     Resource = "memory"
	// Firmware is the file that a device is loaded with.
	Firmware Resource = "firmware"
	// OtherDevice is any other device that one needs: a PWM, a panel.
	OtherDevice Resource = "device"
)

// Stage is where in the life of a system a thing belongs: what comes earlier
// makes fail what comes later.
type Stage uint8

// The stages.
const (
	// StageAny: at any time.
	StageAny Stage = iota
	// StageSupply: something that a device needs is missing.
	StageSupply
	// StageProbe: a device does not come up.
	StageProbe
	// StageUse: what the device is there for does not work.
	StageUse
	// StageSystem: the system as a whole: no root file system, a crash.
	StageSystem
)

// Entry is what is known of one kind of failure. Each has a log of its own in
// testdata, which is named after its ID.
type Entry struct {
	ID       string
	Severity finding.Severity
	Stage    Stage
	Resource Resource
	// Title says what is wrong. What stands in brackets is left out where the
	// log does not tell its part: "clock[ {name}] missing".
	Title   string
	Meaning string
	// Next is what to look at, with the same parts.
	Next []finding.Step
	// Rules say which records speak of it.
	Rules []Rule
	// Reports are how the titles of the crash reports begin that are of this
	// kind.
	Reports []string
	// EarlyOnly says that it is nothing if user space is reached later: the
	// kernel tried several ways.
	EarlyOnly bool

	// Whole says that it concerns the machine and not a device of it.
	Whole bool
	// PerBoot says that all records of a boot that speak of it are one finding.
	PerBoot bool

	// harmless marks what only looks like a failure.
	harmless bool
	// user says that programs say it, not the kernel.
	user bool
}

// Rule says which records speak of an entry: those that have the needle, in
// lower case, and that match the expression.
type Rule struct {
	Needle string
	// Expr is matched against the text, without regard to case; its groups
	// device, driver, name, errno and supplier are taken over. "" matches.
	Expr string
}

// rule is a Rule that is ready to be used, or the reader of sentences.
type rule struct {
	entry *Entry
	re    func() *regexp.Regexp
	// sentence marks the words without which no sentence says that something
	// went wrong; what it speaks of, read tells.
	sentence bool
}

// table is the knowledge, ready to be used: the rules in the order of the
// entries, which is that of precedence, and the needles in that order.
type table struct {
	rules   []rule
	needles *needles
}

var rules = sync.OnceValue(func() *table {
	t := &table{}
	var list []string
	for _, e := range Knowledge() {
		for _, ru := range e.Rules {
			expr := ru.Expr
			list = append(list, ru.Needle)
			t.rules = append(t.rules, rule{entry: e, re: sync.OnceValue(func() *regexp.Regexp {
				if expr == "" {
					return nil
				}
				return regexp.MustCompile("(?is)" + expr)
			})})
		}
	}
	for _, word := range failureNeedles {
		list = append(list, word)
		t.rules = append(t.rules, rule{sentence: true})
	}
	t.needles = newNeedles(list)
	return t
})

// speaks looks for the entry that a text speaks of, nil if there is none. user
// says that a program may have written it, kernel that the kernel may. The set is
// room for needles.
func (t *table) speaks(text string, kernel, user bool, set []uint64) (*Entry, vars) {
	clear(set)
	if !t.needles.find(text, set) {
		return nil, vars{}
	}
	for i, word := range set {
		for ; word != 0; word &= word - 1 {
			ru := &t.rules[i*64+bits.TrailingZeros64(word)]
			if ru.sentence {
				if !kernel {
					return nil, vars{}
				}
				return sentence(text)
			}
			if ru.entry.user && !user || !ru.entry.user && !kernel {
				continue
			}
			if v, ok := ru.match(text); ok {
				return ru.entry, v
			}
		}
	}
	return nil, vars{}
}

// match reports whether a rule speaks of a text, and what the text tells.
func (ru *rule) match(text string) (vars, bool) {
	var v vars
	re := ru.re()
	if re == nil {
		return v, true
	}
	m := re.FindStringSubmatch(text)
	if m == nil {
		return v, false
	}
	for i, name := range re.SubexpNames() {
		switch part := strings.Trim(m[i], " '\"`"); name {
		case "device":
			v.device = cmp.Or(v.device, part)
		case "driver":
			v.driver = cmp.Or(v.driver, part)
		case "name":
			v.name = cmp.Or(v.name, part)
		case "errno":
			v.errno = cmp.Or(v.errno, part)
		case "supplier":
			v.supplier = cmp.Or(v.supplier, part)
		}
	}
	if v.errno != "" && v.errno[0] != '-' {
		v.errno = "-" + v.errno
	}
	return v, true
}

// severityOf is how bad a record is: that a device lacks something is less so where
// the driver only mentions it, and a device that is not there is not broken.
func (e *Entry) severityOf(rec *klog.Record, st Statement, v vars) finding.Severity {
	s, level := e.Severity, levelOf(rec, st)
	switch absent := v.errno == "-19" || v.errno == "-ENODEV" || v.errno == "-6" || v.errno == "-ENXIO"; {
	case e.Resource == NoResource && e != initFailed:
		if s == finding.Broken && absent && e.Stage == StageProbe {
			s = finding.Degraded
		}
	case level >= levelNotice:
		s = finding.Note
	case level == levelWarning:
		s = min(s, finding.Degraded)
	}
	return s
}

// levelOf is the level of a record, by what is called in its statement if the log
// does not tell, klog.NoLevel if not known.
func levelOf(rec *klog.Record, st Statement) klog.Level {
	switch {
	case rec.Level != klog.NoLevel:
		return rec.Level
	case st.Path == "":
		return klog.NoLevel
	case st.Level != klog.NoLevel:
		return st.Level
	}
	for _, l := range [...]struct {
		part  string
		level klog.Level
	}{{"_warn", levelWarning}, {"_notice", levelNotice}, {"_info", levelNotice + 1}, {"_dbg", levelDebug}, {"_debug", levelDebug}} {
		if strings.Contains(st.Family, l.part) {
			return l.level
		}
	}
	return klog.NoLevel
}

// Levels of syslog.
const (
	levelWarning = 4
	levelNotice  = 5
	levelDebug   = 7
)

// fill puts what is known into a title or a step.
func fill(template string, parts map[string]string) string {
	var out strings.Builder
	for template != "" {
		open := strings.IndexByte(template, '[')
		if open < 0 {
			s, _ := expand(template, parts)
			out.WriteString(s)
			break
		}
		s, _ := expand(template[:open], parts)
		out.WriteString(s)
		inner, rest, ok := strings.Cut(template[open+1:], "]")
		if !ok {
			inner, rest = template[open+1:], ""
		}
		if s, known := expand(inner, parts); known {
			out.WriteString(s)
		}
		template = rest
	}
	return out.String()
}

// expand replaces the {parts} of a template, and reports whether all are known.
func expand(template string, parts map[string]string) (string, bool) {
	var out strings.Builder
	known := true
	for {
		before, rest, ok := strings.Cut(template, "{")
		out.WriteString(before)
		if !ok {
			return out.String(), known
		}
		name, after, _ := strings.Cut(rest, "}")
		known = known && parts[name] != ""
		out.WriteString(parts[name])
		template = after
	}
}
