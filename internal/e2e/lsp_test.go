package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"dekho/internal/testenv"
)

// server is a run of dekho lsp with a client.
type server struct {
	k    *kernel
	cmd  *exec.Cmd
	conn *jsonrpc2.Conn
	log  bytes.Buffer
}

// pipes are the two ends of a connection.
type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// serve starts dekho lsp on the kernel tree.
func (k *kernel) serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{k: k, cmd: exec.Command(k.bin, append([]string{"lsp"}, args...)...)}
	s.cmd.Env = append(os.Environ(), "DEKHO_STORE="+k.store)
	s.cmd.Stderr = &s.log
	in, out := startPiped(t, s.cmd)
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill() // a test that failed
			_ = s.cmd.Wait()
		}
	})
	ignore := jsonrpc2.HandlerWithError(func(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request) (any, error) { return nil, nil })
	s.conn = jsonrpc2.NewConn(context.WithoutCancel(t.Context()), jsonrpc2.NewBufferedStream(pipes{out, in}, jsonrpc2.VSCodeObjectCodec{}), ignore)
	s.ask(t, "initialize", map[string]any{"processId": os.Getpid(), "rootUri": "file://" + k.tree, "capabilities": map[string]any{}}, nil)
	if err := s.conn.Notify(t.Context(), "initialized", struct{}{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask asks for something, and returns how large the answer is.
func (s *server) ask(t *testing.T, method string, params, result any) int {
	t.Helper()
	var raw json.RawMessage
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.conn.Call(ctx, method, params, &raw); err != nil {
		t.Fatalf("%s: %v\n%s", method, err, s.log.String())
	}
	if result != nil {
		if err := json.Unmarshal(raw, result); err != nil {
			t.Fatal(err)
		}
	}
	return len(raw)
}

// stop shuts the server down as a client should.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.ask(t, "shutdown", nil, nil)
	if err := s.conn.Notify(t.Context(), "exit", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("dekho lsp: %v\n%s", err, s.log.String())
	}
}

// position is where a text stands in a file; a bracket marks what in it is
// meant: "ret = [name](".
func (s *server) position(t *testing.T, path, marked string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.k.tree, path))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(marked, "[")
	i := strings.Index(string(text), strings.Replace(strings.Replace(marked, "[", "", 1), "]", "", 1))
	if i < 0 {
		t.Fatalf("%s has no %q", path, marked)
	}
	i += len(before)
	bol := strings.LastIndexByte(string(text[:i]), '\n') + 1
	return map[string]any{
		"textDocument": map[string]any{"uri": "file://" + filepath.Join(s.k.tree, path)},
		"position":     map[string]any{"line": bytes.Count(text[:i], []byte{'\n'}), "character": i - bol},
		"context":      map[string]any{"includeDeclaration": true},
	}
}

// memoryStatus reads the peak of what a process has in memory, and what it has now of
// its own and of files, in MB.
func memoryStatus(t *testing.T, pid int) map[string]int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("SKIPPED: no /proc to read the memory of a process from: %v", err)
	}
	m := make(map[string]int)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[2] == "kB" {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			m[strings.TrimSuffix(f[0], ":")] = n >> 10
		}
	}
	return m
}

