// Package lang defines what a language extractor reports about one file, and
// the table of extractors. It is the contract between the extractors
// (lang/c, lang/kbuild, ...) and the index, which stores what they report
// without knowing any language.
//
// Everything is a flat slice that the caller owns and reuses from file to
// file: an extractor appends, it never allocates per token. Positions are byte
// offsets and 1-based line numbers in the file.
package lang

import "encoding/binary"

// Role says what an occurrence of an identifier does where it stands. For
// definitions (see IsDef) it is also the kind of the symbol defined.
//
// Values are stored in index files: append, never renumber (see
// docs/index-format.md). They fit in five bits.
type Role uint8

const (
	// Read is the default: a value used, or a place the extractor could not
	// classify more finely.
	Read Role = iota
	// Write is the target of an assignment, ++ or --.
	Write
	// Address is an operand of unary &, or a function named without a call.
	Address
	// Call is a call site, of a function or a function-like macro.
	Call
	// Member is a field reached with . or ->.
	Member
	// Registration is the value given to a designated initialiser
	// (.probe = foo) or to a known ops slot.
	Registration
	// MacroBody is any use inside the body of a #define.
	MacroBody
	// TypeUse is a struct, union, enum or typedef name used as a type.
	TypeUse
	// Condition is a use in #if, #ifdef, #elif.
	Condition
	// Designator is the field named by a designated initialiser (.probe).
	Designator

	// DefFunction to DefConfig are definitions.
	DefFunction
	DefMacro
	DefStruct
	DefUnion
	DefEnum
	DefEnumerator
	DefTypedef
	DefVariable
	DefMember
	DefLabel
	// DefParam and DefLocal are a parameter or local variable at its declaration.
	DefParam
	DefLocal
	// DefNode is a device-tree node or label.
	DefNode
	// DefConfig is a Kconfig symbol.
	DefConfig
	// DefGenerated is a name made by a macro used at file scope
	// (DEFINE_MUTEX(x)); the macro stands on the same line.
	DefGenerated

	// Declaration names something defined elsewhere (prototype, extern).
	Declaration
	// ForwardType is `struct foo;` or a first mention without a body.
	ForwardType

	// Dispatch is a call through a member, ops->open(...), or through a local
	// variable or parameter.
	Dispatch

	// DefClass is a class of C++ (one made with struct or union has those kinds).
	DefClass
	// DefNamespace is a namespace of C++, wherever it is opened.
	DefNamespace

	numRoles
)

// NumRoles bounds the values of Role.
const NumRoles = int(numRoles)

// IsDef reports whether the role defines a symbol that can be asked for from
// another place (parameters and locals are excluded).
func (r Role) IsDef() bool {
	return r >= DefFunction && r <= DefGenerated && r != DefParam && r != DefLocal || r == DefClass || r == DefNamespace
}

var roleNames = [...]string{
	Read: "read", Write: "write", Address: "address", Call: "call", Member: "member",
	Registration: "registration", MacroBody: "macro-body", TypeUse: "type", Condition: "condition",
	Designator: "designator", DefFunction: "definition", DefMacro: "definition", DefStruct: "definition",
	DefUnion: "definition", DefEnum: "definition", DefEnumerator: "definition", DefTypedef: "definition",
	DefVariable: "definition", DefMember: "definition", DefLabel: "definition", DefParam: "parameter",
	DefLocal: "local", DefNode: "definition", DefConfig: "definition", DefGenerated: "definition",
	Declaration: "declaration", ForwardType: "forward", Dispatch: "dispatch",
	DefClass: "definition", DefNamespace: "definition",
}

// String is the role as shown to people and in JSON ("call", "definition").
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return "unknown"
}

var kindNames = map[Role]string{
	DefFunction: "function", DefMacro: "macro", DefStruct: "struct", DefUnion: "union", DefEnum: "enum",
	DefEnumerator: "enumerator", DefTypedef: "typedef", DefVariable: "variable", DefMember: "member",
	DefLabel: "label", DefParam: "parameter", DefLocal: "local", DefNode: "node", DefConfig: "config",
	DefGenerated: "generated", Declaration: "declaration", ForwardType: "forward", DefClass: "class",
	DefNamespace: "namespace",
}

// Kind is the kind of symbol a definition or declaration introduces
// ("function", "struct"), or "" for plain uses.
func (r Role) Kind() string { return kindNames[r] }

// Occ is one occurrence of an identifier.
type Occ struct {
	Off  uint32 // byte offset of the first byte
	Line uint32 // 1-based
	Hash uint32 // Hash of the name
	Len  uint16 // bytes; longer identifiers are not reported
	Role Role
}

