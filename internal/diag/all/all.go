// Package all is the list of diagnoses of a system. Adding one is a package and
// a line here.
package all

import (
	"context"

	"dekho/internal/capture"
	"dekho/internal/diag/dns"
	"dekho/internal/finding"
)

// A Diagnosis looks at a system for one kind of trouble.
type Diagnosis struct {
	// ID is what it is called, as the command; Title what it looks at.
	ID, Title string
	// Run looks. With noProbe it asks nobody outside of the system.
	Run func(ctx context.Context, sys *capture.System, noProbe bool) finding.Check
}

// List is every diagnosis, in the order in which they are shown.
func List() []Diagnosis {
	return []Diagnosis{
		{dns.ID, dns.Title, func(ctx context.Context, sys *capture.System, noProbe bool) finding.Check {
			return dns.Diagnose(ctx, sys, dns.Options{NoProbe: noProbe}).Check
		}},
	}
}
