package lsp

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

func TestLifecycle(t *testing.T) {
	c := newClient(t)
	if _, err := c.call("textDocument/hover", object{"textDocument": object{"uri": c.uri(core)}}); code(err) != codeServerNotInitialized {
		t.Errorf("before initialize: %v", err)
	}
	c.notify("textDocument/didOpen", object{"textDocument": object{"uri": c.uri(core)}})
	got := c.ask("initialize", object{"rootUri": fileURI(c.root), "capabilities": object{"general": object{"positionEncodings": []string{"utf-16", "utf-8"}}}})
	for _, want := range []string{`"positionEncoding":"utf-8"`, `"hoverProvider":true`, `"name":"dekho"`, `"tokenModifiers":["inactive"]`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "rename") {
		t.Errorf("renaming is offered: %s", got)
	}
	if _, err := c.call("initialize", object{}); code(err) != jsonrpc2.CodeInvalidRequest {
		t.Errorf("initialized twice: %v", err)
	}
	for _, tt := range []struct {
		method string
		params any
		want   int64
	}{
		{"textDocument/rename", object{}, jsonrpc2.CodeMethodNotFound},
		{"$/unheardOf", object{}, jsonrpc2.CodeMethodNotFound},
		{"textDocument/hover", object{}, jsonrpc2.CodeInvalidParams},
		{"textDocument/hover", []int{1}, jsonrpc2.CodeInvalidParams},
		{"textDocument/hover", object{"textDocument": "x", "position": 3}, jsonrpc2.CodeInvalidParams},
		{"workspace/executeCommand", object{"command": "format.disk"}, jsonrpc2.CodeInvalidParams},
	} {
		if _, err := c.call(tt.method, tt.params); code(err) != tt.want {
			t.Errorf("%s %v: %v, want code %d", tt.method, tt.params, err, tt.want)
		}
	}
	c.notify("$/unheardOf", object{})
	c.notify("unheardOf", nil)
	c.notify("textDocument/didChange", object{"textDocument": object{"uri": "file:///not/open"}})
	c.wait("window/logMessage", "not open")
	if got := c.ask("shutdown", nil); got != "null" {
		t.Errorf("shutdown answers %s", got)
	}
	if _, err := c.call("textDocument/hover", c.at(core, c.text(core), "[count]++")); code(err) != jsonrpc2.CodeInvalidRequest {
		t.Errorf("behind shutdown: %v", err)
	}
	c.notify("exit", nil)
	if <-c.ended; c.err != nil {
		t.Errorf("the server ends with %v", c.err)
	}
}

// TestClientDies covers an editor that is gone without a word, in the middle of
// one, and one that asks to exit before it asks to shut down.
func TestClientDies(t *testing.T) {
	for name, die := range map[string]func(c *client){
		"closed":       func(c *client) { c.stop() },
		"exit at once": func(c *client) { c.notify("exit", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			c.ask("initialize", object{"rootUri": fileURI(c.root), "capabilities": object{}})
			die(c)
			if <-c.ended; !errors.Is(c.err, ErrNoExit) {
				t.Errorf("the server ends with %v", c.err)
			}
		})
	}
}

func TestParentWatch(t *testing.T) {
	if !alive(os.Getpid()) {
		t.Error("this process is not alive")
	}
	if alive(1 << 30) {
		t.Error("a process that cannot exist is alive")
	}
}

func TestFirstIndex(t *testing.T) {
	c := newClient(t)
	hold := make(chan struct{})
	c.indexed = func(string) error { <-hold; return nil }
	c.ask("initialize", object{"workspaceFolders": []object{{"uri": fileURI(c.root)}}, "capabilities": object{"window": object{"workDoneProgress": true}}})
	c.notify("initialized", object{})
	c.wait("window/showMessage", "indexing "+c.root+" for the first time")
	c.wait("$/progress", `"kind":"begin"`)
	params := c.at(core, c.text(core), "[count]++")
	if _, err := c.call("textDocument/definition", params); code(err) != codeRequestFailed || !strings.Contains(err.Error(), "is being indexed for the first time") {
		t.Errorf("a question before there is an index: %v", err)
	}
	// What needs no index is answered.
	if got := c.ask("textDocument/documentSymbol", params); !strings.Contains(got, "rover_halt") {
		t.Errorf("the symbols of a document without an index: %s", got)
	}
	close(hold)
	c.wait("window/showMessage", c.root+" is indexed")
	c.wait("$/progress", `"kind":"end"`)
	if got, want := c.short(c.ask("textDocument/definition", params)), "drivers/rover/core.c:9:12-17"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNoIndex(t *testing.T) {
	c := newClient(t)
	c.ask("initialize", object{"rootUri": fileURI(c.root), "capabilities": object{}, "initializationOptions": object{"autoIndex": false}})
	c.notify("initialized", object{})
	c.wait("window/showMessage", "dekho index "+c.root)
	params := c.at(core, c.text(core), "[count]++")
	if _, err := c.call("textDocument/definition", params); err == nil || !strings.Contains(err.Error(), "dekho index "+c.root) {
		t.Errorf("without an index: %v", err)
	}
	c.ask("workspace/executeCommand", object{"command": "dekho.index", "arguments": []string{c.uri(core)}})
	if got, want := c.short(c.ask("textDocument/definition", params)), "drivers/rover/core.c:9:12-17"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	c.indexed = func(string) error { return errors.New("the disk is full") }
	if _, err := c.call("workspace/executeCommand", object{"command": "dekho.index"}); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("indexing that fails: %v", err)
	}
	c.wait("window/showMessage", "the disk is full")
}

