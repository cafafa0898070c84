// Package lsp is the front end for editors: a server of the Language Server
// Protocol over a pair of pipes. A message comes in through a stream, the table
// of methods says who answers it, and the answer is a use case of package
// workbench, asked of the tree that the document is in, put into the types of
// the protocol.
//
// What a client sends is taken in order: a change of a document is applied
// before the next message is read. Requests are answered beside each other.
package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"dekho/internal/workbench"
)

// Options are what a server needs from whoever starts it.
type Options struct {
	// Version is that of the program.
	Version string
	// Workbench says where the indexes are, and through which lens trees are
	// seen. Its Tree is used for documents that are in no tree of their own.
	Workbench workbench.Options
	// Index brings the index of the tree at root up to date, or makes it; if
	// complete, with what is derived from the whole tree.
	Index func(ctx context.Context, root string, complete bool) error
	// Quiet is how long nothing must have been saved for a complete index to be
	// made; half a minute if it is 0.
	Quiet time.Duration
	// Log hears of problems.
	Log io.Writer
}

// ErrNoExit is returned by Serve when the client went away without saying so.
var ErrNoExit = errors.New("the editor ended without asking the server to")

// Server serves one client.
type Server struct {
	opts   Options
	log    *log.Logger
	conn   *jsonrpc2.Conn
	ctx    context.Context // ends with the connection
	end    context.CancelCauseFunc
	client clientCapabilities
	units  encoding

	mu       sync.Mutex
	phase    phase
	docs     map[string]*document // by key
	running  map[jsonrpc2.ID]context.CancelFunc
	requests sync.WaitGroup
	slots    chan struct{} // of requests that work at the same time
	waiting  chan struct{} // of requests that were not answered yet

	trees  trees
	tokens tokenCache
}

// phase is how far the life of a connection is.
type phase int

const (
	starting phase = iota
	serving
	shutDown
)

// errExit ends a connection as the client asked for.
var errExit = errors.New("exit")

// Serve answers the client at the other end of in and out until it asks to
// exit, goes away, or ctx is done. The error is nil if it shut the server down
// before.
func Serve(ctx context.Context, in io.ReadCloser, out io.Writer, opts Options) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := &Server{
		opts: opts, log: log.New(opts.Log, "dekho lsp: ", log.LstdFlags|log.Lmsgprefix), ctx: ctx, end: end, units: utf16Units,
		docs: make(map[string]*document), running: make(map[jsonrpc2.ID]context.CancelFunc),
		slots: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), waiting: make(chan struct{}, maxWaiting),
	}
	s.trees.init(s)
	ready := make(chan struct{})
	handler := jsonrpc2.Handler(handlerFunc(func(ctx context.Context, _ *jsonrpc2.Conn, req *jsonrpc2.Request) {
		<-ready // until s.conn is set
		s.handle(ctx, req)
	}))
	s.conn = jsonrpc2.NewConn(ctx, newStream(in, out, in.Close, s.log.Printf), handler, jsonrpc2.SetLogger(s.log))
	close(ready)
	select {
	case <-s.conn.DisconnectNotify():
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	end(nil)
	_ = s.conn.Close() // a pipe that is closed already
	s.requests.Wait()
	err := s.trees.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case s.phase == shutDown, errors.Is(cause, context.Canceled):
		return nil
	case cause != nil && !errors.Is(cause, errExit):
		return cause
	}
	return ErrNoExit
}

type handlerFunc func(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request)

func (f handlerFunc) Handle(ctx context.Context, conn *jsonrpc2.Conn, req *jsonrpc2.Request) {
	f(ctx, conn, req)
}

// method answers a request, or takes a notification.
type method struct {
	// take decodes parameters, and returns what answers.
	take func(s *Server, params json.RawMessage) (func(context.Context) (any, error), error)
	// inOrder says that the next message is read only when it is done.
	inOrder bool
}

// request is a method that is answered beside others, step one that is done
// before the next message is read.
func request[P any](f func(*Server, context.Context, *P) (any, error)) method {
	return method{take: take(f)}
}

func step[P any](f func(*Server, context.Context, *P) (any, error)) method {
	return method{take: take(f), inOrder: true}
}

// notice is a step that has no answer.
func notice[P any](f func(*Server, context.Context, *P) error) method {
	return step(func(s *Server, ctx context.Context, p *P) (any, error) { return nil, f(s, ctx, p) })
}

