package capture

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"dekho/internal/rootfs"
)

// busTime is how long the bus has for everything that is asked of it together.
const busTime = time.Second

// busPaths are where the system bus waits, where D-Bus puts it and where it used
// to.
var busPaths = []string{"/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"}

// Bus is who is on the system bus.
type Bus struct {
	// Names are the well-known names that somebody has.
	Names []string      `json:"names,omitempty"`
	Err   *rootfs.Error `json:"error,omitempty"`
}

// Has tells whether somebody has a name.
func (b *Bus) Has(name string) bool { return slices.Contains(b.Names, name) }

// busLink is the connection to the bus, made when it is first needed.
type busLink struct {
	once sync.Once
	conn *dbus.Conn
	ctx  context.Context //nolint:containedctx // the deadline of the connection as a whole
	stop context.CancelFunc
	err  *rootfs.Error
}

func (l *busLink) close() {
	if l.conn != nil {
		_ = l.conn.Close() // nothing is under way
		l.stop()
	}
}

// connect gives the connection to the bus of the system.
func (s *System) connect() (*dbus.Conn, context.Context, *rootfs.Error) {
	l := &s.bus
	l.once.Do(func() {
		if !s.Running() {
			l.err = &rootfs.Error{Reason: NotRunning, At: "system bus", Text: "an image does not run"}
			return
		}
		var fd int
		for _, path := range busPaths {
			if fd, l.err = s.root.Socket(path); l.err == nil {
				break
			}
		}
		if l.err != nil {
			return
		}
		// The socket is connected to through its handle: by its path it would be
		// looked for among the files of this process.
		file := os.NewFile(uintptr(fd), busPaths[0])
		defer func() { _ = file.Close() }() // a handle
		fail := func(err error) {
			l.err = &rootfs.Error{Reason: rootfs.Failed, At: busPaths[0], Text: err.Error()}
		}
		deadline := time.Now().Add(busTime)
		l.ctx, l.stop = context.WithDeadline(context.Background(), deadline)
		c, err := (&net.Dialer{}).DialContext(l.ctx, "unix", "/proc/self/fd/"+strconv.Itoa(fd))
		if err != nil {
			fail(fmt.Errorf("nobody answers: %w", err))
			return
		}
		if err := c.SetDeadline(deadline); err != nil {
			fail(err)
			return
		}
		conn, err := dbus.NewConn(c)
		if err != nil {
			fail(err)
			return
		}
		if err := conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))}); err != nil {
			_ = conn.Close() // the error is that of the handshake
			fail(err)
			return
		}
		if err := conn.Hello(); err != nil {
			_ = conn.Close() // the error is that of the handshake
			fail(err)
			return
		}
		l.conn = conn
	})
	return l.conn, l.ctx, l.err
}

// busCall calls a method; nobody is started by that.
func (s *System) busCall(dest, path, method string, result any, args ...any) *rootfs.Error {
	conn, ctx, failed := s.connect()
	if failed != nil {
		return failed
	}
	call := conn.Object(dest, dbus.ObjectPath(path)).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
	if err := call.Store(result); err != nil {
		e := &rootfs.Error{Reason: rootfs.Failed, At: dest + " " + method, Text: err.Error()}
		if strings.Contains(err.Error(), "AccessDenied") {
			e.Reason = rootfs.Permission
		}
		return e
	}
	return nil
}

const (
	busName   = "org.freedesktop.DBus"
	busObject = "/org/freedesktop/DBus"
)

// Bus lists who is on the system bus.
func (s *System) Bus() *Bus {
	failed := func(err *rootfs.Error) *Bus { return &Bus{Err: err} }
	return ask(s, "bus", func() *Bus {
		var names []string
		if err := s.busCall(busName, busObject, busName+".ListNames", &names); err != nil {
			return failed(err)
		}
		names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, ":") })
		slices.Sort(names)
		return &Bus{Names: names}
	}, failed)
}

// Properties are those of an object on the bus, as texts.
type Properties struct {
	Values map[string]string `json:"values,omitempty"`
	Err    *rootfs.Error     `json:"error,omitempty"`
}

// Properties asks an object on the bus for those of its properties that are
// named, if somebody has the name. What is no text is written as D-Bus does.
func (s *System) Properties(dest, path, iface string, names ...string) *Properties {
	failed := func(err *rootfs.Error) *Properties { return &Properties{Err: err} }
	question := "properties " + dest + " " + path + " " + iface + " " + strings.Join(names, " ")
	return ask(s, question, func() *Properties {
		if bus := s.Bus(); bus.Err != nil {
			return failed(bus.Err)
		} else if !bus.Has(dest) {
			return failed(&rootfs.Error{Reason: rootfs.NotExist, At: dest, Text: "nobody on the bus has this name"})
		}
		var all map[string]dbus.Variant
		if err := s.busCall(dest, path, "org.freedesktop.DBus.Properties.GetAll", &all, iface); err != nil {
			return failed(err)
		}
		p := &Properties{Values: map[string]string{}}
		for _, n := range names {
			v, ok := all[n]
			if !ok {
				continue
			}
			if text, isText := v.Value().(string); isText {
				p.Values[n] = text
			} else {
				p.Values[n] = v.String()
			}
		}
		return p
	}, failed)
}

// Unit is what systemd says of a unit.
type Unit struct {
	Load   string `json:"load"`   // "loaded", "not-found", "masked"
	Active string `json:"active"` // "active", "inactive", "failed"
	Sub    string `json:"sub"`    // "running", "dead", "exited"
}

// Units is what systemd says of services.
type Units struct {
	Found map[string]Unit `json:"found,omitempty"`
	Err   *rootfs.Error   `json:"error,omitempty"`
}

const systemdName = "org.freedesktop.systemd1"

// Units asks systemd for the services that it has loaded.
func (s *System) Units() *Units {
	failed := func(err *rootfs.Error) *Units { return &Units{Err: err} }
	return ask(s, "units", func() *Units {
		if bus := s.Bus(); bus.Err != nil {
			return failed(bus.Err)
		} else if !bus.Has(systemdName) {
			return failed(&rootfs.Error{Reason: rootfs.NotExist, At: systemdName, Text: "systemd is not on the bus"})
		}
		// The reply of ListUnits, org.freedesktop.systemd1(5).
		var list []struct {
			Name, Description, Load, Active, Sub, Following string
			Path                                            dbus.ObjectPath
			JobID                                           uint32
			JobType                                         string
			JobPath                                         dbus.ObjectPath
		}
		if err := s.busCall(systemdName, "/org/freedesktop/systemd1", systemdName+".Manager.ListUnits", &list); err != nil {
			return failed(err)
		}
		u := &Units{Found: map[string]Unit{}}
		for i := range list {
			if strings.HasSuffix(list[i].Name, ".service") {
				u.Found[list[i].Name] = Unit{Load: list[i].Load, Active: list[i].Active, Sub: list[i].Sub}
			}
		}
		return u
	}, failed)
}