// TestOutside asks about a file that is in no tree, and about what is no file.
func TestOutside(t *testing.T) {
	c := newClient(t)
	c.start(object{"textDocument": object{"documentSymbol": object{"hierarchicalDocumentSymbolSupport": true}}}, nil)
	const text = "struct s {\n\tint a;\n};\nint f(void)\n{\n\treturn 0;\n}\n"
	other := filepath.Join(t.TempDir(), "other.c")
	for _, uri := range []string{fileURI(other), "untitled:Untitled-1"} {
		c.notify("textDocument/didOpen", object{"textDocument": object{"uri": uri, "version": 1, "text": text}})
		doc := object{"textDocument": object{"uri": uri}, "position": object{"line": 3, "character": 4}, "context": object{}}
		want := `[{"startLine":0,"endLine":1},{"startLine":3,"endLine":5}]`
		if uri == "untitled:Untitled-1" {
			want = `[]` // nobody knows its language
		}
		if got := c.ask("textDocument/foldingRange", doc); got != want {
			t.Errorf("%s: folds %s, want %s", uri, got, want)
		}
		if got := c.ask("textDocument/documentSymbol", doc); uri != "untitled:Untitled-1" && (!strings.Contains(got, `"name":"f"`) || !strings.Contains(got, `"children":[{"name":"a"`)) {
			t.Errorf("%s: symbols %s", uri, got)
		}
		for _, m := range []string{"definition", "references", "implementation", "typeDefinition", "documentHighlight", "documentLink"} {
			if got := c.ask("textDocument/"+m, doc); got != "[]" {
				t.Errorf("%s of %s: %s", m, uri, got)
			}
		}
		for _, m := range []string{"hover", "signatureHelp", "prepareCallHierarchy", "prepareTypeHierarchy"} {
			if got := c.ask("textDocument/"+m, doc); got != "null" {
				t.Errorf("%s of %s: %s", m, uri, got)
			}
		}
		if got := c.ask("textDocument/completion", doc); got != `{"isIncomplete":false,"items":[]}` {
			t.Errorf("completion of %s: %s", uri, got)
		}
		if got := c.ask("textDocument/semanticTokens/full", doc); !strings.Contains(got, `"data":[]`) {
			t.Errorf("tokens of %s: %s", uri, got)
		}
		c.notify("textDocument/didClose", doc)
	}
	if _, err := c.call("textDocument/foldingRange", object{"textDocument": object{"uri": fileURI(other)}}); code(err) != codeRequestFailed {
		t.Errorf("a file that does not exist: %v", err)
	}
}

