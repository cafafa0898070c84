package ctags

import (
	"regexp"
	"strings"

	"dekho/internal/workbench"
)

// excluder makes a test for files that are left out: a pattern matches a path,
// or its last element, or a directory above it in the same way.
func excluder(patterns []string) (func(path string) bool, error) {
	if len(patterns) == 0 {
		return func(string) bool { return false }, nil
	}
	var parts []string
	for _, p := range patterns {
		parts = append(parts, glob(strings.TrimPrefix(strings.TrimSuffix(p, "/"), "./")))
	}
	re, err := regexp.Compile("^(?:" + strings.Join(parts, "|") + ")$")
	if err != nil {
		return nil, &workbench.UsageError{Err: err}
	}
	var memo struct {
		dir string
		out bool
	}
	match := func(path string) bool {
		return re.MatchString(path) || re.MatchString(path[strings.LastIndexByte(path, '/')+1:])
	}
	return func(path string) bool {
		path = strings.TrimPrefix(path, "./")
		dir := path[:max(0, strings.LastIndexByte(path, '/'))]
		if dir != memo.dir { // files come directory by directory
			memo.dir, memo.out = dir, false
			for d := dir; d != "" && !memo.out; d = d[:max(0, strings.LastIndexByte(d, '/'))] {
				memo.out = match(d)
			}
		}
		return memo.out || match(path)
	}, nil
}

// glob turns a pattern of the shell into a regular expression; * matches slashes
// too.
func glob(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch c := p[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := strings.IndexByte(p[i+1:], ']')
			if end <= 0 {
				b.WriteString(`\[`)
				continue
			}
			set := p[i+1 : i+1+end]
			if set[0] == '!' {
				set = "^" + set[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(set, `\`, `\\`) + "]")
			i += end + 1
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	return b.String()
}
