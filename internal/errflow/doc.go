// Package errflow follows error codes backwards through one function: from a
// statement that prints a value, or returns it, to the assignments that can
// have reached it and the conditions on the way. It reads the function's text
// without a build: the statements become a graph of what can follow what
// (parse.go), along which values are traced (trace.go) and from which
// conditions rule paths out (cond.go). What a function that was called can
// return is a question about that function.
package errflow
