package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// writeReport writes the sections into the report of the day; what an earlier
// run of the same day found in other phases stays.
func writeReport(b *bench, dir string, day time.Time, sections map[string]string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file := filepath.Join(dir, day.Format(time.DateOnly)+".md")
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return "", err
	}
	for _, s := range strings.Split(string(old), "\n## ")[1:] {
		name, body, _ := strings.Cut(s, "\n")
		if _, ok := sections[name]; !ok {
			sections[name] = strings.Trim(body, "\n") + "\n"
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "# Benchmarks, %s\n\n", day.Format(time.DateOnly))
	fmt.Fprintf(&text, "Made by `make bench`: everything on one machine, on the same tree, one after the other, page cache warm.\n"+
		"\"÷ dekho\" is how many times dekho's time the other took. Peak memory is that of the largest process; less than\n"+
		"about 10 MB cannot be told apart. Queries are the median of %d runs, from the start of the process to its end.\n\n", b.runs)
	fmt.Fprintf(&text, "- Machine: %s\n- Tree: %s, %s files, %.2f GB\n- Tools: %s\n",
		machine(), filepath.Base(b.tree), thousands(b.stats.files), float64(b.stats.bytes)/1e9, strings.Join(versions(), "; "))
	for _, p := range phases {
		if body, ok := sections[p.name]; ok {
			fmt.Fprintf(&text, "\n## %s\n\n%s", p.name, body)
		}
	}
	return file, os.WriteFile(file, []byte(text.String()), 0o644)
}

// machine describes what was measured on, without naming the host.
func machine() string {
	model := field("/proc/cpuinfo", "model name")
	if model == "" {
		model = runtime.GOARCH
	}
	var kib int64
	// A machine without /proc leaves the amount of memory out.
	_, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kib)
	memory := ""
	if err == nil {
		memory = fmt.Sprintf(", %.0f GB of memory", float64(kib)*1024/1e9)
	}
	release := ""
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		release = ", Linux " + strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%s, %d cores%s%s", model, runtime.NumCPU(), memory, release)
}

// field is the value of the first "key : value" line of a file.
func field(file, key string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// versions names what was measured: the first line each tool says about
// itself, or its Debian package where it says nothing.
func versions() []string {
	var all []string
	for _, argv := range [][]string{
		{"./dekho", "version"},
		{"cscope", "--version"},
		{"gtags", "--version"},
		{"ctags", "--version"},
		{"dpkg-query", "-W", "-f", "${Package} ${Version}", "codesearch"},
		{"rg", "--version"},
	} {
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		line, _, _ := strings.Cut(string(out), "\n")
		line, _, _ = strings.Cut(line, ",")
		if err == nil && line != "" {
			all = append(all, strings.Replace(line, ": ", " ", 1))
		}
	}
	return append(all, runtime.Version())
}

// table is a Markdown table.
type table struct {
	header []string
	rows   [][]string
}

func (t *table) add(cells ...string) {
	row := make([]string, len(t.header))
	copy(row, cells)
	for i := range row {
		row[i] = strings.ReplaceAll(row[i], "|", `\|`)
	}
	t.rows = append(t.rows, row)
}

func (t *table) String() string {
	var s strings.Builder
	line := func(cells []string) { fmt.Fprintf(&s, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.header)
	rule := make([]string, len(t.header))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	return s.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

// ratio is how many times base d is; nothing without a base.
func ratio(d, base time.Duration) string {
	if base <= 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", float64(d)/float64(base))
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
