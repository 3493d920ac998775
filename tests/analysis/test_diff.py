"""Diffs as git writes them, odd names and all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.analysis.diff import Diff, MalformedDiff

RENAMED = """diff --git a/a.go b/b.go
similarity index 60%
rename from a.go
rename to b.go
--- a/a.go
+++ b/b.go
@@ -1,4 +1,3 @@
 package a
-x
-y
+z
 w
"""


def test_rename_with_edits() -> None:
    (file,) = Diff.parse(RENAMED)
    assert (file.path, file.old_path, file.status) == ("b.go", "a.go", "renamed")
    assert file.added == {2: "z"}
    assert file.removed == {2: "x", 3: "y"}
    assert file.deletions == (2, 2)


def test_quoted_name_and_no_newline_at_the_end() -> None:
    name = r"caf\303\251 \"1\".go"
    text = (
        f'diff --git "a/{name}" "b/{name}"\nnew file mode 100644\n--- /dev/null\n+++ "b/{name}"\n@@ -0,0 +1 @@\n+hi\n'
    )
    text += "\\ No newline at end of file\n"
    (file,) = Diff.parse(text)
    assert (file.path, file.old_path, file.status, file.added) == ('café "1".go', None, "added", {1: "hi"})


def test_removed_and_binary_files_and_pure_renames_have_no_lines() -> None:
    text = (
        "diff --git a/d.go b/d.go\ndeleted file mode 100644\n--- a/d.go\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        "diff --git a/i.png b/i.png\nnew file mode 100644\nBinary files /dev/null and b/i.png differ\n"
        "diff --git a/p.go b/q.go\nsimilarity index 100%\nrename from p.go\nrename to q.go\n"
    )
    removed, binary, renamed = Diff.parse(text)
    assert (removed.status, removed.path, removed.old_path) == ("removed", "d.go", "d.go")
    assert binary.binary and not binary.added
    assert (renamed.status, renamed.old_path, renamed.path, renamed.hunks) == ("renamed", "p.go", "q.go", ())


def test_carriage_returns_and_form_feeds_are_content() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\r\n+b\fc\u2028d\r\n e\n"
    (file,) = Diff.parse(text)
    assert list(file.added) == [2]
    assert file.hunks[0].lines[2].new == 3


def test_touches_sees_a_deletion_between_two_lines() -> None:
    (file,) = Diff.parse("--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n a\n-b\n c\n")
    assert file.touches(1, 2)
    assert not file.touches(2, 9)


@pytest.mark.parametrize("text", ["hello", "@@ -1 +1 @@\n+x\n", "--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n x\n"])
def test_what_is_no_diff_is_said(text: str) -> None:
    with pytest.raises(MalformedDiff, match="no unified diff"):
        Diff.parse(text)


def test_an_empty_diff_has_no_files() -> None:
    assert list(Diff.parse("")) == []


@given(st.text(alphabet=st.sampled_from("+- @ab1,\n\\\r/"), max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Diff.parse("--- a/x\n+++ b/x\n" + text)
    except MalformedDiff:
        return
