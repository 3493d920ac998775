"""Failures on demand: at any call, before or after it took effect."""

import json
import subprocess
import urllib.request
from pathlib import Path

import github as pygithub
import pytest
import requests
from github import GithubException

from tests.sandbox.conftest import NAME, Scene
from workers.sandbox import Fault

COMMENTS = f"/repos/{NAME}/issues/1/comments"


def bodies(scene: Scene) -> list[str]:
    return [found.body for found in scene.pull.comments]


def test_before_nothing_happens(scene: Scene) -> None:
    scene.github.faults.add(Fault(method="POST", path="/comments$", when="before", status=502))
    status, message, _ = scene.refused("POST", COMMENTS, {"body": "one"})
    assert (status, message, bodies(scene)) == (502, "Server Error", [])
    assert scene.call("POST", COMMENTS, {"body": "two"})[0] == 201  # it struck once
    assert bodies(scene) == ["two"] and scene.github.faults.pending() == []


def test_after_it_has_happened(scene: Scene) -> None:
    scene.github.faults.add(Fault(method="POST", path="/comments$", when="after", status=502))
    assert scene.refused("POST", COMMENTS, {"body": "one"})[0] == 502
    assert bodies(scene) == ["one"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_connection(scene: Scene, when: str) -> None:
    scene.github.faults.add(Fault(path="/comments$", when=when, status="drop"))  # type: ignore[arg-type]
    with pytest.raises(requests.exceptions.ConnectionError):
        scene.call("POST", COMMENTS, {"body": "one"})
    assert bodies(scene) == (["one"] if when == "after" else [])


def test_pygithub_by_itself_posts_a_review_twice(scene: Scene) -> None:
    """The trap that github.md names: it is why the bot must not use PyGithub's own repeating for writes."""
    scene.github.faults.add(Fault(method="POST", path="/reviews$", when="after", status=502))
    auth = pygithub.Auth.Token(scene.github.token().value)
    retry = pygithub.GithubRetry(total=1, backoff_factor=0)
    with pygithub.Github(base_url=scene.github.url, auth=auth, retry=retry, seconds_between_writes=0) as api:
        api.get_repo(NAME).get_pull(1).create_review(body="once?", event="COMMENT")
    assert [review.body for review in scene.pull.reviews] == ["once?", "once?"]


def test_which_requests_fail_and_how_often(scene: Scene) -> None:
    scene.github.faults.add(Fault(method="GET", path=f"^/api/v3/repos/{NAME}$", status=500, skip=1, times=2))
    told = [scene.call("GET", f"/repos/{NAME}")[0] for _ in range(5)]
    assert told == [200, 500, 500, 200, 200]
    assert scene.call("GET", f"/repos/{NAME}/pulls")[0] == 200
    scene.github.faults.add(Fault(path=".*", status=503, times=None))
    assert [scene.call("GET", f"/repos/{NAME}")[0] for _ in range(3)] == [503] * 3
    scene.github.faults.clear()
    assert scene.call("GET", f"/repos/{NAME}")[0] == 200


def test_what_is_answered_can_be_chosen(scene: Scene) -> None:
    scene.github.faults.add(
        Fault(status=403, body={"message": "You have exceeded a secondary rate limit"}, headers={"Retry-After": "7"}),
        Fault(status=200, body="<html>not JSON</html>"),
    )
    status, told, answer = scene.call("GET", f"/repos/{NAME}")
    assert (status, told["retry-after"], "secondary" in answer["message"]) == (403, "7", True)
    assert scene.call("GET", f"/repos/{NAME}")[2] == "<html>not JSON</html>"


def test_a_delay_alone_answers_truly(scene: Scene) -> None:
    scene.github.faults.add(Fault(path=f"/{NAME}$", status=None, delay=0.01))
    assert scene.call("GET", f"/repos/{NAME}")[0] == 200
    assert scene.github.faults.pending() == []


def test_git_and_graphql_fail_too(scene: Scene, tmp_path: Path) -> None:
    scene.github.faults.add(Fault(path="info/refs", status=503), Fault(path="graphql", status=502))
    fetch = ["git", "ls-remote", f"{scene.github.git_url}/{NAME}.git"]
    done = subprocess.run(fetch, capture_output=True, text=True, check=False)
    assert done.returncode and "503" in done.stderr
    with pytest.raises(GithubException) as caught:
        scene.api.requester.graphql_query("{ viewer { login } }", {})
    assert caught.value.status == 502


def test_another_process_can_ask_for_a_fault(scene: Scene) -> None:
    def control(method: str, body: bytes | None) -> int:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{scene.github.git_url}/-/faults", body, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)

    fault = {"method": "POST", "path": "/comments$", "when": "after", "status": 502, "times": None}
    assert control("POST", json.dumps(fault).encode()) == 204
    assert scene.refused("POST", COMMENTS, {"body": "one"})[0] == 502
    assert control("DELETE", None) == 204
    assert scene.call("POST", COMMENTS, {"body": "two"})[0] == 201
    with pytest.raises(urllib.error.HTTPError, match="422"):
        control("POST", b'{"staus": 502}')
    with pytest.raises(urllib.error.HTTPError, match="422"):
        control("POST", b'{"path": "("}')


def test_what_was_asked_is_logged(scene: Scene) -> None:
    scene.github.state.requests.clear()
    scene.github.faults.add(Fault(method="POST", status=502))
    scene.call("GET", f"/repos/{NAME}/pulls?state=all")
    scene.refused("POST", COMMENTS, {"body": "one"})
    first, second = scene.github.state.requests
    assert (first.method, first.path, first.operation, first.status) == (
        "GET",
        f"/repos/{NAME}/pulls",
        "pulls/list",
        200,
    )
    assert first.query == {"state": "all"} and first.who.startswith("installation ")
    assert (second.status, second.fault) == (502, True)
