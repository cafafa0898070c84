package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"dekho/internal/workbench"
)

// IndexText says what a run of indexing did.
func IndexText(w io.Writer, style Style, root string, s *workbench.IndexStats) error {
	total := time.Duration(0)
	for _, p := range s.Phases {
		total += p.Time
	}
	l := &line{style: &style}
	l.put(inkPath, root)
	l.put("", ": ")
	switch {
	case s.Unchanged:
		l.tail("", "unchanged, ")
	case s.Read < s.Files:
		l.tail("", thousands(s.Read)+" read, ")
	}
	l.tail("", fmt.Sprintf("%s, %s; index %s; %.2f s", count(s.Files, "file"), megabytes(s.Bytes), megabytes(s.IndexBytes), total.Seconds()))
	skipped := 0
	for _, n := range s.Skipped {
		skipped += n
	}
	if skipped > 0 {
		l.tail("", "; "+thousands(skipped)+" left out (dekho index --stat says why)")
	}
	l.buf = append(l.buf, '\n')
	for _, note := range s.Notes {
		l.tail(inkWarn, "note: "+note)
		l.buf = append(l.buf, '\n')
	}
	_, err := w.Write(l.buf)
	return err
}

// IndexJSON is IndexText as a JSON object.
func IndexJSON(w io.Writer, root string, s *workbench.IndexStats) error {
	return json.NewEncoder(w).Encode(struct {
		Root string `json:"root"`
		*workbench.IndexStats
	}{root, s})
}

// TreesText lists the trees of a store.
func TreesText(w io.Writer, style Style, list []workbench.IndexedTree) error {
	l := &line{style: &style}
	name, kernel := 0, 0
	for i := range list {
		name, kernel = max(name, len(list[i].Name)), max(kernel, len(list[i].Kernel))
	}
	for i := range list {
		t := &list[i]
		if t.Err != nil {
			l.tail(inkBad, "unusable: "+t.Err.Error())
		} else {
			l.put(inkName, fmt.Sprintf("%-*s", name, t.Name))
			l.put("", fmt.Sprintf("  %-*s  %9s files  %9s  %s  ", kernel, t.Kernel, thousands(t.Files), megabytes(t.Stats.IndexBytes), t.Indexed.Format("2006-01-02 15:04")))
			l.tail(inkPath, t.Root)
		}
		l.buf = append(l.buf, '\n')
		l.cols, l.full = 0, false
	}
	_, err := w.Write(l.buf)
	return err
}

// TreesJSON is TreesText as JSON, a tree a line.
func TreesJSON(w io.Writer, list []workbench.IndexedTree) error {
	enc := json.NewEncoder(w)
	for i := range list {
		var err error
		if t := &list[i]; t.Err != nil {
			err = enc.Encode(map[string]string{"error": t.Err.Error()})
		} else {
			err = enc.Encode(&t.Info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// StatText says what is in an index and what is not.
func StatText(w io.Writer, style Style, info *workbench.TreeInfo, skipped []workbench.Skip) error {
	l := &line{style: &style}
	row := func(label, value string) {
		l.put(inkHeader, fmt.Sprintf("%-10s", label))
		l.tail("", value)
		l.buf = append(l.buf, '\n')
		l.cols, l.full = 0, false
	}
	row("Tree", info.Root)
	row("Name", info.Name)
	if info.Kernel != "" {
		row("Kernel", info.Kernel)
	}
	row("Indexed", info.Indexed.Format(time.RFC3339))
	row("Files", thousands(info.Files)+", "+megabytes(info.Bytes))
	row("Index", fmt.Sprintf("%s in %s", megabytes(info.Stats.IndexBytes), count(info.Stats.Segments, "segment")))
	row("Last run", fmt.Sprintf("%s read, %s extracted, by %s", count(info.Stats.Read, "file"), thousands(info.Stats.Extracted), count(info.Stats.Workers, "worker")))
	for _, p := range info.Stats.Phases {
		row("", fmt.Sprintf("%-9s %8.3f s", p.Name, p.Time.Seconds()))
	}
	if len(info.Stats.Sections) > 0 {
		sections := slices.Clone(info.Stats.Sections)
		slices.SortStableFunc(sections, func(a, b workbench.SectionSize) int { return cmp.Compare(b.Bytes, a.Bytes) })
		for i, s := range sections {
			label := ""
			if i == 0 {
				label = "Written"
			}
			row(label, fmt.Sprintf("%-9s %9s", s.Name, megabytes(s.Bytes)))
		}
	}
	reasons := slices.Sorted(maps.Keys(info.Skipped))
	for i, r := range reasons {
		label := ""
		if i == 0 {
			label = "Left out"
		}
		row(label, fmt.Sprintf("%s: %s", r, thousands(info.Skipped[r])))
	}
	for _, n := range info.Stats.Notes {
		row("Note", n)
	}
	for i := range skipped {
		l.put("", "  ")
		l.tail("", skipped[i].String())
		l.buf = append(l.buf, '\n')
		l.cols, l.full = 0, false
	}
	_, err := w.Write(l.buf)
	return err
}

// StatJSON is StatText as a JSON object.
func StatJSON(w io.Writer, info *workbench.TreeInfo, skipped []workbench.Skip) error {
	type skip struct {
		Path   string `json:"path"`
		Reason string `json:"reason"`
		Detail string `json:"detail,omitempty"`
	}
	list := make([]skip, len(skipped))
	for i, s := range skipped {
		list[i] = skip{s.Path, s.Reason.String(), s.Detail}
	}
	return json.NewEncoder(w).Encode(struct {
		*workbench.TreeInfo
		LeftOut []skip `json:"left_out"`
	}{info, list})
}

func megabytes(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return thousands(n/1e6) + " MB"
}

// Version is what is known of the running program.
type Version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// VersionText writes the version for people.
func VersionText(w io.Writer, v *Version) error {
	rev := ""
	if v.Revision != "" {
		rev = " " + v.Revision[:min(12, len(v.Revision))]
		if v.Modified {
			rev += " (modified)"
		}
	}
	_, err := fmt.Fprintf(w, "dekho %s%s, %s, %s\n", v.Version, rev, v.Go, v.Platform)
	return err
}

// VersionJSON writes the version as a JSON object.
func VersionJSON(w io.Writer, v *Version) error { return json.NewEncoder(w).Encode(v) }
