package c

// Bracket pairing: every opening bracket learns where it closes, so that the
// parser can step over groups in constant time and never loops over text
// twice.

// mate is the index of the bracket that closes toks[i], or -1.
func (x *extractor) mate(i int) int { return int(int32(x.toks[i].hash)) }

// pair stores the mate of every opening bracket in its hash field, which
// brackets do not use otherwise. Brackets of noStructure arms pair among
// themselves.
//
// A file whose braces do not balance is read again with the kernel's layout as
// a second witness: a brace in the first column ends whatever is open.
func (x *extractor) pair() {
	if !x.pairPass(false) {
		x.pairPass(true)
	}
}

func (x *extractor) pairPass(useColumns bool) (balanced bool) {
	balanced = true
	stack := x.stack[:0]
	ts := x.toks
	base := 0 // bottom of the stack of the current noStructure run
	loose := false
	for i := range ts {
		t := &ts[i]
		if t.kind < kLParen || t.kind > kRBrack {
			continue
		}
		if l := t.flags&noStructure != 0; l != loose {
			if l {
				base = len(stack)
			} else {
				stack = stack[:base]
				base = 0
			}
			loose = l
		}
		switch t.kind {
		case kLParen, kLBrack:
			t.hash = 0xffffffff
			stack = append(stack, int32(i))
		case kLBrace:
			t.hash = 0xffffffff
			if useColumns && !loose && x.firstColumn(t) && len(stack) > 0 && i > 0 && ts[i-1].kind == kRParen {
				stack = stack[:0] // a function begins: what is open was never closed
			}
			stack = append(stack, int32(i))
		default:
			open := t.kind - 1
			top := len(stack) - 1
			if t.kind == kRBrace {
				// Unclosed parentheses do not outlive their block.
				for top >= base && ts[stack[top]].kind != kLBrace {
					top--
				}
				if useColumns && !loose && x.firstColumn(t) {
					for top > base && !x.linkage(int(stack[top-1])) {
						top--
					}
					for top >= base && ts[stack[top]].kind != kLBrace {
						top++
						if top == len(stack) {
							top = base - 1
						}
					}
				}
			}
			if top < base || ts[stack[top]].kind != open {
				balanced = balanced && (loose || t.kind != kRBrace)
				continue
			}
			ts[stack[top]].hash = uint32(i)
			stack = stack[:top]
		}
	}
	for _, i := range stack {
		balanced = balanced && ts[i].kind != kLBrace
	}
	x.stack = stack
	return balanced
}

func (x *extractor) firstColumn(t *token) bool { return t.off == 0 || x.src[t.off-1] == '\n' }

// linkage reports whether the brace at toks[i] belongs to extern "C" {, or to a
// namespace.
func (x *extractor) linkage(i int) bool {
	if x.cxx && x.namespaceBrace(i) {
		return true
	}
	return i >= 2 && x.toks[i-1].kind == kString && x.toks[i-2].kind == kwExtern
}
