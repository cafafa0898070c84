package tui

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"dekho/internal/workbench"
)

var update = flag.Bool("update", false, "rewrite the expected screens in testdata/screens")

// hostile is a source that would command the terminal and shift the screen.
const hostile = "/* \x1b[2J\x1b]0;owned\a \u202e reversed \u202c */\nint wide; /* 日本語 \xff\xfe 👩‍👩‍👧 é */\n\tint \x9b31mtabs;\n"

// marsLog is the log of the small tree.
const marsLog = `[    0.000000] rover: curiosity: wheels ready
[    0.100000] rover: drove 12 metres in sol 3
[    0.200000] rover: dust on the panels
[    0.300000] no statement prints this
[    0.400000] rover: curiosity: only 3 wheels left, error -19
[    0.500000] rover: drove 5 metres in sol 4 ` + "\x1b]0;owned\a" + `
`

// small is the index of the small tree with some files more, made once.
var small = sync.OnceValues(func() (*workbench.Workbench, error) {
	dir, err := os.MkdirTemp("", "dekho-tui-")
	if err != nil {
		return nil, err
	}
	root := filepath.Join(dir, "tree")
	if err := os.CopyFS(root, os.DirFS(filepath.Join("..", "cli", "testdata", "tree"))); err != nil {
		return nil, err
	}
	var large strings.Builder
	for i := range 60000 {
		fmt.Fprintf(&large, "#define LARGE_%d 0x%x /* %d */\n", i, i, i)
	}
	for name, text := range map[string]string{
		"kernel/hostile.c": hostile,
		"include/large.h":  large.String(),
		"kernel/long.c":    "char *long_text = \"" + strings.Repeat("0123456789", 30) + "\";\nint behind;\n",
		"kernel/twice.c":   "static int twice(void)\n{\n#ifdef CONFIG_MARS\n\treturn 1;\n#else\n\treturn 2;\n#endif\n}\nint call_twice(void) { return twice() + twice(); }\n",
		"kernel/empty.c":   "",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	w, err := workbench.New(workbench.Options{Tree: root, Store: filepath.Join(dir, "store")})
	if err != nil {
		return nil, err
	}
	_, _, err = w.Index(context.Background(), root, workbench.IndexOptions{Name: "mars"})
	return w, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if w, err := small(); err == nil {
		_ = os.RemoveAll(filepath.Dir(w.Store()))
	}
	os.Exit(code)
}

// driver runs a model as bubbletea would, without a terminal.
type driver struct {
	t       testing.TB
	m       *model
	msgs    chan tea.Msg
	pending int
	quit    bool
}

// drive starts a model on the small tree.
func drive(t testing.TB, width, height int, o Options) *driver {
	t.Helper()
	w, err := small()
	if err != nil {
		t.Fatal(err)
	}
	return driveOn(t, w, width, height, o)
}

// driveOn is drive on another workbench.
func driveOn(t testing.TB, w *workbench.Workbench, width, height int, o Options) *driver {
	t.Helper()
	s, err := w.OpenSession()
	if err != nil {
		t.Fatal(err)
	}
	o.Session = s
	d := &driver{t: t, m: newModel(t.Context(), o), msgs: make(chan tea.Msg, 100)}
	d.m.eager = true
	t.Cleanup(func() {
		d.m.close()
		d.settle()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	d.run(d.m.Init())
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	return d
}

// send sends a message, and waits until all that follows from it is done.
func (d *driver) send(msg tea.Msg) {
	d.update(msg)
	d.settle()
}

func (d *driver) update(msg tea.Msg) {
	_, cmd := d.m.Update(msg)
	d.run(cmd)
}

func (d *driver) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	d.pending++
	go func() { d.msgs <- cmd() }()
}

func (d *driver) settle() {
	for d.pending > 0 {
		select {
		case msg := <-d.msgs:
			d.pending--
			switch msg := msg.(type) {
			case nil:
			case tea.BatchMsg:
				for _, cmd := range msg {
					d.run(cmd)
				}
			case tea.QuitMsg:
				d.quit = true
			default:
				d.update(msg)
			}
		case <-time.After(30 * time.Second):
			d.t.Fatalf("waiting for %q", d.m.working())
		}
	}
}

// special are the keys that have names.
var special = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "esc": tea.KeyEscape, "backspace": tea.KeyBackspace, "up": tea.KeyUp, "down": tea.KeyDown,
	"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "home": tea.KeyHome, "end": tea.KeyEnd,
	"space": tea.KeySpace,
}

// keyMsg is a key by the name that it has in tables.
func keyMsg(name string) tea.KeyPressMsg {
	if code, ok := special[name]; ok {
		return tea.KeyPressMsg{Code: code}
	}
	if c, ok := strings.CutPrefix(name, "ctrl+"); ok {
		return tea.KeyPressMsg{Code: rune(c[0]), Mod: tea.ModCtrl}
	}
	r := []rune(name)
	return tea.KeyPressMsg{Code: r[0], Text: name}
}

// press presses keys, one after the other.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.send(keyMsg(k))
	}
}

