// Package archtest holds the test that the packages of this module import each
// other in one direction only. The linter (depguard, in .golangci.yml) says the
// same while one types, but only for the arrows that somebody thought of
// forbidding; here everything that is not allowed fails.
package archtest
