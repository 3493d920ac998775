"""scalability-bot prr: the section of a KEP, from a change in a repository."""

import json
import subprocess

import pytest

from analyzers.kubernetes.production_readiness import QUESTIONS
from tests.command_line.repository import BAD, LINE, PATH, PROGRAM, Repository


def run(repository: Repository, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, "prr", *arguments], cwd=repository.folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def changed(repository: Repository) -> Repository:
    repository.write(PATH, BAD)
    repository.commit("second")
    return repository


def test_it_prints_the_questions_with_what_lines_show(changed: Repository) -> None:
    done = run(changed, "--base", "HEAD~1", "--head", "HEAD")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line[7:] for line in done.stdout.split("\n") if line.startswith("###### ")] == [
        question.heading for question in QUESTIONS
    ]
    assert f"| controller | LIST | `pods` | cluster | - | 1 place | `{PATH}:{LINE}` |" in done.stdout
    assert "compared HEAD" in done.stdout


def test_lines_are_permanent_links_where_the_repository_is_named(changed: Repository) -> None:
    head = changed.git("rev-parse", "HEAD")
    done = run(changed, "--base", "HEAD~1", "--head", "HEAD", "--repository", "octo/widgets")
    assert f"https://github.com/octo/widgets/blob/{head}/{PATH}#L{LINE}" in done.stdout


def test_the_work_tree_is_looked_at_as_check_does(repository: Repository) -> None:
    repository.write(PATH, BAD)
    assert f"`{PATH}:{LINE}`" in run(repository, "--base", "HEAD").stdout


def test_json_and_a_file(changed: Repository) -> None:
    done = run(changed, "--base", "HEAD~1", "--head", "HEAD", "--format", "json", "--output", "section.json")
    assert (done.returncode, done.stdout) == (0, "") and "written to section.json" in done.stderr
    told = json.loads((changed.folder / "section.json").read_text())
    assert [each["verb"] for each in told["asked"]] == ["LIST"]
    assert [each["topic"] for each in told["readiness"]] == ["calls"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--repository", "octo/widgets"], "name a commit with --head"),
        (["--repository", "https://github.com/octo/widgets", "--head", "HEAD"], "write --repository owner/name"),
        (["--head", "nothing"], "nothing is no commit of this repository"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(repository: Repository, arguments: list[str], sentence: str) -> None:
    done = run(repository, *arguments)
    assert done.returncode == 2 and sentence in done.stderr and done.stderr.count("\n") == 1
