package index

// What a run did and what it took.

import (
	"time"

	"dekho/internal/store"
)

// Stats says what a run of Update did and what it cost.
type Stats struct {
	// Unchanged means that the index was up to date and was left alone.
	Unchanged bool `json:"unchanged,omitempty"`
	// Files and Bytes count the tree, without what was skipped.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
	// Read counts files whose content was read, Extracted those whose facts
	// were not known from any tree in the store.
	Read      int   `json:"read"`
	ReadBytes int64 `json:"read_bytes"`
	Extracted int   `json:"extracted"`
	// Removed counts files of the previous index that are gone.
	Removed int `json:"removed,omitempty"`
	// Skipped counts what was left out, by reason.
	Skipped map[string]int `json:"skipped,omitempty"`
	// Phases is the wall time of each phase, in order.
	Phases []PhaseTime `json:"phases"`
	// Workers is how many goroutines extracted.
	Workers int `json:"workers"`
	// Segments is how many segments the tree uses; IndexBytes is the size of
	// these, of the artifacts and of the manifest. Segments may be shared with
	// other trees.
	Segments   int   `json:"segments"`
	IndexBytes int64 `json:"index_bytes"`
	// Sections is what was written, summed over the new segments and artifacts.
	Sections []store.SectionSize `json:"sections,omitempty"`
	// Notes are things a person should know, such as an index that was damaged
	// and had to be rebuilt.
	Notes []string `json:"notes,omitempty"`
}

// PhaseTime is the wall time of a phase.
type PhaseTime struct {
	Name string        `json:"name"`
	Time time.Duration `json:"ns"`
}

// The phases of Update.
const (
	PhaseLock    = "lock"    // waiting for another indexer
	PhaseOpen    = "open"    // reading and checking the previous index
	PhaseWalk    = "walk"    // listing the tree
	PhaseCompare = "compare" // finding what changed
	PhaseExtract = "extract" // reading and extracting what changed
	PhaseWrite   = "write"   // writing the segments that remained in memory
	PhaseLink    = "link"    // running the linkers
	PhasePublish = "publish" // syncing and renaming
)

// Progress says how far Update is.
type Progress struct {
	Phase      string
	Files      int // done
	TotalFiles int // to do; 0 if not known yet
	Bytes      int64
	TotalBytes int64
}

// phases measures the wall time of phases that follow each other.
type phases struct {
	list  []PhaseTime
	start time.Time
	now   func() time.Time
}

// next ends the running phase, if any, and starts one.
func (p *phases) next(name string) {
	p.end()
	p.list = append(p.list, PhaseTime{Name: name})
}

func (p *phases) end() {
	t := p.now()
	if n := len(p.list); n > 0 && !p.start.IsZero() {
		p.list[n-1].Time = t.Sub(p.start)
	}
	p.start = t
}

// addSections adds the sizes of a file's sections to a list by name.
func addSections(list, more []store.SectionSize) []store.SectionSize {
next:
	for _, s := range more {
		for i := range list {
			if list[i].Name == s.Name {
				list[i].Bytes += s.Bytes
				continue next
			}
		}
		list = append(list, s)
	}
	return list
}
