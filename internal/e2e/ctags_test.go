package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dekho/internal/testenv"
)

// TestVimTags has Vim find its way by a tags file of the whole kernel: a name
// with one definition, one with several, their fields, and one that a macro
// makes.
func TestVimTags(t *testing.T) {
	k := testKernel(t)
	c := k.client(t, nil)
	tags := filepath.Join(c.dir, "tags")
	cmd := exec.CommandContext(t.Context(), k.bin, "ctags", "-R", "--fields=+nS", "-f", tags)
	cmd.Dir, cmd.Env = k.tree, c.env
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(start)
	readtags := testenv.Program(t, "readtags", "universal-ctags")
	for _, name := range []string{"vfs_read", "SetPageDirty", "zynqmp_pll_disable", "MODULE_LICENSE"} {
		theirs := c.run(t, readtags, "-t", tags, "-en", name)
		ours := c.run(t, k.bin, "readtags", "--tree", k.tree, "-t", filepath.Join(k.tree, "tags"), "-en", name)
		// The file leaves out where definitions end, unless asked.
		var lines []string
		for line := range strings.Lines(ours) {
			before, after, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\tend:")
			if _, rest, ok := strings.Cut(after, "\t"); ok {
				before += "\t" + rest
			}
			lines = append(lines, before+"\n")
		}
		if got := strings.Join(lines, ""); got != theirs || theirs == "" {
			t.Errorf("readtags says of %s\n%sand dekho readtags\n%s", name, theirs, got)
		}
	}
	sorted := exec.CommandContext(t.Context(), "sort", "-c", tags)
	sorted.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := sorted.CombinedOutput(); err != nil {
		t.Errorf("the file is not sorted: %s", out)
	}
	got := c.vim(t, "cd "+k.tree+"\nset notagrelative tags="+tags+`
tag vfs_read
call Say(Here())
tag SetPageDirty
call Say(Here())
let l = taglist('^ext4_file_open$')
call Say(join([len(l), l[0].kind, l[0].filename, l[0].signature], ' '))
call Say(max([0, len(taglist('^secondary_start_kernel$')) - 1]) > 0 ? 'several' : 'one')
silent! tselect secondary_start_kernel
2tag secondary_start_kernel
call Say(getline('.') =~ 'secondary_start_kernel' ? 'there' : getline('.'))
`)
	saysAll(t, got, "fs/read_write.c:450", "include/linux/page-flags.h:479", "1 f fs/ext4/file.c (struct inode *inode, struct file *filp)", "several", "there")

	if os.Getenv("DEKHO_TEST_CTAGS_TIME") == "" {
		return // universal-ctags takes a minute
	}
	ctags := testenv.Program(t, "ctags", "universal-ctags")
	cmd = exec.CommandContext(t.Context(), ctags, "-R", "--languages=C,C++,Asm,DTS,Kconfig,Make", "--fields=+nS", "-f", tags)
	cmd.Dir = k.tree
	start = time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fmt.Printf("tags of the whole kernel: dekho %.1f s, universal-ctags %.1f s: %.1f times\n", took.Seconds(), time.Since(start).Seconds(), time.Since(start).Seconds()/took.Seconds())
}

// ctagsErrors are words that universal-ctags takes for names, by what they are.
func ctagsErrors(name, text string) string {
	switch {
	case strings.HasPrefix(name, "__anon"):
		return "a name made up for a type without one"
	case strings.HasPrefix(name, "_") || strings.HasPrefix(text, "/^}") || strings.Contains(text, "} "+name):
		return "an attribute behind the name"
	case strings.ToUpper(name) == name:
		return "the macro of a definition"
	}
	return "other"
}

// readTags reads tags with lines: by name, file and line, the kind and the whole
// of each.
func readTags(out string) map[string]string {
	tags := make(map[string]string)
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) < 4 || strings.HasPrefix(line, "!_TAG") {
			continue
		}
		_, fields, _ := strings.Cut(line, ";\"\t")
		kind, rest, _ := strings.Cut(fields, "\t")
		_, rest, _ = strings.Cut(rest, "line:")
		number, _, _ := strings.Cut(strings.TrimSpace(rest), "\t")
		tags[f[0]+" "+f[1]+" "+number] = kind + "\t" + line
	}
	return tags
}

// TestAgainstCtags compares the tags of a part of the kernel with those of
// universal-ctags, by name and line.
func TestAgainstCtags(t *testing.T) {
	ctags := testenv.Program(t, "ctags", "universal-ctags")
	k := testKernel(t)
	c := k.part(t)
	args := []string{"-R", "--languages=C,C++", "--fields=+n", "-f", "-"}
	theirs, ours := readTags(c.run(t, ctags, append(args, ".")...)), readTags(c.run(t, k.bin, append([]string{"ctags"}, args...)...))
	both, kinds, made := 0, 0, 0
	classes := make(map[string]int)
	for key, tag := range theirs {
		if our, ok := ours[key]; ok {
			both++
			if our[0] != tag[0] {
				kinds++
			}
			continue
		}
		name, _, _ := strings.Cut(key, " ")
		_, address, _ := strings.Cut(tag, "\t/^")
		classes[ctagsErrors(name, "/^"+address)]++
	}
	only := 0
	for key, tag := range ours {
		if _, ok := theirs[key]; !ok {
			if only++; strings.Contains(tag, "\tmacro:") {
				made++
			}
		}
	}
	fmt.Printf("against universal-ctags: it has %d tags, dekho %d; both %d, of which %d differ in kind; only dekho %d, %d of them made by macros; only universal-ctags %d: %v\n",
		len(theirs), len(ours), both, kinds, only, made, len(theirs)-both, classes)
	if float64(both) < 0.98*float64(len(theirs)) || kinds > len(theirs)/1000 {
		t.Errorf("%d of %d tags, %d of another kind", both, len(theirs), kinds)
	}
}
