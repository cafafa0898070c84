package capture

import (
	"bytes"
	"slices"
	"strings"
)

// secretWords are what the name of a setting has in it whose value is nobody's
// business: psk and wep-key0 of NetworkManager, Passphrase of ConnMan and iwd,
// PrivateKey of WireGuard; secretNames are such names as a whole.
var (
	secretWords = []string{
		"psk", "passphrase", "password", "passwd", "secret", "wep-key", "private-key", "privatekey", "preshared", "token",
		"credential", "apikey", "api-key", "api_key", "authkey",
	}
	secretNames = []string{"pin", "key", "pass"}
)

// masked stands for a value that is not shown.
const masked = "(masked)"

// Mask takes the values of secret settings out of a file of "name = value"
// lines, or of the "name: value" of YAML. Lines stay lines, so that their
// numbers remain true.
func Mask(data []byte) []byte {
	var out []byte
	kept := 0 // what of data is in out
	for at := 0; at < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end = at + n
		}
		if n := secretValue(data[at:end]); n >= 0 {
			out = append(append(out, data[kept:at+n]...), masked...)
			kept = end
		}
		at = end + 1
	}
	if kept == 0 {
		return data
	}
	return append(out, data[kept:]...)
}

// secretValue is where in a line the value of a secret setting begins, -1 if it
// has none.
func secretValue(line []byte) int {
	for i, c := range line {
		if (c == '=' || c == ':') && i+1 < len(line) && secretName(line[:i], c == '=') {
			return i + 1
		}
	}
	return -1
}

// secretName tells whether what ends there is the name of a secret setting.
// Before a colon only whole words count: "passwd: files" is no secret.
func secretName(before []byte, assigned bool) bool {
	before = bytes.TrimRight(before, " \t\"'")
	start := len(before)
	for start > 0 && isName(before[start-1]) {
		start--
	}
	name := strings.ToLower(string(before[start:]))
	if name == "" || strings.HasSuffix(name, "-flags") {
		return false
	}
	if !assigned {
		return name != "passwd" && slices.Contains(secretWords, name)
	}
	return slices.Contains(secretNames, name) ||
		slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(name, w) })
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