// TestLSPBars measures how soon the first answer comes, how long each request
// takes, and what memory a long session needs. The bars are for a quiet machine;
// the test fails at a multiple of them.
func TestLSPBars(t *testing.T) {
	k := testKernel(t)
	first := func() time.Duration {
		start := time.Now()
		s := k.serve(t)
		var list []json.RawMessage
		s.ask(t, "textDocument/definition", s.position(t, "fs/read_write.c", "file->f_op->[read](file"), &list)
		took := time.Since(start)
		if len(list) != 1 {
			t.Errorf("%d definitions", len(list))
		}
		s.stop(t)
		return took
	}
	var times []time.Duration
	for range 5 {
		times = append(times, first())
	}
	took := middle(times)
	fmt.Printf("first answer of dekho lsp: %v (bar 100ms)\n", took.Round(time.Millisecond))
	if took > time.Second {
		t.Errorf("the first answer takes %v", took)
	}

	s := k.serve(t)
	var calls, types []map[string]any
	kfree := s.position(t, "mm/slab_common.c", "void [kfree](")
	rcv := s.position(t, "net/ipv4/tcp_ipv4.c", "int [tcp_v4_rcv](")
	s.ask(t, "textDocument/prepareCallHierarchy", rcv, &calls)
	s.ask(t, "textDocument/prepareTypeHierarchy", s.position(t, "include/linux/fs.h", "struct [inode] {"), &types)
	if len(calls) != 1 || len(types) != 1 {
		t.Fatalf("prepared %v and %v", calls, types)
	}
	read := s.position(t, "fs/read_write.c", "file->f_op->[read](file")
	requests := []struct {
		name, method string
		params       any
		runs         int
	}{
		{"definition of a function", "textDocument/definition", rcv, 20},
		{"definition of a member", "textDocument/definition", read, 20},
		{"declaration", "textDocument/declaration", rcv, 20},
		{"typeDefinition", "textDocument/typeDefinition", s.position(t, "fs/read_write.c", "[file]->f_op->read(file"), 20},
		{"implementation of file_operations.read", "textDocument/implementation", read, 20},
		{"references of tcp_v4_rcv", "textDocument/references", rcv, 20},
		{"references of kfree (37,777)", "textDocument/references", kfree, 5},
		{"documentHighlight", "textDocument/documentHighlight", rcv, 20},
		{"documentSymbol of tcp_ipv4.c", "textDocument/documentSymbol", rcv, 20},
		{"foldingRange of tcp_ipv4.c", "textDocument/foldingRange", rcv, 20},
		{"documentLink of tcp_ipv4.c", "textDocument/documentLink", rcv, 20},
		{"hover of tcp_v4_rcv", "textDocument/hover", rcv, 20},
		{"hover of kfree", "textDocument/hover", kfree, 20},
		{"completion", "textDocument/completion", s.position(t, "net/ipv4/tcp_ipv4.c", "	tcp_v4_fill_cb[]("), 20},
		{"signatureHelp", "textDocument/signatureHelp", s.position(t, "fs/read_write.c", "vfs_read([f].file, buf, count, ppos)"), 20},
		{"workspace/symbol tcpv4rcv", "workspace/symbol", map[string]any{"query": "tcpv4rcv"}, 20},
		{"incomingCalls of tcp_v4_rcv", "callHierarchy/incomingCalls", map[string]any{"item": calls[0]}, 20},
		{"outgoingCalls of tcp_v4_rcv", "callHierarchy/outgoingCalls", map[string]any{"item": calls[0]}, 20},
		{"subtypes of inode", "typeHierarchy/subtypes", map[string]any{"item": types[0]}, 20},
		{"supertypes of inode", "typeHierarchy/supertypes", map[string]any{"item": types[0]}, 20},
		{"semanticTokens", "textDocument/semanticTokens/full", rcv, 20},
	}
	fmt.Println("latency of dekho lsp, median:")
	for _, r := range requests {
		var times []time.Duration
		size := 0
		for range r.runs {
			start := time.Now()
			size = s.ask(t, r.method, r.params, nil)
			times = append(times, time.Since(start))
		}
		took := middle(times)
		fmt.Printf("  %-42s %7.1f ms  %d bytes\n", r.name, took.Seconds()*1e3, size)
		if took > 10*time.Second {
			t.Errorf("%s takes %v", r.name, took)
		}
	}
	for _, query := range []string{"kmalloc", "mutexlock", "ext4 inode", "CONFIG_NET", "i2cprobe", "usbhub"} {
		s.ask(t, "workspace/symbol", map[string]any{"query": query}, nil)
	}
	m := memoryStatus(t, s.cmd.Process.Pid)
	fmt.Printf("memory of dekho lsp: peak %d MB (bar 300), now %d MB of its own and %d MB of files\n", m["VmHWM"], m["RssAnon"], m["RssFile"])
	if m["VmHWM"] > 300 {
		t.Errorf("dekho lsp needed %d MB", m["VmHWM"])
	}
	s.stop(t)
}

