"""Pull requests, their files and their diff, with GitHub's limits; and what else can be asked of a repository."""

import pytest
from github import GithubException

from tests.sandbox.conftest import NAME, Scene, text
from workers.sandbox import Entry

PULL = f"/repos/{NAME}/pulls/1"
DIFF = {"Accept": "application/vnd.github.v3.diff"}


def test_a_pull_request_comes_from_its_authors_fork(scene: Scene) -> None:
    pull = scene.seen_pull
    assert (pull.state, pull.draft, pull.mergeable, pull.user.login) == ("open", False, True, "contributor")
    assert (pull.head.label, pull.head.sha, pull.head.repo.full_name) == (
        "contributor:feature", scene.pull.head_sha, "contributor/kubernetes",
    )  # fmt: skip
    assert (pull.base.ref, pull.base.sha, pull.base.repo.full_name) == ("master", scene.pull.base_sha, NAME)
    assert (pull.changed_files, pull.commits, pull.additions, pull.deletions) == (5, 1, 4, 3)
    branches = [branch.name for branch in scene.seen.get_branches()]
    assert branches == ["master"] and scene.seen.get_branch("master").commit.sha == scene.pull.base_sha


def test_a_list_shows_less_of_each_than_one_by_itself(scene: Scene) -> None:
    (listed,) = scene.call("GET", f"/repos/{NAME}/pulls")[2]
    assert "mergeable" not in listed and listed["number"] == 1
    scene.repository.open_pull({"z": "z\n"}, "Second", draft=True)
    scene.repository.close(scene.pull)
    for state, numbers in (("open", [2]), ("closed", [1]), ("all", [2, 1])):
        assert [found.number for found in scene.seen.get_pulls(state=state)] == numbers
    assert [found.number for found in scene.seen.get_pulls("all", "created", "asc", base="master")] == [1, 2]
    assert [found.number for found in scene.seen.get_pulls("all", head="contributor:feature")] == [2, 1]
    assert [found.number for found in scene.seen.get_pulls("all", base="release")] == []


def test_files_with_their_patches(scene: Scene) -> None:
    found = {file.filename: file for file in scene.seen_pull.get_files()}
    assert {name: file.status for name, file in found.items()} == {
        "a.txt": "modified", "binary": "added", "gone.txt": "removed", "new.txt": "added", "renamed.txt": "renamed",
    }  # fmt: skip
    assert found["a.txt"].patch.startswith("@@ -7,7 +7,7 @@ line 6\n line 7\n") and (
        found["a.txt"].additions, found["a.txt"].deletions,
    ) == (2, 2)  # fmt: skip
    assert found["renamed.txt"].previous_filename == "old.txt"
    listed = {file["filename"]: file for file in scene.call("GET", f"{PULL}/files")[2]}
    assert "patch" not in listed["binary"] and "patch" not in listed["renamed.txt"]
    assert listed["new.txt"]["patch"] == "@@ -0,0 +1,2 @@\n+one\n+two"


def test_a_large_file_comes_without_its_patch(scene: Scene) -> None:
    scene.github.state.limits.patch_lines = 3
    listed = {file["filename"]: file for file in scene.call("GET", f"{PULL}/files")[2]}
    assert "patch" not in listed["a.txt"] and listed["a.txt"]["changes"] == 4
    assert "patch" in listed["new.txt"]


def test_no_more_than_3000_files_are_listed(scene: Scene) -> None:
    files: dict[str, str | bytes | Entry | None] = {f"many/{number:04}.txt": f"{number}\n" for number in range(3001)}
    pull = scene.repository.open_pull(files, "Many")
    names = [file.filename for file in scene.seen.get_pull(pull.number).get_files()]
    assert len(names) == len(set(names)) == 3000
    status, _, answer = scene.call("GET", f"/repos/{NAME}/pulls/{pull.number}", headers=DIFF)
    assert (status, answer["errors"][0]["code"]) == (406, "too_large")
    assert "maximum number of files (300)" in answer["message"]


def test_the_diff_and_the_patch_by_media_type(scene: Scene) -> None:
    status, told, diff = scene.call("GET", PULL, headers=DIFF)
    assert status == 200 and told["content-type"].startswith("application/vnd.github.diff")
    assert diff.startswith("diff --git a/a.txt b/a.txt\n") and "rename from old.txt" in diff
    assert scene.call("GET", PULL, headers={"Accept": "application/vnd.github.patch"})[2].startswith("From ")


def test_a_diff_of_too_many_lines_is_refused(scene: Scene) -> None:
    scene.repository.push(scene.pull, {"long.txt": text(*(f"{number}" for number in range(19_993)))})
    assert scene.call("GET", PULL, headers=DIFF)[0] == 200  # exactly 20,000 lines
    scene.repository.push(scene.pull, {"short.txt": "one\n"})
    status, _, answer = scene.call("GET", PULL, headers=DIFF)
    assert status == 406 and "maximum number of lines (20000)" in answer["message"]


