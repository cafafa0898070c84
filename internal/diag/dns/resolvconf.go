package dns

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of the resolvers: MAXNS of glibc's resolv.h and musl's lookup.h,
// RES_MAXNDOTS.
const (
	maxServers = 3
	maxNdots   = 15
)

// resolvConf is what resolv.conf(5) says, as glibc reads it.
type resolvConf struct {
	// servers are those that count; late are those behind the third.
	servers, late []server
	search        []string
	searchLine    int
	// overridden are earlier lines search and domain, which do not count.
	overridden []searchLine
	options    []option
	ndots      int
	ndotsLine  int
	// comments are those above the first setting.
	comments []textLine
	// ignored are lines that glibc does not understand, with why.
	ignored []textLine
	// binary says that it is no text.
	binary bool
}

// server is a name server.
type server struct {
	addr netip.Addr
	line int
	text string
}

// searchLine is a line search or domain.
type searchLine struct {
	line    int
	domains []string
}

// option is one of the line "options".
type option struct {
	name, value string
	line        int
}

// textLine is a line of a file.
type textLine struct {
	line int
	text string
	why  string
}

// parseResolvConf reads resolv.conf as res_init.c of glibc does: a keyword counts
// at the beginning of a line only, of domain and search the last counts.
func parseResolvConf(data []byte) resolvConf {
	c := resolvConf{ndots: 1}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		c.binary = true
	}
	number := 0
	for raw := range bytes.Lines(data) {
		number++
		line := strings.TrimSuffix(string(raw), "\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if line[0] == '#' || line[0] == ';' {
			if len(c.servers)+len(c.search)+len(c.options) == 0 {
				c.comments = append(c.comments, textLine{line: number, text: line})
			}
			continue
		}
		ignored := func(why string) { c.ignored = append(c.ignored, textLine{number, line, why}) }
		keyword, rest := line, ""
		if at := strings.IndexAny(line, " \t"); at >= 0 {
			keyword, rest = line[:at], strings.TrimLeft(line[at:], " \t")
		}
		switch keyword {
		case "nameserver":
			text := rest
			if at := strings.IndexAny(rest, ";# \t"); at >= 0 {
				text = rest[:at]
			}
			addr, err := netip.ParseAddr(text)
			switch {
			case err != nil && strings.HasSuffix(text, "\r"):
				ignored("the line ends in a carriage return, which glibc takes for a part of the address")
			case err != nil:
				ignored("this is no address")
			case len(c.servers) == maxServers:
				c.late = append(c.late, server{addr, number, text})
			default:
				c.servers = append(c.servers, server{addr, number, text})
			}
		case "search", "domain":
			if c.searchLine > 0 {
				c.overridden = append(c.overridden, searchLine{c.searchLine, c.search})
			}
			c.search, c.searchLine = strings.Fields(rest), number
			if at := slices.IndexFunc(c.search, func(s string) bool { return s[0] == '#' || s[0] == ';' }); at >= 0 {
				c.search = c.search[:at]
			}
			if keyword == "domain" && len(c.search) > 1 {
				c.search = c.search[:1]
			}
		case "options":
			for _, o := range strings.Fields(rest) {
				name, value, _ := strings.Cut(o, ":")
				c.options = append(c.options, option{name, value, number})
				if name == "ndots" {
					if n, err := strconv.Atoi(value); err == nil {
						c.ndots, c.ndotsLine = min(max(n, 0), maxNdots), number
					}
				}
			}
		case "sortlist", "bootserver": // the latter is of /proc/net/pnp
		default:
			switch {
			case strings.TrimLeft(line, " \t") != line:
				ignored("glibc reads a keyword at the beginning of a line only")
			default:
				ignored("glibc knows no such keyword")
			}
		}
	}
	return c
}
