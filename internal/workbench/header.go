package workbench

// The files that #include and its like name.

import (
	"path"
	"slices"
	"strings"

	"dekho/internal/index"
	"dekho/internal/lang/kbuild"
)

// Link is a place in a file that names another file.
type Link struct {
	Line       uint32
	Column     int    // of the name, in bytes from 1
	Name       string // as it is written
	Path       string // of what is meant, below the root
	Candidates int    // how many files it could be
}

// Links lists the files that a file includes, as far as they are in the tree.
func (t *Tree) Links(file string) (list []Link, err error) {
	err = index.Guard(func() error {
		id, ok := t.file(file)
		if !ok {
			return nil
		}
		c, err := t.closeup(id)
		if err != nil {
			return err
		}
		for i := range c.facts.Includes {
			inc := &c.facts.Includes[i]
			name := string(c.Src[inc.Path.Off : inc.Path.Off+inc.Path.Len])
			from, _ := c.LineExtent(inc.Line)
			if found := t.headers(c.path, name, inc.System); len(found) > 0 {
				list = append(list, Link{Line: inc.Line, Column: int(inc.Path.Off-from) + 1, Name: name, Path: found[0], Candidates: len(found)})
			}
		}
		return nil
	})
	return list, t.idx.Err(err)
}

// headers lists the files that an #include in a file can mean, that which is
// likeliest first.
func (t *Tree) headers(from, name string, system bool) []string {
	rel := path.Clean(name)
	var found []string
	add := func(p string) {
		if _, ok := t.idx.FileByPath(p); ok && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	if !system {
		add(path.Join(path.Dir(from), rel))
	}
	// A program of the tree has headers of its own.
	if dir, _, ok := strings.Cut(from, "/include/"); ok {
		add(path.Join(dir, "include", rel))
	}
	if dir, _, _ := strings.Cut(from, "/"); dir == "tools" {
		add(path.Join("tools/include", rel))
		add(path.Join("tools/include/uapi", rel))
	}
	arches := t.arches()
	if own := architecture(from); own != "" {
		arches = []string{own}
	} else if t.view != nil && t.view.Lens != nil {
		arches = []string{t.view.Arch().Dir}
	}
	for _, arch := range arches {
		add(path.Join("arch", arch, "include", rel))
		add(path.Join("arch", arch, "include/uapi", rel))
	}
	for _, dir := range headerDirs {
		add(path.Join(dir, rel))
	}
	if !strings.HasSuffix(rel, ".h") {
		add(rel) // Kconfig files and makefiles name others from the top
	}
	// Makefiles name further directories, mostly ones above the file.
	for dir := path.Dir(from); len(found) == 0 && dir != "." && dir != "/"; dir = path.Dir(dir) {
		add(path.Join(dir, rel))
		add(path.Join(dir, "include", rel))
	}
	if rest, ok := strings.CutPrefix(rel, "asm/"); ok && len(found) == 0 {
		add(path.Join("include/asm-generic", rest)) // generated from it
	}
	return found
}

// headerAt is the file named at an offset of a line, with where its name begins;
// "" if none is: an #include, a source line of a Kconfig file, an object of a
// makefile.
func (t *Tree) headerAt(c *closeup, line, off uint32) (string, uint32) {
	for i := range c.facts.Includes {
		inc := &c.facts.Includes[i]
		if inc.Line != line || off+1 < inc.Path.Off || off > inc.Path.Off+inc.Path.Len {
			continue
		}
		name := string(c.Src[inc.Path.Off : inc.Path.Off+inc.Path.Len])
		if found := t.headers(c.path, name, inc.System); len(found) > 0 {
			return found[0], inc.Path.Off
		}
	}
	from, to := c.LineExtent(line)
	start, end := off, off
	for start > from && isPathByte(c.Src[start-1]) {
		start--
	}
	for end < to && isPathByte(c.Src[end]) {
		end++
	}
	word := string(c.Src[start:end])
	if kbuild.IsMakefile(c.path) {
		dir := path.Dir(c.path)
		if base, ok := strings.CutSuffix(word, ".o"); ok {
			for _, ext := range []string{".c", ".S", ".cc", ".cpp"} {
				if _, ok := t.idx.FileByPath(path.Join(dir, base+ext)); ok {
					return path.Join(dir, base+ext), start
				}
			}
		}
		if strings.HasSuffix(word, "/") {
			for _, name := range []string{"Makefile", "Kbuild"} {
				if _, ok := t.idx.FileByPath(path.Join(dir, word, name)); ok {
					return path.Join(dir, word, name), start
				}
			}
		}
	}
	return "", 0
}

func isPathByte(b byte) bool {
	return isWordByte(b) || b == '/' || b == '.' || b == '-' || b == '+' || b == ','
}
