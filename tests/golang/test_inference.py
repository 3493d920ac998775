import pytest

from analyzers.golang.types.types import Named, Signature, Slice, TypeParam, show

from .model import index_of, probed, shown


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("1", "untyped int"),
        ('"x"', "untyped string"),
        ("nil", "untyped nil"),
        ("a", "int"),
        ("a + 1", "int"),
        ("1 + 2.5", "untyped float"),
        ("a == 1", "untyped bool"),
        ("a << 2", "int"),
        ("1 << a", "untyped int"),
        ("t", "example.com/m/p.T"),
        ("&t", "*example.com/m/p.T"),
        ("pt.A", "int"),
        ("*pt", "example.com/m/p.T"),
        ("(*pt).A", "int"),
        ("ts", "[]example.com/m/p.T"),
        ("ts[0]", "example.com/m/p.T"),
        ("ts[1:2]", "[]example.com/m/p.T"),
        ("arr[:]", "[]string"),
        ("&arr[0]", "*string"),
        ("m[1]", "*example.com/m/p.T"),
        ("s[0]", "uint8"),
        ("s[1:]", "string"),
        ("<-ch", "example.com/m/p.T"),
        ("i.(T)", "example.com/m/p.T"),
        ("i.(*T).A", "int"),
        ("T{}", "example.com/m/p.T"),
        ("&T{A: 1}", "*example.com/m/p.T"),
        ("[]T{{A: 1}}", "[]example.com/m/p.T"),
        ("[...]int{1, 2, 3}", "[3]int"),
        ('map[string]T{"a": {}}', "map[string]example.com/m/p.T"),
        ("new(T)", "*example.com/m/p.T"),
        ("make(map[string][]T)", "map[string][]example.com/m/p.T"),
        ("make(chan<- T, 3)", "chan<- example.com/m/p.T"),
        ("append(ts, t)", "[]example.com/m/p.T"),
        ("len(ts)", "int"),
        ("[]byte(s)", "[]uint8"),
        ("T(t)", "example.com/m/p.T"),
        ("(*T)(pt)", "*example.com/m/p.T"),
        ("MyMap(nil)[s]", "example.com/m/p.T"),
        ("string(s)", "string"),
        ("one()", "example.com/m/p.T"),
        ("two()", "(example.com/m/p.T, error)"),
        ("t.Method(1)", "*example.com/m/p.T"),
        ("t.Method", "func(int) (*example.com/m/p.T)"),
        ("t.Method(1).Method(2).A", "int"),
        ("(*T).Method", "func(*example.com/m/p.T, int) (*example.com/m/p.T)"),
        ("T.Value", "func(example.com/m/p.T) (string)"),
        ("t.F(2)", "bool"),
        ("func(x int) (T, error) { return t, nil }", "func(int) (example.com/m/p.T, error)"),
        ("func() *T { return nil }()", "*example.com/m/p.T"),
        ("c", "example.com/m/p.Kind"),
        ("global", "*example.com/m/p.T"),
        ("globals[0].A", "int"),
        ("variadic", "[]string"),
        ("err.Error()", "string"),
        ("unknown", "?"),
        ("unknown.A", "?"),
        ("t.unknown", "?"),
        ("anonymous.x", "string"),
        ("nested[0].y", "int"),
        ("-a", "int"),
        ("!ok", "bool"),
        ("s + s + s", "string"),
    ],
)
def test_type_of_an_expression(expression: str, type_: str) -> None:
    source = f"""
type T struct {{ A int; F func(int) bool }}
type MyMap map[string]T
type Kind string
const c Kind = "c"
var global = &T{{}}
var globals = []T{{}}
var anonymous struct {{ x string }}
var nested = []struct {{ y int }}{{}}
func one() T {{ return T{{}} }}
func two() (T, error) {{ return T{{}}, nil }}
func (t *T) Method(n int) *T {{ return t }}
func (t T) Value() string {{ return "" }}
func f(a int, t T, pt *T, ts []T, arr *[4]string, m map[int]*T, s string, ch chan T, i interface{{}},
	err error, ok bool, variadic ...string) {{
	probe({expression})
}}
"""
    assert shown(source) == [type_]


