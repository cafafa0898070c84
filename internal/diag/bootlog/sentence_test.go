package bootlog

import "testing"

func TestSentences(t *testing.T) {
	for _, c := range []struct{ text, id, name string }{
		{"example 0-0010: failed to get clock ipg: -2", "clock-missing", "ipg"},
		{"example 0-0010: could not prepare or enable clock.", "clock-missing", ""},
		{"example 0-0010: cannot get regulator vdd-arm", "regulator-missing", "vdd-arm"},
		{"example 0-0010: failed to get reset gpio (-16)", "gpio-missing", "reset"},
		{"example 0-0010: unable to look up sleep pinctrl state", "pinctrl-failed", "sleep"},
		{"example 0-0010: Can't find any DMA channel", "dma-missing", ""},
		{"example 0-0010: no IRQ specified", "irq-not-available", ""},
		{"example 0-0010: error while mapping the irq", "irq-not-available", ""},
		{"example 0-0010: failed to set up interrupts", "irq-not-available", ""},
		{"example 0-0010: alarm irq request failed", "irq-not-available", "alarm"},
		{"example 0-0010: request_irq() failed", "irq-not-available", ""},
		{"example 0-0010: clk_get failed for 'per'", "clock-missing", "per"},
		{"example 0-0010: request gpiod failed: -22", "gpio-missing", ""},
		{"example 0-0010: phy power on failed, ret = -110", "phy-missing", ""},
		{"example 0-0010: Unable to connect to phy", "phy-missing", ""},
		{"example 0-0010: clock 'bus' is not available", "clock-missing", "bus"},
		{"example 0-0010: failed to deassert the core reset", "reset-missing", "core"},
		{"example 0-0010: unable to load firmware example/a7.bin", "firmware-missing", "example/a7.bin"},
		{"example 0-0010: failed to get nvmem cell", "supplier-missing", ""},
		{"example 0-0010: probe failed: -22", "probe-failed", ""},
		{"example 0-0010: could not register the sound card", "init-failed", "sound card"},
		{"example 0-0010: failed to initialize display", "init-failed", "display"},

		{"example 0-0010: failed to register clock 'per'", "init-failed", "clock per"},
		{"example 0-0010: failed to get clock rate", "", ""},
		{"example 0-0010: invalid clock delay: 0ps", "", ""},
		{"example 0-0010: failed to reset the mouse", "", ""},
		{"example 0-0010: unable to set irq affinity (irq=3)", "", ""},
		{"example 0-0010: fail to enable hw error interrupts", "", ""},
		{"example 0-0010: register write failed", "", ""},
		{"example 0-0010: data register read failed", "", ""},
		{"example 0-0010: DMA mapping error for the queue", "", ""},
		{"example 0-0010: unable to read the hardware clock", "", ""},
		{"example 0-0010: failed to add 00:11:22:33:44:55", "", ""},
		{"example 0-0010: No audio pins found", "", ""},
		{"example 0-0010: failed", "", ""},
		{"cannot", "", ""},
		{"no", "", ""},
		{"() failed", "", ""},
	} {
		e, v := sentence(c.text)
		id := ""
		if e != nil {
			id = e.ID
		}
		if id != c.id || v.name != c.name {
			t.Errorf("%q: %q named %q, want %q named %q", c.text, id, v.name, c.id, c.name)
		}
	}
}

func TestNeedles(t *testing.T) {
	list := []string{"he", "she", "his", "hers", "no "}
	n := newNeedles(list)
	for text, want := range map[string]uint64{
		"uSHErs": 1<<0 | 1<<1 | 1<<3, "This": 1 << 2, "No\x00 no x": 1 << 4, "": 0, "\xff\xfeh\xffe": 0,
	} {
		set := make([]uint64, n.sets)
		if any := n.find(text, set); set[0] != want || any != (want != 0) {
			t.Errorf("%q: %b, want %b", text, set[0], want)
		}
	}
}
