// Package klog reads console captures and kernel logs: Log → Boot → Record.
//
// It takes what engineers have at hand, in any mixture: dmesg output in all its
// time formats, /dev/kmsg, journalctl -k, syslog files, serial captures with
// terminal control sequences and the time stamps of capture tools in front,
// compressed or not. Reader cuts the capture into records, in one pass and in
// bounded memory: a capture may be larger than memory, or never end.
//
// Nothing is lost: the byte ranges of the records, in order, cover the
// decompressed capture exactly. What a record says beyond its text (time,
// level, caller, origin) is taken off its front, never guessed silently: what
// the capture does not tell stays unknown.
package klog

import "time"

// Record is one line of the capture, or one part of it where several writers
// share a physical line ("login: [   12.3] usb 1-1: ..." is two records).
type Record struct {
	// Text is the message: all prefixes, the line end and terminal control
	// sequences removed, white space printed by the writer kept. Bytes that
	// are not UTF-8 stay as they are (FlagInvalidUTF8).
	//
	// It is one line, except where the capture's format carries several lines
	// in one record (/dev/kmsg, journal JSON): there it holds '\n'.
	Text string
	// Caller is the CONFIG_PRINTK_CALLER column without padding: "T1" (task
	// 1), "C0" (CPU 0), or what a vendor kernel prints in its place; "" if
	// the capture has none.
	Caller string
	// Dict holds the KEY=value pairs the kernel attached to the record, for
	// captures that carry them (/dev/kmsg, journal JSON); else nil.
	Dict *Dict

	// Start and End are the bytes [Start, End) of the decompressed capture,
	// the line end included. They tile the capture without gap or overlap.
	Start, End int64
	// TextStart is the offset of the first byte of Text in the capture (in
	// formats that encode the text, of its encoded form).
	TextStart int64
	// Time is the kernel's time stamp, since boot; valid if HasTime.
	Time time.Duration
	// Host is the time stamp that a capture tool or log daemon put in front,
	// in nanoseconds; HostClock says from when it counts.
	Host int64

	// Line is the physical line, from 1, on which the record starts.
	Line int
	// Boot is the number of the boot, from 1, that the record belongs to.
	Boot int

	Flags     Flags
	HasTime   bool
	HostClock Clock
	// Level and Facility are those of syslog(3); NoLevel and NoFacility if
	// the capture does not carry them.
	Level    Level
	Facility Facility
	Origin   Origin
	Phase    Phase
}

// Kernel reports whether the record is known to be the kernel's own.
func (r *Record) Kernel() bool { return r.Origin == OriginKernel }

// Dict is what the kernel attaches to a record of a device
// (dev_printk_emit): which subsystem and which device it is about.
type Dict struct {
	Subsystem string // "pci"
	// Device is in the kernel's notation: b8:1 and c4:64 are device numbers,
	// n2 a network interface index, +pci:0000:00:1f.2 bus and name.
	Device string
}

// Level is a syslog severity, 0 (emergency) to 7 (debug).
type Level int8

// NoLevel is the Level of a record that does not carry one.
const NoLevel Level = -1

var levelNames = [...]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}

// String is the name that dmesg -x prints ("err"), or "" for NoLevel.
func (l Level) String() string {
	if l >= 0 && int(l) < len(levelNames) {
		return levelNames[l]
	}
	return ""
}

// Facility is a syslog facility; printk itself uses 0, what user space writes
// to /dev/kmsg carries another.
type Facility int8

// NoFacility is the Facility of a record that does not carry one.
const NoFacility Facility = -1

// Origin says who wrote a record.
type Origin uint8

const (
	// OriginUnknown: the capture does not tell. The lines of a kernel without
	// CONFIG_PRINTK_TIME are of this kind; Phase says where they stand.
	OriginUnknown Origin = iota
	// OriginKernel is printk.
	OriginKernel
	// OriginUserSpace is user space, on the console or through /dev/kmsg.
	OriginUserSpace
	// OriginBootLoader is a boot loader, or the kernel's own decompressor and
	// EFI stub, which speak before printk does.
	OriginBootLoader
	// OriginFirmware is what runs before and below the boot loader.
	OriginFirmware
	// OriginCapture is the tool that made the capture ("Script started on",
	// "-- Boot 1f3a... --").
	OriginCapture
)

