package render

import (
	_ "embed" // the part of the page
	"encoding/hex"
	"fmt"

	"dekho/internal/workbench"
)

// This file makes the part of the page about a log that has its crash reports.

//go:embed crashes.html
var crashesPart string

type pageCrash struct {
	Line                    int
	Title, Where, Corrupted string
	Frames                  []pageFrame
	Unread                  string
	Code                    []pageInstruction
	Guess                   bool
	Accesses                []string
}

type pageFrame struct {
	Name, Text string
	Places     []pagePlace
}

type pageInstruction struct {
	Place, Bytes, Text string
	Trap               bool
}

func crashPage(root string, c *workbench.Crash) pageCrash {
	p := pageCrash{Line: c.Head.Line, Title: safe(c.Title), Where: safe(crashText(c)), Corrupted: safe(c.Corrupted)}
	for i := range c.Trail {
		f := &c.Trail[i]
		name := frameName(f)
		if f.Size > 0 {
			name += fmt.Sprintf("+%#x/%#x", f.Offset, f.Size)
		}
		if f.Module != "" {
			name += " [" + f.Module + "]"
		}
		frame := pageFrame{Name: safe(name), Text: safe(f.Text)}
		switch {
		case len(f.Source) > 0:
			for j := range f.Source {
				at := &f.Source[j]
				function := ""
				if at.Inlined {
					function = at.Function + "()"
				}
				frame.Places = append(frame.Places, placeOf(root, at.Path, at.Line, function))
			}
		case f.File != "":
			frame.Places = append(frame.Places, placeOf(root, f.File, f.SourceLine, ""))
		case f.Path != "":
			frame.Places = append(frame.Places, placeOf(root, f.Path, int(f.Definition), ""))
		}
		p.Frames = append(p.Frames, frame)
	}
	l := c.Listing
	if l == nil {
		return p
	}
	p.Unread, p.Guess = safe(l.Unread), l.Guess
	for i := range l.Instructions {
		in := &l.Instructions[i]
		p.Code = append(p.Code, pageInstruction{Place: safe(placeInCode(l, i)), Bytes: hex.EncodeToString(in.Bytes), Text: safe(in.Text), Trap: i == l.Trap})
	}
	for i := range l.Accesses {
		if text := accessText(&l.Accesses[i]); text != "" {
			p.Accesses = append(p.Accesses, safe(text))
		}
	}
	return p
}
