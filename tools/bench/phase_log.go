package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// longLog is the least number of lines of the long log.
const longLog = 200_000

// log measures the explanation of captured boots, and of a long log made of
// them. No other tool does this.
func (b *bench) log() (string, error) {
	dir, err := b.ensureIndex("dekho")
	if err != nil {
		return "", err
	}
	captures, err := filepath.Glob("testdata/captures/*.log")
	if err != nil {
		return "", err
	}
	all, err := os.Create(filepath.Join(b.work, "long.log"))
	if err != nil {
		return "", err
	}
	defer os.Remove(all.Name()) //nolint:errcheck // a temporary file
	var logs []string
	for lines := 0; lines < longLog && len(captures) > 0; {
		for _, file := range captures {
			data, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			lines += bytes.Count(data, []byte{'\n'})
			if _, err := all.Write(data); err != nil {
				return "", err
			}
		}
	}
	if err := all.Close(); err != nil {
		return "", err
	}
	for _, file := range append(captures, all.Name()) {
		path, err := filepath.Abs(file)
		if err != nil {
			return "", err
		}
		logs = append(logs, path)
	}

	t := table{header: []string{"", "lines", "wall", "lines/s", "CPU", "peak memory"}}
	for _, file := range logs {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		lines := bytes.Count(data, []byte{'\n'})
		name := filepath.Base(file)
		say("dekho: log %s", name)
		c := command{dir: b.tree, argv: []string{b.dekho, "log", "--store", dir, "--tree", b.tree, "--json", file}}
		m, err := c.median(b.runs)
		if err != nil {
			t.add(name, thousands(lines), "failed: "+err.Error())
			continue
		}
		t.add(name, thousands(lines), milliseconds(m.wall), thousands(int(float64(lines)/m.wall.Seconds())),
			seconds(m.cpu), megabytes(m.peak))
	}
	return fmt.Sprintf("`dekho log --json`; %s is the others, again and again.\n\n", filepath.Base(all.Name())) + t.String(), nil
}
