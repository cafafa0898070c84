package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/tools/txtar"

	"dekho/internal/testenv"
	"dekho/internal/workbench"
)

// fixture is an indexed tree and a server with a client.
type fixture struct {
	root, store string
	client      *mcp.ClientSession
	logged      *syncBuffer
}

// syncBuffer is what the server logs.
type syncBuffer struct {
	lines chan string
}

func (b *syncBuffer) log(format string, args ...any) {
	select {
	case b.lines <- fmt.Sprintf(format, args...):
	default:
	}
}

// writeTree writes the files of testdata/tree.txtar.
func writeTree(t testing.TB) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", "tree.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		write(t, filepath.Join(root, f.Name), string(f.Data))
	}
	return root
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func indexTree(t testing.TB, store, root string) {
	t.Helper()
	w, err := workbench.New(workbench.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Index(context.Background(), root, workbench.IndexOptions{Complete: true, Workers: 1}); err != nil {
		t.Fatal(err)
	}
}

// serve starts a server over pipes, and returns its ends and how it ended.
func serve(t testing.TB, opts Options) (in *io.PipeWriter, out *io.PipeReader, done <-chan error) {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := Serve(context.Background(), opts, inR, outW)
		outW.Close() //nolint:errcheck // always nil
		ended <- err
	}()
	t.Cleanup(func() {
		inW.Close()  //nolint:errcheck // always nil
		outR.Close() //nolint:errcheck // always nil
	})
	return inW, outR, ended
}

// newFixture indexes the tree and connects a client.
func newFixture(t testing.TB, opts *mcp.ClientOptions) *fixture {
	t.Helper()
	f := &fixture{root: writeTree(t), store: t.TempDir(), logged: &syncBuffer{make(chan string, 100)}}
	indexTree(t, f.store, f.root)
	f.connect(t, Options{Bench: workbench.Options{Store: f.store, Tree: f.root}, Log: f.logged.log}, opts)
	return f
}

func (f *fixture) connect(t testing.TB, o Options, opts *mcp.ClientOptions) {
	t.Helper()
	in, out, _ := serve(t, o)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, opts)
	var err error
	if f.client, err = client.Connect(context.Background(), &mcp.IOTransport{Reader: out, Writer: in}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.client.Close() }) //nolint:errcheck // the pipe may be closed
}

type args = map[string]any

// reply is the answer of a tool.
type reply struct {
	text string
	json map[string]any
	err  bool
}

func (f *fixture) call(t testing.TB, tool string, a args) reply {
	t.Helper()
	res, err := f.client.CallTool(context.Background(), &mcp.CallToolParams{Name: tool, Arguments: a})
	if err != nil {
		t.Fatalf("%s %v: %v", tool, a, err)
	}
	r := reply{err: res.IsError}
	for _, c := range res.Content {
		r.text += c.(*mcp.TextContent).Text
	}
	if !res.IsError {
		var ok bool
		if r.json, ok = res.StructuredContent.(map[string]any); !ok {
			t.Fatalf("%s %v: the structured form is %T", tool, a, res.StructuredContent)
		}
	}
	return r
}

// ok calls a tool that has an answer.
func (f *fixture) ok(t testing.TB, tool string, a args) reply {
	t.Helper()
	r := f.call(t, tool, a)
	if r.err {
		t.Fatalf("%s %v: %s", tool, a, r.text)
	}
	return r
}

// next is the token of the next page.
func (r reply) next() string {
	page, _ := r.json["page"].(map[string]any)
	s, _ := page["next"].(string)
	return s
}

const bootLog = `[    0.000000] Linux version 6.1.9 (nobody@lander) #1 SMP
[    0.100000] lander: second 0
[    0.200000] lander: failed to stand on 3 legs
[    0.300000] lander: stands on 4 legs
[    0.400000] something else
`

