package klog

import (
	"fmt"
	"testing"
)

func TestMasked(t *testing.T) {
	for _, c := range []struct{ text, masked, numbers string }{
		{"", "", "[]"},
		{"usb 1-1: new device number 2", "usb #-#: new device number #", "[1 1 2]"},
		{"error -22 at 0xffff8881deadbeef (face) md5", "error -# at # (face) md5", "[22 0xffff8881deadbeef]"},
		{"a_1 é", "a_1 é", "[]"},
	} {
		if got, n := Masked(c.text), fmt.Sprint(Numbers(c.text)); got != c.masked || n != c.numbers {
			t.Errorf("%q: %q %s, want %q %s", c.text, got, n, c.masked, c.numbers)
		}
	}
}
