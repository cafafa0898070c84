package e2e

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"dekho/internal/testenv"
	"dekho/internal/vimdrive"
)

// TestVim has both editors work on the whole kernel with the plugin.
func TestVim(t *testing.T) {
	k := testKernel(t)
	scenario := func(steps string) vimdrive.Scenario {
		return vimdrive.Scenario{Steps: steps, Program: k.bin, Dir: k.tree, Env: []string{"DEKHO_STORE=" + k.store}}
	}
	for _, e := range vimdrive.Editors(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Run("names", func(t *testing.T) {
				r := e.Run(t, scenario(`
do edit net/ipv4/af_inet.c
do let g:start = reltime()
do DekhoDef tcp_v4_rcv
note def reltimefloat(reltime(g:start)) * 1000
want bufname('%') => 'net/ipv4/tcp_ipv4.c'
want expand('<cword>') => 'tcp_v4_rcv'
keys \<C-t>
want bufname('%') => 'net/ipv4/af_inet.c'
do DekhoDef SetPageDirty
want bufname('%') => 'include/linux/page-flags.h'
do DekhoCallers tcp_v4_rcv
wait len(getqflist())
want getqflist()[0].text =~# '^\[type-matched struct net_protocol.handler\] ip_protocol_deliver_rcu()' => 1
do call setqflist([])
do let g:start = reltime()
do DekhoRefs kfree
wait len(getqflist()) == 5000
want getqflist({'title': 1}).title =~# '^:DekhoRefs kfree (5000 of \d\{5})$' => 1
note refs reltimefloat(reltime(g:start)) * 1000
do set tagfunc=dekho#TagFunc omnifunc=dekho#OmniFunc
do tag sys_openat
want bufname('%') => 'fs/open.c'
want getcompletion('DekhoDef tcp_v4_rc', 'cmdline') => ['tcp_v4_rcv']
`))
				fmt.Printf("%s: definition %.0f ms, all references to kfree %.0f ms\n", e.Name, r.Notes["def"], r.Notes["refs"])
			})
			t.Run("finder", func(t *testing.T) { finder(t, k, e, scenario) })
			t.Run("log", func(t *testing.T) {
				r := e.Run(t, scenario(strings.ReplaceAll(`
do let g:start = reltime()
do DekhoLog $LOG
wait !dekho#log#busy(bufnr('%'))
note log reltimefloat(reltime(g:start)) * 1000
do call search('deleted inode referenced')
keys gd
want bufname('%') => 'fs/ext4/namei.c'
want getline('.') =~# 'EXT4_ERROR_INODE' => 1
keys \<C-t>
do call search('Out of memory: Killed')
keys K
want dekho#popup#text()[0] => 'certain, warning'
want len(filter(copy(dekho#popup#text()), 'v:val =~# "^mm/oom_kill.c:\\d\\+: __oom_kill_process() pr_err"')) => 1
keys G[e
want getline('.') =~# 'Kernel panic - not syncing: sysrq triggered crash' => 1
keys gd
want bufname('%') => 'drivers/tty/sysrq.c'
`, "$LOG", testenv.Captures(t, "x86-64-faults.log"))))
				fmt.Printf("%s: a log of 2,459 lines %.0f ms\n", e.Name, r.Notes["log"])
			})
			t.Run("long log", func(t *testing.T) {
				text, err := os.ReadFile(testenv.Captures(t, "x86-64-faults.log"))
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "long.log")
				if err := os.WriteFile(file, bytes.Repeat(text, 41), 0o644); err != nil {
					t.Fatal(err)
				}
				s := scenario(strings.ReplaceAll(`
do let g:start = reltime()
do DekhoLog $LOG
note open reltimefloat(reltime(g:start)) * 1000
patience 60
wait !dekho#log#busy(bufnr('%'))
note log reltimefloat(reltime(g:start)) * 1000
want line('$') > 100000 => 1
do call cursor('$', 1)
do call search('deleted inode referenced', 'b')
keys gd
want bufname('%') => 'fs/ext4/namei.c'
`, "$LOG", file))
				r := e.Run(t, s)
				fmt.Printf("%s: a log of 100,819 lines opens in %.0f ms and is explained in %.0f ms\n", e.Name, r.Notes["open"], r.Notes["log"])
			})
			t.Run("terminal", func(t *testing.T) {
				e.Terminal(t, scenario(""), []vimdrive.TerminalStep{
					{Until: vimdrive.Shows("~")},
					{Keys: []string{":DekhoFind", "Enter"}, Until: vimdrive.Shows("[all] files symbols buffers grep", "-- INSERT --")},
					{Keys: []string{"-l", "tcpv4rcv"}, Until: vimdrive.Shows("> tcp_v4_rcv ", "net/ipv4/tcp_ipv4.c")},
					{Keys: []string{"C-o"}, Until: vimdrive.Shows("int tcp_v4_rcv(struct sk_buff *skb)", "> tcp_v4_rcv ")},
					{Keys: []string{"C-f"}, Until: vimdrive.Shows("all [files]")},
					{Keys: []string{"C-u"}, Until: vimdrive.Shows("0/0")},
					{Keys: []string{"-l", "ext4 super"}, Until: vimdrive.Shows("> fs/ext4/super.c")},
					{Keys: []string{"Down"}, Until: func(s string) bool { return !strings.Contains(s, "> fs/ext4/super.c") }},
					{Keys: []string{"Up", "Enter"}, Until: vimdrive.Shows("linux/fs/ext4/super.c", "Copyright (C)")},
				})
			})
			t.Run("start", func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "startup")
				s := scenario("")
				s.Args = []string{"--startuptime", out}
				for range 3 {
					e.Run(t, s)
				}
				text, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				best := math.Inf(1)
				for _, line := range regexp.MustCompile(`(?m)^\S+\s+\S+\s+([0-9.]+): sourcing \S*editors/vim/plugin/dekho\.vim$`).FindAllSubmatch(text, -1) {
					if ms, err := strconv.ParseFloat(string(line[1]), 64); err == nil {
						best = min(best, ms)
					}
				}
				if math.IsInf(best, 1) {
					t.Fatalf("the plugin was not loaded:\n%s", text)
				}
				fmt.Printf("%s: the plugin is loaded in %.2f ms\n", e.Name, best)
			})
		})
	}
}

