package bootlog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dekho/internal/testenv"
)

// The table of docs/findings.md stands between these lines.
const (
	tableBegin = "<!-- the table is made by go test ./internal/diag/bootlog -run TestDocs -update -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

// TestDocs holds docs/findings.md against the table of knowledge.
func TestDocs(t *testing.T) {
	file := filepath.Join(testenv.Root(t), "docs", "findings.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(data, []byte(tableBegin))
	old, after, end := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !end {
		t.Fatal("the lines around the table are missing")
	}
	table := docs()
	switch {
	case *update:
		text := string(before) + tableBegin + table + tableEnd + string(after)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // documentation
			t.Fatal(err)
		}
	case string(old) != table:
		t.Error("docs/findings.md is not up to date: run go test ./internal/diag/bootlog -run TestDocs -update")
	}
}

// docs is the table of the kinds of findings.
func docs() string {
	var sb strings.Builder
	sb.WriteString("| id | at worst | what it means | how it is told |\n| --- | --- | --- | --- |\n")
	for _, e := range Knowledge() {
		if e.harmless {
			continue
		}
		fmt.Fprintf(&sb, "| `%s` | %s | %s | %s |\n", e.ID, e.Severity, e.Meaning, told(e))
	}
	return sb.String()
}

// told says by what an entry is recognised.
func told(e *Entry) string {
	const most = 4
	var said []string
	quoted := func(what string, list []string) {
		if len(list) == 0 {
			return
		}
		more := ""
		if len(list) > most {
			more = fmt.Sprintf(" and %d more", len(list)-most)
			list = list[:most]
		}
		said = append(said, what+"“"+strings.Join(list, "”, “")+"”"+more)
	}
	var needles []string
	seen := make(map[string]bool)
	for _, r := range e.Rules {
		if n := strings.Trim(r.Needle, " :,"); !seen[n] {
			seen[n] = true
			needles = append(needles, n)
		}
	}
	quoted("", needles)
	if e.Resource != NoResource || e == initFailed || e == probeFailed {
		said = append(said, "what drivers say in words of their own")
	}
	quoted("crash reports ", e.Reports)
	switch {
	case e == serialCorruption:
		said = append(said, "bytes that are no text")
	case e == timeBackwards:
		said = append(said, "time stamps")
	case e == otherCrash:
		said = append(said, "other crash reports")
	case len(said) == 0 || e == panicked:
		said = append(said, "how the boot ended")
	}
	return strings.Join(said, "; ")
}
