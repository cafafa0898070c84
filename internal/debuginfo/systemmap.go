package debuginfo

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// OpenSystemMap reads a System.map, or what /proc/kallsyms says: the functions
// of a kernel without their lines.
func OpenSystemMap(r io.Reader) (*File, error) {
	f := &File{byName: make(map[string][]int), ready: true, dwarfErr: ErrNoDebugInfo}
	in := bufio.NewScanner(r)
	for in.Scan() {
		fields := strings.Fields(in.Text())
		if len(fields) < 3 || len(fields[1]) != 1 {
			return nil, errors.New("is no System.map: a line of it is an address, a letter and a name")
		}
		addr, err := strconv.ParseUint(fields[0], 16, 64)
		if err != nil {
			return nil, errors.New("is no System.map: a line of it is an address, a letter and a name")
		}
		if !strings.ContainsAny(fields[1], "tTwW") || len(fields) > 3 || fields[2][0] == '$' {
			continue // data, or a module's
		}
		f.symbols = append(f.symbols, Symbol{Name: fields[2], Addr: addr})
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	if len(f.symbols) == 0 {
		return nil, errors.New("is no System.map: no function is in it")
	}
	f.sort()
	return f, nil
}
