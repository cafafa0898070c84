package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dekho/internal/workbench"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages to a directory",
		GroupID: groupOther,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s wants a directory; see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, c := range pages(cmd.Root()) {
				name := filepath.Join(args[0], pageName(c)+".1")
				if err := os.WriteFile(name, manPage(c), 0o644); err != nil {
					return &workbench.InputError{Name: name, Err: err}
				}
			}
			return nil
		},
	}
}

// pages are the root and everything below it that help shows.
func pages(root *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if !c.Hidden && c.Name() != "help" && c.Name() != "completion" {
			list = append(list, c)
		}
	}
	return list
}

func pageName(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "-")
}

// manPage writes the manual page of a command with the macros of man(7). It has
// no date, so that equal sources give equal pages.
func manPage(c *cobra.Command) []byte {
	var b bytes.Buffer
	name := pageName(c)
	fmt.Fprintf(&b, ".TH %s 1 \"\" dekho \"dekho\"\n", strings.ToUpper(roff(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	topic := !c.Runnable()
	if !topic {
		fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(c.CommandPath()))
		if !c.HasParent() {
			b.WriteString(".I COMMAND\n")
		}
		if _, args, ok := strings.Cut(c.Use, " "); ok {
			fmt.Fprintf(&b, "%s\n", roff(args))
		}
		b.WriteString("[options]\n")
	}
	b.WriteString(".SH DESCRIPTION\n")
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	paragraphs(&b, long)
	if !c.HasParent() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range pages(c)[1:] {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", roff(pageName(sub)), roff(sub.Short))
		}
	}
	if !topic {
		flags := c.NonInheritedFlags()
		options(&b, "OPTIONS", flags)
		if c.HasParent() {
			options(&b, "GLOBAL OPTIONS", c.InheritedFlags())
		}
	}
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(c.Example))
	}
	b.WriteString(".SH SEE ALSO\n")
	if c.HasParent() {
		b.WriteString(".BR dekho (1),\n")
	}
	b.WriteString(".BR dekho-exit-codes (1),\n.BR dekho-environment (1)\n")
	return b.Bytes()
}

// options writes the options of a set.
func options(b *bytes.Buffer, title string, flags *pflag.FlagSet) {
	began := false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if !began {
			fmt.Fprintf(b, ".SH %s\n", title)
			began = true
		}
		value, usage := pflag.UnquoteUsage(f)
		text := "\\fB\\-\\-" + roff(f.Name) + "\\fR"
		if f.Shorthand != "" {
			text = "\\fB\\-" + roff(f.Shorthand) + "\\fR, " + text
		}
		if value != "" {
			text += " \\fI" + roff(value) + "\\fR"
		}
		fmt.Fprintf(b, ".TP\n%s\n%s\n", text, roff(usage))
		switch f.DefValue {
		case "", "0", "false", "[]":
		default:
			fmt.Fprintf(b, "Default: %s.\n", roff(f.DefValue))
		}
	})
}

// paragraphs writes text whose indented lines are to stay as they are.
func paragraphs(b *bytes.Buffer, text string) {
	literal := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "  ")
		switch {
		case indented && !literal:
			b.WriteString(".PP\n.nf\n")
		case !indented && literal:
			b.WriteString(".fi\n")
		}
		literal = indented
		if line == "" {
			b.WriteString(".PP\n")
			continue
		}
		b.WriteString(roff(line))
		b.WriteByte('\n')
	}
	if literal {
		b.WriteString(".fi\n")
	}
}

// roff escapes text for roff.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
