package remedy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dekho/internal/rootfs"
)

func sample() *Journal {
	return &Journal{
		ID: "20260102-150405", At: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), Root: "/", Subject: "resolv-conf-dangling", Title: "t",
		Changes: []Change{{
			Path: "/etc/resolv.conf", Before: State{Type: rootfs.Symlink, Data: []byte("\xff/x"), Xattrs: map[string][]byte{}},
			After: State{Type: rootfs.Regular, Data: []byte("x\n"), Mode: 0o644},
		}},
	}
}

// seal writes the first line for a body.
func seal(body []byte) []byte {
	sum := sha256.Sum256(body)
	return append([]byte(fmt.Sprintf("%s %d %s %d\n", magic, journalFormat, hex.EncodeToString(sum[:]), len(body))), body...)
}

func TestJournalRoundTrip(t *testing.T) {
	data, err := sample().encode()
	if err != nil {
		t.Fatal(err)
	}
	j, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	again, err := j.encode()
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("%v: %s", err, again)
	}
	for i := range data {
		broken := bytes.Clone(data)
		broken[i] ^= 0x20
		if _, err := decode(broken); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := decode(data[:i]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
}

// A checksum that is right does not make hostile content good.
func TestHostileJournals(t *testing.T) {
	for _, change := range []func(j *Journal){
		func(j *Journal) { j.ID = "../../etc/x" },
		func(j *Journal) { j.Root = "relative" },
		func(j *Journal) { j.PID = -1 },
		func(j *Journal) { j.Changes = nil },
		func(j *Journal) { j.Changes[0].Path = "/etc/../x" },
		func(j *Journal) { j.Changes[0].Path = "/" },
		func(j *Journal) { j.Changes[0].Path = "etc/x" },
		func(j *Journal) { j.Changes = append(j.Changes, j.Changes[0]) },
		func(j *Journal) { j.Changes[0].Before.Type = "whiteout" },
		func(j *Journal) { j.Changes[0].Before.Data = nil },
		func(j *Journal) { j.Changes[0].After.Mode = 1 << 20 },
		func(j *Journal) { j.Changes[0].After.Device = 5 },
		func(j *Journal) { j.Changes[0].After.Data = make([]byte, MaxData+1) },
		func(j *Journal) { j.Changes[0].After.Xattrs = map[string][]byte{"": nil} },
		func(j *Journal) { j.Changes[0].Before = State{Type: rootfs.FIFO, Data: []byte("x")} },
	} {
		j := sample()
		change(j)
		data, err := j.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.300s: %v", data, err)
		}
	}
	good, err := sample().encode()
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(good), "\n")
	for _, b := range []string{body + "{}", strings.Replace(body, `"title"`, `"run"`, 1), "[]", "null"} {
		if _, err := decode(seal([]byte(b))); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.200s: %v", b, err)
		}
	}
}

// FuzzJournal: what is read is what would be written, or an error.
func FuzzJournal(f *testing.F) {
	good, err := sample().encode()
	if err != nil {
		f.Fatal(err)
	}
	_, body, _ := bytes.Cut(good, []byte("\n"))
	f.Add(body)
	f.Add([]byte(`{"format":1,"id":"20260102-150405","root":"/","changes":[{"path":"/x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j, err := decode(seal(body))
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		again, err := j.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(again); err != nil {
			t.Fatalf("%v: %s", err, again)
		}
		for i := range j.Changes {
			_ = j.Changes[i].Diff()
		}
	})
}

func TestUnified(t *testing.T) {
	lines := func(s string) []string {
		return strings.SplitAfter(strings.TrimSuffix(s, "\n")+"\n", "\n")[:strings.Count(s, "\n")]
	}
	for _, c := range []struct{ old, now, want string }{
		{"a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nX\nf\n", "@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+X\n f\n"},
		{"", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		{"a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"a\n", "a\n", ""},
		{"a\na\n", "a\n", "@@ -1,2 +1 @@\n a\n-a\n"},
	} {
		if got := unified(lines(c.old), lines(c.now)); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.old, c.now, got, c.want)
		}
	}
}
