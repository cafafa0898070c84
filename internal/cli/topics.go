package cli

import "github.com/spf13/cobra"

// topics are the pages of help that are about no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   "exit-codes",
			Short: "What the exit codes mean",
			Long: `Exit codes are part of the interface and do not change:

  0    an answer was found
  1    nothing was found: no such name, no match, no record of a kernel; of dekho
       dns and doctor: nothing that is wrong
  2    usage: an unknown option, or a pattern that is none
  3    an input cannot be read: no such file, a directory, not a log; of dekho
       dns and doctor: what they look at could not be looked at
  4    there is no index, or it is damaged, of another version, or cannot be
       written; the message names the command that helps
  130  interrupted`,
		},
		{
			Use:   "environment",
			Short: "The environment variables that dekho reads",
			Long: `  DEKHO_TREE       the tree to ask, as --tree
  DEKHO_STORE      the directory that holds the indexes, as --store
  XDG_CACHE_HOME   below it lies that directory, "dekho", unless it is named;
                   by default ~/.cache
  NO_COLOR         if not empty: no colours, unless --color=always
  TERM             dumb: no colours
  DEKHO_PAGER, PAGER
                   the pager of dekho log on a terminal; by default less

The tree is the first of: --tree, DEKHO_TREE, the indexed tree that contains the
working directory, the only tree that is indexed.`,
		},
	}
}
