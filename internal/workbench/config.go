package workbench

import (
	"io"

	"dekho/internal/lens"
)

const configHint = "a configuration is a .config, /proc/config.gz, or a kernel built with CONFIG_IKCONFIG"

// ReadConfig reads a kernel's configuration: symbols with CONFIG_ and their
// values as written, without quotes, and "n" for what is not set.
func ReadConfig(name string, in io.Reader) (map[string]string, error) {
	c, err := lens.ReadConfig(in)
	if err != nil {
		return nil, &InputError{Name: name, Err: err, Hint: configHint}
	}
	return c.Symbols, nil
}
