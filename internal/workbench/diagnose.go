package workbench

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"time"

	"dekho/internal/capture"
	"dekho/internal/diag/all"
	"dekho/internal/diag/dns"
	"dekho/internal/finding"
)

// What the diagnoses of a system are made of.
type (
	// System is a system that can be asked, or what was saved of one.
	System = capture.System
	// SystemAbout says what was looked at.
	SystemAbout = capture.About
	// DNS is the answer of DiagnoseDNS.
	DNS = dns.Report
	// DNSOwner says who owns a file.
	DNSOwner = dns.Ownership
	// Check is the answer of one check.
	Check = finding.Check
)

// The outcomes of a check.
const (
	NotChecked = finding.NotChecked
	Clean      = finding.Clean
	Problem    = finding.Problem
)

// SystemOptions say which system to look at.
type SystemOptions struct {
	// Root is the directory of an image, PID a process whose system is meant; at
	// most one of them is given. Without, it is the system that runs.
	Root string
	PID  int
}

// OpenSystem opens a system. An error is an InputError about what the options
// name.
func OpenSystem(o SystemOptions) (*System, error) {
	if o.PID < 0 || o.PID != 0 && o.Root != "" {
		return nil, &UsageError{Err: errors.New("a system is the one of a directory or of a process, not of both")}
	}
	sys, err := capture.Open(capture.Options{Root: o.Root, PID: o.PID, Now: time.Now()})
	if err == nil {
		return sys, nil
	}
	e := &InputError{Name: o.Root, Err: err}
	if o.PID != 0 {
		e.Name = "process " + strconv.Itoa(o.PID)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			e.Hint = "it has to be the number of a process that runs"
		case errors.Is(err, fs.ErrPermission):
			e.Hint = "only root can look into the processes of others"
		}
	}
	return nil, e
}

// LoadSystem reads the facts that System.Save wrote; name is what the user
// called them.
func LoadSystem(name string, r io.Reader) (*System, error) {
	sys, err := capture.Load(r)
	if err != nil {
		return nil, &InputError{Name: name, Err: err, Hint: "dekho dns --save FILE writes such facts"}
	}
	return sys, nil
}

// DNSOptions say how names are looked at.
type DNSOptions = dns.Options

// DNSDefaultName is what servers are asked for unless told otherwise.
const DNSDefaultName = dns.DefaultName

// DiagnoseDNS tells why names do not resolve on a system.
func DiagnoseDNS(ctx context.Context, sys *System, o DNSOptions) *DNS {
	return dns.Diagnose(ctx, sys, o)
}

// Doctor runs every diagnosis. Each check has an outcome.
func Doctor(ctx context.Context, sys *System, noProbe bool) []Check {
	var checks []Check
	for _, d := range all.List() {
		c := d.Run(ctx, sys, noProbe)
		c.ID, c.Title = d.ID, d.Title
		checks = append(checks, c)
	}
	return checks
}
