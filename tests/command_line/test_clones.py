"""scalability-bot check in every kind of clone, and what it says of what it compared."""

import json
import pathlib
import subprocess

import pytest

from tests.command_line.repository import BAD, FOUND, GOOD, PATH, Repository, places

OTHER = "pkg/controller/bar/bar.go"


@pytest.fixture
def origin(repository: Repository) -> Repository:
    """A repository with three commits, of which the newest two bring what must be found."""
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    repository.write(OTHER, GOOD)
    repository.commit("second")
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write(PATH, BAD)
    repository.commit("third")
    repository.git("checkout", "--quiet", "main")
    return repository


def more(origin: Repository, *arguments: str) -> None:
    """Have the topic change the other file too."""
    origin.git("checkout", "--quiet", "topic")
    origin.write(OTHER, BAD)
    origin.git("add", "--all")
    origin.git("commit", "--quiet", *arguments, "--message", "more")
    origin.git("checkout", "--quiet", "main")


def clone(origin: Repository, folder: pathlib.Path, *arguments: str) -> Repository:
    origin.git("clone", "--quiet", *arguments, f"file://{origin.folder}", str(folder))
    made = Repository.__new__(Repository)
    made.folder = folder
    return made


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode in {0, 1}, done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("compared "))


def warning(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode in {0, 1}, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_what_was_compared_is_said(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--branch", "topic")
    base = here.git("rev-parse", "origin/main")
    done = here.check()
    assert said(done) == (
        f"compared the work tree with {base[:9]} (merge base with origin/main), 1 commit and what is not committed: 1 file"
    )
    assert "1 warning, 0 notices in 1 file, 4 added lines" in done.stdout
    assert not done.stderr
    head = here.git("rev-parse", "HEAD")
    done = here.check("--base", "HEAD~2", "--head", "HEAD")
    assert (
        said(done)
        == f"compared HEAD ({head[:9]}) with {here.git('rev-parse', 'HEAD~2')[:9]} (HEAD~2), 2 commits: 2 files"
    )
    done = here.check("--base", base, "--head", head)
    assert said(done) == f"compared {head[:9]} with {base[:9]}, 1 commit: 1 file"
    compared = json.loads(here.check("--format", "json").stdout)["compared"]
    assert compared == {"found": "merge base with origin/main", "what": "the work tree", "commits": 1, "shallow": False}


def test_in_a_fork_the_nearest_remote_branch_counts(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--branch", "topic")
    here.git("remote", "rename", "origin", "upstream")
    # The fork's own main was never updated.
    here.git("update-ref", "refs/remotes/origin/main", "upstream/main~1")
    assert "(merge base with upstream/main), 1 commit" in said(here.check())


def test_a_shallow_clone_says_so(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--depth=1", "--branch", "main")
    done = here.check()
    assert done.returncode == 0
    assert "this clone is shallow" in warning(done)
    assert "git fetch --unshallow" in warning(done)


def test_a_shallow_clone_without_the_merge_base_cannot_guess_one(origin: Repository, tmp_path: pathlib.Path) -> None:
    origin.write("README.md", "more")
    origin.commit("beside")
    here = clone(origin, tmp_path / "clone", "--depth=1", "--no-single-branch", "--branch", "topic")
    done = here.check()
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "this clone is shallow" in line
    here.git("fetch", "--quiet", "--unshallow")
    assert places(here.check("--format", "json")) == FOUND


def test_a_shallow_clone_with_a_named_base(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--depth=2", "--branch", "topic")
    done = here.check("--base", "HEAD~1", "--format", "json")
    assert places(done) == FOUND
    assert not done.stderr


def test_a_branch_that_is_its_own_base(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone")
    line = warning(here.check())
    assert "nothing was compared" in line
    assert "merge base with origin/main, is the newest commit itself" in line
    assert "--base HEAD~1" in line


def test_commits_on_the_default_branch_without_a_remote(repository: Repository) -> None:
    repository.write(PATH, BAD)
    repository.commit("second")
    line = warning(repository.check())
    assert "merge base with main, as there is no remote, is the newest commit itself" in line
    assert places(repository.check("--base", "HEAD~1", "--format", "json")) == FOUND


def test_two_equal_trees(repository: Repository) -> None:
    assert "have the same files" in warning(repository.check("--base", "HEAD", "--head", "HEAD"))


def test_a_repository_without_commits(tmp_path: pathlib.Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    here = Repository.__new__(Repository)
    here.folder = tmp_path
    done = here.check()
    assert done.returncode == 2
    assert "has no commit yet" in done.stderr


@pytest.mark.parametrize("arguments", [("--base", "HEAD~1"), ("--base", "HEAD~1", "--head", "HEAD")])
def test_a_partial_clone_leaves_out_what_is_missing(
    origin: Repository, tmp_path: pathlib.Path, arguments: tuple[str, ...]
) -> None:
    more(origin, "--amend")
    here = clone(origin, tmp_path / "clone", "--filter=blob:none", "--branch", "topic")
    # The remote is gone: nothing can be fetched on the way.
    origin.folder.rename(tmp_path / "gone")
    done = here.check(*arguments)
    assert done.returncode == 0
    for path in (PATH, OTHER):
        assert f"skipped {path}: its content" in done.stdout
    assert said(done).endswith("0 files, 2 left out")
    here.write("pkg/controller/new/new.go", BAD)
    if "--head" not in arguments:
        found = places(here.check(*arguments, "--format", "json"))
        assert [path for _, path, _, _ in found] == ["pkg/controller/new/new.go"]


def test_a_partial_clone_with_its_content_is_read_as_any_other(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--filter=blob:none", "--branch", "topic")
    here.git("cat-file", "blob", f"HEAD~1:{PATH}")  # fetches it
    origin.folder.rename(tmp_path / "gone")
    assert places(here.check("--base", "HEAD~1", "--head", "HEAD", "--format", "json")) == FOUND
    assert places(here.check("--format", "json")) == FOUND


def test_a_patch_in_a_partial_clone(origin: Repository, tmp_path: pathlib.Path) -> None:
    patch = origin.git("diff", "main", "topic") + "\n"
    here = clone(origin, tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    origin.folder.rename(tmp_path / "gone")
    done = here.check("--diff", "-", "--base", "origin/main", patch=patch)
    assert done.returncode == 0
    assert f"skipped {PATH}: its content" in done.stdout


def test_a_clone_without_lists_of_files_is_one_sentence(origin: Repository, tmp_path: pathlib.Path) -> None:
    here = clone(origin, tmp_path / "clone", "--filter=tree:0", "--branch", "topic")
    origin.folder.rename(tmp_path / "gone")
    for arguments in (("--base", "HEAD~1"), ("--base", "HEAD~1", "--head", "HEAD")):
        done = here.check(*arguments)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "is missing from this clone, which is partial" in line


def test_a_linked_work_tree(origin: Repository, tmp_path: pathlib.Path) -> None:
    origin.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "other", "topic")
    here = Repository.__new__(Repository)
    here.folder = tmp_path / "linked"
    assert places(here.check("--format", "json")) == FOUND


def test_a_submodule_and_the_repository_around_it(origin: Repository, tmp_path: pathlib.Path) -> None:
    (tmp_path / "outer").mkdir()
    outer = Repository(tmp_path / "outer")
    outer.git(
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "-b",
        "main",
        f"file://{origin.folder}",
        "sub",
    )
    outer.commit("with a submodule")
    inner = Repository.__new__(Repository)
    inner.folder = outer.folder / "sub"
    inner.git("checkout", "--quiet", "topic")
    assert places(inner.check("--base", "origin/main", "--format", "json")) == FOUND
    # Outside, the submodule is a moved pointer: nothing to read, and nothing missing.
    outer.write(PATH, BAD)
    done = outer.check("--base", "HEAD", "--format", "json")
    assert places(done) == FOUND
    assert json.loads(done.stdout)["skipped"] == []
    outer.commit("moved")
    done = outer.check("--base", "HEAD~1", "--head", "HEAD", "--format", "json")
    assert places(done) == FOUND


def test_a_sparse_work_tree(origin: Repository, tmp_path: pathlib.Path) -> None:
    more(origin)
    here = clone(origin, tmp_path / "clone", "--branch", "topic")
    here.git("sparse-checkout", "set", "--cone", "pkg/controller/foo")
    assert not (here.folder / OTHER).exists()
    (found,) = json.loads(here.check("--format", "json").stdout)["diagnostics"]
    assert {found["path"], *(place["path"] for place in found["related"])} == {PATH, OTHER}


def test_a_broken_configuration_is_said(repository: Repository) -> None:
    repository.write(".github/scalability.yaml", "rules: {explicit-lst: off}\nignor: [docs/]\n")
    done = repository.check()
    assert (
        "configuration: .github/scalability.yaml, line 1: `rules.explicit-lst` is no rule (did you mean explicit-list?)."
        in done.stdout
    )
    assert "line 2: `ignor` is no setting" in done.stdout
    repository.commit("broken")
    repository.write(PATH, BAD)
    done = repository.check()
    assert done.stdout.count("explicit-lst") == 1
    assert len(json.loads(repository.check("--format", "json").stdout)["configuration"]) == 2
