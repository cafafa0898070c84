package ctags

// Looking names up as readtags does.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"dekho/internal/workbench"
)

// LookupOptions are what a command line of readtags asks for.
type LookupOptions struct {
	workbench.TagLookup
	// Fields is -e, Numbers -n: the extension fields, the line among them.
	Fields, Numbers bool
	// Escape is -E: names and fields as the file has them.
	Escape bool
	// List is -l, Pseudo -D.
	List, Pseudo bool
	// TagFile is the value of -t.
	TagFile string
	Names   []string
	Help    bool
}

// longLookup are the long options and their letters.
var longLookup = map[string]string{
	"help": "h", "list": "l", "list-pseudo-tags": "D", "debug": "d", "escape-output": "E", "extension-fields": "e", "icase-match": "i",
	"line-number": "n", "prefix-match": "p", "tag-file": "t", "override-sort-detection": "s", "filter": "Q", "sorter": "S", "help-expression": "H",
}

// ParseLookup reads a command line of readtags, without the name of the program.
func ParseLookup(args []string) (*LookupOptions, error) {
	o := &LookupOptions{}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "-":
			o.Names = append(o.Names, args...)
			return o, nil
		case strings.HasPrefix(arg, "--"):
			name, value, given := strings.Cut(arg[2:], "=")
			letter, ok := longLookup[name]
			if !ok {
				return nil, fmt.Errorf("%w: unknown option %s", ErrUsage, arg)
			}
			arg = "-" + letter
			if given {
				args = append([]string{value}, args...)
			}
		case len(arg) < 2 || arg[0] != '-':
			o.Names = append(o.Names, arg)
			continue
		}
		var err error
		if args, err = o.letters(arg[1:], args); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (o *LookupOptions) letters(opts string, args []string) ([]string, error) {
	for opts != "" {
		c := opts[0]
		opts = opts[1:]
		switch c {
		case 'h':
			o.Help = true
		case 'l':
			o.List = true
		case 'D':
			o.Pseudo = true
		case 'd':
		case 'E':
			o.Escape = true
		case 'e':
			o.Fields = true
		case 'i':
			o.IgnoreCase = true
		case 'n':
			o.Numbers = true
		case 'p':
			o.Prefix = true
		case 's':
			return args, nil // how a file is sorted: there is none
		case 't':
			if opts == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("%w: -t wants a file", ErrUsage)
				}
				opts, args = args[0], args[1:]
			}
			o.TagFile = opts
			return args, nil
		case 'Q', 'S', 'H':
			return nil, fmt.Errorf("%w: expressions (-%c) are not offered; readtags itself takes them, on a file of dekho ctags", ErrUsage, c)
		default:
			return nil, fmt.Errorf("%w: unknown option -%c", ErrUsage, c)
		}
	}
	return args, nil
}

// LookUp writes the tags of names from the index of a tree. What is found by
// chance of letters comes in the order of a tags file. found says that there is
// something.
func LookUp(ctx context.Context, env *Env, t *workbench.Tree, o *LookupOptions) (found bool, err error) {
	base := "."
	if o.TagFile != "" {
		base = filepath.Dir(o.TagFile)
	}
	if base, err = filepath.Abs(base); err != nil {
		return false, &workbench.InputError{Name: o.TagFile, Err: err}
	}
	if real, err := filepath.EvalSymlinks(base); err == nil {
		base = real
	}
	out := bufio.NewWriterSize(env.Out, 64<<10)
	opts, err := Parse([]string{"--fields=+neS"})
	if err != nil {
		return false, err
	}
	if o.Pseudo {
		_, err := out.Write(header(opts, t.Root()))
		return true, errors.Join(err, out.Flush())
	}
	l := &lookup{o: o, w: &writer{o: opts}, name: func(path string) string {
		path = filepath.Join(t.Root(), path)
		if rel, ok := strings.CutPrefix(path, strings.TrimSuffix(base, "/")+"/"); ok {
			return rel
		}
		return path
	}}
	if o.List {
		return l.all(ctx, env, t, out)
	}
	for _, name := range o.Names {
		s := newSorter(1, false, env.Temp)
		err := t.LookUpTags(ctx, name, o.TagLookup, func(path string, tags []workbench.Tag) error {
			return l.add(s.workers[0], path, tags)
		})
		if err == nil {
			err = s.merge(func(line []byte) error {
				found = true
				return l.write(out, line)
			})
		}
		if err = errors.Join(err, s.close()); err != nil {
			return found, err
		}
	}
	return found, out.Flush()
}