func TestTools(t *testing.T) {
	f := newFixture(t, nil)
	logFile := filepath.Join(t.TempDir(), "boot.log")
	write(t, logFile, bootLog)
	doc, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		tool string
		args args
		want []string
	}{
		{"show", args{"name": "lander"}, []string{"include/linux/lander.h:11: struct lander", "in kilograms"}},
		{"show", args{"name": "settle"}, []string{"kernel/start.c:12: function settle", "lander: failed to stand on %d legs"}},
		{"show", args{"name": "LANDER_LEGS"}, []string{"LANDER_LEGS = 4"}},
		{"def", args{"name": "tick"}, []string{"kernel/start.c:7: function  void tick(int second)"}},
		{"def", args{"name": "tick", "all_trees": true}, []string{"kernel/start.c:7"}},
		{"def", args{"name": "start", "arch": "arm"}, []string{"[built in]"}},
		{"refs", args{"name": "seconds", "roles": []string{"write"}}, []string{"kernel/start.c:9: write  tick()  seconds += second;"}},
		{"refs", args{"name": "linux/lander.h"}, []string{"drivers/legs.c:1: include"}},
		{"refs", args{"name": "tick", "under": "kernel"}, []string{"kernel/start.c:38: call"}},
		{"callers", args{"name": "tick", "under": "drivers/legs.c"}, []string{"drivers/legs.c:5: call  legs_probe()  tick(2);"}},
		{"callers", args{"name": "settle"}, []string{"kernel/start.c:30: type-matched  stand()", "settle is put into struct legs.stand"}},
		{"callers", args{"name": "tick", "depth": 2}, []string{"legs_probe"}},
		{"callees", args{"name": "start"}, []string{"tick", "at kernel/start.c:7"}},
		{"path", args{"from": "start", "to": "settle"}, []string{"start -> stand", "stand -> settle  type-matched struct legs.stand"}},
		{"outline", args{"file": "kernel/start.c"}, []string{"kernel/start.c:7: function", "7-10"}},
		{"source", args{"file": "kernel/start.c", "first": 7, "last": 9}, []string{"kernel/start.c\n7\tvoid tick(int second)\n8\t{\n9\t\tseconds += second;\n"}},
		{"source", args{"name": "tick"}, []string{"7\tvoid tick(int second)", "10\t}"}},
		{"grep", args{"pattern": `tick\([34]\)`}, []string{"drivers/legs.c:6:\ttick(3);", "drivers/ticks.c:10:\ttick(4);"}},
		{"grep", args{"pattern": "tick", "files_only": true}, []string{"drivers/legs.c\ndrivers/ticks.c\n"}},
		{"grep", args{"pattern": "takes a while", "context": 1}, []string{"drivers/legs.c-4-{", "drivers/legs.c:5:"}},
		{"find", args{"query": "legsprobe"}, []string{"drivers/legs.c:3: function legs_probe"}},
		{"log", args{"text": bootLog}, []string{"lines that matter\n     3  [    0.200000] lander: failed to stand on 3 legs", "kernel/start.c:15: settle() pr_err  certain"}},
		{"log", args{"path": logFile, "first": 4}, []string{"     4  [    0.300000]", "legs->count=4", "something else"}},
		{"log", args{"path": logFile, "records": true, "why": true}, []string{"     1  ", "     5  "}},
		{"kconfig", args{"symbol": "LEGS"}, []string{"Legs of the lander", "depends"}},
		{"dt", args{"what": "acme,legs-2"}, []string{"legs_probe", "arch/arm/boot/dts/lander.dts"}},
		{"initcalls", args{"arch": "arm"}, []string{"kernel/start.c:41: 1  core  start", "arm_setup"}},
		{"trees", args{}, []string{"6.1.9", f.root}},
		{"index", args{}, []string{f.root}},
	}
	called := make(map[string]bool)
	for _, tt := range tests {
		called[tt.tool] = true
		r := f.ok(t, tt.tool, tt.args)
		for _, want := range tt.want {
			if !strings.Contains(r.text, want) {
				t.Errorf("%s %v: want %q in\n%s", tt.tool, tt.args, want, r.text)
			}
		}
		eachKey(r.json, func(key string) {
			if !bytes.Contains(doc, []byte("`"+key+"`")) {
				t.Errorf("%s %v: docs/json.md does not mention `%s`", tt.tool, tt.args, key)
			}
		})
	}

	list, err := f.client.ListTools(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	// An assistant reads all of it before the first question.
	if js, err := json.Marshal(list); err != nil || len(js) > 20<<10 {
		t.Errorf("the list of tools has %d bytes, %v", len(js), err)
	}
	for _, tool := range list.Tools {
		if !called[tool.Name] {
			t.Errorf("no test calls %s", tool.Name)
		}
		if tool.Description == "" || tool.Annotations == nil || tool.Annotations.ReadOnlyHint != (tool.Name != "index") {
			t.Errorf("%s: description %q, annotations %+v", tool.Name, tool.Description, tool.Annotations)
		}
		schema := tool.InputSchema.(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for name, p := range properties {
			if p.(map[string]any)["description"] == nil {
				t.Errorf("%s: the argument %s has no description", tool.Name, name)
			}
		}
		delete(called, tool.Name)
	}
	if len(called) > 0 {
		t.Errorf("not listed: %v", called)
	}
}

// eachKey calls fn for the keys of all objects, but for values of any shape.
func eachKey(v any, fn func(key string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			fn(key)
			if key != "value" && key != "verdicts" && key != "skipped" {
				eachKey(value, fn)
			}
		}
	case []any:
		for _, e := range v {
			eachKey(e, fn)
		}
	}
}

