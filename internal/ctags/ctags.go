// Package ctags is a front end that stands in for the programs ctags and
// readtags: it takes the command line of universal-ctags and writes its file
// format, and looks names up as readtags does, from the index of dekho.
package ctags

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// Env is what a run sees of the process around it.
type Env struct {
	In  io.Reader
	Out io.Writer
	// Warn says something on the standard error.
	Warn func(format string, args ...any)
	// Bench is the workbench.
	Bench *workbench.Workbench
	// Temp makes a file that vanishes when it is closed.
	Temp func() (render.TempFile, error)
}

// maxList bounds a line of a list of files, in bytes.
const maxList = 64 << 10

// gcPercent keeps the memory of a run small: most of it is garbage soon.
const gcPercent = 50

// Run writes tags as a command line asks for.
func Run(ctx context.Context, env *Env, o *Options) error {
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	files, err := sources(ctx, env, o)
	if err != nil {
		return err
	}
	output := o.Output
	if output == "" {
		switch o.Format {
		case FormatTags:
			output = "tags"
		case FormatEtags:
			output = "TAGS"
		default:
			output = "-"
		}
	}
	if output != "-" {
		if err := isTags(output); err != nil {
			return err
		}
	}
	if o.Relative && output != "-" {
		relate(files, filepath.Dir(output))
	}
	to := workbench.TagOptions{Declarations: o.Kinds['p'] || o.Kinds['x']}
	// Unsorted and for Emacs, tags stay in the order of their files.
	grouped := o.Order == Unsorted || o.Format == FormatEtags
	s := newSorter(to.TagWorkers(), o.Order == FoldCase && !grouped, env.Temp)
	c := &collector{o: o, s: s, grouped: grouped}
	for range to.TagWorkers() {
		c.writers = append(c.writers, &writer{o: o})
	}
	defer s.close() //nolint:errcheck // they are gone by then
	if o.Append && output != "-" && o.Format == FormatTags {
		if err := c.old(output); err != nil {
			return err
		}
	}
	skips, err := env.Bench.Tags(ctx, files, to, c.file)
	if err != nil {
		return err
	}
	if o.List != "" || !o.Recurse {
		for _, skip := range skips {
			env.Warn("%s", skip)
		}
	}
	if output == "-" {
		return c.write(env.Out, nil)
	}
	var head []byte
	if o.Format == FormatTags && !o.NoPseudo {
		cwd, err := os.Getwd()
		if err != nil {
			return &workbench.InputError{Name: "working directory", Err: err}
		}
		head = header(o, cwd)
	}
	return replace(output, func(w io.Writer) error { return c.write(w, head) })
}

// collector takes the tags of files.
type collector struct {
	o       *Options
	s       *sorter
	grouped bool
	writers []*writer
}

// keyLength is the length of what stands in front of the tags of a file that
// stay together: the number of the file.
const keyLength = 4

// file takes the tags of a file.
func (c *collector) file(worker int, f *workbench.TagFile, tags []workbench.Tag) error {
	w, sorted := c.writers[worker], c.s.workers[worker]
	var group []byte
	add := func(line []byte) error {
		if c.grouped {
			group = append(group, line...)
			return nil
		}
		return sorted.add(line[:len(line)-1])
	}
	for i := range tags {
		if err := w.each(f.Name, &tags[i], add); err != nil {
			return err
		}
	}
	if c.o.Extras['f'] && c.o.Format == FormatTags {
		if err := add(w.fileLine(f.Name)); err != nil {
			return err
		}
	}
	if len(group) == 0 {
		return nil
	}
	key := binary.BigEndian.AppendUint32(nil, uint32(f.Number))
	if c.o.Format == FormatEtags {
		key = fmt.Appendf(key, "\f\n%s,%d\n", f.Name, len(group))
	}
	return sorted.add(append(key, group[:len(group)-1]...))
}

