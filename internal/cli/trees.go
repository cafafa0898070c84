package cli

import (
	"context"
	"errors"
	"path/filepath"

	"dekho/internal/render"
	"dekho/internal/workbench"
)

// openTrees opens the trees that the global flags name. With more than one,
// paths are shown whole, so that an editor can jump from any of them into any.
func (a *app) openTrees() ([]*workbench.Tree, error) {
	w, err := a.bench()
	if err != nil {
		return nil, err
	}
	return w.OpenTrees()
}

// below is a path below the root of its tree, or as it is if there is no root.
func below(root, path string) string {
	if root == "" {
		return path
	}
	return filepath.Join(root, filepath.FromSlash(path))
}

// foundBelow shows the paths of a list below a root.
func foundBelow(root string, list []workbench.Found) []workbench.Found {
	if root == "" {
		return list
	}
	for i := range list {
		f := &list[i]
		was := len(f.Path)
		f.Path = below(root, f.Path)
		if f.Name == "" {
			for j := range f.Positions {
				f.Positions[j] += len(f.Path) - was
			}
		}
	}
	return list
}

// defineEverywhere answers def --all-trees.
func (a *app) defineEverywhere(ctx context.Context, names []string) error {
	w, err := a.bench()
	if err != nil {
		return err
	}
	trees, skipped, err := w.OpenAllTrees()
	if err != nil {
		return err
	}
	for _, err := range skipped {
		a.say("left out: %v", err)
	}
	found := false
	err = a.each(names, func(name string) error {
		answers, err := workbench.DefineIn(ctx, trees, name)
		if err != nil {
			return err
		}
		here := false
		for i := range answers {
			here = here || len(answers[i].Results) > 0
		}
		found = found || here
		if a.global.json {
			return render.TreesDefinitionsJSON(a.out, name, answers)
		}
		if !here {
			a.missing(&workbench.Answer{Name: name, Nearest: answers[0].Nearest})
			return nil
		}
		return render.TreesDefinitionsText(a.out, a.style(), name, answers)
	})
	if err = errors.Join(err, workbench.CloseTrees(trees)); err != nil {
		return err
	}
	if !found {
		return errNothing
	}
	return nil
}
