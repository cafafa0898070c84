package ctags

// The command line, as universal-ctags and all that start it write it.

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Order is how a tags file is sorted, by the number that its header has for it.
type Order int

// The orders.
const (
	Unsorted Order = 0
	Sorted   Order = 1
	FoldCase Order = 2
)

// Format is what is written.
type Format string

// The formats.
const (
	FormatTags  Format = "u-ctags"
	FormatJSON  Format = "json"
	FormatEtags Format = "etags"
	FormatXref  Format = "xref"
)

// Options are what a command line asks for.
type Options struct {
	// Output is the file to write, "-" for the standard output, "" for the
	// usual name.
	Output string
	// Recurse is -R, Append -a.
	Recurse, Append bool
	// Files are files and directories; List is a file with the names of more,
	// "-" for the standard input.
	Files []string
	List  string
	// Exclude are patterns over names and paths.
	Exclude []string
	Order   Order
	Format  Format
	// Fields, Extras and Kinds are letters.
	Fields, Extras, Kinds map[byte]bool
	// Numbers writes line numbers instead of patterns, Patterns patterns for
	// everything.
	Numbers, Both bool
	// PatternLimit is the longest pattern, in bytes; 0 for no limit.
	PatternLimit int
	// Languages are those wanted, as this program calls them; nil for all.
	Languages map[string]bool
	// Relative says that paths are relative to the file that is written.
	Relative bool
	// NoPseudo leaves the header out.
	NoPseudo bool
	// Print is something to be printed instead: "help", "version", "kinds",
	// "kinds-full" or "languages".
	Print string
}

// Letters of fields, extras and kinds that are on unless told otherwise. Fields
// are those of universal-ctags: e end, f file, k kind as a letter, K kind as a
// word, l language, n line, s scope, S signature, t typeref, z and Z the names in
// front of kind and scope. Extras: f an entry for each file, q names with their
// scope.
const (
	defaultFields = "fkst"
	defaultKinds  = "defgmstuvcn"
	knownFields   = "efkKlnsStzZ"
	knownKinds    = defaultKinds + "px"
	knownExtras   = "fq"
)

// names in place of letters.
var fieldNames = map[string]byte{
	"end": 'e', "file": 'f', "kind": 'z', "language": 'l', "line": 'n', "scope": 'Z', "signature": 'S', "typeref": 't',
}

var extraNames = map[string]byte{"inputFile": 'f', "fileScope": 'F', "qualified": 'q', "reference": 'r', "pseudo": 'p'}

// ErrUsage is wrapped by the errors of Parse.
var ErrUsage = errors.New("usage")

// maxOptionsFile bounds a file of options, in bytes, and maxOptionsDepth how such
// files may name each other.
const (
	maxOptionsFile  = 1 << 20
	maxOptionsDepth = 8
)

// Parse reads a command line, without the name of the program.
func Parse(args []string) (*Options, error) {
	o := &Options{
		Order: Sorted, Format: FormatTags, PatternLimit: 96,
		Fields: letters(defaultFields), Extras: letters(""), Kinds: letters(defaultKinds),
	}
	if err := o.parse(args, 0); err != nil {
		return nil, err
	}
	return o, nil
}

func letters(s string) map[byte]bool {
	set := make(map[byte]bool)
	for i := range len(s) {
		set[s[i]] = true
	}
	return set
}

