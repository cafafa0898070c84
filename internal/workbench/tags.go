package workbench

// Definitions as tags files list them. They are read from the files as they are,
// so that a tree need not be indexed; an index adds what macros make.

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"dekho/internal/index"
	"dekho/internal/lang"
	"dekho/internal/lang/all"
	"dekho/internal/outline"
	"dekho/internal/source"
)

// Tag is a definition, or a declaration if these were asked for.
type Tag struct {
	Name string
	// Language is that of the file, by its name in this program.
	Language string
	// Kind is what is defined ("function", "member"), "prototype" or "external"
	// for declarations.
	Kind string
	// Line is that of the name, End the last of the definition; Offset is where
	// the line begins in the file, in bytes.
	Line, End, Offset uint32
	// Column is where in Text the name ends, in bytes; 0 if the text does not
	// have it.
	Column int
	// Text is the line. It is valid until the function that was given the tag
	// returns.
	Text []byte
	// Scope is what it is a member of, outermost first ("outer::inner"), and
	// ScopeKind what the innermost of that is; "" for none.
	Scope, ScopeKind string
	// Type is the type of a function, variable or member as it is written
	// ("const char *"), "" if that is not clear; TypeKind is "struct", "union" or
	// "enum" if it is one of these, which Type then leaves out.
	Type, TypeKind string
	// Signature is the parameters of a function or macro.
	Signature string
	// Local says that other files do not see it.
	Local bool
	// Macro is the macro whose use defines the name, "" for what stands in the
	// text.
	Macro string
}

// TagFile is a file to be read for tags.
type TagFile struct {
	// Name is what the file is called in the answer, Path where it is.
	Name, Path string
	// Number is for the caller.
	Number int
}

// TagOptions choose tags.
type TagOptions struct {
	// Declarations includes prototypes and external variables.
	Declarations bool
	// Workers is how many goroutines read files, 0 for as many as processors.
	Workers int
}

// TagWorkers is how many goroutines Tags uses.
func (o *TagOptions) TagWorkers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return workers()
}

// Tags makes the tags of files and calls fn for each file that has a language
// that dekho reads, from several goroutines at once (worker says which, below
// TagWorkers), the files in no order. It returns the files that could not be
// read. An error from fn ends it.
func (w *Workbench) Tags(ctx context.Context, files []TagFile, o TagOptions, fn func(worker int, file *TagFile, tags []Tag) error) ([]Skip, error) {
	t, err := w.treeOf(files)
	if err != nil {
		return nil, err
	}
	skips, err := tagFiles(ctx, t, files, o, fn)
	if t != nil {
		err = errors.Join(err, t.Close())
	}
	return skips, err
}

