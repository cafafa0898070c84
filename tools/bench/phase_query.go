package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// question is asked of every tool that has an answer to its kind.
type question struct {
	kind string // def, refs, callers, grep
	what string
}

var questions = []question{
	{"def", "tcp_v4_rcv"},
	{"def", "file_operations"},
	{"refs", "tcp_v4_rcv"},
	{"refs", "kfree"},
	{"callers", "tcp_v4_rcv"},
	{"callers", "kfree"},
	{"grep", "tcp_v4_rcv"},
	{"grep", `EXPORT_SYMBOL_GPL\(tcp_[a-z]+\)`},
	{"grep", `GFP_ATOMIC`},
	{"grep", `[Ff]ailed to (get|enable) .* clock`},
}

// asker turns questions into a command of one tool; a nil argv means that the
// tool has no answer to that kind.
type asker struct {
	name string
	tool string // whose index it reads; empty: none
	ask  func(b *bench, dir string, q question) command
}

var askers = []asker{
	{"dekho", "dekho", func(b *bench, dir string, q question) command {
		return command{dir: b.tree, argv: []string{b.dekho, q.kind, "--store", dir, "--tree", b.tree, "--", q.what}}
	}},
	{"cscope", "cscope -bkq", func(b *bench, dir string, q question) command {
		field := map[string]string{"def": "-1", "refs": "-0", "callers": "-3", "grep": "-6"}[q.kind]
		return command{dir: b.tree, argv: []string{
			"cscope", "-d", "-k", "-q", "-f", filepath.Join(dir, "cscope.out"), "-L", field, q.what,
		}}
	}},
	{"global", "gtags", func(b *bench, dir string, q question) command {
		flags := map[string]string{"def": "-xd", "refs": "-xr", "callers": "-xr", "grep": "-xgE"}[q.kind]
		return command{
			dir: b.tree, env: []string{"GTAGSROOT=" + b.tree, "GTAGSDBPATH=" + dir},
			argv: []string{"global", flags, q.what},
		}
	}},
	{"readtags", "universal-ctags -R", func(b *bench, dir string, q question) command {
		if q.kind != "def" {
			return command{}
		}
		return command{dir: b.tree, argv: []string{"readtags", "-t", filepath.Join(dir, "tags"), q.what}}
	}},
	{"csearch", "cindex", func(b *bench, dir string, q question) command {
		if q.kind != "grep" {
			return command{}
		}
		return command{dir: b.tree, env: csearchEnv(dir), argv: []string{"csearch", "-n", q.what}}
	}},
	{"ripgrep", "", func(b *bench, _ string, q question) command {
		if q.kind != "grep" {
			return command{}
		}
		return command{dir: b.tree, argv: []string{"rg", "-n", "--no-ignore", "--hidden", "--", q.what, "."}}
	}},
}

// query asks every tool every question it has an answer to, from the start of
// the process to its end. Indexes that a former run left are used.
func (b *bench) query() (string, error) {
	t := table{header: []string{"", "", "wall", "peak memory", "rows", "wall ÷ dekho"}}
	for _, q := range questions {
		var base measurement
		label := q.kind + " `" + q.what + "`"
		for i := range askers {
			a := &askers[i]
			if !b.wants(a.tool) && !b.wants(a.name) {
				continue
			}
			dir, err := b.ensureIndex(a.tool)
			if err != nil {
				return "", err
			}
			c := a.ask(b, dir, q)
			if c.argv == nil {
				continue
			}
			c.noneIsOne = true
			say("%s: %s", a.name, label)
			m, err := c.median(b.runs)
			if err != nil {
				t.add(label, a.name, "failed: "+err.Error())
				continue
			}
			if a.name == "dekho" {
				base = m
			}
			t.add(label, a.name, milliseconds(m.wall), megabytes(m.peak), thousands(m.rows), ratio(m.wall, base.wall))
		}
	}
	return t.String(), nil
}

// ensureIndex makes a tool's index unless it is there, and returns its
// directory.
func (b *bench) ensureIndex(name string) (string, error) {
	for i := range tools {
		if tools[i].name != name {
			continue
		}
		dir := b.dir(&tools[i])
		if _, err := os.Stat(dir); err == nil {
			return dir, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		say("indexing with %s, for the queries", name)
		c := tools[i].build(b, dir)
		if _, err := c.measure(); err != nil {
			// The queries fail and say so.
			say("%s: %v", name, err)
		}
		return dir, nil
	}
	return "", nil
}
