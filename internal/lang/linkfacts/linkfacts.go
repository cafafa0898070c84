// Package linkfacts is the encoding of what the linkers need to know of one
// source file. logmap: the macros it defines, the functions that take a format,
// the statements that may print, the names of drivers. xref: the macros, and
// where they are used in the place of declarations. ops: what is put into
// function pointers and where they are called. Extractors write it, the
// index stores it without looking inside, the linkers read it back.
//
// A blob is a sequence of records:
//
//	record  = tag(1) fields
//	'M'     = line name flags params body         a macro definition
//	'F'     = line name flags params attr         a function begins (its statements follow)
//	'E'     =                                      the function ends
//	'S'     = line callee flags nargs arg...       a statement that may print, in the function begun last
//	'N'     = name                                 a name given to a driver (.name = "x" or .name = X)
//	'D'     =                                      the file registers a driver (.probe = ...)
//	'K'     = text                                 a Kbuild makefile, whole
//	'U'     = line name flags args                 a macro used where a declaration may stand
//	'O'     = ops                                  calls through pointers, see OpsReader
//
// Numbers are unsigned varints, strings are a varint length and bytes. Lines
// are 1-based. Text is source text with comments and line splices removed and
// blanks folded.
package linkfacts

import (
	"encoding/binary"
	"errors"
)

// Tag names the kind of a record.
type Tag byte

// The records of a blob.
const (
	TagMacro   Tag = 'M'
	TagFunc    Tag = 'F'
	TagFuncEnd Tag = 'E'
	TagStmt    Tag = 'S'
	TagName    Tag = 'N'
	TagDriver  Tag = 'D'
	TagKbuild  Tag = 'K'
	TagUse     Tag = 'U'
)

// Flags of macros, functions and statements.
const (
	// FlagFunctionLike marks a macro with a parameter list.
	FlagFunctionLike = 1 << iota
	// FlagStatic marks a function with internal linkage.
	FlagStatic
	// FlagFormat marks a function with `...`, a va_list or a va_format among
	// its parameters: every call in its body is recorded.
	FlagFormat
	// FlagGuarded marks a macro defined under #ifndef of its own name: a
	// default that gives way to other definitions.
	FlagGuarded
	// FlagVariable marks a macro that is a variable in truth: an array of
	// characters with a constant text.
	FlagVariable
	// FlagOdd marks a statement in an #ifdef or #if arm whose condition names
	// neither a CONFIG_ symbol nor a fact of the kernel: DEBUG, ENABLE_DEBUGGER.
	// Such arms are seldom built.
	FlagOdd
	// FlagBody marks a use behind which the body of a function stands:
	// SYSCALL_DEFINE3(read, ...) { ... }.
	FlagBody
	// FlagName marks a use that makes the name of a function alone: what
	// follows are its parameters.
	FlagName
	// FlagMember marks a use among the members of a struct or union, FlagEnum
	// one among enumerators.
	FlagMember
	FlagEnum
	// FlagCall marks a use with arguments; without it there are no parentheses.
	FlagCall
)

// MaxText bounds one string of a record, in bytes; longer text is not recorded.
const MaxText = 16 << 10

// Record is one decoded record. Its byte slices alias the blob. Which fields
// are set depends on Tag.
type Record struct {
	Tag    Tag
	Line   uint32
	Flags  uint32
	Name   []byte   // macro, function, callee, driver name
	Params []byte   // macro parameters or arguments without parentheses; function parameters
	Body   []byte   // macro body, function attributes, Kbuild text, ops
	Args   [][]byte // of a statement; reused by the next call of Next
}

// ErrDamaged is returned for bytes that are not a blob of records.
var ErrDamaged = errors.New("linkfacts: damaged record")

// AppendMacro adds a macro definition.
func AppendMacro(b []byte, line uint32, flags uint32, name, params, body []byte) []byte {
	b = append(b, byte(TagMacro))
	b = binary.AppendUvarint(b, uint64(line))
	b = appendString(b, name)
	b = binary.AppendUvarint(b, uint64(flags))
	b = appendString(b, params)
	return appendString(b, body)
}

