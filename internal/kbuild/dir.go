package kbuild

// What the makefile of one directory builds.

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Dir is the makefile of a directory, evaluated.
type Dir struct {
	path    string
	m       *maker // nil without a makefile
	subdirs map[string]Mention
	objects map[string]Mention // by path, without .o
	entered map[string]Mention // directories that recipes enter; nil until asked for
	loose   map[string]Mention // in lists that Kbuild does not know; nil until asked for
}

// Dir evaluates the makefile of a directory.
func (b *Build) Dir(dir string) *Dir {
	if d := b.dirs[dir]; d != nil {
		return d
	}
	d := &Dir{path: dir, subdirs: make(map[string]Mention), objects: make(map[string]Mention)}
	b.dirs[dir] = d
	top := b.topMakefile()
	m := newMaker(b, top, dir)
	// Kbuild goes before Makefile. At the top and for an architecture, Makefile
	// is for the whole build, unless the tree is too old to have both.
	switch {
	case m.file(path.Join(dir, "Kbuild")):
	case dir == "." || !m.file(path.Join(dir, "Makefile")):
		if dir == "." {
			d.m = m
			d.roots(top)
		}
		return d
	}
	d.m = m
	if dir == "." {
		d.roots(top)
	}
	d.collect()
	return d
}

// recipes is the directories that recipes of the makefile enter.
func (d *Dir) recipes() map[string]Mention {
	if d.entered == nil {
		d.entered = make(map[string]Mention)
		if d.m != nil {
			d.m.entered(d.entered)
		}
	}
	return d.entered
}

// lists are the variables of Kbuild that name objects and directories.
var lists = []struct {
	name   string
	module bool
	host   bool
}{
	{name: "obj-y"},
	{name: "obj-m", module: true},
	{name: "lib-y"},
	{name: "lib-m", module: true},
	{name: "extra-y"},
	{name: "always-y"},
	{name: "always-m", module: true},
	{name: "subdir-y"},
	{name: "subdir-m", module: true},
	{name: "hostprogs", host: true},
	{name: "hostprogs-y", host: true},
	{name: "hostprogs-m", host: true},
	{name: "hostprogs-always-y", host: true},
	{name: "userprogs", host: true},
	{name: "userprogs-always-y", host: true},
}

// roots adds the directories that a top makefile without a Kbuild file that
// descends links into the kernel: those of KBUILD_VMLINUX_OBJS and what it was
// called before.
func (d *Dir) roots(top *maker) {
	for _, name := range vmlinuxLists {
		for _, w := range top.lookup(name) {
			dir, ok := archiveDir(w.Text)
			if ok && dir != "." {
				d.addDir(dir, &w, false)
			}
		}
	}
}

// vmlinuxLists are the variables of the top makefile with what is linked into
// the kernel, in the order of the link, through the ages.
var vmlinuxLists = []string{"KBUILD_VMLINUX_INIT", "KBUILD_VMLINUX_MAIN", "KBUILD_VMLINUX_OBJS"}

// archiveDir is the directory whose objects an archive holds.
func archiveDir(word string) (string, bool) {
	dir, base := path.Split(word)
	switch base {
	case "built-in.a", "built-in.o":
		return path.Clean(dir), true
	}
	return "", false
}

func (d *Dir) addDir(dir string, w *Word, module bool) {
	m := Mention{State: w.State, Module: module, Cause: w.Cause, List: "obj"}
	if old, ok := d.subdirs[dir]; !ok || m.better(old) {
		d.subdirs[dir] = m
	}
}

func add(to map[string]Mention, object string, m Mention) {
	if old, ok := to[object]; !ok || m.better(old) {
		to[object] = m
	}
}

// rel is a path that the makefile writes, below the root of the tree.
func (d *Dir) rel(word string) string {
	word = strings.TrimPrefix(word, "./")
	if d.path != "." && strings.HasPrefix(word, d.path+"/") {
		return path.Clean(word) // $(obj)/x.o
	}
	return path.Join(d.path, word)
}

