package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// paged runs fn with its output going to a pager when a person is looking: what
// comes first is to be seen first, and not what came last. The pager is that of
// DEKHO_PAGER, else PAGER, else less; "cat" or nothing means none.
func (a *app) paged(fn func() error) error {
	command := a.pager()
	if command == "" {
		return fn()
	}
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = a.Out, a.Err
	cmd.Env = os.Environ()
	if a.Getenv("LESS") == "" {
		cmd.Env = append(cmd.Env, "LESS=FRX") // stay out of the way of what fits on a screen; colours
	}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fn()
	}
	a.out.Reset(pipe)
	err = fn()
	ferr := a.out.Flush()
	a.out.Reset(a.Out)
	err = errors.Join(err, ferr, pipe.Close())
	// Whatever became of the answer: the terminal is the pager's until it ends.
	_ = cmd.Wait()
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil // they have seen enough
	}
	return err
}

// pager is the shell command of the pager, "" for none.
func (a *app) pager() string {
	if !a.OutTerminal || a.global.json || a.global.noPager {
		return ""
	}
	command := a.Getenv("DEKHO_PAGER")
	if command == "" {
		command = a.Getenv("PAGER")
	}
	if command == "" {
		if _, err := exec.LookPath("less"); err != nil {
			return ""
		}
		command = "less"
	}
	if command = strings.TrimSpace(command); command == "cat" {
		return ""
	}
	return command
}
