"""Which files hold a word: whole words, of the program alone, each file read once for all trees that share it."""

import pytest

from analyzers.analysis.tree import MemoryTree, OverlayTree
from analyzers.golang.program import words as words_module
from analyzers.golang.program.tree import Unreadable
from analyzers.golang.program.words import MemoryWords, words_of
from analyzers.golang.types.checker import PackageIndex

from .model import index_of

FILES: dict[str, str | bytes] = {
    "go.mod": "module example.com/m\n",
    "main.go": "package main\nfunc main() { q.Get() }\n",
    "p/a.go": "package p\nfunc GetPods() {}\nfunc _Get() {}\n",
    "p/b.go": 'package p\n// Get is told of here, and List.\nvar s = "List"\n',
    "p/a_test.go": "package p\nfunc TestGet() { Get() }\n",
    "p/testdata/x.go": "package x\nfunc Get() {}\n",
    "vendor/k.io/q/q.go": "package q\nfunc Get() {}\n",
    "p/vendor/k.io/q/q.go": "package q\nfunc Get() {}\n",
    "Godeps/_workspace/src/q/q.go": "package q\nfunc Get() {}\n",
    "p/.hidden.go": "package p\nvar Get int\n",
    "p/Get.txt": "Get",
}


class Counted(MemoryTree):
    """A tree that notes what is read."""

    def __init__(self, files):
        super().__init__(files)
        self.reads: list[str] = []

    def read(self, path):
        self.reads.append(path)
        return super().read(path)


def test_whole_words_of_the_program_alone() -> None:
    index = index_of(FILES)
    assert index.words.files("Get") == ["main.go", "p/b.go"]
    assert index.words.files("GetPods") == ["p/a.go"]
    assert index.words.files("Get", "List") == ["p/b.go"]
    assert index.words.files("Get", "GetPods") == []
    assert index.words.files("Absent") == []
    assert index.words.files() == []


def test_what_words_are() -> None:
    assert words_of("package p; x.Größe[i_2]+=0x1f//a-b\n".encode()) == {
        b"p",
        b"x",
        "Größe".encode(),
        b"i_2",
        b"0x1f",
        b"a",
        b"b",
    }


def test_a_second_tree_costs_what_differs() -> None:
    words = MemoryWords()
    PackageIndex(MemoryTree(FILES), words=words).words.files("Get")
    changed = Counted({**FILES, "p/c.go": "package p\nfunc c() { Get() }\n", "p/b.go": "package p\n"})
    index = PackageIndex(changed, words=words)
    assert index.module_path == "example.com/m"
    changed.reads.clear()
    assert index.words.files("Get") == ["main.go", "p/c.go"]
    assert sorted(changed.reads) == ["p/b.go", "p/c.go"]
    # Of a tree that is known whole nothing is read.
    again = Counted(FILES)
    index = PackageIndex(again, words=words)
    again.reads.clear()
    assert index.words.files("GetPods") == ["p/a.go"]
    assert again.reads == []


def test_a_file_elsewhere_is_not_taken_for_this_trees() -> None:
    words = MemoryWords()
    PackageIndex(MemoryTree({"q/a.go": "package q\nvar Get int\n"}), words=words).words.files("Get")
    moved = PackageIndex(MemoryTree({"r/a.go": "package q\nvar Get int\n", "q/a.go": "package q\n"}), words=words)
    assert moved.words.files("Get") == ["r/a.go"]


def test_a_work_tree_over_a_commit() -> None:
    below = MemoryTree(FILES)
    words = MemoryWords()
    PackageIndex(below, words=words).words.files("Get")
    above = OverlayTree({"p/new/d.go": b"package d\nvar x = p.Get\n", "main.go": None}, below)
    assert PackageIndex(above, words=words).words.files("Get") == ["p/b.go", "p/new/d.go"]
    assert PackageIndex(below, words=words).words.files("Get") == ["main.go", "p/b.go"]


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_left_out_is_said_each_time(times: int) -> None:
    class Partial(MemoryTree):
        def read(self, path):
            if path == "p/missing.go":
                raise Unreadable("this clone has no blob 1234")
            return super().read(path)

    files: dict[str, str | bytes] = {
        "p/missing.go": "package p\nvar Get int\n",
        "p/large.go": b"package p\n" + b"//" * (4 << 20),
        "q/a.go": "package q\nvar Get int\n",
    }
    words = MemoryWords()
    for _ in range(times):
        index = PackageIndex(Partial(files), words=words)
        assert index.skipped == {}
        assert index.words.files("Get") == ["q/a.go"]
        assert index.skipped == {
            "p/missing.go": "this clone has no blob 1234",
            "p/large.go": "it has 8,388,618 bytes, more than 8,388,608",
        }


@pytest.mark.parametrize(("name", "most"), [("MOST_FILES", 5), ("MOST_WORDS", 12)])
def test_a_repository_that_is_too_large_is_read_in_part_and_more_the_next_time(
    monkeypatch, name: str, most: int
) -> None:
    monkeypatch.setattr(words_module, name, most)
    tree = MemoryTree({f"p/f{number}.go": f"package p\nvar Get{number} int\n" for number in range(8)})
    words = MemoryWords()
    index = PackageIndex(tree, words=words)
    assert len(index.words.files("p")) < 8
    assert "was not looked at" in index.skipped[""]
    assert index.words.left_out
    again = PackageIndex(tree, words=words)
    assert len(again.words.files("p")) == 8
    assert again.skipped == {}
