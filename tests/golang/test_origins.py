"""Where a value comes from: through assignments, fields, parameters, returns, closures and interfaces, in the whole program."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.callgraph import CallGraph
from analyzers.golang.facts import syntax
from analyzers.golang.origins import ELEMENT, Origins, Sources
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place

A, B = ("constant", '"a"'), ("constant", '"b"')
MOD = "module example.org/m\n"


def sources(files: dict[str, str], path: str = "a/a.go", access: tuple[str, ...] = ()) -> Sources:
    """The origins of the argument of the call of mark() in the file at `path`."""
    index = PackageIndex(MemoryTree({"go.mod": MOD, **files}))
    file = index.file(path)
    assert file is not None
    for function in file.functions:
        for call in function.calls:
            if call.name == "mark":
                graph = CallGraph(index)
                return Origins(index, graph.callers).of(Place(index, file, function), call.arguments[0], access)
    raise AssertionError("nothing is marked")


def told(files: dict[str, str] | str, **given) -> set[tuple[str, str]]:
    """Kind and text of each origin."""
    found = sources({"a/a.go": files} if isinstance(files, str) else files, **given)
    assert found.complete
    return {(origin.kind, syntax.text(origin.node)) for origin in found.origins}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("func f() { x := make(map[string]int); mark(x) }", {("made", "make(map[string]int)")}),
        ("func f() { x := \"a\"; x = \"b\"; mark(x) }", {B}),
        ("func f(y bool) { x := \"a\"; if y { x = \"b\" }; mark(x) }", {A, B}),
        ("func f(y bool) { x := \"a\"; if y { x = \"b\"; mark(x) } }", {B}),
        ("func f() { x := \"a\"; for { mark(x); x = \"b\" } }", {A, B}),
        ("func f() { x := \"a\"; g := func() { x = \"b\" }; g(); mark(x) }", {A, B}),
        ("func f() { x := \"a\"; mark(x); x = \"b\" }", {A}),
        ("func f() { x := \"a\"; for { func() { mark(x) }(); x = \"b\" } }", {A, B}),
        ("func f(s string) { s = \"b\"; mark(s) }\nfunc g() { f(\"a\") }", {B}),
        ("func f() { if x := g(); x { mark(x) } }\nfunc g() bool { return true }", {("constant", "true")}),
        ("type T struct{ s string }\nfunc f() { t := &T{s: \"a\"}; t.s = \"b\"; mark(t.s) }", {A, B}),
        ("type T struct{ s string }\nfunc f() { t := T{\"a\"}; mark(t.s) }", {A}),
        ("func f() { g(\"a\"); g(\"b\") }\nfunc g(s string) { mark(s) }", {A, B}),
        ("func f() { g(\"a\", \"b\") }\nfunc g(s ...string) { for _, one := range s { mark(one) } }", {A, B}),
        ("func f() { _, s := g(); mark(s) }\nfunc g() (int, string) { return 1, \"a\" }", {A}),
        ("func f() { mark(g()) }\nfunc g() (s string) { s = \"a\"; return }", {A}),
        ("func f() { mark(id(\"a\")); id(\"b\") }\nfunc id(s string) string { return s }", {A}),
        ("func f() { for _, x := range []string{\"a\", \"b\"} { mark(x) } }", {A, B}),
        ("func f() { m := map[string]string{}; m[\"k\"] = \"a\"; mark(m[\"k\"]) }", {("made", "map[string]string{}"), A}),
        ("func f() { func(s string) { mark(s) }(\"a\") }", {A}),
        ("func F(s string) { mark(s) }", {("parameter", "s")}),
        ("var v = \"a\"\nfunc f() { mark(v) }\nfunc g() { v = \"b\" }", {A, B}),
        ("func f(p *string) { q := &p; mark(*q) }\nfunc g() { s := \"a\"; f(&s) }", {A, ("filled", "&s")}),
    ],
)  # fmt: skip
def test_origins_in_one_package(code: str, expected: set[tuple[str, str]]) -> None:
    assert told("package a\n" + code) == expected


LIB = "package lib\n\ntype Reader interface{ Read() string }\n"


def test_a_field_is_followed_to_a_constructor_in_another_package() -> None:
    files = {
        "lib/lib.go": LIB
        + "func New(s string) *T { return &T{s: s} }\n\ntype T struct{ s string }\n\nfunc (t *T) Run() { mark(t.s) }\n",
        "cmd/main.go": 'package main\nimport "example.org/m/lib"\nfunc main() { lib.New("a").Run() }\n',
    }
    assert told(files, path="lib/lib.go") == {A}


def test_what_a_call_returns_is_that_call_s_argument_and_no_other_s() -> None:
    code = 'package a\nfunc wrap(s string) string { return s }\nfunc f() { mark(wrap("a")) }\nfunc g() { wrap("b") }\n'
    assert told(code) == {A}


def test_an_interface_is_followed_to_what_implements_it() -> None:
    files = {
        "lib/lib.go": LIB + "func F(r Reader) { mark(r.Read()) }\n",
        "impl/impl.go": 'package impl\ntype File struct{}\nfunc (f *File) Read() string { return "a" }\n',
    }
    assert told(files, path="lib/lib.go") == {A}


def test_a_variable_that_is_filled_by_a_call_is_told_with_the_call() -> None:
    found = sources({"a/a.go": "package a\nfunc f(c client) { var list []int; c.List(&list); mark(list) }\n"})
    assert {origin.kind for origin in found.origins} == {"made", "filled"}
    filled = next(origin for origin in found.origins if origin.kind == "filled")
    assert filled.call is not None
    assert (filled.call.name, filled.number) == ("List", 0)


def test_steps_to_a_part_are_kept_where_the_whole_comes_from() -> None:
    found = sources({"a/a.go": 'package a\nimport "other"\nfunc f() { x := other.Get(); mark(x.Spec.Items[0]) }\n'})
    assert [(origin.kind, origin.access) for origin in found.origins] == [("call", ("Spec", "Items", ELEMENT))]


def test_the_way_names_the_lines() -> None:
    found = sources({"a/a.go": "package a\nfunc f() {\n\tx := make([]int, 1)\n\ty := x\n\tmark(y)\n}\n"})
    assert [line for _, line in found.origins[0].way] == [5, 4, 3]


def test_what_goes_in_circles_ends() -> None:
    assert told('package a\nfunc f(s string) string { mark(s); return f(s) }\nfunc g() { f("a") }\n') == {
        ("constant", '"a"')
    }


def test_an_answer_that_a_budget_cuts_short_says_so() -> None:
    calls = "".join(f'func g{number}() {{ f("{number}") }}\n' for number in range(40))
    found = sources({"a/a.go": "package a\nfunc f(s string) { mark(s) }\n" + calls})
    assert not found.complete