// finder types into the finder and prints how long that takes.
func finder(t *testing.T, k *kernel, e vimdrive.Editor, scenario func(string) vimdrive.Scenario) {
	const query = "tcpv4rcv"
	var steps strings.Builder
	steps.WriteString(`
do autocmd InsertEnter * ++once let g:opened = reltimefloat(reltime(g:start)) * 1000
keys :let g:start = reltime() | DekhoFind\<CR>
wait mode() ==# 'i'
note opened g:opened
`)
	for i := range query {
		fmt.Fprintf(&steps, "type %c\nwait dekho#finder#state().text ==# '%s' && dekho#finder#state().latency > 0\nnote key%d dekho#finder#state().latency\n",
			query[i], query[:i+1], i)
	}
	steps.WriteString(`
want dekho#finder#state().items[0].name => 'tcp_v4_rcv'
keys \<C-u>
do let g:start = reltime()
type fs/ext4 inode
wait len(dekho#finder#state().items) && getline(2) =~# '^> fs/ext4/inode.c'
note typed reltimefloat(reltime(g:start)) * 1000
keys \<C-b>
keys \<C-u>
type EXPORT_SYMBOL_GPL.tcp_
wait len(dekho#finder#state().items) > 20
want getline(2) =~# '^> \S\+:\d\+: .*EXPORT_SYMBOL_GPL' => 1
keys \<C-q>
wait len(getqflist()) > 20
`)
	r := e.Run(t, scenario(steps.String()))
	sum, most := 0.0, 0.0
	for i := range query {
		if ms, ok := r.Notes[fmt.Sprintf("key%d", i)].(float64); ok {
			sum += ms
			most = max(most, ms)
		}
	}
	fmt.Printf("%s: the finder can be typed into after %.1f ms; results %.0f ms after a key, at most %.0f ms (dekho find %s alone: %.0f ms)\n",
		e.Name, r.Notes["opened"], sum/float64(len(query)), most, query, float64(k.median(t, 5, "find", "--json", query).Microseconds())/1000)
}
