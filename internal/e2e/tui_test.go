package e2e

// dekho tui in a real terminal: tmux runs it, types and reads the screen.

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// terminal is a terminal of tmux with a shell in it.
type terminal struct {
	t      *testing.T
	tmux   string
	socket string
}

// newTerminal starts a terminal in which k's program is the command dekho, with
// some environment ("NAME=value").
func newTerminal(t *testing.T, k *kernel, width, height int, env ...string) *terminal {
	t.Helper()
	term := &terminal{t: t, tmux: testenv.Program(t, "tmux", "tmux"), socket: filepath.Join(t.TempDir(), "tmux")}
	shell := append([]string{
		"env", "-u", "TMUX", "PS1=$ ", "PATH=" + filepath.Dir(k.bin) + ":" + os.Getenv("PATH"), "DEKHO_STORE=" + k.store, "DEKHO_TREE=" + k.tree, "NO_COLOR=",
	}, env...)
	term.tell(append([]string{
		"new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height), "-e", "LC_ALL=C.UTF-8",
	}, append(shell, "bash", "--norc", "--noprofile", "-i")...)...)
	t.Cleanup(func() { term.tell("kill-server") })
	term.tell("set-option", "-s", "set-clipboard", "on")
	term.await("$")
	return term
}

// tell has tmux do something.
func (term *terminal) tell(args ...string) string {
	term.t.Helper()
	cmd := exec.Command(term.tmux, append([]string{"-S", term.socket, "-f", os.DevNull, "-u"}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// run types a command.
func (term *terminal) run(command string) { term.write(command + "\n") }

// write types a text.
func (term *terminal) write(text string) { term.tell("send-keys", "-l", text) }

// press presses keys by the names that tmux has for them.
func (term *terminal) press(keys ...string) {
	for _, k := range keys {
		term.tell("send-keys", k)
		if k == "Escape" {
			time.Sleep(100 * time.Millisecond) // else it begins the sequence of another key
		}
	}
}

// screen is what is seen.
func (term *terminal) screen() string { return term.tell("capture-pane", "-p") }

// await waits until all texts are on the screen, and returns how long that took.
func (term *terminal) await(texts ...string) time.Duration {
	term.t.Helper()
	start := time.Now()
	for {
		screen := "\n" + term.screen()
		missing := ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return time.Since(start)
		}
		if time.Since(start) > time.Minute {
			term.t.Fatalf("%q is not on the screen:\n%s", missing, screen)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// pid is the process that runs dekho in the terminal.
func (term *terminal) pid() int {
	term.t.Helper()
	shell := strings.TrimSpace(term.tell("display-message", "-p", "#{pane_pid}"))
	children, err := os.ReadFile(filepath.Join("/proc", shell, "task", shell, "children"))
	if err != nil {
		term.t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(children)))
	if err != nil {
		term.t.Fatalf("the shell has the children %q", children)
	}
	return pid
}

// memory is the resident memory of a process, in megabytes.
func memory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kb int
	if _, err := fmt.Sscanf(rest, "%d", &kb); err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// TestTUI finds, follows and comes back on the whole kernel.
func TestTUI(t *testing.T) {
	k := testKernel(t)
	term := newTerminal(t, k, 110, 30)
	term.run("dekho tui")
	start := term.await("find>", "Enter goes there")

	var typed []time.Duration
	for _, query := range []struct{ letters, first string }{
		{"tcpv4rcv", "tcp_v4_rcv"}, {"ext4 super.c$", "super.c"}, {"schedclass", "sched_class"}, {"kmalloc", "kmalloc"}, {"vfsread", "vfs_read"},
	} {
		term.press("C-u")
		term.await("type to find")
		for _, c := range query.letters[:len(query.letters)-1] {
			term.write(string(c))
		}
		time.Sleep(300 * time.Millisecond)
		term.write(query.letters[len(query.letters)-1:])
		typed = append(typed, term.await("> "+query.letters, "\n"+query.first))
	}
	term.press("Enter")
	term.await("vfs_read()")
	pid := term.pid()
	fmt.Printf("dekho tui: first screen %d ms, key to list %d ms (median of %d), %d MB\n",
		start.Milliseconds(), middle(typed).Milliseconds(), len(typed), memory(t, pid))

	// Follow a name and come back.
	term.press("/")
	term.write("rw_verify_area(")
	term.press("Enter")
	term.await("fs/read_write.c:461", "vfs_read()")
	term.press("Enter")
	term.await("rw_verify_area()")
	term.press("BSpace")
	term.await("fs/read_write.c:461", "vfs_read()")

	// The callers as a tree.
	term.press("C-p")
	term.write("tcp_v4_rcv")
	term.await("\ntcp_v4_rcv")
	term.press("Enter")
	term.await("tcp_v4_rcv()")
	term.press("c")
	term.await("callers of tcp_v4_rcv", "ip_protocol_deliver_rcu", "[type-matched]")
	term.press("Down", "Right")
	term.await("ip_local_deliver_finish")
	term.press("Escape", "C")
	term.await("callees of tcp_v4_rcv", "__inet_lookup_skb")
	term.press("Escape", "i")
	term.await("net/ipv4/tcp_ipv4.c:", "Calls ")
	term.press("q", "r")
	term.await("references to tcp_v4_rcv")

	// Other sizes.
	term.tell("resize-window", "-x", "40", "-y", "10")
	term.await("references to tcp_v4_rcv")
	term.tell("resize-window", "-x", "150", "-y", "50")
	term.await("references to tcp_v4_rcv", "net/ipv4/af_inet.c")
	term.press("C-g")
	term.write("superblock checksum.  Run e2fsck")
	term.await("fs/ext4/super.c  ", "4644  ")
	term.press("C-c")
	term.await("\n$")
}

// TestTUILargest opens the largest file of the kernel.
func TestTUILargest(t *testing.T) {
	k := testKernel(t)
	largest, size := "", int64(0)
	err := filepath.WalkDir(k.tree, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".h" {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			largest, size = path, info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(k.tree, largest)
	if err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t, k, 80, 24)
	start := time.Now()
	term.run("dekho tui " + rel)
	term.await(":1:1", "#define")
	opened := time.Since(start)
	term.press("G")
	start = time.Now()
	term.await("#endif")
	fmt.Printf("dekho tui: a header of %d MB opens in %d ms, its end is seen %d ms later, %d MB\n",
		size>>20, opened.Milliseconds(), time.Since(start).Milliseconds(), memory(t, term.pid()))
	term.press("q")
	term.await("\n$")
}

// TestTUILog walks through a captured boot, from a file and from a pipe.
func TestTUILog(t *testing.T) {
	k := testKernel(t)
	log := testenv.Captures(t, "x86-64-faults.log")
	term := newTerminal(t, k, 120, 40)
	term.run("dekho tui --log " + log)
	term.await("mapped", "first ", "worst P", "linux_banner")
	term.press("w")
	term.await("Kernel panic - not syncing: sysrq triggered crash", "certain: panic() in sysrq_handle_crash()", "drivers/tty/sysrq.c:155")
	term.press("!", "n")
	term.press("/")
	term.write("invalid superblock")
	term.press("Enter")
	term.await("ext4_msg() in ext4_init_metadata_csum()", "sb->s_id = sda")
	term.press("Enter", "c")
	term.await("callers of ext4_msg", "ext4_init_metadata_csum")
	term.press("C-c")
	term.await("\n$")

	// A long one: the first screen comes before its end.
	long := filepath.Join(t.TempDir(), "long.log")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(long, bytes.Repeat(text, 40), 0o644); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	term.run("clear; cat " + long + " | dekho tui --log -")
	term.await("standard input", "linux_banner")
	seen := time.Since(start)
	for strings.Contains(term.screen(), "...") {
		time.Sleep(20 * time.Millisecond)
	}
	fmt.Printf("dekho tui --log: %d lines, seen after %d ms, read after %d ms\n", 40*bytes.Count(text, []byte("\n")), seen.Milliseconds(), time.Since(start).Milliseconds())
	term.press("G", "q")
	term.await("\n$")
}

// smallTree writes a small tree and indexes it, and returns its directory.
func smallTree(t *testing.T, k *kernel) (tree *kernel) {
	t.Helper()
	dir := t.TempDir()
	s := &kernel{bin: k.bin, store: filepath.Join(dir, "store"), tree: filepath.Join(dir, "tree")}
	if err := os.CopyFS(s.tree, os.DirFS(filepath.Join(testenv.Root(t), "internal", "cli", "testdata", "tree"))); err != nil {
		t.Fatal(err)
	}
	hostile := "/* \x1b[2J\x1b[1;1Howned \x1b]0;owned\a\x1b]52;c;b3duZWQ=\a \u202e */\nint hostile_thing; /* \x9b\xff\xfe */\n\x1bc\x1bP+q\x1b\\\n"
	if err := os.WriteFile(filepath.Join(s.tree, "kernel", "hostile.c"), []byte(hostile), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code := s.run(t, nil, "index", s.tree); code != 0 {
		t.Fatalf("dekho index: %d\n%s", code, out)
	}
	return s
}

// TestTUIHostile shows a file and a log that would command the terminal.
func TestTUIHostile(t *testing.T) {
	s := smallTree(t, testKernel(t))
	log := filepath.Join(t.TempDir(), "hostile.log")
	if err := os.WriteFile(log, []byte("[    0.000000] rover: x: wheels ready \x1b]0;owned\a\x1b[2J\u202e\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t, s, 100, 20)
	term.run("dekho tui --log " + log + " kernel/hostile.c")
	term.await(`\x1b[2J`, `\x1b]0;owned\x07`, `\x9b\xff\xfe`, `\x1bc`, "hostile.c:1", "wheels ready")
	term.press("j", "C-g")
	term.write("owned")
	term.await("kernel/hostile.c  ")
	term.press("Enter")
	if title := term.tell("display-message", "-p", "#{pane_title}"); strings.Contains(title, "owned") {
		t.Errorf("the file has set the title: %s", title)
	}
	if buffers := term.tell("list-buffers"); strings.Contains(buffers, "owned") {
		t.Errorf("the file has written to the clipboard: %s", buffers)
	}
	term.press("C-c")
	term.await("\n$")
}

// TestTUITerminal suspends, resumes and ends the program in every way: the terminal
// has to be usable after each.
func TestTUITerminal(t *testing.T) {
	s := smallTree(t, testKernel(t))
	edited := filepath.Join(t.TempDir(), "edited")
	editor := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\necho \"$@\" >"+edited+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	term := newTerminal(t, s, 80, 24, "EDITOR="+editor)
	usable := func(what string) {
		t.Helper()
		// What is typed too early is still for the program.
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if strings.HasPrefix(term.tell("display-message", "-p", "#{alternate_on}#{pane_current_command}"), "0bash") {
				break
			}
		}
		term.run("clear; stty -a | grep -o ' -*icanon\\| -*echo '; echo usa''ble")
		term.await("usable")
		if screen := term.screen(); strings.Contains(screen, "-icanon") || strings.Contains(screen, "-echo") {
			t.Errorf("%s left the terminal raw:\n%s", what, screen)
		}
		if on := strings.TrimSpace(term.tell("display-message", "-p", "#{alternate_on}#{mouse_any_flag}")); on != "00" {
			t.Errorf("%s left the terminal with its screen or mouse switched (%s)", what, on)
		}
	}
	term.run("dekho tui check_wheels")
	term.await("rover.c:6")

	term.press("y")
	term.await("copied drivers/mars/rover.c:6")
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(term.tell("list-buffers"), "drivers/mars/rover.c:6") {
		if time.Now().After(deadline) {
			t.Error("nothing came into the clipboard")
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.press("e")
	for {
		if text, err := os.ReadFile(edited); err == nil && len(text) > 0 {
			if want := "+6 " + filepath.Join(s.tree, "drivers/mars/rover.c"); strings.TrimSpace(string(text)) != want {
				t.Errorf("the editor was called with %q, want %q", text, want)
			}
			break
		}
		if time.Now().After(deadline.Add(20 * time.Second)) {
			t.Fatal("the editor was not called")
		}
		time.Sleep(10 * time.Millisecond)
	}
	term.await("rover.c:6")

	term.press("C-z")
	term.await("Stopped")
	usable("suspending")
	term.run("fg")
	term.await("rover.c:6", "find>")
	term.press("q")
	usable("quitting")

	term.run("clear; dekho tui check_wheels")
	term.await("rover.c:6")
	kill(t, "-TERM", term.pid())
	usable("a signal")

	// Nothing can be restored by who is killed, but the index is as it was.
	term.run("clear; dekho tui check_wheels")
	term.await("rover.c:6")
	kill(t, "-KILL", term.pid())
	time.Sleep(100 * time.Millisecond)
	if out, code := s.run(t, nil, "def", "check_wheels"); code != 0 || !strings.Contains(out, "rover.c:6") {
		t.Errorf("after a kill: %d\n%s", code, out)
	}
	term.tell("send-keys", "-R")
	term.run("\x15reset; dekho tui check_wheels")
	term.await("rover.c:6")
	term.press("q")
	usable("quitting once more")

	for _, test := range []struct{ command, want string }{
		{"TERM=dumb dekho tui", `TERM is "dumb"`},
		{"dekho tui | cat", "wants a terminal"},
		{"dekho tui --store /nonexistent", "dekho index"},
	} {
		term.run("clear; " + test.command)
		term.await(test.want)
	}
	// Without colours.
	term.run("clear; NO_COLOR=1 dekho tui check_wheels")
	term.await("rover.c:6")
	if styled := term.tell("capture-pane", "-p", "-e"); strings.Contains(styled, "\x1b[35m") || strings.Contains(styled, "\x1b[33m") {
		t.Errorf("colours in spite of NO_COLOR:\n%q", styled)
	}
	term.press("q")
}

func kill(t *testing.T, signal string, pid int) {
	t.Helper()
	if out, err := exec.Command("kill", signal, strconv.Itoa(pid)).CombinedOutput(); err != nil {
		t.Fatalf("kill: %v\n%s", err, out)
	}
}

// TestTUIRebuilt changes and indexes the tree while the program looks at it.
func TestTUIRebuilt(t *testing.T) {
	s := smallTree(t, testKernel(t))
	term := newTerminal(t, s, 80, 24)
	term.run("dekho tui check_wheels")
	term.await("rover.c:6")
	for i := range 3 {
		name := fmt.Sprintf("new_thing_%d", i)
		text := strings.Repeat("\n", i) + "int " + name + "(void)\n{\n\treturn check_wheels(0);\n}\n"
		if err := os.WriteFile(filepath.Join(s.tree, "kernel", "new.c"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args := []string{"index", s.tree}
		if i == 2 {
			args = append(args, "--rebuild")
		}
		if out, code := s.run(t, nil, args...); code != 0 {
			t.Fatalf("dekho index: %d\n%s", code, out)
		}
		term.press("C-p")
		term.write(name)
		term.await("\n"+name, fmt.Sprintf("new.c:%d", i+1))
		term.press("Enter")
		term.await(name + "()")
		term.press("C-p")
		term.write("checkwheels")
		term.await("\ncheck_wheels")
		term.press("Enter", "c")
		term.await("callers of check_wheels", name)
		term.press("Escape")
	}
	term.press("q")
}
