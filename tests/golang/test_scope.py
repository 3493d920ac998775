from analyzers.golang.types.scope import scope
from analyzers.golang.types.types import show

from .model import index_of

SOURCE = """package p

import (
	"fmt"
	. "example.com/m/dotted"
)

type T struct{}

var global T

func (t *T) f(x int) (err error) {
	for _, x := range []string{} {
		use(x)
	}
	fmt := 1
	use(x)
	return nil
}

func use(v interface{}) {}
"""


def test_what_names_mean_at_a_line() -> None:
    index = index_of({"p/p.go": SOURCE, "dotted/a.go": "package dotted\nfunc Dotted() bool { return true }\n"})
    file = index.file("p/p.go")
    assert file is not None
    function = file.function("T.f")
    assert function is not None
    inside = scope(index, function, 14)
    kinds = {
        name: found.kind if (found := inside.lookup(name)) else None
        for name in ("x", "t", "err", "fmt", "T", "Dotted", "len", "nope")
    }
    assert kinds == {
        "x": "local",
        "t": "local",
        "err": "local",
        "fmt": "import",
        "T": "package",
        "Dotted": "package",
        "len": "universe",
        "nope": None,
    }
    assert show(inside.type_of("x")) == "string"
    assert show(scope(index, function, 17).type_of("x")) == "int"
    assert show(scope(index, function, 17).type_of("fmt")) == "int"
    assert show(inside.type_of("t")) == "*example.com/m/p.T"
    assert show(inside.type_of("global")) == "example.com/m/p.T"
    assert show(inside.type_of("T")) == "example.com/m/p.T"
    assert show(inside.type_of("use")) == "func(interface{}) ()"
    assert show(inside.type_of("Dotted")) == "func() (bool)"
    assert show(inside.type_of("string")) == "string"
    assert inside.type_of("nope") is None
    meaning = inside.lookup("fmt")
    assert meaning is not None
    assert meaning.path == "fmt"


def test_at_a_node() -> None:
    index = index_of({"p/p.go": SOURCE})
    file = index.file("p/p.go")
    assert file is not None
    function = file.function("T.f")
    assert function is not None
    first, last = (call for call in function.calls if call.name == "use")
    assert show(scope(index, function, first.node).type_of("x")) == "string"
    assert show(scope(index, function, last.node).type_of("x")) == "int"
