"""App: the GitHub App proves who it is, and mints tokens that open one repository each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

import github
from github.Auth import AppAuth, Auth, Token

from bot import github_calls
from bot.settings import Settings

# What a token may do: of the mirror's, and of the one that comments (app.yml asks for both together, and no more).
READING: Mapping[str, str] = {"contents": "read"}
WRITING: Mapping[str, str] = {"checks": "write", "issues": "write", "pull_requests": "write"}
LISTING: Mapping[str, str] = {"metadata": "read"}
# A job may run ten minutes; a token with less than this left is not handed out.
TOKEN_LEFT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A webhook of ours that GitHub could not deliver: its id for asking again, and the id that each attempt carries."""

    delivery_id: int
    guid: str
    event: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class Installed:
    """A repository ("owner/name") that the App is installed on: by which installation, and since when both are there.

    installation is None where the bot is an account, which needs none.
    """

    repository: str
    installation: int | None
    since: datetime
    created: datetime


class App:
    """The GitHub App: proves who it is with its private key, and mints tokens for one repository at a time."""

    writes_check_runs = True

    def __init__(self, settings: Settings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        settings.require_app()
        self.settings = settings
        self._now = now
        self._tokens: dict[tuple[int, str, tuple[tuple[str, str], ...]], tuple[str, datetime]] = {}
        self._installations: dict[str, int] = {}

    @property
    def app_id(self) -> int:
        """The App's number."""
        assert self.settings.app_id is not None
        return self.settings.app_id

    @cached_property
    def login(self) -> str:
        """The name under which the bot comments ("slug[bot]"), asked of GitHub unless the settings say it."""
        if self.settings.bot_login:
            return self.settings.bot_login
        return f"{self.application()['slug']}[bot]"

    def application(self) -> dict[str, Any]:
        """Give what GitHub says of the App (GET /app): slug, permissions, events."""
        return dict(self._as_app("GET", "/app"))

    def installation(self, repository: str) -> int:
        """Give the number of the App's installation that covers a repository; Refused (404) if there is none."""
        if repository not in self._installations:
            self._installations[repository] = int(self._as_app("GET", f"/repos/{repository}/installation")["id"])
        return self._installations[repository]

    def repositories(self) -> Iterator[Installed]:
        """Yield all repositories that the App is installed on."""
        with self._client() as client:
            installations = github_calls.called(lambda: github_calls.listed(client.requester, "/app/installations"))
        for each in installations:
            number = int(each["id"])
            if each.get("suspended_at"):
                continue
            token = self._as_app("POST", f"/app/installations/{number}/access_tokens", {"permissions": dict(LISTING)})
            auth = Token(token["token"])
            with github_calls.client(
                self.settings.github_api_url, auth, github_calls.READING, self.settings.timers
            ) as client:
                listed = github_calls.called(
                    lambda client=client: github_calls.listed(  # type: ignore[misc]
                        client.requester, "/installation/repositories", "repositories"
                    )
                )
            since = datetime.fromisoformat(each["created_at"])
            for repository in listed:
                if not repository.get("archived"):
                    created = datetime.fromisoformat(repository["created_at"])
                    yield Installed(repository["full_name"], number, since, created)

    def token(self, repository: str, permissions: Mapping[str, str], installation: int | None = None) -> str:
        """Mint a token that opens this repository alone, with these permissions alone; kept until shortly before it ends."""
        number = installation or self.installation(repository)
        key = (number, repository, tuple(sorted(permissions.items())))
        token, ends = self._tokens.get(key, ("", self._now()))
        if not token or ends - self._now() < TOKEN_LEFT:
            asked = {"repositories": [repository.partition("/")[2]], "permissions": dict(permissions)}
            minted = self._as_app("POST", f"/app/installations/{number}/access_tokens", asked)
            token, ends = minted["token"], datetime.fromisoformat(minted["expires_at"])
            self._tokens[key] = token, ends
        return token

    def forget_tokens(self) -> None:
        """Mint anew from now on: GitHub no longer takes a token that was given before."""
        self._tokens.clear()

    def failed_deliveries(self, since: datetime) -> list[FailedDelivery]:
        """Give the webhooks since a time of which the latest attempt failed (GitHub keeps them for three days)."""
        latest: dict[str, tuple[bool, FailedDelivery]] = {}
        with self._client() as client:
            for page in github_calls.called(lambda: self._deliveries(client, since)):
                delivery = FailedDelivery(
                    page["id"], page["guid"], page["event"], datetime.fromisoformat(page["delivered_at"])
                )
                latest.setdefault(delivery.guid, (200 <= page["status_code"] < 300, delivery))
        return [delivery for delivered, delivery in latest.values() if not delivered]

    def redeliver(self, delivery: FailedDelivery) -> None:
        """Ask GitHub to send a webhook again; it carries the same id, so that nothing is done twice."""
        self._as_app("POST", f"/app/hook/deliveries/{delivery.delivery_id}/attempts")

    @staticmethod
    def _deliveries(client: github.Github, since: datetime) -> list[dict[str, Any]]:
        found = []
        for page, _ in github_calls.pages(client.requester, "/app/hook/deliveries"):
            recent = [each for each in page if datetime.fromisoformat(each["delivered_at"]) >= since]
            found += recent
            if len(recent) < len(page):  # the newest come first
                break
        return found

    def _as_app(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        with self._client() as client:
            return github_calls.called(lambda: client.requester.requestJsonAndCheck(verb, path, input=body))[1]

    def _client(self) -> github.Github:
        key = AppAuth(self.app_id, self.settings.private_key().reveal())
        return github_calls.client(self.settings.github_api_url, key, github_calls.READING, self.settings.timers)


class Minting(Protocol):
    """Who gives tokens: the App, or an account that has one."""

    settings: Settings

    def token(self, repository: str, permissions: Mapping[str, str], installation: int | None = None) -> str:
        """Give a token that opens a repository."""


class InstallationAuth(Auth):
    """Puts a token on each request that opens one repository; minted when needed."""

    def __init__(self, app: "Minting", repository: str, installation: int | None) -> None:
        self._app = app
        self._repository = repository
        self._installation = installation

    @property
    def token_type(self) -> str:
        """The scheme of the Authorization header."""
        return "Bearer"

    @property
    def token(self) -> str:
        """A token that is still good for a while."""
        # Resolving a thread takes contents: write, though it changes no contents.
        more = {"contents": "write"} if self._app.settings.resolve_threads else {}
        return self._app.token(self._repository, {**WRITING, **more}, self._installation)

    @property
    def _masked_token(self) -> str:
        return "Bearer (removed)"
