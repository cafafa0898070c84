package e2e

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// partDirs are the part of the kernel on which other tools are run beside this
// one.
var partDirs = []string{"kernel", "mm", "fs/ext4", "include/linux", "drivers/tty"}

// part is a tree of a part of the kernel, indexed.
func (k *kernel) part(t *testing.T) *client {
	t.Helper()
	c := k.client(t, map[string]string{"Kbuild": ""})
	for _, dir := range partDirs {
		if err := os.CopyFS(filepath.Join(c.dir, dir), os.DirFS(filepath.Join(k.tree, dir))); err != nil {
			t.Fatal(err)
		}
	}
	c.run(t, "dekho", "index", "-q", ".")
	return c
}

// dialogue is line mode of a program of cscope's kind.
type dialogue struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func (c *client) dialogue(t *testing.T, program string, args ...string) *dialogue {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	in, out := startPiped(t, cmd)
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &dialogue{in, bufio.NewReaderSize(out, 1<<20)}
}

// ask asks a question and returns the lines of the answer.
func (d *dialogue) ask(t *testing.T, query string) []string {
	t.Helper()
	if _, err := fmt.Fprintln(d.in, query); err != nil {
		t.Fatal(err)
	}
	for {
		line, err := d.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for strings.HasPrefix(line, ">> ") {
			line = line[3:]
		}
		if strings.HasPrefix(line, "Unable to search") {
			return nil
		}
		var n int
		if _, err := fmt.Sscanf(line, "cscope: %d lines", &n); err != nil {
			continue
		}
		lines := make([]string, n)
		for i := range lines {
			if lines[i], err = d.out.ReadString('\n'); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			lines[i] = strings.TrimSuffix(lines[i], "\n")
		}
		return lines
	}
}

var word = regexp.MustCompile(`[A-Za-z_]\w{2,}`)

// keywords are what no tool takes for a name.
var keywords = strings.Fields(`auto break case char const continue default do double else enum extern float for goto if inline int long
	register return short signed sizeof static struct switch typedef union unsigned void volatile while define include ifdef ifndef endif
	defined pragma undef error elif line`)