// TestPages reads answers page by page: together they are the whole.
func TestPages(t *testing.T) {
	f := newFixture(t, nil)
	for _, tt := range []struct {
		tool string
		args args
		want int
	}{
		{"refs", args{"name": "tick"}, 12},
		{"callers", args{"name": "tick"}, 10},
		{"callers", args{"name": "tick", "under": "drivers"}, 9},
		{"callees", args{"name": "three"}, 3},
		{"def", args{"name": "lander"}, 1},
		{"outline", args{"file": "kernel/start.c"}, 6},
		{"grep", args{"pattern": "tick"}, 10},
		{"grep", args{"pattern": "tick", "context": 1}, 20},
		{"grep", args{"pattern": "tick", "files_only": true}, 4},
		{"find", args{"query": "tick"}, 2},
		{"initcalls", args{"arch": "arm"}, 2},
		{"log", args{"text": bootLog, "records": true}, 5},
	} {
		results := func(r reply) []any { list, _ := r.json["results"].([]any); return list }
		whole := f.ok(t, tt.tool, tt.args)
		if n := len(results(whole)); n < tt.want {
			t.Errorf("%s %v: %d results, want %d\n%s", tt.tool, tt.args, n, tt.want, whole.text)
		}
		for limit := 1; limit <= 3; limit++ {
			var got []any
			token, pages := "", 0
			for {
				a := args{"limit": limit, "page": token}
				for k, v := range tt.args {
					a[k] = v
				}
				r := f.ok(t, tt.tool, a)
				if n := len(results(r)); n > limit {
					t.Fatalf("%s %v: %d results on a page", tt.tool, a, n)
				}
				got = append(got, results(r)...)
				if token = r.next(); token == "" {
					break
				}
				if pages++; pages > 100 {
					t.Fatalf("%s %v: no end", tt.tool, tt.args)
				}
			}
			if a, b := fmt.Sprint(got), fmt.Sprint(results(whole)); a != b {
				t.Errorf("%s %v, %d a page:\n%s\nwant\n%s", tt.tool, tt.args, limit, a, b)
			}
		}
	}
}

