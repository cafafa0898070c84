package lens

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
)

// blob is a device tree of the nodes that the lines say: "{ name", "prop
// value|value", "}".
func blob(lines string) []byte {
	var structs, names []byte
	be := binary.BigEndian
	pad := func() {
		for len(structs)%4 != 0 {
			structs = append(structs, 0)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "{":
			structs = be.AppendUint32(structs, blobBegin)
			structs = append(append(structs, rest...), 0)
		case "}":
			structs = be.AppendUint32(structs, blobEnd)
		default:
			value := strings.ReplaceAll(rest, "|", "\x00") + "\x00"
			structs = be.AppendUint32(structs, blobProp)
			structs = be.AppendUint32(structs, uint32(len(value)))
			structs = be.AppendUint32(structs, uint32(len(names)))
			structs = append(structs, value...)
			names = append(append(names, word...), 0)
		}
		pad()
	}
	structs = be.AppendUint32(structs, blobFinish)
	var b []byte
	at := uint32(blobHeader + 16)
	for _, n := range []uint32{blobMagic, at + uint32(len(structs)+len(names)), at, at + uint32(len(structs)), blobHeader, 17, 16, 0, uint32(len(names)), uint32(len(structs))} {
		b = be.AppendUint32(b, n)
	}
	b = append(b, make([]byte, 16)...)
	return append(append(b, structs...), names...)
}

const boardNodes = `
{
compatible acme,board|acme,soc
{ soc
{ mmc@1
compatible acme,soc-mmc|acme,mmc
status okay
}
{ mmc@2
status disabled
compatible acme,other-mmc
{ card
compatible mmc-card
}
}
}
}
`

func TestReadBlob(t *testing.T) {
	b, err := ReadBlob(bytes.NewReader(blob(boardNodes)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"acme,board", "acme,mmc", "acme,soc", "acme,soc-mmc"}
	if got := slices.Sorted(maps.Keys(b.Compatible)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	whole := blob(boardNodes)
	for n := range len(whole) {
		if _, err := ReadBlob(bytes.NewReader(whole[:n])); err == nil {
			t.Errorf("the first %d bytes are read as a whole tree", n)
		}
	}
}

func TestReadSource(t *testing.T) {
	src := tree{
		"arch/arm/boot/dts/acme/board.dts": "#include \"soc.dtsi\"\n#include <mem/ddr.dtsi>\n/ { compatible = \"acme,board\",\n\t\"acme,soc\"; };\n",
		"arch/arm/boot/dts/acme/soc.dtsi":  "/include/ \"board.dts\"\n&mmc { compatible=\"acme,mmc\"; not-compatible = <1>; };\n",
		"arch/arm/boot/dts/mem/ddr.dtsi":   "ddr { compatible = \"jedec,ddr\"; };",
	}
	b := ReadSource(src, "arch/arm/boot/dts/acme/board.dts")
	want := []string{"acme,board", "acme,mmc", "acme,soc", "jedec,ddr"}
	if got := slices.Sorted(maps.Keys(b.Compatible)); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMatch(t *testing.T) {
	b := &Board{Compatible: map[string]bool{"acme,mmc": true, "fixed-clock": true}}
	for _, c := range []struct {
		text  string
		want  string
		table bool
	}{
		{`{ .compatible = "other,mmc" }, { .compatible = "acme,mmc", .data = &x },`, "acme,mmc", true},
		{`{ .compatible	=
			"fixed-clock" }`, "fixed-clock", true},
		{`{ .compatible = "other,mmc" }`, "", true},
		{`IRQCHIP_DECLARE(mmc, "acme,mmc", init);`, "acme,mmc", false},
		{`pr_info("fixed-clock");`, "", false},
		{`regmap("acme,mmc"); { .compatible = "other,mmc" }`, "", true},
		{`{ .compatible = "other,mmc" } MMC_DECLARE(x, "acme,mmc", init);`, "acme,mmc", true},
		{`x.compatible == "acme" "`, "", false},
		{`.compatible`, "", false},
		{`.compatible = "`, "", true},
		{`"`, "", false},
		{"", "", false},
	} {
		if got, table := b.Match([]byte(c.text)); got != c.want || table != c.table {
			t.Errorf("%s: %q, %v", c.text, got, table)
		}
	}
}

func FuzzReadBlob(f *testing.F) {
	f.Add(blob(boardNodes))
	f.Add(blob("{\n}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBlob(bytes.NewReader(data))
		if (err == nil) != (b != nil) {
			t.Fatalf("%v, %v", b, err)
		}
		(&Board{Compatible: map[string]bool{"a,b": true}}).Match(data)
		ReadSource(tree{"x/dts/a.dts": string(data)}, "x/dts/a.dts")
	})
}
