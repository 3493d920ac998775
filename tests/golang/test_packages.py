import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.facts.declaration import Function, TypeDeclaration, Value
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program.tree import Unreadable
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Interface, Map, Named, Pointer, Struct, show

from .model import index_of


def test_lookup_of_each_kind_of_declaration() -> None:
    index = index_of(
        {
            "p/a.go": "package p\ntype T struct{}\n",
            "p/b.go": "package p\nfunc F() {}\nvar V = 1\nconst C = 2\n",
            "p/b_test.go": "package p\nfunc OnlyInTests() {}\n",
        }
    )
    assert isinstance(index.lookup("example.com/m/p", "T"), TypeDeclaration)
    assert isinstance(index.lookup("example.com/m/p", "F"), Function)
    assert isinstance(index.lookup("example.com/m/p", "V"), Value)
    assert isinstance(index.lookup("example.com/m/p", "C"), Value)
    assert index.lookup("example.com/m/p", "OnlyInTests") is None
    assert index.lookup("example.com/m/p", "a") is None
    assert index.package("example.com/m/absent") is None


def test_a_test_file_sees_its_own_names() -> None:
    index = index_of(
        {
            "p/a.go": "package p\n",
            "p/a_test.go": "package p\ntype fake struct{ n int }\nfunc f(x fake) { probe(x.n) }\n",
        }
    )
    file = index.file("p/a_test.go")
    assert file is not None
    assert file.test
    call = file.functions[0].calls[0]
    named = index.type_of(call.arguments[0].child_by_field_name("operand"), file, file.functions[0])
    assert show(named) == "example.com/m/p.fake"


@pytest.mark.parametrize(
    ("name", "head"),
    [("b_windows.go", ""), ("b.go", "//go:build windows\n\n"), ("b.go", "// +build !linux\n\n"), ("b_arm64.go", "")],
)
@pytest.mark.parametrize("first", ["a_", "z_"])
def test_what_linux_on_amd64_builds_counts(name: str, head: str, first: str) -> None:
    index = index_of(
        {
            f"p/{first}{name}": f"{head}package p\nfunc F() string\nfunc Only()\ntype T int\nfunc (T) M() string",
            "p/m_linux.go": "package p\nfunc F() int\ntype T string\nfunc (T) M() int",
        }
    )
    found = index.lookup("example.com/m/p", "F")
    assert isinstance(found, Function)
    assert found.file.path == "p/m_linux.go"
    assert show(index.underlying(Named("example.com/m/p", "T"))) == "string"
    package = index.package("example.com/m/p")
    assert package is not None
    assert package.methods("T")["M"].file.path == "p/m_linux.go"
    method = package.method("T", "M")
    assert method is not None
    assert method.file.path == "p/m_linux.go"
    # What no file for linux declares is still found.
    assert index.lookup("example.com/m/p", "Only") is not None


def test_underlying() -> None:
    index = index_of(
        {
            "p/a.go": """package p
import "example.com/m/q"
type A struct { X int; q.B; *C }
type C B
type B map[string]A
type I interface { M(); error }
""",
            "q/a.go": "package q\ntype B struct{}\n",
        }
    )
    path = "example.com/m/p"
    struct = index.underlying(Named(path, "A"))
    assert isinstance(struct, Struct)
    assert [(field.name, show(field.type), field.embedded) for field in struct.fields] == [
        ("X", "int", False),
        ("B", "example.com/m/q.B", True),
        ("C", "*example.com/m/p.C", True),
    ]
    assert isinstance(index.underlying(Named(path, "C")), Map)
    assert isinstance(index.underlying(Named("", "error")), Interface)
    assert index.underlying(Named("not/here", "T")) is None
    assert index.underlying(Pointer(Named(path, "A"))) == Pointer(Named(path, "A"))


