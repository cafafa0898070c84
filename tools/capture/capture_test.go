package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// kernelModule is the smallest ELF file with a section .modinfo.
func kernelModule(info string) []byte {
	const headerSize, sectionSize = 64, 64
	names := "\x00.modinfo\x00.shstrtab\x00"
	var b bytes.Buffer
	put := func(v any) {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	put([]uint16{1, 62}) // relocatable, x86-64
	put(uint32(1))
	put([]uint64{0, 0, uint64(headerSize + len(info) + len(names))})
	put(uint32(0))
	put([]uint16{headerSize, 0, 0, sectionSize, 3, 2})
	b.WriteString(info + names)
	section := func(name, kind uint32, off, size int) {
		put([]uint32{name, kind})
		put([]uint64{0, 0, uint64(off), uint64(size)})
		put([]uint32{0, 0})
		put([]uint64{1, 0})
	}
	section(0, 0, 0, 0)
	section(1, 1, headerSize, len(info))
	section(10, 3, headerSize+len(info), len(names))
	return b.Bytes()
}

func TestResolve(t *testing.T) {
	root := t.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(root, "lib/modules/6.1.0-1-amd64", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("modules.builtin", []byte("kernel/crypto/sha256.ko\n"))
	write("kernel/fs/ext4.ko", kernelModule("depends=jbd2,mbcache\x00softdep=pre: crc32c absent post: other\x00"))
	write("kernel/fs/jbd2.ko", kernelModule("license=GPL\x00depends=\x00"))
	write("kernel/fs/mbcache.ko", kernelModule("depends=jbd2\x00"))
	write("kernel/lib/crc32c.ko", kernelModule(""))
	write("kernel/drivers/usb-storage.ko", kernelModule("depends=sha256\x00"))
	write("kernel/drivers/broken.ko", []byte("not ELF"))
	tree, err := openModules(root)
	if err != nil {
		t.Fatal(err)
	}
	names := func(wanted ...string) ([]string, error) {
		modules, err := tree.resolve(wanted)
		var names []string
		for _, m := range modules {
			names = append(names, m.name)
		}
		return names, err
	}
	got, err := names("ext4", "usb_storage", "sha256", "jbd2")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"jbd2", "mbcache", "crc32c", "ext4", "usb_storage"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, bad := range []string{"nothing", "broken"} {
		if _, err := names(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
	if _, err := openModules(t.TempDir()); err == nil {
		t.Error("a package without modules: no error")
	}
}

// TestBoot boots shell scripts instead of machines.
func TestBoot(t *testing.T) {
	boots := func(script string) (string, error) {
		console, err := boot("sh", []string{"-c", script}, t.TempDir(), 300*time.Millisecond, 2, "stop!")
		return string(console), err
	}
	if got, err := boots(`printf 'a\r\n\033[0mb\r\n'`); err != nil || got != "a\r\n\x1b[0mb\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := boots("echo a; exec sleep 60"); !errors.Is(err, errSilent) || got != "a\n" {
		t.Errorf("silent: %q, %v", got, err)
	}
	if _, err := boots("echo no such device >&2; exit 1"); err == nil || !strings.Contains(err.Error(), "no such device") {
		t.Errorf("failing: %v", err)
	}
	if got, err := boots("echo stop!; echo stop!; exec sleep 60"); err != nil || got != "stop!\nstop!\n" {
		t.Errorf("stopped: %q, %v", got, err)
	}
	if _, err := boots("exec yes 0123456789"); err == nil {
		t.Error("a guest that prints for ever: no error")
	}
}

func TestGuests(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range slices.Concat(guests, faults) {
		if seen[g.name] || machines[g.machine] == nil || g.expect == "" || g.about == "" {
			t.Errorf("%s: a name used twice, no such machine, or nothing to expect", g.name)
		}
		seen[g.name] = true
	}
}

// TestReadme makes sure that a new section leaves the others alone.
func TestReadme(t *testing.T) {
	out := t.TempDir()
	for _, version := range []string{"1", "2"} {
		for _, g := range guests[:3] {
			if version == "2" && g != guests[1] {
				continue
			}
			k := &kernel{machine: machines[g.machine], pkg: "linux-image " + version}
			if err := describe(g, k, out); err != nil {
				t.Fatal(err)
			}
		}
	}
	b, err := os.ReadFile(filepath.Join(out, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if strings.Count(text, "linux-image 1") != 2 || strings.Count(text, "linux-image 2") != 1 || strings.Count(text, "\n## ") != 3 {
		t.Errorf("README:\n%s", text)
	}
}
