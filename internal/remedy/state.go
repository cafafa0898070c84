package remedy

import (
	"bytes"
	"fmt"
	"maps"
	"time"

	"dekho/internal/rootfs"
)

// MaxData is how large a file can be that is changed: what is saved of it has to
// fit into memory.
const MaxData = 4 << 20

// maxXattrs bounds what is saved of extended attributes, in bytes.
const maxXattrs = 64 << 10

// labelXattr is the attribute that has the SELinux context.
const labelXattr = "security.selinux"

// Attributes of files, as in linux/fs.h: FS_IMMUTABLE_FL, FS_APPEND_FL, and
// those that may be set (FS_FL_USER_MODIFIABLE).
const (
	flagImmutable = 0x10
	flagAppend    = 0x20
	flagsSettable = 0x000380FF
)

var noTime time.Time

// State is everything that can be put back of what stands at a path. The zero
// State is that nothing does.
type State struct {
	// Type is "" if nothing stands there.
	Type rootfs.Type `json:"type,omitempty"`
	// Data is the content of a file, or what a link says.
	Data []byte `json:"data,omitempty"`
	// Mode are the permissions, with set-user-ID, set-group-ID and sticky bits.
	Mode uint32 `json:"mode,omitempty"`
	UID  uint32 `json:"uid,omitempty"`
	GID  uint32 `json:"gid,omitempty"`
	// Device is the number of a device.
	Device uint64 `json:"device,omitempty"`
	// Flags are the attributes of chattr(1), Xattrs the extended ones; where
	// Xattrs is nil both are what the kernel gives to a new file.
	Flags  uint32            `json:"flags,omitempty"`
	Xattrs map[string][]byte `json:"xattrs"`
	// Accessed and Modified are zero if they are not to be set.
	Accessed time.Time `json:"accessed,omitzero"`
	Modified time.Time `json:"modified,omitzero"`

	links   uint64 // names of a file
	entries bool   // something is in the directory
}

func (s *State) setXattr(name string, value []byte) {
	m := maps.Clone(s.Xattrs)
	if m == nil {
		m = map[string][]byte{}
	}
	m[name] = value
	s.Xattrs = m
}

// label is the SELinux context, "" without.
func (s *State) label() string { return string(bytes.TrimRight(s.Xattrs[labelXattr], "\x00")) }

// sameContent tells whether two states differ in their attributes at most.
func (s *State) sameContent(o *State) bool {
	return s.Type == o.Type && bytes.Equal(s.Data, o.Data) && s.Device == o.Device
}

// same tells whether what is there is what is wanted; s is what is there.
func (s *State) same(want *State) bool {
	if !s.sameContent(want) {
		return false
	}
	if s.Type == "" {
		return true
	}
	if s.UID != want.UID || s.GID != want.GID || s.Type != rootfs.Symlink && s.Mode != want.Mode {
		return false
	}
	if want.Xattrs != nil && (s.Flags^want.Flags)&flagsSettable != 0 {
		return false
	}
	if want.Xattrs != nil && !maps.EqualFunc(s.Xattrs, want.Xattrs, bytes.Equal) {
		return false
	}
	// A directory is modified by what others do in it.
	return want.Modified.IsZero() || s.Type == rootfs.Directory || s.Modified.Equal(want.Modified)
}

// Describe says what stands there, without its content.
func (s *State) Describe() string {
	switch s.Type {
	case "":
		return "nothing"
	case rootfs.Symlink:
		return "symlink"
	}
	text := fmt.Sprintf("%s, mode %04o", s.Type, s.Mode)
	if s.Flags&flagImmutable != 0 {
		text += ", immutable"
	}
	if s.Flags&flagAppend != 0 {
		text += ", append-only"
	}
	if l := s.label(); l != "" {
		text += ", " + l
	}
	return text
}
