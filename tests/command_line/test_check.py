"""scalability-bot check, as a contributor runs it."""

import json
import pathlib
import subprocess

import pytest

from tests.command_line.repository import BAD, FOUND, GOOD, LINE, PATH, Repository, places


def test_two_commits(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    repository.write(PATH, BAD)
    head = repository.commit("second")
    done = repository.check("--base", base, "--head", head, "--format", "json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert places(done) == FOUND
    assert (report["schema"], report["base"], report["head"]) == (1, base, head)
    assert report["stats"]["files"] == 1
    assert report["stats"]["lines"] == 4
    assert report["diagnostics"][0]["fingerprint"]
    assert report["diagnostics"][0]["estimate"]["formula"]
    assert report["cc"] == ["@kubernetes/sig-scalability-pr-reviews"]
    assert places(repository.check("--git-dir", ".git", "--base", base, "--head", head, "--format", "json")) == FOUND
    back = repository.check("--base", head, "--head", base, "--format", "json")
    assert (back.returncode, places(back)) == (0, [])


def test_the_work_tree_against_the_default_branch(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write(PATH, BAD)
    done = repository.check("--format", "json")
    assert places(done) == FOUND
    assert json.loads(done.stdout)["head"] is None
    repository.commit("second")
    assert places(repository.check("--format", "json")) == FOUND
    assert places(repository.check("--format", "json", cwd=repository.folder / "pkg")) == FOUND


def test_a_file_that_git_does_not_know_yet(repository: Repository) -> None:
    repository.write("pkg/controller/new/new.go", BAD)
    assert places(repository.check("--format", "json")) == [("explicit-list", "pkg/controller/new/new.go", LINE, True)]


def test_a_patch(repository: Repository) -> None:
    repository.write(PATH, BAD)
    patch = repository.git("diff", "HEAD") + "\n"
    repository.git("checkout", "--quiet", ".")
    assert places(repository.check("--diff", "-", "--format", "json", patch=patch)) == FOUND
    (repository.folder / "p.diff").write_text(patch)
    assert places(repository.check("--diff", "p.diff", "--format", "json")) == FOUND


def test_a_patch_that_does_not_fit(repository: Repository) -> None:
    repository.write(PATH, BAD)
    patch = repository.git("diff", "HEAD").replace(" import (", " import something (")
    repository.git("checkout", "--quiet", ".")
    done = repository.check("--diff", "-", patch=patch + "\n")
    assert done.returncode == 2
    assert f"the patch does not fit {PATH} at line 3" in done.stderr


def test_a_patch_without_a_repository(repository: Repository, tmp_path: pathlib.Path) -> None:
    repository.write(PATH, BAD)
    repository.write("pkg/controller/new/new.go", BAD)
    repository.git("add", "--all")
    patch = repository.git("diff", "--cached", "HEAD") + "\n"
    done = repository.check("--diff", "-", "--format", "json", patch=patch, cwd=tmp_path)
    assert places(done) == [("explicit-list", "pkg/controller/new/new.go", LINE, True)]
    assert [each["path"] for each in json.loads(done.stdout)["skipped"]] == [PATH]


def test_text_shows_the_lines_without_colours_in_a_pipe(repository: Repository) -> None:
    repository.write(PATH, BAD)
    done = repository.check()
    assert done.returncode == 1
    assert f"{PATH}:{LINE}: warning: explicit-list" in done.stdout
    assert 'c.client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})' in done.stdout
    assert "\x1b" not in done.stdout


def test_select_and_ignore(repository: Repository) -> None:
    repository.write(PATH, BAD)
    assert places(repository.check("--select", "value-receiver", "--format", "json")) == []
    assert places(repository.check("--ignore", "explicit-list", "--format", "json")) == []
    assert places(repository.check("--select", "explicit-list,value-receiver", "--format", "json")) == FOUND


def test_the_base_branchs_configuration_is_obeyed_and_the_changes_own_is_not(repository: Repository) -> None:
    repository.write(PATH, BAD)
    repository.write(".github/scalability.yaml", "rules:\n  explicit-list: 'off'\n")
    assert places(repository.check("--format", "json")) == FOUND
    repository.git("stash", "--quiet", "--", PATH)
    repository.commit("configuration")
    repository.git("stash", "pop", "--quiet")
    assert places(repository.check("--format", "json")) == []


def test_a_blob_missing_from_the_clone_is_said_and_the_rest_analysed(repository: Repository) -> None:
    repository.write("pkg/controller/bar/bar.go", GOOD)
    base = repository.commit("second")
    repository.write(PATH, BAD)
    repository.write("pkg/controller/bar/bar.go", BAD)
    head = repository.commit("third")
    repository.write("pkg/controller/bar/bar.go", BAD.replace("Pods", "Nodes"))
    head = repository.commit("fourth")
    blob = repository.git("rev-parse", "HEAD:pkg/controller/bar/bar.go")
    (repository.folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    done = repository.check("--base", base, "--head", head, "--format", "json")
    assert places(done) == FOUND
    (skipped,) = json.loads(done.stdout)["skipped"]
    assert skipped["path"] == "pkg/controller/bar/bar.go"
    assert "missing from this clone" in skipped["reason"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--base", "nonsense", "--head", "HEAD"], "nonsense"),
        (["--select", "no-such-rule"], "there is no rule 'no-such-rule'"),
        (["--git-dir", "nowhere"], "nowhere is no folder"),
        (["--git-dir", ".git"], "name a commit with --head"),
        (["--diff", "nowhere"], "the patch nowhere could not be read"),
        (["--diff", "-", "--head", "HEAD"], "--head has nothing to say"),
        (["--select", "explicit-lst"], "did you mean explicit-list?"),
        (["--ignore", "value-reciever"], "did you mean value-receiver"),
    ],
)
def test_what_cannot_run_is_one_sentence(repository: Repository, arguments: list[str], sentence: str) -> None:
    done = repository.check(*arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert sentence in line
    assert not done.stdout


def test_outside_a_repository(tmp_path: pathlib.Path, repository: Repository) -> None:
    done = repository.check(cwd=tmp_path)
    assert done.returncode == 2
    assert "is no git repository" in done.stderr


def calling(repository: Repository) -> None:
    """Add a request to a function that is called from another package: who calls it is looked up in the whole program."""
    repository.write("go.mod", "module example.com/m\n")
    repository.write(
        "cmd/run/main.go",
        'package main\n\nimport "example.com/m/pkg/controller/foo"\n\nfunc main() { foo.New().Sync(nil) }\n',
    )
    repository.write(PATH, GOOD.replace("sync(", "Sync("))
    repository.commit("second")
    repository.write(PATH, BAD.replace("sync(", "Sync("))


def test_what_is_known_of_a_repository_is_kept_in_the_users_cache_folder(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    calling(repository)
    without = repository.check("--base", "HEAD", "--format", "json", "--no-cache")
    assert not (tmp_path / "cache").exists()
    assert json.loads(without.stdout)["diagnostics"]

    def same(done: subprocess.CompletedProcess[str]) -> bool:
        return bool(json.loads(done.stdout)["diagnostics"] == json.loads(without.stdout)["diagnostics"])

    first = repository.check("--base", "HEAD", "--format", "json")
    assert same(first)
    (store,) = (tmp_path / "cache" / "scalability-bot").glob("*.sqlite")
    again = repository.check("--base", "HEAD", "--format", "json")
    assert same(again)
    store.write_bytes(b"garbage" * 1000)
    spoilt = repository.check("--base", "HEAD", "--format", "json")
    assert same(spoilt)
    assert (first.stderr, again.stderr) == ("", "")
    assert len(spoilt.stderr.splitlines()) == 1
    assert str(store) in spoilt.stderr