// write types a text.
func (d *driver) write(text string) {
	for _, r := range text {
		d.update(keyMsg(string(r)))
	}
	d.settle()
}

// screen is what is seen, without styles and blanks at ends of lines.
func (d *driver) screen() string {
	text, _, _ := d.m.screen()
	lines := strings.Split(text, "\n")
	if len(lines) != d.m.height {
		d.t.Errorf("%d lines on a screen of %d", len(lines), d.m.height)
	}
	for i, l := range lines {
		if n := ansi.StringWidth(l); n != d.m.width {
			d.t.Errorf("row %d has %d of %d columns: %q", i, n, d.m.width, l)
		}
		lines[i] = strings.TrimRight(ansi.Strip(l), " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// want compares the screen with the one in a file.
func (d *driver) want(name string) {
	d.t.Helper()
	got := d.screen()
	file := filepath.Join("testdata", "screens", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	if got != string(want) {
		d.t.Errorf("%s:\n--- got\n%s--- want\n%s", name, got, want)
	}
}

// shows wants texts on the screen.
func (d *driver) shows(texts ...string) {
	d.t.Helper()
	screen := d.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Errorf("%q is not on the screen:\n%s", text, screen)
		}
	}
}

// at wants the cursor somewhere in the source.
func (d *driver) at(path string, line int) {
	d.t.Helper()
	if here, _ := d.m.source.here(); here.path != path || here.line != line {
		d.t.Errorf("at %s:%d, want %s:%d (%s)", here.path, here.line, path, line, d.m.message)
	}
}

func TestFinder(t *testing.T) {
	d := drive(t, 80, 24, Options{})
	d.want("empty")
	d.write("mdrive")
	d.want("finder")
	d.press("enter")
	d.at("drivers/mars/rover.c", 16)
	if d.m.focus != focusSource {
		t.Error("the source has not got the keys")
	}
	d.press("ctrl+g")
	d.write("wheels")
	d.want("grep")
	d.press("down", "down", "down", "down", "down", "down", "enter")
	d.at("include/linux/mars.h", 6)
	// What was looked at, the latest first.
	d.press("b")
	d.shows("mars.h", "rover.c")
	d.write("rover")
	d.press("enter")
	d.at("drivers/mars/rover.c", 16)
}

// TestSizes draws the same on terminals of several sizes.
func TestSizes(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 10}, {120, 40}, {10, 3}, {1, 1}} {
		d := drive(t, size[0], size[1], Options{Start: "drivers/mars/rover.c:9"})
		d.at("drivers/mars/rover.c", 9)
		d.want(fmt.Sprintf("source-%dx%d", size[0], size[1]))
		d.press("tab")
		d.screen()
		d.press("tab", "?")
		d.screen()
	}
	d := drive(t, 100, 30, Options{Start: "drivers/mars/rover.c"})
	for _, size := range [][2]int{{20, 5}, {200, 60}, {59, 12}, {2, 2}, {80, 24}} {
		d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		d.screen()
	}
	d.at("drivers/mars/rover.c", 1)
}

