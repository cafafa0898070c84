package klog

import (
	"strconv"
	"strings"
)

// This file reads what printk and the reader of its buffer say about records
// that never reached the capture.

// isPrintkNotice matches the lines that the console code itself adds without
// a time stamp.
func isPrintkNotice(text string) bool {
	if !strings.HasPrefix(text, "** ") {
		return false
	}
	_, dropped := Dropped(text)
	return dropped || strings.HasPrefix(text, "** replaying previous printk message **")
}

// Dropped reads how many records were lost from a record that says so: printk's
// buffer was full before a console or the journal had read it.
//
//	** 17 printk messages dropped **
//	printk: 17 messages dropped
//	systemd-journald[210]: Missed 17 kernel messages
func Dropped(text string) (records int64, ok bool) {
	if text == "" {
		return 0, false
	}
	switch text[0] {
	case '*':
		return countIn(text, "** ", " printk messages dropped **")
	case 'p':
		return countIn(text, "printk: ", " messages dropped")
	case 's':
		if _, said, found := strings.Cut(text, "]: Missed "); found && strings.HasPrefix(text, "systemd-journald[") {
			return countIn(said, "", " kernel messages")
		}
	}
	return 0, false
}

// countIn reads "BEFORE 17 AFTER", whatever follows.
func countIn(text, before, after string) (n int64, ok bool) {
	rest, ok := strings.CutPrefix(text, before)
	if !ok {
		return 0, false
	}
	digits, _, ok := strings.Cut(rest, after)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n >= 0
}
