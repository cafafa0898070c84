package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tool is a program that makes an index. Its commands run in the tree, and
// write below dir.
type tool struct {
	name  string
	about string // what its index answers
	build func(b *bench, dir string) command
}

// tools are measured in this order; dekho comes first because the others are
// put in relation to it.
var tools = []tool{
	{"dekho", "everything below, and log statements", func(b *bench, dir string) command {
		return command{dir: b.tree, argv: []string{b.dekho, "index", "--store", dir, b.tree}}
	}},
	{"cscope -bkq", "definitions, references, callers", func(b *bench, dir string) command {
		return command{dir: b.tree, argv: []string{"cscope", "-b", "-k", "-q", "-R", "-f", filepath.Join(dir, "cscope.out")}}
	}},
	{"gtags", "definitions, references", func(b *bench, dir string) command {
		return command{dir: b.tree, argv: []string{"gtags", dir}}
	}},
	{"universal-ctags -R", "definitions", func(b *bench, dir string) command {
		return command{dir: b.tree, argv: []string{"ctags", "-R", "--languages=C,C++,Asm", "-f", filepath.Join(dir, "tags"), "."}}
	}},
	{"cindex", "text", func(b *bench, dir string) command {
		return command{dir: b.tree, env: csearchEnv(dir), argv: []string{"cindex", b.tree}}
	}},
}

func csearchEnv(dir string) []string {
	return []string{"CSEARCHINDEX=" + filepath.Join(dir, "csearchindex")}
}

// dir is where a tool's index is: named after the first word of the tool.
func (b *bench) dir(t *tool) string {
	word, _, _ := strings.Cut(t.name, " ")
	return filepath.Join(b.work, word)
}

// wants tells whether a tool is among those asked for.
func (b *bench) wants(name string) bool {
	word, _, _ := strings.Cut(name, " ")
	return len(b.only) == 0 || slices.Contains(b.only, word)
}

// index measures the making of every tool's index from nothing, and for dekho
// also what it takes when little or nothing changed.
func (b *bench) index() (string, error) {
	t := table{header: []string{"", "wall", "CPU", "peak memory", "index", "wall ÷ dekho", "answers"}}
	var base measurement
	for i := range tools {
		tl := &tools[i]
		if !b.wants(tl.name) {
			continue
		}
		say("indexing with %s", tl.name)
		dir := b.dir(tl)
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		c := tl.build(b, dir)
		m, err := c.measure()
		if err != nil {
			t.add(tl.name, "failed: "+err.Error())
			continue
		}
		bytes, err := size(dir)
		if err != nil {
			return "", err
		}
		if tl.name == "dekho" {
			base = m
		}
		t.add(tl.name, seconds(m.wall), seconds(m.cpu), megabytes(m.peak), megabytes(bytes), ratio(m.wall, base.wall), tl.about)
		if tl.name == "dekho" {
			if err := b.again(&t, c, base); err != nil {
				return "", err
			}
		}
	}
	return t.String(), nil
}

// again measures dekho on a tree that it knows.
func (b *bench) again(t *table, c command, base measurement) error {
	const touched = "dekho, ten files touched"
	fail := func(name string, err error) { t.add(name, "failed: "+err.Error()) }
	row := func(name string) {
		m, err := c.measure()
		if err != nil {
			fail(name, err)
			return
		}
		t.add(name, seconds(m.wall), seconds(m.cpu), megabytes(m.peak), "", ratio(m.wall, base.wall))
	}
	row("dekho, nothing changed")
	restore, err := touch(b.tree, 10)
	if err == nil {
		row(touched)
		return restore()
	}
	// The tree of somebody else, say: a gap in the report and not its end.
	fail(touched, err)
	return nil
}

// touch gives n C files below root a new modification time, so that they are
// read again, and returns what gives them back their own.
func touch(root string, n int) (restore func() error, err error) {
	type file struct {
		path  string
		mtime time.Time
	}
	var files []file
	seen := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".c") {
			return err
		}
		// Spread over the tree: every 2,000th.
		if seen++; seen%2000 != 0 {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		files = append(files, file{path, info.ModTime()})
		if len(files) == n {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := os.Chtimes(f.path, time.Time{}, time.Now()); err != nil {
			return nil, fmt.Errorf("cannot touch a file of the tree: %w", err)
		}
	}
	return func() error {
		for _, f := range files {
			if err := os.Chtimes(f.path, time.Time{}, f.mtime); err != nil {
				return err
			}
		}
		return nil
	}, nil
}
