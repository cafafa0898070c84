// Package mcp is the server of the Model Context Protocol: an assistant asks
// about indexed trees as it would on the command line. A tool is a thin layer over
// a use case of package workbench; its answer is the text and the JSON of package
// render, a page at a time (see page.go).
//
// It reads files of indexed trees, and what a call names as a log or a
// configuration, with the rights of its user. It writes into the store alone.
package mcp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"dekho/internal/workbench"
)

// Options say what a server works on.
type Options struct {
	// Bench are the options of the workbench: the tree that is meant unless a
	// call names another, the store, the environment.
	Bench workbench.Options
	// Version is that of the program.
	Version string
	// Log hears what goes wrong without being the answer to a call; nil for
	// nobody.
	Log func(format string, args ...any)
}

// server serves one client.
type server struct {
	opts  Options
	trees trees
	// slots bounds the calls that work at the same time: each may use all
	// processors, and memory.
	slots chan struct{}

	rootsMu    sync.Mutex
	roots      []string // directories that the client works on
	rootsKnown bool     // it was asked
}

// maxCalls is how many calls work at the same time; the others wait.
const maxCalls = 4

// instructions are what an assistant is told about all tools.
const instructions = `dekho knows indexed source trees, mostly of the Linux kernel, and answers in milliseconds; prefer it to searching files.
Start from a name (show, def, refs, callers, callees, path), from text (grep), from a few letters (find), or from a boot log (log); read code with source.
Every answer names file:line and the line. Long answers come in pages: repeat the call with the page token it ends with. Narrow down with under, role, arch or config before paging.
Callers through pointers have a grade: type-matched is sure, signature-matched and name-only are guesses. Records of a log are certain, likely, ambiguous or unknown.`

// stopTime is how long calls that were cancelled may take to notice.
const stopTime = 300 * time.Millisecond

// Serve speaks the protocol until the input ends or ctx is done. The error is an
// InputError if the input could not be read, or ended within a message.
func Serve(ctx context.Context, opts Options, in io.Reader, out io.Writer) error {
	if opts.Log == nil {
		opts.Log = func(string, ...any) {}
	}
	s := newServer(opts)
	return s.run(ctx, s.mcp(), newStdio(in, out, opts.Log))
}

// run serves a connection until it ends.
func (s *server) run(ctx context.Context, srv *mcp.Server, conn *stdio) error {
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx, conn) }()
	var err error
	select {
	case err = <-done:
	case <-conn.gone:
		select {
		case err = <-done:
		case <-time.After(stopTime):
			// A call that does not hear that nobody wants it any more ends with
			// the process. Until then the trees stay open.
			return ended(conn)
		}
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(stopTime):
			return ctx.Err()
		}
	}
	if cerr := s.trees.close(); cerr != nil {
		s.opts.Log("%v", cerr)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e := ended(conn); e != nil {
		return e
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.opts.Log("the client is gone: %v", err)
	}
	return nil
}

// ended tells how the input ended: nil for its regular end.
func ended(conn *stdio) error {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.ended == nil || errors.Is(conn.ended, io.EOF) {
		return nil
	}
	return &workbench.InputError{Name: "standard input", Err: conn.ended}
}

func newServer(opts Options) *server {
	if b := &opts.Bench; b.Tree == "" && b.Getenv != nil {
		b.Tree = b.Getenv("DEKHO_TREE")
	}
	return &server{opts: opts, trees: trees{opts: opts.Bench}, slots: make(chan struct{}, maxCalls)}
}

// mcp is the SDK's server with all tools.
func (s *server) mcp() *mcp.Server {
	srv := mcp.NewServer(&mcp.Implementation{Name: "dekho", Title: "dekho: Linux source and boot logs", Version: s.opts.Version}, &mcp.ServerOptions{
		Instructions: instructions,
		Logger:       slog.New(slog.DiscardHandler),
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
		//nolint:staticcheck // roots go with the handshake, which clients still begin with
		RootsListChangedHandler: func(context.Context, *mcp.RootsListChangedRequest) {
			s.forgetRoots()
		},
	})
	s.addNames(srv)
	s.addCalls(srv)
	s.addFiles(srv)
	s.addSearch(srv)
	s.addConfig(srv)
	s.addLog(srv)
	s.addIndex(srv)
	return srv
}