// TestUnsaved types into documents, saves one, and closes it.
func TestUnsaved(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	find := func(path, text, at string) string {
		t.Helper()
		return c.short(c.ask("textDocument/definition", c.at(path, text, at)))
	}
	old := c.text(wheels)
	c.open(wheels)
	c.open(core)
	// Two lines above everything, one character at a time.
	for i, r := range "/* 🐧 */\n\n" {
		c.notify("textDocument/didChange", object{
			"textDocument":   object{"uri": c.uri(core), "version": i + 2},
			"contentChanges": []object{{"range": Range{newLines([]byte("/* 🐧 */\n\n")).position(i, utf16Units), newLines([]byte("/* 🐧 */\n\n")).position(i, utf16Units)}, "text": string(r)}},
		})
	}
	if got, want := find(wheels, old, "return [rover_drive]("), "drivers/rover/core.c:13:5-16"; got != want {
		t.Errorf("behind two new lines it is at %s, want %s", got, want)
	}
	// A function that is nowhere on the disk.
	text := old + "\nint wheels_spin(void)\n{\n\treturn wheels_spin();\n}\n"
	c.notify("textDocument/didChange", object{"textDocument": object{"uri": c.uri(wheels), "version": 2}, "contentChanges": []object{{"text": text}}})
	if got, want := find(wheels, text, "return [wheels_spin]("), "drivers/rover/wheels.c:52:5-16"; got != want {
		t.Errorf("what was typed is at %s, want %s", got, want)
	}
	if got := c.ask("workspace/symbol", object{"query": "wheelsspin"}); !strings.Contains(got, "wheels_spin") {
		t.Errorf("the symbols of the workspace: %s", got)
	}
	// Saved: indexed, once for several in a row.
	runs := 0
	c.mu.Lock()
	c.indexed = func(string) error { runs++; return nil }
	c.mu.Unlock()
	if err := os.WriteFile(filepath.Join(c.root, wheels), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.notify("textDocument/didSave", object{"textDocument": object{"uri": c.uri(wheels)}})
	}
	c.ask("workspace/executeCommand", object{"command": "dekho.index"}) // waits for it
	if runs != 1 {
		t.Errorf("three files saved were indexed %d times", runs)
	}
	c.notify("textDocument/didClose", object{"textDocument": object{"uri": c.uri(wheels)}})
	if got, want := find(wheels, text, "return [wheels_spin]("), "drivers/rover/wheels.c:52:5-16"; got != want {
		t.Errorf("what was saved is at %s, want %s", got, want)
	}
	// Closed without saving: what is on the disk counts.
	c.notify("textDocument/didClose", object{"textDocument": object{"uri": c.uri(core)}})
	if got, want := find(wheels, text, "return [rover_drive]("), "drivers/rover/core.c:11:5-16"; got != want {
		t.Errorf("what was given up is at %s, want %s", got, want)
	}
	// Changed by somebody else.
	if err := os.WriteFile(filepath.Join(c.root, core), []byte("\n"+c.text(core)), 0o644); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeWatchedFiles", object{"changes": []object{{"uri": c.uri(core), "type": 2}}})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := find(wheels, text, "return [rover_drive](")
		if want := "drivers/rover/core.c:12:5-16"; got == want {
			break
		} else if time.Now().After(end) {
			t.Fatalf("what changed on the disk is at %s, want %s", got, want)
		}
	}
}

// TestQuiet saves a function that is called through a pointer: when nothing else
// is saved for a while, it is known who calls it.
func TestQuiet(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	c.open(wheels)
	text := c.text(wheels) + `
static int wheels_slide(struct rover *rover, int degrees)
{
	return 0;
}

static const struct rover_ops slide_ops = {
	.turn = wheels_slide,
};
`
	c.notify("textDocument/didChange", object{"textDocument": object{"uri": c.uri(wheels), "version": 2}, "contentChanges": []object{{"text": text}}})
	if err := os.WriteFile(filepath.Join(c.root, wheels), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c.notify("textDocument/didSave", object{"textDocument": object{"uri": c.uri(wheels)}})
	c.wait("complete", c.root)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var items []object
		if err := json.Unmarshal([]byte(c.ask("textDocument/prepareCallHierarchy", c.at(wheels, text, "int [wheels_slide]("))), &items); err != nil || len(items) != 1 {
			t.Fatalf("%v, %v", items, err)
		}
		calls := c.ask("callHierarchy/incomingCalls", object{"item": items[0]})
		if strings.Contains(calls, "rover_drive") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("wheels_slide is called by %s", calls)
		}
	}
}

// TestOrder changes a document and asks, many times without waiting: each answer
// is about the text that was there when it was asked, or says that it changed.
func TestOrder(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	text := c.text(core)
	c.open(core)
	var answers []jsonrpc2.Waiter
	for i := range 50 {
		c.notify("textDocument/didChange", object{
			"textDocument":   object{"uri": c.uri(core), "version": i + 2},
			"contentChanges": []object{{"range": Range{}, "text": "\n"}},
		})
		text = "\n" + text
		w, err := c.conn.DispatchCall(t.Context(), "textDocument/definition", c.at(core, text, "(rover, [turn]);"))
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, w)
	}
	for i, w := range answers {
		var list []Location
		err := w.Wait(t.Context(), &list)
		if code(err) == codeContentModified && i < len(answers)-1 {
			continue
		}
		if err != nil || len(list) != 1 || list[0].Range.Start.Line != 13+i {
			t.Errorf("answer %d: %v, %v", i, list, err)
		}
	}
}

