package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// framed is a body with its header.
func framed(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

func TestReadMessage(t *testing.T) {
	const body = `{"jsonrpc":"2.0"}`
	for _, tt := range []struct {
		name, in string
		want     string
		err      error
	}{
		{"one", framed(body), body, nil},
		{"lower case", "content-length: 2\r\n\r\n{}", "{}", nil},
		{"newlines alone", "Content-Length: 2\n\n{}", "{}", nil},
		{"content type", "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", "{}", nil},
		{"blank lines before", "\r\n\r\n" + framed(body), body, nil},
		{"garbage before", "hello\nworld: no\r\n" + framed(body), body, nil},
		{"a length that is none", "Content-Length: many\r\nContent-Length: 2\r\n\r\n{}", "{}", nil},
		{"a negative length", "Content-Length: -5\r\n\r\n" + framed(body), body, nil},
		{"a line without an end", strings.Repeat("x", 1<<20) + "\n" + framed(body), body, nil},
		{"nothing", "", "", io.EOF},
		{"half a header", "Content-Le", "", io.ErrUnexpectedEOF},
		{"half of the header", "Content-Length: 7\r\n", "", io.ErrUnexpectedEOF},
		{"half a body", "Content-Length: 7\r\n\r\n{}", "", io.ErrUnexpectedEOF},
		{"a huge length", "Content-Length: 99999999999\r\n\r\n{}", "", errTooLong},
		{"a length beyond numbers", "Content-Length: 99999999999999999999999999\r\n\r\n{}", "", errTooLong},
		{"a large length and nothing", "Content-Length: 100000000\r\n\r\n", "", io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readMessage(bufio.NewReader(strings.NewReader(tt.in)), func(string, ...any) {})
			if !errors.Is(err, tt.err) || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestReadObjectRefuses(t *testing.T) {
	in := framed("{") + framed("[]") + framed(`{"jsonrpc":"2.0"}`) + framed(`{"jsonrpc":"2.0","id":-7,"method":"x"}`) +
		framed(`{"jsonrpc":"2.0","id":1,"method":"y"}`)
	var out bytes.Buffer
	s := newStream(strings.NewReader(in), &out, func() error { return nil }, t.Logf)
	var m struct {
		ID     int    `json:"id"`
		Method string `json:"method"`
	}
	if err := s.ReadObject(&m); err != nil || m.Method != "x" {
		t.Fatalf("got %+v, %v", m, err)
	}
	if err := s.ReadObject(&m); err != nil || m.Method != "y" {
		t.Fatalf("got %+v, %v", m, err)
	}
	var codes []int
	answers := bufio.NewReader(&out)
	for {
		body, err := readMessage(answers, t.Logf)
		if err != nil {
			break
		}
		var a struct {
			ID    *int `json:"id"`
			Error struct{ Code int }
		}
		if err := json.Unmarshal(body, &a); err != nil || a.ID != nil {
			t.Errorf("%s: %v", body, err)
		}
		codes = append(codes, a.Error.Code)
	}
	if fmt.Sprint(codes) != "[-32700 -32600 -32600]" {
		t.Errorf("refused with %v", codes)
	}
}

// FuzzReadMessage makes sure that whatever a client sends is read to its end, and
// that a message behind it is found if a line ends before it.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("Content-Length: 5\r\nContent-Length: 99999999999999999\r\n\r\n{}"))
	f.Add([]byte("\n\n\n:::\r\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for n := 0; ; n++ {
			body, err := readMessage(r, func(string, ...any) {})
			if err != nil {
				return
			}
			if len(body) > len(in) || n > len(in) {
				t.Fatalf("message %d of %d bytes out of %d", n, len(body), len(in))
			}
		}
	})
}
