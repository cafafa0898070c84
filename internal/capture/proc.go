package capture

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"iter"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/rootfs"
)

// rows are the lines of a file of /proc by their numbers, from 1, as fields.
func rows(data []byte) iter.Seq2[int, []string] {
	return func(yield func(int, []string) bool) {
		number := 0
		for line := range bytes.Lines(data) {
			number++
			if !yield(number, strings.Fields(string(line))) {
				return
			}
		}
	}
}

// Mount is a line of mountinfo (proc_pid_mountinfo(5)).
type Mount struct {
	ID, Parent uint64
	// Root is what of the file system is mounted; "//deleted" stands behind the
	// path of a file that is gone.
	Root string
	// Point is where, as the process sees it.
	Point string
	// Options are those of the mount, Super those of the file system.
	Options, Super string
	// Type and Source are the file system's: "ext4", "/dev/sda1".
	Type, Source string
	// Line is its line in the file, from 1.
	Line int
}

// ReadOnly tells whether nothing can be written there.
func (m *Mount) ReadOnly() bool {
	return slices.Contains(strings.Split(m.Options, ","), "ro") || slices.Contains(strings.Split(m.Super, ","), "ro")
}

// ParseMounts reads mountinfo; lines that are none are left out.
func ParseMounts(data []byte) []Mount {
	var mounts []Mount
	for number, f := range rows(data) {
		dash := slices.Index(f, "-")
		if dash < 6 || len(f) < dash+3 {
			continue
		}
		id, err1 := strconv.ParseUint(f[0], 10, 64)
		parent, err2 := strconv.ParseUint(f[1], 10, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		m := Mount{
			ID: id, Parent: parent, Root: unescape(f[3]), Point: unescape(f[4]), Options: f[5],
			Type: f[dash+1], Source: unescape(f[dash+2]), Line: number,
		}
		if len(f) > dash+3 {
			m.Super = f[dash+3]
		}
		mounts = append(mounts, m)
	}
	return mounts
}

// unescape undoes what the kernel does to blanks and backslashes: "\040".
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b = append(b, byte(v))
				i += 3
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// Mounts are the mounts that the system sees.
func (s *System) Mounts() ([]Mount, *rootfs.Error) {
	f := s.Proc("mountinfo")
	if f.Err != nil {
		return nil, f.Err
	}
	return ParseMounts(f.Data), nil
}

// Listener is a socket that waits for others.
type Listener struct {
	Network string // "udp", "tcp", "udp6", "tcp6"
	Addr    netip.AddrPort
	UID     uint32
	Inode   uint64
	Line    int // in the file of /proc/net of that name
}

// tcpListen is TCP_LISTEN of include/net/tcp_states.h; a UDP socket that is not
// connected has TCP_CLOSE there.
const (
	tcpListen = 0x0a
	udpOpen   = 0x07
)

// ParseListeners reads a file of /proc/net: the TCP sockets that listen, the UDP
// sockets that are bound and not connected.
func ParseListeners(network string, data []byte) []Listener {
	state := uint64(tcpListen)
	if strings.HasPrefix(network, "udp") {
		state = udpOpen
	}
	var all []Listener
	for number, f := range rows(data) {
		if len(f) < 10 {
			continue
		}
		st, err1 := strconv.ParseUint(f[3], 16, 8)
		uid, err2 := strconv.ParseUint(f[7], 10, 32)
		inode, err3 := strconv.ParseUint(f[9], 10, 64)
		addr, ok := socketAddr(f[1])
		if err1 != nil || err2 != nil || err3 != nil || !ok || st != state {
			continue
		}
		all = append(all, Listener{Network: network, Addr: addr, UID: uint32(uid), Inode: inode, Line: number})
	}
	return all
}

// socketAddr reads "0100007F:0035": groups of four bytes in the order of the
// machine, then the port.
func socketAddr(s string) (netip.AddrPort, bool) {
	a, p, ok := strings.Cut(s, ":")
	if !ok {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(p, 16, 16)
	raw, err2 := hex.DecodeString(a)
	if err != nil || err2 != nil || len(raw) != 4 && len(raw) != 16 {
		return netip.AddrPort{}, false
	}
	addr, _ := netip.AddrFromSlice(nativeWords(raw))
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), true
}

// nativeWords puts the bytes of an address into the order of the network. The
// kernel prints them as words of the machine; all that dekho is built for are
// little-endian.
func nativeWords(raw []byte) []byte {
	for i := 0; i+4 <= len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.LittleEndian.Uint32(raw[i:]))
	}
	return raw
}

