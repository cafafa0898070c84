package lsp

// Messages on the wire: a header with the length, then JSON. A client that sends
// garbage is answered where the protocol has an answer for it, and read on from
// the next message that can be told from it.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/sourcegraph/jsonrpc2"
)

const (
	// maxMessage bounds a message, in bytes: the largest file that is indexed,
	// written as JSON.
	maxMessage = 160 << 20
	// maxHeader bounds a line of a header.
	maxHeader = 4 << 10
)

// errTooLong ends a connection: where the next message begins is only known
// once all of this one was read.
var errTooLong = errors.New("a message is longer than what is accepted")

// stream carries the messages of one client. It implements
// jsonrpc2.ObjectStream.
type stream struct {
	in    *bufio.Reader
	close func() error
	warn  func(format string, args ...any)

	mu  sync.Mutex // of out
	out io.Writer
}

var _ jsonrpc2.ObjectStream = (*stream)(nil)

func newStream(in io.Reader, out io.Writer, closeBoth func() error, warn func(format string, args ...any)) *stream {
	return &stream{in: bufio.NewReaderSize(in, 64<<10), out: out, close: closeBoth, warn: warn}
}

// ReadObject reads the next message that is one. What is none is answered with
// an error that has no id, as JSON-RPC wants it.
func (s *stream) ReadObject(v any) error {
	for {
		body, err := readMessage(s.in, s.warn)
		if err != nil {
			if errors.Is(err, errTooLong) {
				s.refuse(jsonrpc2.CodeInvalidRequest, err)
			}
			return err
		}
		if !json.Valid(body) {
			s.refuse(jsonrpc2.CodeParseError, errors.New("a message is not JSON"))
			continue
		}
		if err := checkMessage(body); err != nil {
			s.refuse(jsonrpc2.CodeInvalidRequest, err)
			continue
		}
		if err := json.Unmarshal(body, v); err != nil {
			s.refuse(jsonrpc2.CodeInvalidRequest, err)
			continue
		}
		return nil
	}
}

// refuse answers a message that has no id which could be known.
func (s *stream) refuse(code int64, why error) {
	s.warn("a message is refused: %v", why)
	answer := struct {
		Version string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   jsonrpc2.Error  `json:"error"`
	}{"2.0", json.RawMessage("null"), jsonrpc2.Error{Code: code, Message: why.Error()}}
	if err := s.WriteObject(&answer); err != nil {
		s.warn("%v", err)
	}
}

// checkMessage reports what keeps JSON from being a message: a request, or the
// answer to one.
func checkMessage(body []byte) error {
	var m struct {
		Method *string         `json:"method"`
		ID     json.RawMessage `json:"id"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return errors.New("a message is no object of JSON-RPC")
	}
	if m.Method == nil && (len(m.ID) == 0 || len(m.Result) == 0 && len(m.Error) == 0) {
		return errors.New("a message is neither a request nor an answer")
	}
	return nil
}

// WriteObject sends a message.
func (s *stream) WriteObject(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintf(s.out, "Content-Length: %d\r\n\r\n", len(body)); err != nil {
		return err
	}
	_, err = s.out.Write(body)
	return err
}

// Close ends the connection.
func (s *stream) Close() error { return s.close() }

// readMessage reads the body of a message. Lines that belong to no header are
// skipped; the memory used is that of what arrives and not of what is announced.
func readMessage(in *bufio.Reader, warn func(format string, args ...any)) ([]byte, error) {
	length, skipped := -1, 0
	for {
		line, err := readHeader(in)
		if err != nil {
			if errors.Is(err, io.EOF) && (length >= 0 || len(line) > 0) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if line == "" {
			if length >= 0 {
				break
			}
			continue // between messages
		}
		name, value, ok := strings.Cut(line, ":")
		switch {
		case ok && strings.EqualFold(strings.TrimSpace(name), "Content-Length"):
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 63)
			switch {
			case errors.Is(err, strconv.ErrRange) || err == nil && n > maxMessage:
				return nil, errTooLong
			case err != nil:
				skipped++
			default:
				length = int(n)
			}
		case ok && strings.EqualFold(strings.TrimSpace(name), "Content-Type"):
		default:
			skipped++
		}
	}
	if skipped > 0 {
		warn("%d lines in front of a message belong to no header", skipped)
	}
	var body bytes.Buffer
	body.Grow(min(length, 64<<10))
	if _, err := io.CopyN(&body, in, int64(length)); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return body.Bytes(), nil
}

// readHeader reads a line without its end. Of one that is too long to be a
// header the rest is dropped.
func readHeader(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if room := maxHeader - len(line); room > 0 {
			line = append(line, part[:min(len(part), room)]...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.TrimRight(string(line), "\r\n"), err
	}
}
