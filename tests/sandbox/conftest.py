"""A simulated GitHub with one pull request, and a real PyGithub that speaks to it as the App."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import github as pygithub
import pytest
from github.Auth import AppAuth
from github.PullRequest import PullRequest
from github.Repository import Repository

from workers.sandbox import SimulatedGitHub, SimulatedRepository
from workers.sandbox.keys import generate_key
from workers.sandbox.records import Pull

NAME = "octo/kubernetes"
LINES = [f"line {number}" for number in range(1, 61)]


def text(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


# Line 10 changed, one line new after line 30, line 50 gone.
CHANGED = [*LINES[:9], "line ten", *LINES[10:30], "new line", *LINES[30:49], *LINES[50:]]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """Both sides of the wire: the pull request as the simulated GitHub has it, and as PyGithub sees it."""

    github: SimulatedGitHub
    repository: SimulatedRepository
    pull: Pull
    api: pygithub.Github
    seen: Repository
    seen_pull: PullRequest

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any], Any]:
        """Make a call with the installation's token; give status, headers and JSON (or text)."""
        status, told, answer = self.api.requester.requestJson(method, path, input=body, headers=headers)
        try:
            return status, told, json.loads(answer) if answer else None
        except ValueError:
            return status, told, answer

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, Any]:
        """Make a call that must be refused; give status, message and errors."""
        status, _, answer = self.call(method, path, body)
        assert status >= 400, answer
        return status, answer["message"], answer.get("errors")


@pytest.fixture(scope="session")
def private_key() -> str:
    return generate_key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(tmp_path: Path, private_key: str) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path, private_key=private_key) as simulated:
        yield simulated


def client(github: SimulatedGitHub, token: str) -> pygithub.Github:
    """Give a PyGithub that neither repeats nor waits."""
    auth = pygithub.Auth.Token(token)
    return pygithub.Github(
        base_url=github.url, auth=auth, retry=None, seconds_between_requests=0, seconds_between_writes=0
    )


def as_app(
    github: SimulatedGitHub, key: str | None = None, app_id: int | str | None = None
) -> pygithub.GithubIntegration:
    auth = AppAuth(app_id or github.app_id, key or github.private_key)
    return pygithub.GithubIntegration(
        auth=auth, base_url=github.url, retry=None, seconds_between_requests=0, seconds_between_writes=0
    )


@pytest.fixture
def scene(github: SimulatedGitHub) -> Iterator[Scene]:
    repository = github.repository(NAME)
    repository.commit({"a.txt": text(*LINES), "b/c.txt": "c\n", "gone.txt": "gone\n", "old.txt": text(*LINES)}, "Begin")
    pull = repository.open_pull(
        {
            "a.txt": text(*CHANGED), "new.txt": "one\ntwo\n", "gone.txt": None, "old.txt": None,
            "renamed.txt": text(*LINES), "binary": b"\0\1\2",
        },
        "Change lines",
    )  # fmt: skip
    github.delivered()  # nowhere, so that a receiver which a test begins is told nothing of it
    with client(github, github.token().value) as api:
        seen = api.withLazy(True).get_repo(NAME)  # nothing is asked before it is needed
        yield Scene(github, repository, pull, api, seen, seen.get_pull(pull.number))
