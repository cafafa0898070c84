package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// This file runs several servers on one index while it is rebuilt and the tree
// changes, and ends their clients at every stage.

// beacons is how many files tell the state that the tree is in: in state n the
// function that each defines stands in line n+1.
const beacons = 6

// beaconFile is the path of a beacon; they lie in different directories, so that
// no state is that of one directory alone.
func beaconFile(i int) string {
	return filepath.Join([]string{"kernel", "mm", "include/linux"}[i%3], fmt.Sprintf("beacon_%d.c", i))
}

// writeBeacons puts a tree into a state.
func writeBeacons(t *testing.T, root string, state int) {
	t.Helper()
	for i := range beacons {
		replace(t, filepath.Join(root, beaconFile(i)), fmt.Sprintf("%svoid beacon_%d(void) { light_beacon(%d); }\n", strings.Repeat("\n", state), i, state))
	}
}

// replace writes a file that nobody sees half of.
func replace(t *testing.T, name, text string) {
	t.Helper()
	tmp := name + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
	if err := os.Rename(tmp, name); err != nil {
		t.Error(err)
	}
}

// front is a server that answers which lines call light_beacon, and where a
// beacon is defined.
type front interface {
	callers(ctx context.Context) (lines map[string]int, err error)
	defined(ctx context.Context, beacon int) (line int, err error)
	churn(ctx context.Context) error // asks for what changes all the time
	anchor() int                     // the line of the anchor, as this server is to see it
	pid() int
}

// mcpFront asks an assistant's server.
type mcpFront struct{ *assistant }

func (f mcpFront) pid() int { return f.cmd.Process.Pid }

func (mcpFront) anchor() int { return 1 }

func (f mcpFront) places(ctx context.Context, tool string, args toolArgs) (map[string]int, error) {
	r, err := f.ask(ctx, tool, args)
	if err != nil {
		return nil, err
	}
	if r.err {
		return nil, errors.New(r.text)
	}
	list, _ := r.json["results"].([]any)
	lines := make(map[string]int)
	for _, e := range list {
		m, _ := e.(map[string]any)
		path, _ := m["path"].(string)
		line, _ := m["line"].(float64)
		lines[path] = int(line)
	}
	return lines, nil
}

func (f mcpFront) callers(ctx context.Context) (map[string]int, error) {
	if rand.IntN(2) == 0 {
		return f.places(ctx, "refs", toolArgs{"name": "light_beacon", "roles": []string{"call"}})
	}
	return f.places(ctx, "callers", toolArgs{"name": "light_beacon"})
}

func (f mcpFront) defined(ctx context.Context, beacon int) (int, error) {
	lines, err := f.places(ctx, "def", toolArgs{"name": fmt.Sprintf("beacon_%d", beacon)})
	if err != nil || len(lines) != 1 {
		return 0, fmt.Errorf("beacon %d is defined in %v: %w", beacon, lines, err)
	}
	return lines[filepath.ToSlash(beaconFile(beacon))], nil
}

func (f mcpFront) churn(ctx context.Context) error {
	for _, q := range []struct {
		tool string
		args toolArgs
	}{
		{"show", toolArgs{"name": "vmalloc"}},
		{"grep", toolArgs{"pattern": "churning_[0-9]+"}},
		{"find", toolArgs{"query": "churnfn"}},
		{"outline", toolArgs{"file": "mm/churn.c"}},
		{"source", toolArgs{"file": "mm/churn.c"}},
		{"callees", toolArgs{"name": "vmalloc"}},
	} {
		r, err := f.ask(ctx, q.tool, q.args)
		if err != nil {
			return err
		}
		if r.err {
			return fmt.Errorf("%s: %s", q.tool, r.text)
		}
	}
	return nil
}