// Listeners are the sockets of the system that listen on a port, on UDP and TCP.
// The error is why none of the tables could be read.
func (s *System) Listeners(port uint16) ([]Listener, *rootfs.Error) {
	var all []Listener
	var failed *rootfs.Error
	read := false
	for _, network := range []string{"udp", "udp6", "tcp", "tcp6"} {
		f := s.Proc("net/" + network)
		if f.Err != nil {
			// A kernel without IPv6 has no udp6.
			if failed == nil {
				failed = f.Err
			}
			continue
		}
		read = true
		for _, l := range ParseListeners(network, f.Data) {
			if l.Addr.Port() == port {
				all = append(all, l)
			}
		}
	}
	if read {
		return all, nil
	}
	return nil, failed
}

// Route is a way that packets take.
type Route struct {
	Dst       netip.Prefix
	Gateway   netip.Addr // not valid where the destination is on the link
	Interface string
	Metric    uint64
	// Reject says that packets are refused.
	Reject bool
	File   string // "net/route" or "net/ipv6_route"
	Line   int
}

// Flags of routes, of include/uapi/linux/route.h and ipv6_route.h.
const (
	rtfUp     = 0x0001
	rtfReject = 0x0200
)

// ParseRoutes reads /proc/net/route.
func ParseRoutes(data []byte) []Route {
	var all []Route
	for number, f := range rows(data) {
		if len(f) < 8 || number == 1 {
			continue
		}
		dst, ok1 := routeAddr(f[1])
		gw, ok2 := routeAddr(f[2])
		mask, ok3 := routeAddr(f[7])
		flags, err1 := strconv.ParseUint(f[3], 16, 32)
		metric, err2 := strconv.ParseUint(f[6], 10, 64)
		if !ok1 || !ok2 || !ok3 || err1 != nil || err2 != nil || flags&rtfUp == 0 {
			continue
		}
		m := mask.As4()
		bits := 0
		for v := binary.BigEndian.Uint32(m[:]); v&(1<<31) != 0; v <<= 1 {
			bits++
		}
		r := Route{Dst: netip.PrefixFrom(dst, bits).Masked(), Interface: f[0], Metric: metric, Reject: flags&rtfReject != 0, File: "net/route", Line: number}
		if !gw.IsUnspecified() {
			r.Gateway = gw
		}
		all = append(all, r)
	}
	return all
}

func routeAddr(s string) (netip.Addr, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 4 {
		return netip.Addr{}, false
	}
	return netip.AddrFromSlice(nativeWords(raw))
}

// ParseRoutes6 reads /proc/net/ipv6_route.
func ParseRoutes6(data []byte) []Route {
	var all []Route
	for number, f := range rows(data) {
		if len(f) < 10 {
			continue
		}
		dst, err1 := hex.DecodeString(f[0])
		bits, err2 := strconv.ParseUint(f[1], 16, 8)
		gw, err3 := hex.DecodeString(f[4])
		metric, err4 := strconv.ParseUint(f[5], 16, 64)
		flags, err5 := strconv.ParseUint(f[8], 16, 32)
		if errors.Join(err1, err2, err3, err4, err5) != nil || len(dst) != 16 || len(gw) != 16 || bits > 128 || flags&rtfUp == 0 {
			continue
		}
		to, _ := netip.AddrFromSlice(dst)
		r := Route{Dst: netip.PrefixFrom(to, int(bits)), Interface: f[9], Metric: metric, Reject: flags&rtfReject != 0, File: "net/ipv6_route", Line: number}
		if via, _ := netip.AddrFromSlice(gw); !via.IsUnspecified() {
			r.Gateway = via
		}
		all = append(all, r)
	}
	return all
}

// Routes are the routes of the main table, and of all tables for IPv6.
func (s *System) Routes() ([]Route, *rootfs.Error) {
	f := s.Proc("net/route")
	if f.Err != nil {
		return nil, f.Err
	}
	all := ParseRoutes(f.Data)
	if f6 := s.Proc("net/ipv6_route"); f6.Err == nil {
		all = append(all, ParseRoutes6(f6.Data)...)
	}
	return all, nil
}

// Running is a process.
type Running struct {
	PID  int    `json:"pid"`
	Comm string `json:"comm"`
}

// Processes is the answer to who of some runs.
type Processes struct {
	Found []Running     `json:"found,omitempty"`
	Err   *rootfs.Error `json:"error,omitempty"`
}

// maxComm is what the kernel keeps of the name of a program (TASK_COMM_LEN).
const maxComm = 15

// Comm is the name of a program as the kernel shows it.
func Comm(program string) string { return program[:min(len(program), maxComm)] }

