package workbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"dekho/internal/capture"
	"dekho/internal/diag/dns"
	"dekho/internal/remedy"
	"dekho/internal/rootfs"
)

// What fixes are made of.
type (
	// FixCommand is a program to run.
	FixCommand = remedy.Command
	// FixChange is what becomes of a path.
	FixChange = remedy.Change
	// FixJournal is a fix that can be taken back.
	FixJournal = remedy.Journal
	// BadJournal is a file that should be a journal and is none.
	BadJournal = remedy.Bad
)

// FixPending is the status of a fix that was interrupted.
const FixPending = remedy.Pending

// FixOutcome is what became of a fix.
type FixOutcome string

// The outcomes.
const (
	// FixProposed: it was shown, and nothing was changed.
	FixProposed FixOutcome = "proposed"
	// FixApplied: it was made, and holds.
	FixApplied FixOutcome = "applied"
	// FixRolledBack: it was made, did not hold, and was taken back.
	FixRolledBack FixOutcome = "rolled-back"
)

// Fix is a change that is proposed for a system.
type Fix struct {
	About SystemAbout
	// Finding is what it is for; Title, Notes and Advice are to be known.
	Finding, FindingTitle string
	Title                 string
	Notes                 []string
	Changes               []FixChange
	// Run are run after the change, Advice only if the user does.
	Run, Advice []FixCommand
	// Proof is how it is made sure that it holds.
	Proof string

	Outcome FixOutcome
	// Journal is its number, "" as long as it is not made. Reason says why it did
	// not hold, or what shows that it does.
	Journal, Reason string

	before   *DNS
	proposal *dns.Proposal
	prepared *remedy.Fix
}

