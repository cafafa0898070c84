package ctags

import (
	"fmt"
	"strings"
)

// About is what ctags says about itself: "version", "kinds", "kinds-full" or
// "languages". Editors look for the name of the program whose options it takes.
func About(what string) string {
	var b strings.Builder
	switch what {
	case "version":
		b.WriteString("dekho ctags, compatible with Universal Ctags 5.9.0\n  Optional compiled features: +json\n")
	case "languages":
		for _, l := range languageTable {
			fmt.Fprintln(&b, l.name)
		}
	case "kinds", "kinds-full":
		full := what == "kinds-full"
		if full {
			b.WriteString("#LANGUAGE LETTER NAME       ENABLED DESCRIPTION\n")
		}
		list := func(language string, on func(string) bool, kinds map[string]kind, order []string) {
			if !full {
				fmt.Fprintln(&b, language)
			}
			for _, name := range order {
				k := kinds[name]
				switch {
				case full && on(name):
					fmt.Fprintf(&b, "%-9s %c      %-10s yes     %s\n", language, k.letter, k.name, k.text)
				case full:
					fmt.Fprintf(&b, "%-9s %c      %-10s no      %s\n", language, k.letter, k.name, k.text)
				case on(name):
					fmt.Fprintf(&b, "    %c  %s\n", k.letter, k.text)
				default:
					fmt.Fprintf(&b, "    %c  %s [off]\n", k.letter, k.text)
				}
			}
		}
		own := func(name string) bool { return !offByItself[name] }
		list("C", own, cKinds, cKindOrder[:len(cKindOrder)-2])
		list("C++", own, cKinds, cKindOrder)
		others := map[string]kind{"asm label": asmLabel, "asm macro": asmMacro, "define": define, "label": dtsLabel, "config": config}
		list("Asm", own, others, []string{"define", "asm label", "asm macro"})
		list("DTS", own, others, []string{"define", "label"})
		list("Kconfig", own, others, []string{"config"})
	}
	return b.String()
}