// TestLongPages reads a file and all about a struct whose texts are longer than
// a page.
func TestLongPages(t *testing.T) {
	f := newFixture(t, nil)
	var src strings.Builder
	src.WriteString("struct wide {\n")
	for i := range 3000 {
		fmt.Fprintf(&src, "\tint member_with_a_long_name_%d; /* what is said about it */\n", i)
	}
	src.WriteString("};\n/* " + strings.Repeat("x", 10<<10) + " wide */\n")
	write(t, filepath.Join(f.root, "kernel", "wide.c"), src.String())
	f.ok(t, "index", args{})
	for _, a := range []struct {
		tool string
		args args
		size int // bytes of text on a page, with what is added
	}{
		{"source", args{"file": "kernel/wide.c"}, 2*maxText + 4<<10},
		{"show", args{"name": "wide"}, maxText + 1<<10},
		{"outline", args{"file": "kernel/wide.c", "limit": 500}, maxText + 1<<10},
		{"grep", args{"pattern": "wide|member", "limit": 500}, maxText + 1<<10},
	} {
		var all strings.Builder
		token := ""
		for pages := 0; ; pages++ {
			a.args["page"] = token
			r := f.ok(t, a.tool, a.args)
			if len(r.text) > a.size {
				t.Errorf("%s: %d bytes of text on a page", a.tool, len(r.text))
			}
			if js, err := json.Marshal(r.json); err != nil || len(js) > maxJSON+2*maxText {
				t.Errorf("%s: %d bytes of JSON, %v", a.tool, len(js), err)
			}
			all.WriteString(r.text)
			if token = r.next(); token == "" {
				break
			}
			if pages > 200 {
				t.Fatalf("%s: no end", a.tool)
			}
		}
		for i := range 3000 {
			if !strings.Contains(all.String(), fmt.Sprintf("member_with_a_long_name_%d", i)) {
				t.Fatalf("%s: member %d is missing", a.tool, i)
			}
		}
	}
	r := f.ok(t, "show", args{"name": "wide"})
	cuts, _ := r.json["page"].(map[string]any)["cut"].([]any)
	if len(cuts) != 1 || cuts[0].(map[string]any)["list"] != "members" || cuts[0].(map[string]any)["total"] != 3000.0 {
		t.Errorf("cut: %v", cuts)
	}
}

// TestRebuiltBetweenPages wants to be told that the index is another.
func TestRebuiltBetweenPages(t *testing.T) {
	f := newFixture(t, nil)
	first := f.ok(t, "refs", args{"name": "tick", "limit": 2})
	write(t, filepath.Join(f.root, "arch", "arm", "more.c"), "void five(void) { tick(5); }\n")
	indexTree(t, f.store, f.root)
	r := f.ok(t, "refs", args{"name": "tick", "limit": 3, "page": first.next()})
	if !strings.Contains(r.text, "the index changed") || !strings.HasPrefix(r.text, "arch/arm/more.c:1") {
		t.Errorf("the second page begins:\n%s", r.text)
	}
	second := f.ok(t, "refs", args{"name": "tick", "limit": 3, "page": r.next()})
	if strings.Contains(second.text, "changed") {
		t.Errorf("the page after it:\n%s", second.text)
	}
}

