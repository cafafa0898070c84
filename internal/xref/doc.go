// Package xref finds out what the macros of a tree make and call: functions,
// types and variables that stand nowhere in the text, and calls that are written
// as the use of a macro. No macro is known by name; all follows from the
// tree's #defines and from where they are used.
//
// Link is the linker. For each use of a macro in the place of a declaration it
// takes the template of the macro, which is its expansion for any arguments,
// read by the extractor of C; the arguments of the use only fill it in. Whom
// macros call is a graph over their bodies. What is found is written as an
// artifact that Open maps and the methods of Map ask.
//
// Reading bottom up: expand.go, expansion as a place in the tree sees it;
// template.go, what a macro makes whatever its arguments; derive.go, the uses of
// all files; rename.go, definitions under a name that is a macro; graph.go, calls
// in the bodies of macros; file.go, the artifact; query.go, the questions.
package xref