func TestFollow(t *testing.T) {
	d := drive(t, 90, 24, Options{Start: "mars_drive"})
	d.want("definitions")
	d.press("enter")
	d.at("drivers/mars/rover.c", 16)
	d.write(":18")
	d.press("enter", "w", "w")
	if name := d.m.source.name(); name != "check_wheels" {
		t.Errorf("the cursor is on %q", name)
	}
	d.press("enter")
	d.at("drivers/mars/rover.c", 6)
	d.press("backspace")
	d.at("drivers/mars/rover.c", 18)
	if name := d.m.source.name(); name != "check_wheels" {
		t.Errorf("back on %q", name)
	}
	d.press("]")
	d.at("drivers/mars/rover.c", 6)
	d.press("[", "[", "[")
	d.shows("nothing further in the history")
	// Headers.
	d.write(":4")
	d.press("enter", "enter")
	d.at("include/linux/mars.h", 1)
	d.press("backspace")
	d.at("drivers/mars/rover.c", 4)
	// A local variable.
	d.write(":20")
	d.press("enter", "w", "enter")
	d.at("drivers/mars/rover.c", 18)
	if name := d.m.source.name(); name != "err" {
		t.Errorf("the cursor is on %q", name)
	}
	// A name without a definition.
	d.write(":9")
	d.press("enter", "end")
	d.press("enter")
	d.shows("there is no name under the cursor")
}

// TestAhead types faster than the tree answers.
func TestAhead(t *testing.T) {
	d := drive(t, 90, 24, Options{})
	for _, k := range []string{"c", "h", "w", "h", "e", "e", "l", "s", "enter", "c"} {
		d.update(keyMsg(k))
	}
	d.settle()
	d.at("drivers/mars/rover.c", 6)
	d.shows("callers of check_wheels")
	d.press("esc")
	for _, k := range []string{"f", "m", "s", "o", "l", "enter", "esc", "r"} {
		d.update(keyMsg(k))
	}
	d.settle()
	d.shows("find> msolr")
	// An answer that comes when something else is wanted does not take its place.
	late := d.m.start(jobList, "a list", 0, func(context.Context, *workbench.Tree) (func(m *model) tea.Cmd, error) {
		return func(m *model) tea.Cmd { return m.openPanel(newList("late", nil)) }, nil
	})()
	d.press("ctrl+p")
	d.send(late)
	d.shows("find>")
}

func TestLists(t *testing.T) {
	d := drive(t, 100, 24, Options{Start: "mars_sol"})
	d.press("r")
	d.want("references")
	d.press("down", "down", "enter")
	d.shows("mars_sol")
	here, _ := d.m.source.here()
	d.press(".")
	if next, _ := d.m.source.here(); next == here {
		t.Error("the next row of the list is where it was")
	}
	d.press("backspace")
	if back, _ := d.m.source.here(); back.path != here.path || back.line != here.line {
		t.Errorf("back at %v, not at %v", back, here)
	}
	d.press("o")
	d.shows("outline of")
	d.press("/")
	d.write("zzz")
	d.shows("nothing")
	d.press("esc", "esc")
	d.shows("find>")
	// A list that is closed leaves the user where he was.
	back, _ := d.m.source.here()
	d.press("r", "down", "down", "down", "esc")
	if here, _ := d.m.source.here(); here != back {
		t.Errorf("at %v, want %v", here, back)
	}
}

func TestCalls(t *testing.T) {
	d := drive(t, 100, 24, Options{Start: "twice"})
	d.press("c")
	d.want("callers")
	d.press("esc", "C")
	d.shows("callees of twice")
	d.press("esc", "f")
	d.write("mars_drive")
	d.press("enter", "C", "down", "right")
	d.want("callees")
	d.press("left", "left")
	if n := d.m.panel.at().sel; n != 0 {
		t.Errorf("row %d is selected", n)
	}
	d.press("i")
}

