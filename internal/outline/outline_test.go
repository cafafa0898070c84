package outline

import (
	"fmt"
	"strings"
	"testing"

	"dekho/internal/lang"
	"dekho/internal/lang/c"
)

func read(src string) *File {
	var f lang.Facts
	c.Language().New().Extract("x.c", []byte(src), &f)
	return Read("c", []byte(src), &f)
}

// draw writes an outline with a line for each symbol.
func draw(f *File) string {
	var b strings.Builder
	for _, s := range f.Symbols() {
		fmt.Fprintf(&b, "%s%s %s %d-%d\n", strings.Repeat("  ", s.Depth), s.Role.Kind(), s.Name, s.Start, s.End)
	}
	return b.String()
}

const sample = `// SPDX
#include <linux/mars.h>

/**
 * struct rover - drives
 */
struct rover {
	int wheels;	/* six */
	struct {
		u8 red, green;
	} lamp;
	union {
		void *arm;
		long tail;
	};
	int (*drive)(struct rover *r,
		     int metres);
} __packed __aligned(4);

typedef struct {
	int x;
} point_t;

enum speed {
	SLOW,
	FAST = SLOW +
		1,
};

#define TWICE(x)	\
	((x) +		\
	 (x))

EXPORT_SYMBOL(nothing)
static int
drive(struct rover *r, int metres)
{
#ifdef CONFIG_SLOW
	if (metres) {
#else
	if (!metres) {
#endif
		r->wheels = 3;
	}
out:
	return 0;
}
static struct rover first = {
	.drive = drive,
}, second;
int late;
static struct tagged {
	int inside;
} __attribute__((packed)) __aligned(8);
struct named {
	int part;
} thing;
`

const sampleOutline = `struct rover 7-18
  member wheels 8-8
  member lamp 9-11
    member red 10-10
    member green 10-10
  member arm 13-13
  member tail 14-14
  member drive 16-17
typedef point_t 20-22
  member x 21-21
enum speed 24-28
  enumerator SLOW 25-25
  enumerator FAST 26-27
macro TWICE 30-32
function drive 35-47
variable first 48-50
variable second 48-50
variable late 51-51
struct tagged 52-54
  member inside 53-53
struct named 55-57
  member part 56-56
variable thing 55-57
`

func TestOutline(t *testing.T) {
	if got := draw(read(sample)); got != sampleOutline {
		t.Errorf("got\n%s\nwant\n%s", got, sampleOutline)
	}
}

// TestExtents checks that the bytes of a definition are those that a person
// would copy.
func TestExtents(t *testing.T) {
	f := read(sample)
	for name, want := range map[string]string{
		"point_t": "typedef struct {\n\tint x;\n} point_t;",
		"SLOW":    "SLOW",
		"lamp":    "struct {\n\t\tu8 red, green;\n\t} lamp;",
		"late":    "int late;",
		"wheels":  "int wheels;",
	} {
		found := false
		for _, s := range f.Symbols() {
			if s.Name == name {
				found = true
				if got := string(f.Src[s.From:s.To]); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		}
		if !found {
			t.Errorf("%s is not in the outline", name)
		}
	}
	if s, ok := f.At("drive", 36, lang.DefFunction); !ok || string(f.Src[s.From:s.Body]) != "static int\ndrive(struct rover *r, int metres)\n" {
		t.Errorf("head of drive: %q", f.Src[s.From:s.Body])
	}
}

// FuzzOutline checks that extents are inside of the file and that it ends.
func FuzzOutline(f *testing.F) {
	f.Add(sample)
	f.Add("struct a { int b")
	f.Add("}}}{{{((( int a = { #else ")
	f.Add("#if\nint a(\n#else\n) {\n#endif\n}")
	f.Fuzz(func(t *testing.T, src string) {
		file := read(src)
		list := file.Symbols()
		for i := range list {
			s := &list[i]
			if s.From > s.To || int(s.To) > len(src) || s.Body < s.From || s.Body > s.To || s.Start > s.End || s.Parent >= i {
				t.Fatalf("%+v in %d bytes", s, len(src))
			}
		}
	})
}