// collect finds the objects and directories of the makefile.
func (d *Dir) collect() {
	for _, list := range lists {
		kind, _, _ := strings.Cut(list.name, "-")
		for _, w := range d.m.lookup(list.name) {
			if w.Cause == nil || strings.Contains(w.Text, unknownText) {
				continue
			}
			if strings.HasSuffix(w.Text, "/") || kind == "subdir" {
				d.addDir(d.rel(w.Text), &w, list.module)
				continue
			}
			m := Mention{State: w.State, Module: list.module, Host: list.host, Cause: w.Cause, List: kind}
			object, ok := strings.CutSuffix(w.Text, ".o")
			if !ok {
				if !list.host {
					continue
				}
				object = w.Text
			}
			members, composite := d.members(object, list.module)
			if !composite {
				add(d.objects, d.rel(object), m)
				continue
			}
			for _, p := range members {
				part := m
				part.Whole = path.Base(object)
				if p.State < part.State {
					part.State, part.Cause = p.State, p.Cause
				}
				if o, ok := strings.CutSuffix(p.Text, ".o"); ok {
					add(d.objects, d.rel(o), part)
				}
			}
		}
	}
}

// members is the parts of an object that is made of others, in order.
func (d *Dir) members(object string, module bool) (parts []Word, composite bool) {
	for _, suffix := range [...]string{"-objs", "-y", "-m"} {
		name := object + suffix
		if d.m.vars[name] == nil {
			continue
		}
		for _, w := range d.m.lookup(name) {
			if w.Cause == nil || strings.Contains(w.Text, unknownText) {
				continue
			}
			if suffix == "-m" && !module && w.State != No {
				// Kbuild does not look at NAME-m for what is built in.
				w.State = No
			}
			composite = true
			parts = append(parts, w)
		}
	}
	return parts, composite
}

// mention is what the makefile says of an object by its path below the root.
func (d *Dir) mention(object string) (Mention, bool) {
	if d.m == nil {
		return Mention{}, false
	}
	object = strings.TrimSuffix(object, ".o")
	if m, ok := d.objects[object]; ok {
		return m, true
	}
	if d.loose == nil {
		d.loose = make(map[string]Mention)
		names := slices.Sorted(maps.Keys(d.m.vars))
		// targets repeats what other lists say better.
		slices.SortStableFunc(names, func(a, b string) int { return order(a) - order(b) })
		for _, name := range names {
			if strings.HasPrefix(name, "cmd_") || strings.HasPrefix(name, "quiet_") || name == "clean-files" {
				continue
			}
			for _, w := range d.m.lookup(name) {
				o, ok := strings.CutSuffix(w.Text, ".o")
				if !ok {
					o, ok = strings.CutSuffix(w.Text, ".s") // kernel/bounds.s
				}
				if !ok || w.Cause == nil || strings.Contains(o, unknownText) {
					continue
				}
				// An image of its own, such as a vDSO: the makefile has a rule
				// for what the list names.
				add(d.loose, d.rel(o), Mention{State: w.State, Cause: w.Cause, Whole: name})
			}
		}
	}
	m, ok := d.loose[object]
	return m, ok
}

// Defines tells whether the flags that a makefile gives the compiler for an
// object define a macro.
func (b *Build) Defines(object, macro string) State {
	m := b.Dir(path.Dir(object)).m
	for dir := path.Dir(object); m == nil && dir != "."; {
		dir = path.Dir(dir)
		m = b.Dir(dir).m
	}
	if m == nil {
		return No
	}
	s := No
	for _, list := range [...]string{
		"ccflags-y", "subdir-ccflags-y", "asflags-y", "EXTRA_CFLAGS", "CFLAGS_" + path.Base(object), "AFLAGS_" + path.Base(object),
	} {
		for _, w := range m.lookup(list) {
			name, ok := strings.CutPrefix(w.Text, "-D")
			if name, _, _ = strings.Cut(name, "="); ok && name == macro {
				s = max(s, w.State)
			}
		}
	}
	return s
}

