package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/workbench"
)

const hello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`

// message is what matters of an answer.
type message struct {
	ID     any
	Result map[string]any
	Error  *struct {
		Code    int
		Message string
	}
}

// answers reads messages until the server ends.
func answers(t *testing.T, out io.Reader) <-chan message {
	t.Helper()
	ch := make(chan message, 1000)
	go func() {
		defer close(ch)
		in := bufio.NewReader(out)
		for {
			line, err := in.ReadBytes('\n')
			if err != nil {
				return
			}
			var m message
			if err := json.Unmarshal(line, &m); err != nil {
				t.Errorf("the server wrote %q: %v", line, err)
			}
			ch <- m
		}
	}()
	return ch
}

// TestGarbage sends what is no message between messages.
func TestGarbage(t *testing.T) {
	store := t.TempDir()
	for _, tt := range []struct {
		name, line string
		code       int // of the answer, 0 for none
		id         any
	}{
		{"words", "hello there", codeParse, nil},
		{"half a message", `{"jsonrpc":"2.0","id":3,"method":"tools/ca`, codeParse, nil},
		{"empty lines", "\n \n\r\n", 0, nil},
		{"bytes", "\x00\xff\xfe\x01", codeParse, nil},
		{"no version", `{"id":3,"method":"tools/list"}`, codeInvalidRequest, 3.0},
		{"a number", `7`, codeInvalidRequest, nil},
		{"batch", `[{"jsonrpc":"2.0","id":3,"method":"tools/list"}]`, codeInvalidRequest, nil},
		{"odd id", `{"jsonrpc":"2.0","id":{"a":1},"method":"tools/list"}`, codeInvalidRequest, nil},
		{"odd method", `{"jsonrpc":"2.0","id":3,"method":12}`, codeInvalidRequest, 3.0},
		{"no method", `{"jsonrpc":"2.0","id":3}`, 0, nil}, // an answer to nothing
		{"header of another protocol", "Content-Length: 40", codeParse, nil},
		{"unknown method", `{"jsonrpc":"2.0","id":3,"method":"tools/burn"}`, -32601, 3.0},
		{"odd parameters", `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":[]}`, -32602, 3.0},
		{"deep", `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":` + strings.Repeat("[", 1<<20), codeParse, nil},
		{"huge", `{"jsonrpc":"2.0","id":3,"method":"` + strings.Repeat("x", maxMessage) + `"}`, codeInvalidRequest, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, out, done := serve(t, Options{Bench: workbench.Options{Store: store}})
			ch := answers(t, out)
			fmt.Fprint(in, hello)                                             //nolint:errcheck // the answers tell
			fmt.Fprint(in, tt.line+"\n")                                      //nolint:errcheck // the answers tell
			fmt.Fprint(in, `{"jsonrpc":"2.0","id":99,"method":"ping"}`, "\n") //nolint:errcheck // the answers tell
			in.Close()                                                        //nolint:errcheck // always nil
			refused, pinged := 0, false
			for m := range ch {
				switch {
				case m.ID == 99.0:
					pinged = true
				case m.Error != nil:
					refused++
					if m.Error.Code != tt.code || m.ID != tt.id {
						t.Errorf("answered with %d %q, id %v; want %d, %v", m.Error.Code, m.Error.Message, m.ID, tt.code, tt.id)
					}
					if len(m.Error.Message) > 1000 {
						t.Errorf("the error has %d bytes", len(m.Error.Message))
					}
				}
			}
			if !pinged {
				t.Error("the message after it was not answered")
			}
			if refused != min(1, -tt.code) {
				t.Errorf("%d refused", refused)
			}
			if err := <-done; err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
	}
}

