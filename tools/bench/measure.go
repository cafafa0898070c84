package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// commandLimit ends a command that takes longer than anybody would wait.
const commandLimit = 15 * time.Minute

// measurement is what one command took.
type measurement struct {
	wall time.Duration
	cpu  time.Duration // user and system, of the command and its children
	peak int64         // bytes: the largest resident set of any one process
	rows int           // lines on standard output
}

// command is one thing to measure.
type command struct {
	dir   string   // working directory
	env   []string // beside the environment of this process
	stdin string   // file
	argv  []string
	// noneIsOne takes the exit code 1 for the answer that nothing was found.
	noneIsOne bool
}

// measure runs the command once.
func (c *command) measure() (measurement, error) {
	var m measurement
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	if c.stdin != "" {
		f, err := os.Open(c.stdin)
		if err != nil {
			return m, err
		}
		defer f.Close() //nolint:errcheck // read only
		cmd.Stdin = f
	}
	out := &lineCounter{}
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &limited{w: &stderr, left: 64 << 10}
	start := time.Now()
	err := cmd.Run()
	m.wall = time.Since(start)
	m.rows = out.lines
	if s := cmd.ProcessState; s != nil {
		m.cpu = s.UserTime() + s.SystemTime()
		m.peak = maxRSS(s)
		if c.noneIsOne && s.ExitCode() == 1 {
			err = nil
		}
	}
	if ctx.Err() != nil {
		return m, fmt.Errorf("took longer than %v", commandLimit)
	}
	if err != nil {
		last, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return m, fmt.Errorf("%w %s", err, last)
	}
	return m, nil
}

// median runs the command once unmeasured and then n times, and returns the
// median by wall time.
func (c *command) median(n int) (measurement, error) {
	if _, err := c.measure(); err != nil {
		return measurement{}, err
	}
	all := make([]measurement, n)
	for i := range all {
		var err error
		if all[i], err = c.measure(); err != nil {
			return measurement{}, err
		}
	}
	slices.SortFunc(all, func(a, b measurement) int { return int(a.wall - b.wall) })
	return all[n/2], nil
}

// lineCounter counts lines and keeps nothing.
type lineCounter struct{ lines int }

func (l *lineCounter) Write(p []byte) (int, error) {
	l.lines += bytes.Count(p, []byte{'\n'})
	return len(p), nil
}

// limited passes on the first bytes and drops the rest.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if n := min(len(p), l.left); n > 0 {
		l.left -= n
		if _, err := l.w.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// treeStats says how large a tree is.
type treeStats struct {
	files int
	bytes int64
}

// readTree reads every regular file once, so that all tools find it in memory.
func readTree(root string) (treeStats, error) {
	var s treeStats
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, f)
		s.files++
		s.bytes += n
		return errors.Join(err, f.Close())
	})
	return s, err
}

// size is the sum of the sizes of the regular files below dir.
func size(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
