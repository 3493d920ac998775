"""Rate limits, primary and secondary, as clients meet them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github import GithubException, RateLimitExceededException

from tests.sandbox.conftest import NAME, Clock, Scene, as_app, client
from workers.sandbox import SimulatedGitHub

COMMENTS = f"/repos/{NAME}/issues/1/comments"


@pytest.fixture
def github(tmp_path: Path, private_key: str, clock: Clock) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path, private_key=private_key, clock=clock) as simulated:
        yield simulated


def test_every_answer_tells_what_is_left(scene: Scene) -> None:
    _, before, _ = scene.call("GET", f"/repos/{NAME}")
    _, after, _ = scene.call("GET", f"/repos/{NAME}")
    assert int(before["x-ratelimit-remaining"]) - int(after["x-ratelimit-remaining"]) == 1
    assert after["x-ratelimit-limit"] == "5000" and after["x-ratelimit-resource"] == "core"
    rate = scene.api.get_rate_limit().rate
    assert rate.remaining == int(after["x-ratelimit-remaining"])
    assert scene.api.get_rate_limit().rate.remaining == rate.remaining  # asking is free


def test_the_primary_limit_lasts_until_its_hour_is_over(scene: Scene, clock: Clock) -> None:
    scene.github.state.limits.per_hour = 1
    assert scene.call("GET", f"/repos/{NAME}")[0] == 200
    status, told, answer = scene.call("GET", f"/repos/{NAME}")
    assert (status, told["x-ratelimit-remaining"]) == (403, "0") and "API rate limit exceeded" in answer["message"]
    assert int(told["x-ratelimit-reset"]) == clock.now + 3600
    with pytest.raises(RateLimitExceededException):
        scene.api.get_repo(NAME)
    clock.now += 3600
    with client(scene.github, scene.github.token().value) as api:
        api.get_repo(NAME)


def test_the_app_has_a_limit_of_its_own(scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", clock)  # PyGithub dates its tokens by it
    scene.github.state.limits.per_hour = 1
    assert scene.call("GET", f"/repos/{NAME}")[0] == 200
    assert scene.refused("GET", f"/repos/{NAME}")[0] == 403
    assert as_app(scene.github).get_app().id == scene.github.app_id


@pytest.mark.parametrize(("status", "retry_after"), [(403, 60), (429, None)])
def test_content_creation_is_limited_by_the_minute(
    scene: Scene, clock: Clock, status: int, retry_after: int | None
) -> None:
    limits = scene.github.state.limits
    limits.content_per_minute, limits.secondary_status, limits.retry_after = 2, status, retry_after
    for _ in range(2):
        scene.call("POST", COMMENTS, {"body": "b"})
    found, told, answer = scene.call("POST", COMMENTS, {"body": "b"})
    assert found == status and "secondary rate limit" in answer["message"]
    assert told.get("retry-after") == (None if retry_after is None else str(retry_after))
    assert scene.call("GET", f"/repos/{NAME}")[0] == 200  # reading goes on
    clock.now += 59
    assert scene.refused("POST", COMMENTS, {"body": "b"})[0] == status
    clock.now += 1
    assert scene.call("POST", COMMENTS, {"body": "b"})[0] == 201
    assert len(scene.pull.comments) == 3


def test_content_creation_is_limited_by_the_hour(scene: Scene, clock: Clock) -> None:
    scene.github.state.limits.content_per_hour = 2
    for _ in range(2):
        scene.seen_pull.create_review(body="b", event="COMMENT")
        clock.now += 100
    with pytest.raises(GithubException) as caught:
        scene.seen_pull.create_review(body="b", event="COMMENT")
    assert caught.value.status == 403 and len(scene.pull.reviews) == 2
    assert scene.call("POST", f"/repos/{NAME}/issues/1/labels", {"labels": ["a"]})[0] == 200  # creates no content
    clock.now += 3400
    with client(scene.github, scene.github.token().value) as api:
        api.get_repo(NAME).get_pull(1).create_review(body="b", event="COMMENT")


def test_a_limit_can_be_switched_off(scene: Scene) -> None:
    limits = scene.github.state.limits
    limits.content_per_minute = limits.content_per_hour = limits.per_hour = None
    for _ in range(90):
        limits.count("installation 1", 0.0, True)
    assert scene.call("POST", COMMENTS, {"body": "b"})[0] == 201
