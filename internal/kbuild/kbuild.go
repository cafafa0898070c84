// Package kbuild evaluates the makefiles of a kernel tree for one architecture
// and one configuration, known in whole, in part or not at all, and tells which
// objects are built, in which order they are linked, and because of which line.
//
// It is an evaluator of the language of GNU make as far as kernels use it to
// list their objects; recipes are not run, and what only a compiler or a shell
// could tell is unknown. Three things set it apart from make:
//
//   - A word of a list has a State: it is there, it may be there, or it is
//     absent, and then the Cause says what keeps it out. Absent words take no
//     part in what make would compute but travel along, so that it can be said
//     of every object which condition it failed.
//   - Both arms of an undecided conditional count as perhaps.
//   - Only the makefiles on the way from the top of the tree to a file are read
//     to judge it.
package kbuild

import (
	"path"
	"slices"
	"strings"
)

// Source reads the tree.
type Source interface {
	// ReadFile returns the text of a file by its path below the root, and
	// whether there is one.
	ReadFile(path string) (text []byte, ok bool)
	// Glob lists the paths that match a pattern in the sense of path.Match.
	Glob(pattern string) []string
}

// Config is what is known of a configuration: the value of a symbol ("y", "m",
// "" for one that is not set, a number, a string without its quotes), and
// whether it is known.
type Config func(symbol string) (value string, known bool)

// State says whether something is part of the build.
type State uint8

// The states, in an order in which the smaller of two governs what needs both.
const (
	No State = iota
	Maybe
	Yes
)

func (s State) not() State { return Yes - s }

// Cause is a line of a makefile that builds something, or would.
type Cause struct {
	Path string
	Line int // 1-based
	// Cond is what of the configuration decides: "CONFIG_SMP=n", or the text of
	// a conditional. It is empty if nothing does.
	Cond string
}

// Word is a word of a list.
type Word struct {
	Text  string
	State State
	Cause *Cause // never nil in what the package returns
}

// with is w under a condition.
func (w Word) with(s State, c *Cause) Word {
	if s < w.State {
		w.State, w.Cause = s, c.at(w.Cause)
	}
	if w.Cause == nil {
		w.Cause = c
	}
	return w
}

// at is c; should it have no line of its own, it stands where other does.
func (c *Cause) at(other *Cause) *Cause {
	switch {
	case c == nil:
		return other
	case c.Path == "" && other != nil:
		return &Cause{Path: other.Path, Line: other.Line, Cond: c.Cond}
	}
	return c
}

// Build is a kernel tree seen with a configuration. It is for one goroutine.
type Build struct {
	src    Source
	config Config
	arch   string
	top    *maker
	dirs   map[string]*Dir
	reach  map[string]Mention
	enters map[string]Mention // directories that recipes enter
}

// New prepares a build for an architecture: what make would be told with ARCH=.
func New(src Source, arch string, config Config) *Build {
	return &Build{src: src, config: config, arch: arch, dirs: make(map[string]*Dir), reach: make(map[string]Mention)}
}

// topMakefile evaluates the makefile at the top of the tree, which includes
// that of the architecture.
func (b *Build) topMakefile() *maker {
	if b.top != nil {
		return b.top
	}
	m := newMaker(b, nil, ".")
	b.top = m
	m.set("ARCH", b.arch)
	// The top makefile calls itself with this set.
	m.set("sub_make_done", "1")
	m.set("KBUILD_EXTMOD", "")
	m.set("srctree", ".")
	m.set("objtree", ".")
	// Of make itself and where it runs: not so old that the makefile calls
	// another, and at the top of the tree.
	m.set("MAKE_VERSION", "4.3")
	m.set("CURDIR", ".")
	m.set("MAKEFILE_LIST", "Makefile")
	m.file("Makefile")
	if b.SourceArch() == "" {
		m.set("SRCARCH", b.arch)
	}
	return m
}

// SourceArch is the directory below arch/ that is built, "" if the top makefile
// does not tell.
func (b *Build) SourceArch() string {
	text, s := live(b.topMakefile().lookup("SRCARCH"))
	if s != Yes || strings.ContainsAny(text, " /") {
		return ""
	}
	return text
}

// Mention is how a makefile, or those above it, speak of an object or a
// directory.
type Mention struct {
	State  State
	Module bool // it becomes part of a module
	// Host says that it is a program of the machine that builds, not a part of
	// the kernel.
	Host bool
	// Whole is the object that it becomes part of ("ext4"), "" for none.
	Whole string
	// List is the variable that names it: "obj", "lib", "extra"; "" for a list
	// that the package does not know.
	List string
	// Cause is the line that decides; nil if no makefile speaks of it.
	Cause *Cause
}

