"""Trees in memory answer as git's do."""

from analyzers.analysis.tree import MemoryTree, OverlayTree


def test_listing_and_ids() -> None:
    tree = MemoryTree({"a/b/c.go": "x", "a/d.go": "y", "e": "z"})
    assert [(entry.name, entry.kind) for entry in tree.list("")] == [("a", "tree"), ("e", "blob")]
    assert [entry.name for entry in tree.list("a")] == ["b", "d.go"]
    assert tree.list("nothing") == []
    # As `git hash-object` has it.
    assert tree.id("e") == "fa7af8bf5fdd704f73beb3adc5612682a98e1af5"
    assert tree.id("nothing") is None


def test_an_overlay_replaces_adds_and_removes() -> None:
    below = MemoryTree({"a/b.go": "old", "a/gone.go": "x", "c.go": "same"})
    tree = OverlayTree({"a/b.go": b"new", "a/gone.go": None, "d/e.go": b"added"}, below)
    assert tree.read("a/b.go") == b"new"
    assert tree.read("a/gone.go") is None
    assert tree.read("c.go") == b"same"
    assert [entry.name for entry in tree.list("a")] == ["b.go"]
    assert [entry.name for entry in tree.list("")] == ["a", "c.go", "d"]
    assert tree.id("c.go") == below.id("c.go")
    assert tree.id("a") != below.id("a")
