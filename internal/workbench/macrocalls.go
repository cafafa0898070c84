package workbench

import "dekho/internal/source"

// macroCall is a call that was written as the use of a macro.
type macroCall struct {
	file source.FileID
	line uint32
	// name is the function called; chain the macros on the way to it, the one
	// that stands there first.
	name  string
	chain []string
}

// macroSource knows the calls that macros make.
type macroSource interface {
	// callersOf lists the uses of macros that call a function.
	callersOf(name string) ([]macroCall, error)
	// calleesIn lists the functions that the macros used in some lines of a
	// file call.
	calleesIn(file source.FileID, first, last uint32) ([]macroCall, error)
}

// macroSource is what knows the calls that macros make, nil where nobody does.
func (t *Tree) macroSource() macroSource { return nil }
