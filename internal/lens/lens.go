// Package lens tells which of a kernel tree's sources are built for an
// architecture, with a configuration, on a board, and why the others are not.
//
// A place in a file is judged by the makefiles that build the file (package
// kbuild) and by the #if around the line. Every judgement has its reasons, each
// with a line that can be opened. What cannot be decided, because no
// configuration is given or a condition depends on more than that, is Unknown,
// and counts as built wherever something has to be chosen.
//
//	arch.go    architectures and what they are called
//	config.go  .config, config.gz, kernels that carry theirs
//	expr.go    conditions of #if
//	cond.go    the arms of #if around a line
//	lens.go    verdicts
//	board.go   device trees and the drivers they ask for
package lens

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/index"
	"dekho/internal/kbuild"
)

// State says whether something is part of the kernel that the lens looks at.
type State = kbuild.State

// The states, in an order in which the smaller governs what needs two of them.
const (
	Out     = kbuild.No
	Unknown = kbuild.Maybe
	In      = kbuild.Yes
)

// Reason is a fact that a verdict rests on.
type Reason struct {
	// What is the fact: "CONFIG_SMP=n", "arch/arm64".
	What string
	// State is what it says of the place.
	State State
	// Path and Line are where it can be seen, 0 for a whole file or directory;
	// Path is empty if it stands nowhere.
	Path string
	Line int
}

// Verdict is what the lens says of a file or a line.
type Verdict struct {
	State State
	// Module is the name of the module it becomes part of, "" for none.
	Module string
	// Reasons are those that led there: the makefile's, then those of the
	// conditions around the line, outermost first.
	Reasons []Reason
}

// Deciding is the first reason that says what the verdict says, nil if there is
// none.
func (v *Verdict) Deciding() *Reason {
	for i := range v.Reasons {
		if v.Reasons[i].State == v.State {
			return &v.Reasons[i]
		}
	}
	return nil
}

// Tree is what a lens needs of an indexed tree.
type Tree interface {
	kbuild.Source
	// IncludedBy lists where a file of the tree is included by a path from the
	// including file.
	IncludedBy(path string) []Inclusion
	// Makefiles lists the makefiles, and what makefiles include, that contain a
	// text.
	Makefiles(text string) []string
	// Defines reports whether any file of the tree defines a macro.
	Defines(macro string) bool
}

// Inclusion is an #include of a file.
type Inclusion struct {
	Path  string // of the file that has it
	Line  uint32
	Conds []index.Cond // of that file
	Lines uint32       // how many it has
}

// Lens is a tree seen with an architecture and a configuration. It is for one
// goroutine.
type Lens struct {
	tree    Tree
	arch    Arch
	config  *Config // nil for none
	others  map[string]bool
	build   *kbuild.Build
	version int64 // of the tree, as LINUX_VERSION_CODE has it; 0 if not known
	files   map[string]Verdict
	// private are the symbols without a value that files define themselves.
	private map[string]bool
}

// New makes a lens. Without a configuration, what an architecture implies is all
// that is known. version is that of the tree ("6.1.192"), or "".
func New(tree Tree, arch Arch, config *Config, version string) *Lens {
	l := &Lens{tree: tree, arch: arch, config: config, others: make(map[string]bool), files: make(map[string]Verdict), private: make(map[string]bool)}
	for _, sym := range archSymbols() {
		l.others[sym] = sym != arch.Symbol
	}
	l.version = versionCode(version)
	l.build = kbuild.New(tree, arch.Dir, l.symbol)
	return l
}

// Arch is the architecture.
func (l *Lens) Arch() Arch { return l.arch }

// Build is the tree's makefiles as the lens sees them.
func (l *Lens) Build() *kbuild.Build { return l.build }

func versionCode(s string) int64 {
	var n [3]int64
	for i, part := range strings.SplitN(s, ".", 3) {
		digits := len(part) - len(strings.TrimLeft(part, "0123456789"))
		v, err := strconv.ParseInt(part[:digits], 10, 32)
		if err != nil {
			return 0
		}
		n[i] = v
	}
	if n[0] == 0 {
		return 0
	}
	return n[0]<<16 + n[1]<<8 + min(n[2], 255)
}

// Symbol is the value of a Kconfig symbol ("CONFIG_SMP"), "" for one that is not
// set, and whether it is known.
func (l *Lens) Symbol(name string) (string, bool) { return l.symbol(name) }

// symbol is the value of a symbol and whether it is known; it is "" for one that
// is not set.
func (l *Lens) symbol(name string) (string, bool) {
	if l.config != nil {
		v, ok := l.config.Symbols[name]
		switch {
		case ok && v == "n":
			return "", true
		case ok:
			return v, true
		case l.config.Complete:
			return "", true
		}
	}
	bits := func(n int) (string, bool) {
		switch l.arch.Bits {
		case 0:
			return "", false
		case n:
			return "y", true
		}
		return "", true
	}
	switch {
	case l.arch.Dir == "um":
		if name == l.arch.Symbol {
			return "y", true
		}
		return "", false // it borrows from the architecture it runs on
	case name == l.arch.Symbol:
		return "y", true
	case l.others[name]:
		return "", true
	case name == "CONFIG_64BIT":
		return bits(64)
	case name == "CONFIG_32BIT" && l.arch.Bits == 64:
		return "", true
	}
	if rest, ok := strings.CutPrefix(name, l.arch.Symbol); ok && (l.arch.Dir == "x86" || l.arch.Dir == "powerpc") {
		switch strings.TrimPrefix(rest, "_") {
		case "64":
			return bits(64)
		case "32":
			return bits(32)
		}
	}
	return "", false
}

