// Package logmap ties lines of a kernel log to the statements that printed them.
//
// It has two halves. The linker (Link) runs at the end of each index run: from
// the facts that extractors left for each file (package lang/linkfacts) it finds
// out which names print, what wrappers put around the formats they are given,
// and what the format of each statement comes to; the result is a map file.
// A Session of an opened Map then explains the records of one log: the formats
// that fit the text (package pattern), ranked by what the record, its
// neighbours, the architecture and the configuration say.
//
//	gather.go  facts of all files; which names may lead to a print
//	macro.go   definitions that a file sees, and their expansion
//	prim.go    a statement to the printing functions it comes to
//	wrapper.go functions that hand a format on
//	text.go    string expressions to text; form.go is the quick way
//	site.go    a format to its sites
//	kbuild.go  makefiles: modules and symbols
//	link.go    all of it, on all processors
//	file.go    the map file
//	find.go    what a record's text says by itself
//	explain.go what its neighbours say, and the answer
package logmap
