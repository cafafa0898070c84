package c

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dekho/internal/lang"

	"github.com/google/go-cmp/cmp"
)

// extractCxx lists the occurrences of src as "name role line".
func extractCxx(src string) (occs []string, f *lang.Facts) {
	f = new(lang.Facts)
	PlusPlus().New().Extract("x.cpp", []byte(src), f)
	for _, o := range f.Occs {
		r := o.Role.String()
		if k := o.Role.Kind(); k != "" {
			r = k
		}
		occs = append(occs, fmt.Sprintf("%s %s %d", src[o.Off:o.Off+uint32(o.Len)], r, o.Line))
	}
	return occs, f
}

func TestCxxRoles(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      []string // must be among the occurrences
		not       []string // must not
	}{
		{
			"class", "class LIB_EXPORT Shape final : public Base<int>, private virtual Other {\npublic:\n\tint sides() const { return n; }\nprivate:\n\tint n = 0, *next;\n\tMap<Key, List<int>> map;\n\tunsigned flags : 3, more : 5;\n};\nint after;\n",
			[]string{"LIB_EXPORT type 1", "Shape class 1", "Base type 1", "Other type 1", "sides function 3", "n read 3", "n member 5", "next member 5", "Map type 6", "Key type 6", "List type 6", "map member 6", "flags member 7", "more member 7", "after variable 9"},
			[]string{"final type 1", "n declaration 3"},
		},
		{
			"struct and union", "struct A { union { int i; float f; }; struct B { int x; } b[2]; };\n",
			[]string{"A struct 1", "i member 1", "f member 1", "B struct 1", "x member 1", "b member 1"},
			nil,
		},
		{
			"special members", "class A {\n\tA();\n\texplicit A(int a) : x(a), Base(1), y{a} { f(x); }\n\tA(const A &) = delete;\n\tA &operator=(A &&o) noexcept = default;\n\tvirtual ~A() = default;\n\tvirtual void paint() = 0;\n\toperator bool() const;\n};\n",
			[]string{"A declaration 2", "A function 3", "a parameter 3", "x write 3", "Base call 3", "y write 3", "f call 3", "A function 4", "operator= function 5", "o parameter 5", "~A function 6", "paint declaration 7", "operator bool declaration 8"},
			[]string{"x function 3", "y member 3"},
		},
		{
			"out of class", "template <class T>\nA<T>::A(int n) : m(n) { }\nns::A::~A()\n{\n}\nconst char *A::name(const B &b) const noexcept\n{\n\treturn b.text;\n}\nbool A::operator ==(const A &o) const { return m == o.m; }\nA::operator const char *() const { return p; }\nint A::count = 3;\n",
			[]string{"T parameter 1", "A function 2", "A type 2", "~A function 3", "ns type 3", "A type 3", "name function 6", "b parameter 6", "text member 8", "operator == function 10", "operator const char * function 11", "count variable 12"},
			nil,
		},
		{
			"namespaces", "namespace a::b {\ninline namespace v1 { int x; }\n}\nnamespace { int y; }\nnamespace fs = std::filesystem;\nusing namespace a;\nusing a::b::z;\nusing Ints = List<int>;\ntemplate <typename T> using Vec = std::vector<T>;\n",
			[]string{"a namespace 1", "b namespace 1", "v1 namespace 2", "x variable 2", "y variable 4", "fs namespace 5", "std type 5", "a type 6", "z declaration 7", "Ints typedef 8", "List type 8", "Vec typedef 9", "T parameter 9"},
			nil,
		},
		{
			"enums", "enum class Color : unsigned char { Red = 1, Green OLD_NAME(\"x\") };\nenum Plain { A, B = A << 1 };\nenum Fwd : int;\nstruct S { enum { None, Px } unit; };\n",
			[]string{"Color enum 1", "Red enumerator 1", "Green enumerator 1", "Plain enum 2", "A enumerator 2", "B enumerator 2", "A read 2", "Fwd forward 3", "None enumerator 4", "unit member 4"},
			[]string{"OLD_NAME enumerator 1"},
		},
		{
			"templates", "EXTERN template class EXPORT Array<int>;template <typename T, int N = 3, class... R> struct Array { T data[N]; };\ntemplate <> struct Array<bool, 1> : Bits<(1 > 0)> { };\ntemplate <bool B, typename = enable_if<B && true>> void f(T t);\ntemplate class Array<int, 2>;template <typename U, enable_if_t<is_enum<U>{} && !is_same<U, int>::value> * = nullptr> typename V<!is_same<U, U>::value, U>::type w(U u);\ntemplate <int I> int g<I>::h() { return I; }\n",
			[]string{"T parameter 1", "N parameter 1", "R parameter 1", "Array struct 1", "data member 1", "Array struct 2", "Bits type 2", "B parameter 3", "f declaration 3", "h function 5", "U parameter 4", "w declaration 4"},
			[]string{"f function 3", "T member 1", "EXPORT variable 1"},
		},
		{
			"macros that stand for themselves", "LIB_BEGIN_NAMESPACE\nclass A : public B\n{\n\tLIB_OBJECT\n\tLIB_PROPERTY(int x READ x)\n\tLIB_NO_COPY(A)\npublic:\n\tLIB_INVOKABLE void run();\npublic LIB_SLOTS:\n\tvoid go();\nsignals:\n\tvoid gone(int);\nprivate:\n\tLIB_PRIVATE(A)\n\tmutable Lock lock;\n};\nLIB_FLAGS(Options, Option)\nLIB_END_NAMESPACE\nint after(int a) { return a; }\nLIB_CONSTRUCTOR(setup)\nstatic int last;\n",
			[]string{"LIB_BEGIN_NAMESPACE read 1", "A class 2", "LIB_OBJECT read 4", "LIB_PROPERTY call 5", "LIB_NO_COPY call 6", "run declaration 8", "go declaration 10", "signals read 11", "gone declaration 12", "LIB_PRIVATE call 14", "lock member 15", "after function 19", "last variable 21"},
			[]string{"x declaration 5", "LIB_PRIVATE declaration 14"},
		},
		{
			"attributes", "[[nodiscard]] int f(int a [[maybe_unused]]);\nLIB_EXPORT LIB_WARN(\"x\") int g() LIB_NOTHROW;\nLIB_DEPRECATED(\"use h\")\nvoid old() { }\nclass alignas(16) [[final]] A { };class LIB_EXPORT LIB_ALIGN(8) B { };\nstatic inline LIB_ALWAYS void k() noexcept(true) { }\n",
			[]string{"f declaration 1", "g declaration 2", "LIB_NOTHROW read 2", "old function 4", "A class 5", "B class 5", "k function 6"},
			nil,
		},
		{
			"raw strings", "const char *s = R\"x(\" } ) class N { )x\";\nint n = 1'000'000; char c = '\\'';\nint after() { return 0; }\n",
			[]string{"s variable 1", "n variable 2", "c variable 2", "after function 3"},
			[]string{"N class 1"},
		},
		{
			"locals", "void f()\n{\n\tQString s(x), t = y;\n\tstd::vector<int> v{1, 2};\n\tconst auto &[a, b] = pair;\n\tfor (const Item &i : items) use(i);\n\tforeach (int k, list) use(k);\n\tif (Foo *p = get()) p->go();\n\temit changed(1);\n\ta * b;\n\tstatic const struct { int q; } table[] = { { 1 } };\n\tstruct Local { void m() { int z; } } loc;\n\textern int far();\nout:\n\treturn;\n}\n",
			[]string{"QString type 3", "s local 3", "t local 3", "std type 4", "vector type 4", "v local 4", "a local 5", "b local 5", "i local 6", "Item type 6", "k local 7", "p local 8", "go call 8", "changed call 9", "q member 11", "table local 11", "Local struct 12", "m function 12", "z local 12", "loc local 12", "far declaration 13", "out label 14"},
			[]string{"changed local 9", "list local 7"},
		},
		{
			"expressions", "void f()\n{\n\tauto l = [this, &x](int p) mutable { int w = p; return w; };\n\ta->b(1); c.d(2); A::e(3); new ns::G(4); H<int>(5);\n\tm = 1; this->n += 2; o[1] = 3; ++q;\n\tconnect(a, &A::sig, b, &B::slot);\n\tconnect(a, SIGNAL(old(int)), b, SLOT(act()));\n\tauto y = static_cast<T *>(z);\n\tif (i < j && k > (r)) r = 1;\n\treturn Point{1, 2};\n}\n",
			[]string{"l local 3", "p parameter 3", "w local 3", "b call 4", "d call 4", "e call 4", "A type 4", "G call 4", "H call 4", "m write 5", "n write 5", "o write 5", "q write 5", "sig address 6", "slot address 6", "old registration 7", "act registration 7", "T type 8", "i read 9", "j read 9", "k read 9", "r write 9", "Point call 10"},
			[]string{"l function 3"},
		},
		{
			"arms", "#ifdef A\nclass X : public B {\n#else\nclass X {\n#endif\n\tvoid m() {\n#if B\n\t\tif (x) {\n#else\n\t\tif (y) {\n#endif\n\t\t\tg();\n\t\t}\n\t}\n};\n#ifdef C\nX::X(int a)\n#else\nX::X()\n#endif\n{\n}\nint after;\n",
			[]string{"X class 2", "X class 4", "m function 6", "g call 12", "X function 17", "X function 19", "after variable 23"},
			nil,
		},
		{"linkage", "extern \"C\" {\nint f(void);\nextern int v;\n}\nextern \"C\" int g(int a) { return a; }\n", []string{"f declaration 2", "v declaration 3", "g function 5"}, nil},
		{
			"operators", "struct P { bool operator<(const P &o) const; void *operator new(size_t n); int operator()(int a) { return a; } int operator[](int i) const; P *operator->() const; };\nP operator\"\"_p(const char *s);\nbool operator<<(P a, P b) { return a.operator<(b); }\nbool operator<=>(P, P);\n",
			[]string{"operator< declaration 1", "operator new declaration 1", "operator() function 1", "operator[] declaration 1", "operator-> declaration 1", "operator\"\"_p declaration 2", "operator<< function 3", "operator< call 3", "operator<=> declaration 4"},
			nil,
		},
		{
			"friends and forwards", "class A { friend class B; friend bool eq(A, A) { return true; } friend void h(); class C; };\nclass D;\nstruct stat st;\nstruct tm *now(struct tm *t);\n",
			[]string{"B type 1", "eq function 1", "h declaration 1", "C forward 1", "D forward 2", "stat type 3", "st variable 3", "now declaration 4"},
			nil,
		},
		{
			"odd declarators", "void (*get(int a))(int) { return 0; }\nint (max)(int a);\ntypedef void (*Fn)(int), (CALLBACK Cb)(int);\nint (A::*method)(int);\nvoid (*hook)(int);\ntypedef struct { int x; } Anon, *AnonPtr;\nauto tail(int a) -> decltype(a) { return a; }\nconst UNUSED Rgb MASK = 1;\ntypedef typename S::Type T;\ntypedef a::Status (*Render)(int);\n",
			[]string{"get function 1", "a parameter 1", "max declaration 2", "Fn typedef 3", "Cb typedef 3", "method variable 4", "hook variable 5", "Anon typedef 6", "AnonPtr typedef 6", "tail function 7", "MASK variable 8", "T typedef 9", "Render typedef 10"},
			nil,
		},
		{"test macros", "TEST(Suite, Name) {\n\tcheck(1);\n}\nstatic void after() { }\n", []string{"TEST call 1", "check call 2", "after function 4"}, nil},
		{"function try block", "A::A() try : x(1) { f(); } catch (const E &e) { g(e); }\nint after;\n", []string{"A function 1", "x write 1", "f call 1", "g call 1", "after variable 2"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, f := extractCxx(tt.src)
			check(t, []byte(tt.src), f)
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("missing %q in\n%s", w, strings.Join(got, "\n"))
				}
			}
			for _, n := range tt.not {
				if slices.Contains(got, n) {
					t.Errorf("unwanted %q", n)
				}
			}
		})
	}
}

