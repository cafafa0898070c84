package index

// Linkers and their artifacts.

import (
	"context"
	"errors"
	"fmt"
	"io"

	"dekho/internal/store"
)

// Linker derives something from the facts of a whole tree when it was indexed,
// before the result is published.
type Linker interface {
	// Name names the linker and its artifact ("logmap").
	Name() string
	// Version changes when the artifact of the same tree would.
	Version() uint32
	// Link writes the artifact of the tree to w. It runs guarded (see Guard).
	Link(ctx context.Context, t *Tree, w io.Writer) error
}

// artifactKind is the format of the file around an artifact: the artifact is
// its only section, so that it is checked like everything else.
var artifactKind = store.Kind{Magic: [8]byte{'D', 'E', 'K', 'H', 'O', 'A', 'R', 'T'}, Format: 1}

var tagArtifact = store.MakeTag("artifact")

func openArtifact(st *store.Store, ref artifactRef) (*store.File, error) {
	f, err := store.Open(st.Path(store.Artifacts, ref.Name), artifactKind)
	if err != nil {
		return nil, err
	}
	if f.Size() != ref.Size || f.Sum() != ref.Sum {
		return nil, errors.Join(store.Damaged("%s: not the file that was written", f.Path()), f.Close())
	}
	return f, nil
}

// ArtifactSection returns what the linker of that name wrote, to be verified as
// it is read. The error wraps ErrNoIndex if that linker did not run, and
// ErrVersion if it was another version of it.
func (t *Tree) ArtifactSection(linker string, version uint32) (*store.Section, error) {
	for i, ref := range t.m.Artifacts {
		if ref.Linker != linker {
			continue
		}
		if ref.Version != version {
			return nil, t.Err(fmt.Errorf("%w: %s has version %d, this one reads %d", ErrVersion, linker, ref.Version, version))
		}
		s, err := t.artifacts[i].Section(tagArtifact)
		return s, t.Err(err)
	}
	return nil, t.Err(fmt.Errorf("%w: it has no %s", ErrNoIndex, linker))
}

// Stale reports whether the artifact of a linker is older than the tree, see
// Options.DeferLinks.
func (t *Tree) Stale(linker string) bool {
	for _, ref := range t.m.Artifacts {
		if ref.Linker == linker {
			return ref.Stale
		}
	}
	return false
}

// Artifact is ArtifactSection as bytes that were verified. They are part of a
// mapped file: see Guard.
func (t *Tree) Artifact(linker string, version uint32) ([]byte, error) {
	s, err := t.ArtifactSection(linker, version)
	if err != nil {
		return nil, err
	}
	b, err := s.All()
	return b, t.Err(err)
}

// link runs a linker and commits its artifact.
func link(ctx context.Context, st *store.Store, l Linker, t *Tree) (artifactRef, error) {
	tmp, err := st.NewTemp()
	if err != nil {
		return artifactRef{}, err
	}
	sw := store.NewWriter(tmp, artifactKind, 0)
	sw.Begin(tagArtifact)
	err = Guard(func() error { return l.Link(ctx, t, sw) })
	if err == nil {
		err = sw.Finish()
	}
	if err != nil {
		tmp.Discard()
		return artifactRef{}, fmt.Errorf("linking %s: %w", l.Name(), err)
	}
	ref := artifactRef{Linker: l.Name(), Version: l.Version(), Name: store.NewName(), Size: sw.Size(), Sum: sw.Sum()}
	return ref, tmp.Commit(store.Artifacts, ref.Name)
}
