package klog

import (
	"bytes"
	"compress/bzip2"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const plain = "[    1.000000] a\n[    2.000000] b\n"

// bzipped is plain, compressed with bzip2(1): the standard library cannot.
const bzipped = "QlpoOTFBWSZTWXKgG/4AAA5bAFAQQAFwAAAKMAAgADEDQNASkaBnqkmxZIsS3pCUIlHxdyRThQkHKgG/4A=="

func gzipped(t testing.TB, s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xzipped(t testing.TB, s string, check byte) []byte {
	var b bytes.Buffer
	w, err := xz.WriterConfig{CheckSum: check, BlockSize: 1 << 16, NoCheckSum: check == 0}.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, s string) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close() //nolint:errcheck // nothing is written to it
	return w.EncodeAll([]byte(s), nil)
}

func TestCompressed(t *testing.T) {
	bz, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(bz))); err != nil || string(got) != plain {
		t.Fatalf("the test's own data: %q, %v", got, err)
	}
	big := strings.Repeat(plain, 4000)
	for _, c := range []struct {
		name, compression string
		data              []byte
		want              string
	}{
		{"gzip", "gzip", gzipped(t, plain), plain},
		{"gzip, two members", "gzip", append(gzipped(t, plain), gzipped(t, plain)...), plain + plain},
		{"xz", "xz", xzipped(t, plain, xz.CRC64), plain},
		{"xz, CRC32", "xz", xzipped(t, plain, xz.CRC32), plain},
		{"xz, SHA-256", "xz", xzipped(t, plain, xz.SHA256), plain},
		{"xz, no check", "xz", xzipped(t, plain, 0), plain},
		{"xz, blocks", "xz", xzipped(t, big, xz.CRC64), big},
		{"xz, two streams", "xz", append(append(xzipped(t, plain, xz.CRC64), 0, 0, 0, 0), xzipped(t, plain, xz.CRC32)...), plain + plain},
		{"zstd", "zstd", zstandard(t, plain), plain},
		{"zstd, two frames", "zstd", append(zstandard(t, plain), zstandard(t, plain)...), plain + plain},
		{"bzip2", "bzip2", bz, plain},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := ReadAll(bytes.NewReader(c.data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkTiling(t, l, []byte(c.want))
			if l.Stats.Compression != c.compression {
				t.Errorf("compression %q", l.Stats.Compression)
			}
		})
		t.Run(c.name+", cut off", func(t *testing.T) {
			for n := max(12, len(c.data)-200); n < len(c.data); n += 1 + len(c.want)/2000 {
				l, err := ReadAll(bytes.NewReader(c.data[:n]), Options{})
				if err == nil && l.Stats.Bytes >= int64(len(c.want)) && !strings.Contains(c.name, "two") {
					t.Fatalf("first %d of %d bytes: no error", n, len(c.data))
				}
			}
		})
		t.Run(c.name+", damaged", func(t *testing.T) {
			for i := 0; i < min(len(c.data), 200); i += 1 + len(c.want)/20000 {
				d := bytes.Clone(c.data)
				d[i] ^= 0x55
				_, _ = ReadAll(bytes.NewReader(d), Options{}) // no panic, no hang
			}
		})
	}
}

func TestCutOffError(t *testing.T) {
	big := strings.Repeat(plain, 10000)
	d := gzipped(t, big)
	l, err := ReadAll(bytes.NewReader(d[:len(d)-20]), Options{})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "gzip") {
		t.Errorf("error %v", err)
	}
	if len(l.Records) < 100 {
		t.Errorf("only %d records before the cut", len(l.Records))
	}
}

// TestXZDictionary: a header that asks for a dictionary of gigabytes is
// refused before the memory is taken.
func TestXZDictionary(t *testing.T) {
	d := xzipped(t, plain, xz.CRC32)
	h := d[12 : 12+(int(d[12])+1)*4]
	i := bytes.IndexByte(h, 0x21)
	h[i+2] = 40
	binary.LittleEndian.PutUint32(h[len(h)-4:], crc32.ChecksumIEEE(h[:len(h)-4]))
	_, err := ReadAll(bytes.NewReader(d), Options{})
	if err == nil || !strings.Contains(err.Error(), "dictionary") {
		t.Errorf("error %v", err)
	}
}

// TestBomb decompresses a stream a thousand times its size.
func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("decompresses hundreds of megabytes")
	}
	d := gzipped(t, strings.Repeat("\x00", 64<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := NewReader(bytes.NewReader(d), Options{})
	defer r.stop()
	for {
		rec, err := r.Next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		if len(rec.Text) > DefaultMaxText {
			t.Fatalf("text of %d bytes", len(rec.Text))
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 32<<20 {
		t.Errorf("%d MiB were allocated", taken>>20)
	}
}

func TestUTF16(t *testing.T) {
	text := "[    1.000000] Linux version 6.1.0 (build@host)\r\n[    2.000000] grün 🙂\r\n"
	encode := func(big, mark bool) []byte {
		var b []byte
		put := func(u uint16) {
			if big {
				b = binary.BigEndian.AppendUint16(b, u)
			} else {
				b = binary.LittleEndian.AppendUint16(b, u)
			}
		}
		if mark {
			put(0xfeff)
		}
		for _, c := range text {
			if c >= 0x10000 {
				c -= 0x10000
				put(uint16(0xd800 + c>>10))
				put(uint16(0xdc00 + c&0x3ff))
				continue
			}
			put(uint16(c))
		}
		return b
	}
	for name, d := range map[string][]byte{
		"utf-16le": encode(false, true), "utf-16be": encode(true, true), "utf-16le ": encode(false, false), "utf-16be ": encode(true, false),
	} {
		l, err := ReadAll(bytes.NewReader(d), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSpace(name); l.Stats.Encoding != want {
			t.Errorf("%s: encoding %q", name, l.Stats.Encoding)
		}
		checkShown(t, l, `k 1.000000 "Linux version 6.1.0 (build@host)"`, `k 2.000000 "grün 🙂"`)
		for n := range d { // half characters, half pairs
			if _, err := ReadAll(bytes.NewReader(d[:n]), Options{}); err != nil {
				t.Errorf("%s: first %d bytes: %v", name, n, err)
			}
		}
	}
}

func TestOtherFormats(t *testing.T) {
	tar := make([]byte, 1024)
	copy(tar[tarMagicAt:], "ustar\x0000")
	for in, want := range map[string]string{
		"\x7fELF\x02\x01\x01":           "an ELF file",
		"LPKSHHRH\x00\x00":              "journalctl -k --file=FILE",
		"KDUMP   \x06":                  "vmcore-dmesg",
		"\x04\x22\x4d\x18\x64":          "lz4 -dc FILE",
		"PK\x03\x04\x14":                "a zip archive",
		string(tar):                     "a tar archive",
		string(gzipped(t, string(tar))): "a tar archive",
	} {
		_, err := ReadAll(strings.NewReader(in), Options{})
		var bad *FormatError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: error %v, want %q", in, err, want)
		}
	}
}

func FuzzXZ(f *testing.F) {
	f.Add(xzipped(f, plain, xz.CRC64))
	f.Add(xzipped(f, plain, xz.SHA256))
	f.Add(append(xzipped(f, plain, xz.CRC32), xzipped(f, plain, 0)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(append([]byte("\xfd7zXZ\x00"), data...)), Options{})
		defer r.stop()
		for n := 0; n < 1000; n++ {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}