func TestInfo(t *testing.T) {
	d := drive(t, 100, 24, Options{Start: "drivers/mars/rover.c:16"})
	d.press("w", "i")
	d.want("info")
	d.press("enter")
	d.at("drivers/mars/rover.c", 16)
	d.press("?")
	d.want("help")
	d.press("q")
	if d.quit {
		t.Error("closing the help ended the program")
	}
	d.press("y")
	d.shows("copied drivers/mars/rover.c:16")
	d.press("q")
	if !d.quit {
		t.Error("q does not end the program")
	}
}

func TestSearch(t *testing.T) {
	d := drive(t, 100, 24, Options{Start: "drivers/mars/rover.c"})
	d.press("/")
	d.write("WHEELS LEFT")
	d.press("enter")
	d.shows("not in this file")
	d.press("/")
	d.write("wheels")
	d.press("enter")
	d.at("drivers/mars/rover.c", 6)
	d.press("n", "n", "n")
	d.at("drivers/mars/rover.c", 12)
	d.press("N")
	d.at("drivers/mars/rover.c", 9)
	d.press("esc", "}")
	d.at("drivers/mars/rover.c", 16)
	d.press("{")
	d.at("drivers/mars/rover.c", 6)
}

func TestLongLines(t *testing.T) {
	d := drive(t, 40, 10, Options{Start: "kernel/long.c"})
	d.press("end")
	d.want("long-end")
	d.press("z")
	d.want("long-wrapped")
	d.press("down")
	d.shows("int behind;")
	d.press("up", "home", "z")
	d.shows("char *long_text")
}

// TestLarge goes to the end of a large file, whose colours come later.
func TestLarge(t *testing.T) {
	d := drive(t, 80, 24, Options{Start: "include/large.h"})
	if d.m.source.colored >= len(d.m.source.file.Text) {
		t.Error("all of it is coloured at once")
	}
	d.press("G")
	d.at("include/large.h", 60000)
	if d.m.source.colored < len(d.m.source.file.Text) {
		t.Error("the end is not coloured")
	}
	d.shows("LARGE_59999")
}

// TestHostile shows a file that would command the terminal.
func TestHostile(t *testing.T) {
	d := drive(t, 80, 12, Options{Start: "kernel/hostile.c"})
	d.want("hostile")
	for range 80 {
		d.press("right")
		d.screen()
	}
	d.press("down", "down", "end", "z")
	d.screen()
	d.press("f")
	d.send(tea.PasteMsg{Content: "\x1b[31mmdrive\nx\x00"})
	d.screen()
	d = drive(t, 60, 12, Options{Start: "kernel/empty.c"})
	d.press("G", "end", "down", "enter", "w", "W", "}", "z", "/")
	d.screen()
}

