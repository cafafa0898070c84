package cli

import (
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"dekho/internal/mcp"
	"dekho/internal/workbench"
)

func newMCP(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "mcp",
		Short: "Serve assistants over the Model Context Protocol",
		Long: `Mcp speaks the Model Context Protocol on standard input and output, so that an
assistant can work on indexed trees without reading them whole. Its tools are the
commands of dekho: show, def, refs, callers, callees, path, outline, source, grep,
find, log, kconfig, dt, initcalls, trees, index. Answers are short, name file:line
and the line, and come in pages.

The tree is the one that a call names, else --tree or DEKHO_TREE, else the first
of the client's roots that is indexed, else as for the other commands.

An assistant can read the files of indexed trees, and logs and configurations
that a call names by their path, with your rights; of a file that is no log of the
tree's kernel it sees nothing. It can bring indexes up to date, and index
directories below the client's roots, --tree and the working directory. Nothing
but the store is written.

The server ends when its input does. Standard error has what went wrong.`,
		Example: `  {"mcpServers": {"dekho": {"command": "dekho", "args": ["mcp", "--tree", "/usr/src/linux"]}}}`,
		GroupID: groupEditor,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.inTerminal() {
				return usagef("dekho mcp is started by an assistant's program, which writes to its standard input; see %s --help", cmd.CommandPath())
			}
			// A client that is gone is noticed by the error of writing to it.
			signal.Ignore(syscall.SIGPIPE)
			// It stays for hours, unlike what the limits of Main are for.
			debug.SetGCPercent(100)
			return mcp.Serve(cmd.Context(), mcp.Options{
				Bench:   workbench.Options{Tree: a.global.tree, Store: a.global.store, Getenv: a.Getenv},
				Version: version().Version,
				Log:     a.say,
			}, a.In, a.Out)
		},
	}
}
