package dns

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"dekho/internal/finding"
	"dekho/internal/rootfs"
)

const nsswitchPath = "/etc/nsswitch.conf"

// nssSource is one word of the line "hosts" of nsswitch.conf(5) with what is
// done after it.
type nssSource struct {
	name    string
	actions []nssAction
}

// nssAction is "[!STATUS=action]".
type nssAction struct {
	not            bool
	status, action string // in lower case
}

// nssHosts is the line "hosts".
type nssHosts struct {
	sources []nssSource
	line    int // 0 if there is no such line
	text    string
}

// parseNsswitch reads the line of hosts.
func parseNsswitch(data []byte) nssHosts {
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(raw))
		body, _, _ := strings.Cut(text, "#")
		database, rest, ok := strings.Cut(body, ":")
		if !ok || strings.TrimSpace(database) != "hosts" {
			continue
		}
		h := nssHosts{line: number, text: text}
		for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
			if rest[0] != '[' {
				end := strings.IndexAny(rest, " \t[")
				if end < 0 {
					end = len(rest)
				}
				h.sources = append(h.sources, nssSource{name: rest[:end]})
				rest = rest[end:]
				continue
			}
			inside, after, ok := strings.Cut(rest[1:], "]")
			rest = after
			if !ok || len(h.sources) == 0 {
				continue
			}
			before := &h.sources[len(h.sources)-1]
			for _, f := range strings.Fields(strings.ToLower(inside)) {
				status, action, _ := strings.Cut(f, "=")
				name, not := strings.CutPrefix(status, "!")
				before.actions = append(before.actions, nssAction{not, name, action})
			}
		}
		return h
	}
	return nssHosts{}
}

// returns tells whether the search ends after a source with some status.
func (n *nssSource) returns(status string) bool {
	ends := status == "success"
	for _, a := range n.actions {
		if (a.status == status) != a.not {
			ends = a.action == "return"
		}
	}
	return ends
}

// asksServers are the sources that ask name servers.
func asksServers(name string) bool { return name == "dns" || name == "resolve" }

// libc is the C library of a system and what it can load.
type libc struct {
	glibc, musl string // the files that tell so, "" if there is none
	// split says that name services are modules of glibc: before 2.34 also dns and
	// files were.
	split   string
	modules map[string]string // path by service
}

// libDirs are where libraries stand; below /lib and /usr/lib those of an
// architecture have directories of their own.
var libDirs = []string{"/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/usr/local/lib"}

// findLibc looks for C libraries and modules of the name service switch.
func (s *state) findLibc() libc {
	l := libc{modules: map[string]string{}}
	seen := map[string]bool{}
	dirs := slices.Clone(libDirs)
	for i := 0; i < len(dirs); i++ {
		d := s.sys.Dir(dirs[i])
		if d.Err != nil || seen[d.Path] {
			continue
		}
		seen[d.Path] = true
		for _, n := range d.Names {
			switch {
			case strings.Contains(n, "-linux-") && i < len(libDirs) && strings.HasSuffix(dirs[i], "/lib") && !strings.Contains(n, "."):
				dirs = append(dirs, path.Join(dirs[i], n))
			case strings.HasPrefix(n, "ld-musl-"):
				l.musl = path.Join(dirs[i], n)
			case n == "libc.so.6":
				l.glibc = path.Join(dirs[i], n)
			case strings.HasPrefix(n, "libc-2.") && strings.HasSuffix(n, ".so"):
				// glibc stopped to have its version in the name of the file when it
				// took dns and files in (NEWS of 2.34).
				l.split = path.Join(dirs[i], n)
			case strings.HasPrefix(n, "libnss_"):
				service, version, _ := strings.Cut(strings.TrimPrefix(n, "libnss_"), ".so")
				if version == ".2" || version == "" {
					l.modules[service] = path.Join(dirs[i], n)
				}
			}
		}
	}
	return l
}

// builtIn tells whether glibc has a service without a module.
func (l *libc) builtIn(service string) bool {
	return l.split == "" && (service == "files" || service == "dns")
}

