package constexpr

import (
	"strings"
	"testing"

	"dekho/internal/lang/linkfacts"
	"dekho/internal/macro"
)

// defs is macros for tests: "NAME(params) body" or "NAME body".
func defs(lines ...string) Names {
	return func(name string) (*macro.Def, Value, error) {
		for _, l := range lines {
			head, body, _ := strings.Cut(l, " ")
			n, params, function := strings.Cut(strings.TrimSuffix(head, ")"), "(")
			if n != name {
				continue
			}
			r := &linkfacts.Record{Tag: linkfacts.TagMacro, Name: []byte(n), Params: []byte(params), Body: []byte(body)}
			if function {
				r.Flags = linkfacts.FlagFunctionLike
			}
			return macro.FromRecord(0, r), Value{}, nil
		}
		if name == "ENUM" {
			return nil, Int(7), nil
		}
		return nil, Value{}, &DependsError{Name: name}
	}
}

var names = defs("BIT(n) (1UL << (n))", "A (BIT(3) | B)", "B 0x40u", "LOOP (LOOP + 1)", "UL(x) (_AC(x, UL))", "_AC(X,Y) X##Y",
	"F ((__force gfp_t)0x400u)", "TEXT \"x\"", "D (PAGE + 1)")

func TestEval(t *testing.T) {
	for expr, want := range map[string]string{
		"1 + 2 * 3":                    "7",
		"(1 + 2) * 3 - -1":             "10 (0xa)",
		"0x10 | 010":                   "24 (0x18)",
		"~0":                           "-1",
		"~0U":                          "4294967295 (0xffffffff)",
		"~0UL":                         "18446744073709551615 (0xffffffffffffffff)",
		"1 << 31":                      "-2147483648",
		"1U << 31":                     "2147483648 (0x80000000)",
		"1ULL << 40":                   "1099511627776 (0x10000000000)",
		"0xffffffff + 0":               "4294967295 (0xffffffff)",
		"-1 < 0U":                      "0",
		"-7 / 2":                       "-3",
		"-7 % 2":                       "-1",
		"1 ? 2 : 3":                    "2",
		"A":                            "72 (0x48)",
		"F | B":                        "1088 (0x440)",
		"UL(12)":                       "12 (0xc)",
		"BIT(ENUM)":                    "128 (0x80)",
		"(u8)0x1ff":                    "255 (0xff)",
		"(s8)0xff":                     "-1",
		"(unsigned long)-1":            "18446744073709551615 (0xffffffffffffffff)",
		"'a' + '\\n'":                  "107 (0x6b)",
		"sizeof(u32) * 8":              "32 (0x20)",
		"!0 && 3 > 2 || 1":             "1",
		"(void *)0x10":                 "16 (0x10)",
		"-9223372036854775807 - 1":     "-9223372036854775808",
		"(__force __kernel_rwf_t)0x08": "8",
		"(odd_t)(3) - 1":               "2",
		"LOOP":                         "! depends on LOOP",
		"D":                            "! depends on PAGE",
		"sizeof(struct x)":             "! depends on sizeof(structx)",
		"TEXT":                         "! TEXT is not an integer constant",
		"1 / 0":                        "! not an integer constant",
		"1 +":                          "! not an integer constant",
		"1 2":                          "! not an integer constant",
		"1.5":                          "! not an integer constant",
		"":                             "! not an integer constant",
		"(-9223372036854775807-1)/-1":  "-9223372036854775808",
	} {
		v, err := Eval(macro.Lex(nil, expr), names)
		got := v.String()
		if err != nil {
			got = "! " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
}

func FuzzEval(f *testing.F) {
	f.Add("A | BIT(3) << (1 ? 2 : 3)", "X((x) + X", "X(X)")
	f.Add("((((u8)1))))", "sizeof(int) % 0", "~-!+1")
	f.Fuzz(func(_ *testing.T, expr, body, args string) {
		names := defs("X(x) "+body, "Y "+args)
		Eval(macro.Lex(nil, expr), names)   //nolint:errcheck // it must end, whatever it says
		Eval(macro.Lex(nil, "X(Y)"), names) //nolint:errcheck // see above
	})
}