func TestCxxScopes(t *testing.T) {
	src := `namespace ns {
class A : B {
	void in() { }
	enum E { X };
	enum class F { Y };
	struct N { int a; };
};
void A::out()
{
}
}
bool ns::A::N::operator==(int) { return 1; }
int ns::A::v = 3;
template <> struct T<A> { };
`
	_, f := extractCxx(src)
	check(t, []byte(src), f)
	var got []string
	for _, s := range f.Scopes {
		got = append(got, fmt.Sprintf("%s %d-%d %d", src[s.Name.Off:s.Name.Off+s.Name.Len], s.Start, s.End, s.Kind))
	}
	for _, fn := range f.Funcs {
		got = append(got, fmt.Sprintf("%s() %d-%d", src[fn.Name.Off:fn.Name.Off+fn.Name.Len], fn.Start, fn.End))
	}
	want := []string{
		"ns 1-11 0", "A 2-7 0", "E 4-4 1", "F 5-5 0", "N 6-6 0", "A 8-10 0",
		"ns 12-12 0", "A 12-12 0", "N 12-12 0", "ns 13-13 0", "A 13-13 0", "T 14-14 0",
		"in() 3-3", "out() 8-10", "operator==() 12-12",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestHeaderLanguage tells headers of C from those of C++.
func TestHeaderLanguage(t *testing.T) {
	for _, tt := range []struct {
		src string
		cxx bool
	}{
		{"class A {\n};\n", true},
		{"class EXPORT A;\n", true},
		{"namespace a {\n}\n", true},
		{"template <class T> T max(T a, T b);\n", true},
		{"struct A {\npublic:\n\tint a;\n};\n", true},
		{"#include <vector>\n", true},
		{"using A = int;\n", true},
		{"void f(const Foo &x);\n", true},
		{"struct A : B { };\n", true},
		{"int a(ns::T t);\n", true},
		{"struct A {\n\tvirtual ~A();\n};\n", true},
		{"#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n", false},
		{"int f(void);\nint g(void);\nint h(void);\n#if defined(__cplusplus)\ntemplate <class T> T x(T);\n#endif\nint i(void);\nint j(void);\n", false},
		{"struct device {\n\tint class;\n\tint private, public;\n};\n", false},
		{"static inline int f(struct s *template)\n{\n\tint class = 0;\n\tclass = g(template);\n\tnamespace(class);\n\treturn a ? b : c & d;\n}\n", false},
		{"static inline void f(void)\n{\n\tasm volatile(\"nop\" ::\"r\"(x) : \"memory\");\n}\n", false},
		{"#include <linux/types.h>\n/* class A {\n public:\n */\n", false},
	} {
		x := new(extractor)
		x.Extract("a.h", []byte(tt.src), new(lang.Facts))
		if x.cxx != tt.cxx {
			t.Errorf("C++ is %t for\n%s", x.cxx, tt.src)
		}
	}
}

// cxxSample has every construct that the parser treats in its own way.
const cxxSample = `#include <vector>
namespace a::b { inline namespace v { int x{3}; } }
template <typename T, int N = (1 > 0)> class EXPORT Foo final : public Base<T>, private Other<A && B>
{
	OBJECT
	DECLARE(Foo)
public:
	enum class E : int { P = 1, Q } e;
	using Ptr = shared<Foo>; typedef List<List<int>> L;
	explicit Foo(int a, const S &s = S()) : Base<T>(a), m{a} { }
	~Foo() override;
	Foo &operator=(Foo &&) = default;
	operator const char *() const; bool operator<(const Foo &o) const { return m < o.m; }
	friend class X; struct In { int z; void f() { struct Deep { void g() { } } d; } } in;
signals:
	void s(int);
#ifdef Q
	void t() {
#else
	void t(int) {
#endif
	}
	int m : 3, *p = nullptr; void (*cb)(int);
};
template <typename T, int N> Foo<T, N>::~Foo() try { delete p; } catch (...) { }
extern "C" { void c(void); }
auto f(int (&r)[3], Args &&... args) -> decltype(r)
{
	auto l = [this, &x](int q) mutable { return q >> 2; };
	for (const auto &[i, j] : map) new (at) ns::Foo<int>(i)->call<T>(j);
	const char *raw = R"d(" } )d"; long n = 1'000; x = a < b && c > d ? y : ~z;
	static const struct { int k; } tab[] = { { 1 } };
l:	switch (n) { case A::B: goto l; default: return Foo{1}; }
}
TEST(S, N) { }
void (*get(int))(int) { return &A::b; }
`

func TestCxxEveryPrefix(t *testing.T) {
	x := PlusPlus().New()
	var f lang.Facts
	for n := range len(cxxSample) {
		f.Reset()
		x.Extract("x.cpp", []byte(cxxSample[:n]), &f)
		check(t, []byte(cxxSample[:n]), &f)
	}
}

// TestCxxDeep feeds what nests without end, and what makes a parser look ahead
// again and again.
func TestCxxDeep(t *testing.T) {
	for _, piece := range []string{
		"namespace a {", "class a {", "class a : ", "struct a { void f() { ", "a<", "a<b>::", "(", "template <", "enum a : ",
		"using a = ", "void f() { struct a ", "else a b , ", "[](int a) { ", "operator ", "a b{", "x(y) : ", "typedef struct {", "~a::", "R\"(",
		"try : ", "A(", "void (*f(", "case a ? : ", "a = b < ", "new a<", "extern \"C\" {", "friend ", "[[", "#if A\nclass a {\n#else\n",
	} {
		src := []byte(strings.Repeat(piece, 200_000/len(piece)))
		var f lang.Facts
		PlusPlus().New().Extract("x.cpp", src, &f)
		check(t, src, &f)
	}
}

func FuzzExtractCxx(f *testing.F) {
	f.Add([]byte(cxxSample))
	f.Add([]byte("#if 1\nclass A {\n#else\n}}))]]>>\n#endif\n{([<\n"))
	f.Add([]byte("template<operator<R\"(\nA::~A(){[]("))
	f.Fuzz(func(t *testing.T, src []byte) {
		var a, b lang.Facts
		PlusPlus().New().Extract("x.cpp", src, &a)
		check(t, src, &a)
		PlusPlus().New().Extract("x.cpp", src, &b)
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal("not deterministic: " + d)
		}
		a.Reset()
		Language().New().Extract("x.h", src, &a)
		check(t, src, &a)
	})
}
