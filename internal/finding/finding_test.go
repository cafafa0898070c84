package finding

import "testing"

func TestLocatorString(t *testing.T) {
	for want, l := range map[string]Locator{
		"boot.txt:12":      {In: Log, Name: "boot.txt", Line: 12, LastLine: 14},
		"/etc/resolv.conf": {In: Root, Name: "/etc/resolv.conf"},
	} {
		if got := l.String(); got != want {
			t.Errorf("%+v: %q, want %q", l, got, want)
		}
	}
}

// A check that was never filled in must not read as a clean bill.
func TestZeroCheckHasNotLooked(t *testing.T) {
	var c Check
	if c.Outcome != NotChecked {
		t.Errorf("the zero check is %s", c.Outcome)
	}
}

func TestFact(t *testing.T) {
	f := Finding{Facts: []Fact{{"device", "20bc000.ocotp"}}}
	if got := f.Fact("device"); got != "20bc000.ocotp" {
		t.Errorf("device is %q", got)
	}
	if got := f.Fact("driver"); got != "" {
		t.Errorf("driver is %q", got)
	}
}
