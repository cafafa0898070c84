package cli

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// systemOptions are the flags of the commands that look at a system.
type systemOptions struct {
	workbench.SystemOptions
	noProbe bool
	save    string
}

func (o *systemOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.Root, "root", "", "look at the unpacked image or sysroot in `DIR`, not at this system")
	f.IntVar(&o.PID, "pid", 0, "look at the system as process `N` sees it: a container")
	f.BoolVar(&o.noProbe, "no-probe", false, "ask no server")
	f.StringVar(&o.save, "save", "", "write the facts that were asked to `FILE`, a tar archive without secrets")
	complete(cmd, "root", completeDirs)
}

// exitChecks is what help says about the exit code of a diagnosis.
const exitChecks = `As everywhere, the exit code says whether something was found: 0 if something is
wrong, 1 if nothing is, 3 if it could not look.`

func newDNS(a *app) *cobra.Command {
	var o systemOptions
	var fo fixOptions
	var name string
	cmd := &cobra.Command{
		Use:   "dns [FACTS]",
		Short: "Find why names do not resolve on this machine",
		Long: `Dns tells who owns /etc/resolv.conf and how that shows, which way a name takes,
what the next boot will make of it, and what is wrong, the worst first, each with
the evidence for it. It starts nothing, and changes nothing without --fix.

With --fix it proposes the smallest change for the first finding that has one,
shows it as a diff and asks. What it changes is saved first; then it is proven
that names resolve, and the change is taken back if they do not. "dekho undo"
takes it back later. Then the exit code is 0 if the change was made and holds, 1
if there is none, it was not agreed to or did not hold, 3 if it could not be made.

It looks at this system, at an image or sysroot (--root), at a container through
one of its processes (--pid), or at FACTS, which --save wrote on another machine
("-" reads them from standard input).

` + exitChecks,
		Example: `  dekho dns
  dekho dns --root build/rootfs
  dekho dns --save facts.tar
  dekho dns --fix`,
		GroupID: groupSystem,
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts := workbench.DNSOptions{NoProbe: o.noProbe, Name: name}
			if err := fo.check(args); err != nil || fo.fix {
				if err == nil {
					err = a.fixDNS(cmd.Context(), &o, &fo, opts)
				}
				return err
			}
			return a.onSystem(args, &o, func(sys *workbench.System) ([]workbench.Check, error) {
				if len(args) == 0 {
					a.sayInterrupted(sys.About())
				}
				d := workbench.DiagnoseDNS(cmd.Context(), sys, opts)
				show := func() error { return render.DNSText(a.out, a.style(), d) }
				if a.global.json {
					show = func() error { return render.DNSJSON(a.out, d) }
				}
				return []workbench.Check{d.Check}, show()
			})
		},
	}
	o.flags(cmd)
	fo.flags(cmd)
	cmd.Flags().StringVar(&name, "name", "", "ask the servers for `HOST`, such as the one that does not resolve (default "+workbench.DNSDefaultName+")")
	return cmd
}

func newDoctor(a *app) *cobra.Command {
	var o systemOptions
	cmd := &cobra.Command{
		Use:   "doctor [FACTS]",
		Short: "Run every diagnosis of this machine",
		Long: `Doctor runs every diagnosis and lists its outcome: problem, clean, or
not-checked with the reason. It looks at the same systems as dekho dns.

` + exitChecks,
		Example: `  dekho doctor
  dekho doctor --root build/rootfs --json`,
		GroupID: groupSystem,
		Args:    oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.onSystem(args, &o, func(sys *workbench.System) ([]workbench.Check, error) {
				checks := workbench.Doctor(cmd.Context(), sys, o.noProbe)
				if a.global.json {
					return checks, render.ChecksJSON(a.out, sys.About(), checks)
				}
				return checks, render.ChecksText(a.out, a.style(), sys.About(), checks)
			})
		},
	}
	o.flags(cmd)
	return cmd
}

// onSystem opens the system that is meant, has it looked at, saves what was asked
// and turns outcomes into an error for the exit code.
func (a *app) onSystem(args []string, o *systemOptions, look func(*workbench.System) ([]workbench.Check, error)) error {
	sys, err := a.openSystem(args, o)
	if err != nil {
		return err
	}
	start := time.Now()
	checks, err := look(sys)
	a.meter.step("diagnosis", time.Since(start))
	if o.save != "" && err == nil {
		err = saveFacts(o.save, sys)
	}
	if err = errors.Join(err, sys.Close()); err != nil {
		return err
	}
	return verdict(checks)
}

func (a *app) openSystem(args []string, o *systemOptions) (*workbench.System, error) {
	if len(args) == 0 {
		return workbench.OpenSystem(o.SystemOptions)
	}
	if o.Root != "" || o.PID != 0 {
		return nil, usagef("saved facts are of one system: --root and --pid do not go with them")
	}
	name := args[0]
	in := a.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &workbench.InputError{Name: name, Err: err}
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	return workbench.LoadSystem(name, in)
}

// saveFacts writes what was asked. The file is for its owner's eyes: it tells
// much about the network.
func saveFacts(name string, sys *workbench.System) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		err = errors.Join(sys.Save(f), f.Close())
	}
	if err != nil {
		return &workbench.InputError{Name: name, Err: err}
	}
	return nil
}

// verdict turns the outcomes of checks into the error for the exit code: what
// was found counts more than what could not be looked at.
func verdict(checks []workbench.Check) error {
	err := errNothing
	for i := range checks {
		switch checks[i].Outcome {
		case workbench.Problem:
			return nil
		case workbench.NotChecked:
			err = errNotChecked
		}
	}
	return err
}
