package cscope

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dekho/internal/workbench"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args string
		want Options
	}{
		{"-dl -f /home/me/cscope.out -P/home/me", Options{NoUpdate: true, Lines: true, Database: "/home/me/cscope.out", Prepend: "/home/me"}}, // Vim
		{"-f cscope.out -d -L -3 kfree", Options{Database: "cscope.out", NoUpdate: true, Once: true, Query: workbench.CrossCallers, Pattern: "kfree", HasQuery: true}},
		{"-I/usr/include -c -k -q -f cscope.out -L -0 x", Options{Inverted: true, Database: "cscope.out", Once: true, Pattern: "x", HasQuery: true}}, // xcscope
		{"-i x.files -q -v -b -k -f x.temp", Options{Names: "x.files", Inverted: true, Verbose: true, Build: true, Database: "x.temp"}},              // gutentags
		{"-dL3kfree", Options{NoUpdate: true, Once: true, Query: workbench.CrossCallers, Pattern: "kfree", HasQuery: true}},
		{"-L1 vfs_read -d", Options{NoUpdate: true, Once: true, Query: workbench.CrossDefinition, Pattern: "vfs_read", HasQuery: true}},
		{"-ldC -p2", Options{Lines: true, NoUpdate: true, IgnoreCase: true}},
		{"-Rbkqu -s drivers -s mm", Options{Build: true, Inverted: true, Rebuild: true, Dirs: []string{"drivers", "mm"}}},
		{"-b a.c -- -d", Options{Build: true, Files: []string{"a.c", "-d"}}},
		{"--help", Options{Help: true}},
		{"-V", Options{Version: true}},
	} {
		got, err := Parse(strings.Fields(test.args))
		if err != nil {
			t.Errorf("%s: %v", test.args, err)
		} else if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%s:\n%s", test.args, diff)
		}
	}
	for _, args := range []string{"-Z", "-f", "-L -3", "--frobnicate", "-dlZ"} {
		if _, err := Parse(strings.Fields(args)); !errors.Is(err, ErrUsage) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-dl -f x")
	f.Add("-L3kfree -d -p 2")
	f.Fuzz(func(t *testing.T, line string) {
		o, err := Parse(strings.Fields(line))
		if err == nil && o.HasQuery && (o.Query < 0 || o.Query > 9) {
			t.Errorf("query %d", o.Query)
		}
	})
}