func TestLens(t *testing.T) {
	w, err := small()
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("CONFIG_X86=y\nCONFIG_MARS=y\nCONFIG_CC_VERSION_TEXT=\"gcc\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	with, err := workbench.New(workbench.Options{
		Tree: filepath.Join(filepath.Dir(w.Store()), "tree"), Store: w.Store(), Lens: &workbench.LensOptions{Arch: "x86", Config: config},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := driveOn(t, with, 80, 24, Options{Start: "arch/arm/kernel/setup.c", Lens: "x86 config"})
	d.shows("[not built]", "x86 config")
	if text, _, _ := d.m.screen(); !strings.Contains(text, "\x1b[0;2m#include") {
		t.Errorf("the source is not dimmed:\n%q", text)
	}
	// An arm of an #if, and the list.
	d.press("f")
	d.write("twice.c")
	d.press("enter", "j", "j", "j")
	if out := d.m.source.unbuilt; len(out) != 1 || out[0].First > 6 || out[0].Last < 6 {
		t.Errorf("left out are %v", out)
	}
	d.press("f")
	d.write("arch/arm setup")
	if text, _, _ := d.m.screen(); !strings.Contains(text, "setup.c") {
		t.Errorf("not found:\n%s", text)
	}
}

func TestLog(t *testing.T) {
	d := drive(t, 100, 24, Options{Log: &Log{Name: "mars.log", In: strings.NewReader(marsLog)}})
	d.want("log")
	d.press("!")
	d.want("log-first")
	d.at("drivers/mars/rover.c", 9)
	d.press("u")
	d.shows("no statement prints this", "unknown: no statement of the tree fits")
	d.press("u", "/")
	d.write("drove")
	d.press("enter", "down")
	d.at("drivers/mars/rover.c", 23)
	d.press("enter")
	if d.m.focus != focusSource {
		t.Error("the source has not got the keys")
	}
	d.press("L", "esc", "s")
	d.shows("notice+")
	d.press("N", "n", "enter", "backspace")
	d.send(tea.WindowSizeMsg{Width: 40, Height: 10})
	d.want("log-40x10")
}

// TestFollowLog reads a log that grows: the last record stays selected.
func TestFollowLog(t *testing.T) {
	d := drive(t, 80, 24, Options{})
	p := newLogPanel(&Log{Name: "mars.log"})
	p.follow = true
	d.m.log, d.m.panel = p, p
	record := func(n int) logRecord {
		return logRecord{text: fmt.Sprintf("record %d", n), line: n, severity: workbench.SevNone, verdict: workbench.Unknown}
	}
	d.send(moreLog{records: []logRecord{record(1), record(2)}, end: true})
	d.send(moreLog{records: []logRecord{record(3)}, end: true})
	if r := p.record(p.sel); r.line != 3 {
		t.Errorf("record %d is selected", r.line)
	}
	d.press("up")
	d.send(moreLog{records: []logRecord{record(4)}, end: true})
	if r := p.record(p.sel); r.line != 2 {
		t.Errorf("record %d is selected", r.line)
	}
	d.shows("record 4")
}

// TestLogFeed hands over more records than it holds at once.
func TestLogFeed(t *testing.T) {
	f := newLogFeed()
	const n = 5 * maxFeed
	go func() {
		for i := range n {
			if err := f.put(t.Context(), &logRecord{line: i}); err != nil {
				t.Error(err)
			}
		}
		f.close()
	}()
	next := 0
	for end := false; !end; {
		msg, ok := f.wait().(moreLog)
		if !ok || len(msg.records) > maxFeed {
			t.Fatalf("%d records at once", len(msg.records))
		}
		for _, r := range msg.records {
			if r.line != next {
				t.Fatalf("record %d, want %d", r.line, next)
			}
			next++
		}
		end = msg.end
	}
	if next != n {
		t.Errorf("%d records of %d", next, n)
	}
}

func TestNoLog(t *testing.T) {
	d := drive(t, 80, 24, Options{Log: &Log{Name: "x", In: strings.NewReader("")}})
	d.shows("there is no record in x")
	d = drive(t, 80, 24, Options{Start: "nosuchname"})
	d.shows("no definition of nosuchname")
	d.press("L")
	d = drive(t, 80, 24, Options{Start: "drivers/mars/rovr.c"})
	d.shows("no file drivers/mars/rovr.c; nearest: drivers/mars/rover.c")
}

func TestMouse(t *testing.T) {
	d := drive(t, 80, 24, Options{})
	d.write("mdrive")
	d.send(tea.MouseClickMsg{X: 3, Y: 1, Button: tea.MouseLeft})
	d.send(tea.MouseClickMsg{X: 3, Y: 1, Button: tea.MouseLeft})
	d.at("drivers/mars/rover.c", 16)
	row := 0
	for i, r := range d.m.source.layout() {
		if r.line == 18 {
			row = i
		}
	}
	x := d.m.leftWidth() + 1 + d.m.source.gutter() + 8 + len("int err = ch")
	d.send(tea.MouseClickMsg{X: x, Y: row, Button: tea.MouseLeft})
	d.at("drivers/mars/rover.c", 18)
	d.send(tea.MouseClickMsg{X: x, Y: row, Button: tea.MouseLeft})
	d.at("drivers/mars/rover.c", 6)
	d.send(tea.MouseWheelMsg{X: x, Y: 2, Button: tea.MouseWheelDown})
	d.at("drivers/mars/rover.c", 9)
}

// TestRebuilt looks at the tree while its index is made anew.
func TestRebuilt(t *testing.T) {
	w, err := small()
	if err != nil {
		t.Fatal(err)
	}
	d := drive(t, 80, 24, Options{Start: "check_wheels"})
	for range 3 {
		if _, _, err := w.Index(t.Context(), "", workbench.IndexOptions{Rebuild: true}); err != nil {
			t.Fatal(err)
		}
		d.press("r")
		d.shows("references to check_wheels")
		d.press("esc", "f")
		d.write("chwheels")
		d.press("enter")
		d.at("drivers/mars/rover.c", 6)
	}
}

func TestStart(t *testing.T) {
	for start, line := range map[string]int{
		"drivers/mars/rover.c": 1, "drivers/mars/rover.c:9": 9, "drivers/mars/rover.c:9:3: warning: x": 9, "drivers/mars/rover.c:99": 26, "check_wheels": 6,
	} {
		d := drive(t, 80, 24, Options{Start: start})
		d.at("drivers/mars/rover.c", line)
	}
	d := drive(t, 80, 24, Options{Start: "no::such"})
	d.shows("no definition of no::such")
}

func TestEditorArgs(t *testing.T) {
	for editor, want := range map[string]string{
		"vi": "+7 a.c", "emacs -nw": "+7 a.c", "/usr/bin/code": "--wait --goto a.c:7", "hx": "a.c:7", "": "a.c",
	} {
		if got := strings.Join(editorArgs(editor, "a.c", 7), " "); got != want {
			t.Errorf("%q: %q, want %q", editor, got, want)
		}
	}
}

// FuzzUpdate presses keys in any order on terminals of any size: nothing may panic, and
// every row of every screen has the width of the terminal.
func FuzzUpdate(f *testing.F) {
	keys := []string{
		"enter", "tab", "esc", "backspace", "up", "down", "left", "right", "pgdown", "pgup", "home", "end", "space", "ctrl+p", "ctrl+g",
		"ctrl+t", "ctrl+r", "m", "r", "c", "C", "d", "i", "o", "f", "s", "b", "L", ".", ",", "/", "n", "N", "*", ":", "w", "W", "}", "{", "z",
		"y", "?", "g", "G", "u", "a", "!", "h", "j", "k", "l", "1", "日",
	}
	f.Add([]byte{17, 0, 5, 5, 0, 18, 255, 20, 5, 30, 2, 19, 5, 0})
	f.Add([]byte{21, 4, 4, 23, 2, 17, 30, 17, 0, 35, 255, 3, 255, 90})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 60 {
			return
		}
		d := drive(t, 80, 24, Options{Start: "kernel/hostile.c", Log: &Log{Name: "mars.log", In: strings.NewReader(marsLog)}})
		for i := 0; i < len(script); i++ {
			switch b := int(script[i]); {
			case b == 255 && i+2 < len(script):
				d.update(tea.WindowSizeMsg{Width: int(script[i+1]), Height: int(script[i+2]) & 63})
				i += 2
			case b >= 200 && i+2 < len(script):
				d.update(tea.MouseClickMsg{X: int(script[i+1]), Y: int(script[i+2]), Button: tea.MouseLeft})
				i += 2
			default:
				d.update(keyMsg(keys[b%len(keys)]))
			}
			d.screen()
			if b := script[i]; b&1 == 0 {
				d.settle()
			}
		}
		d.settle()
		d.screen()
	})
}
