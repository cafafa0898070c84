package lsp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestDocumentSymbols(t *testing.T) {
	c := newClient(t)
	c.start(object{"textDocument": object{"documentSymbol": object{"hierarchicalDocumentSymbolSupport": true}}}, nil)
	var list []documentSymbol
	if err := json.Unmarshal([]byte(c.ask("textDocument/documentSymbol", object{"textDocument": object{"uri": c.uri(header)}})), &list); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var write func(s *documentSymbol, indent string)
	write = func(s *documentSymbol, indent string) {
		fmt.Fprintf(&b, "%s%s %d %d-%d %d:%d\n", indent, s.Name, s.Kind, s.Range.Start.Line+1, s.Range.End.Line+1, s.SelectionRange.Start.Line+1, s.SelectionRange.Start.Character+1)
		for _, child := range s.Children {
			write(child, indent+"  ")
		}
	}
	for i := range list {
		write(&list[i], "")
	}
	const want = `_LINUX_ROVER_H 14 2-2 2:9
ROVER_WHEELS 14 4-4 4:9
ROVER_SPOKES 14 5-5 5:9
rover_state 10 7-10 7:6
  ROVER_IDLE 22 8-8 8:2
  ROVER_DRIVING 22 9-9 9:2
rover_ops 23 14-17 14:8
  turn 8 15-15 15:8
  stop 8 16-16 16:8
part 23 19-22 19:8
  name 8 20-20 20:14
  turn 8 21-21 21:6
rover 23 24-29 24:8
  part 8 25-25 25:14
  ops 8 26-26 26:26
  state 8 27-27 27:19
  speed 8 28-28 28:6
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestFlatSymbols(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	got := c.ask("textDocument/documentSymbol", object{"textDocument": object{"uri": c.uri(header)}})
	if !strings.Contains(got, `"containerName":"rover_ops"`) || strings.Contains(got, "selectionRange") {
		t.Errorf("got %s", got)
	}
}

func TestFolds(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	var list []foldingRange
	if err := json.Unmarshal([]byte(c.ask("textDocument/foldingRange", object{"textDocument": object{"uri": c.uri(core)}})), &list); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%d-%d %s\n", f.StartLine+1, f.EndLine+1, f.Kind)
	}
	const want = `2-3 imports
5-8 comment
11-26 
20-21 region
22-23 region
29-31 
34-36 
40-41 
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestHighlights(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	var list []documentHighlight
	if err := json.Unmarshal([]byte(c.ask("textDocument/documentHighlight", c.at(core, c.text(core), "return [err];"))), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range list {
		got = append(got, fmt.Sprintf("%d:%d %d", h.Range.Start.Line+1, h.Range.Start.Character+1, h.Kind))
	}
	if got, want := strings.Join(got, " "), "13:6 3 15:17 3 16:6 2 26:9 2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	links := c.ask("textDocument/documentLink", object{"textDocument": object{"uri": c.uri(core)}})
	if !strings.Contains(links, c.uri(header)) || !strings.Contains(links, c.uri("drivers/rover/wheels.h")) {
		t.Errorf("the links are %s", links)
	}
}

func TestCompletion(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	for _, tt := range []struct{ name, path, typed, want string }{
		{"a name of the tree", core, "int f(void)\n{\n\trover_d[]\n}\n", "rover_drive/3"},
		{"a macro and enumerators", core, "int f(void)\n{\n\treturn ROVER_[]\n}\n", "ROVER_DRIVING/20 ROVER_IDLE/20 ROVER_SPOKES/21 ROVER_WHEELS/21"},
		{"a local variable", core, "int f(int degrees)\n{\n\treturn deg[]\n}\n", "degrees/6"},
		{"members behind an arrow", core, "#include <linux/rover.h>\nint f(struct rover *r)\n{\n\treturn r->s[];\n}\n", "state/5 speed/5"},
		{"members of a member", core, "int f(struct rover *r)\n{\n\treturn r->ops->[];\n}\n", "turn/5 stop/5"},
		{"a designator", core, "static struct rover_ops o = {\n\t.st[]\n};\n", "stop/5"},
		{"a header", core, "#include <linux/ro[]\n", "rover.h/17"},
		{"a directory", core, "#include <li[]\n", "linux//19"},
		{"a header of the directory", core, "#include \"wh[]\n", "wheels.h/17"},
		{"a symbol of the configuration", core, "#ifdef CONFIG_RO[]\n#endif\n", "CONFIG_ROVER/10"},
		{"a comment", core, "/* rover_d[] */\n", ""},
		{"a number", core, "int x = 0x1[];\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, after, _ := strings.Cut(tt.typed, "[]")
			text := before + after
			c.openAs(tt.path, text)
			p := newLines([]byte(text)).position(len(before), utf16Units)
			result := c.ask("textDocument/completion", object{"textDocument": object{"uri": c.uri(tt.path)}, "position": p})
			var list completionList
			if err := json.Unmarshal([]byte(result), &list); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range list.Items {
				got = append(got, fmt.Sprintf("%s/%d", i.Label, i.Kind))
				if i.TextEdit.Range.End != p {
					t.Errorf("%s is put at %v", i.Label, i.TextEdit.Range)
				}
			}
			if got := strings.Join(got, " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(list.Items) > 0 {
				c.ask("completionItem/resolve", list.Items[0])
			}
		})
	}
	got := c.ask("completionItem/resolve", object{"label": "rover_drive", "data": object{"uri": c.uri(core)}})
	if !strings.Contains(got, "makes a rover drive") || !strings.Contains(got, `"detail":"int rover_drive(struct rover *rover, int degrees)"`) {
		t.Errorf("resolved to %s", got)
	}
}

func TestSignatureHelp(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	for _, tt := range []struct {
		typed string
		label string
		param int
	}{
		{"int f(void)\n{\n\treturn rover_drive([]\n}\n", "int rover_drive(struct rover *rover, int degrees)", 0},
		{"int f(void)\n{\n\treturn rover_drive(rover_speed(), []\n}\n", "int rover_drive(struct rover *rover, int degrees)", 1},
		{"int f(void)\n{\n\treturn rover_drive(a[1, 2], (b, c), []\n}\n", "int rover_drive(struct rover *rover, int degrees)", 1},
		{"int f(void)\n{\n\treturn 1;\n[]}\n", "", 0},
	} {
		before, after, _ := strings.Cut(tt.typed, "[]")
		c.openAs(core, before+after)
		p := newLines([]byte(before+after)).position(len(before), utf16Units)
		result := c.ask("textDocument/signatureHelp", object{"textDocument": object{"uri": c.uri(core)}, "position": p})
		var help signatureHelp
		if err := json.Unmarshal([]byte(result), &help); err != nil {
			t.Fatal(err)
		}
		switch {
		case tt.label == "":
			if result != "null" {
				t.Errorf("%q: %s", tt.typed, result)
			}
		case len(help.Signatures) != 1 || help.Signatures[0].Label != tt.label || help.ActiveParameter != tt.param:
			t.Errorf("%q: %s", tt.typed, result)
		case len(help.Signatures[0].Parameters) != 2 || help.Signatures[0].Parameters[1].Documentation == nil:
			t.Errorf("%q: the parameters are %v", tt.typed, help.Signatures[0].Parameters)
		}
	}
}
