package kerneldoc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, comment string
		want          *Doc
	}{
		{"function", `/**
 * rover_drive() - Drive the rover
 *                 some way.
 * @r: The rover; see &struct rover.
 * @metres: How far,
 *          in metres.
 * @...: Whatever.
 *
 * It drives. With @metres == %MARS_MAX it never
 * comes back, see rover_halt().
 *
 * A second paragraph::
 *
 *   rover_drive(r, 1);
 *
 * Context: Process context.
 * Return:
 * * 0 - it drove
 * * -EIO - it did not
 *   even try
 */`, &Doc{
			Kind: Function, Name: "rover_drive", Brief: "Drive the rover some way.",
			Params: []Param{{"r", "The rover; see &struct rover."}, {"metres", "How far,\nin metres."}, {"...", "Whatever."}},
			Sections: []Section{
				{"", "It drives. With @metres == %MARS_MAX it never\ncomes back, see rover_halt().\n\nA second paragraph::\n\n  rover_drive(r, 1);"},
				{"Context", "Process context."},
				{"Return", "* 0 - it drove\n* -EIO - it did not\n  even try"},
			},
		}},
		{"struct", "/**\n * struct rover - A rover.\n * @a.b: nested\n * @c :  spaced\n */", &Doc{
			Kind: Struct, Name: "rover", Brief: "A rover.", Params: []Param{{"a.b", "nested"}, {"c", "spaced"}},
		}},
		{"member", "/** @wheels: How many. */", &Doc{Kind: Member, Name: "wheels", Params: []Param{{"wheels", "How many."}}}},
		{"member with paragraphs", "/**\n\t * @wheels: How many.\n\t *\n\t * More.\n\t */", &Doc{
			Kind: Member, Name: "wheels", Params: []Param{{"wheels", "How many.\n\nMore."}},
		}},
		{"overview", "/**\n * DOC: Driving on Mars\n *\n * Note: slowly.\n */", &Doc{
			Kind: Overview, Name: "Driving on Mars", Sections: []Section{{"", "Note: slowly."}},
		}},
		{"colon", "/**\n * MARS_MAX: as far as it goes\n */", &Doc{Kind: Function, Name: "MARS_MAX", Brief: "as far as it goes"}},
		{"no brief", "/**\n * rover_stop\n * @r: who\n */", &Doc{Kind: Function, Name: "rover_stop", Params: []Param{{"r", "who"}}}},
		{"with type", "/**\n * static int rover_dig(struct rover *r) - Dig.\n */", &Doc{Kind: Function, Name: "rover_dig", Brief: "Dig."}},
		{"description section", "/**\n * enum way - Where.\n *\n * Description: Some way.\n */", &Doc{
			Kind: Enum, Name: "way", Brief: "Where.", Sections: []Section{{"", "Some way."}},
		}},
		{"prose", "/** This is a comment about nothing - really. */", nil},
		{"prose without dash", "/**\n * Helper for others.\n */", nil},
		{"not marked", "/* x - y */", nil},
		{"stars", "/*** x - y */", nil},
		{"empty", "/** */", nil},
		{"emptier", "/**/", nil},
	} {
		got, ok := Parse([]byte(c.comment))
		if ok != (c.want != nil) {
			t.Errorf("%s: ok is %v: %+v", c.name, ok, got)
			continue
		}
		if ok {
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	}
}

const long = `/**
 * rover_drive() - Drive the &struct rover
 * @r: The rover.
 * @metres: How far it is to be driven, which can be a long way and then takes more than one line.
 *
 * First it looks around::
 *
 *     look(r);
 *
 * - then it drives at 5%d or so
 * - and stops at %MARS_EDGE, see rover_halt()
 *   and @r->wheels
 *
 * Return: 0, or %-EIO.
 */`

func TestText(t *testing.T) {
	d, _ := Parse([]byte(long))
	const want = `Drive the struct rover
  r: The rover.
  metres: How far it is to be driven, which can be a long way
      and then takes more than one line.

First it looks around:

      look(r);

- then it drives at 5%d or so
- and stops at MARS_EDGE, see rover_halt() and r->wheels

Return: 0, or -EIO.
`
	if diff := cmp.Diff(want, d.Text(64)); diff != "" {
		t.Error(diff)
	}
}

func TestMarkdown(t *testing.T) {
	d, _ := Parse([]byte(long))
	want := strings.ReplaceAll(`Drive the ~struct rover~

- ~r~: The rover.
- ~metres~: How far it is to be driven, which can be a long way and then takes more than one line.

First it looks around:

~~~
    look(r);
~~~

- then it drives at 5%d or so
- and stops at ~MARS_EDGE~, see ~rover_halt()~ and ~r->wheels~

**Return:** 0, or ~-EIO~.
`, "~", "`")
	if diff := cmp.Diff(want, d.Markdown()); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(long), 40)
	f.Add([]byte("/** @a->b.c: x */"), 0)
	f.Add([]byte("/**\n * DOC:\n * Return::\n * x::\n *\n *\t\ty\n */"), 1)
	f.Add([]byte("/**\n * struct\n * union - %\n * ``\n */"), 10)
	f.Fuzz(func(t *testing.T, comment []byte, width int) {
		d, ok := Parse(comment)
		if !ok {
			return
		}
		if d.Name == "" && d.Kind != Overview {
			t.Errorf("no name in %q", comment)
		}
		d.Text(width % 200)
		d.Markdown()
	})
}