// cscopeFront asks "dekho cscope -dl".
type cscopeFront struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func newCscopeFront(t *testing.T, bin, store, tree string) *cscopeFront {
	t.Helper()
	cmd := exec.Command(bin, "cscope", "-dl")
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "DEKHO_STORE="+store, "DEKHO_TREE="+tree)
	cmd.Stderr = os.Stderr
	in, out := startPiped(t, cmd)
	t.Cleanup(func() {
		in.Close() //nolint:errcheck // a pipe
		if err := cmd.Wait(); err != nil {
			t.Errorf("cscope ended with %v", err)
		}
	})
	return &cscopeFront{cmd: cmd, in: in, out: bufio.NewReader(out)}
}

func (f *cscopeFront) pid() int { return f.cmd.Process.Pid }

func (*cscopeFront) anchor() int { return 1 }

var cscopeHead = regexp.MustCompile(`^(?:>> )+cscope: ([0-9]+) lines\n$`)

// query returns the lines of an answer, in words.
func (f *cscopeFront) query(q string) ([][]string, error) {
	if _, err := io.WriteString(f.in, q+"\n"); err != nil {
		return nil, err
	}
	head, err := f.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	m := cscopeHead.FindStringSubmatch(head)
	if m == nil {
		return nil, fmt.Errorf("%s is answered with %q", q, head)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return nil, err
	}
	list := make([][]string, n)
	for i := range list {
		line, err := f.out.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if list[i] = strings.Fields(line); len(list[i]) < 4 {
			return nil, fmt.Errorf("%s is answered with %q", q, line)
		}
	}
	return list, nil
}

func (f *cscopeFront) callers(context.Context) (map[string]int, error) {
	list, err := f.query("3light_beacon")
	lines := make(map[string]int)
	for _, l := range list {
		n, aerr := strconv.Atoi(l[2])
		err = errors.Join(err, aerr)
		lines[l[0]] = n
	}
	return lines, err
}

func (f *cscopeFront) defined(_ context.Context, beacon int) (int, error) {
	list, err := f.query(fmt.Sprintf("1beacon_%d", beacon))
	if err != nil || len(list) != 1 {
		return 0, fmt.Errorf("beacon %d is defined in %v: %w", beacon, list, err)
	}
	return strconv.Atoi(list[0][2])
}

func (f *cscopeFront) churn(context.Context) error {
	for _, q := range []string{"0vmalloc", "2vmalloc", "4churning_", "6churning_[0-9]+", "7churn.c", "8slab.h"} {
		if _, err := f.query(q); err != nil {
			return err
		}
	}
	return nil
}

// lspFront asks "dekho lsp" as an editor that has one file open.
type lspFront struct {
	cmd    *exec.Cmd
	conn   *jsonrpc2.Conn
	root   string
	uri    string // of the anchor, which is edited and never saved
	edited int    // how often
}

// anchorFile calls light_beacon in its first line, and stays so on the disk.
const (
	anchorFile = "mm/anchor.c"
	anchorText = "void anchor(void) { light_beacon(0); }\n"
)

// duplex is the two pipes of a server.
type duplex struct {
	io.Reader
	io.WriteCloser
}

// noAnswer hears what a server asks, and has no answer.
type noAnswer struct{}

func (noAnswer) Handle(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request) {}

