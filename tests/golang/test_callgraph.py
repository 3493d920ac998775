import pytest

from analyzers.golang.callgraph import CallGraph
from analyzers.golang.naming import Work

from .model import index_of

FILES = {
    "p/a.go": """package p

import (
	"example.com/m/q"
	"example.com/m/wait"
)

type Controller struct {
	queue  []string
	client q.Client
	syncHandler func(key string) error
}

func (c *Controller) Run(stop chan struct{}) {
	go wait.Until(c.sync, 10, stop)
	for {
		c.sync()
	}
}

func (c *Controller) sync() {
	for _, key := range c.queue {
		func() {
			c.syncOne(key)
		}()
	}
	q.Register(q.Handlers{OnAdd: c.onAdd})
	c.syncHandler = c.syncOne
}

func (c *Controller) syncOne(key string) error { return c.client.Fetch(key) }
func (c *Controller) onAdd(o interface{})      { go helper() }
func (c *Other) sync()                         {}
func (c *Other) use(d *Controller)             { c.sync() }

type Other struct{}

func helper() {}

var start = func() { helper() }

func shadows(helper func()) { helper() }
""",
    "q/a.go": """package q

type Client interface {
	Fetch(key string) error
	Close()
}
type Handlers struct { OnAdd func(o interface{}) }
func Register(h Handlers) {}
type Real struct{}
func (r *Real) Fetch(key string) error { return nil }
func (r *Real) Close()                 {}
type NoClient struct{}
func (n *NoClient) Fetch(key string) error { return nil }
""",
    "wait/a.go": "package wait\nfunc Until(f func(), period int, stop chan struct{}) { f() }\n",
}


def graph_and(key, path="p/a.go"):
    index = index_of(FILES)
    file = index.file(path)
    assert file is not None
    function = file.function(key)
    assert function is not None
    return CallGraph(index, ["example.com/m/p", "example.com/m/q", "example.com/m/wait"]), function


def test_callers_of_a_method_and_what_surrounds_the_calls() -> None:
    graph, function = graph_and("Controller.sync")
    sites = graph.callers(function)
    assert [(site.caller.key, site.kind, site.line) for site in sites] == [
        ("Controller.Run", "call", 17),
        ("Controller.Run", "value", 15),
    ]
    called, handed = sites
    assert [loop.kind for loop in called.loops] == ["infinite"]
    assert handed.call is not None
    assert (handed.call.name, handed.argument, handed.go) == ("Until", 0, True)
    assert graph.key(function) == "example.com/m/p.Controller.sync"


def test_callers_through_closures_and_assignments() -> None:
    graph, function = graph_and("Controller.syncOne")
    called, assigned = graph.callers(function)
    assert (called.kind, called.loops[0].value, called.closures[0].role) == ("call", "key", "called")
    assert (assigned.kind, assigned.key, assigned.call) == ("value", "c.syncHandler", None)


def test_a_function_under_a_key_of_a_literal() -> None:
    graph, function = graph_and("Controller.onAdd")
    (site,) = graph.callers(function)
    assert (site.kind, site.key, site.caller.key) == ("value", "OnAdd", "Controller.sync")


def test_goroutines_and_initial_values() -> None:
    graph, function = graph_and("helper")
    assert [(site.caller.key, site.kind, site.go) for site in graph.callers(function)] == [
        ("Controller.onAdd", "call", True),
        ("start", "call", False),
    ]


def test_through_an_interface_it_may_be_any_that_has_all_its_methods() -> None:
    graph, function = graph_and("Real.Fetch", "q/a.go")
    assert [(site.caller.key, site.kind) for site in graph.callers(function)] == [("Controller.syncOne", "may")]
    graph, function = graph_and("NoClient.Fetch", "q/a.go")
    assert graph.callers(function) == []


def test_callees() -> None:
    graph, function = graph_and("Controller.sync")
    assert [(site.callee.key, site.kind) for site in graph.callees(function)] == [
        ("Controller.syncOne", "call"),
        ("Register", "call"),
    ]
    graph, function = graph_and("Controller.syncOne")
    assert [(site.callee.key, site.kind) for site in graph.callees(function)] == [("Real.Fetch", "may")]


def test_only_functions_that_name_it_are_parsed() -> None:
    files = {f"p/f{number}.go": f"package p\nfunc F{number}() {{ other() }}\n" for number in range(50)}
    index = index_of({**files, "p/a.go": "package p\nfunc wanted() {}\nfunc caller() { wanted() }\n"})
    file = index.file("p/a.go")
    assert file is not None
    wanted = file.function("wanted")
    assert wanted is not None
    graph = CallGraph(index, [index.package_of("p/a.go")])
    assert [site.caller.key for site in graph.callers(wanted)] == ["caller"]
    untouched = index.file("p/f1.go")
    assert untouched is not None
    assert untouched._nodes == {}


PROGRAM: dict[str, str | bytes] = {
    "lib/lib.go": """package lib
type Store struct{}
func (s *Store) Get(key string) string { return key }
func (s *Store) drop() {}
func Open() *Store { return &Store{} }
func closed() {}
""",
    "a/a.go": """package a
import "example.com/m/lib"
func Opens() *lib.Store { return lib.Open() }
func GetPods() {}
func closed() {}
func calls() { closed() }
""",
    # Gets at a Store without an import of its package.
    "b/b.go": """package b
import "example.com/m/a"
func Uses() { a.Opens().Get("x") }
func Other() { a.GetPods() }
""",
    "c/c.go": "package c\nfunc Open() {}\nfunc own() { Open() }\n",
}