// order puts the variable targets behind others.
func order(name string) int {
	if name == "targets" {
		return 1
	}
	return 0
}

// Linked is an object of the kernel or of a module.
type Linked struct {
	Object  string // its path below the root, without .o
	Mention Mention
}

// Link lists the objects that are, or may be, linked into the kernel, in the
// order in which the linker sees them, and then those of modules.
func (b *Build) Link() []Linked {
	l := linker{b: b, seen: make(map[string]bool), entered: make(map[visit]bool)}
	yes := Mention{State: Yes}
	for _, module := range [...]bool{false, true} {
		l.module = module
		l.dir(".", yes)
		if !module {
			// lib.a of the libraries comes behind everything.
			for _, name := range [...]string{"libs-y", "libs-y1"} {
				for _, w := range b.topMakefile().lookup(name) {
					if w.State != No && strings.HasSuffix(w.Text, "/") {
						l.library(path.Clean(w.Text))
					}
				}
			}
		}
	}
	return l.list
}

// linker walks the directories in the order of the link.
type linker struct {
	b       *Build
	module  bool // objects of modules are wanted
	list    []Linked
	seen    map[string]bool
	entered map[visit]bool
}

// visit is a directory with what was looked for in it.
type visit struct {
	dir            string
	module, inside bool
}

// dir adds the objects of a directory that is mentioned in a certain way.
func (l *linker) dir(dir string, in Mention) {
	v := visit{dir, l.module, in.Module}
	if l.entered[v] || in.State == No {
		return
	}
	l.entered[v] = true
	d := l.b.Dir(dir)
	if d.m == nil {
		return
	}
	if dir == "." {
		for _, name := range vmlinuxLists {
			for _, w := range l.b.topMakefile().lookup(name) {
				if sub, ok := archiveDir(w.Text); ok && sub != "." {
					l.dir(sub, Mention{State: w.State, Cause: w.Cause})
				}
			}
		}
	}
	for _, name := range [...]string{"obj-y", "obj-m"} {
		module := name == "obj-m"
		if module && !l.module {
			break
		}
		for _, w := range d.m.lookup(name) {
			if w.State == No || w.Cause == nil || strings.Contains(w.Text, unknownText) {
				continue
			}
			m := Mention{State: w.State, Module: module, Cause: w.Cause, List: "obj"}.and(in)
			if strings.HasSuffix(w.Text, "/") {
				l.dir(d.rel(w.Text), m)
				continue
			}
			// What is built in was listed before; obj-y of a directory that is
			// entered for modules is built into nothing.
			if object, ok := strings.CutSuffix(w.Text, ".o"); ok && module == l.module {
				l.object(d, object, m)
			}
		}
	}
}

// library adds what lib.a of a directory holds.
func (l *linker) library(dir string) {
	d := l.b.Dir(dir)
	if d.m == nil {
		return
	}
	for _, w := range d.m.lookup("lib-y") {
		if object, ok := strings.CutSuffix(w.Text, ".o"); ok && w.State != No && w.Cause != nil {
			l.object(d, object, Mention{State: w.State, Cause: w.Cause, List: "lib"})
		}
	}
}

func (l *linker) object(d *Dir, object string, m Mention) {
	parts, composite := d.members(object, m.Module)
	if !composite {
		l.add(d.rel(object), m)
		return
	}
	for _, p := range parts {
		o, ok := strings.CutSuffix(p.Text, ".o")
		if !ok || p.State == No {
			continue
		}
		part := m
		part.Whole = path.Base(object)
		if p.State < part.State {
			part.State, part.Cause = p.State, p.Cause
		}
		l.add(d.rel(o), part)
	}
}

func (l *linker) add(object string, m Mention) {
	if l.seen[object] {
		return
	}
	l.seen[object] = true
	l.list = append(l.list, Linked{object, m})
}