// neovims are the editors whose client the tests drive.
func neovims(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{"system": testenv.Program(t, "nvim", "neovim")}
	if cache, err := testenv.Cache(); err == nil {
		if found, err := filepath.Glob(filepath.Join(cache, "tools", "neovim-*", "nvim")); err == nil && len(found) > 0 {
			list["newer"] = found[0]
			return list
		}
	}
	fmt.Println("SKIPPED: the client of a newer Neovim: run scripts/fetch-neovim")
	return list
}

// drive runs the steps of testdata/lsp.lua in Neovim, and returns what they wrote
// down.
func drive(t *testing.T, nvim, steps, bin, store, root, args string) map[string]string {
	t.Helper()
	results := filepath.Join(t.TempDir(), "results")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, nvim, "--headless", "--clean", "-n", "-c", "luafile "+filepath.Join(testenv.Root(t), "internal/e2e/testdata/lsp.lua"))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "DEKHO="+bin, "DEKHO_STORE="+store, "ROOT="+root, "STEPS="+steps, "RESULTS="+results, "ARGS="+args,
		"HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	text, rerr := os.ReadFile(results)
	log, _ := os.ReadFile(results + ".log") // there is none if there was no problem
	if err != nil || rerr != nil {
		t.Fatalf("nvim: %v, %v\n%s\n%s\n%s", err, rerr, out, text, log)
	}
	t.Logf("%s\n%s", text, log)
	said := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		said[name] = value
	}
	return said
}

// TestNeovimKernel has Neovim's own client work on the kernel.
func TestNeovimKernel(t *testing.T) {
	k := testKernel(t)
	config := testenv.KernelConfig(t, "linux-image-amd64_amd64")
	tree, err := filepath.EvalSymlinks(k.tree) // the editor calls files so
	if err != nil {
		t.Fatal(err)
	}
	for name, nvim := range neovims(t) {
		t.Run(name, func(t *testing.T) {
			said := drive(t, nvim, "kernel", k.bin, k.store, tree, "--config "+config)
			want := map[string]string{
				"definition":       "net/ipv4/tcp_ipv4.c:1954:5",
				"references":       "net/ipv4/af_inet.c:1766:13 net/ipv4/ip_input.c:205:42",
				"incoming calls":   `{ "net/ipv4/ip_input.c:205 ip_protocol_deliver_rcu" }`,
				"outgoing calls":   "true",
				"hover":            "free previously allocated memory",
				"symbol":           "kfree 12 969",
				"workspace symbol": "tcp_v4_rcv net/ipv4/tcp_ipv4.c",
				"implementations":  "true",
				"member":           "include/linux/fs.h:2177:12",
				"rename":           "nil",
				"unsaved":          "net/ipv4/tcp_ipv4.c:1956:5",
				"modified":         "false",
				"stopped":          "true",
			}
			if name == "newer" {
				want["token"] = "comment true"
			}
			for what, value := range want {
				if said[what] != value {
					t.Errorf("%s: %q, want %q", what, said[what], value)
				}
			}
			if said["error"] != "" {
				t.Errorf("the script ends with %s", said["error"])
			}
		})
	}
}

// TestNeovimEdit has Neovim open a tree that has no index, type into a file, and
// save it.
func TestNeovimEdit(t *testing.T) {
	k := testKernel(t)
	for name, nvim := range neovims(t) {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "tree")
			for file, text := range map[string]string{
				".git/HEAD": "ref: refs/heads/main\n",
				"fs/one.c":  "int one(void)\n{\n\treturn 1;\n}\n",
				"fs/two.c":  "int two(void)\n{\n\treturn one();\n}\n",
			} {
				file = filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			said := drive(t, nvim, "edit", k.bin, t.TempDir(), root, "")
			for what, value := range map[string]string{
				"typed": "fs/one.c:3:5", "saved": "fs/one.c:3:5", "indexed": "fs/one.c:7", "symbol": "three 7", "stopped": "true", "error": "",
			} {
				if said[what] != value {
					t.Errorf("%s: %q, want %q", what, said[what], value)
				}
			}
		})
	}
}