// and is a mention inside of another, such as an object in a directory.
func (m Mention) and(outer Mention) Mention {
	if outer.State < m.State {
		m.State, m.Cause = outer.State, outer.Cause
	}
	m.Module = m.Module || outer.Module
	m.Host = m.Host || outer.Host
	return m
}

// better reports whether m says more than old.
func (m Mention) better(old Mention) bool {
	switch {
	case old.Cause == nil:
		return m.Cause != nil
	case m.Host != old.Host:
		return old.Host
	case m.State != old.State:
		return m.State > old.State
	}
	return old.Module && !m.Module
}

// Reach tells whether the build enters a directory ("drivers/net", "." for the
// top). Without a Cause no makefile speaks of it.
func (b *Build) Reach(dir string) Mention {
	if dir == "." {
		return Mention{State: Yes, Cause: &Cause{Path: "Makefile", Line: 1}}
	}
	if m, ok := b.reach[dir]; ok {
		return m
	}
	b.reach[dir] = Mention{State: Maybe} // should makefiles enter one another in a circle
	best := Mention{State: Maybe}
	for up := dir; up != "."; {
		up = path.Dir(up)
		d := b.Dir(up)
		for _, list := range [...]map[string]Mention{d.subdirs, d.recipes()} {
			m, ok := list[dir]
			if !ok {
				continue
			}
			if m = m.and(b.Reach(up)); m.better(best) {
				best = m
			}
		}
	}
	if m, ok := b.recipes()[dir]; ok && m.better(best) {
		best = m
	}
	b.reach[dir] = best
	return best
}

// recipes is the directories that recipes of the top makefile and that of the
// architecture enter.
func (b *Build) recipes() map[string]Mention {
	if b.enters == nil {
		b.enters = make(map[string]Mention)
		b.topMakefile().entered(b.enters)
	}
	return b.enters
}

// Object tells what makefiles say of the object that a source file would become
// ("fs/ext4/super.o"). Without a Cause none speaks of it.
func (b *Build) Object(object string) Mention {
	best := Mention{State: Maybe}
	for dir := path.Dir(object); ; dir = path.Dir(dir) {
		if m, ok := b.Dir(dir).mention(object); ok {
			if m = m.and(b.Reach(dir)); m.better(best) {
				best = m
			}
		}
		if dir == "." {
			return best
		}
	}
}

// MentionedIn tells what the makefiles of a directory and of those above it say
// of an object that lies elsewhere.
func (b *Build) MentionedIn(dir, object string) (Mention, bool) {
	best := Mention{State: Maybe}
	for ; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if m, ok := b.Dir(dir).mention(object); ok {
			if m = m.and(b.Reach(dir)); m.better(best) {
				best = m
			}
		}
	}
	return best, best.Cause != nil
}

// maxNear bounds the makefiles read to find out who names an object.
const maxNear = 100

// MentionedNear looks for an object that no makefile above it names in those of
// the directories around it: drivers/gpu/drm/amd/amdgpu builds ../display.
func (b *Build) MentionedNear(object string) (Mention, bool) {
	best := Mention{State: Maybe}
	seen := 0
	for up := path.Dir(object); up != "." && strings.Contains(up, "/") && best.Cause == nil; up = path.Dir(up) {
		subdirs := b.Dir(up).subdirs
		dirs := make([]string, 0, len(subdirs))
		for dir := range subdirs {
			dirs = append(dirs, dir)
		}
		slices.Sort(dirs)
		for _, dir := range dirs {
			if strings.HasPrefix(object, dir+"/") || !strings.HasPrefix(dir, up+"/") {
				continue
			}
			if seen++; seen > maxNear {
				return best, best.Cause != nil
			}
			if m, ok := b.Dir(dir).mention(object); ok {
				if m = m.and(b.Reach(dir)); m.better(best) {
					best = m
				}
			}
		}
	}
	return best, best.Cause != nil
}

// Any tells the best that the makefile of a directory says of anything in it.
func (b *Build) Any(dir string) (Mention, bool) {
	d := b.Dir(dir)
	best := Mention{State: Maybe}
	for _, list := range [...]map[string]Mention{d.objects, d.subdirs} {
		for _, m := range list {
			if !m.Host && m.better(best) || best.Cause != nil && m.State == best.State && m.Cause.before(best.Cause) {
				best = m
			}
		}
	}
	if best.Cause == nil {
		return best, false
	}
	return best.and(b.Reach(dir)), true
}

// before orders causes by their places, so that maps give one answer.
func (c *Cause) before(other *Cause) bool {
	return c.Path < other.Path || c.Path == other.Path && c.Line < other.Line
}
