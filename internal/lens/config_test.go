package lens

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const configText = `#
# Automatically generated file; DO NOT EDIT.
# Linux/arm 6.1.55 Kernel Configuration
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

func pack(t testing.TB, wrap func(io.Writer) (io.WriteCloser, error), text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := wrap(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func packGzip(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

func packZstd(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }

func packXZ(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }

func TestReadConfig(t *testing.T) {
	want := map[string]string{
		"CONFIG_CC_VERSION_TEXT": "gcc (Debian 12.2.0)", "CONFIG_EXT4_FS": "y", "CONFIG_E1000E": "m", "CONFIG_SMP": "n",
		"CONFIG_HZ": "250", "CONFIG_PHYSICAL_START": "0x1000000",
	}
	zipped := pack(t, packGzip, configText)
	vmlinux := strings.Repeat("\x7fELF\x00code", 40000) + "IKCFG_ST" + zipped + "IKCFG_ED" + strings.Repeat("\x00data", 1000)
	for name, in := range map[string]string{
		"text": configText, "CRLF": strings.ReplaceAll(configText, "\n", "\r\n"), "gzip": zipped,
		"xz": pack(t, packXZ, configText), "zstd": pack(t, packZstd, configText),
		"vmlinux": vmlinux, "gzip in gzip": pack(t, packGzip, vmlinux),
		"zImage":  strings.Repeat("\x00setup", 80000) + pack(t, packGzip, vmlinux) + "tail of the image",
		"bzImage": strings.Repeat("\x00setup\x1f\x8b\x08", 40000)[:1000] + strings.Repeat("\x00", 300000) + pack(t, packZstd, vmlinux) + "tail",
	} {
		c, err := ReadConfig(strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !maps.Equal(c.Symbols, want) {
			t.Errorf("%s: got %v", name, c.Symbols)
		}
		if c.Arch.Dir != "arm" || c.Arch.Bits != 32 || !c.Complete {
			t.Errorf("%s: %+v, complete %v", name, c.Arch, c.Complete)
		}
	}
	for _, in := range []string{"", "\x1f", "hello\n", "\x1f\x8b\x08", zipped[:20], "IKCFG_ST", "IKCFG_ST\x1f\x8b\x08"} {
		if c, err := ReadConfig(strings.NewReader(in)); err == nil {
			t.Errorf("%q: got %v", in, c.Symbols)
		}
	}
	if _, err := ReadConfig(strings.NewReader("hello\n")); !errors.Is(err, ErrNoConfig) {
		t.Errorf("text of another kind: %v", err)
	}
}

func TestConfigArch(t *testing.T) {
	for _, c := range []struct {
		text     string
		arch     string
		bits     int
		complete bool
	}{
		{"CONFIG_X86=y\nCONFIG_64BIT=y\n", "x86", 64, true},
		{"# Linux/x86 6.1.0 Kernel Configuration\nCONFIG_X86_32=y\n", "x86", 32, true},
		{"# Linux/x86_64 5.4.0 Kernel Configuration\nCONFIG_SMP=y\n", "x86", 64, true},
		{"CONFIG_PPC=y\n", "powerpc", 32, true},
		{"CONFIG_SUPERH=y\n", "sh", 32, true},
		{"CONFIG_UML=y\nCONFIG_X86=y\nCONFIG_64BIT=y\n", "um", 64, true},
		{"CONFIG_SMP=y\nCONFIG_ARCH_MXC=y\n", "", 0, false},
	} {
		got, err := ReadConfig(strings.NewReader(c.text))
		if err != nil || got.Arch.Dir != c.arch || got.Arch.Bits != c.bits || got.Complete != c.complete {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
	}
}

func TestFindArch(t *testing.T) {
	for name, want := range map[string]Arch{
		"arm": {Dir: "arm", Bits: 32, Symbol: "CONFIG_ARM"}, "armv7l": {Dir: "arm", Bits: 32, Symbol: "CONFIG_ARM"},
		"aarch64": {Dir: "arm64", Bits: 64, Symbol: "CONFIG_ARM64"}, "amd64": {Dir: "x86", Bits: 64, Symbol: "CONFIG_X86"},
		"arch/x86/": {Dir: "x86", Symbol: "CONFIG_X86"}, "ppc64le": {Dir: "powerpc", Bits: 64, Symbol: "CONFIG_PPC"},
		"future": {Dir: "future", Symbol: "CONFIG_FUTURE"},
	} {
		if a := FindArch(name); a.Dir != want.Dir || a.Bits != want.Bits || a.Symbol != want.Symbol {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte(configText))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("IKCFG_ST\x1f\x8b\x08\x00"))
	f.Add([]byte(pack(f, packGzip, configText)))
	f.Add([]byte(pack(f, packZstd, configText)))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadConfig(bytes.NewReader(data))
		if (err == nil) != (c != nil && len(c.Symbols) > 0) {
			t.Fatalf("%+v and error %v", c, err)
		}
		if c == nil {
			return
		}
		for sym := range c.Symbols {
			if !isConfigSymbol(sym) {
				t.Fatalf("symbol %q", sym)
			}
		}
	})
}