func (o *Options) parse(args []string, depth int) error {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var err error
		switch {
		case arg == "--":
			o.Files = append(o.Files, args...)
			return nil
		case strings.HasPrefix(arg, "--"):
			err = o.long(arg[2:], depth)
		case len(arg) > 1 && arg[0] == '-':
			args, err = o.short(arg[1:], args)
		default:
			o.Files = append(o.Files, arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// short reads letters of options, the last of which may have a value that stands
// behind it or is the next argument.
func (o *Options) short(opts string, args []string) ([]string, error) {
	for opts != "" {
		c := opts[0]
		opts = opts[1:]
		switch c {
		case 'R':
			o.Recurse = true
		case 'a':
			o.Append = true
		case 'e':
			o.Format = FormatEtags
		case 'n':
			o.Numbers = true
		case 'N':
			o.Numbers = false
		case 'u':
			o.Order = Unsorted
		case 'x':
			o.Format = FormatXref
		case 'V', 'B', 'F', 'w': // what it says on the way; the direction of patterns
		case '?':
			o.Print = "help"
		case 'f', 'o', 'L', 'I', 'h', 'D', 'd', 'i':
			if opts == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("%w: -%c wants a value", ErrUsage, c)
				}
				opts, args = args[0], args[1:]
			}
			switch c {
			case 'f', 'o':
				o.Output = opts
			case 'L':
				o.List = opts
			}
			return args, nil // -I and the others say how C is to be read: it is read without
		default:
			return nil, fmt.Errorf("%w: unknown option -%c", ErrUsage, c)
		}
	}
	return args, nil
}

// ignored are long options that change nothing here: how files are guessed,
// read and reported, and parsers that people add.
var ignored = map[string]bool{
	"links": true, "verbose": true, "quiet": true, "totals": true, "if0": true, "line-directives": true, "guess-language-eagerly": true,
	"langmap": true, "map": true, "alias": true, "regex": true, "langdef": true, "kinddef": true, "mline-regex": true, "roles": true,
	"input-encoding": true, "output-encoding": true, "maxdepth": true, "file-scope": true, "format": true, "put-field-prefix": true,
	"param": true, "optlib-dir": true, "etags-include": true, "exclude-exception": true, "header": true, "print-language": true,
	"_echo": true, "_interactive": true, "tag-pseudo-tags": true, "fatal-warnings": true, "options-maybe": true, "without-dot": true,
}

// long reads an option of the form name=value.
func (o *Options) long(arg string, depth int) error {
	name, value, given := strings.Cut(arg, "=")
	on, off := !given || yes(value), given && !yes(value)
	switch name {
	case "help", "help-full":
		o.Print = "help"
	case "version":
		o.Print = "version"
	case "list-kinds":
		o.Print = "kinds"
	case "list-kinds-full":
		o.Print = "kinds-full"
	case "list-languages":
		o.Print = "languages"
	case "recurse", "recursive":
		o.Recurse = on
	case "append":
		o.Append = on
	case "sort":
		switch {
		case value == "foldcase" || value == "2":
			o.Order = FoldCase
		case off:
			o.Order = Unsorted
		default:
			o.Order = Sorted
		}
	case "exclude":
		return o.exclude(value)
	case "output-format":
		switch value {
		case "u-ctags", "e-ctags":
			o.Format = FormatTags
		case "json", "etags", "xref":
			o.Format = Format(value)
		default:
			return fmt.Errorf("%w: --output-format is u-ctags, e-ctags, json, etags or xref, not %q", ErrUsage, value)
		}
	case "excmd":
		o.Numbers, o.Both = value == "number" || value == "n", strings.HasPrefix(value, "combine")
	case "pattern-length-limit":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return fmt.Errorf("%w: --pattern-length-limit is a number from 0", ErrUsage)
		}
		o.PatternLimit = n
	case "fields":
		return choose(o.Fields, value, knownFields, fieldNames)
	case "extras", "extra":
		return choose(o.Extras, value, knownExtras, extraNames)
	case "languages":
		return o.languages(value)
	case "tag-relative":
		o.Relative = value == "yes" || value == "always" || !given
	case "pseudo-tags":
		o.NoPseudo = value == ""
	case "options":
		return o.optionsFile(value, depth)
	case "filter", "filter-terminator":
		return fmt.Errorf("%w: --%s is not offered", ErrUsage, name)
	default:
		return o.byLanguage(name, value)
	}
	return nil
}

