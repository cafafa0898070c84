package cscope

// The file that stands for cscope's database. The index is elsewhere; but
// editors look for a cscope.out before they start anything, scripts move it
// about, and it says which tree is meant and how names of files are written.

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// DefaultDatabase is the file without -f.
const DefaultDatabase = "cscope.out"

// database is what the file says.
type database struct {
	// Root is the indexed tree, Base the directory that names of files are
	// relative to, "" for absolute names.
	Root, Base string
}

// databaseHead is how the file begins. Cscope's own begins with "cscope 15": it
// says that it cannot read this one.
const databaseHead = "dekho cscope 1"

// maxDatabase bounds what is read of the file.
const maxDatabase = 64 << 10

// readDatabase reads the file, nil if it is none of ours.
func readDatabase(name string) *database {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxDatabase {
		return nil // what is not a file may never end
	}
	s := bufio.NewScanner(f)
	if !s.Scan() || s.Text() != databaseHead {
		return nil
	}
	d := &database{}
	for s.Scan() {
		key, value, _ := strings.Cut(s.Text(), " ")
		path, err := strconv.Unquote(value)
		if err != nil {
			continue
		}
		switch key {
		case "tree":
			d.Root = path
		case "base":
			d.Base = path
		}
	}
	if s.Err() != nil || !filepath.IsAbs(d.Root) {
		return nil
	}
	return d
}

// write writes the file, and the two that -q makes beside it. What is right
// already is left alone.
func (d *database) write(name string, inverted bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\ntree %q\n", databaseHead, d.Root)
	if d.Base != "" {
		fmt.Fprintf(&b, "base %q\n", d.Base)
	}
	b.WriteString("\nThere is no cross-reference in this file: it tells editors that dekho cscope\nanswers for the tree above. Cscope itself cannot read it.\n")
	names := []string{name}
	if inverted {
		for _, part := range []string{".in", ".po"} {
			names = append(names, besides(name, part))
		}
	}
	for _, name := range names {
		if err := replace(name, b.String()); err != nil {
			return err
		}
	}
	return nil
}

// besides is the name of a file that -q makes: cscope.in.out for cscope.out
// where that was not asked for by name, and else the name with more behind it.
func besides(name, part string) string {
	if name == DefaultDatabase {
		return "cscope" + part + ".out"
	}
	return name + part
}

// replace writes a file so that it is never there in part.
func replace(name, text string) error {
	if old, err := os.ReadFile(name); err == nil && string(old) == text {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