// take decodes the parameters of a method. A document in them is what it is now,
// whatever is typed into it before the request is answered.
func take[P any](f func(*Server, context.Context, *P) (any, error)) func(*Server, json.RawMessage) (func(context.Context) (any, error), error) {
	return func(s *Server, raw json.RawMessage) (func(context.Context) (any, error), error) {
		params := new(P)
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, params); err != nil {
				return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: err.Error()}
			}
		}
		if a, ok := any(params).(about); ok {
			d := a.document()
			if d.URI == "" {
				return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: "no document is named"}
			}
			d.doc = s.document(d.URI)
		}
		return func(ctx context.Context) (any, error) { return f(s, ctx, params) }, nil
	}
}

// methods are all that is answered.
var methods = map[string]method{
	"initialize":  step((*Server).initialize),
	"initialized": notice((*Server).initialized),
	"shutdown":    step((*Server).shutdown),
	"exit":        notice((*Server).exit),

	"$/cancelRequest":                notice((*Server).cancel),
	"$/setTrace":                     notice(func(*Server, context.Context, *json.RawMessage) error { return nil }),
	"window/workDoneProgress/cancel": notice(func(*Server, context.Context, *json.RawMessage) error { return nil }),

	"textDocument/didOpen":                notice((*Server).didOpen),
	"textDocument/didChange":              notice((*Server).didChange),
	"textDocument/didSave":                notice((*Server).didSave),
	"textDocument/didClose":               notice((*Server).didClose),
	"workspace/didChangeConfiguration":    notice((*Server).didChangeConfiguration),
	"workspace/didChangeWatchedFiles":     notice((*Server).didChangeWatchedFiles),
	"workspace/didChangeWorkspaceFolders": notice((*Server).didChangeWorkspaceFolders),
	"workspace/executeCommand":            request((*Server).executeCommand),

	"textDocument/definition":        request((*Server).definition),
	"textDocument/declaration":       request((*Server).declaration),
	"textDocument/typeDefinition":    request((*Server).typeDefinition),
	"textDocument/implementation":    request((*Server).implementation),
	"textDocument/references":        request((*Server).references),
	"textDocument/documentHighlight": request((*Server).documentHighlight),
	"textDocument/documentSymbol":    request((*Server).documentSymbol),
	"workspace/symbol":               request((*Server).workspaceSymbol),
	"textDocument/hover":             request((*Server).hover),
	"textDocument/signatureHelp":     request((*Server).signatureHelp),
	"textDocument/completion":        request((*Server).completion),
	"completionItem/resolve":         request((*Server).resolveCompletion),
	"textDocument/foldingRange":      request((*Server).foldingRange),
	"textDocument/documentLink":      request((*Server).documentLink),

	"textDocument/prepareCallHierarchy": request((*Server).prepareCallHierarchy),
	"callHierarchy/incomingCalls":       request((*Server).incomingCalls),
	"callHierarchy/outgoingCalls":       request((*Server).outgoingCalls),
	"textDocument/prepareTypeHierarchy": request((*Server).prepareTypeHierarchy),
	"typeHierarchy/supertypes":          request((*Server).supertypes),
	"typeHierarchy/subtypes":            request((*Server).subtypes),

	"textDocument/semanticTokens/full":       request((*Server).semanticTokensFull),
	"textDocument/semanticTokens/full/delta": request((*Server).semanticTokensDelta),
	"textDocument/semanticTokens/range":      request((*Server).semanticTokensRange),
}

// maxWaiting bounds the requests that were taken and not yet answered; more of
// them wait in the pipe.
const maxWaiting = 1 << 10

