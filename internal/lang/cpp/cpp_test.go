package cpp

import (
	"bytes"
	"fmt"
	"testing"

	"dekho/internal/lang"

	"github.com/google/go-cmp/cmp"
)

// read lists what the directives of src say, a line each.
func read(src []byte) ([]string, *lang.Facts) {
	f := new(lang.Facts)
	var r Reader
	r.Reset(src, f)
	var out []string
	text := func(sp lang.Span) []byte { return src[sp.Off : sp.Off+sp.Len] }
	line := uint32(1)
	for i := 0; i < len(src); {
		if src[i] == '#' {
			end, endLine, kind := r.Directive(i, line)
			if kind == Define {
				m := &r.Macro
				out = append(out, fmt.Sprintf("%d define %s(%s) %d: %s", m.Line, text(m.Name), text(m.Params), m.BodyLine, AppendText(nil, text(m.Body))))
			}
			if kind != None {
				i, line = end+1, endLine+1
				continue
			}
		}
		end := LineEnd(src, i)
		if word := bytes.TrimSpace(src[i:end]); len(word) > 0 && !r.Skipping() {
			out = append(out, fmt.Sprintf("%d text %s", line, word))
		}
		line += lines(src[i:end]) + 1
		i = end + 1
	}
	r.Close(line - 1)
	for _, o := range f.Occs {
		out = append(out, fmt.Sprintf("%d %s %s", o.Line, o.Role, src[o.Off:o.Off+uint32(o.Len)]))
	}
	for _, c := range f.Conds {
		out = append(out, fmt.Sprintf("%d-%d cond %d %s", c.Start, c.End, c.Kind, text(c.Expr)))
	}
	for _, in := range f.Includes {
		out = append(out, fmt.Sprintf("%d include %s %t", in.Line, text(in.Path), in.System))
	}
	return out, f
}

func TestDirectives(t *testing.T) {
	for _, tt := range []struct {
		src  string
		want []string
	}{
		{"#include <a/b.h>\n# include \"c.h\"\n#include MACRO\n", []string{"1 include a/b.h true", "2 include c.h false"}},
		{
			"#define A(x, \\\n y) x /* c\n */ + \\\n  y\n#define B\n",
			[]string{"1 define A(x, \\\n y) 2: x + y", "5 define B() 5: ", "1 definition A", "5 definition B"},
		},
		{
			"#if defined(A) /* c */ && \\\n B\na\n#elif C\nb\n#else\nc\n#endif\n",
			[]string{
				"3 text a", "5 text b", "7 text c", "1 condition A", "2 condition B", "4 condition C",
				"3-3 cond 0 defined(A) /* c */ && \\\n B", "5-5 cond 4 C", "7-7 cond 3 C",
			},
		},
		{
			"#if 0\na\n#ifdef X\n#else\n#endif\n#else\nb\n#endif\n#if 1\nc\n#else\nd\n#endif\n",
			[]string{"7 text b", "10 text c", "2-5 cond 0 0", "7-7 cond 3 0", "10-10 cond 0 1", "12-12 cond 3 1"},
		},
		{"# a comment\n#endif\n#else\n#ifndef A\nb\n", []string{"1 text # a comment", "5 text b", "4 condition A", "5-5 cond 2 A"}},
	} {
		got, _ := read([]byte(tt.src))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q:\n%s", tt.src, d)
		}
	}
}

func FuzzDirectives(f *testing.F) {
	f.Add([]byte("#define A(x) \\\n x\n#if 0\n#elif B /* \n */\n#else\n#endif\n#include <a>\n"))
	f.Add([]byte("#\n#if\n#if 1\n#else\n#elif\n#define (\n#define A(\\\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		_, facts := read(src)
		last, line := 0, 1
		for _, o := range facts.Occs {
			if int(o.Off) < last || int(o.Off)+int(o.Len) > len(src) {
				t.Fatalf("occurrence %+v", o)
			}
			line += bytes.Count(src[last:o.Off], []byte{'\n'})
			if last = int(o.Off); int(o.Line) != line {
				t.Fatalf("%+v is on line %d", o, line)
			}
		}
		for _, c := range facts.Conds {
			if int(c.Expr.Off+c.Expr.Len) > len(src) || c.End+1 < c.Start {
				t.Fatalf("condition %+v", c)
			}
		}
	})
}
