package klog

import (
	"strings"
	"time"
)

// This file cuts the sequence of records into boots.

// Fact is something a boot says about itself, with the record that says it.
type Fact struct {
	Value      string
	Quote      string // the record's text
	Line       int
	Start, End int64
}

// Known reports whether the fact was found.
func (f *Fact) Known() bool { return f.Line != 0 }

// Boot is one run of the machine: firmware, boot loader, kernel, user space,
// as much of it as the capture holds. A capture that starts in the middle
// starts with a boot whose start is missing.
type Boot struct {
	Number int // from 1
	// Kernel says that a kernel ran; a boot without one is firmware and boot
	// loader alone.
	Kernel bool
	// StartMissing says that the capture begins after the kernel's start.
	StartMissing bool

	FirstLine, LastLine int   // physical lines
	Start, End          int64 // bytes of the capture
	Records             int64
	KernelRecords       int64

	// FirstTime and LastTime are the least and greatest kernel time seen, if
	// HasTime.
	HasTime             bool
	FirstTime, LastTime time.Duration

	// Version is the kernel's release ("6.1.0-18-amd64"); its Quote is the
	// whole banner.
	Version Fact
	// Machine is the board or computer, as device tree or DMI name it.
	Machine Fact
	// CommandLine is the kernel's command line.
	CommandLine Fact
}

type segmenter struct {
	boots []Boot
}

func (s *segmenter) init() {}

func (s *segmenter) list() []Boot { return append([]Boot(nil), s.boots...) }

// place gives the record its boot, and what the boots tell about it.
func (s *segmenter) place(rec *Record) {
	if len(s.boots) == 0 || s.starts(rec) {
		s.boots = append(s.boots, Boot{Number: len(s.boots) + 1, FirstLine: rec.Line, Start: rec.Start})
	}
	b := &s.boots[len(s.boots)-1]
	rec.Boot = b.Number
	b.LastLine, b.End = rec.Line, rec.End
	b.Records++
	if rec.HasTime {
		if !b.HasTime {
			b.HasTime, b.FirstTime = true, rec.Time
		}
		b.LastTime = max(b.LastTime, rec.Time)
	}
	if rec.Origin == OriginKernel {
		b.KernelRecords++
		b.Kernel = true
	}
	if v, ok := strings.CutPrefix(rec.Text, "Linux version "); ok && !b.Version.Known() {
		v, _, _ = strings.Cut(v, " ")
		b.Version = Fact{v, rec.Text, rec.Line, rec.Start, rec.End}
	}
}

func (s *segmenter) starts(rec *Record) bool {
	b := &s.boots[len(s.boots)-1]
	return strings.HasPrefix(rec.Text, "Linux version ") && b.Version.Known() ||
		rec.HasTime && b.HasTime && rec.Time < time.Second && b.LastTime > rec.Time+2*time.Second
}