// TestCancel cancels requests; those that were answered before stay answered.
func TestCancel(t *testing.T) {
	c := newClient(t)
	c.start(nil, nil)
	cancelled := 0
	for i := range 40 {
		id := jsonrpc2.ID{Num: uint64(1000 + i)}
		w, err := c.conn.DispatchCall(t.Context(), "workspace/symbol", object{"query": "rover"}, jsonrpc2.PickID(id))
		if err != nil {
			t.Fatal(err)
		}
		c.notify("$/cancelRequest", object{"id": 1000 + i})
		err = w.Wait(t.Context(), nil)
		switch {
		case code(err) == codeRequestCancelled:
			cancelled++
		case err != nil:
			t.Errorf("a request that is cancelled: %v", err)
		}
	}
	t.Logf("%d of 40 requests were cancelled", cancelled)
	c.notify("$/cancelRequest", object{"id": "never asked"})
	c.notify("$/cancelRequest", object{})
	if got := c.ask("workspace/symbol", object{"query": "rover_drive"}); !strings.Contains(got, "core.c") {
		t.Errorf("behind cancelled requests: %s", got)
	}
}

func TestLens(t *testing.T) {
	c := newClient(t)
	c.start(nil, object{"arch": "arm"})
	tokens := object{"textDocument": object{"uri": c.uri(core)}}
	if got := c.ask("textDocument/semanticTokens/full", tokens); got != `{"resultId":"1","data":[]}` {
		t.Errorf("an architecture alone leaves out %s", got)
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("# Linux/arm 6.1.0 Kernel Configuration\nCONFIG_ROVER=y\n# CONFIG_ROVER_FAST is not set\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"dekho": object{"config": config}}})
	// Line 21 from column 1, 33 characters wide.
	const want = `[20,1,33,0,1]`
	if got := c.ask("textDocument/semanticTokens/full/delta", object{"textDocument": object{"uri": c.uri(core)}, "previousResultId": "1"}); got !=
		fmt.Sprintf(`{"resultId":"2","edits":[{"start":0,"deleteCount":0,"data":%s}]}`, want) {
		t.Errorf("a configuration leaves out %s", got)
	}
	if got := c.ask("textDocument/semanticTokens/full/delta", object{"textDocument": object{"uri": c.uri(core)}, "previousResultId": "7"}); got != `{"resultId":"3","data":`+want+`}` {
		t.Errorf("without what was before: %s", got)
	}
	if got := c.ask("textDocument/semanticTokens/range", with(tokens, object{"range": Range{Position{0, 0}, Position{19, 0}}})); got != `{"data":[]}` {
		t.Errorf("the lines before: %s", got)
	}
	if got := c.ask("textDocument/hover", c.at(core, c.text(core), "[rover_halt](")); !strings.Contains(got, "built in") {
		t.Errorf("no verdict in %s", got)
	}
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"dekho": object{"config": "/does/not/exist"}}})
	if _, err := c.call("textDocument/semanticTokens/full", tokens); code(err) != codeRequestFailed || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("a configuration that does not exist: %v", err)
	}
	c.notify("workspace/didChangeConfiguration", object{"settings": []int{}})
	c.notify("workspace/didChangeConfiguration", object{"settings": object{"arch": 7}})
	c.wait("window/logMessage", "settings")
}

// TestSymbolicLink works in a tree that is reached through a symbolic link: what
// the editor has open is called as the editor calls it.
func TestSymbolicLink(t *testing.T) {
	c := newClient(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(c.root, link); err != nil {
		t.Fatal(err)
	}
	c.root = link
	c.start(nil, nil)
	text := "\n" + c.text(core)
	c.openAs(core, text)
	if got, want := c.short(c.ask("textDocument/definition", c.at(wheels, c.text(wheels), "return [rover_drive]("))), "drivers/rover/core.c:12:5-16"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Opened by another way still, and outside of the workspace.
	c.root = filepath.Join(t.TempDir(), "deep")
	if err := os.Symlink(filepath.Join(link, "drivers"), c.root); err != nil {
		t.Fatal(err)
	}
	c.open("rover/wheels.c")
	if got := c.ask("textDocument/definition", c.at("rover/wheels.c", c.text("rover/wheels.c"), "[helper](i);")); !strings.Contains(got, fileURI(link)) && !strings.Contains(got, c.uri("rover/wheels.c")) {
		t.Errorf("got %s", got)
	}
}
