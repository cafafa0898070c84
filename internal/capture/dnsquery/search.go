package dnsquery

import "strings"

// maxNdots is the greatest ndots that glibc and musl take.
const maxNdots = 15

// maxName is the length of the longest name that can be asked for, without the
// dot at its end (RFC 1035, section 2.3.4).
const maxName = 253

// Glibc lists the names that glibc asks for, in order, when a program wants
// name: it goes on until one has addresses. search is the list of "search" (or
// the one of "domain"); without either glibc takes what follows the first dot
// of the host name. ndots is 1 unless options say something else.
//
// A name with a dot at its end is asked for as it is. One with at least ndots
// dots is tried as it is first, and with the search list afterwards; any other
// the other way round.
func Glibc(name string, search []string, ndots int) []string {
	if strings.HasSuffix(name, ".") {
		return valid(nil, strings.TrimSuffix(name, "."))
	}
	var names []string
	asIs := strings.Count(name, ".") >= min(ndots, maxNdots)
	if asIs {
		names = valid(names, name)
	}
	for _, domain := range search {
		domain = strings.Trim(domain, ".")
		if domain == "" { // the root: the name as it is, in its place in the list
			if !asIs {
				names = valid(names, name)
			}
			asIs = true
			continue
		}
		names = valid(names, name+"."+domain)
	}
	if !asIs {
		names = valid(names, name)
	}
	return names
}

// Musl lists the names that musl asks for, as Glibc does: a name with at least
// ndots dots is asked for as it is and never with the search list, any other
// with the search list first. Without "search" and "domain" there is no list.
func Musl(name string, search []string, ndots int) []string {
	if strings.HasSuffix(name, ".") {
		return valid(nil, strings.TrimSuffix(name, "."))
	}
	var names []string
	if strings.Count(name, ".") < min(ndots, maxNdots) {
		for _, domain := range search {
			if domain = strings.TrimSuffix(domain, "."); domain != "" {
				names = valid(names, name+"."+domain)
			}
		}
	}
	return valid(names, name)
}

// valid appends a name unless it is longer than any can be; the C libraries
// skip those.
func valid(names []string, name string) []string {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > maxName {
		return names
	}
	return append(names, name)
}
