"""Signing in: a code for a person's yes, once; a token that sees what the person and the App see; an end to it."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from workers.sandbox import SimulatedGitHub

BACK = "http://127.0.0.1:9/signed-in"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github(tmp_path: Path, clock: Clock) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path, clock=clock) as simulated:
        simulated.repository("octo/open")
        simulated.repository("octo/closed", private=True).member("lead", "MEMBER")
        simulated.repository("elsewhere/closed", private=True, installed=False).member("lead", "MEMBER")
        yield simulated


def agree(github: SimulatedGitHub, login: str = "lead", **changes: str) -> requests.Response:
    form = {"client_id": github.client_id, "redirect_uri": BACK, "state": "xyz", "login": login, **changes}
    return requests.post(f"{github.git_url}/login/oauth/authorize", data=form, allow_redirects=False, timeout=10)


def code(github: SimulatedGitHub, login: str = "lead") -> str:
    query = parse_qs(urlsplit(agree(github, login).headers["Location"]).query)
    assert query["state"] == ["xyz"]
    return query["code"][0]


def exchange(github: SimulatedGitHub, given: str, **changes: str) -> dict[str, str]:
    form = {
        "client_id": github.client_id,
        "client_secret": github.client_secret,
        "code": given,
        "redirect_uri": BACK,
        **changes,
    }
    answer = requests.post(f"{github.git_url}/login/oauth/access_token", data=form, timeout=10)
    assert answer.status_code == 200
    return dict(answer.json())


def seen(github: SimulatedGitHub, repository: str, token: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{github.url}/repos/{repository}", headers=headers, timeout=10).status_code


def test_a_person_s_token_sees_what_both_see(github: SimulatedGitHub) -> None:
    token = exchange(github, code(github))["access_token"]
    who = requests.get(f"{github.url}/user", headers={"Authorization": f"Bearer {token}"}, timeout=10).json()
    assert who["login"] == "lead"
    assert [seen(github, name, token) for name in ("octo/open", "octo/closed", "elsewhere/closed")] == [200, 200, 404]
    other = exchange(github, code(github, "contributor"))["access_token"]
    assert [seen(github, name, other) for name in ("octo/open", "octo/closed")] == [200, 404]


def test_nobody_sees_what_is_private(github: SimulatedGitHub) -> None:
    assert [seen(github, name) for name in ("octo/open", "octo/closed", "octo/nothing")] == [200, 404, 404]


def test_a_code_is_good_once_and_for_ten_minutes(github: SimulatedGitHub, clock: Clock) -> None:
    given = code(github)
    assert "access_token" in exchange(github, given)
    assert exchange(github, given)["error"] == "bad_verification_code"
    late = code(github)
    clock.now += 601
    assert exchange(github, late)["error"] == "bad_verification_code"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "bad_verification_code"),
    ],
)
def test_only_the_app_gets_a_token(github: SimulatedGitHub, changes: dict[str, str], error: str) -> None:
    assert exchange(github, code(github), **changes)["error"] == error


def test_a_token_is_revoked_by_the_app_alone(github: SimulatedGitHub) -> None:
    token = exchange(github, code(github))["access_token"]
    address = f"{github.url}/applications/{github.client_id}/token"
    for secret, status, left in (("wrong", 404, 200), (github.client_secret, 204, 401)):
        answer = requests.delete(address, json={"access_token": token}, auth=(github.client_id, secret), timeout=10)
        assert (answer.status_code, seen(github, "octo/closed", token)) == (status, left)


def test_people_are_sent_only_where_the_app_said(github: SimulatedGitHub) -> None:
    github.state.app.callback_urls = (BACK,)
    assert agree(github).status_code == 302
    assert agree(github, redirect_uri="http://127.0.0.1:9/evil").status_code == 400
    assert agree(github, redirect_uri="javascript:alert(1)").status_code == 400
    assert agree(github, client_id="unknown").status_code == 404
    assert agree(github, login="no login").status_code == 422
    page = requests.get(
        f"{github.git_url}/login/oauth/authorize",
        params={"client_id": github.client_id, "redirect_uri": BACK, "state": "<b>"},
        timeout=10,
    )
    assert "Authorize as sig-lead" in page.text and "<b>" not in page.text
    assert "form-action 'self' http://127.0.0.1:9;" in page.headers["Content-Security-Policy"]
