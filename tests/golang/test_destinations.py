"""Where a value goes: fields, literals, results and parameters."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.callgraph import CallGraph
from analyzers.golang.destinations import conditions_at, destinations
from analyzers.golang.facts import syntax
from analyzers.golang.types.checker import PackageIndex

CODE = """package p

type Part struct{ At, Seen int }

type Whole struct{ Parts []Part }

func now() int { return 1 }

func direct(w *Whole) {
	w.Parts = []Part{{At: now()}}
}

func through(w *Whole) {
	at := now()
	var parts []Part
	parts = append(parts, Part{Seen: at})
	w.Parts = parts
}

func made() (Part, error) {
	part := Part{}
	part.At = now()
	return part, nil
}

func caller(w *Whole) {
	part, err := made()
	if err != nil {
		return
	}
	w.Parts = append(w.Parts, part)
}

func handed(w *Whole) { fill(w, now()) }

func fill(w *Whole, at int) {
	if len(w.Parts) > 0 {
		w.Parts[0].At = at
	}
}

func lost() { outside(now()) }

func same(at int) int { return at }

func entering() int { return same(now()) }

func another(w *Whole) { w.Parts = []Part{{At: same(1)}} }

func selected(w *Whole) {
	other := &Whole{Parts: []Part{{At: now()}}}
	w.Parts = other.Parts
}

func beside(w *Pair) {
	other := &Pair{First: now()}
	w.Second = other.Second
}

type Pair struct{ First, Second int }
"""


def _goes(name: str) -> list[tuple[str, str, str, bool]]:
    index = PackageIndex(MemoryTree({"go.mod": "module example.com/m\n", "p/p.go": CODE}))
    file = index.file("p/p.go")
    assert file is not None
    function = file.function(name)
    assert function is not None
    call = next(call for call in function.calls if call.name == "now")
    graph = CallGraph(index)
    found = destinations(
        index, graph.callers, function, call.node, lambda place, node: False, lambda function, node: False
    )
    return [
        (each.function.key, each.owner.name if each.owner is not None else "", each.field, each.kept) for each in found
    ]


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("direct", ("direct", "Whole", "Parts", True)),
        ("through", ("through", "Whole", "Parts", True)),
        ("made", ("caller", "Whole", "Parts", True)),
        ("handed", ("fill", "Part", "At", True)),
        ("selected", ("selected", "Whole", "Parts", True)),
        ("beside", ("beside", "Pair", "First", False)),
    ],
)
def test_a_value_is_followed_to_what_keeps_it(name: str, last: tuple[str, str, str, bool]) -> None:
    assert _goes(name)[-1] == last


def test_what_is_given_away_is_not_followed() -> None:
    assert _goes("lost") == []


def test_a_value_leaves_a_function_where_it_came_in() -> None:
    assert _goes("entering") == []


def test_the_conditions_at_a_node() -> None:
    index = PackageIndex(MemoryTree({"p/p.go": CODE}))
    file = index.file("p/p.go")
    assert file is not None
    caller, fill = file.function("caller"), file.function("fill")
    assert caller is not None and fill is not None
    guarded = conditions_at(caller, caller.assignments[-1].node)
    assert [(each.kind, syntax.text(each.test) if each.test else "") for each in guarded] == [("guard", "err != nil")]
    assert [each.kind for each in conditions_at(fill, fill.assignments[0].node)] == ["if"]
