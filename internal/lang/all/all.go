// Package all is the table of languages: adding one is one line here.
package all

import (
	"dekho/internal/lang"
	"dekho/internal/lang/asm"
	"dekho/internal/lang/c"
	"dekho/internal/lang/dts"
	"dekho/internal/lang/kbuild"
)

// Languages returns the table, in the order in which languages are asked
// whether a path is theirs.
func Languages() []lang.Language {
	return []lang.Language{asm.Language(), c.Language(), c.PlusPlus(), kbuild.Language(), dts.Language()}
}