func TestErrors(t *testing.T) {
	f := newFixture(t, nil)
	token := f.ok(t, "refs", args{"name": "tick", "limit": 2}).next()
	for _, tt := range []struct {
		tool string
		args args
		want string
	}{
		{"def", args{"name": "tikc"}, "did you mean tick?"},
		{"show", args{"name": "setle"}, "did you mean settle?"},
		{"callers", args{"name": "tikc"}, "tick"},
		{"callees", args{"name": "tikc"}, "tick"},
		{"path", args{"from": "start", "to": "setle"}, "settle"},
		{"refs", args{"name": "tikc"}, "tick"},
		{"refs", args{"name": "tick", "roles": []string{"chief"}}, "roles are"},
		{"refs", args{"name": "tick", "limit": -1}, "limit is a number from 1 to 500"},
		{"refs", args{"name": "tick", "limit": 1 << 40}, "limit is a number from 1 to 500"},
		{"refs", args{"name": "tick", "page": "x"}, "no page token"},
		{"refs", args{"name": "seconds", "page": token}, "belongs to another question"},
		{"callers", args{"name": "tick", "page": token}, "belongs to another question"},
		{"def", args{}, `required: missing properties: ["name"]`},
		{"def", args{"name": "tick", "colour": "red"}, "colour"},
		{"def", args{"name": 7}, "type"},
		{"def", args{"name": "tick", "tree": "nosuchtree"}, "the tool trees lists"},
		{"def", args{"name": "tick", "arch": "vax"}, `no architecture "vax"`},
		{"def", args{"name": "tick", "config": "nosuchfile"}, "no such file"},
		{"grep", args{"pattern": "("}, "missing closing"},
		{"grep", args{"pattern": ""}, "empty pattern"},
		{"grep", args{"pattern": "x", "languages": []string{"latin"}}, "languages are"},
		{"grep", args{"pattern": "x", "context": 1000}, "from 0 to 20"},
		{"find", args{"query": " "}, "empty"},
		{"outline", args{"file": "kernel/sstart.c"}, "kernel/start.c"},
		{"source", args{"file": "kernel/sstart.c"}, "kernel/start.c"},
		{"source", args{}, "give a file"},
		{"source", args{"file": "kernel/start.c", "first": 9, "last": 3}, "numbers of lines"},
		{"source", args{"name": "tick", "file": "drivers/legs.c"}, "the first definition is kernel/start.c:7"},
		{"callers", args{"name": "tick", "depth": 99}, "from 0 to 8"},
		{"log", args{}, "either the path"},
		{"log", args{"path": filepath.Join(f.root, "nosuchlog")}, "no such file"},
		{"log", args{"path": f.root}, "no regular file"},
		{"kconfig", args{"symbol": "LEG"}, "LEGS"},
		{"dt", args{"what": "acme,legs-3"}, "acme,legs-2"},
		{"index", args{"tree": "/nosuch/directory"}, "no such file"},
	} {
		if r := f.call(t, tt.tool, tt.args); !r.err || !strings.Contains(r.text, tt.want) {
			t.Errorf("%s %v: error %v\n%s\nwant %q", tt.tool, tt.args, r.err, r.text, tt.want)
		}
	}
	// Known, and nothing to say.
	for _, tt := range []struct {
		tool string
		args args
		want string
	}{
		{"callers", args{"name": "one"}, "no caller of one is known"},
		{"refs", args{"name": "tick", "under": "Documentation"}, "none of 12 references is in Documentation"},
		{"refs", args{"name": "seconds", "roles": []string{"call"}}, "it occurs as"},
		{"path", args{"from": "settle", "to": "start"}, "there is no way"},
		{"grep", args{"pattern": "nowhere_to_be_found"}, "no line matches"},
		{"source", args{"file": "kernel/start.c", "first": 9999}, "has 41 lines"},
	} {
		if r := f.call(t, tt.tool, tt.args); r.err || !strings.Contains(r.text, tt.want) {
			t.Errorf("%s %v: error %v\n%s\nwant %q", tt.tool, tt.args, r.err, r.text, tt.want)
		}
	}
	if _, err := f.client.CallTool(context.Background(), &mcp.CallToolParams{Name: "format_disk"}); err == nil || !strings.Contains(err.Error(), "unknown tool") {
		t.Errorf("unknown tool: %v", err)
	}
}