// AppendFunc opens a function; statements up to AppendFuncEnd belong to it.
func AppendFunc(b []byte, line uint32, flags uint32, name, params, attr []byte) []byte {
	b = append(b, byte(TagFunc))
	b = binary.AppendUvarint(b, uint64(line))
	b = appendString(b, name)
	b = binary.AppendUvarint(b, uint64(flags))
	b = appendString(b, params)
	return appendString(b, attr)
}

// AppendFuncEnd closes the function opened last.
func AppendFuncEnd(b []byte) []byte { return append(b, byte(TagFuncEnd)) }

// AppendName adds a driver name, as written: a string literal or a macro.
func AppendName(b, name []byte) []byte {
	b = append(b, byte(TagName))
	return appendString(b, name)
}

// AppendDriver notes that the file registers a driver.
func AppendDriver(b []byte) []byte { return append(b, byte(TagDriver)) }

// AppendKbuild adds the text of a Kbuild makefile.
func AppendKbuild(b, text []byte) []byte {
	b = append(b, byte(TagKbuild))
	return appendString(b, text)
}

// AppendUse adds a macro used where a declaration may stand.
func AppendUse(b []byte, line uint32, flags uint32, name, args []byte) []byte {
	b = append(b, byte(TagUse))
	b = binary.AppendUvarint(b, uint64(line))
	b = appendString(b, name)
	b = binary.AppendUvarint(b, uint64(flags))
	return appendString(b, args)
}

// AppendStmt adds the head of a statement; exactly nargs calls of AppendArg
// must follow.
func AppendStmt(b []byte, line uint32, callee []byte, flags uint32, nargs int) []byte {
	b = append(b, byte(TagStmt))
	b = binary.AppendUvarint(b, uint64(line))
	b = appendString(b, callee)
	b = binary.AppendUvarint(b, uint64(flags))
	return binary.AppendUvarint(b, uint64(nargs))
}

// AppendArg adds one argument of the statement begun last.
func AppendArg(b, text []byte) []byte { return appendString(b, text) }

func appendString(b, s []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// Reader decodes a blob record by record.
type Reader struct {
	rest []byte
	err  error
	rec  Record
}

// NewReader reads blob from its start.
func NewReader(blob []byte) *Reader { return &Reader{rest: blob} }

// Next decodes the next record, or returns nil at the end or at damage (see
// Err). The record is valid until the next call.
func (r *Reader) Next() *Record {
	if r.err != nil || len(r.rest) == 0 {
		return nil
	}
	rec := &r.rec
	*rec = Record{Tag: Tag(r.rest[0]), Args: rec.Args[:0]}
	r.rest = r.rest[1:]
	switch rec.Tag {
	case TagMacro, TagFunc:
		rec.Line = uint32(r.number())
		rec.Name = r.str()
		rec.Flags = uint32(r.number())
		rec.Params = r.str()
		rec.Body = r.str()
	case TagUse:
		rec.Line = uint32(r.number())
		rec.Name = r.str()
		rec.Flags = uint32(r.number())
		rec.Params = r.str()
	case TagFuncEnd, TagDriver:
	case TagStmt:
		rec.Line = uint32(r.number())
		rec.Name = r.str()
		rec.Flags = uint32(r.number())
		n := r.number()
		if n > uint64(len(r.rest)) {
			r.err = ErrDamaged
			return nil
		}
		for ; n > 0; n-- {
			rec.Args = append(rec.Args, r.str())
		}
	case TagName:
		rec.Name = r.str()
	case TagKbuild, TagOps:
		rec.Body = r.str()
	default:
		r.err = ErrDamaged
	}
	if r.err != nil {
		return nil
	}
	return rec
}

// Err is ErrDamaged when Next stopped before the end of the blob.
func (r *Reader) Err() error { return r.err }

func (r *Reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.err = ErrDamaged
		r.rest = nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *Reader) str() []byte {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.err = ErrDamaged
		r.rest = nil
		return nil
	}
	s := r.rest[:n:n]
	r.rest = r.rest[n:]
	return s
}
