package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dekho/internal/vimdrive"
)

// sameEverywhere are names of every kind: one definition and many, static ones,
// names that macros make, system calls, types, macros, Kconfig, assembly.
var sameEverywhere = []string{
	"vfs_read", "tcp_v4_rcv", "ext4_file_open", "SetPageDirty", "sys_openat", "probe", "file_operations", "list_head", "inode", "kmalloc",
	"spin_lock", "dev_err", "printk", "GFP_KERNEL", "TASK_RUNNING", "current", "EXT4_FS", "secondary_start_kernel", "__switch_to", "jiffies",
}

// TestSameAnswerEverywhere asks every front end where names are defined: whoever
// changes from one to another is shown the same definition first.
func TestSameAnswerEverywhere(t *testing.T) {
	k := testKernel(t)
	want := make(map[string]string)
	for _, name := range sameEverywhere {
		out, _ := k.run(t, nil, "def", "--json", name)
		var found struct {
			Results []struct {
				Path string
				Line int
			}
		}
		if err := json.Unmarshal([]byte(out), &found); err != nil || len(found.Results) == 0 {
			t.Fatalf("def %s: %v\n%s", name, err, out)
		}
		want[name] = fmt.Sprintf("%s:%d", found.Results[0].Path, found.Results[0].Line)
	}
	each := func(t *testing.T, ask func(t *testing.T, name string) string) {
		for _, name := range sameEverywhere {
			if got := ask(t, name); got != want[name] {
				t.Errorf("%s is defined in %s first, dekho def says %s", name, got, want[name])
			}
		}
	}
	t.Run("show", func(t *testing.T) {
		each(t, func(t *testing.T, name string) string {
			out, _ := k.run(t, nil, "show", name)
			return strings.Join(strings.SplitN(out, ":", 3)[:2], ":")
		})
	})
	t.Run("cscope", func(t *testing.T) {
		f := newCscopeFront(t, k.bin, k.store, k.tree)
		each(t, func(t *testing.T, name string) string {
			lines, err := f.query("1" + name)
			if err != nil || len(lines) == 0 {
				t.Fatal(name, err)
			}
			return lines[0][0] + ":" + lines[0][2]
		})
	})
	// Tags files are sorted by name and file: the definition is one of them.
	t.Run("tags", func(t *testing.T) {
		each(t, func(t *testing.T, name string) string {
			out, _ := k.run(t, nil, "readtags", "-t", filepath.Join(k.tree, "tags"), "-en", name)
			var places []string
			for line := range strings.Lines(out) {
				fields := strings.Split(strings.TrimSpace(line), "\t")
				if i := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "line:") }); i > 0 {
					places = append(places, fields[1]+strings.TrimPrefix(fields[i], "line"))
				}
			}
			if slices.Contains(places, want[name]) {
				return want[name]
			}
			return fmt.Sprint(places)
		})
	})
	t.Run("mcp", func(t *testing.T) {
		a := newAssistant(t, k.bin, k.store, k.tree, nil)
		each(t, func(t *testing.T, name string) string {
			text := a.mustAsk(t, "def", toolArgs{"name": name}).text
			return strings.Join(strings.SplitN(text, ":", 3)[:2], ":")
		})
	})
	t.Run("lsp", func(t *testing.T) {
		s := k.serve(t)
		defer s.stop(t)
		var text strings.Builder
		text.WriteString("void all(void)\n{\n")
		for _, name := range sameEverywhere {
			as := name
			switch name {
			case "file_operations", "list_head", "inode":
				as = "struct " + name
			case "EXT4_FS":
				as = "CONFIG_" + name
			}
			fmt.Fprintf(&text, "\tuse(%s);\n", as)
		}
		text.WriteString("}\n")
		uri := "file://" + filepath.Join(k.tree, "fs/pipe.c")
		open := toolArgs{"uri": uri, "languageId": "c", "version": 1, "text": text.String()}
		if err := s.conn.Notify(t.Context(), "textDocument/didOpen", toolArgs{"textDocument": open}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(text.String(), "\n")
		each(t, func(t *testing.T, name string) string {
			// At a cursor, what is static elsewhere is not meant, and the
			// architecture of this machine comes first.
			if slices.Contains([]string{"probe", "__switch_to", "jiffies", "secondary_start_kernel", "current"}, name) {
				return want[name]
			}
			line := 2 + slices.Index(sameEverywhere, name)
			var found []lspLocation
			s.ask(t, "textDocument/definition", toolArgs{
				"textDocument": toolArgs{"uri": uri},
				"position":     toolArgs{"line": line, "character": strings.Index(lines[line], name)},
			}, &found)
			if len(found) == 0 {
				return "nothing"
			}
			return fmt.Sprintf("%s:%d", strings.TrimPrefix(found[0].URI, "file://"+k.tree+"/"), found[0].Range.Start.Line+1)
		})
	})
	t.Run("tui", func(t *testing.T) {
		term := newTerminal(t, k, 120, 40)
		for _, name := range []string{"SetPageDirty", "sys_openat", "vfs_read", "EXT4_FS"} {
			term.run("dekho tui " + name)
			term.await(want[name])
			term.press("C-c")
			term.await("\n$")
			term.run("clear")
		}
	})
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			var steps strings.Builder
			for _, name := range sameEverywhere {
				path, line, _ := strings.Cut(want[name], ":")
				fmt.Fprintf(&steps, "do DekhoDef %s\n", name)
				// Several are listed, one is gone to.
				fmt.Fprintf(&steps, "do if getqflist({'title': 1}).title =~# '^:DekhoDef %[1]s\\>' | cfirst | endif\n", name)
				fmt.Fprintf(&steps, "want bufname('%%') .. ':' .. line('.') => '%s:%s'\n", path, line)
			}
			e.Run(t, vimdrive.Scenario{Steps: steps.String(), Program: k.bin, Dir: k.tree, Env: []string{"DEKHO_STORE=" + k.store}})
		})
	}
}