func newLSPFront(t *testing.T, bin, store, root string) *lspFront {
	t.Helper()
	cmd := exec.Command(bin, "lsp")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "DEKHO_STORE="+store, "DEKHO_TREE=")
	cmd.Stderr = os.Stderr
	in, out := startPiped(t, cmd)
	stream := jsonrpc2.NewBufferedStream(duplex{out, in}, jsonrpc2.VSCodeObjectCodec{})
	f := &lspFront{cmd: cmd, conn: jsonrpc2.NewConn(context.Background(), stream, noAnswer{}), root: root, uri: "file://" + root + "/" + anchorFile}
	t.Cleanup(func() {
		err := errors.Join(f.conn.Call(context.Background(), "shutdown", nil, nil), f.conn.Notify(context.Background(), "exit", nil), cmd.Wait())
		if err != nil {
			t.Errorf("lsp ended with %v", err)
		}
	})
	ctx := t.Context()
	err := errors.Join(
		f.conn.Call(ctx, "initialize", toolArgs{
			"capabilities": toolArgs{}, "rootUri": "file://" + root, "initializationOptions": toolArgs{"autoIndex": false},
		}, nil),
		f.conn.Notify(ctx, "initialized", toolArgs{}),
		f.conn.Notify(ctx, "textDocument/didOpen", toolArgs{"textDocument": toolArgs{"uri": f.uri, "languageId": "c", "version": 1, "text": anchorText}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *lspFront) pid() int { return f.cmd.Process.Pid }

func (f *lspFront) anchor() int { return f.edited%5 + 1 }

// lspLocation is a place as the protocol has it.
type lspLocation struct {
	URI   string
	Range struct{ Start struct{ Line int } }
}

// line adds the line of a place, from 1.
func (f *lspFront) line(lines map[string]int, l *lspLocation) {
	lines[strings.TrimPrefix(l.URI, "file://"+f.root+"/")] = l.Range.Start.Line + 1
}

// light is where the anchor calls light_beacon.
func (f *lspFront) light() toolArgs {
	return toolArgs{
		"textDocument": toolArgs{"uri": f.uri}, "context": toolArgs{"includeDeclaration": false},
		"position": toolArgs{"line": f.anchor() - 1, "character": strings.Index(anchorText, "light")},
	}
}

func (f *lspFront) callers(ctx context.Context) (map[string]int, error) {
	var list []lspLocation
	if err := f.conn.Call(ctx, "textDocument/references", f.light(), &list); err != nil {
		return nil, err
	}
	lines := make(map[string]int)
	for i := range list {
		f.line(lines, &list[i])
	}
	return lines, nil
}

func (f *lspFront) defined(ctx context.Context, beacon int) (int, error) {
	name := fmt.Sprintf("beacon_%d", beacon)
	var list []struct {
		Name     string
		Location lspLocation
	}
	if err := f.conn.Call(ctx, "workspace/symbol", toolArgs{"query": name}, &list); err != nil {
		return 0, err
	}
	lines := make(map[string]int)
	for i := range list {
		if list[i].Name == name {
			f.line(lines, &list[i].Location)
		}
	}
	if len(lines) != 1 {
		return 0, fmt.Errorf("beacon %d is defined in %v", beacon, lines)
	}
	return lines[filepath.ToSlash(beaconFile(beacon))], nil
}

func (f *lspFront) churn(ctx context.Context) error {
	churned := toolArgs{"uri": "file://" + f.root + "/mm/churn.c"}
	f.edited++
	return errors.Join(
		f.conn.Notify(ctx, "textDocument/didChange", toolArgs{
			"textDocument":   toolArgs{"uri": f.uri, "version": f.edited + 1},
			"contentChanges": []toolArgs{{"text": strings.Repeat("\n", f.anchor()-1) + anchorText}},
		}),
		f.conn.Call(ctx, "textDocument/hover", f.light(), nil),
		f.conn.Call(ctx, "textDocument/definition", f.light(), nil),
		f.conn.Call(ctx, "textDocument/documentSymbol", toolArgs{"textDocument": churned}, nil),
		f.conn.Call(ctx, "textDocument/semanticTokens/full", toolArgs{"textDocument": churned}, nil),
	)
}

// published is which states of the tree can be seen: the index of the last was
// published, that of coming may be at any moment.
type published struct{ last, coming atomic.Int64 }

// TestEditorsBesideRebuild has servers asked all the time while files change and
// the index is rebuilt. Every answer is one of a state that was published.
func TestEditorsBesideRebuild(t *testing.T) {
	k := testKernel(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"kernel", "mm", "include/linux"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(k.tree, dir))); err != nil {
			t.Fatal(err)
		}
	}
	store := t.TempDir()
	reindex := func(args ...string) {
		t.Helper()
		cmd := exec.Command(k.bin, append([]string{"index", "--quiet", "--store", store, root}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("index %v: %v\n%s", args, err, out)
		}
	}
	churning := filepath.Join(root, "mm", "churn.c")
	replace(t, churning, "void churn_fn(void) { churning_0(); }\n")
	replace(t, filepath.Join(root, anchorFile), anchorText)
	writeBeacons(t, root, 0)
	reindex()

	fronts := map[string]front{
		"lsp":          newLSPFront(t, k.bin, store, root),
		"mcp":          mcpFront{newAssistant(t, k.bin, store, root, nil)},
		"a second mcp": mcpFront{newAssistant(t, k.bin, store, root, nil)},
		"cscope":       newCscopeFront(t, k.bin, store, root),
	}
	var now published
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	counts := make(map[string]*atomic.Int64)
	for name, f := range fronts {
		n := new(atomic.Int64)
		counts[name] = n
		wg.Go(func() {
			seen := 0
			for i := 0; ctx.Err() == nil; i++ {
				// What is asked is asked in full: a cancelled cscope would be out of step.
				if err := askState(context.WithoutCancel(ctx), f, i, &now, &seen); err != nil {
					t.Errorf("%s, question %d: %v", name, i, err)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Go(func() { // somebody types
		for i := 1; ctx.Err() == nil; i++ {
			replace(t, churning, strings.Repeat("/* a line */\n", i%7)+fmt.Sprintf("void churn_fn(void) { churning_%d(); }\n", i))
			time.Sleep(20 * time.Millisecond)
		}
	})

	const rounds = 8
	var first, last map[string]held
	for state := 1; state <= rounds; state++ {
		now.coming.Store(int64(state))
		writeBeacons(t, root, state)
		if state%3 == 0 { // the machine is switched off while it indexes
			cmd := exec.Command(k.bin, "index", "--quiet", "--rebuild", "--store", store, root)
			if err := cmd.Start(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond)
			cmd.Process.Kill() //nolint:errcheck // it may have ended
			cmd.Wait()         //nolint:errcheck // it was killed
		}
		if state%2 == 0 {
			reindex()
		} else {
			reindex("--rebuild")
		}
		now.last.Store(int64(state))
		last = make(map[string]held)
		for name, f := range fronts {
			last[name] = holds(t, f.pid())
		}
		if state == 2 {
			first = last
		}
	}
	// Each is asked everything once more, by which it gives up what it had.
	for name := range fronts {
		for enough, until := counts[name].Load()+4, time.Now().Add(time.Minute); counts[name].Load() < enough && time.Now().Before(until) && !t.Failed(); {
			time.Sleep(10 * time.Millisecond)
		}
	}
	stop()
	wg.Wait()
	for name, f := range fronts {
		if n := counts[name].Load(); n < rounds {
			t.Errorf("%s answered %d questions", name, n)
		}
		lines, err := f.callers(t.Context())
		if err != nil || len(lines) != beacons+1 || lines[filepath.ToSlash(beaconFile(0))] != rounds+1 {
			t.Errorf("%s, in the end: %v %v", name, lines, err)
		}
		h := holds(t, f.pid())
		fmt.Printf("editors: %-12s %5d questions, %d descriptors, %d maps of the index, %d of them of files that are gone\n",
			name, counts[name].Load(), h.files, h.maps, h.gone)
		if h.files > first[name].files+2 || last[name].files > first[name].files+2 {
			t.Errorf("%s: %d descriptors after round 2, %d after round %d, %d in the end", name, first[name].files, last[name].files, rounds, h.files)
		}
		if h.gone > 0 {
			t.Errorf("%s: %d files are mapped that are gone", name, h.gone)
		}
	}
}

// askState asks a question and compares the answer with the states that it may
// be of. seen is the last state that this client saw: there is no way back.
func askState(ctx context.Context, f front, i int, now *published, seen *int) error {
	from := int(now.last.Load())
	var states []int
	switch i % 3 {
	case 0:
		lines, err := f.callers(ctx)
		if err != nil {
			return err
		}
		if len(lines) != beacons+1 || lines[anchorFile] != f.anchor() {
			return fmt.Errorf("%d of %d callers: %v", len(lines), beacons+1, lines)
		}
		delete(lines, anchorFile)
		for _, line := range lines {
			states = append(states, line-1)
		}
	case 1:
		line, err := f.defined(ctx, i/3%beacons)
		if err != nil {
			return err
		}
		states = append(states, line-1)
	default:
		return f.churn(ctx)
	}
	to := int(now.coming.Load())
	for _, s := range states {
		if s != states[0] || s < from || s > to || s < *seen {
			return fmt.Errorf("an answer of the states %v, when %d to %d can be seen and %d was", states, from, to, *seen)
		}
	}
	*seen = states[0]
	return nil
}

// held is what a process keeps of an index.
type held struct{ files, maps, gone int }

// holds counts the open descriptors and mapped files of a process.
func holds(t *testing.T, pid int) (h held) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return h // there is no /proc to tell
	}
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	h.files = len(list)
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		if fields := strings.Fields(line); len(fields) > 5 && fields[3] != "00:00" && strings.HasPrefix(fields[5], "/") && !strings.HasSuffix(fields[5], "/dekho") {
			h.maps++
			if strings.HasSuffix(strings.TrimSpace(line), "(deleted)") {
				h.gone++
			}
		}
	}
	return h
}

const (
	mcpHello = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
`
	mcpCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"grep","arguments":{"pattern":"` + slowPattern + `"}}}` + "\n"
)

// The same for an editor: who does not take its leave is an error there.
var (
	lspHello = lspMessage(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`) +
		lspMessage(`{"jsonrpc":"2.0","method":"initialized","params":{}}`)
	lspCall = lspMessage(`{"jsonrpc":"2.0","id":1,"method":"workspace/symbol","params":{"query":"e"}}`)
)

func lspMessage(body string) string {
	return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// slowPattern has no text that the index could look for.
const slowPattern = `[a-z][0-9][a-z][0-9][a-z][0-9][a-z][0-9]$`

// stage is how far a client came before it died.
type stage struct {
	name string
	args []string // of the server
	text string   // that the client wrote
	// answers says that the server has something to say to that first.
	answers bool
	code    int // with which the server ends
	// finishes says that it answers as long as somebody reads, however long it
	// takes: echo QUERY | server.
	finishes bool
}

var stages = []stage{
	{"mcp, at once", []string{"mcp"}, "", false, 0, false},
	{"mcp, in the first message", []string{"mcp"}, mcpHello[:50], false, 3, false},
	{"mcp, idle", []string{"mcp"}, mcpHello, true, 0, false},
	{"mcp, in a message", []string{"mcp"}, mcpHello + mcpCall[:40], true, 3, false},
	{"mcp, in a call", []string{"mcp"}, mcpHello + mcpCall, true, 0, false},
	{"lsp, at once", []string{"lsp"}, "", false, 1, false},
	{"lsp, in a header", []string{"lsp"}, lspHello[:12], false, 1, false},
	{"lsp, in the first message", []string{"lsp"}, lspHello[:40], false, 1, false},
	{"lsp, idle", []string{"lsp"}, lspHello, true, 1, false},
	{"lsp, in a message", []string{"lsp"}, lspHello + lspCall[:60], true, 1, false},
	{"lsp, in a call", []string{"lsp"}, lspHello + lspCall, true, 1, false},
	{"cscope, at once", []string{"cscope", "-dl"}, "", true, 0, false},
	{"cscope, in a query", []string{"cscope", "-dl"}, "3tcp_v4", true, 0, false},
	{"cscope, idle", []string{"cscope", "-dl"}, "1tcp_v4_rcv\n", true, 0, false},
	{"cscope, in a call", []string{"cscope", "-dl"}, "6" + slowPattern + "\n", true, 0, true},
}

// server is the command of a stage.
func (s *stage) server(k *kernel) *exec.Cmd {
	cmd := exec.Command(k.bin, s.args...)
	cmd.Dir = k.tree
	cmd.Env = append(os.Environ(), "DEKHO_STORE="+k.store, "DEKHO_TREE="+k.tree)
	return cmd
}

// reach starts the server and brings it to the stage.
func (s *stage) reach(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, out = startPiped(t, cmd)
	if _, err := io.WriteString(in, s.text); err != nil {
		t.Fatal(err)
	}
	if s.answers {
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	return in, out
}

// TestClientsGone closes the pipes of a server at each stage: it ends within a
// second.
func TestClientsGone(t *testing.T) {
	k := testKernel(t)
	for i := range stages {
		s := &stages[i]
		for _, both := range []bool{false, true} { // else the client may still read
			t.Run(fmt.Sprintf("%s, both closed %v", s.name, both), func(t *testing.T) {
				cmd := s.server(k)
				in, out := s.reach(t, cmd)
				time.Sleep(50 * time.Millisecond) // the call has begun
				start := time.Now()
				in.Close() //nolint:errcheck // a pipe
				if both {
					out.Close() //nolint:errcheck // a pipe
				}
				killed := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() }) //nolint:errcheck // the exit code tells
				if !both {
					io.Copy(io.Discard, out) //nolint:errcheck // the exit code tells
				}
				err := cmd.Wait()
				killed.Stop()
				if d := time.Since(start); d > time.Second && (both || !s.finishes) {
					t.Errorf("the server went on for %s", d)
				}
				if code := cmd.ProcessState.ExitCode(); code != s.code {
					t.Errorf("exit code %d, want %d (%v)", code, s.code, err)
				}
			})
		}
	}
}

// What TestClientsKilled tells the process of TestKilledClient: the stage that it
// comes to, and the kernel.
const (
	clientStage  = "DEKHO_TEST_CLIENT_STAGE"
	clientKernel = "DEKHO_TEST_CLIENT_KERNEL" // program, store and tree, in lines
)

// TestKilledClient is the client that TestClientsKilled kills: a process that
// starts a server and comes to a stage.
func TestKilledClient(t *testing.T) {
	i, err := strconv.Atoi(os.Getenv(clientStage))
	if err != nil {
		return // only TestClientsKilled has something for it to do
	}
	s := &stages[i]
	bin := strings.Split(os.Getenv(clientKernel), "\n")
	cmd := s.server(&kernel{bin: bin[0], store: bin[1], tree: bin[2]})
	s.reach(t, cmd)
	fmt.Printf("server %d\n", cmd.Process.Pid)
	time.Sleep(time.Minute)
}

// TestClientsKilled kills the process of a client at each stage, so that nobody
// waits for its server: that ends all the same.
func TestClientsKilled(t *testing.T) {
	k := testKernel(t)
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc to tell")
	}
	for i := range stages {
		t.Run(stages[i].name, func(t *testing.T) {
			client := exec.Command(os.Args[0], "-test.run=^TestKilledClient$", "-test.v")
			client.Env = append(os.Environ(), clientStage+"="+strconv.Itoa(i), clientKernel+"="+k.bin+"\n"+k.store+"\n"+k.tree)
			out, err := client.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Start(); err != nil {
				t.Fatal(err)
			}
			pid := 0
			for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
				fmt.Sscanf(lines.Text(), "server %d", &pid) //nolint:errcheck // other lines
			}
			time.Sleep(50 * time.Millisecond)
			start := time.Now()
			if err := client.Process.Kill(); err != nil || pid == 0 {
				t.Fatalf("server %d, %v", pid, err)
			}
			client.Wait() //nolint:errcheck // it was killed
			for alive(pid) && time.Since(start) < 10*time.Second {
				time.Sleep(5 * time.Millisecond)
			}
			if d := time.Since(start); d > time.Second {
				t.Errorf("the server went on for %s", d)
			}
		})
	}
}

// alive reports whether a process runs; one that nobody waits for does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}