// ProposeDNSFix finds the smallest change for the first finding that has one and
// looks at what it would change. It is nil if none has one.
func ProposeDNSFix(sys *System, d *DNS) (*Fix, error) {
	p := dns.Propose(sys, d)
	if p == nil {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	root, err := rootfs.Open(d.About.Root)
	if err != nil {
		return nil, &InputError{Name: d.About.Root, Err: err}
	}
	defer func() { _ = root.Close() }() // only read
	prepared, err := remedy.Prepare(root, p.Plan, d.About.Kind == capture.Image)
	if err != nil {
		return nil, &InputError{Name: "the fix for " + d.Check.Findings[p.Finding].ID, Err: err, Hint: "nothing was changed"}
	}
	if len(prepared.Changes) == 0 {
		return nil, nil //nolint:nilnil // what the plan makes is there already
	}
	f := &Fix{
		About: d.About, Finding: d.Check.Findings[p.Finding].ID, FindingTitle: d.Check.Findings[p.Finding].Title,
		Title: p.Plan.Title, Notes: p.Plan.Notes, Changes: prepared.Changes, Advice: p.Plan.Advice, Outcome: FixProposed,
		Proof:  "the diagnosis is made again",
		before: d, proposal: p, prepared: prepared,
	}
	if d.About.Kind == capture.Host {
		f.Run = p.Plan.Run
	} else {
		f.Advice = append(f.Run, f.Advice...)
	}
	if d.Name != "" {
		f.Proof = d.Name + " has to resolve, and the diagnosis is made again"
	}
	return f, nil
}

// Fixer makes fixes and takes them back.
type Fixer struct{ store *remedy.Store }

// NewFixer names the directory in which the journals of fixes are kept: dir, or
// dekho below XDG_STATE_HOME, /var/lib/dekho for root, or what stands for it in
// the home directory of others.
func NewFixer(getenv func(string) string) (*Fixer, error) {
	dir := "/var/lib/dekho"
	switch {
	case filepath.IsAbs(getenv("XDG_STATE_HOME")): // a relative one is to be ignored, says its specification
		dir = filepath.Join(getenv("XDG_STATE_HOME"), "dekho")
	case os.Geteuid() == 0:
	case filepath.IsAbs(getenv("HOME")):
		dir = filepath.Join(getenv("HOME"), ".local/state/dekho")
	default:
		return nil, &UsageError{Err: errors.New("there is no place for the journal of what is changed: set XDG_STATE_HOME")}
	}
	return &Fixer{store: remedy.OpenStore(filepath.Join(dir, "fixes"))}, nil
}

// Dir is where the journals are.
func (x *Fixer) Dir() string { return x.store.Dir() }

// List lists the fixes that can be taken back, the newest first.
func (x *Fixer) List() ([]*FixJournal, []BadJournal, error) {
	all, bad, err := x.store.List()
	if err != nil {
		err = &InputError{Name: x.store.Dir(), Err: err}
	}
	return all, bad, err
}

// Interrupted lists the fixes of a system that were begun and neither held nor
// were taken back. That there are journals that cannot be read is no matter here.
func (x *Fixer) Interrupted(about SystemAbout) []*FixJournal {
	all, _, _ := x.store.List()
	t, err := fixTarget(about)
	if err != nil {
		return nil
	}
	var pending []*FixJournal
	for _, j := range all {
		if j.Status == remedy.Pending && j.Root == t.Dir && j.PID == t.PID {
			pending = append(pending, j)
		}
	}
	return pending
}

func fixTarget(about SystemAbout) (remedy.Target, error) {
	dir, err := filepath.Abs(about.Root)
	return remedy.Target{Dir: dir, PID: about.PID}, err
}

// mayChange makes sure that only root changes the system that runs.
func mayChange(root *rootfs.Root) error {
	if os.Geteuid() == 0 {
		return nil
	}
	live, err := rootfs.Open("/")
	if err != nil {
		return err
	}
	defer func() { _ = live.Close() }() // only read
	if root.SameAs(live) {
		return &InputError{Name: "this system", Err: errors.New("only root can change it"), Hint: "run it with sudo"}
	}
	return nil
}

// Apply makes a fix, proves that it holds, and takes it back if it does not;
// f.Outcome says which. An error is that it could not be made, or not be taken
// back. look makes the diagnosis again.
func (x *Fixer) Apply(ctx context.Context, f *Fix, look func() (*DNS, error)) error {
	root, err := rootfs.Open(f.About.Root)
	if err != nil {
		return &InputError{Name: f.About.Root, Err: err}
	}
	defer func() { _ = root.Close() }() // a handle
	if err := mayChange(root); err != nil {
		return err
	}
	t, err := fixTarget(f.About)
	if err != nil {
		return err
	}
	j, err := x.store.Apply(root, t, f.prepared, f.Finding, time.Now())
	if err != nil {
		return &InputError{Name: f.Title, Err: err, Hint: "everything is what it was before"}
	}
	f.Journal = j.ID
	reason := x.prove(ctx, f, look)
	if reason == nil {
		reason = x.store.Keep(j)
	}
	if reason == nil {
		f.Outcome = FixApplied
		return nil
	}
	if _, err := x.store.Undo(root, j); err != nil {
		return &InputError{
			Name: f.Title, Err: fmt.Errorf("%w; it could not be taken back: %w", reason, err), Hint: "dekho undo " + j.ID + " tries again",
		}
	}
	f.Outcome, f.Reason, f.Journal = FixRolledBack, reason.Error(), ""
	return nil
}

// proofTime is how long a program that was restarted has to write its file.
const proofTime = 10 * time.Second

// prove says why a fix does not hold, nil if it does.
func (x *Fixer) prove(ctx context.Context, f *Fix, look func() (*DNS, error)) error {
	for i := range f.Run {
		if err := remedy.Run(ctx, &f.Run[i]); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(proofTime)
	for {
		after, err := look()
		if err != nil {
			return err
		}
		if err = f.proposal.Proven(f.before, after); err == nil {
			f.Reason = after.Check.Reason
			if after.Name != "" {
				f.Reason = after.Name + " resolves"
			}
			return nil
		}
		if len(f.Run) == 0 || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// Undoing is a fix that is to be taken back, with what that changes.
type Undoing struct {
	*FixJournal
	Notes   []string
	Changes []FixChange
	// Left are remarks about what stays, once it is done; Done says that it is.
	Left []string
	Done bool
}

// ErrNoFix says that there is no such fix to take back.
var ErrNoFix = errors.New("there is no such fix")

// Prepare finds a fix and looks at what taking it back changes: the one of that
// number, or the newest if it is "", of the root if that is not "".
func (x *Fixer) Prepare(id, root string) (*Undoing, error) {
	all, bad, err := x.List()
	if err != nil {
		return nil, err
	}
	if root != "" {
		if root, err = filepath.Abs(root); err != nil {
			return nil, err
		}
	}
	for _, j := range all {
		if id != "" && j.ID != id || root != "" && j.Root != root {
			continue
		}
		return undoing(j)
	}
	if len(bad) > 0 {
		return nil, &InputError{Name: bad[0].Name, Err: bad[0].Err}
	}
	return nil, ErrNoFix
}

// undoing looks at what taking a fix back changes.
func undoing(j *FixJournal) (*Undoing, error) {
	r, err := rootfs.Open(j.Root)
	if err != nil {
		return nil, &InputError{Name: j.Root, Err: err, Hint: "the fix " + j.ID + " was made there"}
	}
	defer func() { _ = r.Close() }() // only read
	f, err := j.Undoing(r)
	if err != nil {
		return nil, &InputError{Name: j.Root, Err: err}
	}
	return &Undoing{FixJournal: j, Notes: f.Plan.Notes, Changes: f.Changes}, nil
}

// Undo takes a fix back.
func (x *Fixer) Undo(u *Undoing) error {
	root, err := rootfs.Open(u.Root)
	if err != nil {
		return &InputError{Name: u.Root, Err: err}
	}
	defer func() { _ = root.Close() }() // a handle
	if err := mayChange(root); err != nil {
		return err
	}
	if u.Left, err = x.store.Undo(root, u.FixJournal); err != nil {
		return &InputError{Name: "fix " + u.ID, Err: err, Hint: "its journal stays in " + x.store.Dir()}
	}
	u.Done = true
	return nil
}
