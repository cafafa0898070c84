package index

// The end of an update: linking, publishing, collecting garbage.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"dekho/internal/store"
)

// publish writes the new manifest, with what the linkers derive, unless the old
// one says the same.
func (u *updater) publish(ctx context.Context) error {
	s := &u.stats
	s.Files, s.Removed = len(u.files), u.removed()
	for i := range u.files {
		s.Bytes += u.files[i].Size
	}
	for i := range u.skips {
		s.Skipped[u.skips[i].Reason.String()]++
	}
	s.Read, s.ReadBytes = int(u.counts.read.Load()), u.counts.readBytes.Load()
	s.Extracted = int(u.counts.extracted.Load())

	m := &meta{Languages: fingerprint(u.Languages)}
	same := u.sameBlobs()
	artifacts, links := u.oldArtifacts(same)
	if same && len(links) == 0 && u.name() == u.old.Name && m.Languages == u.old.Languages {
		skips, err := u.sameSkips()
		if err != nil {
			return err
		}
		stamps, err := u.sameStamps()
		if err != nil {
			return err
		}
		if skips && stamps {
			s.Unchanged = true
			s.Segments, s.IndexBytes = u.old.Stats.Segments, u.old.Stats.IndexBytes
			u.phases.end()
			s.Phases = u.phases.list
			return nil
		}
	}

	m.Root, m.Name, m.Kernel, m.Indexed = u.root, u.name(), kernelVersion(u.root), u.Now()
	m.Files, m.Bytes, m.Skipped = s.Files, s.Bytes, s.Skipped
	m.Artifacts = artifacts
	tree, err := u.assemble(m)
	if err != nil {
		return err
	}

	// The disk works on the segments while the linkers do.
	u.phase(PhaseLink)
	var settling sync.WaitGroup
	var settleErr error
	settling.Go(func() { settleErr = u.settle() })
	err = u.link(ctx, tree, m, links)
	if len(links) > 0 {
		u.phase(PhasePublish)
	} else {
		u.phases.list[len(u.phases.list)-1].Name = PhasePublish // there was nothing to link
	}
	settling.Wait()
	if err = errors.Join(err, settleErr); err != nil {
		return err
	}
	s.Phases = slices.Clone(u.phases.list[:len(u.phases.list)-1]) // without this one, which has no end yet
	m.Stats = *s
	if err := u.commit(m); err != nil {
		return err
	}
	err = u.collect()
	u.phases.end()
	s.Phases = u.phases.list
	return err
}

// name is what the tree is called.
func (u *updater) name() string {
	switch {
	case u.Name != "":
		return u.Name
	case u.old != nil && u.old.Name != "":
		return u.old.Name
	}
	return filepath.Base(u.root)
}

// oldArtifacts sorts the linkers into those whose artifacts can be kept and
// those that must run.
func (u *updater) oldArtifacts(same bool) (keep []artifactRef, links []Linker) {
	for _, l := range u.Linkers {
		i := -1
		deferred := u.old != nil && u.DeferLinks > 0 && u.stats.Read <= u.DeferLinks
		if same || deferred {
			i = slices.IndexFunc(u.old.Artifacts, func(a artifactRef) bool {
				return a.Linker == l.Name() && a.Version == l.Version()
			})
		}
		if i >= 0 {
			f, err := openArtifact(u.st, u.old.Artifacts[i])
			if err == nil {
				err = errors.Join(Guard(f.Verify), f.Close())
			}
			if ref := u.old.Artifacts[i]; err == nil && (deferred || !ref.Stale) {
				ref.Stale = ref.Stale || !same
				keep = append(keep, ref)
				continue
			}
			if err == nil {
				links = append(links, l)
				continue
			}
			u.note("the artifact of %s is not usable and was made again: %v", l.Name(), err)
		}
		links = append(links, l)
	}
	return keep, links
}

