package klog

import "strings"

// Masked is a text with its numbers and addresses taken out, '#' in the place of
// each: what is left is the same in two boots.
func Masked(text string) string {
	var sb strings.Builder
	eachWord(text, func(word string, number bool) {
		if number {
			word = "#"
		}
		sb.WriteString(word)
	})
	return sb.String()
}

// Numbers are the numbers and addresses that Masked takes out of a text.
func Numbers(text string) []string {
	var list []string
	eachWord(text, func(word string, number bool) {
		if number {
			list = append(list, word)
		}
	})
	return list
}

// eachWord calls f for the words of a text and for what stands between them.
func eachWord(text string, f func(word string, number bool)) {
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && isWordByte(text[j]) {
			j++
		}
		if j == i {
			for j < len(text) && !isWordByte(text[j]) {
				j++
			}
			f(text[i:j], false)
		} else {
			f(text[i:j], isNumber(text[i:j]))
		}
		i = j
	}
}

func isWordByte(c byte) bool { return isDigit(c) || isLetter(c) || c == '_' }

// isNumber reports whether a word is a number, in decimal or hexadecimal.
func isNumber(w string) bool {
	digits := 0
	for i := range len(w) {
		switch c := w[i]; {
		case isDigit(c):
			digits++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F', c == 'x' && i == 1 && w[0] == '0':
		default:
			return false
		}
	}
	return digits > 0
}
