"""Names decide nothing: a fixture says the same when its local variables, parameters and unexported functions are renamed."""

import pathlib

import pytest

from analyzers import catalogue
from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff
from analyzers.analysis.tree import MemoryTree, OverlayTree
from analyzers.driver.driver import analyze
from tests import harness
from tests.benchmarks.renamed import comments, overlay, relabelled

GO = [
    pytest.param(rule, path, id=f"{rule}/{path.stem}")
    for rule, path in harness.fixtures()
    if ".go\n" in path.read_text()
]


@pytest.mark.parametrize(("rule", "path"), GO)
def test_names_decide_nothing(rule: str, path: pathlib.Path) -> None:
    fixture = harness.load(path.read_text())
    change = fixture.change()
    folders = sorted({each.rpartition("/")[0] for each in (*fixture.base, *fixture.head) if each.endswith(".go")})
    known: dict[str, bytes] = {}
    old, new = (overlay(index, folders, known) for index in (change.base_index, change.head_index))
    other = Change(
        relabelled(Diff.parse(fixture.diff), change.base_index, change.head_index, old, new),
        OverlayTree(old, MemoryTree(fixture.base)),
        OverlayTree(new, MemoryTree(fixture.head)),
        change.configuration,
        fixture.deep,
    )
    rules = catalogue.load((rule,))
    one, two = (comments(analyze(each, rules, catalogue.known())) for each in (change, other))
    assert sorted(map(str, two)) == sorted(map(str, one))