// old takes the tags that a file has already.
func (c *collector) old(name string) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &workbench.InputError{Name: name, Err: err}
	}
	defer f.Close() //nolint:errcheck // only read
	in := bufio.NewReaderSize(f, 1<<20)
	key := make([]byte, keyLength)
	for {
		line, err := in.ReadSlice('\n')
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("!_TAG_")) {
			line = bytes.TrimRight(line, "\r\n")
			if c.grouped {
				line = append(bytes.Clone(key), line...)
			}
			if err := c.s.workers[0].add(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &workbench.InputError{Name: name, Err: err}
		}
	}
}

// write writes everything in its order. Items have no newline: it would sort
// behind the tab in front of a further field.
func (c *collector) write(to io.Writer, head []byte) error {
	w := bufio.NewWriterSize(to, 1<<20)
	if _, err := w.Write(head); err != nil {
		return err
	}
	err := c.s.merge(func(line []byte) error {
		if c.grouped {
			line = line[keyLength:]
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
		return w.WriteByte('\n')
	})
	return errors.Join(err, w.Flush())
}

// replace writes a file so that the old one stays until the new one is complete.
func replace(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return &workbench.InputError{Name: name, Err: err, Hint: "-f names the file to write"}
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(&workbench.InputError{Name: name, Err: err}, os.Remove(f.Name()))
	}
	return nil
}

// isTags refuses to write over a file that is no tags file: a mistyped -f must
// not cost anybody a source.
func isTags(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return nil // it is not there, or writing it will say why
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return &workbench.InputError{Name: name, Err: errors.New("is not a regular file")}
	}
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil && line == "" || strings.HasPrefix(line, "!_TAG_") || strings.HasPrefix(line, "\f") || strings.Count(line, "\t") >= 2 {
		return nil
	}
	return &workbench.InputError{Name: name, Err: errors.New("is there and does not look like a tags file"), Hint: "remove it, or name another with -f"}
}

// sources lists the files to be read.
func sources(ctx context.Context, env *Env, o *Options) ([]workbench.TagFile, error) {
	skip, err := excluder(o.Exclude)
	if err != nil {
		return nil, err
	}
	names := o.Files
	if o.List != "" {
		if names, err = listed(env, o.List, names); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 && o.List == "" {
		if !o.Recurse {
			return nil, &workbench.UsageError{Err: errors.New("no files were named; -R takes those below the working directory")}
		}
		names = []string{"."}
	}
	var files []workbench.TagFile
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			env.Warn("%s: %v", name, errors.Unwrap(err))
		case info.IsDir() && !o.Recurse:
			env.Warn("%s is a directory; -R takes what is in it", name)
		case info.IsDir():
			paths, err := workbench.SourceFiles(ctx, name)
			if err != nil {
				return nil, err
			}
			for _, p := range paths {
				if path := join(name, p); !skip(path) {
					files = append(files, workbench.TagFile{Name: path, Path: path, Number: len(files) + 1})
				}
			}
		case !skip(name):
			files = append(files, workbench.TagFile{Name: name, Path: name, Number: len(files) + 1})
		}
	}
	return files, nil
}

// join is a path below a directory, without a "." in front.
func join(dir, path string) string {
	if dir == "." || dir == "./" {
		return path
	}
	return strings.TrimRight(dir, "/") + "/" + path
}

// listed reads a list of files.
func listed(env *Env, list string, names []string) ([]string, error) {
	in := env.In
	if list != "-" {
		f, err := os.Open(list)
		if err != nil {
			return nil, &workbench.InputError{Name: list, Err: err}
		}
		defer f.Close() //nolint:errcheck // only read
		in = f
	}
	s := bufio.NewScanner(in)
	s.Buffer(nil, maxList)
	for s.Scan() {
		if name := strings.TrimRight(s.Text(), "\r"); name != "" {
			names = append(names, name)
		}
	}
	if err := s.Err(); err != nil {
		return nil, &workbench.InputError{Name: list, Err: err}
	}
	return names, nil
}

// relate makes names relative to a directory.
func relate(files []workbench.TagFile, dir string) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return
	}
	for i := range files {
		if abs, err := filepath.Abs(files[i].Path); err == nil {
			if rel, err := filepath.Rel(dir, abs); err == nil {
				files[i].Name = rel
			}
		}
	}
}
