"""The App proves who it is by a signed token, and gets tokens that open no more than it asks for."""

import http.client
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import github as pygithub
import jwt
import pytest
import yaml
from github import GithubException

from tests.sandbox.conftest import NAME, Clock, Scene, as_app, client
from workers.sandbox import SimulatedGitHub
from workers.sandbox.keys import generate_key
from workers.sandbox.records import EVENTS, PERMISSIONS


def ask(github: SimulatedGitHub, token: str, path: str = "/app", scheme: str = "Bearer") -> tuple[int, str]:
    with pygithub.Github(base_url=github.url, retry=None) as api:
        status, _, answer = api.requester.requestJson("GET", path, headers={"Authorization": f"{scheme} {token}"})
    return status, json.loads(answer).get("message", "")


def signed(github: SimulatedGitHub, key: str | None = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iat": now - 60, "exp": now + 300, "iss": str(github.app_id), **changes}
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, key or github.private_key, "RS256"
    )


def test_permissions_and_events_are_those_of_the_apps_manifest() -> None:
    manifest = yaml.safe_load(Path(__file__).parents[2].joinpath("app.yml").read_text())
    assert manifest["default_permissions"] == PERMISSIONS
    assert set(manifest["default_events"]) == set(EVENTS)


def test_pygithub_comes_in_as_the_app(scene: Scene) -> None:
    integration = as_app(scene.github)
    assert integration.get_app().slug == "scalability-bot"
    installation = integration.get_repo_installation("octo", "kubernetes")
    assert [found.id for found in integration.get_installations()] == [installation.id]
    assert integration.get_org_installation("octo").id == installation.id
    token = integration.get_access_token(installation.id)
    assert token.permissions == PERMISSIONS
    assert 3500 < token.expires_at.timestamp() - time.time() <= 3600


def test_the_client_id_is_an_issuer_too(github: SimulatedGitHub) -> None:
    assert ask(github, signed(github, iss=github.app.client_id))[0] == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": int(time.time()) + 3600}, "too far in the future"),
        ({"exp": int(time.time()) - 10}, "must be in the future"),
        ({"exp": None}, "'exp'"),
        ({"iat": int(time.time()) + 86_400}, "'iat'"),
        ({"iat": None}, "'iat'"),
        ({"iss": "99"}, "'iss'"),
    ],
)
def test_a_wrong_claim_is_refused(github: SimulatedGitHub, changes: dict[str, Any], said: str) -> None:
    status, message = ask(github, signed(github, **changes))
    assert (status, said in message) == (401, True), message


def test_another_key_an_unsigned_token_and_nonsense_are_refused(github: SimulatedGitHub) -> None:
    now = int(time.time())
    unsigned = jwt.encode({"iat": now, "exp": now + 300, "iss": str(github.app_id)}, None, "none")
    symmetric = jwt.encode({"iat": now, "exp": now + 300, "iss": str(github.app_id)}, "x" * 40, "HS256")
    for token in (signed(github, generate_key()), unsigned, symmetric, "a.b.c"):
        assert ask(github, token)[0] == 401
    assert ask(github, "ghs_unknown") == (401, "Bad credentials")
    assert ask(github, "x", scheme="Digest") == (401, "Bad credentials")


def test_without_a_credential_nothing_is_told(scene: Scene) -> None:
    with pygithub.Github(base_url=scene.github.url, retry=None) as api:
        repository = api.get_repo(NAME)  # but that a public repository is there
        with pytest.raises(GithubException) as caught:
            repository.get_pull(1)
    assert caught.value.status == 401


def test_each_credential_opens_its_own_doors(scene: Scene) -> None:
    assert ask(scene.github, scene.github.token().value)[0] == 401  # /app wants the App itself
    assert ask(scene.github, signed(scene.github), f"/repos/{NAME}")[0] == 403  # and a repository a token


def test_a_token_opens_the_repositories_it_was_narrowed_to(scene: Scene) -> None:
    scene.github.repository("octo/other")
    narrowed = scene.github.token(repositories=["kubernetes"])
    with client(scene.github, narrowed.value) as api:
        assert api.get_repo(NAME).full_name == NAME
        with pytest.raises(GithubException) as caught:
            api.get_repo("octo/other")
        assert caught.value.status == 404
        _, listed = api.requester.requestJsonAndCheck("GET", "/installation/repositories")
    assert [found["full_name"] for found in listed["repositories"]] == [NAME]