def test_names_that_a_function_declares() -> None:
    source = """
type T struct { A int }
func pair() (T, error) { return T{}, nil }
func f(ts []T, m map[string]*T, ch chan T, x interface{}) (named int, err error) {
	a, err := pair()
	probe(a)
	probe(err)
	var b, c = 1, "s"
	probe(b)
	probe(c)
	for i, t := range ts {
		probe(i)
		probe(t)
	}
	for k, v := range m {
		probe(k)
		probe(v)
	}
	for t := range ch {
		probe(t)
	}
	for i := range 10 {
		probe(i)
	}
	for i, r := range "text" {
		probe(i)
		probe(r)
	}
	v, ok := m["a"]
	probe(v)
	probe(ok)
	t, ok := x.(T)
	probe(t)
	select {
	case got, open := <-ch:
		probe(got)
		probe(open)
	}
	switch y := x.(type) {
	case *T:
		probe(y)
	case T, string:
		probe(y)
	case nil:
		probe(y)
	default:
		probe(y)
	}
	probe(named)
	const k = 1.5
	probe(k)
}
"""
    assert shown(source) == [
        *["example.com/m/p.T", "error", "int", "string"],
        *["int", "example.com/m/p.T"],
        *["string", "*example.com/m/p.T"],
        *["example.com/m/p.T", "int", "int", "int32"],
        *["*example.com/m/p.T", "bool", "example.com/m/p.T"],
        *["example.com/m/p.T", "bool"],
        *["*example.com/m/p.T", "interface{}", "interface{}", "interface{}"],
        *["int", "untyped float"],
    ]


def test_shadowing() -> None:
    source = """
type T struct{}
type U struct{}
func f(x T) {
	probe(x)
	if x := (U{}); true {
		probe(x)
	} else {
		probe(x)
	}
	{
		x := 1
		probe(x)
	}
	probe(x)
	go func(x string) {
		probe(x)
		x, y := 2.5, x
		probe(y)
	}("s")
	for x := range []U{} {
		probe(x)
	}
	x, err := T{}, g()
	probe(x)
	len := func() T { return x }
	probe(len())
	_ = err
}
func g() error { return nil }
"""
    assert shown(source) == [
        *["example.com/m/p.T", "example.com/m/p.U", "example.com/m/p.U", "int", "example.com/m/p.T"],
        *["string", "string", "int", "example.com/m/p.T", "example.com/m/p.T"],
    ]


def test_a_variable_named_again_keeps_its_type() -> None:
    source = """
type Concrete struct{}
func one() (int, *Concrete) { return 0, nil }
func f() {
	var x interface{}
	n, x := one()
	probe(x)
	if n, x := one(); true {
		probe(x)
	}
}
"""
    assert shown(source) == ["interface{}", "*example.com/m/p.Concrete"]


def test_a_variable_named_like_an_import() -> None:
    source = """
import "example.com/m/other"
type T struct { Name bool }
func f() {
	probe(other.Name)
	other := T{}
	probe(other.Name)
}
"""
    assert shown(source, other="package other\nvar Name string\n") == ["string", "bool"]


def test_other_packages() -> None:
    source = """
import (
	alias "example.com/m/other"
	. "example.com/m/dotted"
	"example.com/m/real-name"
	"not/here"
)
func f(p *alias.Thing, there here.Type) {
	probe(p.Name)
	probe(alias.New())
	probe(alias.Default)
	probe(alias.Thing{}.Inner().Value)
	probe(Dotted())
	probe(DottedType{})
	probe(actual.Get())
	probe(there)
	probe(here.Get())
	alias := 1
	probe(alias)
}
"""
    index = index_of(
        {
            "p/p.go": f"package p\n{source}",
            "other/a.go": """package other
import inner "example.com/m/inner"
type Thing struct { Name string }
var Default = New()
func New() *Thing { return nil }
func (t Thing) Inner() inner.T { return inner.T{} }
""",
            "inner/a.go": "package inner\ntype T struct { Value []T }\n",
            "dotted/a.go": "package dotted\ntype DottedType int\nfunc Dotted() DottedType { return 0 }\n",
            "real-name/a.go": "package actual\nfunc Get() bool { return true }\n",
        }
    )
    assert [show(type_) for type_ in probed(index)] == [
        *["string", "*example.com/m/other.Thing", "*example.com/m/other.Thing", "[]example.com/m/inner.T"],
        *["example.com/m/dotted.DottedType", "example.com/m/dotted.DottedType", "bool"],
        *["not/here.Type", "?", "int"],
    ]


