package prose

import (
	"slices"
	"testing"
)

func TestRegions(t *testing.T) {
	for _, c := range []struct {
		path, src string
		want      []string
	}{
		{"a.c", `x = "a\"b"; /* c */ y = '"'; // d` + "\nz", []string{`"a\"b"`, "/* c */", "// d"}},
		{"a.h", "#error don't do this // really\n", []string{"// really"}},
		{"a.c", "\"open\nint x; /* also open", []string{"\"open", "/* also open"}},
		{"a.c", "// spliced \\\nline\nint x;", []string{"// spliced \\\nline"}},
		{"Makefile", "a = 'b' # c\nd#e \"f\"\n", []string{"'b'", "# c", `"f"`}},
		{"arch/x86/e.S", "#include <a>\nmov %a, %b # copy\n# whole\n/* c */", []string{"# copy", "# whole", "/* c */"}},
		{"arch/arm/e.S", "mov r0, #1 @ one\n", []string{"@ one"}},
		{"x.rst", "it's \"prose\"", nil},
	} {
		var got []string
		for _, r := range Append(nil, StyleOf(c.path), []byte(c.src), len(c.src)) {
			got = append(got, c.src[r.Off:r.End])
			if r.Comment != (c.src[r.Off] != '"' && c.src[r.Off] != '\'') {
				t.Errorf("%s: %q is taken for the other kind", c.path, c.src[r.Off:r.End])
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
}

func FuzzAppend(f *testing.F) {
	f.Add(uint8(C), []byte(`x = "a\"b"; /* c */ y = '"'; // d`))
	f.Add(uint8(Hash), []byte("a = 'b' # c\\"))
	f.Add(uint8(AsmX), []byte("# x\n\tmov # y"))
	f.Add(uint8(AsmAt), []byte("@"))
	f.Fuzz(func(t *testing.T, style uint8, src []byte) {
		at := 0
		for _, r := range Append(nil, Style(style%5), src, len(src)) {
			if r.Off < at || r.End <= r.Off || r.End > len(src) {
				t.Fatalf("%+v behind %d in %d bytes", r, at, len(src))
			}
			at = r.End
		}
	})
}