var originNames = [...]string{"unknown", "kernel", "user space", "boot loader", "firmware", "capture"}

// String is the name shown to people: "kernel", "user space".
func (o Origin) String() string {
	if int(o) < len(originNames) {
		return originNames[o]
	}
	return "unknown"
}

// Phase says how far the boot had come when the record was written. Within a
// boot it only moves forward, unless the firmware starts over.
type Phase uint8

const (
	// PhaseUnknown: nothing recognised yet.
	PhaseUnknown Phase = iota
	// PhaseFirmware: firmware or the first stages of the boot loader.
	PhaseFirmware
	// PhaseBootLoader: the boot loader proper, up to the kernel's entry.
	PhaseBootLoader
	// PhaseKernel: the kernel runs, user space does not yet.
	PhaseKernel
	// PhaseUserSpace: init has been started.
	PhaseUserSpace
)

var phaseNames = [...]string{"unknown", "firmware", "boot loader", "kernel", "user space"}

// String is the name shown to people: "boot loader".
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Clock says what Record.Host counts from.
type Clock uint8

const (
	// ClockNone: no time stamp in front.
	ClockNone Clock = iota
	// ClockWall: since 1970-01-01 UTC. A stamp without a zone is taken as UTC.
	ClockWall
	// ClockYearless: since the start of an unnamed year (leap days assumed),
	// as classic syslog stamps are.
	ClockYearless
	// ClockDay: since midnight.
	ClockDay
	// ClockElapsed: since a start of the tool's own.
	ClockElapsed
)

// Flags are what is special about a record.
type Flags uint16

const (
	// FlagContinuation: the record continues the one before it (a further
	// line of the same message, the rest of a line delivered in part), by the
	// capture's own evidence. An equal time stamp alone is none.
	FlagContinuation Flags = 1 << iota
	// FlagMidLine: the record does not start at the start of a physical line.
	FlagMidLine
	// FlagTruncated: the line is longer than Options.MaxText; Text is its
	// start, the byte range is that of the whole.
	FlagTruncated
	// FlagNUL: NUL bytes were removed from Text.
	FlagNUL
	// FlagInvalidUTF8: Text is not valid UTF-8.
	FlagInvalidUTF8
	// FlagGarbled: so many bytes are no text that the line cannot be trusted
	// (wrong baud rate, power cycle, binary data).
	FlagGarbled
	// FlagUnterminated: the physical line had no end yet: the end of the
	// capture, or in follow mode a line delivered after a quiet time.
	FlagUnterminated
	// FlagDict: a " KEY=value" line of /dev/kmsg. It repeats what Dict of the
	// record before it says.
	FlagDict
	// FlagReplay: the kernel's log was printed once more (dmesg on the
	// console): the record repeats an earlier one of the capture.
	FlagReplay
)

// Has reports whether all of the flags in f are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

var flagNames = [...]string{"continuation", "mid-line", "truncated", "nul", "invalid-utf8", "garbled", "unterminated", "dict", "replay"}

// Names lists the flags set ("truncated", "nul"), in a fixed order.
func (f Flags) Names() []string {
	var s []string
	for i, n := range flagNames {
		if f&(1<<i) != 0 {
			s = append(s, n)
		}
	}
	return s
}

// Log is a capture read whole.
type Log struct {
	Records []Record
	Boots   []Boot
	Stats   Stats
}

// KernelBoots is the number of boots in which a kernel ran.
func (l *Log) KernelBoots() int {
	n := 0
	for i := range l.Boots {
		if l.Boots[i].Kernel {
			n++
		}
	}
	return n
}

// Stats counts what a Reader has delivered.
type Stats struct {
	Bytes   int64 // of the decompressed capture
	Lines   int64 // physical lines, an unterminated last one included
	Records int64
	// Kernel is the number of records of OriginKernel, Timed of those that
	// carry a kernel time stamp.
	Kernel, Timed int64
	// Garbled is the number of records with FlagGarbled.
	Garbled int64
	// Compression is "gzip", "xz", "zstd", "bzip2" or "".
	Compression string
	// Encoding is "utf-16le", "utf-16be" or "" (bytes as they are).
	Encoding string
}