def test_embedding() -> None:
    source = """
type Base struct { ID int; Shared string }
func (b *Base) Touch() error { return nil }
type Lister interface { List() []string; Walker }
type Walker interface { Walk() Base }
type Outer struct { *Base; Lister; Shared bool }
type Deep struct { Outer }
type Shadow struct { Deep; ID string }
func f(o Outer, d *Deep, s Shadow, l Lister) {
	probe(o.ID)
	probe(o.Shared)
	probe(o.Base)
	probe(o.Touch())
	probe(o.List())
	probe(o.Walk().ID)
	probe(d.ID)
	probe(d.Touch())
	probe(s.ID)
	probe(s.Walk())
	probe(l.Walk())
}
"""
    assert shown(source) == [
        *["int", "bool", "*example.com/m/p.Base", "error", "[]string", "int"],
        *["int", "error", "string", "example.com/m/p.Base", "example.com/m/p.Base"],
    ]


def test_aliases_are_followed() -> None:
    source = """
import "example.com/m/other"
type Alias = other.Alias
type Slice = []Alias
func f(a Alias, s Slice, m map[Alias]*other.Alias) {
	probe(a)
	probe(s)
	probe(m)
	probe(a.Name)
}
"""
    other = "package other\ntype Thing struct { Name string }\ntype Alias = Thing\n"
    assert shown(source, other=other) == [
        "example.com/m/other.Thing",
        "[]example.com/m/other.Thing",
        "map[example.com/m/other.Thing]*example.com/m/other.Thing",
        "string",
    ]


def test_generics() -> None:
    source = """
type Set[T comparable] map[T]struct{}
func NewSet[T comparable](items ...T) Set[T] { return nil }
func (s Set[T]) List() []T { return nil }
func (s Set[E]) Pop() (E, bool) { return nil, false }
type Pair[K comparable, V any] struct { Key K; Value []V; Next *Pair[K, V] }
func Map[A, B any](in []A, f func(A) B) []B { return nil }
func First[S ~[]E, E any](s S) E { return s[0] }
type Object interface { GetName() string }
type Holder[T Object] struct { Items []T }
func (h *Holder[T]) Get() T {
	for _, item := range h.Items {
		probe(item.GetName())
	}
	return h.Items[0]
}
type Mine struct{ Pair[string, int] }
type Mines []Mine
func (m *Mine) GetName() string { return "" }
func generic[T Object](t T) { probe(t.GetName()) }
func f(s Set[string], p *Pair[int, string], h Holder[*Mine], m Mine, ms Mines) {
	probe(s.List())
	probe(NewSet[int](1).List())
	probe(NewSet("a", "b"))
	x, ok := s.Pop()
	probe(x)
	probe(p.Value)
	probe(p.Next.Key)
	probe(Map([]string{}, func(s string) Mine { return Mine{} }))
	probe(Map[int, bool](nil, nil))
	probe(h.Get())
	probe(m.Value)
	probe(First(ms))
	probe(First[Mines, Mine](nil))
	for k := range s {
		probe(k)
	}
	_ = ok
}
"""
    assert shown(source) == [
        *["string", "string"],
        *["[]string", "[]int", "example.com/m/p.Set[string]", "string", "[]string", "int"],
        *["[]example.com/m/p.Mine", "[]bool", "*example.com/m/p.Mine", "[]int"],
        *["example.com/m/p.Mine", "example.com/m/p.Mine", "string"],
    ]


