package render

import (
	"io"

	"dekho/internal/finding"
	"dekho/internal/workbench"
)

// resolves is what the text says about whether names resolve.
func resolves(d *workbench.DNS) (ink, string) {
	switch {
	case d.Resolves == "yes":
		return inkGood, "names resolve (" + d.Name + ")"
	case d.Resolves == "no" && d.Name != "":
		return inkBad, "names do not resolve (" + d.Name + ")"
	case d.Resolves == "no":
		return inkBad, "names do not resolve"
	case d.Check.Outcome == finding.NotChecked:
		return inkWarn, "whether names resolve cannot be told"
	case d.Check.Outcome == finding.Problem:
		return inkWarn, "whether names resolve was not asked, and something is wrong"
	}
	return inkWarn, "nothing is wrong that can be seen; no server was asked"
}

// DNSText writes why names do not resolve: whose /etc/resolv.conf is and whether
// names resolve in the first line, then how that shows, the way of a name, the
// next boot, and what is wrong.
func DNSText(w io.Writer, style Style, d *workbench.DNS) error {
	l := &line{style: &style}
	root := d.About.Root
	l.put(inkName, d.Owner.Name)
	l.put("", " owns /etc/resolv.conf")
	if d.Owner.Mode != "" {
		l.put("", " ("+d.Owner.Mode+")")
	}
	l.put("", "; ")
	color, text := resolves(d)
	l.put(color, text)
	l.end()
	const indent = "  "
	if d.Owner.Guess != "" {
		l.wrapped(inkWarn, indent, "a guess: "+d.Owner.Guess)
	}
	for _, r := range d.Owner.Rivals {
		l.wrapped(inkDim, indent, "or else: "+r)
	}
	l.evidence(indent, root, d.Owner.Trail)
	if len(d.Path) > 0 {
		l.section("the way of a name")
		l.evidence(indent, root, d.Path)
	}
	if d.Boot.Summary != "" {
		l.section("the next boot")
		l.wrapped("", indent, d.Boot.Summary)
		l.evidence(indent, root, d.Boot.Trail)
	}
	if len(d.Unseen) > 0 {
		l.section("what could not be looked at")
	}
	for _, u := range d.Unseen {
		l.put("", indent+u.What+": "+u.Reason)
		l.end()
	}
	if len(d.Check.Findings) > 0 {
		l.section("what is wrong")
	}
	for i := range d.Check.Findings {
		l.finding(root, i, d.Check.Findings)
	}
	_, err := w.Write(l.buf)
	return err
}

// section begins a part of an answer.
func (l *line) section(title string) {
	l.end()
	l.put(inkHeader, title)
	l.end()
}

// DNSJSON writes it as JSON; docs/json.md describes it.
func DNSJSON(w io.Writer, d *workbench.DNS) error {
	var o object
	o.open("", '{')
	o.system(d.About)
	o.open("owner", '{')
	o.str("id", d.Owner.ID)
	o.str("name", d.Owner.Name)
	o.opt("mode", d.Owner.Mode)
	o.opt("guess", d.Owner.Guess)
	if len(d.Owner.Rivals) > 0 {
		o.list("rivals", d.Owner.Rivals)
	}
	o.evidence("trail", d.Owner.Trail)
	o.close('}')
	o.str("resolves", string(d.Resolves))
	o.opt("name", d.Name)
	o.evidence("path", d.Path)
	o.open("next_boot", '{')
	o.opt("summary", d.Boot.Summary)
	o.opt("owner", d.Boot.Owner)
	o.opt("target", d.Boot.Target)
	o.evidence("trail", d.Boot.Trail)
	o.close('}')
	if len(d.Unseen) > 0 {
		o.open("unseen", '[')
		for _, u := range d.Unseen {
			o.open("", '{')
			o.str("what", u.What)
			o.str("reason", u.Reason)
			o.close('}')
		}
		o.close(']')
	}
	o.check(&d.Check)
	o.close('}')
	o.buf = append(o.buf, '\n')
	_, err := w.Write(o.buf)
	return err
}