// foreign are the directories at the top of a tree that hold no part of a kernel.
var foreign = []string{"tools", "scripts", "Documentation", "LICENSES"}

// File judges a file.
func (l *Lens) File(file string) Verdict {
	if v, ok := l.files[file]; ok {
		return v
	}
	l.files[file] = Verdict{State: Unknown} // should files include one another
	v := l.judge(file)
	l.files[file] = v
	return v
}

func (l *Lens) judge(file string) Verdict {
	top, rest, _ := strings.Cut(file, "/")
	if slices.Contains(foreign, top) {
		return Verdict{Reasons: []Reason{{What: top + "/ is not part of the kernel", Path: top}}}
	}
	if top == "arch" {
		dir, sub, ok := strings.Cut(rest, "/")
		if ok && dir != l.arch.Dir {
			return l.judgeForeign(file, dir, sub)
		}
	}
	switch path.Ext(file) {
	case ".c", ".S", ".rs":
		return l.judgeSource(file)
	case ".h", ".inc", ".tbl":
		return l.judgeHeader(file)
	}
	return Verdict{State: In}
}

// judgeForeign judges a file of another architecture, which may be borrowed.
func (l *Lens) judgeForeign(file, dir, sub string) Verdict {
	if l.arch.Dir == "um" && dir == "x86" {
		return Verdict{State: Unknown, Reasons: []Reason{{What: "arch/um borrows from arch/" + dir, State: Unknown, Path: "arch/um"}}}
	}
	// arch/arm64/xen builds ../../arm/xen.
	near := path.Join("arch", l.arch.Dir, path.Dir(sub))
	if m, ok := l.build.MentionedIn(near, object(file)); ok && m.State != Out {
		return l.verdict(file, m)
	}
	return Verdict{Reasons: []Reason{{What: "arch " + dir, Path: "arch/" + dir}}}
}

// object is the path of what a source becomes.
func object(file string) string { return strings.TrimSuffix(file, path.Ext(file)) + ".o" }

// judgeSource judges a source by the makefile that builds it.
func (l *Lens) judgeSource(file string) Verdict {
	m := l.build.Object(object(file))
	if m.Cause != nil {
		return l.verdict(file, m)
	}
	// A source can be part of another: kernel/sched/build_policy.c.
	best := Verdict{State: Out}
	var includer *Inclusion
	for _, by := range l.tree.IncludedBy(file) {
		if by.Path == file {
			continue
		}
		v := l.At(by.Path, by.Conds, by.Lines, by.Line)
		if includer == nil || v.State > best.State || v.State == best.State && best.Module != "" && v.Module == "" {
			best, includer = v, &by
		}
	}
	if includer != nil {
		r := Reason{What: "included by " + includer.Path, State: best.State, Path: includer.Path, Line: int(includer.Line)}
		if d := best.Deciding(); d != nil && best.State != In {
			r.What = d.What
		}
		best.Reasons = append([]Reason{r}, best.Reasons...)
		return best
	}
	if m, ok := l.named(object(file)); ok {
		return l.verdict(file, m)
	}
	if m, ok := l.build.MentionedNear(object(file)); ok {
		return l.verdict(file, m)
	}
	if r := l.build.Reach(path.Dir(file)); r.Cause != nil && r.State == Out {
		return l.verdict(file, r)
	}
	return Verdict{State: Unknown, Reasons: []Reason{{What: "no makefile names it", State: Unknown}}}
}

// maxNaming bounds the makefiles that are evaluated because they have the name
// of an object in them.
const maxNaming = 40

// named looks for an object in makefiles that are not above it: arch/x86/kvm
// includes virt/kvm/Makefile.kvm.
func (l *Lens) named(object string) (kbuild.Mention, bool) {
	var best kbuild.Mention
	tried := make(map[string]bool)
	try := func(makefile string) {
		dir := path.Dir(makefile)
		if rest, ok := strings.CutPrefix(dir, "arch/"); ok && rest != l.arch.Dir && !strings.HasPrefix(rest, l.arch.Dir+"/") {
			return
		}
		if tried[dir] || len(tried) == maxNaming {
			return
		}
		tried[dir] = true
		if m, ok := l.build.MentionedIn(dir, object); ok && (best.Cause == nil || m.State > best.State) {
			best = m
		}
	}
	for _, makefile := range l.tree.Makefiles(path.Base(object)) {
		switch base := path.Base(makefile); base {
		case "Makefile", "Kbuild":
			try(makefile)
		default:
			for _, includer := range l.tree.Makefiles(base) {
				try(includer)
			}
		}
	}
	return best, best.Cause != nil
}

