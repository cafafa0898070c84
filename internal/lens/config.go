package lens

// Configurations: .config files, /proc/config.gz, and the copy that a kernel
// with CONFIG_IKCONFIG carries.

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Config is a kernel's configuration.
type Config struct {
	// Symbols has the value of each symbol, by its name with CONFIG_: "y", "m",
	// a number, a string without quotes; "n" for what is said not to be set.
	Symbols map[string]string
	// Arch is the architecture it is for, as its first comment or its symbols
	// tell, without a name if they do not.
	Arch Arch
	// Complete says that a symbol it does not have is not set. It is not in a
	// defconfig, which leaves out what is so by default.
	Complete bool
}

// Bounds on a configuration: those of distributions have 300 KB, kernels that
// carry one less than 100 MB.
const (
	maxConfig = 16 << 20
	maxImage  = 256 << 20
)

// ErrNoConfig says that no symbol of a configuration was found.
var ErrNoConfig = errors.New("holds no CONFIG_ symbol")

// embedded marks the configuration in a kernel or in configs.ko: a gzip stream
// between it and IKCFG_ED (kernel/configs.c).
var embedded = []byte("IKCFG_ST")

// ReadConfig reads a configuration: as text or compressed with gzip, xz or zstd;
// or from a kernel image that carries it, be it bare or compressed with gzip or
// zstd.
func ReadConfig(in io.Reader) (*Config, error) {
	br := bufio.NewReaderSize(in, 1<<16)
	head, _ := br.Peek(6) // less is an error later
	z, err := decompress(head, br)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, maxImage+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxImage {
		return nil, errors.New("is too large for a configuration")
	}
	if text, ok := extract(data, true); ok {
		data = text
	}
	if len(data) > maxConfig {
		return nil, ErrNoConfig
	}
	return parseConfig(string(data))
}

// decompress reads a stream that begins with head.
func decompress(head []byte, in io.Reader) (io.Reader, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxImage))
	case bytes.HasPrefix(head, []byte{0xfd, '7', 'z', 'X', 'Z', 0}):
		return xz.NewReader(in)
	}
	return in, nil
}

// extract finds the configuration that a kernel carries. A compressed kernel is
// unpacked, once.
func extract(data []byte, pack bool) ([]byte, bool) {
	if i := bytes.Index(data, embedded); i >= 0 {
		return inflate(data[i+len(embedded):], maxConfig)
	}
	if !pack || len(data) < maxConfig/64 || isText(data) {
		return nil, false
	}
	for _, magic := range [...][]byte{{0x1f, 0x8b, 0x08}, {0x28, 0xb5, 0x2f, 0xfd}} {
		const tries = 8
		at := 0
		for range tries {
			i := bytes.Index(data[at:], magic)
			if i < 0 {
				break
			}
			at += i
			if kernel, ok := inflate(data[at:], maxImage); ok {
				if text, ok := extract(kernel, false); ok {
					return text, true
				}
			}
			at += len(magic)
		}
	}
	return nil, false
}

// isText looks at the beginning of a file.
func isText(data []byte) bool { return bytes.IndexByte(data[:min(len(data), 512)], 0) < 0 }

// inflate unpacks a stream that may have something behind it.
func inflate(data []byte, limit int64) ([]byte, bool) {
	in := bytes.NewReader(data)
	z, err := decompress(data, in)
	if err != nil || z == io.Reader(in) {
		return nil, false
	}
	if g, ok := z.(*gzip.Reader); ok {
		g.Multistream(false)
	}
	out, err := io.ReadAll(io.LimitReader(z, limit))
	// The trailing bytes of an image are no stream.
	return out, err == nil || len(out) > 0
}

// parseConfig reads the text of a configuration.
func parseConfig(text string) (*Config, error) {
	c := &Config{Symbols: make(map[string]string, strings.Count(text, "\n"))}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# "); ok {
			if sym, ok := strings.CutSuffix(rest, " is not set"); ok && isConfigSymbol(sym) {
				c.Symbols[sym] = "n"
			} else if rest, ok := strings.CutPrefix(rest, "Linux/"); ok && c.Arch.Dir == "" && strings.HasSuffix(rest, " Kernel Configuration") {
				// # Linux/arm 6.1.55 Kernel Configuration
				if arch, _, ok := strings.Cut(rest, " "); ok {
					c.Arch, c.Complete = FindArch(arch), true
				}
			}
			continue
		}
		sym, value, ok := strings.Cut(line, "=")
		if !ok || !isConfigSymbol(sym) {
			continue
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		c.Symbols[sym] = value
	}
	if len(c.Symbols) == 0 {
		return nil, ErrNoConfig
	}
	c.findArch()
	return c, nil
}

// findArch tells the architecture by the symbols, where the comment does not.
func (c *Config) findArch() {
	for _, a := range arches {
		sym := a.Symbol
		if sym == "" {
			sym = symbolOf(a.Dir)
		}
		if c.Symbols[sym] == "y" {
			// User-mode Linux on x86 sets no CONFIG_X86, but some trees set both.
			if c.Arch.Dir == "" || a.Dir == "um" {
				c.Arch = FindArch(a.Dir)
			}
			// These symbols cannot be chosen, so a defconfig has none of them.
			c.Complete = true
		}
	}
	switch {
	case c.Arch.Dir == "" || c.Arch.Bits != 0:
	case c.Symbols["CONFIG_64BIT"] == "y":
		c.Arch.Bits = 64
	case c.Complete:
		c.Arch.Bits = 32
	}
}

// isConfigSymbol reports whether s is CONFIG_ and what a symbol is made of.
func isConfigSymbol(s string) bool {
	s, ok := strings.CutPrefix(s, "CONFIG_")
	if !ok || s == "" {
		return false
	}
	for i := range len(s) {
		if !isIdent(s[i]) {
			return false
		}
	}
	return true
}

func isIdent(c byte) bool {
	return c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}