def test_commits_and_the_pull_requests_they_belong_to(scene: Scene) -> None:
    head = scene.repository.push(scene.pull, {"z": "z\n"}, "Second commit")
    assert [found.commit.message for found in scene.seen_pull.get_commits()] == ["Change lines", "Second commit"]
    assert [found.number for found in scene.seen.get_commit(head).get_pulls()] == [1]
    assert [file.filename for file in scene.seen.get_commit(head).files] == ["z"]
    assert scene.refused("GET", f"/repos/{NAME}/commits/{'0' * 40}")[0] == 422


def test_files_and_folders_at_a_ref(scene: Scene) -> None:
    head = scene.pull.head_sha
    assert scene.seen.get_contents("new.txt", ref=head).decoded_content == b"one\ntwo\n"  # type: ignore[union-attr]
    with pytest.raises(GithubException) as caught:
        scene.seen.get_contents("new.txt")  # not on the default branch
    assert caught.value.status == 404
    assert [found.path for found in scene.seen.get_contents("b")] == ["b/c.txt"]  # type: ignore[union-attr]
    assert {found.path: found.type for found in scene.seen.get_contents("")}["b"] == "dir"  # type: ignore[union-attr]
    raw = {"Accept": "application/vnd.github.raw+json"}
    assert scene.call("GET", f"/repos/{NAME}/contents/b/c.txt", headers=raw)[2] == "c\n"
    assert scene.refused("GET", f"/repos/{NAME}/contents/a.txt?ref=nowhere")[0] == 404


def test_comparisons_begin_at_the_merge_base(scene: Scene) -> None:
    moved = scene.repository.commit({"other.txt": "o\n"}, "Move on")
    found = scene.seen.compare(moved, scene.pull.head_sha)
    assert (found.status, found.ahead_by, found.behind_by) == ("diverged", 1, 1)
    assert found.merge_base_commit.sha == scene.pull.base_sha
    assert "other.txt" not in {file.filename for file in found.files}
    assert scene.refused("GET", f"/repos/{NAME}/compare/nowhere...{moved}")[0] == 404


def test_refs_trees_and_blobs(scene: Scene) -> None:
    assert scene.seen.get_git_ref("heads/master").object.sha == scene.pull.base_sha
    assert [found.ref for found in scene.seen.get_git_matching_refs("pull/")] == ["refs/pull/1/head"]
    tree = scene.seen.get_git_tree(scene.pull.head_sha, recursive=True)
    assert {"a.txt", "b", "b/c.txt"} <= {entry.path for entry in tree.tree}
    blob = next(entry.sha for entry in tree.tree if entry.path == "b/c.txt")
    assert scene.seen.get_git_blob(blob).size == 2
    assert scene.seen.get_git_commit(scene.pull.head_sha).parents[0].sha == scene.pull.base_sha
    assert scene.api.get_user("contributor").login == "contributor"


def test_names_and_kinds_of_files_that_trip_people(scene: Scene) -> None:
    files: dict[str, str | bytes | Entry | None] = {
        'quo"te.txt': "q\n", "umlaut-ä.txt": "ä\n", "tab\tname.txt": "t\n", "crlf.txt": "a\r\nb\r\n", "last.txt": "no newline",
        "link": Entry("120000", b"a.txt"), "empty.txt": "",
    }  # fmt: skip
    pull = scene.repository.open_pull(files, "Odd names")
    listed = {file["filename"]: file for file in scene.call("GET", f"/repos/{NAME}/pulls/{pull.number}/files")[2]}
    assert set(listed) == set(files)
    assert listed["crlf.txt"]["patch"] == "@@ -0,0 +1,2 @@\n+a\r\n+b\r"
    assert listed["last.txt"]["patch"].endswith("+no newline\n\\ No newline at end of file")
    assert "patch" not in listed["empty.txt"]


def test_what_is_not_described_is_not_there(scene: Scene) -> None:
    assert scene.refused("GET", "/marketplace_listing/plans")[0] == 404
    assert scene.refused("PUT", f"{PULL}/merge", {})[0] == 404
    assert scene.refused("GET", "/repos/octo/nowhere")[0] == 404
    assert scene.refused("GET", f"/repos/{NAME}/pulls/99")[0] == 404
    assert scene.refused("GET", f"/repos/{NAME}/pulls/abc")[0] in (404, 422)


def test_a_branch_can_be_the_base_of_a_stack(scene: Scene) -> None:
    base = scene.repository.commit({"r.txt": "r\n"}, "Release", parent=scene.pull.base_sha, branch="release")
    scene.repository.move_base(scene.pull, "release")
    assert (scene.seen.get_pull(1).base.ref, scene.seen.get_pull(1).base.sha) == ("release", base)