// verdict is what a makefile says as a verdict.
func (l *Lens) verdict(file string, m kbuild.Mention) Verdict {
	v := Verdict{State: m.State}
	r := Reason{What: m.Cause.Cond, State: m.State, Path: m.Cause.Path, Line: m.Cause.Line}
	switch {
	case m.Host:
		v.State, r.State, r.What = Out, Out, "a program of the machine that builds"
	case r.What == "" && m.State == In:
		r.What = "always built"
	case r.What == "":
		r.What = "not listed"
	}
	if m.Module && v.State != Out {
		v.Module = m.Whole
		if v.Module == "" {
			v.Module = strings.TrimSuffix(path.Base(file), path.Ext(file))
		}
	}
	v.Reasons = []Reason{r}
	return v
}

// judgeHeader judges a header: it is in unless nothing beside it is.
func (l *Lens) judgeHeader(file string) Verdict {
	if strings.HasPrefix(file, "include/") || strings.HasPrefix(file, "arch/"+l.arch.Dir+"/include/") {
		return Verdict{State: In}
	}
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		r := l.build.Reach(dir)
		if r.Cause == nil {
			continue
		}
		if r.State == Out {
			return l.verdict(file, r)
		}
		if m, ok := l.build.Any(dir); ok && m.State == Out {
			return l.verdict(file, m)
		}
		break
	}
	return Verdict{State: In}
}

// At judges a line of a file whose conditions are conds and which has so many
// lines.
func (l *Lens) At(file string, conds []index.Cond, lines, line uint32) Verdict {
	v := l.File(file)
	if !preprocessed(file) {
		return v
	}
	arms := Governing(conds, lines, line)
	if len(arms) == 0 {
		return v
	}
	v.Reasons = slices.Clip(v.Reasons)
	best := Out
	var reasons []Reason
	for i, u := range l.units(file, &v) {
		s := In
		var list []Reason
		for _, a := range arms {
			r := l.arm(&a, file, u)
			s = min(s, r.State)
			list = append(list, r)
		}
		if i == 0 || s > best {
			best, reasons = s, list
		}
	}
	v.State = min(v.State, best)
	v.Reasons = append(v.Reasons, reasons...)
	return v
}

// preprocessed reports whether the conditions of a file are those of the
// preprocessor of C; Kconfig files and makefiles have others.
func preprocessed(file string) bool {
	switch path.Ext(file) {
	case ".c", ".h", ".S", ".inc", ".tbl", ".dts", ".dtsi", ".rs", ".lds":
		return true
	}
	return false
}

// arm judges by one arm of an #if.
func (l *Lens) arm(a *Arm, file string, u unit) Reason {
	r := Reason{State: In, Path: file, Line: int(a.Line)}
	lookup := func(name string) macro { return l.macro(name, u) }
	for i := range a.Terms {
		t := &a.Terms[i]
		s := t.evaluate(lookup)
		if i == 0 || s < r.State {
			r.State, r.What = s, l.explain(t, s, lookup)
		}
	}
	return r
}

// explain says of a condition what of it decides, which is all of it if it is not
// decided.
func (l *Lens) explain(t *Term, s State, lookup macros) string {
	if s == Unknown {
		return "#if " + t.String()
	}
	var facts []string
	for _, name := range t.names() {
		const most = 4
		if len(facts) == most {
			break
		}
		if sym, ok := strings.CutSuffix(name, "_MODULE"); ok && isConfigSymbol(sym) {
			name = sym
		}
		fact := ""
		if isConfigSymbol(name) {
			v, known := l.symbol(name)
			switch {
			case !known:
			case v == "":
				fact = name + "=n"
			default:
				fact = name + "=" + v
			}
		} else if m := lookup(name); m.defined == Out {
			fact = "no " + name
		}
		if fact != "" && !slices.Contains(facts, fact) {
			facts = append(facts, fact)
		}
	}
	if len(facts) == 0 {
		return "#if " + t.String()
	}
	return strings.Join(facts, ", ")
}

// unit is what is different from one translation unit to the next.
type unit struct {
	assembly, module State
	object           string // that it becomes, "" for a header
}

// units are the kinds of translation unit that a file is read in: one, but for a
// header.
func (l *Lens) units(file string, v *Verdict) []unit {
	module := Out
	switch {
	case v.Module != "":
		module = In
	case v.State == Unknown:
		module = Unknown
	}
	switch path.Ext(file) {
	case ".c", ".rs":
		return []unit{{Out, module, object(file)}}
	case ".S":
		return []unit{{In, module, object(file)}}
	}
	return []unit{{assembly: Out, module: Out}, {assembly: Out, module: In}, {assembly: In, module: Out}}
}

// BuiltIn judges the conditions around a line of a file, which may be a header,
// as C code that is built into the kernel sees them.
func (l *Lens) BuiltIn(file string, conds []index.Cond, lines, line uint32) State {
	s := In
	for _, a := range Governing(conds, lines, line) {
		s = min(s, l.arm(&a, file, unit{assembly: Out, module: Out}).State)
	}
	return s
}
