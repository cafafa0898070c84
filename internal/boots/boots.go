// Package boots says how each boot of a capture went: which stages it came
// through and when, how it ended and on what evidence, and whether boots repeat
// each other (a boot loop). Package klog cuts the capture into boots; this
// package watches the records go by, in the order of the capture and in bounded
// memory, and knows what the last words of kernels, inits and firmware mean.
package boots

import (
	"time"

	"dekho/internal/klog"
)

// Boot is one run of the machine, and how it went.
type Boot struct {
	klog.Boot
	End End
	// Stages are those that the capture shows, in their order.
	Stages []Stage
	// Remarks are records that matter for the boot as a whole: a processor that
	// did not come up.
	Remarks []klog.Fact
	// ResetCause is what the firmware or the kernel of this boot says about why
	// the machine had been reset before it, if they do.
	ResetCause klog.Fact
	// Span says how long it lasted, as far as the capture shows it.
	Span Span
	// Spent says where its time went.
	Spent Spent
	// Started is the wall-clock time at which it started, in nanoseconds since
	// 1970-01-01 UTC; 0 if nothing tells. It is an estimate if StartEstimated:
	// reckoned back from a record that names the time of day.
	Started        int64
	StartEstimated bool
}

// Kind is how a boot ended.
type Kind uint8

const (
	// Unknown: nothing tells; a journal that just goes on with another boot.
	Unknown Kind = iota
	// NoKernel: no kernel was started; firmware or boot loader is all there is.
	NoKernel
	// Running: user space was reached, and it runs where the capture ends.
	Running
	// Reboot: a restart was asked for.
	Reboot
	// PowerOff and Halt were asked for as well.
	PowerOff
	Halt
	// Panic: the kernel gave up.
	Panic
	// Kexec: the kernel started another one.
	Kexec
	// Watchdog: the hardware's or the kernel's watchdog restarted the machine.
	Watchdog
	// Reset: the machine started over without a word from the kernel.
	Reset
	// Silence: nothing more came, and user space was not reached or the kernel
	// had failed: the machine hung.
	Silence
	// CutOff: the capture ends in the middle of a record, before user space.
	CutOff
)

var kindNames = [...]string{
	Unknown: "unknown", NoKernel: "no kernel", Running: "running", Reboot: "reboot", PowerOff: "power off", Halt: "halt", Panic: "panic",
	Kexec: "kexec", Watchdog: "watchdog", Reset: "reset", Silence: "silence", CutOff: "cut off",
}

// String is the name shown to people and programs.
func (k Kind) String() string { return kindNames[k] }

// Orderly reports whether somebody asked for the end.
func (k Kind) Orderly() bool { return k == Reboot || k == PowerOff || k == Halt || k == Kexec }

// Next is what came after the end.
type Next uint8

const (
	// NextUnknown: the capture ends there.
	NextUnknown Next = iota
	// NextRestart: the machine started over.
	NextRestart
	// NextKernel: another kernel ran, without firmware before it.
	NextKernel
	// NextCrashKernel: the kernel that was loaded for the case of a panic.
	NextCrashKernel
	// NextHalt: the machine stood still.
	NextHalt
	// NextNothing: what was to come (the restart, the new kernel) did not.
	NextNothing
)

var nextNames = [...]string{
	NextUnknown: "", NextRestart: "restart", NextKernel: "new kernel", NextCrashKernel: "crash kernel", NextHalt: "halt", NextNothing: "nothing",
}

// String is the name for programs, "" for NextUnknown.
func (n Next) String() string { return nextNames[n] }

// End is how a boot ended.
type End struct {
	Kind Kind
	Next Next
	// Stage is how far the boot had come.
	Stage StageID
	// Likely says that the evidence allows another reading.
	Likely bool
	// AfterKexec says that another kernel had started this one.
	AfterKexec bool
	// Evidence are the records that tell, the decisive one first. Value says
	// what each of them shows.
	Evidence []klog.Fact
	// Last is the last record with a text, firmware and boot loader left out
	// once a kernel ran.
	Last klog.Fact
	// Repeat is what the last records repeat, if they do.
	Repeat Repeat
	// Silent is how long nothing came after Last by the stamps of the capture
	// tool, 0 if it has none.
	Silent time.Duration
}

// StageID is a stage of a boot. Stages come in this order.
type StageID uint8

const (
	// NoStage: nothing tells.
	NoStage StageID = iota
	Firmware
	BootLoader
	// Decompressor is the code in front of the kernel: it unpacks the kernel, or
	// is the EFI stub.
	Decompressor
	// EarlyKernel is the kernel before its initcalls.
	EarlyKernel
	Initcalls
	UserSpace
	Shutdown
	numStages
)

var stageNames = [...]string{"", "firmware", "boot loader", "decompressor", "early kernel", "initcalls", "user space", "shutdown"}

// String is the name shown to people and programs.
func (s StageID) String() string { return stageNames[s] }

// Stage is a stage that a boot came through.
type Stage struct {
	ID StageID
	// First is its first record, with a text; FirstTime and HostTime are that
	// record's stamps, as far as it has them.
	First     klog.Fact
	HasTime   bool
	FirstTime time.Duration
	HostTime  int64
	HostClock klog.Clock
	// Records counts its records.
	Records int64
}

// Span is how long a boot lasted.
type Span struct {
	Duration time.Duration
	// From says what it was taken from.
	From SpanSource
}

// SpanSource says where a duration comes from.
type SpanSource uint8

const (
	// SpanUnknown: nothing in the capture tells.
	SpanUnknown SpanSource = iota
	// SpanKernel: from the kernel's time stamps.
	SpanKernel
	// SpanHost: from those of the capture tool.
	SpanHost
	// SpanEstimate: from times that records name in their text. It is a lower
	// bound.
	SpanEstimate
)

var spanNames = [...]string{"", "kernel", "host", "estimate"}

// String is the name for programs, "" for SpanUnknown.
func (s SpanSource) String() string { return spanNames[s] }