def test_types_declared_in_functions() -> None:
    source = """
type local struct { A bool }
func f() {
	type local struct { A int }
	x := local{}
	probe(x.A)
	probe(g().A)
}
func g() local { return local{} }
"""
    assert shown(source) == ["int", "bool"]


def test_iterators() -> None:
    source = """
import ("iter"; "maps"; "slices")
type T struct { m map[string][]int }
func (t *T) All() iter.Seq2[string, *T] { return nil }
func walk(yield func(int, error) bool) {}
func f(t *T) {
	for k, v := range t.All() {
		probe(k)
		probe(v)
	}
	for n, err := range walk {
		probe(n)
		probe(err)
	}
	for k := range maps.Keys(t.m) {
		probe(k)
	}
	probe(slices.Sorted(maps.Keys(t.m)))
}
"""
    assert shown(source) == ["string", "*example.com/m/p.T", "int", "error", "string", "[]string"]


def test_standard_library() -> None:
    source = """
import ("context"; "net/http"; "sync"; "time"; "os")
func f(r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	probe(ctx)
	probe(cancel)
	probe(time.Now().Add(time.Minute).Sub(time.Time{}))
	probe(2 * time.Second)
	probe(r.URL.Query().Get("x"))
	probe(time.After(1))
	info, err := os.Stat("x")
	probe(info.Mode())
	probe(&sync.Mutex{})
	probe(time.NoSuchThing)
}
"""
    assert shown(source) == [
        *["context.Context", "context.CancelFunc", "time.Duration", "time.Duration", "string", "<-chan time.Time"],
        *["io/fs.FileMode", "*sync.Mutex", "?"],
    ]


def test_what_depends_on_itself_is_unknown_and_ends() -> None:
    source = """
type A struct { B }
type B struct { *A }
type L = M
type M = L
type I interface { J }
type J interface { I }
var x, y = y, x
func f(a A, i I, l L) {
	z := z
	probe(a.missing)
	probe(i.missing())
	probe(x)
	probe(z)
	probe(l.missing)
}
"""
    assert shown(source) == ["?"] * 5


def test_an_external_package_answers_for_what_is_not_in_the_tree() -> None:
    class Client:
        def member(self, named, name):
            if named.name == "Set" and name == "List":
                return Signature((), (Slice(named.args[0] if named.args else None),))
            return Named("ext/api", "Pods") if (named.path, name) == ("ext/api", "Client") else None

        def lookup(self, path, name):
            if name == "Of":
                return Signature((Slice(TypeParam("T")),), (Named(path, "Set", (TypeParam("T"),)),), True, ("T",))
            return Signature((), (Named(path, "Client"),)) if name == "New" else None

    source = """package p
import "ext/api"
type Wrapper struct { api.Client }
func f(w *Wrapper) {
	probe(api.New())
	probe(api.Missing())
	probe(w.Client)
	probe(api.Of("a").List())
	probe(api.Of[int]().List())
}
"""
    index = index_of({"p/p.go": source}, Client())
    assert [show(type_) for type_ in probed(index)] == ["ext/api.Client", "?", "ext/api.Client", "[]string", "[]int"]


@pytest.mark.parametrize(
    "expression",
    [
        " + ".join(["a"] * 2000),
        "a" + ".b" * 2000,
        "f(" * 400 + ")" * 400,
        "*" * 2000 + "a",
        "a" + ".m()" * 2000,
        "(" * 400 + "a" + ")" * 400,
        "[]" * 400 + "int{}",
        "&" + "*&" * 1000 + "a",
    ],
)
def test_deep_expressions_end_without_an_overflow(expression: str) -> None:
    shown(f"func f(a string) string {{\n\tprobe({expression})\n\treturn a\n}}\n")


def test_a_long_sum_keeps_its_type() -> None:
    assert shown(f"func f(a string) {{\n\tprobe({' + '.join(['a'] * 2000)})\n}}\n") == ["string"]
