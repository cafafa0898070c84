package workbench

// A tree that is kept open while people edit it and others index it.

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"dekho/internal/index"
	"dekho/internal/lang/all"
	"dekho/internal/source"
	"dekho/internal/xref"
)

// Session is a tree kept open for as long as an editor works on it. Its
// questions are answered by the newest index that was published, and what the
// editor has not saved is laid over it. All methods can be called from several
// goroutines.
type Session struct {
	w    *Workbench
	root string

	mu      sync.Mutex
	tree    *sharedTree       // as it was indexed
	edited  *sharedTree       // with the buffers over it; nil if there are none, or they changed since
	buffers map[string][]byte // by path below the root
}

// sharedTree is a tree that is closed once its last user is gone. The count is
// guarded by the session's lock.
type sharedTree struct {
	*Tree
	base  *sharedTree // what it was laid over, nil for none
	users int
}

// OpenSession opens the tree that the options name, as Open does.
func (w *Workbench) OpenSession() (*Session, error) {
	t, err := w.Open()
	if err != nil {
		return nil, err
	}
	return &Session{w: w.at(t.Root()), root: t.Root(), tree: &sharedTree{Tree: t, users: 1}, buffers: make(map[string][]byte)}, nil
}

// Root is the directory of the tree.
func (s *Session) Root() string { return s.root }

// Use calls f with the tree, which is valid until f returns. While f runs,
// other calls may see other states of the tree; this one stays the same. The
// error is that of f, or wraps ErrNoIndex, ErrDamaged or ErrVersion if the index
// was replaced by one that cannot be opened.
func (s *Session) Use(ctx context.Context, f func(t *Tree) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := s.acquire()
	if err != nil {
		return err
	}
	return errors.Join(f(t.Tree), s.release(t))
}

// acquire is the tree as it is now, to be released.
func (s *Session) acquire() (*sharedTree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil {
		return nil, errors.New("the session is closed")
	}
	if s.tree.idx.Superseded() {
		t, err := s.w.Open()
		if err != nil {
			return nil, err
		}
		err = errors.Join(s.dropEdited(), s.unuse(s.tree))
		s.tree = &sharedTree{Tree: t, users: 1}
		if err != nil {
			return nil, err
		}
	}
	t := s.tree
	if len(s.buffers) > 0 {
		if s.edited == nil {
			o, err := s.tree.overlay(s.buffers)
			if err != nil {
				return nil, err
			}
			s.tree.users++
			s.edited = &sharedTree{Tree: o, base: s.tree, users: 1}
		}
		t = s.edited
	}
	t.users++
	return t, nil
}

// release gives a tree back.
func (s *Session) release(t *sharedTree) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unuse(t)
}

// unuse counts one user less; the caller holds the lock.
func (s *Session) unuse(t *sharedTree) error {
	t.users--
	if t.users > 0 {
		return nil
	}
	err := t.Close()
	if t.base != nil {
		err = errors.Join(err, s.unuse(t.base))
	}
	return err
}

// dropEdited forgets the tree with buffers over it; the caller holds the lock.
func (s *Session) dropEdited() error {
	t := s.edited
	if t == nil {
		return nil
	}
	s.edited = nil
	return s.unuse(t)
}

// Edit says what a file of the tree looks like in an editor that has not saved
// it. The path is absolute or below the root. Text must not be changed
// afterwards. A file that is not in the index is remembered for when it is; the
// error is an InputError for one that is outside of the tree or too large.
func (s *Session) Edit(path string, text []byte) error {
	rel, err := s.rel(path)
	if err != nil {
		return err
	}
	if len(text) > source.MaxFileSize {
		return &InputError{Name: path, Err: errors.New("is too large"), Hint: "its unsaved text is not taken into account"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.buffers[rel]; ok && bytes.Equal(old, text) {
		return nil
	}
	s.buffers[rel] = text
	return s.dropEdited()
}

// Discard says that a file is what is on the disk again: it was saved, or the
// editor gave it up.
func (s *Session) Discard(path string) error {
	rel, err := s.rel(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.buffers[rel]; !ok {
		return nil
	}
	delete(s.buffers, rel)
	return s.dropEdited()
}

// rel is a path below the root.
func (s *Session) rel(path string) (string, error) {
	rel, ok := below(s.root, path)
	if !ok {
		return "", &InputError{Name: path, Err: errors.New("is outside of the tree " + s.root)}
	}
	return rel, nil
}

// Forget gives back the memory that the pages of the index read so far take. It
// is for programs that stay for days: what many questions read adds up.
func (s *Session) Forget() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil {
		return nil
	}
	return s.tree.idx.Forget()
}

// Close ends the session. The trees that are in use stay open until their users
// are done.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == nil {
		return nil
	}
	err := errors.Join(s.dropEdited(), s.unuse(s.tree))
	s.tree = nil
	return err
}

// overlay is the tree with buffers, by their paths, in the place of files that
// are indexed.
func (t *Tree) overlay(buffers map[string][]byte) (o *Tree, err error) {
	var list []index.Buffer
	for _, path := range slices.Sorted(maps.Keys(buffers)) {
		if id, ok := t.idx.FileByPath(path); ok {
			list = append(list, index.Buffer{File: id, Content: buffers[path]})
		}
	}
	err = index.Guard(func() error {
		idx, err := t.idx.Overlay(all.Languages(), list)
		if err != nil {
			return err
		}
		o = &Tree{w: t.w, idx: idx}
		o.xref = sync.OnceValues(func() (*xref.Map, error) {
			m, err := t.xref()
			if m != nil {
				m = m.Moved(idx.Moved())
			}
			return m, err
		})
		if t.view != nil {
			v := *t.view
			v.t, v.files = o, make(map[string]*fileView)
			o.view = &v
		}
		return nil
	})
	return o, t.idx.Err(err)
}
