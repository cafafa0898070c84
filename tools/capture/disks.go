package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const sector = 512

// disk is one disk of a guest: an image file made anew for every run.
type disk struct {
	name string // of the image file, without extension
	mib  int
	sd   bool   // in the machine's own card slot; otherwise g.args attach it by name
	ext4 bool   // an ext4 file system on the whole of it
	mbr  []part // or partitions (empty)
	// debugfs holds commands of debugfs(8) for the finished file system.
	debugfs  []string
	damage   []patch
	blkdebug string // configuration for QEMU's blkdebug, for errors of the medium
}

// part is an entry of an MBR partition table, in sectors.
type part struct {
	kind         byte
	first, count uint32
}

// patch overwrites bytes of the finished image.
type patch struct {
	off  int64
	data []byte
}

// make writes the image into dir and returns the file for QEMU's -drive.
func (d *disk) make(dir string) (string, error) {
	file := filepath.Join(dir, d.name+".img")
	f, err := os.Create(file)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // closed below; this one is for the error paths
	if err := f.Truncate(int64(d.mib) << 20); err != nil {
		return "", err
	}
	if d.ext4 {
		// Fixed identifiers: the kernel prints some of them.
		out, err := exec.Command(sbin("mke2fs"), "-q", "-F", "-t", "ext4", "-L", d.name,
			"-U", "6b6f6f6c-0000-4000-8000-000000000001",
			"-E", "hash_seed=6b6f6f6c-0000-4000-8000-000000000002,lazy_itable_init=0,lazy_journal_init=0", file).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("mke2fs %s: %w\n%s", d.name, err, out)
		}
	}
	for _, command := range d.debugfs {
		if out, err := exec.Command(sbin("debugfs"), "-w", "-R", command, file).CombinedOutput(); err != nil {
			return "", fmt.Errorf("debugfs %s: %w\n%s", command, err, out)
		}
	}
	if d.mbr != nil {
		table := make([]byte, sector)
		binary.LittleEndian.PutUint32(table[440:], 0x6b6f6f6c) // disk identifier
		for i, p := range d.mbr {
			entry := table[446+16*i:]
			entry[4] = p.kind
			binary.LittleEndian.PutUint32(entry[8:], p.first)
			binary.LittleEndian.PutUint32(entry[12:], p.count)
		}
		table[510], table[511] = 0x55, 0xaa
		if _, err := f.WriteAt(table, 0); err != nil {
			return "", err
		}
	}
	for _, p := range d.damage {
		if _, err := f.WriteAt(p.data, p.off); err != nil {
			return "", err
		}
	}
	if d.blkdebug != "" {
		conf := filepath.Join(dir, d.name+".blkdebug")
		if err := os.WriteFile(conf, []byte(d.blkdebug), 0o644); err != nil {
			return "", err
		}
		return "blkdebug:" + conf + ":" + file, f.Close()
	}
	return file, f.Close()
}

// sbin finds a program for administrators where Debian puts it, also when PATH
// is a user's.
func sbin(name string) string {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "/sbin/" + name
	}
	return path
}
