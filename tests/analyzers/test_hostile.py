"""Broken and hostile code: every rule answers, nothing crashes, and what was skipped is said."""

import pathlib
import resource

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import catalogue
from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff, FileDiff, Hunk, Line
from analyzers.analysis.driver import analyze
from analyzers.analysis.report import Report
from analyzers.analysis.tree import MemoryTree
from tests import harness

# One seed for each rule, so that the damage lands in code that the rules look at closely.
SEEDS = sorted({rule: path for rule, path in harness.fixtures() if harness.load(path.read_text()).wants}.items())
ANALYZERS = catalogue.load()


def report(path: str, content: bytes) -> Report:
    """Analyse a change that adds one file with this content."""
    lines = content.decode("utf-8", "replace").split("\n")
    added = tuple(Line("+", None, number, text) for number, text in enumerate(lines, 1))
    diff = Diff((FileDiff(path, None, "added", hunks=(Hunk(1, len(lines), added),)),))
    found = analyze(Change(diff, MemoryTree({}), MemoryTree({path: content})), ANALYZERS, catalogue.names())
    assert not [skipped.reason for skipped in found.skipped if "failed" in skipped.reason]
    return found


@pytest.mark.parametrize(("rule", "path"), SEEDS, ids=[rule for rule, _ in SEEDS])
@settings(max_examples=12)
@given(data=st.data())
def test_damaged_code_never_fails_a_rule(rule: str, path: pathlib.Path, data: st.DataObject) -> None:
    fixture = harness.load(path.read_text())
    name = data.draw(st.sampled_from(sorted(fixture.head)))
    content = bytearray(fixture.head[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        match data.draw(st.sampled_from(["cut", "byte", "delete", "repeat"])):
            case "cut":
                del content[at:]
            case "byte":
                content[at : at + 1] = data.draw(
                    st.sampled_from([b"{", b"}", b"(", b"`", b'"', b"\xff", b"\0", b"\n", b"func "])
                )
            case "delete":
                del content[at : at + data.draw(st.integers(1, 40))]
            case _:
                content[at:at] = content[at : at + 60] * 3
    report(name, bytes(content))


HEAD = b"package p\n\nfunc (c *C) sync() {\n"


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"\tx := " + b"(" * 100_000,
        HEAD + b"\t{\n" * 20_000,
        HEAD + b"\tfor _, pod := range pods {\n" * 450,
        HEAD + b"\tx(" + b"a, " * 1_700_000 + b")\n}\n",
        HEAD + b"\tc" + b".Pods(ns)" * 30_000 + b".List(o)\n}\n",
        b"\xff\xfe" + HEAD * 1000,
        HEAD + b"\x00" * 4096,
        b"package p\n" + b"func f() { g() }\n" * 4_000,
        b"package p\n\ntype T struct {\n"
        + b"\tT\n" * 5_000
        + b"}\n\nfunc (t T) M() { t.x.y.z.List(metav1.ListOptions{}) }\n",
    ],
    ids=[
        "parentheses",
        "blocks",
        "loops",
        "long-line",
        "chain",
        "not-utf-8",
        "nul",
        "many-functions",
        "recursive-type",
    ],
)
def test_hostile_code_takes_bounded_memory(content: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = report("pkg/controller/p/p.go", content)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 1500, f"{grown:.0f} MiB"
    if len(content) > 2_000_000 or b"(" * 1000 in content:
        assert [skipped.path for skipped in found.skipped] == ["pkg/controller/p/p.go"]