// lookup is one run.
type lookup struct {
	o    *LookupOptions
	w    *writer
	name func(path string) string
}

// add adds the tags of a file to those that are sorted. An item is the line of
// the tags file, by which it is sorted, and what is written instead of it.
func (l *lookup) add(s *sortWorker, path string, tags []workbench.Tag) error {
	path = l.name(path)
	for i := range tags {
		t := &tags[i]
		k, ok := l.w.wanted(path, t)
		if !ok {
			continue
		}
		line := append([]byte(nil), l.w.line(t.Name, path, t, k)...)
		line[len(line)-1] = 0
		if err := s.add(l.entry(line, path, t, k)); err != nil {
			return err
		}
	}
	return nil
}

// entry appends a tag as readtags writes it.
func (l *lookup) entry(b []byte, path string, t *workbench.Tag, k kind) []byte {
	text := func(s string) {
		if l.o.Escape {
			b = appendEscaped(b, s)
		} else {
			b = append(b, s...)
		}
	}
	text(t.Name)
	b = append(b, '\t')
	text(path)
	b = append(b, '\t')
	b = l.w.address(b, t)
	if l.o.Fields {
		b = append(b, ";\"\tkind:"...)
		b = append(b, k.letter)
		if t.Local {
			b = append(b, "\tfile:"...)
		}
		if l.o.Numbers {
			b = strconv.AppendUint(append(b, "\tline:"...), uint64(t.Line), 10)
		}
		field := func(key, value string) {
			if value != "" {
				b = append(b, '\t')
				b = append(b, key...)
				b = append(b, ':')
				text(value)
			}
		}
		if t.Scope != "" {
			field(scopeKind(t), t.Scope)
		}
		field("typeref", typeref(t))
		field("signature", t.Signature)
		if t.End > 0 {
			field("end", strconv.FormatUint(uint64(t.End), 10))
		}
		field("macro", t.Macro)
	}
	return append(b, '\n')
}

// write writes the part of an item that is meant for people.
func (l *lookup) write(out *bufio.Writer, item []byte) error {
	for i, c := range item {
		if c == 0 {
			item = item[i+1:]
			break
		}
	}
	_, err := out.Write(item)
	return err
}

// all lists all tags of the tree.
func (l *lookup) all(ctx context.Context, env *Env, t *workbench.Tree, out *bufio.Writer) (found bool, err error) {
	paths, err := workbench.SourceFiles(ctx, t.Root())
	if err != nil {
		return false, err
	}
	files := make([]workbench.TagFile, len(paths))
	for i, p := range paths {
		files[i] = workbench.TagFile{Name: p, Path: filepath.Join(t.Root(), filepath.FromSlash(p))}
	}
	var to workbench.TagOptions
	s := newSorter(to.TagWorkers(), false, env.Temp)
	defer s.close() //nolint:errcheck // they are gone by then
	var lookups []*lookup
	for range to.TagWorkers() {
		one := *l
		one.w = &writer{o: l.w.o}
		lookups = append(lookups, &one)
	}
	_, err = env.Bench.Tags(ctx, files, to, func(worker int, f *workbench.TagFile, tags []workbench.Tag) error {
		return lookups[worker].add(s.workers[worker], f.Name, tags)
	})
	if err != nil {
		return false, err
	}
	err = s.merge(func(line []byte) error {
		found = true
		return l.write(out, line)
	})
	return found, errors.Join(err, out.Flush())
}

// TreeOf is the directory whose indexed tree answers: that of the tags file, or
// else the working directory.
func (o *LookupOptions) TreeOf() (string, error) {
	if o.TagFile == "" {
		return "", nil
	}
	if _, err := os.Stat(filepath.Dir(o.TagFile)); err != nil {
		return "", &workbench.InputError{Name: o.TagFile, Err: err}
	}
	return filepath.Abs(filepath.Dir(o.TagFile))
}