// byLanguage reads options that have the name of a language in them.
func (o *Options) byLanguage(name, value string) error {
	if lang, ok := strings.CutSuffix(name, "-kinds"); ok {
		name = "kinds-" + lang
	}
	if lang, ok := strings.CutPrefix(name, "kinds-"); ok {
		if !anyLanguage[strings.ToLower(lang)] {
			return nil // of a language that has no choice of kinds here
		}
		return choose(o.Kinds, value, knownKinds, kindNames())
	}
	base, _, _ := strings.Cut(name, "-")
	switch {
	case ignored[name], ignored[base], strings.HasPrefix(name, "fields-"), strings.HasPrefix(name, "extras-"), strings.HasPrefix(name, "list-"),
		strings.HasPrefix(name, "mtable-"), strings.HasPrefix(name, "_"):
		return nil
	}
	return fmt.Errorf("%w: unknown option --%s", ErrUsage, name)
}

// anyLanguage are names of languages whose kinds can be chosen.
var anyLanguage = map[string]bool{"c": true, "c++": true, "all": true, "*": true}

func yes(v string) bool { return v == "yes" || v == "on" || v == "1" || v == "true" }

// choose changes a set as a value says: letters, or names in braces, to be added
// (+), taken away (-), or to be all there is.
func choose(set map[byte]bool, value, known string, names map[string]byte) error {
	add := true
	if value == "" || value[0] != '+' && value[0] != '-' {
		clear(set)
	}
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch c {
		case '+', '-':
			add = c == '+'
			continue
		case '*':
			for j := range len(known) {
				set[known[j]] = add
			}
			continue
		case '{':
			end := strings.IndexByte(value[i:], '}')
			if end < 0 {
				return fmt.Errorf("%w: no } in %q", ErrUsage, value)
			}
			c = names[value[i+1:i+end]] // 0 for what there is not
			i += end
		}
		if c == 'z' || strings.IndexByte(known, c) >= 0 {
			set[c] = add
		}
	}
	return nil
}

func (o *Options) exclude(value string) error {
	file, ok := strings.CutPrefix(value, "@")
	switch {
	case value == "":
		o.Exclude = nil
	case ok:
		return eachLine(file, func(line string) error {
			o.Exclude = append(o.Exclude, line)
			return nil
		})
	default:
		o.Exclude = append(o.Exclude, value)
	}
	return nil
}

func (o *Options) languages(value string) error {
	if value == "all" || value == "" {
		o.Languages = nil
		return nil
	}
	add := value[0] != '-'
	if o.Languages == nil || value[0] != '+' && value[0] != '-' {
		o.Languages = make(map[string]bool)
		for _, l := range languageTable {
			o.Languages[l.own] = !add || value[0] == '+'
		}
	}
	for name := range strings.SplitSeq(strings.TrimLeft(value, "+-"), ",") {
		for _, l := range languageTable {
			if strings.EqualFold(l.name, name) || strings.EqualFold(l.alias, name) {
				o.Languages[l.own] = add
			}
		}
	}
	return nil
}

func (o *Options) optionsFile(name string, depth int) error {
	if depth >= maxOptionsDepth {
		return fmt.Errorf("%w: files of options name each other", ErrUsage)
	}
	if name == "" || name == "NONE" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	return eachLine(name, func(line string) error {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			return nil
		}
		return o.parse([]string{line}, depth+1)
	})
}

// eachLine calls fn for the lines of a file.
func eachLine(name string, fn func(string) error) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	defer f.Close() //nolint:errcheck // only read
	s := bufio.NewScanner(f)
	n := 0
	for s.Scan() {
		if n += len(s.Bytes()); n > maxOptionsFile {
			return fmt.Errorf("%w: %s is too large", ErrUsage, name)
		}
		if line := strings.TrimRight(s.Text(), "\r"); line != "" {
			if err := fn(line); err != nil {
				return err
			}
		}
	}
	return s.Err()
}
