package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

type answer struct {
	Name    string
	Results []result
	Nearest []string
}

type result struct {
	Path     string
	Line     int
	Column   int
	Kind     string
	Role     string
	Function string
	Text     string
	Symbol   string
}

func (k *kernel) ask(t *testing.T, args ...string) *answer {
	t.Helper()
	out, code := k.run(t, nil, append(args, "--json")...)
	if code > 1 {
		t.Fatalf("dekho %v: exit code %d", args, code)
	}
	var a answer
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("dekho %v: %v", args, err)
	}
	if found := len(a.Results) > 0; found != (code == 0) {
		t.Errorf("dekho %v: %d results and exit code %d", args, len(a.Results), code)
	}
	return &a
}

// TestDefinitions asks for names whose definitions are known.
func TestDefinitions(t *testing.T) {
	k := testKernel(t)
	for _, c := range []struct{ name, path, kind, text string }{
		{"tcp_v4_rcv", "net/ipv4/tcp_ipv4.c", "function", "int tcp_v4_rcv("},
		{"file_operations", "include/linux/fs.h", "struct", "struct file_operations {"},
		{"container_of", "include/linux/container_of.h", "macro", "#define container_of("},
		{"gfp_t", "include/linux/types.h", "typedef", "gfp_t;"},
		{"init_task", "init/init_task.c", "variable", "struct task_struct init_task"},
	} {
		a := k.ask(t, "def", c.name)
		if len(a.Results) == 0 {
			t.Errorf("%s: no definition", c.name)
			continue
		}
		r := a.Results[0]
		if r.Path != c.path || r.Kind != c.kind || !strings.Contains(r.Text, c.text) {
			t.Errorf("%s: %+v, want a %s in %s: %s", c.name, r, c.kind, c.path, c.text)
		}
		if r.Column > 0 && !strings.HasPrefix(r.Text[r.Column-1:], c.name) {
			t.Errorf("%s: column %d of %q", c.name, r.Column, r.Text)
		}
	}
	if a := k.ask(t, "def", "secondary_start_kernel"); len(a.Results) != 4 {
		t.Errorf("secondary_start_kernel: %d definitions, want those of 4 architectures", len(a.Results))
	}
	if a := k.ask(t, "def", "tcp_v4_rvc"); len(a.Results) != 0 || len(a.Nearest) == 0 || a.Nearest[0] != "tcp_v4_rcv" {
		t.Errorf("tcp_v4_rvc: %+v", a)
	}
}

// TestReferences asks for the uses of a function.
func TestReferences(t *testing.T) {
	k := testKernel(t)
	a := k.ask(t, "refs", "--role", "call", "kfree")
	if n := len(a.Results); n < 25_000 || n > 60_000 {
		t.Errorf("kfree: %d calls", n)
	}
	for i := range a.Results {
		r := &a.Results[i]
		if r.Role != "call" || !strings.Contains(r.Text, "kfree") {
			t.Fatalf("kfree: %+v", r)
		}
	}
	a = k.ask(t, "refs", "tcp_v4_rcv")
	registered := false
	for i := range a.Results {
		registered = registered || a.Results[i].Role == "registration" && a.Results[i].Path == "net/ipv4/af_inet.c"
	}
	if !registered {
		t.Errorf("tcp_v4_rcv is not registered in af_inet.c: %+v", a.Results)
	}
}

// TestText searches the text of the tree.
func TestText(t *testing.T) {
	k := testKernel(t)
	a := k.ask(t, "grep", `EXPORT_SYMBOL_GPL\(tcp_[a-z]+\)`)
	if n := len(a.Results); n != 2 || a.Results[0].Path != "net/ipv4/tcp.c" {
		t.Errorf("%d results: %+v", n, a.Results)
	}
}

// TestFind looks for files and symbols by a few letters.
func TestFind(t *testing.T) {
	k := testKernel(t)
	if a := k.ask(t, "find", "tcpv4rcv"); len(a.Results) == 0 || a.Results[0].Symbol != "tcp_v4_rcv" {
		t.Errorf("tcpv4rcv: %+v", a.Results)
	}
	if a := k.ask(t, "find", "--files", "imx7d-sdb.dts"); len(a.Results) == 0 || a.Results[0].Path != "arch/arm/boot/dts/imx7d-sdb.dts" {
		t.Errorf("imx7d-sdb.dts: %+v", a.Results)
	}
}