// Func is the extent of a function body (or of an assembly routine), for
// telling which function a line belongs to. Funcs do not overlap and come in
// source order.
type Func struct {
	Name       Span   // the function's name in the file
	Start, End uint32 // 1-based lines: of the name, and of the closing brace
}

// Scope is the extent of a class, namespace or enumeration of C++: what is
// defined on its lines is a member of it. Scopes nest and come in source order,
// outer ones first. A member that is defined outside of its class stands in a
// scope of its own for each qualifier: Foo::bar() makes one named Foo over its
// lines.
type Scope struct {
	Name       Span
	Start, End uint32 // 1-based lines: of the name, and of the closing brace
	Kind       ScopeKind
}

// ScopeKind tells what a scope is, as far as looking names up depends on it.
type ScopeKind uint8

const (
	ScopeClosed ScopeKind = iota // class, namespace, enum class
	ScopeOpen                    // enum: its enumerators belong to the scope around it too
)

// Span is a range of bytes of the file.
type Span struct{ Off, Len uint32 }

// Cond is one arm of an #if: the lines it governs and the text of its
// condition as written (for #else the negated text is left to the reader:
// Expr is that of the #if or #elif before it). An arm without a line is there
// only when others of its chain follow: its End is before its Start.
type Cond struct {
	Expr       Span
	Start, End uint32 // first and last line governed, 1-based, inclusive
	Kind       CondKind
}

// CondKind tells how the condition of an arm reads.
type CondKind uint8

const (
	CondIf     CondKind = iota // #if EXPR
	CondIfdef                  // #ifdef NAME
	CondIfndef                 // #ifndef NAME
	CondElse                   // #else of the chain opened before it
	// CondElif to CondElifndef go on with the chain of the arm before them: they
	// hold where none of its earlier arms does.
	CondElif     // #elif EXPR
	CondElifdef  // #elifdef NAME
	CondElifndef // #elifndef NAME
)

// First is the kind of an arm with the same condition that opens a chain.
func (k CondKind) First() CondKind {
	if k >= CondElif && k <= CondElifndef {
		return k - CondElif
	}
	return k
}

// Include is one #include.
type Include struct {
	Path   Span // without quotes or brackets
	Line   uint32
	System bool // <...>
}

// Facts is everything one pass over a file yields. Reset before each file.
type Facts struct {
	Occs     []Occ
	Funcs    []Func
	Scopes   []Scope
	Conds    []Cond
	Includes []Include
	// Link is what the linkers need of this file (print statements, macros,
	// format-taking functions, driver names), in the encoding of package
	// lang/linkfacts. Empty for most headers.
	Link []byte
	// Lines is the number of lines in the file.
	Lines uint32
}

// Reset empties f and keeps its memory.
func (f *Facts) Reset() {
	f.Occs = f.Occs[:0]
	f.Funcs = f.Funcs[:0]
	f.Scopes = f.Scopes[:0]
	f.Conds = f.Conds[:0]
	f.Includes = f.Includes[:0]
	f.Link = f.Link[:0]
	f.Lines = 0
}

// Extractor reads one file. It must not keep src or f after it returns, must
// terminate on any input in time proportional to its length, and must not
// panic. One Extractor is used by one goroutine; New makes one per worker.
type Extractor interface {
	Extract(path string, src []byte, f *Facts)
}

// Language is one row of the table of languages.
type Language struct {
	Name    string // "c"
	Version uint32 // of the extractor: a change re-extracts this language's files
	Match   func(path string) bool
	New     func() Extractor
}

// MaxIdent is the longest identifier reported, in bytes.
const MaxIdent = 1 << 10

// Hash is the hash carried by Occ: a multiplicative hash over eight bytes at a
// time, cheap for the long names of register headers and well mixed in its low
// bits, so that a table of any power of two can use it as it is.
func Hash(name []byte) uint32 {
	const k = 0x9E3779B97F4A7C15 // 2^64 / golden ratio
	n := len(name)
	h := uint64(n) * k
	i := 0
	for ; i+8 < n; i += 8 {
		h = (h ^ binary.LittleEndian.Uint64(name[i:])) * k
		h ^= h >> 29
	}
	var tail uint64
	switch {
	case n >= 8: // the last eight bytes, which may overlap the block before
		tail = binary.LittleEndian.Uint64(name[n-8:])
	case n >= 4:
		tail = uint64(binary.LittleEndian.Uint32(name)) | uint64(binary.LittleEndian.Uint32(name[n-4:]))<<32
	default:
		for i, c := range name {
			tail |= uint64(c) << (8 * i)
		}
	}
	h = (h ^ tail) * k
	return uint32(h>>32) ^ uint32(h)
}
