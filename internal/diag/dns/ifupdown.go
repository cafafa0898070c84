package dns

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"

	"dekho/internal/diag/services"
	"dekho/internal/finding"
)

// interfaces is what /etc/network/interfaces has to do with names
// (interfaces(5), of ifupdown and of BusyBox).
type interfaces struct {
	// client is the client of DHCP that it would run, "" if none; starts are the
	// lines that say so, if a boot reads them.
	client string
	starts []services.Start
	// servers are lines "dns-nameservers", with their files.
	servers []textLine
	paths   []string
}

// clients are those that ifupdown runs for "inet dhcp", the first that is
// installed (inet.defn of ifupdown).
var clients = []string{"dhclient", "udhcpc", "dhcpcd"}

const interfacesPath = "/etc/network/interfaces"

func (s *state) readInterfaces() interfaces {
	var all interfaces
	files := []string{interfacesPath}
	for i, n := range s.sys.Dir(interfacesPath + ".d").Names {
		if i < maxDropIns && utf8.ValidString(n) && !strings.HasPrefix(n, ".") {
			files = append(files, path.Join(interfacesPath+".d", n))
		}
	}
	var starts []services.Start
	for _, f := range files {
		number := 0
		for raw := range bytes.Lines(s.sys.File(f).Data) {
			number++
			w := strings.Fields(string(raw))
			switch {
			case len(w) == 4 && w[0] == "iface" && w[3] == "dhcp":
				starts = append(starts, services.Start{Name: "ifupdown", Path: f, Text: strings.Join(w, " ")})
			case len(w) > 1 && (w[0] == "dns-nameservers" || w[0] == "dns-nameserver"):
				all.servers = append(all.servers, textLine{line: number, text: strings.Join(w, " ")})
				all.paths = append(all.paths, f)
			}
		}
	}
	if len(starts) == 0 || len(s.services.Starts([]string{"networking.service"}, []string{"networking", "network"})) == 0 {
		return all
	}
	for _, id := range clients {
		for _, f := range managerOf(id).files {
			if all.client == "" && s.sys.Stat(f).Err == nil {
				all.client, all.starts = id, starts
			}
		}
	}
	return all
}

// hooks are what reads dns-nameservers: those of the resolvconfs, and Debian's of
// systemd-resolved.
var hooks = []string{"/etc/network/if-up.d/resolved", "/etc/network/if-up.d/000resolvconf", "/sbin/resolvconf", "/usr/sbin/resolvconf"}

// interfacesIgnored: servers stand in /etc/network/interfaces, and ifupdown knows
// no such option.
func interfacesIgnored(s *state) *finding.Finding {
	if len(s.interfaces.servers) == 0 || s.presence("resolvconf").installed != "" || s.presence("openresolv").installed != "" {
		return nil
	}
	for _, hook := range hooks {
		if s.sys.Stat(hook).Err == nil {
			return nil
		}
	}
	f := &finding.Finding{
		Severity: finding.Degraded, Title: "the servers in " + interfacesPath + " go nowhere",
		Meaning: "ifupdown does not know dns-nameservers: hooks of resolvconf, openresolv or systemd-resolved read it, and none of them is installed.",
		Facts:   facts("path", s.interfaces.paths[0]),
		Next:    []finding.Step{{Command: "apt install resolvconf", Why: "or openresolv; or enter the servers in " + confPath}},
	}
	for i, l := range s.interfaces.servers {
		f.Evidence = append(f.Evidence, at(s.interfaces.paths[i], l.line, l.text, "nobody reads this"))
		for _, has := range s.rc.servers {
			if strings.Contains(l.text+" ", " "+has.addr.String()+" ") {
				f.Severity = finding.Note // they are there all the same
			}
		}
	}
	return f
}