// drawNames draws n names that stand in the part, and some of the most common.
func drawNames(t *testing.T, dir string, n, common int) []string {
	t.Helper()
	count := make(map[string]int)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".c" && filepath.Ext(path) != ".h" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, w := range word.FindAll(text, -1) {
			count[string(w)]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(count))
	for name := range count {
		if !slices.Contains(keywords, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rnd := rand.New(rand.NewPCG(1, 6))
	rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	drawn := slices.Clone(names[:n])
	slices.SortStableFunc(names, func(a, b string) int { return count[b] - count[a] })
	names = names[:common*6]
	rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return append(drawn, names[:common]...)
}

// cscopeError is the class of errors that a line belongs to which cscope gives
// and this program does not; "" if it is no error of cscope's. It takes C apart
// without regard for macros and declarators. Universal-ctags is asked whether a
// name is defined in a line.
func cscopeError(q byte, name, line string, tags map[string]string, functions map[string]bool) string {
	f := strings.SplitN(line, " ", 4)
	if len(f) < 4 {
		return ""
	}
	path, text, quoted := f[0], f[3], regexp.QuoteMeta(name)
	is := func(pattern string) bool { return regexp.MustCompile(pattern).MatchString(text) }
	switch q {
	case '1':
		if _, defined := tags[name+" "+path+" "+f[2]]; defined {
			return ""
		}
		if is(`\b(struct|union|enum) ` + quoted + ` ?;`) {
			return "a forward declaration"
		}
		return "no definition, for universal-ctags neither"
	case '2':
		if !functions[name] {
			return "the asking name is no function or macro"
		}
	case '3':
		switch {
		case is(`## ?` + quoted):
			return "a name pasted together"
		case is(`^(extern )?\w+[ *]+(\w+[ *]+)*` + quoted + ` ?\([^;{]*\)?;?`):
			return "a prototype"
		case is(`\b` + quoted + ` ?\(`):
			return "in #if 0, or of a macro's parameter with the name of a function"
		}
	}
	return ""
}

// TestAgainstCscope has cscope itself answer every query for names drawn from a
// part of the kernel. Every line that it finds must be in this program's answer,
// or be of a class of errors that has been looked at.
func TestAgainstCscope(t *testing.T) {
	cscope := testenv.Program(t, "cscope", "cscope")
	k := testKernel(t)
	c := k.part(t)
	ref := filepath.Join(t.TempDir(), "ref.out")
	c.run(t, cscope, "-Rbkq", "-f", ref)
	theirs, ours := c.dialogue(t, cscope, "-dlq", "-f", ref), c.dialogue(t, k.bin, "cscope", "-dl")
	tags := readTags(c.run(t, testenv.Program(t, "ctags", "universal-ctags"), "-R", "--languages=C,C++", "--fields=+n", "-f", "-", "."))
	functions := make(map[string]bool)
	for key, tag := range tags {
		if tag[0] == 'f' || tag[0] == 'd' {
			name, _, _ := strings.Cut(key, " ")
			functions[name] = true
		}
	}
	names := drawNames(t, c.dir, 200, 10)
	files := []string{"sched.h", "linux/sched.h", "ext4.h", "tty", "super.c", "slab.h", "acpi", "mm.h", "list", "trace.h"}
	for _, q := range []byte("012346789") {
		var found, same, missing, more int
		classes := make(map[string]int)
		patterns := names
		switch q {
		case '7', '8':
			patterns = files
		case '4', '6':
			patterns = names[:60]
		}
		for _, name := range patterns {
			query := string(q) + name
			have := make(map[string]bool)
			for _, line := range ours.ask(t, query) {
				have[lineKey(q, line)] = true
			}
			seen := make(map[string]bool)
			for _, line := range theirs.ask(t, query) {
				key := lineKey(q, line)
				if seen[key] {
					continue
				}
				seen[key] = true
				found++
				if have[key] {
					same++
					continue
				}
				class := cscopeError(q, name, line, tags, functions)
				if class == "" {
					if missing++; missing <= 10 {
						t.Errorf("query %c, %s: cscope finds %s", q, name, line)
					}
				}
				classes[class]++
			}
			for key := range have {
				if !seen[key] {
					more++
				}
			}
		}
		fmt.Printf("against cscope, query %c: %d patterns; cscope finds %d lines, dekho %d of these (%.2f %%) and %d others; not: %v\n",
			q, len(patterns), found, same, 100*float64(same)/float64(max(found, 1)), more, classes)
	}
}

// lineKey is what makes lines of answers the same: the place, and of called
// functions which one.
func lineKey(q byte, line string) string {
	f := strings.SplitN(line, " ", 4)
	if len(f) < 4 {
		return line
	}
	if q == '2' {
		return f[0] + " " + f[1] + " " + f[2]
	}
	return f[0] + " " + f[2]
}

// TestCscopeTimes prints how long answers about the whole kernel take.
func TestCscopeTimes(t *testing.T) {
	k := testKernel(t)
	c := k.client(t, nil)
	for _, args := range [][]string{{"-dL1", "vfs_read"}, {"-dL3", "kfree"}, {"-dL0", "kfree"}, {"-dL4", "Attempted to kill init"}} {
		times := make([]time.Duration, 7)
		for i := range times {
			start := time.Now()
			c.run(t, k.bin, append([]string{"cscope", "--tree", k.tree}, args...)...)
			times[i] = time.Since(start)
		}
		fmt.Printf("dekho cscope %s: %.1f ms\n", strings.Join(args, " "), middle(times).Seconds()*1000)
	}
	d := c.dialogue(t, k.bin, "cscope", "--tree", k.tree, "-dl")
	var times []time.Duration
	for _, q := range []string{"1vfs_read", "0vfs_read", "2vfs_read", "3vfs_read", "7fs/ext4/super.c", "9f_op", "1tty_open", "3tty_open", "0NR_OPEN_MAX", "8linux/tty_flip.h"} {
		d.ask(t, q)
		start := time.Now()
		n := len(d.ask(t, q))
		times = append(times, time.Since(start))
		fmt.Printf("line mode %s: %d lines in %.1f ms\n", q, n, times[len(times)-1].Seconds()*1000)
	}
	fmt.Printf("line mode: median %.1f ms\n", middle(times).Seconds()*1000)
}
