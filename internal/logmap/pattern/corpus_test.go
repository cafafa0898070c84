package pattern

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// A crude extractor of formats, good enough to measure with: the string
// literals of calls that print, with the file's pr_fmt in front.

var prefixPart = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\w+`)

// prints reports whether a function of that name looks like one that prints,
// and whether it puts the device in front.
func prints(name string) (ok, device bool) {
	for _, p := range []string{"dev_", "netdev_", "netif_", "drm_", "DRM_"} {
		if strings.HasPrefix(name, p) {
			return true, p != "DRM_"
		}
	}
	if strings.HasPrefix(name, "pr_") || strings.HasPrefix(name, "printk") || name == "panic" || strings.HasPrefix(name, "WARN") {
		return true, false
	}
	for _, p := range []string{"_err", "_warn", "_info", "_dbg", "_debug", "_printk", "_msg", "_print", "_notice", "_log"} {
		if strings.HasSuffix(name, p) {
			return true, false
		}
	}
	return false, false
}

// corpusFormat is one format of the corpus.
type corpusFormat struct {
	text   []byte
	device bool // "driver device: " in front
}

// crudeFormats extracts the formats of one file.
func crudeFormats(path string, src []byte, dst []corpusFormat) []corpusFormat {
	prefix := ""
	if _, body, ok := bytes.Cut(src, []byte("#define pr_fmt(fmt)")); ok {
		body, _, _ = bytes.Cut(body, []byte("\n"))
		prefix = literalPrefix(string(body), path)
	}
	for i := 1; i < len(src); i++ {
		if src[i] != '(' {
			continue
		}
		start := i
		for start > 0 && (isAlnum(src[start-1]) || src[start-1] == '_') {
			start--
		}
		if start == i {
			continue
		}
		name := string(src[start:i])
		ok, device := prints(name)
		if !ok {
			continue
		}
		text, ok := firstLiteral(src[i+1 : min(len(src), i+2000)])
		if !ok || len(text) == 0 {
			continue
		}
		if prefix != "" && strings.HasPrefix(name, "pr_") {
			text = append([]byte(prefix), text...)
		}
		dst = append(dst, corpusFormat{text, device})
	}
	return dst
}

// literalPrefix is what a pr_fmt body prints before the format.
func literalPrefix(body, path string) string {
	body, _, _ = strings.Cut(body, "fmt")
	var b strings.Builder
	for _, part := range prefixPart.FindAllString(body, -1) {
		switch {
		case part[0] == '"':
			b.Write(unescape([]byte(part[1 : len(part)-1])))
		case part == "KBUILD_MODNAME":
			b.WriteString(strings.TrimSuffix(filepath.Base(path), ".c"))
		}
	}
	return b.String()
}

// firstLiteral joins the first adjacent string literals of an argument list.
func firstLiteral(b []byte) ([]byte, bool) {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return nil, false
			}
		case ';', '{', '}':
			return nil, false
		case '"':
			if depth > 0 {
				return nil, false
			}
			var text []byte
			for i < len(b) && b[i] == '"' {
				j := i + 1
				for j < len(b) && b[j] != '"' {
					if b[j] == '\\' {
						j++
					}
					j++
				}
				if j >= len(b) {
					return nil, false
				}
				text = append(text, unescape(b[i+1:j])...)
				for i = j + 1; i < len(b) && isBlank(b[i]); i++ {
				}
			}
			return text, true
		}
	}
	return nil, false
}

func unescape(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case '0', '1', '2', '3':
			v := 0
			for k := 0; k < 3 && i < len(b) && b[i] >= '0' && b[i] <= '7'; k++ {
				v = v*8 + int(b[i]-'0')
				i++
			}
			i--
			out = append(out, byte(v))
		default:
			out = append(out, b[i])
		}
	}
	return out
}

// devicePrefix is what dev_printk puts before a format.
var devicePrefix = []Elem{{Kind: String}, Lit(" "), {Kind: String}, Lit(": ")}

var (
	corpusOnce sync.Once
	corpusAll  [][]Elem
)

// corpus returns the formats of the tree.
func corpus(tree string) [][]Elem {
	corpusOnce.Do(func() { corpusAll = readCorpus(tree) })
	return corpusAll
}

func readCorpus(tree string) [][]Elem {
	var formats []corpusFormat
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".c") && !strings.HasSuffix(path, ".h") {
			return err
		}
		src, err := os.ReadFile(path)
		formats = crudeFormats(path, src, formats)
		return err
	})
	if err != nil {
		return nil
	}
	var all [][]Elem
	for _, f := range formats {
		elems, err := ParseFormat(f.text)
		if err != nil {
			continue
		}
		all = append(all, elems)
		if f.device {
			all = append(all, append(devicePrefix[:len(devicePrefix):len(devicePrefix)], elems...))
		}
	}
	return all
}

// openEnded reports whether a format lacks the newline at its end.
func openEnded(elems []Elem) bool {
	last := elems[len(elems)-1]
	return last.Kind != Literal || !bytes.HasSuffix(last.Text, []byte("\n"))
}

// corpusBuilder returns a builder with the formats of the tree, enlarged by
// formats made up to the size wanted.
func corpusBuilder(tb testing.TB, size int) (*Builder, [][]Elem) {
	all := corpus(testenv.KernelTree(tb))
	if len(all) == 0 {
		tb.Fatal("no formats in the tree")
	}
	b := NewBuilder(len(all))
	for _, elems := range all {
		b.Add(elems, openEnded(elems))
	}
	for i := 0; b.Len() < size; i++ {
		elems := all[i%len(all)]
		elems = append([]Elem{Lit(fmt.Sprintf("drv%d: ", i/7))}, elems...)
		all = append(all, elems)
		b.Add(elems, openEnded(elems))
	}
	return b, all
}

var (
	truthMark = regexp.MustCompile(`@@[^@]*@@`)
	timestamp = regexp.MustCompile(`^\[ *\d+\.\d+\] `)
)

// bootLines are the lines of the kernel in the truth logs, marks and time
// stamps removed.
func bootLines(tb testing.TB) [][]byte {
	dir := testenv.Shared(tb, "truth", "logs")
	names, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(names) == 0 {
		tb.Skip("SKIPPED: no truth logs")
	}
	var lines [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, line := range bytes.Split(data, []byte("\n")) {
			line = bytes.TrimRight(line, "\r")
			if !bytes.Contains(line, []byte("@@")) {
				continue
			}
			line = truthMark.ReplaceAll(line, nil)
			line = timestamp.ReplaceAll(line, nil)
			lines = append(lines, line)
		}
	}
	return lines
}

func BenchmarkBuild(b *testing.B) {
	_, all := corpusBuilder(b, 250_000)
	b.ResetTimer()
	start := cpuTime()
	for b.Loop() {
		bld := NewBuilder(250_000)
		for _, elems := range all {
			bld.Add(elems, openEnded(elems))
		}
		if _, err := bld.WriteTo(discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime()-start).Milliseconds())/float64(b.N), "cpu-ms/op")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// cpuTime is the time the process has computed: on a busy machine it says more
// than the time that passed.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano())
}

func BenchmarkFind(b *testing.B) {
	bld, _ := corpusBuilder(b, 250_000)
	s := openBuilt(b, bld)
	lines := bootLines(b)
	m := s.NewMatcher()
	var hits []Hit
	var found, none, candidates, bytes int
	for _, line := range lines {
		hits = m.Find(line, hits[:0])
		found += len(hits)
		if len(hits) == 0 {
			none++
		}
		m.Candidates(line, func(PatternID) { candidates++ })
		bytes += len(line)
	}
	n := float64(len(lines))
	b.ResetTimer()
	start := cpuTime()
	i := 0
	for b.Loop() {
		hits = m.Find(lines[i], hits[:0])
		if i++; i == len(lines) {
			i = 0
		}
	}
	cpu := cpuTime() - start
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/cpu.Seconds(), "lines/cpu-s")
	b.ReportMetric(float64(candidates)/n, "candidates/line")
	b.ReportMetric(float64(found)/n, "hits/line")
	b.ReportMetric(float64(none)/n, "unmatched/line")
	b.ReportMetric(float64(s.Len()), "patterns")
	b.ReportMetric(float64(s.Weak()), "weak")
	b.ReportMetric(float64(s.size()), "bytes")
}

func BenchmarkFindWeak(b *testing.B) {
	bld, _ := corpusBuilder(b, 250_000)
	s := openBuilt(b, bld)
	lines := bootLines(b)
	m := s.NewMatcher()
	var hits []Hit
	tried, found := 0, 0
	for _, line := range lines {
		sig := textSignature(line)
		for w := s.weak; len(w) >= weakSize; w = w[weakSize:] {
			if weakFits(w, &sig) {
				tried++
			}
		}
		found += len(m.FindWeak(line, hits[:0]))
	}
	n := float64(len(lines))
	start := cpuTime()
	i := 0
	for b.Loop() {
		hits = m.FindWeak(lines[i], hits[:0])
		if i++; i == len(lines) {
			i = 0
		}
	}
	cpu := cpuTime() - start
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(found)/n, "hits/line")
	b.ReportMetric(float64(tried)/n, "tried/line")
}

// size is the number of bytes of the set.
func (s *Set) size() int {
	return headerSize + len(s.offsets) + len(s.spec) + len(s.bitmap) + len(s.slots) + len(s.postings) + len(s.weak) + len(s.code)
}