// TestFilesOutside wants no file to be read but those of the tree, and logs.
func TestFilesOutside(t *testing.T) {
	f := newFixture(t, nil)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	write(t, secret, "hunter2\nis the password\n")
	write(t, filepath.Join(f.root, "later.c"), "int unseen;\n")
	if err := os.Remove(filepath.Join(f.root, "drivers", "ticks.c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(f.root, "drivers", "ticks.c")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(f.root, "link.c")); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		secret, "../" + filepath.Base(outside) + "/secret", "/etc/passwd", "kernel/../../../etc/passwd", "link.c", "drivers/ticks.c", "later.c", ".", "", "/", "kernel", "\x00",
	} {
		for _, tool := range []string{"source", "outline"} {
			if r := f.call(t, tool, args{"file": file}); !r.err || strings.Contains(r.text, "hunter2") {
				t.Errorf("%s of %q: error %v\n%s", tool, file, r.err, r.text)
			}
		}
	}
	if r := f.ok(t, "grep", args{"pattern": "hunter2"}); strings.Contains(r.text, "hunter2") {
		t.Errorf("grep reads what is outside:\n%s", r.text)
	}
	for _, a := range []args{{"path": secret}, {"path": secret, "records": true, "all": true}, {"path": secret, "first": 2}} {
		if r := f.call(t, "log", a); !r.err || strings.Contains(r.text, "hunter2") || strings.Contains(r.text, "password") {
			t.Errorf("log %v: error %v\n%s", a, r.err, r.text)
		}
	}
	for _, tool := range []string{"def", "log"} {
		a := args{"config": secret, "name": "tick"}
		if tool == "log" {
			a = args{"config": secret, "text": bootLog}
		}
		if r := f.call(t, tool, a); !r.err || strings.Contains(r.text, "hunter2") || strings.Contains(r.text, "is the password") {
			t.Errorf("%s with it as configuration: error %v\n%s", tool, r.err, r.text)
		}
	}
	// What is outside of the working directory is not indexed either.
	if r := f.call(t, "index", args{"tree": outside}); !r.err || !strings.Contains(r.text, "run dekho index") {
		t.Errorf("index: error %v\n%s", r.err, r.text)
	}
}

// TestRoots has the tree chosen by what the client says that it works on.
func TestRoots(t *testing.T) {
	a, b, store := writeTree(t), writeTree(t), t.TempDir()
	write(t, filepath.Join(b, "only_b.c"), "int only_b;\n")
	indexTree(t, store, a)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	client.AddRoots(&mcp.Root{URI: "file://" + t.TempDir()}, &mcp.Root{URI: "file://" + b}) //nolint:staticcheck // clients still have them
	in, out, _ := serve(t, Options{Bench: workbench.Options{Store: store}})
	session, err := client.Connect(context.Background(), &mcp.IOTransport{Reader: out, Writer: in}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close() //nolint:errcheck // a pipe
	f := &fixture{root: b, store: store, client: session}
	// What is not indexed yet, and may be.
	if r := f.ok(t, "index", args{"tree": b}); !strings.Contains(r.text, b) {
		t.Errorf("index: %s", r.text)
	}
	if r := f.ok(t, "def", args{"name": "only_b"}); !strings.Contains(r.text, "only_b.c:1") {
		t.Errorf("def: %s", r.text)
	}
	if r := f.call(t, "def", args{"name": "only_b", "tree": a}); !r.err {
		t.Errorf("def in the other tree: %s", r.text)
	}
	r := f.ok(t, "trees", args{})
	if trees, _ := r.json["trees"].([]any); len(trees) != 2 {
		t.Errorf("trees: %v", r.json)
	}
}

// TestManyTrees asks through more lenses than are kept open.
func TestManyTrees(t *testing.T) {
	f := newFixture(t, nil)
	for range 2 {
		for i := range maxSessions + 3 {
			config := filepath.Join(f.root, fmt.Sprintf("config-%d", i))
			write(t, config, "CONFIG_ARM=y\nCONFIG_MMU=y\n"+strings.Repeat("CONFIG_LEGS=y\n", i%2))
			r := f.ok(t, "def", args{"name": "legs_probe", "config": config})
			if in := strings.Contains(r.text, "[built in]"); in != (i%2 == 1) {
				t.Errorf("%s: %s", config, r.text)
			}
		}
	}
}

func TestConfigChanges(t *testing.T) {
	f := newFixture(t, nil)
	for i, name := range []string{"rel-config", filepath.Join(t.TempDir(), "config")} {
		file := name
		if i == 0 {
			file = filepath.Join(f.root, name) // found at the top of the tree
		}
		for _, on := range []bool{true, false, true} {
			write(t, file, "CONFIG_ARM=y\nCONFIG_MMU=y\n"+map[bool]string{true: "CONFIG_LEGS=y\n", false: "# CONFIG_LEGS is not set\n"}[on])
			r := f.ok(t, "def", args{"name": "legs_probe", "config": name})
			if strings.Contains(r.text, "[built in]") != on {
				t.Errorf("%s, LEGS %v: %s", name, on, r.text)
			}
		}
	}
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("word ", 10<<10)
	for _, tt := range []struct {
		name string
		in   any
		cut  []string
	}{
		{"small", args{"a": []int{1, 2, 3}}, nil},
		{"list", args{"a": args{"b": strings.Fields(long)}, "c": []int{1}}, []string{"a.b"}},
		{"nested", args{"a": []any{args{"b": strings.Fields(long)}}}, []string{"a[0].b"}},
		{"text", args{"a": long}, nil},
	} {
		js, err := json.Marshal(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		out, cuts, err := shorten(js)
		if err != nil || len(out) > maxJSON || !json.Valid(out) || len(out) < 10 {
			t.Errorf("%s: %d bytes, %v", tt.name, len(out), err)
		}
		var lists []string
		for _, c := range cuts {
			lists = append(lists, c.List)
		}
		if !slices.Equal(lists, tt.cut) {
			t.Errorf("%s: cut %v, want %v", tt.name, lists, tt.cut)
		}
	}
}
