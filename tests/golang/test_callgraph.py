from analyzers.golang.callgraph import CallGraph

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