// tagFiles makes the tags of files; t may be nil.
func tagFiles(ctx context.Context, t *Tree, files []TagFile, o TagOptions, fn func(worker int, file *TagFile, tags []Tag) error) ([]Skip, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var mu sync.Mutex
	var skips []Skip
	var wg sync.WaitGroup
	for worker := range o.TagWorkers() {
		wg.Go(func() {
			g := tagger{tree: t, options: o, extractors: make(map[string]lang.Extractor)}
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				if n >= len(files) {
					return
				}
				f := &files[n]
				var tags []Tag
				err := index.Guard(func() error {
					var err error
					tags, err = g.file(f)
					return err
				})
				var skip *source.SkipError
				if errors.As(err, &skip) {
					mu.Lock()
					skips = append(skips, skip.Skip)
					mu.Unlock()
					continue
				}
				if err == nil && g.language != "" {
					err = fn(worker, f, tags)
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	source.SortSkips(skips)
	if ctx.Err() != nil {
		return skips, context.Cause(ctx)
	}
	return skips, nil
}

// TagLookup says which names are looked up.
type TagLookup struct {
	// Prefix takes all names that begin so, IgnoreCase upper and lower case for
	// the same.
	Prefix, IgnoreCase bool
}

// LookUpTags finds the tags of a name, as Tags would make them, and calls fn for
// each file that has some, one at a time. The index tells which files to read.
func (t *Tree) LookUpTags(ctx context.Context, name string, l TagLookup, fn func(path string, tags []Tag) error) error {
	if name == "" {
		return nil
	}
	pattern := regexp.QuoteMeta(name)
	if l.Prefix {
		pattern += ".*"
	}
	var ids []source.FileID
	wanted := make(map[string]bool)
	err := index.Guard(func() error {
		names := []string{name} // which may have letters that mean something in a pattern
		if l.Prefix || l.IgnoreCase {
			var err error
			if names, err = t.crossNames(ctx, pattern, CrossOptions{IgnoreCase: l.IgnoreCase}); err != nil {
				return err
			}
		}
		m, err := t.macros()
		if err != nil {
			return err
		}
		for _, name := range names {
			wanted[name] = true
			err := t.idx.EachRef(name, index.Definitions, func(r index.Ref) bool {
				ids = append(ids, r.File)
				return true
			})
			if err != nil {
				return err
			}
			if m != nil {
				for _, d := range m.definitions(name) {
					ids = append(ids, d.ref.File)
				}
			}
		}
		return nil
	})
	if err != nil {
		return t.idx.Err(err)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	files := make([]TagFile, len(ids))
	for i, id := range ids {
		files[i] = TagFile{Name: t.idx.Path(id), Path: filepath.Join(t.Root(), filepath.FromSlash(t.idx.Path(id)))}
	}
	var mu sync.Mutex
	_, err = tagFiles(ctx, t, files, TagOptions{}, func(_ int, f *TagFile, tags []Tag) error {
		tags = slices.DeleteFunc(tags, func(t Tag) bool { return !wanted[t.Name] })
		if len(tags) == 0 {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		return fn(f.Name, tags)
	})
	return t.idx.Err(err)
}

// treeOf opens the indexed tree that holds the first of some files, nil if there
// is none that can be used.
func (w *Workbench) treeOf(files []TagFile) (*Tree, error) {
	if len(files) == 0 {
		return nil, nil
	}
	abs, err := filepath.Abs(filepath.Dir(files[0].Path))
	if err != nil {
		return nil, &InputError{Name: files[0].Path, Err: err}
	}
	t, err := w.at(abs).Open()
	if errors.Is(err, ErrNoIndex) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrVersion) {
		return nil, nil // the files tell all but what macros make
	}
	return t, err
}

// SourceFiles lists the files below a directory, by their paths below it.
func SourceFiles(ctx context.Context, dir string) ([]string, error) {
	l, err := source.Walk(ctx, dir)
	if err != nil {
		return nil, &InputError{Name: dir, Err: err}
	}
	paths := make([]string, len(l.Files))
	for i := range l.Files {
		paths[i] = l.Files[i].Path
	}
	return paths, nil
}

// tagger makes tags. It is for one goroutine.
type tagger struct {
	tree       *Tree // nil for none
	options    TagOptions
	extractors map[string]lang.Extractor
	reader     source.Reader
	language   string // of the last file
	facts      lang.Facts
	tags       []Tag
}

// file makes the tags of a file. They are valid until the next one.
func (g *tagger) file(f *TagFile) ([]Tag, error) {
	g.language, g.tags = "", g.tags[:0]
	at := slices.IndexFunc(languages, func(l lang.Language) bool { return l.Match(f.Name) })
	if at < 0 {
		return nil, nil
	}
	src, err := g.reader.ReadText(f.Path, f.Name)
	if err != nil {
		return nil, err
	}
	l := &languages[at]
	g.language = l.Name
	x := g.extractors[l.Name]
	if x == nil {
		x = l.New()
		g.extractors[l.Name] = x
	}
	g.facts.Reset()
	x.Extract(f.Name, src, &g.facts)
	c := &closeup{File: outline.Read(l.Name, src, &g.facts), id: source.NoFile, path: f.Name}
	symbols, by, err := g.symbols(c, f)
	if err != nil {
		return nil, err
	}
	if g.options.Declarations {
		for i := range g.facts.Occs {
			if o := &g.facts.Occs[i]; o.Role == lang.Declaration {
				symbols = append(symbols, c.Symbol(o))
			}
		}
	}
	for i := range symbols {
		s := &symbols[i]
		tag, ok := g.tag(c, symbols, s)
		if !ok {
			continue
		}
		if m, ok := by[madeAt{s.Name, s.Line, s.Role}]; ok {
			tag.Macro = m.Name
		}
		g.tags = append(g.tags, tag)
	}
	return g.tags, nil
}

// symbols lists the definitions of a file.
func (g *tagger) symbols(c *closeup, f *TagFile) ([]outline.Symbol, map[madeAt]MacroPlace, error) {
	if g.tree != nil {
		if id, ok := g.tree.file(f.Path); ok {
			c.id, c.path = id, g.tree.idx.Path(id)
			return g.tree.withMade(c)
		}
	}
	return c.Symbols(), nil, nil
}

// languages is the table of languages.
var languages = all.Languages()

// tag makes the tag of a symbol; false if tags files have none of the kind.
func (g *tagger) tag(c *closeup, symbols []outline.Symbol, s *outline.Symbol) (Tag, bool) {
	from, to := c.LineExtent(s.Line)
	tag := Tag{Name: s.Name, Language: g.language, Kind: s.Role.Kind(), Line: s.Line, End: s.End, Offset: from, Text: bytes.TrimRight(c.Src[from:to], "\r")}
	if end := int(s.Off) - int(from) + len(s.Name); end >= len(s.Name) && end <= len(tag.Text) && string(tag.Text[end-len(s.Name):end]) == s.Name {
		tag.Column = end
	}
	header := isHeader(c.path)
	switch s.Role {
	case lang.DefFunction:
		g.typed(c, s, &tag)
		tag.Signature = signature(c.Src, s)
		tag.Local = static(c.Src, s)
	case lang.DefVariable:
		g.typed(c, s, &tag)
		tag.Local = static(c.Src, s)
	case lang.DefTypedef:
		g.typed(c, s, &tag)
		tag.Local = true
	case lang.DefMember:
		g.typed(c, s, &tag)
		tag.Local = true
	case lang.DefMacro:
		tag.Signature = macroParameters(c.Src, s)
		tag.Local = true
	case lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefEnumerator, lang.DefClass:
		tag.Local = true
	case lang.Declaration:
		tag.Kind = "external"
		if rest := bytes.TrimLeft(behind(c.Src, s), " \t\n"); bytes.HasPrefix(rest, []byte("(")) {
			tag.Kind, tag.Signature = "prototype", signature(c.Src, s)
		}
		g.typed(c, s, &tag)
	case lang.DefNode:
		// Of a device tree, labels are what other places name.
		if rest := bytes.TrimLeft(behind(c.Src, s), " \t"); !bytes.HasPrefix(rest, []byte(":")) {
			return tag, false
		}
	}
	tag.Local = tag.Local && !header
	g.scope(symbols, s, &tag)
	return tag, true
}

// isHeader reports whether other files include a file.
func isHeader(path string) bool {
	switch filepath.Ext(path) {
	case ".h", ".hpp", ".hh", ".hxx", ".inc", ".inl", ".dtsi":
		return true
	}
	return false
}

// scope sets what a symbol is a member of.
func (g *tagger) scope(symbols []outline.Symbol, s *outline.Symbol, tag *Tag) {
	var names []string
	for p := s.Parent; p >= 0 && len(names) < maxScopes; p = symbols[p].Parent {
		o := &symbols[p]
		switch o.Role {
		case lang.DefStruct, lang.DefUnion, lang.DefEnum, lang.DefClass, lang.DefNamespace, lang.DefTypedef, lang.DefVariable, lang.DefMember:
		default:
			continue
		}
		if tag.ScopeKind == "" {
			tag.ScopeKind = o.Role.Kind()
		}
		names = append(names, o.Name)
	}
	if s.Role != lang.DefMember && s.Role != lang.DefEnumerator && tag.ScopeKind != "class" && tag.ScopeKind != "namespace" && g.language != "c++" {
		tag.ScopeKind = "" // C has one scope for types
		return
	}
	slices.Reverse(names)
	tag.Scope = strings.Join(names, "::")
}

// maxScopes bounds the scopes around a name.
const maxScopes = 16

// before is the text of a definition before its name.
func before(src []byte, s *outline.Symbol) []byte {
	if s.From >= s.Off || int(s.Off) > len(src) || s.Off-s.From > maxTagText {
		return nil
	}
	return src[s.From:s.Off]
}

// behind is the text behind the name of a definition, nothing for a name that
// stands nowhere.
func behind(src []byte, s *outline.Symbol) []byte {
	end := int(s.Off) + len(s.Name)
	if end > len(src) || string(src[s.Off:end]) != s.Name {
		return nil
	}
	return src[end:min(len(src), end+maxTagText)]
}

// maxTagText bounds the text in front of a name, and that of parameters, in bytes.
const maxTagText = 2000

// static reports whether a definition says that it is local to its file.
func static(src []byte, s *outline.Symbol) bool { return wordIn(before(src, s), "static") >= 0 }

// notType are words in front of a name that are no part of its type.
var notType = map[string]bool{
	"static": true, "extern": true, "inline": true, "register": true, "typedef": true, "noinline": true, "asmlinkage": true, "notrace": true,
	"auto": true, "virtual": true, "explicit": true, "friend": true, "constexpr": true, "mutable": true,
}

// typed sets the type of a function, variable, typedef or member, if what stands
// before the name tells it alone.
func (g *tagger) typed(c *closeup, s *outline.Symbol, tag *Tag) {
	if g.language != "c" && g.language != "c++" {
		return
	}
	h := before(c.Src, s)
	if len(h) == 0 || bytes.ContainsAny(h, "(){},;=#[]\"'/:<>") {
		return
	}
	var words []string
	for _, w := range strings.Fields(strings.ReplaceAll(string(h), "*", " * ")) {
		if !notType[w] && !annotation(w) {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return
	}
	switch words[0] {
	case "struct", "union", "enum":
		if len(words) == 1 {
			return
		}
		tag.TypeKind, words = words[0], words[1:]
	}
	tag.Type = strings.ReplaceAll(strings.Join(words, " "), "* *", "**") + dimensions(behind(c.Src, s))
	tag.Type = strings.ReplaceAll(tag.Type, "* *", "**")
}

// dimensions is the brackets behind the name of an array, with their numbers.
func dimensions(rest []byte) string {
	var b strings.Builder
	for len(rest) > 0 && rest[0] == '[' {
		end := bytes.IndexByte(rest, ']')
		if end < 0 {
			break
		}
		size := ""
		if end > 1 && rest[1] >= '0' && rest[1] <= '9' && !bytes.ContainsAny(rest[1:end], " +-*/(") {
			size = string(rest[1:end])
		}
		b.WriteString("[" + size + "]")
		rest = rest[end+1:]
	}
	return b.String()
}

// annotation reports whether a word is one of the kernel's annotations for
// compilers and checkers: they begin with two underscores, as no type does but
// those of fixed sizes.
func annotation(w string) bool {
	rest, ok := strings.CutPrefix(w, "__")
	return ok && !strings.ContainsAny(rest, "0123456789") && !strings.HasPrefix(rest, "kernel_") && !strings.HasSuffix(rest, "_t") &&
		rest != "sum" && rest != "wsum" && rest != "poll"
}

// signature is the parameters behind a name, on one line.
func signature(src []byte, s *outline.Symbol) string {
	rest := behind(src, s)
	open := bytes.IndexByte(rest, '(')
	if open < 0 || len(bytes.TrimSpace(rest[:open])) > 0 {
		return ""
	}
	end := closing(rest, open)
	if rest[end-1] != ')' {
		return ""
	}
	return strings.Join(strings.Fields(string(rest[open:end])), " ")
}

// macroParameters is the parameters of a macro that has some.
func macroParameters(src []byte, s *outline.Symbol) string {
	if !bytes.HasPrefix(behind(src, s), []byte("(")) {
		return ""
	}
	return signature(src, s)
}
