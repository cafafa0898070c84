package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"dekho/internal/cli"
	"dekho/internal/testenv"
)

// root is the top of the checkout.
var root string

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"dekho": func() { os.Exit(cli.Main(os.Args[1:], cli.Process())) },
	})
}

// TestScripts runs the commands as processes on the small tree in testdata/tree,
// which each script finds in $WORK/tree.
func TestScripts(t *testing.T) {
	tree, err := filepath.Abs(filepath.Join("testdata", "tree"))
	if err != nil {
		t.Fatal(err)
	}
	root = testenv.Root(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DEKHO_STORE", filepath.Join(env.WorkDir, "store"))
			env.Setenv("DEKHO_TREE", "")
			return os.CopyFS(filepath.Join(env.WorkDir, "tree"), os.DirFS(tree))
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"validjson": validJSON,
			"binary":    binary,
			"exits":     exits,
			"gzip":      gzipFile,
			"hostile":   hostile,
			"truncate":  truncate,
		},
	})
}

// exits runs a command and wants an exit code: exits 3 dekho log nosuchfile.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit interface{ ExitCode() int }
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// validJSON wants every line of the last standard output to be a JSON object, and
// every key in it to be documented in docs/json.md.
func validJSON(ts *testscript.TestScript, _ bool, _ []string) {
	doc, err := os.ReadFile(filepath.Join(root, "docs", "json.md"))
	ts.Check(err)
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	for i, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			ts.Fatalf("line %d is not JSON: %v\n%s", i+1, err, line)
		}
		eachKey(v, func(key string) {
			if !bytes.Contains(doc, []byte("`"+key+"`")) {
				ts.Fatalf("line %d: docs/json.md does not mention `%s`", i+1, key)
			}
		})
	}
}

// eachKey calls fn for the keys of all objects in a value, but for the values of
// arguments, which have any shape.
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
		for _, value := range v {
			eachKey(value, fn)
		}
	}
}

// gzipFile compresses a file: gzip FROM TO.
func gzipFile(ts *testscript.TestScript, _ bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(data)
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// truncate cuts every file below a directory to half of its size.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	}))
}

// binary writes a file of noise.
func binary(ts *testscript.TestScript, _ bool, args []string) {
	noise := make([]byte, 1<<16)
	rand.NewChaCha8([32]byte{}).Read(noise) //nolint:errcheck // never fails
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), noise, 0o600))
}

// hostile writes a log with everything in it that breaks readers: a line of a
// megabyte, NUL bytes, bytes that are not UTF-8, escape sequences, half a record.
func hostile(ts *testscript.TestScript, _ bool, args []string) {
	log := "[    1.000000] rover: alpha: wheels ready\n" +
		"[    1.100000] " + strings.Repeat("rover ", 1<<20/6) + "\n" +
		"[    1.200000] rover: be\x00ta: wheels ready\n" +
		"[    1.300000] rover: \xff\xfe: wheels ready\n" +
		"[    1.400000] \x1b]0;title\arover: \x1b[31mgamma\x1b[0m: wheels ready\r\r\n" +
		"[    1.5000"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(log), 0o600))
}

// TestDemoLog makes sure that the log of the demonstration is the capture.
func TestDemoLog(t *testing.T) {
	packed, err := os.ReadFile("demo.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(testenv.Captures(t, "x86-64-no-root.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("demo.log.gz is not testdata/captures/x86-64-no-root.log: compress it again with gzip -9n")
	}
}