// assemble fills in the segments of m, with files referring to them, and opens
// the tree as it will be. The tree shares the segments of the pool and must
// not be closed.
func (u *updater) assemble(m *meta) (*Tree, error) {
	index := make([]int, len(u.pool)) // of each segment of the pool in m, plus 1
	for i := range u.files {
		index[u.files[i].seg] = 1
	}
	tree := &Tree{}
	for i, p := range u.pool {
		if index[i] == 0 {
			continue
		}
		if p.seg == nil {
			var err error
			if p.seg, err = openSegmentRef(u.st, p.ref); err != nil {
				return nil, err
			}
		}
		m.Segments = append(m.Segments, p.ref)
		tree.segs = append(tree.segs, p.seg)
		index[i] = len(m.Segments)
	}
	if len(m.Segments) > maxSegments {
		return nil, fmt.Errorf("%d segments are too many; give more memory", len(m.Segments))
	}
	for i := range u.files {
		u.files[i].seg = index[u.files[i].seg] - 1
	}
	var buf bytes.Buffer
	if err := writeManifest(&buf, m, u.files, u.skips); err != nil {
		return nil, err
	}
	f, err := store.OpenBytes(buf.Bytes(), manifestKind)
	if err != nil {
		return nil, err
	}
	if tree.m, err = newManifest(f); err != nil {
		return nil, err
	}
	u.stats.Segments = len(m.Segments)
	u.stats.IndexBytes = int64(buf.Len())
	for _, ref := range m.Segments {
		u.stats.IndexBytes += ref.Size
	}
	for _, ref := range m.Artifacts {
		u.stats.IndexBytes += ref.Size
	}
	return tree, nil
}

// settle puts the new segments on disk.
func (u *updater) settle() error {
	for _, p := range u.pool {
		if p.tmp == nil {
			continue
		}
		err := p.tmp.Settle()
		p.tmp = nil
		if err != nil {
			return fmt.Errorf("writing a segment: %w", err)
		}
	}
	return nil
}

// link runs the linkers, beside each other: none keeps all processors busy from
// its start to its end.
func (u *updater) link(ctx context.Context, tree *Tree, m *meta, links []Linker) error {
	refs := make([]artifactRef, len(links))
	errs := make([]error, len(links))
	var wg sync.WaitGroup
	for i, l := range links {
		wg.Go(func() { refs[i], errs[i] = link(ctx, u.st, l, tree) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, l := range links {
		ref := refs[i]
		m.Artifacts = append(m.Artifacts, ref)
		u.stats.IndexBytes += ref.Size
		u.stats.Sections = addSections(u.stats.Sections, []store.SectionSize{{Name: l.Name(), Bytes: ref.Size}})
	}
	return ctx.Err()
}

// commit writes the manifest and puts it in place of the old one.
func (u *updater) commit(m *meta) error {
	tmp, err := u.st.NewTemp()
	if err != nil {
		return err
	}
	if err := writeManifest(tmp, m, u.files, u.skips); err != nil {
		tmp.Discard()
		return err
	}
	return tmp.Commit(store.Trees, treeID(u.root))
}

// collect removes segments and artifacts that no manifest refers to. If one
// cannot be read, nothing is known about what it refers to and all stays.
func (u *updater) collect() error {
	used, err := references(u.st, "")
	if err != nil {
		return nil //nolint:nilerr // no reason to fail: whoever uses that tree will hear of it
	}
	for _, d := range []store.Dir{store.Segments, store.Artifacts} {
		names, err := u.st.Names(d)
		if err != nil {
			return err
		}
		for _, n := range names {
			if used[n] {
				continue
			}
			if err := u.st.Remove(d, n); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// references is the names of all segments and artifacts that manifests refer
// to, but for the manifest called except.
func references(st *store.Store, except string) (map[string]bool, error) {
	trees, err := st.Names(store.Trees)
	if err != nil {
		return nil, err
	}
	used := make(map[string]bool)
	for _, id := range trees {
		if id == except {
			continue
		}
		m, err := describe(st.Path(store.Trees, id))
		if err != nil {
			return nil, err
		}
		for _, s := range m.Segments {
			used[s.Name] = true
		}
		for _, a := range m.Artifacts {
			used[a.Name] = true
		}
	}
	return used, nil
}

// usedByOthers is the segments that other trees use.
func (u *updater) usedByOthers() (map[string]bool, error) {
	return references(u.st, treeID(u.root))
}
