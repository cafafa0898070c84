package capture

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"dekho/internal/rootfs"
)

// The file of saved facts is a tar archive: facts.json with every question and
// its answer, then the content of the files that were read, each below "files"
// under its path in the root, so that people can look at them with tar.

// ErrFacts says that a file holds no saved facts.
var ErrFacts = errors.New("these are no facts that dekho saved")

const (
	factsFormat = 1
	factsName   = "facts.json"
	filesDir    = "files"
	// The limits of what is read.
	maxFacts   = 32 << 20
	maxContent = 128 << 20
	maxEntries = 64 << 10
)

// document is facts.json.
type document struct {
	Format int                        `json:"format"`
	About  About                      `json:"about"`
	Facts  map[string]json.RawMessage `json:"facts"`
}

// saved are facts that were read back.
type saved struct {
	facts map[string]json.RawMessage
	files map[string][]byte
}

// answer fills in the answer to a question, if it is there.
func (v *saved) answer(question string, to any) bool {
	raw, ok := v.facts[question]
	if !ok || json.Unmarshal(raw, to) != nil {
		return false
	}
	switch f := to.(type) {
	case **rootfs.File:
		if *f == nil || !whole(&(*f).Resolution) {
			return false
		}
		if (*f).Err == nil {
			(*f).Data, ok = v.files[(*f).Path]
		}
	case **rootfs.Dir:
		ok = *f != nil && whole(&(*f).Resolution)
	case **rootfs.Resolution:
		ok = *f != nil && whole(*f)
	default:
		ok = !bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
	}
	return ok
}

// whole tells whether a resolution is one that Root makes: something is there,
// or there is an error.
func whole(r *rootfs.Resolution) bool { return r.Info != nil || r.Err != nil }

// Save writes everything that was asked so far.
func (s *System) Save(w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc := document{Format: factsFormat, About: s.about, Facts: map[string]json.RawMessage{}}
	files := map[string]*rootfs.File{}
	for question, v := range s.facts {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("%s: %w", question, err)
		}
		doc.Facts[question] = raw
		if f, ok := v.(*rootfs.File); ok && f.Err == nil {
			files[f.Path] = f
		}
	}
	index, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	entry := func(name string, data []byte, modified time.Time) error {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: int64(len(data)), ModTime: modified}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		_, err := t.Write(data)
		return err
	}
	if err := entry(factsName, append(index, '\n'), s.about.At); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := entry(filesDir+name, files[name].Data, s.about.At); err != nil {
			return err
		}
	}
	return t.Close()
}

// Load reads saved facts. The System answers what is among them, and that it
// was not saved for everything else.
func Load(r io.Reader) (*System, error) {
	t := tar.NewReader(r)
	v := &saved{files: map[string][]byte{}}
	var doc *document
	room := int64(maxContent)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) && n > 0 {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFacts, err)
		}
		if n > maxEntries {
			return nil, fmt.Errorf("%w: more than %d entries", ErrFacts, maxEntries)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		limit := min(room, rootfs.MaxRead)
		if n == 0 {
			if h.Name != factsName {
				return nil, fmt.Errorf("%w: it does not begin with %s", ErrFacts, factsName)
			}
			limit = maxFacts
		}
		data, err := io.ReadAll(io.LimitReader(t, limit+1))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFacts, err)
		}
		if int64(len(data)) > limit {
			return nil, fmt.Errorf("%w: %s is too large", ErrFacts, h.Name)
		}
		if n == 0 {
			doc = &document{}
			if err := json.Unmarshal(data, doc); err != nil {
				return nil, fmt.Errorf("%w: %w", ErrFacts, err)
			}
			if doc.Format != factsFormat {
				return nil, fmt.Errorf("%w: they have format %d, this dekho reads %d", ErrFacts, doc.Format, factsFormat)
			}
			continue
		}
		room -= int64(len(data))
		if name, ok := strings.CutPrefix(h.Name, filesDir+"/"); ok {
			v.files[path.Clean("/"+name)] = data
		}
	}
	if doc == nil {
		return nil, ErrFacts
	}
	switch doc.About.Kind {
	case Host, Process, Image:
	default:
		return nil, fmt.Errorf("%w: they are about no system", ErrFacts)
	}
	v.facts = doc.Facts
	return &System{about: doc.About, facts: map[string]any{}, saved: v}, nil
}
