package mcp

// The transport: JSON-RPC messages, one a line, as the protocol has it on
// standard input and output. That of the SDK gives up the connection at the first
// line that is no message; here it is answered, and the next line is read.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// maxMessage is the length of the longest message that is read. Logs come in
	// messages.
	maxMessage = 16 << 20
	// grace is how long calls may go on after the client closed its end: it may
	// still read.
	grace = 400 * time.Millisecond
	// maxPending is how many calls may wait for their answers; further ones are
	// refused.
	maxPending = 256
)

// errHalf says that the input ended within a message.
var errHalf = errors.New("the input ended within a message")

// stdio is a transport and its only connection.
type stdio struct {
	in  io.Reader
	out io.Writer
	log func(format string, args ...any)

	lines  chan []byte
	closed chan struct{}
	close  func()

	mu      sync.Mutex // guards what follows, and writing
	pending map[string]bool
	idle    chan struct{} // closed when no call is pending any more; nil before the last message was handed on
	ended   error         // what ended the input, nil while it goes on
	gone    chan struct{} // closed when the input has ended and its grace is over
}

var _ mcp.Transport = (*stdio)(nil)

func newStdio(in io.Reader, out io.Writer, log func(string, ...any)) *stdio {
	s := &stdio{
		in: in, out: out, log: log, lines: make(chan []byte), closed: make(chan struct{}),
		pending: make(map[string]bool), gone: make(chan struct{}),
	}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	return s
}

// Connect implements mcp.Transport.
func (s *stdio) Connect(context.Context) (mcp.Connection, error) {
	go s.scan()
	return s, nil
}

// SessionID implements mcp.Connection: there is one session.
func (s *stdio) SessionID() string { return "" }

// Close implements mcp.Connection. A read of the input that has begun cannot be
// ended; it has no consequences any more.
func (s *stdio) Close() error {
	s.close()
	return nil
}

// scan reads lines until the input ends.
func (s *stdio) scan() {
	defer close(s.lines)
	in := bufio.NewReaderSize(s.in, 64<<10)
	for {
		line, err := s.line(in)
		if errors.Is(err, bufio.ErrTooLong) {
			s.refuse(nil, codeInvalidRequest, "a message is longer than 16 MB; give large logs to the tool log by their path")
			continue
		}
		if err != nil {
			s.mu.Lock()
			s.ended = err
			s.mu.Unlock()
			return
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		select {
		case s.lines <- line:
		case <-s.closed:
			return
		}
	}
}

// line reads a line. Of one that is too long it keeps nothing.
func (s *stdio) line(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxMessage; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(line) > 0 || long):
			if json.Valid(line) {
				return line, nil // the last line may lack its end
			}
			return nil, errHalf
		case err != nil:
			return nil, err
		case long:
			return nil, bufio.ErrTooLong
		default:
			return line, nil
		}
	}
}

// The codes of JSON-RPC that this file answers with.
const (
	codeParse          = jsonrpc.CodeParseError
	codeInvalidRequest = jsonrpc.CodeInvalidRequest
	codeBusy           = -32000 // the first of those that servers give a meaning to
)

// Read implements mcp.Connection: it returns the next message.
func (s *stdio) Read(ctx context.Context) (jsonrpc.Message, error) {
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				return nil, s.end(ctx)
			}
			if msg := s.decode(line); msg != nil {
				return msg, nil
			}
		case <-s.closed:
			return nil, io.EOF
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// decode makes a message of a line, or answers that it is none.
func (s *stdio) decode(line []byte) jsonrpc.Message {
	msg, err := jsonrpc.DecodeMessage(line)
	if err != nil {
		var head struct {
			ID json.RawMessage `json:"id"`
		}
		switch {
		case !json.Valid(line):
			s.refuse(nil, codeParse, "this line is no JSON")
		case line[0] == '[':
			s.refuse(nil, codeInvalidRequest, "messages come one by one, not in batches")
		default:
			if json.Unmarshal(line, &head) != nil {
				head.ID = nil
			}
			s.refuse(head.ID, codeInvalidRequest, "this is no message of JSON-RPC 2.0")
		}
		return nil
	}
	if req, ok := msg.(*jsonrpc.Request); ok && req.IsCall() {
		key := idKey(req.ID)
		s.mu.Lock()
		full := len(s.pending) >= maxPending
		if !full {
			s.pending[key] = true
		}
		s.mu.Unlock()
		if full {
			s.refuse(json.RawMessage(key), codeBusy, "too many calls wait for their answers; wait for some of them")
			return nil
		}
	}
	return msg
}

func idKey(id jsonrpc.ID) string {
	b, err := json.Marshal(id.Raw())
	if err != nil {
		return ""
	}
	return string(b)
}

// end waits for the calls that have not been answered, for a while, and tells
// why there is no message any more.
func (s *stdio) end(ctx context.Context) error {
	s.mu.Lock()
	err := s.ended
	idle := make(chan struct{})
	if len(s.pending) == 0 {
		close(idle)
	} else {
		s.idle = idle
	}
	s.mu.Unlock()
	select {
	case <-idle:
	case <-s.closed:
	case <-ctx.Done():
	case <-time.After(grace):
	}
	close(s.gone)
	return err
}

// Write implements mcp.Connection.
func (s *stdio) Write(_ context.Context, msg jsonrpc.Message) error {
	data, err := jsonrpc.EncodeMessage(msg)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.out.Write(append(data, '\n'))
	if res, ok := msg.(*jsonrpc.Response); ok {
		delete(s.pending, idKey(res.ID))
		if s.idle != nil && len(s.pending) == 0 {
			close(s.idle)
			s.idle = nil
		}
	}
	return err
}

// refuse answers what is no message. Without an id it is answered to nobody in
// particular, as JSON-RPC has it.
func (s *stdio) refuse(id json.RawMessage, code int, why string) {
	s.log("refused a message: %s", why)
	if len(id) == 0 || id[0] == '{' || id[0] == '[' {
		id = json.RawMessage("null")
	}
	data, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": id, "error": map[string]any{"code": code, "message": why},
	})
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.out.Write(append(data, '\n')) // should it fail, so will the next answer
}