// Processes lists the processes of the system that run a program. Those of
// containers inside of it are not its own.
func (s *System) Processes(program string) *Processes {
	failed := func(err *rootfs.Error) *Processes { return &Processes{Err: err} }
	return ask(s, "processes "+program, func() *Processes {
		table, err := s.table()
		if err != nil {
			return failed(err)
		}
		p := &Processes{}
		for _, r := range table {
			if r.Comm == Comm(program) && s.ours(strconv.Itoa(r.PID)) {
				p.Found = append(p.Found, r)
			}
		}
		return p
	}, failed)
}

// table is every process in /proc, read once.
func (s *System) table() ([]Running, *rootfs.Error) {
	s.processes.once.Do(func() {
		if s.processes.err = s.noProc("/proc"); s.processes.err != nil {
			return
		}
		pids, err := s.pids()
		if err != nil {
			s.processes.err = err
			return
		}
		for _, pid := range pids {
			if f := s.proc.Read(pid + "/comm"); f.Err == nil { // else it has ended
				n, _ := strconv.Atoi(pid) // it is digits
				s.processes.table = append(s.processes.table, Running{PID: n, Comm: strings.TrimSuffix(string(f.Data), "\n")})
			}
		}
	})
	return s.processes.table, s.processes.err
}

// pids are the names of the processes in /proc.
func (s *System) pids() ([]string, *rootfs.Error) {
	d := s.proc.ReadDir("/")
	if d.Err != nil {
		return nil, d.Err
	}
	pids := slices.DeleteFunc(slices.Clone(d.Names), func(n string) bool {
		_, err := strconv.ParseUint(n, 10, 31)
		return err != nil
	})
	if len(pids) == 0 {
		return nil, &rootfs.Error{Reason: rootfs.NotExist, At: "/proc", Text: "shows no processes: is it mounted?"}
	}
	return pids, nil
}

// ours tells whether a process belongs to the system: to the PID namespace of
// the process that was named, or to no other than that of this /proc.
func (s *System) ours(pid string) bool {
	if s.about.Kind == Process {
		// The links are the kernel's own, so what counts is their text:
		// "pid:[4026531836]".
		a, err1 := s.proc.Readlink(pid + "/ns/pid")
		b, err2 := s.proc.Readlink(s.self() + "/ns/pid")
		return err1 == nil && err2 == nil && a == b
	}
	status := s.proc.Read(pid + "/status")
	if status.Err != nil {
		return s.about.Kind == Image // it has ended, or it is a copy without that
	}
	for line := range bytes.Lines(status.Data) {
		if rest, ok := bytes.CutPrefix(line, []byte("NSpid:")); ok {
			return len(bytes.Fields(rest)) == 1
		}
	}
	return true // a kernel before 4.1 does not tell
}

// Holders is the answer to whose some sockets are.
type Holders struct {
	// Found has the processes by the inodes of the sockets.
	Found map[uint64]Running `json:"found,omitempty"`
	// Hidden counts processes whose files could not be looked at.
	Hidden int           `json:"hidden,omitempty"`
	Err    *rootfs.Error `json:"error,omitempty"`
}

// Holders finds the processes that have the sockets. Processes of the programs
// that are likely to have them are looked at first.
func (s *System) Holders(inodes []uint64, likely ...string) *Holders {
	question := "holders"
	for _, i := range inodes {
		question += " " + strconv.FormatUint(i, 10)
	}
	failed := func(err *rootfs.Error) *Holders { return &Holders{Err: err} }
	return ask(s, question, func() *Holders {
		table, err := s.table()
		if err != nil {
			return failed(err)
		}
		first := map[string]bool{}
		for _, p := range likely {
			first[Comm(p)] = true
		}
		var order, others []Running
		for _, r := range table {
			if first[r.Comm] {
				order = append(order, r)
			} else {
				others = append(others, r)
			}
		}
		h := &Holders{Found: map[uint64]Running{}}
		want := map[string]uint64{}
		for _, i := range inodes {
			want["socket:["+strconv.FormatUint(i, 10)+"]"] = i
		}
		for _, r := range append(order, others...) {
			if len(want) == 0 {
				break
			}
			pid := strconv.Itoa(r.PID)
			fds := s.proc.ReadDir(pid + "/fd")
			if fds.Err != nil {
				if errors.Is(fds.Err, fs.ErrPermission) {
					h.Hidden++
				}
				continue
			}
			for _, fd := range fds.Names {
				text, err := s.proc.Readlink(pid + "/fd/" + fd)
				if i, ok := want[text]; ok && err == nil {
					h.Found[i] = r
					delete(want, text)
				}
			}
		}
		return h
	}, failed)
}
