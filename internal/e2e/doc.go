// Package e2e holds the end-to-end tests: the program as it is built, on a real
// kernel tree, with real logs. They hold its accuracy against the ground truth
// beside the checkout and print their figures.
package e2e
