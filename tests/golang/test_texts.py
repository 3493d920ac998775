"""What constant strings and slices spell."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types import texts
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.texts import Expression

FILES = {
    "go.mod": "module example.com/m\n",
    "names/names.go": 'package names\n\nconst Pod = "pod"\n\nvar Node = "node"\n',
    "p/p.go": """package p

import "example.com/m/names"

const (
	verb   = "verb"
	again  = verb
	number = 3
)

var common = []string{verb, names.Pod}

func f(given []string, name string) {
	local := []string{"a", string(again)}
	changed := []string{"a"}
	changed = []string{"b"}
	use(local, changed, append(common, "x"), append(local, common...), append(given, "y"), []string{name, names.Node})
}

func use(all ...[]string) {}
""",
}


@pytest.mark.parametrize(
    ("argument", "spelled"),
    [
        (0, ["a", "verb"]),
        (1, None),
        (2, ["verb", "pod", "x"]),
        (3, ["a", "verb", "verb", "pod"]),
        (4, None),
        (5, [None, None]),
    ],
)
def test_a_slice_spells_its_elements(argument: int, spelled: list[str | None] | None) -> None:
    index = PackageIndex(MemoryTree(FILES))
    file = index.file("p/p.go")
    assert file is not None
    function = file.function("f")
    assert function is not None
    call = next(call for call in function.calls if call.name == "use")
    found = texts.elements(index, Expression(call.arguments[argument], file, function))
    assert (found if found is None else [texts.text(index, each) for each in found]) == spelled
