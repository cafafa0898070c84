// Command bench measures dekho beside the tools that kernel engineers use
// today, on the same tree, in one run, and writes the figures with the machine
// they were taken on to docs/benchmarks. It is run from the top of the checkout
// by `make bench`. It judges nothing: a slow machine makes no failure.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	tree  string // the kernel tree, absolute
	work  string // where the indexes are written, one directory for each tool
	dekho string // the binary, absolute
	runs  int    // of each query
	only  []string
	stats treeStats
}

// phase is a part of the run; it returns its section of the report.
type phase struct {
	name string
	run  func(*bench) (string, error)
}

// phases in the order in which they run and are reported.
var phases = []phase{
	{"index", (*bench).index},
	{"query", (*bench).query},
	{"log", (*bench).log},
}

func main() {
	which := flag.String("phases", "", "which `phases` to run, of: index query log (default: all)")
	runs := flag.Int("runs", 5, "measure each query this often and take the median")
	only := flag.String("only", "", "measure only these `tools`, comma-separated")
	work := flag.String("work", "", "`directory` for the indexes")
	out := flag.String("out", "docs/benchmarks", "`directory` for the report")
	flag.Parse()
	if flag.NArg() != 1 || *work == "" || *runs < 1 {
		fmt.Fprintln(os.Stderr, "usage: bench -work DIRECTORY [OPTIONS] TREE")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *work, *out, *which, *only, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(tree, work, out, which, only string, runs int) error {
	b := &bench{runs: runs}
	if only != "" {
		b.only = strings.Split(only, ",")
	}
	var err error
	for _, p := range []struct {
		to   *string
		from string
	}{{&b.tree, tree}, {&b.work, work}, {&b.dekho, "dekho"}} {
		if *p.to, err = filepath.Abs(p.from); err != nil {
			return err
		}
	}
	wanted := strings.Fields(which)
	for _, w := range wanted {
		if !slices.ContainsFunc(phases, func(p phase) bool { return p.name == w }) {
			return fmt.Errorf("no phase %q: there are index, query and log", w)
		}
	}
	say("reading the tree into the page cache")
	if b.stats, err = readTree(b.tree); err != nil {
		return err
	}
	sections := map[string]string{}
	for _, p := range phases {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		if sections[p.name], err = p.run(b); err != nil {
			return err
		}
	}
	file, err := writeReport(b, out, time.Now(), sections)
	if err != nil {
		return err
	}
	say("wrote %s", file)
	return nil
}

// say tells the person who waits what is going on.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
