package workbench

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// maxConfig bounds the size of a configuration; those of distributions have
// 300 KB.
const maxConfig = 16 << 20

// ReadConfig reads a kernel's configuration, a .config file or /proc/config.gz:
// symbols with CONFIG_ and their values as written, without quotes, and "n" for
// what is not set.
func ReadConfig(name string, in io.Reader) (map[string]string, error) {
	br := bufio.NewReader(in)
	fail := func(err error) error {
		return &InputError{Name: name, Err: err, Hint: "a configuration is a .config, or /proc/config.gz"}
	}
	var r io.Reader = br
	if head, _ := br.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) { // too short is no gzip
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, fail(err)
		}
		r = z
	}
	data, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return nil, fail(err)
	}
	if len(data) > maxConfig {
		return nil, fail(errors.New("is too large for a configuration"))
	}
	config := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# CONFIG_"); ok {
			if sym, ok := strings.CutSuffix(rest, " is not set"); ok && isSymbol(sym) {
				config["CONFIG_"+sym] = "n"
			}
			continue
		}
		sym, value, ok := strings.Cut(line, "=")
		if !ok || !strings.HasPrefix(sym, "CONFIG_") || !isSymbol(sym) {
			continue
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		config[sym] = value
	}
	if len(config) == 0 {
		return nil, fail(errors.New("holds no CONFIG_ symbol"))
	}
	return config, nil
}

func isSymbol(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}
