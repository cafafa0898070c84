package workbench

import (
	"bytes"
	"compress/gzip"
	"errors"
	"maps"
	"strings"
	"testing"
)

func TestReadConfig(t *testing.T) {
	const text = `#
# Automatically generated file; DO NOT EDIT.
#
CONFIG_CC_VERSION_TEXT="gcc (Debian 12.2.0)"
CONFIG_EXT4_FS=y
CONFIG_E1000E=m
# CONFIG_SMP is not set
CONFIG_HZ=250
CONFIG_PHYSICAL_START=0x1000000
# CONFIG_BROKEN SYMBOL is not set
OTHER=y
CONFIG_=
`
	want := map[string]string{
		"CONFIG_CC_VERSION_TEXT": "gcc (Debian 12.2.0)", "CONFIG_EXT4_FS": "y", "CONFIG_E1000E": "m", "CONFIG_SMP": "n",
		"CONFIG_HZ": "250", "CONFIG_PHYSICAL_START": "0x1000000", "CONFIG_": "",
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), zipped.String()} {
		got, err := ReadConfig("config", strings.NewReader(in))
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("got %v, %v", got, err)
		}
	}
	for _, in := range []string{"", "\x1f", "hello\n", "\x1f\x8b\x08", zipped.String()[:20]} {
		var input *InputError
		if got, err := ReadConfig("config", strings.NewReader(in)); !errors.As(err, &input) {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte("CONFIG_A=y\n# CONFIG_B is not set\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ReadConfig("fuzz", bytes.NewReader(data))
		if (err == nil) != (len(config) > 0) {
			t.Fatalf("%d symbols and error %v", len(config), err)
		}
		for sym := range config {
			if !strings.HasPrefix(sym, "CONFIG_") || strings.ContainsAny(sym, " \n=") {
				t.Fatalf("symbol %q", sym)
			}
		}
	})
}
