package workbench

// The values that a kernel puts where nothing valid is, to be recognised in
// dumps of registers.

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dekho/internal/constexpr"
	"dekho/internal/lang/c"
	"dekho/internal/macro"
	"dekho/internal/source"
)

// poisonHeader defines them.
const poisonHeader = "include/linux/poison.h"

// poison is a value of the header; one of a byte fills what it is put into.
type poison struct {
	name  string
	value uint64
	line  int
}

// poisons are those of an architecture.
type poisons struct {
	list []poison
	// delta is where the poisonous pointers are.
	delta uint64
	bits  int
}

// poisons reads the header. CONFIG_ILLEGAL_POINTER_VALUE, which nobody sets by
// hand, has the default that its Kconfig gives for the architecture, unless the
// configuration is known.
func (t *Tree) poisons(ctx context.Context, arch string, bits int, config map[string]string) poisons {
	p := poisons{bits: bits}
	id, ok := t.idx.FileByPath(poisonHeader)
	if !ok {
		return p
	}
	var r source.Reader
	text, err := t.idx.ReadText(&r, id)
	if err != nil {
		return p
	}
	p.delta = t.poisonDelta(ctx, arch, bits, config)
	k := t.constants()
	others := k.names(poisonHeader)
	names := func(name string) (*macro.Def, constexpr.Value, error) {
		if name == "POISON_POINTER_DELTA" {
			return nil, constexpr.Value{Bits: p.delta, Unsigned: true, Wide: true}, nil
		}
		return others(name)
	}
	line := uint32(0)
	for l := range bytes.Lines(text) {
		line++
		d, ok := c.ScanDefine(bytes.TrimSpace(l))
		if !ok || d.Function || string(d.Name) == "POISON_POINTER_DELTA" {
			continue
		}
		def := readDefine(bytes.TrimSpace(l), line)
		if def == nil || def.Body == "" {
			continue
		}
		v, err := constexpr.Eval(def.Tokens(), names)
		if err != nil || v.Bits == 0 {
			continue
		}
		if bits == 32 {
			v.Bits &= 0xffffffff
		}
		p.list = append(p.list, poison{strings.Clone(def.Name), v.Bits, int(line)})
	}
	return p
}

func (t *Tree) poisonDelta(ctx context.Context, arch string, bits int, config map[string]string) uint64 {
	const symbol = "ILLEGAL_POINTER_VALUE"
	if v, err := strconv.ParseUint(config["CONFIG_"+symbol], 0, 64); err == nil {
		return v
	}
	for _, d := range t.configDefaults(ctx, symbol, arch) {
		// Conditions tell kernels of 32 bits from those of 64 by the symbol's
		// name, on all architectures that have both.
		if d.condition == "" || strings.Contains(d.condition, strconv.Itoa(bits)) {
			return d.value
		}
	}
	return 0
}

// configDefault is a default of a number of the configuration.
type configDefault struct {
	value     uint64
	condition string
	place     string
}

// configDefaults are the defaults that an architecture has for a number.
func (t *Tree) configDefaults(ctx context.Context, symbol, arch string) []configDefault {
	s, err := t.config(ctx, symbol)
	if err != nil {
		return nil
	}
	var list []configDefault
	for _, d := range s.Definitions {
		if !strings.HasPrefix(d.Path, "arch/"+arch+"/") {
			continue
		}
		for _, clause := range d.Clauses {
			if v, err := strconv.ParseUint(clause.Value, 0, 64); err == nil && clause.Keyword == "default" {
				list = append(list, configDefault{v, clause.If, clause.Path + ":" + strconv.Itoa(int(clause.Line))})
			}
		}
	}
	return list
}

// poisonReach is how far from a poison a value still comes from it: a member of what
// the pointer would point to, or container_of of it.
const poisonReach = 0x400

// name says which poison a value is, or is made of, and where that is defined.
func (p *poisons) name(v uint64) (name, place string) {
	var best *poison
	distance := int64(0)
	for i := range p.list {
		q := &p.list[i]
		if q.value <= 0xff {
			continue
		}
		d := int64(v - q.value) //nolint:gosec // a distance
		if d != 0 && (p.delta == 0 || q.value-p.delta > 0xffff || d > poisonReach || d < -poisonReach) {
			continue
		}
		if best == nil || max(d, -d) < max(distance, -distance) {
			best, distance = q, d
		}
	}
	if best != nil {
		return best.name + signed(distance), poisonHeader + ":" + strconv.Itoa(best.line)
	}
	return p.pattern(v)
}

func signed(d int64) string {
	switch {
	case d < 0:
		return fmt.Sprintf("-%#x", -d)
	case d > 0:
		return fmt.Sprintf("+%#x", d)
	}
	return ""
}

// pattern says which bytes fill a value.
func (p *poisons) pattern(v uint64) (name, place string) {
	size := p.bits / 8
	fill := v >> 16 & 0xff
	whole := fill * (0x0101010101010101 >> (64 - p.bits))
	var names []string
	for _, q := range p.list {
		if q.value == fill {
			names = append(names, q.name)
			place = cmp.Or(place, poisonHeader+":"+strconv.Itoa(q.line))
		}
	}
	if len(names) == 0 {
		return "", ""
	}
	name = fmt.Sprintf("bytes %#x of %s", fill, strings.Join(names, " or "))
	if d := int64(v - whole); d <= poisonReach && d >= -poisonReach { //nolint:gosec // a distance
		return name + signed(d), place
	}
	// The last byte of an object is another one.
	top := v >> (p.bits - 8)
	if v&^(0xff<<(p.bits-8)) == whole&^(0xff<<(p.bits-8)) && size == 8 {
		if i := slices.IndexFunc(p.list, func(q poison) bool { return q.value == top }); i >= 0 {
			return name + " and " + p.list[i].name, place
		}
	}
	return "", ""
}
