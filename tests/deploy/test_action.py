"""The GitHub Action, the workflows and the pre-commit hook: by their schemas, and the Action's own step run on checkouts."""

import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from tests.command_line.repository import BAD, GOOD, LINE, PATH, PROGRAM, Repository

ROOT = pathlib.Path(__file__).parents[2]
ACTION = ROOT / "deploy" / "action"
FOUND = f"::warning file={PATH},line={LINE},endLine={LINE},title=explicit-list::"


def example() -> str:
    texts: list[str] = re.findall(r"```yaml\n(.*?)```", (ACTION / "README.md").read_text(), flags=re.DOTALL)
    (text,) = texts
    return text


def check_schema(schema: str, path: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_is_valid_by_its_schema() -> None:
    check_schema("vendor.github-actions", ACTION / "action.yml")


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_workflows_are_valid_by_their_schema(path: pathlib.Path) -> None:
    check_schema("vendor.github-workflows", path)


def test_the_example_for_users_is_valid_by_its_schema(tmp_path: pathlib.Path) -> None:
    (tmp_path / "example.yml").write_text(example())
    check_schema("vendor.github-workflows", tmp_path / "example.yml")


def test_others_actions_are_named_by_commit() -> None:
    for path in (ACTION / "action.yml", *(ROOT / ".github" / "workflows").glob("*.yml")):
        for used in re.findall(r"uses: (\S+)", path.read_text()):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used


def test_its_documentation_names_each_input_and_its_default() -> None:
    inputs = yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]
    rows = dict(
        re.findall(r"^\| `([a-z-]+)` \|.*\| ([^|]+) \|$", (ACTION / "README.md").read_text(), flags=re.MULTILINE)
    )
    assert rows.keys() == inputs.keys()
    for name in ("format", "fail-on", "python"):
        assert rows[name] == f"`{inputs[name]['default']}`"


def test_the_hook_is_what_pre_commit_asks_for() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert f"id: {hook['id']}" in (ROOT / "README.md").read_text()


@pytest.fixture
def origin(tmp_path: pathlib.Path) -> Repository:
    """A repository whose main has moved on since the topic left it, with a pull request's merge commit as GitHub makes it."""
    (tmp_path / "origin").mkdir()
    made = Repository(tmp_path / "origin")
    made.git("config", "uploadpack.allowAnySHA1InWant", "true")
    made.git("checkout", "--quiet", "-b", "topic")
    made.write(PATH, BAD)
    made.commit("change")
    made.git("checkout", "--quiet", "main")
    made.write("pkg/controller/bar/bar.go", BAD)
    made.commit("what others did meanwhile")
    made.git("checkout", "--quiet", "--detach")
    made.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    made.git("update-ref", "refs/pull/1/merge", "HEAD")
    made.git("checkout", "--quiet", "main")
    return made


def checkout(origin: Repository, folder: pathlib.Path, ref: str) -> pathlib.Path:
    """Check out one commit, as actions/checkout does."""
    folder.mkdir()
    for arguments in (
        ("init", "--quiet"),
        ("remote", "add", "origin", f"file://{origin.folder}"),
        ("fetch", "--quiet", "--depth=1", "origin", ref),
        ("checkout", "--quiet", "--detach", "FETCH_HEAD"),
    ):
        origin.git("-C", str(folder), *arguments)
    return folder


def step(folder: pathlib.Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ACTION / "check.sh"), str(PROGRAM)],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "RUNNER_TEMP": str(folder.parent),
            "GITHUB_OUTPUT": str(folder.parent / "output"),
            "GITHUB_STEP_SUMMARY": str(folder.parent / "summary"),
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def annotations(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("::")]


def test_a_pull_requests_merge_commit(origin: Repository, tmp_path: pathlib.Path) -> None:
    folder = checkout(origin, tmp_path / "checkout", "refs/pull/1/merge")
    (line,) = annotations(step(folder, GITHUB_BASE_REF="main"))
    assert line.startswith(FOUND)
    assert "## Scalability: 1 warning, 0 notices in 1 file" in (tmp_path / "summary").read_text()


def test_a_pull_requests_own_head(origin: Repository, tmp_path: pathlib.Path) -> None:
    folder = checkout(origin, tmp_path / "checkout", "refs/heads/topic")
    (line,) = annotations(step(folder, GITHUB_BASE_REF="main"))
    assert line.startswith(FOUND), "what others did meanwhile is not told"


def test_a_push(origin: Repository, tmp_path: pathlib.Path) -> None:
    before = origin.git("rev-parse", "main")
    origin.write(PATH, BAD)
    origin.commit("pushed")
    folder = checkout(origin, tmp_path / "checkout", "refs/heads/main")
    (line,) = annotations(step(folder, BEFORE=before))
    assert line.startswith(FOUND)


def test_a_new_branch_is_compared_with_the_commit_before(origin: Repository, tmp_path: pathlib.Path) -> None:
    folder = checkout(origin, tmp_path / "checkout", "refs/heads/topic")
    (line,) = annotations(step(folder, BEFORE="0" * 40))
    assert line.startswith(FOUND)


@pytest.mark.parametrize(("base", "files"), [("main~1", "2 files"), ("main", "1 file")])
def test_a_base_that_is_named(origin: Repository, tmp_path: pathlib.Path, base: str, files: str) -> None:
    named = base if base == "main" else origin.git("rev-parse", base)
    folder = checkout(origin, tmp_path / "checkout", "refs/pull/1/merge")
    assert len(annotations(step(folder, BASE=named))) == 1
    assert f"in {files}," in (tmp_path / "summary").read_text()


def test_a_base_that_is_nowhere(origin: Repository, tmp_path: pathlib.Path) -> None:
    folder = checkout(origin, tmp_path / "checkout", "refs/pull/1/merge")
    done = step(folder, BASE="nonsense")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("scalability-bot: nonsense is neither here nor at origin")


def test_what_fails_and_what_is_written(origin: Repository, tmp_path: pathlib.Path) -> None:
    folder = checkout(origin, tmp_path / "checkout", "refs/pull/1/merge")
    assert step(folder, GITHUB_BASE_REF="main", FAIL_ON="warning").returncode == 1
    assert step(folder, GITHUB_BASE_REF="main", FORMAT="review").returncode == 0
    assert '"value": "explicit-list"' in (tmp_path / "scalability.rdjson").read_text()
    assert step(folder, GITHUB_BASE_REF="main", FORMAT="sarif").returncode == 0
    assert (tmp_path / "output").read_text() == f"sarif={tmp_path / 'scalability.sarif'}\n"
    assert '"ruleId": "explicit-list"' in (tmp_path / "scalability.sarif").read_text()
    done = step(folder, GITHUB_BASE_REF="main", FORMAT="neither")
    assert done.returncode == 2
    assert "neither is no format of the Action" in done.stderr


def test_a_first_commit_has_nothing_before_it(tmp_path: pathlib.Path) -> None:
    (tmp_path / "new").mkdir()
    made = Repository(tmp_path / "new")
    made.write(PATH, GOOD)
    done = step(made.folder)
    assert done.returncode == 2
    assert "HEAD is a first commit" in done.stderr
