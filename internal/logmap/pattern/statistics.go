package pattern

import "math"

// statistics of the literal text of all patterns: how probable a byte is after
// another, and how many patterns share a gram. They choose the gram a pattern
// is filed under and its specificity.
type statistics struct {
	bits  [256][256]float32 // information of a byte after another
	grams []uint32          // by hash of six bytes
	shift uint              // of a hash, to the index of its counter
}

// newStatistics counts all patterns of b.
func newStatistics(b *Builder) *statistics {
	// Collisions make a gram look more common than it is, which does little
	// harm.
	log := log2(8*b.Len(), 8, 20)
	st := &statistics{grams: make([]uint32, 1<<log), shift: uint(64 - log)}
	pairs := new([256][256]uint32)
	for id := 0; id < b.Len(); id++ {
		eachRun(b.code[b.offsets[id]:b.offsets[id+1]], func(run []byte, _ int, _, _ bool) {
			prev := byte(0)
			for i, c := range run {
				pairs[prev][c]++
				prev = c
				if i+maxGram <= len(run) {
					st.grams[gramHash(load8(run, i), 0)>>st.shift]++
				}
			}
		})
	}
	// Additive smoothing: what was never seen costs, but not everything.
	information := func(n uint32, total uint64) float32 {
		return float32(-math.Log2((float64(n) + 0.25) / (float64(total) + 64)))
	}
	for p := range pairs {
		total := uint64(0)
		for _, n := range pairs[p] {
			total += uint64(n)
		}
		unseen := information(0, total)
		for c, n := range pairs[p] {
			st.bits[p][c] = unseen
			if n > 0 {
				st.bits[p][c] = information(n, total)
			}
		}
	}
	return st
}

// eachRun calls fn for each literal that every text matched by the pattern
// contains, with its place in the code. First says that nothing precedes it,
// last that nothing follows. Literals cut because of their length count as
// several.
func eachRun(code []byte, fn func(run []byte, at int, first, last bool)) {
	var o op
	var run []byte
	at, first := 0, true
	for pc := codeHeader; ; {
		pc = decode(code, pc, &o)
		if pc < 0 {
			return
		}
		if run != nil {
			fn(run, at, first, o.kind == kindEnd)
			first = false
		}
		run = nil
		if o.kind == Literal {
			run, at = o.text, pc-len(o.text)
			continue
		}
		first = false
		if o.kind == kindEnd || o.kind == Invalid {
			return
		}
	}
}

// rank is the stored specificity of a pattern: the information of its literal
// text and of the forms of its conversions.
func (st *statistics) rank(code []byte) int16 {
	total := float32(0)
	eachRun(code, func(run []byte, _ int, first, last bool) {
		if last {
			run = run[:trimmedLen(run)] // the rest may not be there
		}
		prev := byte(0)
		for i, c := range run {
			bits := st.bits[prev][c]
			if i == 0 && !first {
				// After a conversion the place is free too.
				bits = max(bits-1, 0)
			}
			if isBlank(c) && isBlank(prev) {
				bits = min(bits, 0.5) // columns line up in texts of all kinds
			}
			total += bits
			prev = c
		}
	})
	var o op
	for pc := codeHeader; ; {
		pc = decode(code, pc, &o)
		if pc < 0 || o.kind == kindEnd {
			break
		}
		if o.kind > Invalid {
			total += formBits(&o)
		}
	}
	return int16(max(min(total*rankPerBit, math.MaxInt16), math.MinInt16))
}

// formBits is the information a match of a conversion carries by its form, in
// bits. A literal byte carries about three, so a number must be worth less
// than one digit of literal text and free text less than nothing. The values
// were chosen by hand; only their order matters.
func formBits(o *op) float32 {
	var base float32
	switch o.kind {
	case Any, VaFormat, UnknownPointer:
		return -6
	case String, Escaped, Dentry:
		if o.flags&HasPrec != 0 && o.prec >= 0 {
			return -2
		}
		return -4
	case Clock:
		return -3
	case Word, Node, BlockDev, FlagNames:
		return -2
	case Char:
		return 0
	case Int, Uint, Octal:
		base = 1
	case Hex:
		base = 0.5
	case Bitmap, BitList:
		return 0
	case HexBytes:
		if o.width == FromArg {
			return 0 // may be empty
		}
		return 3 * float32(min(max(o.width, 1), 8))
	case Pointer:
		base = 8
		if o.width != 0 {
			base = 1
		}
		return base
	case Errno:
		return 4
	case Symbol:
		if o.v&SymbolOffset != 0 {
			return 12
		}
		return -1
	case PhysAddr, Features:
		return 14
	case IPv4:
		return 10
	case SockAddr, Time:
		return 12
	case MAC, Resource, FourCC, IPv6:
		return 20
	case UUID:
		return 30
	default:
		return 0
	}
	// Numbers of a fixed width and with a prefix.
	if o.flags&Alt != 0 {
		base += 3
	}
	if o.flags&(Zero|HasPrec) != 0 && o.width != FromArg {
		base += 1.5 * float32(min(max(o.width, o.prec, 0), 8))
	}
	return base
}

// gramCost ranks the grams of a class; higher is worse.
type gramCost struct {
	count uint32
	float bool
	bits  float32
}

func (c gramCost) less(d gramCost) bool {
	if c.count != d.count {
		return c.count < d.count
	}
	if c.float != d.float {
		return !c.float
	}
	return c.bits > d.bits
}

// minGramBits is the information a gram must have to be worth an entry.
const minGramBits = 8

// file chooses the gram of a pattern; ok is false if it has no usable one.
func (st *statistics) file(code []byte, id uint32) (filing, bool) {
	var best filing
	var bestCost gramCost
	bestClass := len(gramSizes)
	eachRun(code, func(run []byte, at int, first, _ bool) {
		// Grams that reach into tabs or newlines at the end of the run may be
		// missing from the text: stripped with all that follows. For blanks
		// that were stripped, the finder looks beyond the end of the text.
		end := trimmedLen(run)
		for end < len(run) && run[end] == ' ' {
			end++
		}
		for class := 0; class < len(gramSizes) && class <= bestClass; class++ {
			size := gramSizes[class]
			for i := 0; i+size <= end; i++ {
				gram := run[i : i+size]
				cost := gramCost{float: !first || i >= farPlace, bits: st.gramBits(gram)}
				if cost.bits < minGramBits {
					continue
				}
				h := gramHash(load8(run, i), class)
				if class == 0 {
					cost.count = st.grams[h>>st.shift]
				}
				if class == bestClass && !cost.less(bestCost) {
					continue
				}
				best = filing{hash: h, posting: id<<10 | uint32(i)<<1}
				if cost.float {
					best.posting = id<<10 | 1<<9 | uint32(min(at+i, farPlace))<<1
				}
				bestCost, bestClass = cost, class
			}
		}
	})
	return best, bestClass < len(gramSizes)
}

// gramBits is the information of a gram; its first byte counts without what
// precedes it. Grams without letters and digits are punctuation between
// conversions, which says nothing about who printed it.
func (st *statistics) gramBits(gram []byte) float32 {
	words, solid := 0, 0
	bits := float32(2)
	for i, c := range gram {
		if isAlnum(c) {
			words++
		}
		if !isBlank(c) {
			solid++
		}
		if i > 0 {
			bits += st.bits[gram[i-1]][c]
		}
	}
	if solid < 2 || words == 0 && solid < 3 || words == 1 && len(gram) == 2 {
		return 0
	}
	return bits
}
