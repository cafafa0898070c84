package klog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
)

// benchCapture makes a capture of n lines like those of a boot.
func benchCapture(n int, prefix, end string) []byte {
	var b bytes.Buffer
	for i := range n {
		us := i * 731
		fmt.Fprintf(&b, "%s[%5d.%06d] ", prefix, us/1e6, us%1e6)
		switch i % 5 {
		case 0:
			fmt.Fprintf(&b, "usb %d-1: new high-speed USB device number %d using xhci_hcd", i%7, i%100)
		case 1:
			fmt.Fprintf(&b, "imx-sdma 20ec000.sdma: loaded firmware %d.%d", i%4, i%10)
		case 2:
			fmt.Fprintf(&b, "pci 0000:00:%02x.0: [8086:%04x] type 00 class 0x0604%02x", i%32, i%65536, i%256)
		case 3:
			fmt.Fprintf(&b, "random: crng init done (%d)", i)
		case 4:
			fmt.Fprintf(&b, " ? do_syscall_64+0x%x/0x90", i%4096)
		}
		b.WriteString(end)
	}
	return b.Bytes()
}

func benchmarkReader(b *testing.B, capture []byte) {
	b.SetBytes(int64(len(capture)))
	b.ReportAllocs()
	var records int64
	for b.Loop() {
		r := NewReader(bytes.NewReader(capture), Options{})
		for {
			_, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			records++
		}
		r.stop()
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkReader(b *testing.B) {
	const n = 100000
	b.Run("dmesg", func(b *testing.B) { benchmarkReader(b, benchCapture(n, "", "\n")) })
	b.Run("serial", func(b *testing.B) { benchmarkReader(b, benchCapture(n, "", "\r\n")) })
	b.Run("colour", func(b *testing.B) { benchmarkReader(b, benchCapture(n, "\x1b[0;32m", "\x1b[0m\r\n")) })
	b.Run("minicom", func(b *testing.B) { benchmarkReader(b, benchCapture(n, "[2026-11-22 15:04:05.123] ", "\r\n")) })
	b.Run("syslog", func(b *testing.B) { benchmarkReader(b, benchCapture(n, "Nov 22 15:04:05 board kernel: ", "\n")) })
}