def test_members_say_where_they_come_from() -> None:
    index = index_of(
        {
            "p/a.go": """package p
type Base struct { N int }
func (b *Base) Touch(n int) error { return nil }
type Outer struct { *Base; I }
type I interface { List() []string }
"""
        }
    )
    outer = Named("example.com/m/p", "Outer")
    field = index.member(outer, "N")
    assert field is not None
    assert (field.kind, show(field.type), field.through, show(field.owner)) == (
        "field",
        "int",
        ("Base",),
        "example.com/m/p.Base",
    )
    method = index.member(Pointer(outer), "Touch")
    assert method is not None
    assert (method.kind, show(method.type)) == ("method", "func(int) (error)")
    assert method.declaration is not None
    assert method.declaration.key == "Base.Touch"
    promoted = index.member(outer, "List")
    assert promoted is not None
    assert (promoted.kind, promoted.declaration, show(promoted.owner)) == ("method", None, "example.com/m/p.I")
    assert index.member(outer, "absent") is None
    assert index.member(Pointer(Pointer(outer)), "N") is None
    assert index.methods(outer) == {"Touch", "List"}


def test_an_interface_that_asks_for_a_method() -> None:
    index = index_of(
        {
            "p/a.go": """package p
import "example.com/m/q"
type Strategy struct { Name string; Big [20]int }
func (s Strategy) Validate() error { return nil }
func (s Strategy) Prepare() {}
func (s Strategy) Helper() {}
type Lone struct{}
func (l Lone) Validate() error { return nil }
var _ = q.X
""",
            "q/a.go": """package q
var X = 1
type Checked interface { Preparer; Validate() error }
type Preparer interface { Prepare() }
""",
        }
    )
    file = index.file("p/a.go")
    assert file is not None
    hints = {function.key: show(index.implements_hint(function)) for function in file.functions}
    assert hints == {
        "Strategy.Validate": "example.com/m/q.Checked",
        "Strategy.Prepare": "example.com/m/q.Checked",
        "Strategy.Helper": "?",
        "Lone.Validate": "?",
    }


def test_callee() -> None:
    index = index_of(
        {
            "p/a.go": """package p
import "example.com/m/q"
type T struct{ q.Base }
func (t *T) own() {}
func f(t *T, i interface{ M() }, g func()) {
	local := func() {}
	helper()
	t.own()
	t.Touch()
	q.Make().Touch()
	q.Make()
	i.M()
	g()
	local()
	len("x")
}
func helper() {}
""",
            "q/a.go": "package q\ntype Base struct{}\nfunc Make() *Base { return nil }\nfunc (b *Base) Touch() {}\n",
        }
    )
    file = index.file("p/a.go")
    assert file is not None
    function = file.function("f")
    assert function is not None
    called = [
        (call.name, target.key if (target := index.callee(call, file, function)) else None) for call in function.calls
    ]
    assert called == [
        ("helper", "helper"),
        ("own", "T.own"),
        ("Touch", "Base.Touch"),
        ("Touch", "Base.Touch"),
        ("Make", "Make"),
        ("Make", "Make"),
        ("M", None),
        ("g", None),
        ("local", None),
        ("len", None),
    ]


def test_two_trees_share_the_files_they_have_in_common() -> None:
    facts: dict[str, SourceFile] = {}
    files = {"go.mod": "module m.org/m\n", "p/a.go": "package p\nfunc F() { g() }\n", "p/b.go": "package p\n"}
    base = PackageIndex(MemoryTree(files), facts=facts)
    head = PackageIndex(
        MemoryTree({**files, "p/b.go": "package p\nvar x = 1\n", "q/a.go": files["p/a.go"]}), facts=facts
    )
    assert base.file("p/a.go") is head.file("p/a.go")
    assert base.file("p/b.go") is not head.file("p/b.go")
    # The same content elsewhere belongs to another package.
    copied = head.file("q/a.go")
    assert copied is not None
    assert (copied.path, head.import_path(copied)) == ("q/a.go", "m.org/m/q")


