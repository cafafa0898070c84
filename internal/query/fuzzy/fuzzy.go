// Package fuzzy finds names and paths by a few of their letters, and ranks
// them as users of fzf expect.
//
// A query is a list of terms separated by blanks, all of which must match:
//
//	abc    the letters in this order, anything in between
//	'abc   the text abc
//	^abc   abc at the start
//	abc$   abc at the end
//	^abc$  abc and nothing else
//	!abc   not the text abc; also !^abc and !abc$
//
// A backslash before a blank makes it part of a term. A term with an
// upper-case letter is case-sensitive, others are not; letters beyond ASCII
// always are.
//
// A match is worth more if letters follow each other, if they start words (the
// start, behind / _ - . and blanks, an upper-case letter behind a lower-case
// one, a digit behind a letter), and the fewer letters lie in between. Among
// equals the shorter comes first; among paths, those that match within their
// last element.
//
// # Corpus
//
// What is searched comes in blocks of front-coded entries, as the dictionary
// of an index holds them: sorted, each entry giving how many bytes it shares
// with the one before and those that follow. That is not only small: a match
// of the shared part is known from the entry before, so that it costs looking
// at the ten bytes that are new in an entry instead of at all thirty.
//
// An index of four million names should also keep a Digest of each block,
// which bounds what its names can score. Blocks are read in the order of their
// bounds, until no bound is good enough for the results at hand any more.
// Blocks of 32 names are a good size.
package fuzzy

// Corpus is what is searched. Its methods are called from several goroutines.
type Corpus interface {
	// Blocks is the number of blocks.
	Blocks() int
	// Digests returns the digests of the blocks from up to but not including
	// to, side by side; nil if there are none.
	Digests(from, to int) ([]byte, error)
	// Read fills b, which is empty, with the entries of a block.
	Read(block int, b *Block) error
}

// Block is the entries of a block.
type Block struct{ Entries []Entry }

// Entry is an entry of a block. The text of an entry is the first Shared bytes
// of the one before and then Rest.
type Entry struct {
	// Rest must not change while the block is in use.
	Rest   []byte
	Shared uint32
	// Skip leaves the entry out of the results.
	Skip bool
}

// List is a Corpus of texts that are not front-coded.
type List struct {
	// Len is the number of texts, At the i-th.
	Len int
	At  func(i int) []byte
}

// listBlock is how many texts of a List make a block.
const listBlock = 64

// Blocks is the number of blocks.
func (l *List) Blocks() int { return (l.Len + listBlock - 1) / listBlock }

// Digests returns nil: reading a text takes as long as looking at a digest.
func (l *List) Digests(int, int) ([]byte, error) { return nil, nil }

// Read fills b with the texts of a block.
func (l *List) Read(block int, b *Block) error {
	for i := block * listBlock; i < min(l.Len, (block+1)*listBlock); i++ {
		b.Entries = append(b.Entries, Entry{Rest: l.At(i)})
	}
	return nil
}

// Index is the number of a text in the list from its place in the corpus.
func (l *List) Index(block, entry int) int { return block*listBlock + entry }
