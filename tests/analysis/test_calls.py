"""Who calls what in the whole program before and after a change; a deep analysis looks at more of it."""

import pytest

from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff
from analyzers.analysis.tree import MemoryTree
from analyzers.golang.naming import ENOUGH
from analyzers.kubernetes.program import calls

LIBRARY = {"go.mod": "module example.org/m\n", "lib/lib.go": "package lib\nfunc Read() {}\n"}


def caller(number: int) -> dict[str, str]:
    code = f'package p{number}\nimport "example.org/m/lib"\nfunc F() {{ lib.Read() }}\n'
    return {f"pkg/p{number}/p.go": code}


def files(callers: int) -> dict[str, str]:
    return LIBRARY | {path: code for number in range(callers) for path, code in caller(number).items()}


def found(change: Change, side: str) -> tuple[int, bool]:
    index = change.head_index if side == "head" else change.base_index
    function = index.file("lib/lib.go").function("Read")
    sites = calls(index).callers(function)
    return len(sites), sites.complete


def test_before_and_after() -> None:
    change = Change(Diff(()), MemoryTree(files(2)), MemoryTree(files(3)))
    assert found(change, "base") == (2, True)
    assert found(change, "head") == (3, True)


@pytest.mark.parametrize("deep", [False, True])
def test_a_deep_analysis_may_do_more_work(deep: bool) -> None:
    many = ENOUGH.question + 20
    change = Change(Diff(()), MemoryTree(LIBRARY), MemoryTree(files(many)), deep=deep)
    calls(change.head_index)  # whoever asks first
    count, complete = found(change, "head")
    assert complete is deep
    assert (count == many) is deep
