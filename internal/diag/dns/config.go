package dns

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// setting is a line "key=value" of a configuration.
type setting struct {
	section, key, value string
	path                string
	line                int
	text                string
}

// parseSettings reads an INI file, as systemd, NetworkManager, ConnMan and iwd
// have them, or a plain list of "key=value" and "key" lines, as dnsmasq and
// shells have them.
func parseSettings(file string, data []byte) []setting {
	var all []setting
	section := ""
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(raw))
		if text == "" || text[0] == '#' || text[0] == ';' || !utf8.ValidString(text) {
			continue
		}
		if text[0] == '[' && text[len(text)-1] == ']' {
			section = text[1 : len(text)-1]
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		all = append(all, setting{section, strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"'`), file, number, text})
	}
	return all
}

// maxDropIns bounds how many files of a directory of settings are read.
const maxDropIns = 128

// settings reads files and, where a name ends in "/", the files of a directory
// with an ending, in this order; of files of one name the last directory counts.
func (s *state) settings(ending string, names ...string) []setting {
	files := []string{}
	for _, n := range names {
		if !strings.HasSuffix(n, "/") {
			files = append(files, n)
			continue
		}
		for i, base := range s.sys.Dir(n).Names {
			if i == maxDropIns {
				break
			}
			if !strings.HasSuffix(base, ending) || !utf8.ValidString(base) {
				continue
			}
			files = slices.DeleteFunc(files, func(f string) bool { return path.Base(f) == base })
			files = append(files, path.Join(n, base))
		}
	}
	var all []setting
	for _, f := range files {
		all = append(all, parseSettings(f, s.sys.File(f).Data)...)
	}
	return all
}

// last is the setting that counts of those of one key, nil if there is none.
func last(all []setting, section, key string) *setting {
	for i := range slices.Backward(all) {
		if all[i].section == section && all[i].key == key {
			return &all[i]
		}
	}
	return nil
}

// resolvedSettings are those of systemd-resolved, resolved.conf(5).
func (s *state) resolvedSettings() []setting {
	return s.settings(".conf", "/usr/lib/systemd/resolved.conf", "/etc/systemd/resolved.conf",
		"/usr/lib/systemd/resolved.conf.d/", "/run/systemd/resolved.conf.d/", "/etc/systemd/resolved.conf.d/")
}

// managerSettings are those of NetworkManager, NetworkManager.conf(5).
func (s *state) managerSettings() []setting {
	return s.settings(".conf", "/usr/lib/NetworkManager/conf.d/", "/run/NetworkManager/conf.d/",
		"/etc/NetworkManager/NetworkManager.conf", "/etc/NetworkManager/conf.d/")
}

// dnsmasqSettings are those of dnsmasq; Debian also reads /etc/default/dnsmasq.
func (s *state) dnsmasqSettings() []setting {
	return s.settings("", "/etc/dnsmasq.conf", "/etc/dnsmasq.d/")
}

// off tells whether a boolean setting is switched off, as systemd reads them.
func off(c *setting) bool {
	return c != nil && slices.Contains([]string{"no", "false", "off", "0", "n", "f"}, strings.ToLower(c.value))
}

// managerWrites tells whether NetworkManager writes /etc/resolv.conf, and the
// setting that keeps it from doing so.
func (s *state) managerWrites() (bool, *setting) {
	all := s.managerSettings()
	if c := last(all, "main", "rc-manager"); c != nil && c.value == "unmanaged" {
		return false, c
	}
	if c := last(all, "main", "dns"); c != nil && c.value == "none" {
		return false, c
	}
	return true, nil
}
