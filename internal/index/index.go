// Package index answers where names occur in a source tree, what its functions,
// conditions and includes are, and which files can match a text, from files
// that Update keeps current.
//
// # How it is stored
//
// What an extractor finds in a file is stored per blob: content as read by one
// version of one extractor. Blobs lie in segments, write-once files that hold a
// dictionary of names with postings, facts about each blob, and a text index. A
// tree is a manifest: a list of paths, each with its blob. Trees share the blobs
// they have in common, and after a change only new content is extracted, into
// another small segment. docs/index-format.md has every byte.
//
// # Updating
//
// Update walks the tree, keeps what the stamps of the files say is unchanged,
// reads the rest, asks the store whether it knows the content, and hands what is
// new to extractors, one worker and one segment per processor. Linkers then
// derive artifacts from the facts of the whole tree. The rename of the manifest
// publishes all of it at once. A process that is killed leaves the index as it
// was; one that runs beside it waits for the lock.
//
// # Reading
//
// Open maps the files of a tree and reads next to nothing; every query looks
// into each of a handful of segments. Trees do not change once they are open.
// Readers take no lock.
//
// Front ends run each command or request in Guard, which turns a fault on a
// mapped file into an error. Errors that wrap ErrNoIndex, ErrDamaged or
// ErrVersion name the command that helps if they come from Open; those of the
// methods of a Tree get the same from Tree.Err.
package index