// missing tells whether a service cannot be loaded. Where no C library was found
// nothing is known.
func (l *libc) missing(service string) bool {
	return l.glibc != "" && !l.builtIn(service) && l.modules[service] == ""
}

// nssRoute is how far the search of a name that no file has comes.
type nssRoute struct {
	// reaches says which source asks name servers, "" if none is reached.
	reaches string
	// stops is the source that ends the search before that.
	stops string
	// absent are the modules on the way that are not there.
	absent []string
}

// route follows the search for a name that only name servers know.
func (s *state) route() nssRoute {
	var r nssRoute
	for i := range s.nss.sources {
		n := &s.nss.sources[i]
		status := "notfound"
		switch {
		case s.libc.missing(n.name):
			r.absent = append(r.absent, n.name)
			status = "unavail"
		case n.name == "resolve" && s.sys.Running() && !s.presence("systemd-resolved").runs():
			status = "unavail"
		case asksServers(n.name):
			r.reaches = n.name
			return r
		case strings.HasPrefix(n.name, "mdns"), n.name == "wins":
			// Of names that are not theirs they say that they are not there for
			// them: nss-mdns for all that do not end in .local.
			status = "unavail"
		}
		if n.returns(status) {
			r.stops = n.name
			return r
		}
	}
	return r
}

// usesNsswitch tells whether the C library reads nsswitch.conf: musl does not.
func (s *state) usesNsswitch() bool { return s.libc.musl == "" || s.libc.glibc != "" }

// path is the way of a name, as evidence.
func (s *state) path() []finding.Evidence {
	var way []finding.Evidence
	if s.libc.musl != "" {
		way = append(way, at(s.libc.musl, 0, "", "musl reads /etc/hosts and then resolv.conf, and no nsswitch.conf"))
	}
	if s.usesNsswitch() {
		switch f := s.sys.File(nsswitchPath); {
		case s.nss.line > 0:
			way = append(way, at(nsswitchPath, s.nss.line, s.nss.text, "in this order"))
		case f.Err != nil && f.Err.Reason != rootfs.NotExist:
			way = append(way, at(f.Err.At, 0, "", f.Err.Text))
		default:
			way = append(way, at(nsswitchPath, 0, "", "says nothing of hosts: glibc looks into files and asks servers"))
		}
		for _, n := range s.nss.sources {
			if file := s.libc.modules[n.name]; file != "" && !s.libc.builtIn(n.name) {
				way = append(way, at(file, 0, "", "the module of "+n.name))
			} else if s.libc.missing(n.name) {
				way = append(way, at("libnss_"+n.name+".so.2", 0, "", "there is no module of "+n.name))
			}
		}
	}
	for _, v := range s.rc.servers {
		way = append(way, at(s.conf.Path, v.line, lineOf(s.conf.Data, v.line), s.whereTo(v)))
	}
	if s.rc.searchLine > 0 {
		way = append(way, at(s.conf.Path, s.rc.searchLine, lineOf(s.conf.Data, s.rc.searchLine), "put behind names with few dots"))
	}
	lines := map[int]bool{}
	for _, o := range s.rc.options {
		if !lines[o.line] {
			lines[o.line] = true
			way = append(way, at(s.conf.Path, o.line, lineOf(s.conf.Data, o.line), "options"))
		}
	}
	return append(way, s.answered()...)
}

// whereTo says how packets to a server go.
func (s *state) whereTo(v server) string {
	if v.addr.IsLoopback() || v.addr.IsUnspecified() {
		if !s.sys.Running() || s.listenersErr != nil {
			return "a server on the machine itself"
		}
		if l := s.listener(v.addr); l != nil {
			return s.holder(l.Inode) + " listens there"
		}
		return "nobody listens there"
	}
	if s.routesErr != nil {
		return "a server"
	}
	if r := s.routeTo(v.addr); r != nil {
		text := "through " + r.Interface
		if r.Gateway.IsValid() {
			text += " by " + r.Gateway.String()
		}
		return text
	}
	return "there is no route to it"
}
