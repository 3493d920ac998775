"""Nothing in a change takes away what is found elsewhere in it: each hostile file stands beside one that is flagged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers import catalogue
from analyzers.analysis.report import Report
from analyzers.analysis.tree import Unreadable
from analyzers.golang.program.modules import Modules
from workers import git, trees
from workers.analysis import analyze_revisions
from workers.git import CatFile, TooLarge
from workers.trees import DiffProcess, GitTree

Bare = tuple[Path, Callable[[dict[str, str]], str]]

FLAGGED = {"go.mod": "module example.com/a\n\ngo 1.22\n"}
BEFORE = {"go.mod": "module example.com/a\n\ngo 1.21\n", "a.go": "package a\n"}


def reviewed(bare: Bare, files: dict[str, str]) -> Report:
    repository, commit = bare
    base = commit(BEFORE)
    head = commit({**FLAGGED, **files})
    return analyze_revisions(repository, base, head, analyzers=catalogue.load())


def found(report: Report) -> list[str]:
    return [each.analyzer for each in report.diagnostics]


def test_twenty_megabytes_of_short_lines_are_left_out_alone(bare: Bare) -> None:
    report = reviewed(bare, {"notes.txt": "x\n" * 10_000_000})
    assert found(report) == ["go-version-bump"]
    assert [(each.path, each.reason) for each in report.skipped] == [
        ("notes.txt", "it has 20.0 MB: beyond 2 MB no file is read")
    ]


def test_many_lines_of_one_file_are_left_out_alone(bare: Bare) -> None:
    report = reviewed(bare, {"notes.txt": "x\n" * (trees.LINES + 1), "b.txt": "x\n" * (trees.LINES - 10)})
    assert found(report) == ["go-version-bump"]
    assert [each.path for each in report.skipped] == ["notes.txt"]
    assert "too large" in report.skipped[0].reason
    assert report.files == 2


def test_what_is_too_much_together_is_left_out_by_name(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_LINES", 1_000)
    report = reviewed(bare, {f"{name}.txt": "x\n" * 300 for name in "bcdz"} | {"zz.txt": "x\n"})
    assert found(report) == ["go-version-bump"]
    # What is small finds room also behind what does not.
    assert [each.path for each in report.skipped] == ["z.txt"]


def test_output_without_an_end_is_cut(bare: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_LINES", 100)
    report = reviewed(bare, {f"z{number}.txt": "x\n" * 90 for number in range(30)})
    assert found(report) == ["go-version-bump"]
    left_out = {each.path: each.reason for each in report.skipped}
    assert left_out.pop("") == "the change is too large: its last files were left out"
    assert set(left_out) < {f"z{number}.txt" for number in range(30)}


def test_a_folder_may_be_hundreds_deep(bare: Bare) -> None:
    path = "/".join(["d"] * 600)
    repository, commit = bare
    base = commit(BEFORE)
    head = commit({f"{path}/a.go": "package d\n"})
    with CatFile(repository) as cat_file:
        before, after = GitTree(cat_file, base), GitTree(cat_file, head)
        assert after.read(f"{path}/a.go") == b"package d\n"
        assert [entry.name for entry in after.list(path)] == ["a.go"]
        assert (before.read(f"{path}/a.go"), before.list(path), before.id(path)) == (None, [], None)
        modules = Modules(after)
        assert list(modules.listing(path)) == ["a.go"]
        assert modules.listing(f"{path}/nowhere/below") == {}
        assert modules.import_path(path) == f"example.com/a/{path}"
        assert Modules(before).listing(path) == {}


def test_a_large_file_beside_is_not_read_into_memory(bare: Bare) -> None:
    repository, commit = bare
    head = commit({"large.go": "package a\n" + "// x\n" * 500_000, "small.go": "package a\n"})
    with CatFile(repository) as cat_file:
        tree = GitTree(cat_file, head)
        with pytest.raises(Unreadable, match=r"it has 2\.5 MB"):
            tree.read("large.go")
        with pytest.raises(TooLarge):
            cat_file.read(f"{head}:large.go", 1_000)
        assert tree.read("small.go") == b"package a\n", "what comes after it is read as before"


def test_sizes_are_known_without_reading(bare: Bare) -> None:
    repository, commit = bare
    head = commit({"a b.go": "package a\n", "é": "12"})
    names = [f"{head}:a b.go", f"{head}:nothing", f"{head}:é", "odd\nname", head[:0] + "0" * 40]
    assert git.sizes(repository, names) == [10, None, 2, None, None]


def test_a_diff_that_takes_too_long_is_ended(bare: Bare, hanging_git: None) -> None:
    with pytest.raises(git.GitError, match="took git longer"):
        DiffProcess(bare[0], "1" * 40, "2" * 40).result(0.2)
