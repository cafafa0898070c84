// Package services tells from files alone what a system starts when it boots:
// units of systemd, init scripts, runlevels of OpenRC, and what tmpfiles.d makes.
// A file system that does not run can be asked as well as one that does.
package services

import (
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"dekho/internal/capture"
	"dekho/internal/rootfs"
)

// Init is what runs as the first process.
type Init string

// The inits that are told apart.
const (
	Systemd Init = "systemd"
	SysV    Init = "sysvinit"
	BusyBox Init = "busybox"
	OpenRC  Init = "openrc"
	Runit   Init = "runit"
	Unknown Init = ""
)

// unitDirs are where units stand, the first counts (systemd.unit(5)).
var unitDirs = []string{
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
}

// Start is a reason why something is started at boot.
type Start struct {
	// Name is the unit or script.
	Name string
	// Path is the file or link that says so, Text what it says.
	Path, Text string
}

// Unit is what files say of a unit.
type Unit struct {
	Name string
	// Path is its file, "" if there is none.
	Path string
	// Masked is the link or empty file that hides it, "" if none does.
	Masked string
	// Starts are the links that have it started.
	Starts []Start
}

// Services is what a system starts.
type Services struct {
	sys *capture.System
	// Init is what starts it, InitPath what tells so.
	Init     Init
	InitPath string
	units    map[string]*Unit
	wants    []Start // links in .wants and .requires, and aliases; Name is the unit
	scanned  bool
}

// Of looks at a system.
func Of(sys *capture.System) *Services {
	s := &Services{sys: sys, units: map[string]*Unit{}}
	s.Init, s.InitPath = s.findInit()
	return s
}

// findInit tells the init by what /sbin/init leads to.
func (s *Services) findInit() (Init, string) {
	r := s.sys.Stat("/sbin/init")
	if r.Err == nil {
		switch base := path.Base(r.Path); {
		case base == "systemd":
			return Systemd, r.Path
		case strings.HasPrefix(base, "busybox"):
			return BusyBox, r.Path
		case base == "openrc-init":
			return OpenRC, r.Path
		case strings.HasPrefix(base, "runit"):
			return Runit, r.Path
		}
	}
	for _, c := range []struct {
		path string
		init Init
	}{
		// What is running decides, then what is there.
		{"/run/systemd/system", Systemd},
		{"/run/openrc", OpenRC},
		{"/usr/lib/systemd/systemd", Systemd},
		{"/lib/systemd/systemd", Systemd},
		{"/etc/runlevels", OpenRC},
		{"/etc/runit", Runit},
		{"/etc/inittab", SysV},
		{"/etc/rcS.d", SysV},
		{"/etc/systemd/system", Systemd},
		{"/usr/lib/systemd/system", Systemd},
		{"/lib/systemd/system", Systemd},
	} {
		if s.sys.Stat(c.path).Err == nil {
			return c.init, c.path
		}
	}
	return Unknown, ""
}

// Unit looks at a unit.
func (s *Services) Unit(name string) *Unit {
	if u := s.units[name]; u != nil {
		return u
	}
	u := &Unit{Name: name}
	s.units[name] = u
	for _, dir := range unitDirs {
		at := path.Join(dir, name)
		l := s.sys.Lstat(at)
		if l.Err != nil {
			continue
		}
		if u.Path == "" {
			u.Path = at
		}
		if f := s.sys.Stat(at); f.Path == "/dev/null" || f.Err == nil && f.Info.Type == rootfs.Regular && f.Info.Size == 0 {
			u.Masked = at
		}
		break
	}
	s.scanWants()
	for _, w := range s.wants {
		if w.Name == name {
			u.Starts = append(u.Starts, w)
		}
	}
	return u
}

// scanWants reads the directories of links that have units started.
func (s *Services) scanWants() {
	if s.scanned {
		return
	}
	s.scanned = true
	seen := map[string]bool{}
	for _, dir := range unitDirs {
		d := s.sys.Dir(dir)
		if d.Err != nil || seen[d.Path] {
			continue
		}
		seen[d.Path] = true
		for _, n := range d.Names {
			if !utf8.ValidString(n) || !strings.HasSuffix(n, ".wants") && !strings.HasSuffix(n, ".requires") {
				continue
			}
			for _, unit := range s.sys.Dir(path.Join(dir, n)).Names {
				if utf8.ValidString(unit) {
					s.wants = append(s.wants, Start{Name: unit, Path: path.Join(dir, n, unit), Text: strings.TrimSuffix(strings.TrimSuffix(n, ".wants"), ".requires")})
				}
			}
		}
	}
}

// Starts are the reasons why one of the units or init scripts is started at
// boot.
func (s *Services) Starts(units, scripts []string) []Start {
	var all []Start
	if s.Init == Systemd {
		for _, name := range units {
			if u := s.Unit(name); u.Path != "" && u.Masked == "" {
				all = append(all, u.Starts...)
			}
		}
	}
	for _, name := range scripts {
		// systemd runs an init script only if there is no unit of its name.
		if s.Init == Systemd && s.Unit(name+".service").Path != "" {
			continue
		}
		all = append(all, s.scriptStarts(name)...)
	}
	return all
}

// runlevels are the directories of links to init scripts that a boot runs.
var runlevels = []string{"/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"}

func (s *Services) scriptStarts(name string) []Start {
	var all []Start
	if s.Init == OpenRC {
		for _, level := range []string{"sysinit", "boot", "default"} {
			at := path.Join("/etc/runlevels", level, name)
			if s.sys.Lstat(at).Err == nil {
				all = append(all, Start{Name: name, Path: at, Text: "runlevel " + level})
			}
		}
		return all
	}
	if s.Init == Runit {
		for _, dir := range []string{"/var/service", "/etc/service", "/etc/runit/runsvdir/default"} {
			if at := path.Join(dir, name); s.sys.Lstat(at).Err == nil {
				all = append(all, Start{Name: name, Path: at, Text: "service of runit"})
			}
		}
		return all
	}
	for _, dir := range runlevels {
		for _, n := range s.sys.Dir(dir).Names {
			if startLink(n) == name {
				all = append(all, Start{Name: name, Path: path.Join(dir, n), Text: path.Base(dir)})
			}
		}
	}
	// BusyBox and Buildroot run /etc/init.d/S* themselves.
	if s.Init == BusyBox || s.Init == SysV || s.Init == Unknown {
		for _, n := range s.sys.Dir("/etc/init.d").Names {
			if startLink(n) == name {
				all = append(all, Start{Name: name, Path: path.Join("/etc/init.d", n), Text: "init.d"})
			}
		}
	}
	return all
}

// startLink is the script that a link like S20connman starts, "" if it is none.
func startLink(n string) string {
	if len(n) < 4 || n[0] != 'S' || n[1] < '0' || n[1] > '9' || n[2] < '0' || n[2] > '9' {
		return ""
	}
	return n[3:]
}

// Scripts are the init scripts that a boot runs, each once, by their files.
func (s *Services) Scripts() []Start {
	var all []Start
	for _, dir := range append(slices.Clone(runlevels), "/etc/init.d") {
		if dir == "/etc/init.d" && (s.Init == Systemd || s.Init == OpenRC) {
			continue
		}
		for _, n := range s.sys.Dir(dir).Names {
			name := startLink(n)
			if name == "" || slices.ContainsFunc(all, func(a Start) bool { return a.Name == name }) ||
				s.Init == Systemd && s.Unit(name+".service").Path != "" {
				continue
			}
			all = append(all, Start{Name: name, Path: path.Join(dir, n), Text: path.Base(dir)})
		}
	}
	return all
}