def program(**more: str):
    return index_of({**PROGRAM, **{f"{name}.go": source for name, source in more.items()}})


def callers(index, path, key, **given):
    return CallGraph(index, **given).callers(index.file(path).function(key))


@pytest.mark.parametrize(
    ("key", "expected"),
    [("Open", ["a/a.go Opens"]), ("Store.Get", ["b/b.go Uses"]), ("closed", []), ("Store.drop", [])],
)
def test_callers_anywhere_in_the_program(key, expected) -> None:
    found = callers(program(), "lib/lib.go", key)
    assert [f"{site.caller.file.path} {site.caller.key}" for site in found] == expected
    assert found.complete


def test_only_functions_that_name_it_as_a_whole_word_are_parsed() -> None:
    index = program()
    assert callers(index, "lib/lib.go", "Store.Get")
    file = index.file("b/b.go")
    parsed = [region.name for region in file.regions if region.start in file._nodes]
    assert "Uses" in parsed
    assert "Other" not in parsed
    # What is not exported is asked of no other package.
    index = program()
    assert callers(index, "lib/lib.go", "closed") == []
    assert "a/a.go" not in index._files


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("d/d_test.go", ""),
        ("d/d.go", 'import "testing"\nfunc given(t *testing.T) {}\n'),
        ("d/d.go", 'import "k8s.io/client-go/testing"\n'),
        ("d/d.go", 'import "go.uber.org/mock/gomock"\n'),
    ],
)
def test_code_for_tests_is_no_caller(path, header) -> None:
    code = f'package d\nimport "example.com/m/lib"\n{header}func Helper() {{ lib.Open() }}\n'
    assert [site.caller.key for site in callers(index_of({**PROGRAM, path: code}), "lib/lib.go", "Open")] == ["Opens"]
    control = index_of({**PROGRAM, "d/d.go": code.replace(header, "")})
    assert len(callers(control, "lib/lib.go", "Open")) == 2


def test_code_that_asks_whether_it_is_tested_is_a_caller() -> None:
    code = 'package d\nimport "example.com/m/lib"\nimport "testing"\nvar tested = testing.Testing()\n'
    program = index_of({**PROGRAM, "d/d.go": code + "func Run() { lib.Open() }\n"})
    assert len(callers(program, "lib/lib.go", "Open")) == 2


def test_a_search_that_is_given_up_says_so() -> None:
    many = {
        f"m{number}/m": f'package m{number}\nimport "example.com/m/lib"\nfunc f() {{ lib.Open() }}\n'
        for number in range(20)
    }
    index = program(**many)
    cut = callers(index, "lib/lib.go", "Open", work=Work(question=10, total=100))
    assert 0 < len(cut) < 21
    assert not cut.complete
    whole = callers(index, "lib/lib.go", "Open", work=Work(question=100, total=100))
    assert len(whole) == 21
    assert whole.complete
    # The budget of all questions together.
    graph = CallGraph(index, work=Work(question=100, total=42))
    assert graph.callers(index.file("lib/lib.go").function("Open")).complete
    assert not graph.callers(index.file("lib/lib.go").function("Store.Get")).complete


def test_a_file_that_cannot_be_read_may_hold_a_caller() -> None:
    index = program(large="package m\n" + "//" * (4 << 20))
    assert not callers(index, "lib/lib.go", "Open").complete
    assert callers(index, "lib/lib.go", "closed").complete


def test_implementations_anywhere_in_the_program() -> None:
    index = program(
        **{
            "i/i": "package i\ntype Getter interface { Get(key string) string; Put() }\nfunc Use(g Getter) { g.Get(``) }\n",
            "j/j": "package j\ntype T struct{}\nfunc (t T) Get(key string) string { return key }\nfunc (t T) Put() {}\n",
        }
    )
    (site,) = CallGraph(index).callees(index.file("i/i.go").function("Use"))
    assert (site.callee.file.path, site.callee.key, site.kind) == ("j/j.go", "T.Get", "may")
    # Only where all methods are named is a method looked for.
    assert "lib/lib.go" not in index._files


@pytest.mark.parametrize(
    ("signature", "stands_behind"),
    [
        ("(key string, o interface{}) (*lib.Store, error)", True),
        ("(key string, o any) (*lib.Store, error)", True),
        ("(name string, o any) (*Alias, error)", True),
        ("(key int, o any) (*lib.Store, error)", False),
        ("(key string, o string) (*lib.Store, error)", False),
        ("(key string, o any) (lib.Store, error)", False),
        ("(key string, o any) ([]*lib.Store, error)", False),
        ("(key string, o any) (*lib.Store, bool)", False),
        ("(key string, o any) *lib.Store", False),
        ("(key string, o any, more int) (*lib.Store, error)", False),
    ],
)
def test_a_method_stands_behind_an_interface_only_with_its_signature(signature, stands_behind) -> None:
    index = program(
        **{
            "i/i": """package i
import "example.com/m/lib"
type getter interface { Fetch(key string, o interface{}) (*lib.Store, error) }
func use(g getter) { g.Fetch("", nil) }
""",
            "j/j": f"""package j
import "example.com/m/lib"
type Alias = lib.Store
type T struct{{}}
func (t *T) Fetch{signature} {{ return nil, nil }}
""",
        }
    )
    assert bool(callers(index, "j/j.go", "T.Fetch")) is stands_behind
    assert bool(CallGraph(index).callees(index.file("i/i.go").function("use"))) is stands_behind