// TestClientGone closes the input at each stage: the server ends soon, with an
// error only if a message was not complete.
func TestClientGone(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		half       bool
	}{
		{"at once", "", false},
		{"in the first message", hello[:40], true},
		{"before it is initialized", hello[:strings.IndexByte(hello, '\n')+1], false},
		{"idle", hello, false},
		{"in a call", hello + `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"trees"`, true},
		{"behind a call", hello + `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"trees"}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, out, done := serve(t, Options{Bench: workbench.Options{Store: t.TempDir()}})
			go io.Copy(io.Discard, out) //nolint:errcheck // the server is what is tested
			fmt.Fprint(in, tt.text)     //nolint:errcheck // the server may end early
			in.Close()                  //nolint:errcheck // always nil
			select {
			case err := <-done:
				var input *workbench.InputError
				if errors.As(err, &input) != tt.half {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(3 * time.Second):
				t.Error("the server goes on")
			}
		})
	}
}

// slowServer has a tool that waits until its call is cancelled, or longer.
func slowServer(t *testing.T, deaf bool) (in io.WriteCloser, ch <-chan message, started <-chan struct{}, done <-chan error) {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	s := newServer(Options{Log: func(string, ...any) {}})
	conn := newStdio(inR, outW, s.opts.Log)
	srv := s.mcp()
	begun := make(chan struct{}, 1)
	add(s, srv, tool{name: "wait"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ *treesArgs) (*answer, error) {
		select {
		case begun <- struct{}{}:
		default:
		}
		if deaf {
			time.Sleep(5 * time.Second)
		}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	add(s, srv, tool{name: "fall"}, func(context.Context, *mcp.CallToolRequest, *treesArgs) (*answer, error) {
		panic("oops")
	})
	ended := make(chan error, 1)
	go func() { ended <- s.run(context.Background(), srv, conn) }()
	t.Cleanup(func() { inW.Close(); outR.Close() }) //nolint:errcheck // always nil
	return inW, answers(t, outR), begun, ended
}

func TestCancel(t *testing.T) {
	in, ch, started, _ := slowServer(t, false)
	fmt.Fprint(in, hello, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}`+"\n") //nolint:errcheck // the answers tell
	<-started
	fmt.Fprint(in, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`+"\n") //nolint:errcheck // the answers tell
	for m := range ch {
		if m.ID == 1.0 {
			if m.Error == nil && m.Result["isError"] != true {
				t.Errorf("answered with %v", m.Result)
			}
			return
		}
	}
	t.Error("the server ended")
}

// TestFlood sends more calls than may wait: the others are refused, and the
// server ends with its client.
func TestFlood(t *testing.T) {
	in, ch, started, done := slowServer(t, false)
	fmt.Fprint(in, hello) //nolint:errcheck // the answers tell
	const calls = maxPending + 50
	for i := range calls {
		fmt.Fprintf(in, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"wait"}}`+"\n", i+1) //nolint:errcheck // the answers tell
		if i == 0 {
			<-started
		}
	}
	refused := 0
	for m := range ch {
		if m.Error != nil && m.Error.Code == codeBusy {
			if refused++; refused == calls-maxPending {
				break
			}
		}
	}
	in.Close() //nolint:errcheck // always nil
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(3 * time.Second):
		t.Error("the server goes on")
	}
}

// TestPanic wants a fault in a tool to be the answer to its call alone.
func TestPanic(t *testing.T) {
	in, ch, _, _ := slowServer(t, false)
	fmt.Fprint(in, hello, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"fall"}}`+"\n", `{"jsonrpc":"2.0","id":2,"method":"ping"}`+"\n") //nolint:errcheck // the answers tell
	seen := 0
	for m := range ch {
		if m.ID == 1.0 && m.Result["isError"] != true {
			t.Errorf("answered with %v", m.Result)
		}
		if m.ID == 1.0 || m.ID == 2.0 {
			if seen++; seen == 2 {
				return
			}
		}
	}
	t.Error("the server ended")
}

// TestGoneMidCall wants the server to end soon, whether or not the
// call hears that it was cancelled.
func TestGoneMidCall(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		in, _, started, done := slowServer(t, deaf)
		fmt.Fprint(in, hello, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}`+"\n") //nolint:errcheck // the server is what is tested
		<-started
		in.Close() //nolint:errcheck // always nil
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("it ended with %v", err)
			}
		case <-time.After(2 * time.Second):
			t.Error("the server goes on")
		}
	}
}

func FuzzToken(f *testing.F) {
	f.Add("")
	f.Add(token{1, 2, 3}.String())
	f.Add(token{1, 2, maxOffset + 1}.String())
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseToken(s)
		if err != nil {
			return
		}
		if got.offset > maxOffset {
			t.Fatalf("%q begins at %d", s, got.offset)
		}
		if s != got.String() {
			t.Fatalf("%q is read as %+v, which is %q", s, got, got.String())
		}
	})
}

// FuzzMessages sends bytes to a server that has a tree.
func FuzzMessages(f *testing.F) {
	store, root := f.TempDir(), writeTree(f)
	indexTree(f, store, root)
	for _, call := range []string{
		`{"name":"show","arguments":{"name":"lander"}}`,
		`{"name":"refs","arguments":{"name":"tick","limit":2,"page":"AQ"}}`,
		`{"name":"grep","arguments":{"pattern":"(a*)*b","paths":["**/[a-"],"context":3}}`,
		`{"name":"source","arguments":{"file":"../../etc/passwd","first":-1,"last":99999999999}}`,
		`{"name":"log","arguments":{"text":"[    0.1] lander: second 0\n","records":true,"first":1}}`,
		`{"name":"initcalls","arguments":{"pattern":"[[:alpha:]]","arch":"arm","only_built":true}}`,
		`{"name":"dt","arguments":{"what":"acme,legs-2","board":"lander"}}`,
	} {
		f.Add([]byte(hello + `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + call + "}\n"))
	}
	f.Add([]byte("{}\n[]\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte(`"index"`)) || bytes.Contains(data, []byte(`"path"`)) {
			return // neither trees nor files of this machine
		}
		var out bytes.Buffer
		err := Serve(context.Background(), Options{Bench: workbench.Options{Store: store, Tree: root}}, bytes.NewReader(data), &out)
		var input *workbench.InputError
		if err != nil && !errors.As(err, &input) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Fatalf("the server wrote %q", line)
			}
		}
	})
}