def test_a_file_that_cannot_be_had_is_said_and_the_rest_is_read() -> None:
    class Partial(MemoryTree):
        def read(self, path):
            if path == "p/missing.go":
                raise Unreadable("this clone has no blob 1234")
            return super().read(path)

    index = PackageIndex(
        Partial(
            {"go.mod": "module m.org/m\n", "p/missing.go": "package p\ntype T int\n", "p/z.go": "package p\nvar V T\n"}
        )
    )
    assert isinstance(index.lookup("m.org/m/p", "V"), Value)
    assert index.lookup("m.org/m/p", "T") is None
    assert index.file("p/missing.go") is None
    assert index.skipped == {"p/missing.go": "this clone has no blob 1234"}


def test_a_declaration_that_is_refused_is_said() -> None:
    index = index_of({"p/a.go": f"package p\nvar deep = {'(' * 600}1{')' * 600}\nfunc F() {{}}\n"})
    assert index.lookup("example.com/m/p", "deep") is None
    assert "600 deep" in index.skipped["p/a.go"]
    assert isinstance(index.lookup("example.com/m/p", "F"), Function)


def test_packages_below_a_folder() -> None:
    index = index_of(
        {
            "a/x.go": "package a\n",
            "a/b/x.go": "package b\n",
            "a/testdata/x.go": "package no\n",
            "a/vendor/k.io/v/x.go": "package no\n",
            "a/empty/README": "",
            "c/x.go": "package c\n",
        }
    )
    assert [package.path for package in index.packages("a")] == ["example.com/m/a", "example.com/m/a/b"]
    assert [package.path for package in index.packages()] == ["example.com/m/a", "example.com/m/a/b", "example.com/m/c"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("3", 3),
        ("0x10", 16),
        ("0755", 493),
        ("1_000", 1000),
        ("'a'", 97),
        ("2 + 3*4", 14),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("1 << 10", 1024),
        ("1 << 100000", None),
        ("1 / 0", None),
        ("^0", -1),
        ("6 &^ 2", 4),
        ("(Big)", 1 << 20),
        ("Second", 1),
        ("Fourth", 8),
        ("q.Max * 2", 200),
        ("Typed + 1", 6),
        ("uint32(7)", 7),
        ('len("abc")', 3),
        ("variable", None),
        ("q.Absent", None),
        ("Circular", None),
        ("local", 12),
        ('"text"', None),
    ],
)
def test_constants(expression: str, value: int | None) -> None:
    index = index_of(
        {
            "p/a.go": f"""package p
import "example.com/m/q"
const Big = 1 << 20
const (
	First = iota
	Second
)
const (
	_ = 1 << iota
	_
	_
	Fourth
)
const Typed Kind = 5
const Circular = Circular + 1
type Kind int
var variable = 3
func f() {{
	const local = 3 * 4
	probe({expression})
}}
""",
            "q/a.go": "package q\nconst Max = 100\n",
        }
    )
    file = index.file("p/a.go")
    assert file is not None
    function = file.functions[0]
    assert index.constant(function.calls[0].arguments[0], file, function) == value


def test_a_megabyte_of_generated_methods_is_read_only_for_one_of_them() -> None:
    index = index_of(
        {
            "p/types.go": "package p\ntype T struct { Meta }\ntype Meta struct { Name string }\n",
            "p/generated.pb.go": "package p\nfunc (m *T) Marshal() (data []byte, err error)\n",
            "p/zz_generated.deepcopy.go": "package p\nfunc (in *T) DeepCopy() *T\n",
        }
    )
    named = Named("example.com/m/p", "T")

    def result(name: str) -> str:
        member = index.member(named, name)
        assert member is not None
        return show(member.type)

    assert result("Name") == "string"
    assert [path for path in ("p/generated.pb.go", "p/zz_generated.deepcopy.go") if path in index._files] == []
    assert result("Marshal") == "func() ([]uint8, error)"
    assert result("DeepCopy") == "func() (*example.com/m/p.T)"


def test_an_interface_of_another_package_is_not_searched_for_in_comments() -> None:
    index = index_of(
        {"p/a.go": "package p\n// interface { in a comment\ntype T struct{}\ntype I interface{ M() }\ntype F func()\n"}
    )
    package = index.package("example.com/m/p")
    assert package is not None
    assert list(package.interfaces) == ["I"]
