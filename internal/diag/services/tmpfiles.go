package services

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"dekho/internal/rootfs"
)

// tmpfilesDirs are where tmpfiles.d stands; of files of one name the first
// counts (tmpfiles.d(5)).
var tmpfilesDirs = []string{"/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d", "/lib/tmpfiles.d"}

// maxConfigFiles bounds how many files of one directory are read.
const maxConfigFiles = 512

// TmpLine is a line of tmpfiles.d that makes or removes something.
type TmpLine struct {
	// File and Line are where it stands, Text what it says.
	File string
	Line int
	Text string
	// Type is the letter with its "+" or "?", without the modifiers "!-=~^$".
	Type string
	// Path is what it is about, Argument what is done with it: for a link its
	// target.
	Path, Argument string
}

// ParseTmpfiles reads a file of tmpfiles.d; lines that are none are left out.
func ParseTmpfiles(file string, data []byte) []TmpLine {
	var all []TmpLine
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		text := strings.TrimSpace(string(raw))
		if text == "" || text[0] == '#' || !utf8.ValidString(text) {
			continue
		}
		fields, rest := words(text, 6)
		if len(fields) < 2 || fields[0] == "" {
			continue
		}
		l := TmpLine{File: file, Line: number, Text: text, Path: specifiers(fields[1])}
		for i, c := range fields[0] {
			switch {
			case i == 0, c == '+', c == '?':
				l.Type += string(c)
			}
		}
		if rest != "" && rest != "-" {
			l.Argument = specifiers(rest)
		}
		if strings.HasPrefix(l.Path, "/") {
			l.Path = path.Clean(l.Path)
			all = append(all, l)
		}
	}
	return all
}

// words cuts off up to n words, which may stand in quotes; the rest is what
// follows them.
func words(s string, n int) (list []string, rest string) {
	for range n {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return list, ""
		}
		if q := s[0]; q == '"' || q == '\'' {
			if end := strings.IndexByte(s[1:], q); end >= 0 {
				list, s = append(list, s[1:1+end]), s[end+2:]
				continue
			}
		}
		end := strings.IndexAny(s, " \t")
		if end < 0 {
			return append(list, s), ""
		}
		list, s = append(list, s[:end]), s[end:]
	}
	return list, strings.Trim(s, " \t")
}

// specifiers expands those that stand for directories of the system.
func specifiers(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	return strings.NewReplacer("%%", "%", "%t", "/run", "%S", "/var/lib", "%C", "/var/cache", "%L", "/var/log", "%T", "/tmp", "%V", "/var/tmp").Replace(s)
}

// Tmpfiles are the lines of tmpfiles.d that count, in the order in which
// systemd-tmpfiles reads them. Unreadable are files and directories that could
// not be looked at.
func (s *Services) Tmpfiles() (lines []TmpLine, unreadable []*rootfs.Error) {
	files := map[string]string{} // by name, the one that counts
	var names []string
	for _, dir := range tmpfilesDirs {
		d := s.sys.Dir(dir)
		if d.Err != nil {
			if d.Err.Reason != rootfs.NotExist {
				unreadable = append(unreadable, d.Err)
			}
			continue
		}
		for i, n := range d.Names {
			if i == maxConfigFiles {
				unreadable = append(unreadable, &rootfs.Error{Reason: rootfs.TooLong, At: dir, Text: "has more files than are read"})
				break
			}
			if _, ok := files[n]; !ok && strings.HasSuffix(n, ".conf") && utf8.ValidString(n) {
				files[n] = path.Join(dir, n)
				names = append(names, n)
			}
		}
	}
	slices.Sort(names)
	for _, n := range names {
		f := s.sys.File(files[n])
		if f.Err != nil {
			// A link to /dev/null masks the files of that name further down.
			if f.Path != "/dev/null" {
				unreadable = append(unreadable, f.Err)
			}
			continue
		}
		lines = append(lines, ParseTmpfiles(files[n], f.Data)...)
	}
	return lines, unreadable
}

// RunsTmpfiles tells whether a boot applies tmpfiles.d. Where the init is not
// known, those who put files there are believed.
func (s *Services) RunsTmpfiles() bool {
	if s.Init == Systemd || s.Init == Unknown {
		return true
	}
	for _, name := range []string{"systemd-tmpfiles-setup", "opentmpfiles-setup", "opentmpfiles", "tmpfiles-setup", "etmpfiles"} {
		if len(s.scriptStarts(name)) > 0 {
			return true
		}
	}
	return false
}
