package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"dekho/internal/workbench"
)

// client is an editor at the other end of a pair of pipes.
type client struct {
	t     *testing.T
	conn  *jsonrpc2.Conn
	root  string
	store string
	ended chan struct{}
	err   error  // what Serve returned, once it has ended
	stop  func() // breaks the pipes

	mu      sync.Mutex
	told    []string                // notifications and requests of the server: "method text"; "complete root"
	changed chan struct{}           // closed and made anew with each of them
	indexed func(root string) error // in the place of indexing
}

// pipes are the two ends of a connection.
type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// newClient copies the tree of testdata, and serves it; nothing is indexed yet.
func newClient(t *testing.T) *client {
	t.Helper()
	c := &client{t: t, root: filepath.Join(t.TempDir(), "rover"), store: t.TempDir(), ended: make(chan struct{}), changed: make(chan struct{})}
	if err := os.CopyFS(c.root, os.DirFS("testdata/rover")); err != nil {
		t.Fatal(err)
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	opts := Options{Version: "test", Workbench: workbench.Options{Store: c.store}, Index: c.index, Quiet: 50 * time.Millisecond, Log: logger{t}}
	go func() {
		err := Serve(context.WithoutCancel(t.Context()), toServer, fromServer, opts)
		c.err = errors.Join(err, fromServer.Close())
		close(c.ended)
	}()
	end := pipes{toClient, fromClient}
	c.stop = func() {
		if err := end.Close(); err != nil {
			t.Error(err)
		}
	}
	stream := jsonrpc2.NewBufferedStream(end, jsonrpc2.VSCodeObjectCodec{})
	c.conn = jsonrpc2.NewConn(context.WithoutCancel(t.Context()), stream, jsonrpc2.AsyncHandler(jsonrpc2.HandlerWithError(c.hear)), jsonrpc2.SetLogger(quiet{}))
	t.Cleanup(func() {
		c.stop()
		select {
		case <-c.ended:
		case <-time.After(10 * time.Second):
			t.Error("the server goes on without a client")
		}
	})
	return c
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}

// logger is the log of a test.
type logger struct{ t *testing.T }

func (l logger) Write(b []byte) (int, error) {
	l.t.Logf("%s", strings.TrimRight(string(b), "\n"))
	return len(b), nil
}

func (c *client) index(ctx context.Context, root string, complete bool) error {
	c.mu.Lock()
	instead := c.indexed
	c.mu.Unlock()
	if instead != nil {
		if err := instead(root); err != nil {
			return err
		}
	}
	w, err := workbench.New(workbench.Options{Tree: root, Store: c.store})
	if err != nil {
		return err
	}
	_, _, err = w.Index(ctx, root, workbench.IndexOptions{Complete: complete})
	if complete {
		c.tell("complete " + root)
	}
	return err
}

// hear takes what the server says.
func (c *client) hear(_ context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) (any, error) {
	text := req.Method
	if req.Params != nil {
		text += " " + string(*req.Params)
	}
	c.tell(text)
	return nil, nil
}

func (c *client) tell(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, text)
	close(c.changed)
	c.changed = make(chan struct{})
}

// wait waits until the server says something with all of some words.
func (c *client) wait(words ...string) {
	c.t.Helper()
	for end := time.After(20 * time.Second); ; {
		c.mu.Lock()
		said := slices.ContainsFunc(c.told, func(s string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, w) })
		})
		told, changed := c.told, c.changed
		c.mu.Unlock()
		if said {
			return
		}
		select {
		case <-changed:
		case <-end:
			c.t.Fatalf("the server did not say %q, but:\n%s", words, strings.Join(told, "\n"))
		}
	}
}

// call asks for something, and returns the answer as JSON.
func (c *client) call(method string, params any) (string, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	var result json.RawMessage
	err := c.conn.Call(ctx, method, params, &result)
	return string(result), err
}

// ask is call for a question that has an answer.
func (c *client) ask(method string, params any) string {
	c.t.Helper()
	result, err := c.call(method, params)
	if err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
	return result
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.conn.Notify(c.t.Context(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

type object = map[string]any

// start initializes the server with capabilities and options of a client, and
// waits until the tree is indexed.
func (c *client) start(capabilities, options object) {
	c.t.Helper()
	c.ask("initialize", object{"rootUri": fileURI(c.root), "capabilities": capabilities, "initializationOptions": options})
	c.notify("initialized", object{})
	c.wait("window/showMessage", "is indexed")
}

func (c *client) uri(path string) string { return fileURI(filepath.Join(c.root, path)) }

// text is a file of the tree.
func (c *client) text(path string) string {
	c.t.Helper()
	b, err := os.ReadFile(filepath.Join(c.root, path))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

// at is the position of what stands in brackets in the first line of a text that
// has it: "rover->[ops]->turn".
func (c *client) at(path, text, marked string) object {
	c.t.Helper()
	before, _, _ := strings.Cut(marked, "[")
	needle := strings.NewReplacer("[", "", "]", "").Replace(marked)
	i := strings.Index(text, needle)
	if i < 0 {
		c.t.Fatalf("%s has no %q", path, needle)
	}
	p := newLines([]byte(text)).position(i+len(before), utf16Units)
	return object{"textDocument": object{"uri": c.uri(path)}, "position": object{"line": p.Line, "character": p.Character}}
}

// open opens a document as it is on the disk.
func (c *client) open(path string) {
	c.t.Helper()
	c.openAs(path, c.text(path))
}

func (c *client) openAs(path, text string) {
	c.t.Helper()
	c.notify("textDocument/didOpen", object{"textDocument": object{"uri": c.uri(path), "version": 1, "languageId": "c", "text": text}})
}

// short writes places as "path:line:from-to", from 1.
func (c *client) short(result string) string {
	c.t.Helper()
	var list []Location
	if err := json.Unmarshal([]byte(result), &list); err != nil {
		c.t.Fatalf("%s: %v", result, err)
	}
	var out []string
	for _, l := range list {
		path, err := filepath.Rel(c.root, filePath(l.URI))
		if err != nil {
			c.t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s:%d:%d-%d", path, l.Range.Start.Line+1, l.Range.Start.Character+1, l.Range.End.Character+1))
	}
	return strings.Join(out, " ")
}

func with(p object, more object) object {
	for k, v := range more {
		p[k] = v
	}
	return p
}

// code is the code of an error of the protocol.
func code(err error) int64 {
	var e *jsonrpc2.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}
