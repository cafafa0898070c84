// Package ops knows how functions are reached through pointers: where a
// function is put (into a member of a struct, a table, the argument of a
// call), and where what was put there is called. It finds that the work
// function given to INIT_WORK lands in struct work_struct's func and is called
// by process_one_work, without being told what a work is.
//
// The linker runs when a tree is indexed. It reads what the extractor of C
// wrote down of each file (package linkfacts, OpsReader), follows the types of
// members, variables and results through the headers of the tree, expands the
// macros that functions are handed to, and writes a Table. All is about nodes:
// a node is a place that holds a function pointer. Functions are put into
// nodes, nodes are called, and what is in one node is put into another.
//
// gather.go reads declarations, types.go finds the struct behind an
// expression, effect.go tells what a macro does with an argument, link.go
// resolves what each file does; file.go writes and reads the table.
package ops
