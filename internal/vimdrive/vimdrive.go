// Package vimdrive lets tests drive real editors: Vim on a terminal of its own,
// and Neovim without one. A scenario is a list of steps, keys among them, which
// driver.vim runs inside of the editor.
package vimdrive

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"dekho/internal/testenv"
)

//go:embed driver.vim
var driver string

// patience bounds a run of an editor.
const patience = 90 * time.Second

// Editor is an editor that can be driven.
type Editor struct {
	// Name is that of its program, as for subtests.
	Name string
	path string
}

// Editors returns Vim and Neovim. A test that lacks one of them is skipped, or
// fails, as testenv.Program says.
func Editors(t *testing.T) []Editor {
	t.Helper()
	return []Editor{
		{"vim", testenv.Program(t, "vim.nox", "vim-nox")},
		{"nvim", testenv.Program(t, "nvim", "neovim")},
	}
}

// Plugin is the directory of the plugin in the checkout.
func Plugin(t *testing.T) string {
	t.Helper()
	return filepath.Join(testenv.Root(t), "editors", "vim")
}

// Scenario is what an editor does.
type Scenario struct {
	// Steps are those of driver.vim. Empty ones and those that begin with # say
	// nothing.
	Steps string
	// Config is the user's configuration, in Vimscript, behind one that loads the
	// plugin from the checkout.
	Config string
	// Bare leaves out that one.
	Bare bool
	// Program is dekho.
	Program string
	// Dir is the working directory.
	Dir string
	// Env is added to the environment.
	Env []string
	// Args are further arguments of the editor.
	Args []string
	// Complains says that the editor is expected to show errors.
	Complains bool
}

// Report is what became of a scenario.
type Report struct {
	Failed   []string       `json:"failed"`
	Notes    map[string]any `json:"notes"`
	Messages string         `json:"messages"`
	Screen   []string       `json:"screen"`
	Finished int            `json:"finished"`
}

// isError is how the editors report errors of scripts.
var isError = regexp.MustCompile(`(?m)^(E\d+:|Error |Vim\()`)

// Run runs a scenario, fails the test if one of its steps fails or the editor
// shows an error, and returns the report.
func (e Editor) Run(t *testing.T, s Scenario) *Report {
	t.Helper()
	dir := t.TempDir()
	var steps []string
	for line := range strings.Lines(s.Steps) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			steps = append(steps, line)
		}
	}
	report := filepath.Join(dir, "report.json")
	write(t, filepath.Join(dir, "steps"), strings.Join(steps, "\n"))
	write(t, filepath.Join(dir, "vimrc"), s.config(t))
	write(t, filepath.Join(dir, "driver.vim"), fmt.Sprintf("let g:drive_steps = '%s/steps'\nlet g:drive_report = '%s'\n", dir, report)+driver)
	args := []string{e.path, "-N", "-i", "NONE", "-u", filepath.Join(dir, "vimrc"), "-S", filepath.Join(dir, "driver.vim")}
	args = append(args, s.Args...)
	if e.Name == "nvim" {
		args = append(args, "--headless")
	} else {
		// It wants a terminal; nobody looks at it.
		args = []string{"script", "-qefc", "stty rows 24 columns 80; exec " + strings.Join(args, " "), "/dev/null"}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = s.Dir
	cmd.Env = s.environ(dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, runErr := cmd.CombinedOutput()
	if bytes.Contains(out, []byte("Press ENTER")) {
		t.Errorf("it asks for ENTER:\n%s", tail(out))
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%s wrote no report: %v\n%s", e.Name, runErr, tail(out))
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%s: %v\n%s", e.Name, err, data)
	}
	for _, f := range r.Failed {
		t.Error(f)
	}
	if r.Finished == 0 && len(r.Failed) == 0 {
		t.Errorf("it ended early: %v", runErr)
	}
	if !s.Complains && isError.MatchString(r.Messages) {
		t.Errorf("it shows errors:\n%s", r.Messages)
	}
	if t.Failed() {
		t.Logf("messages:%s\nscreen:\n%s", r.Messages, strings.Join(r.Screen, "\n"))
	}
	return &r
}

// Terminal runs an editor in tmux, on a terminal of 80 columns and 24 rows, feeds
// it keys as tmux names them, and returns what the screen shows when Until holds
// of it. Each step waits for its own.
func (e Editor) Terminal(t *testing.T, s Scenario, steps []TerminalStep) {
	t.Helper()
	tmux := testenv.Program(t, "tmux", "tmux")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "vimrc"), s.config(t))
	socket := filepath.Join(dir, "tmux")
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(tmux, append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		cmd.Dir, cmd.Env = s.Dir, s.environ(dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	run("new-session", "-d", "-x", "80", "-y", "24", e.path+" -N -i NONE -u "+filepath.Join(dir, "vimrc"))
	defer run("kill-server")
	for _, step := range steps {
		if len(step.Keys) > 0 {
			run(append([]string{"send-keys"}, step.Keys...)...)
		}
		deadline := time.Now().Add(terminalPatience)
		for {
			screen := run("capture-pane", "-p")
			if step.Until(screen) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after %q the screen shows\n%s", step.Keys, screen)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// TerminalStep is a step on a terminal.
type TerminalStep struct {
	Keys  []string
	Until func(screen string) bool
}

// Shows is an Until that wants texts on the screen.
func Shows(texts ...string) func(string) bool {
	return func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	}
}

// terminalPatience bounds a step on a terminal.
const terminalPatience = 20 * time.Second

// config is the whole configuration of an editor.
func (s *Scenario) config(t *testing.T) string {
	config := "set nocompatible hidden noswapfile shortmess+=I nomore t_u7= t_RV= shell=/bin/sh\nset viminfo=\n"
	if !s.Bare {
		config += "set runtimepath^=" + Plugin(t) + "\nfiletype plugin indent on\nsyntax on\n"
	}
	return config + fmt.Sprintf("let g:dekho_program = '%s'\n", s.Program) + s.Config + "\n"
}

// environ is the environment of an editor whose home is dir.
func (s *Scenario) environ(dir string) []string {
	return append(append(os.Environ(), "TERM=xterm-256color", "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_STATE_HOME="+dir,
		"DEKHO_TREE=", "LC_ALL=C.UTF-8"), s.Env...)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func tail(out []byte) []byte {
	return out[max(0, len(out)-2000):]
}
