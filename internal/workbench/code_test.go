package workbench

import (
	"testing"

	"dekho/internal/disasm"
)

func TestMeaning(t *testing.T) {
	v := telling{
		arch: disasm.X8664, errnos: []Errno{{Name: "EINVAL", Number: 22, Place: "errno.h:3"}},
		poisons: poisons{bits: 64, delta: 0xdead000000000000, list: []poison{
			{"LIST_POISON1", 0xdead000000000100, 1},
			{"LIST_POISON2", 0xdead000000000122, 2},
			{"POISON_FREE", 0x6b, 3},
			{"POISON_END", 0xa5, 4},
			{"SLUB_RED_ACTIVE", 0xcc, 5},
			{"POISON_FREE_INITMEM", 0xcc, 6},
			{"ATM_POISON", 0xdeadbeef, 7},
		}},
	}
	for value, want := range map[uint64]string{
		0:                  "NULL",
		0xffffffffffffffea: "ERR_PTR(-EINVAL)",
		0xdead000000000100: "LIST_POISON1",
		0xdead000000000122: "LIST_POISON2",
		0xdead0000000000e8: "LIST_POISON1-0x18",
		0xdead000000000128: "LIST_POISON2+0x6",
		0x6b6b6b6b6b6b6b6b: "bytes 0x6b of POISON_FREE",
		0x6b6b6b6b6b6b6b83: "bytes 0x6b of POISON_FREE+0x18",
		0xa56b6b6b6b6b6b6b: "bytes 0x6b of POISON_FREE and POISON_END",
		0xcccccccccccccccc: "bytes 0xcc of SLUB_RED_ACTIVE or POISON_FREE_INITMEM",
		0xdeadbeef:         "ATM_POISON",
		0x6161616161616161: `the text "aaaaaaaa"`,
		0xffff888000000000: "", 0x18: "", 0xffffffffffffffff: "", 0x6b: "", 0xdead000000010000: "", 0x00006b6b6b6b0000: "",
	} {
		if got, _ := v.meaning(value); got != want {
			t.Errorf("%#x: %q, want %q", value, got, want)
		}
	}
	v = telling{arch: disasm.ARM, poisons: poisons{bits: 32, list: []poison{{"LIST_POISON1", 0x100, 1}, {"POISON_FREE", 0x6b, 3}}}}
	for value, want := range map[uint64]string{
		0x100: "LIST_POISON1", 0x104: "", 0x6b6b6b6b: "bytes 0x6b of POISON_FREE", 0x6b6b6b73: "bytes 0x6b of POISON_FREE+0x8", 0x61616161: "", 0xc0123456: "",
	} {
		if got, _ := v.meaning(value); got != want {
			t.Errorf("32 bits, %#x: %q, want %q", value, got, want)
		}
	}
}