def test_another_accounts_repository_is_not_there(scene: Scene) -> None:
    scene.github.repository("elsewhere/secret", private=True)
    assert scene.refused("GET", "/repos/elsewhere/secret")[0] == 404


def test_permissions_are_enforced(scene: Scene) -> None:
    reading = scene.github.token({"contents": "read"}, ["kubernetes"])
    assert reading.permissions == {"metadata": "read", "contents": "read"}
    with client(scene.github, reading.value) as api:
        seen = api.get_repo(NAME)
        assert seen.get_contents("b/c.txt").decoded_content == b"c\n"  # type: ignore[union-attr]
        for call in (
            lambda: seen.get_pull(1),
            lambda: seen.create_check_run("n", scene.pull.head_sha),
            lambda: api.requester.requestJsonAndCheck("POST", f"/repos/{NAME}/issues/1/comments", input={"body": "b"}),
        ):
            with pytest.raises(GithubException) as caught:
                call()
            assert caught.value.status == 403
            assert "Resource not accessible by integration" in str(caught.value)
    writing = scene.github.token({"pull_requests": "write"})
    with client(scene.github, writing.value) as api:
        pull = api.get_repo(NAME).get_pull(1)
        pull.create_issue_comment("a pull request is an issue too")
        with pytest.raises(GithubException) as caught:
            api.get_repo(NAME).get_contents("b/c.txt")
        assert caught.value.status == 403


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"permissions": {"contents": "write"}}, "not granted"),
        ({"permissions": {"members": "read"}}, "not granted"),
        ({"permissions": {"contents": "all"}}, "contents"),
        ({"repositories": ["kubernetes", "nowhere"]}, "does not exist or is not accessible"),
        ({"repository_ids": [1]}, "does not exist or is not accessible"),
    ],
)
def test_a_token_for_more_than_was_granted_is_refused(scene: Scene, asked: dict[str, Any], said: str) -> None:
    integration = as_app(scene.github)
    number = integration.get_repo_installation("octo", "kubernetes").id
    with pytest.raises(GithubException) as caught:
        integration.requester.requestJsonAndCheck("POST", f"/app/installations/{number}/access_tokens", input=asked)
    assert caught.value.status == 422 and said in str(caught.value)


def test_a_token_lasts_an_hour(tmp_path: Path, private_key: str, clock: Clock) -> None:
    with SimulatedGitHub(tmp_path, private_key=private_key, clock=clock) as github:
        github.repository(NAME)
        with client(github, github.token().value) as api:
            api.get_repo(NAME)
            clock.now += 3599
            api.get_repo(NAME)
            clock.now += 1
            with pytest.raises(GithubException) as caught:
                api.get_repo(NAME)
    assert caught.value.status == 401


def test_a_token_can_be_given_back(scene: Scene) -> None:
    assert scene.call("DELETE", "/installation/token")[0] == 204
    assert scene.refused("GET", f"/repos/{NAME}")[0] == 401


def test_where_the_app_is_not_installed_there_is_no_installation(scene: Scene) -> None:
    scene.github.repository("stranger/kubernetes", installed=False)
    integration = as_app(scene.github)
    with pytest.raises(GithubException) as caught:
        integration.get_repo_installation("stranger", "kubernetes")
    assert caught.value.status == 404


def test_an_unknown_version_and_a_missing_user_agent_are_refused(scene: Scene) -> None:
    assert scene.call("GET", f"/repos/{NAME}", headers={"X-GitHub-Api-Version": "1999-01-01"})[0] == 400
    address = urlsplit(scene.github.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    with closing(connection):
        connection.request("GET", f"{address.path}/repos/{NAME}", headers={"Authorization": "Bearer x"})
        answer = connection.getresponse()
        assert answer.status == 403 and b"User-Agent" in answer.read()


def test_secrets_stay_out_of_reprs(scene: Scene) -> None:
    token = scene.github.token()
    assert token.value not in repr(token)
    assert all(scene.github.webhook_secret not in repr(delivery) for delivery in scene.github.deliveries)
