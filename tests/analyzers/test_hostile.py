"""Broken and hostile code: every rule answers, nothing crashes, and what was skipped is said."""

import gc
import pathlib
import resource
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzers import catalogue
from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff, FileDiff, Hunk, Line
from analyzers.analysis.report import Report
from analyzers.analysis.tree import MemoryTree
from analyzers.driver.driver import analyze
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named
from analyzers.kubernetes import metrics
from analyzers.kubernetes.metrics import Vector, vectors
from analyzers.kubernetes.requests import cached_kinds
from analyzers.news import guards, twins
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


@pytest.mark.parametrize(("rule", "path"), SEEDS, ids=[rule for rule, _ in SEEDS])
def test_nothing_of_a_change_is_kept_once_it_is_reviewed(rule: str, path: pathlib.Path) -> None:
    change = harness.load(path.read_text()).change()
    analyze(change, ANALYZERS, catalogue.names())
    kept = [weakref.ref(each) for each in (change, change.head_index, change.base_index)]
    del change
    gc.collect()
    assert [each() for each in kept] == [None, None, None]


def _with_lost_guards(count: int) -> Change:
    """A change that takes the condition away from each of so many calls."""
    lines = ["package p", "", "func (c *C) sync() {"]
    body = [Line(" ", number, number, text) for number, text in enumerate(lines, 1)]
    old, new = len(lines), len(lines)
    for number in range(count):
        body.append(Line("-", old + 1, None, f"\tif c.asked{number} {{"))
        body.append(Line("-", old + 2, None, f"\t\tc.do{number}()"))
        body.append(Line("-", old + 3, None, "\t}"))
        body.append(Line("+", None, new + 1, f"\tc.do{number}()"))
        old, new = old + 3, new + 1
    body.append(Line(" ", old + 1, new + 1, "}"))
    before = "\n".join(line.text for line in body if line.kind != "+")
    after = "\n".join(line.text for line in body if line.kind != "-")
    path = "pkg/controller/p/p.go"
    diff = Diff((FileDiff(path, path, "modified", hunks=(Hunk(1, new, tuple(body)),)),))
    return Change(diff, MemoryTree({path: before}), MemoryTree({path: after}))


def test_lost_guards_are_found_once_and_each_line_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    class Counted:
        def search(self, text: str) -> bool:
            read.append(text)
            return False

    monkeypatch.setattr(guards, "_DECIDES", Counted())
    change = _with_lost_guards(50)
    (file,) = change.go_files
    assert len(guards.lost_guards(file)) == 50
    assert guards.lost_guards(file) is guards.lost_guards(file)
    assert len(read) == 50


def test_the_metrics_of_a_file_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counted(index: PackageIndex, source: SourceFile, lines: Iterable[int]) -> Iterator[Vector]:
        read.append(source)
        return vectors(index, source, lines)

    monkeypatch.setattr(metrics, "vectors", counted)
    register = "".join(f"\tprometheus.MustRegister(x{number})\n" for number in range(50))
    lines = [
        "package p",
        "",
        *(f'var x{number} = NewCounterVec(O{{Name: "x{number}"}}, []string{{"user"}})' for number in range(50)),
        "",
        "func register() {",
        "}",
    ]
    before, after = "\n".join(lines), "\n".join(lines[:-1]) + f"\n{register}}}"
    body = tuple(
        Line("+" if "MustRegister" in text else " ", None if "MustRegister" in text else 1, number, text)
        for number, text in enumerate(after.split("\n"), 1)
    )
    path = "pkg/controller/p/p.go"
    diff = Diff((FileDiff(path, path, "modified", hunks=(Hunk(1, len(body), body),)),))
    found = analyze(Change(diff, MemoryTree({path: before}), MemoryTree({path: after})), ANALYZERS, catalogue.names())
    assert any("is registered now" in each.message for each in found.diagnostics)
    assert len(read) == 2  # before and after


def test_a_program_is_searched_once_for_an_informer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def informed(_index: PackageIndex, informer: Named, _program: object) -> bool:
        asked.append(informer)
        return True

    monkeypatch.setattr(cached_kinds, "informed_elsewhere", informed)
    take = b"\tfactory.Core().V1().Pods().Informer()\n" * 20
    head = (
        b'package p\n\nimport "k8s.io/client-go/informers"\n\nfunc start(factory informers.SharedInformerFactory) {\n'
    )
    report("pkg/kubelet/p/p.go", head + take + b"}\n")
    assert len(asked) == 1


def test_a_bounded_number_of_functions_is_compared_for_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    def controller(name: str, change: str) -> str:
        body = "".join(f"\tstep{number}()\n" for number in range(6))
        return (
            f"func {name}(lister corelisters.PodLister) {{\n"
            f'\tpod, _ := lister.Pods("ns").Get("pod")\n{body}\tpod.Status.{change}\n}}\n'
        )

    head = 'package p\n\nimport (\n\tv1 "k8s.io/api/core/v1"\n\tcorelisters "k8s.io/client-go/listers/core/v1"\n)\n\n'
    old = head + "".join(controller(f"old{number}", "Phase = v1.PodRunning") for number in range(60))
    new = head + "".join(controller(f"new{number}", 'Reason = "Running"') for number in range(60))
    compared: list[float] = []

    def unlike(one: Counter[str], other: Counter[str]) -> float:
        compared.append(0)
        return 0

    monkeypatch.setattr(twins, "_share", unlike)
    lines = [Line("-", number, None, text) for number, text in enumerate(old.split("\n"), 1)]
    lines += [Line("+", None, number, text) for number, text in enumerate(new.split("\n"), 1)]
    hunk = Hunk(1, new.count("\n") + 1, tuple(lines))
    diff = Diff((FileDiff("p.go", "p.go", "modified", hunks=(hunk,)),))
    found = analyze(Change(diff, MemoryTree({"p.go": old}), MemoryTree({"p.go": new})), ANALYZERS, catalogue.names())
    assert found.diagnostics
    assert 0 < len(compared) <= twins._MOST_COMPARED < 60 * 60