// handle takes a message. It is called with one at a time.
func (s *Server) handle(ctx context.Context, req *jsonrpc2.Request) {
	m, ok := s.method(req)
	if !ok {
		return
	}
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	work, err := m.take(s, params)
	if err != nil {
		s.reply(ctx, req, nil, err)
		return
	}
	if m.inOrder {
		s.answer(ctx, req, work)
		return
	}
	select {
	case s.waiting <- struct{}{}:
	case <-ctx.Done():
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.running[req.ID] = cancel
	s.mu.Unlock()
	s.requests.Go(func() {
		defer func() {
			cancel()
			s.mu.Lock()
			delete(s.running, req.ID)
			s.mu.Unlock()
			<-s.waiting
		}()
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		s.answer(ctx, req, work)
		s.trees.trim()
	})
}

// method finds who answers a message; what cannot be answered now is refused.
func (s *Server) method(req *jsonrpc2.Request) (method, bool) {
	m, ok := methods[req.Method]
	s.mu.Lock()
	now := s.phase
	s.mu.Unlock()
	switch {
	case req.Method == "exit":
		return m, true
	case now == starting && req.Method != "initialize":
		s.refuse(req, codeServerNotInitialized, "the first request is initialize")
	case now == shutDown:
		s.refuse(req, jsonrpc2.CodeInvalidRequest, "the server was shut down")
	case now == serving && req.Method == "initialize":
		s.refuse(req, jsonrpc2.CodeInvalidRequest, "the server is initialized")
	case !ok && !(req.Notif && strings.HasPrefix(req.Method, "$/")):
		s.refuse(req, jsonrpc2.CodeMethodNotFound, "there is no method "+req.Method)
	case ok && req.Notif && !m.inOrder:
		s.log.Printf("%s is a request and came without an id", req.Method)
	default:
		return m, ok
	}
	return m, false
}

// refuse answers a message with an error; a notification is only noted.
func (s *Server) refuse(req *jsonrpc2.Request, code int64, why string) {
	if req.Notif {
		s.log.Printf("%s: %s", req.Method, why)
		return
	}
	s.sent(s.conn.ReplyWithError(s.ctx, req.ID, &jsonrpc2.Error{Code: code, Message: why}))
}

// answer does what a message asks for and sends the result.
func (s *Server) answer(ctx context.Context, req *jsonrpc2.Request, work func(context.Context) (any, error)) {
	result, err := s.protected(ctx, req.Method, work)
	s.reply(ctx, req, result, err)
}

// reply answers a message, unless it wants no answer.
func (s *Server) reply(ctx context.Context, req *jsonrpc2.Request, result any, err error) {
	if req.Notif {
		if err != nil {
			s.problem("%s: %v", req.Method, err)
		}
		return
	}
	if err == nil {
		s.sent(s.conn.Reply(ctx, req.ID, result))
		return
	}
	var e *jsonrpc2.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, context.Canceled):
		e = &jsonrpc2.Error{Code: codeRequestCancelled, Message: "cancelled"}
	default:
		e = &jsonrpc2.Error{Code: codeRequestFailed, Message: err.Error()}
	}
	if e.Code != codeRequestCancelled && e.Code != codeContentModified {
		s.log.Printf("%s: %s", req.Method, e.Message)
	}
	s.sent(s.conn.ReplyWithError(s.ctx, req.ID, e))
}

// protected does what a message asks for; should it panic, that costs the request and not the
// server.
func (s *Server) protected(ctx context.Context, name string, work func(context.Context) (any, error)) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Printf("%s: %v\n%s", name, r, debug.Stack())
			result, err = nil, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: fmt.Sprintf("%s: %v", name, r)}
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return work(ctx)
}

// sent notes that an answer could not be sent, unless the client is gone.
func (s *Server) sent(err error) {
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		s.log.Print(err)
	}
}

// notify sends a notification.
func (s *Server) notify(method string, params any) {
	s.sent(s.conn.Notify(s.ctx, method, params))
}

// call asks the client something whose answer does not matter, and without
// waiting for it.
func (s *Server) call(method string, params any) {
	s.requests.Go(func() {
		if err := s.conn.Call(s.ctx, method, params, nil); err != nil && s.ctx.Err() == nil {
			s.log.Printf("%s: %v", method, err)
		}
	})
}

// problem notes something in the log and in that of the client.
func (s *Server) problem(format string, args ...any) {
	s.log.Printf(format, args...)
	s.notify("window/logMessage", &messageParams{messageWarning, fmt.Sprintf(format, args...)})
}

// show tells the person something.
func (s *Server) show(t messageType, format string, args ...any) {
	s.log.Printf(format, args...)
	s.notify("window/showMessage", &messageParams{t, fmt.Sprintf(format, args...)})
}

// cancel stops a request.
func (s *Server) cancel(_ context.Context, p *cancelParams) error {
	var id jsonrpc2.ID
	if err := json.Unmarshal(p.ID, &id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stop := s.running[id]; stop != nil {
		stop()
	}
	return nil
}
