package cli

import (
	"github.com/spf13/cobra"
)

// maxCompletions is how many names are offered to complete one.
const maxCompletions = 200

// completeNames offers the names of the tree that begin like the word.
func completeNames(a *app) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		tree, err := a.open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		defer tree.Close() //nolint:errcheck // it was only read
		names, err := tree.Complete(prefix, maxCompletions)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeTrees offers the indexed trees, and directories.
func completeTrees(a *app) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		w, err := a.bench()
		if err != nil {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		list, err := w.Trees()
		if err != nil {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		var names []string
		for i := range list {
			if list[i].Err == nil {
				names = append(names, list[i].Name)
			}
		}
		return names, cobra.ShellCompDirectiveDefault
	}
}

// completeDirs offers directories.
func completeDirs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeFiles offers the files of the tree, a directory at a time.
func completeFiles(a *app) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		tree, err := a.open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		defer tree.Close() //nolint:errcheck // it was only read
		paths, err := tree.CompleteFile(prefix, maxCompletions)
		if err != nil || len(paths) == 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return paths, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}
