"""Signing in with GitHub, to read what only some may read: https://docs.github.com/apps/creating-github-apps/writing-code-for-a-github-app/building-a-login-with-github-button-with-a-github-app

A person's token is asked for, used for two questions (who is it, may they see this repository) and revoked, all within one
request: it is kept nowhere. What is kept is who it was, in a signed cookie, and the answer, in Redis for some minutes.
"""

import hashlib
import hmac
import itertools
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from itsdangerous import BadData, URLSafeTimedSerializer
from redis import Redis

from bot.settings import API_VERSION, Secret, Settings

SESSION_SECONDS = 8 * 3600
ANSWER_SECONDS = 300
"""For so long a person who lost a repository may still read its report, and one who was given it waits."""
STATE_SECONDS = 600
_TIMEOUT = (3.0, 5.0)  # seconds to connect, and between two bytes
_PIECE, _PIECES = 65_536, 16  # of an answer no more than a megabyte is read
_AT_A_TIME = 4
_PREFIX = "scalability-bot:may-see"


class SignInError(Exception):
    """GitHub did not say who it is, or what they may see; one sentence for the person."""


class Busy(SignInError):
    """Too many ask GitHub at this moment: the receiver's threads are for webhooks."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in: GitHub's number of the account, and its login."""

    id: int
    login: str


class SignIn:
    """The App's OAuth, and what the receiver remembers of those who signed in."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self.settings = settings
        self.redis = redis
        self._slots = threading.BoundedSemaphore(_AT_A_TIME)

    @property
    def is_offered(self) -> bool:
        """Say whether people can sign in: CLIENT_ID, CLIENT_SECRET and PUBLIC_URL are set."""
        return bool(self.settings.client_id and self.settings.client_secret and self.settings.public_url)

    # --- who it is ----------------------------------------------------------------------------------------------------

    def session(self, person: Person) -> str:
        """Give a cookie's value that says who it is."""
        return self._signer("session").dumps([person.id, person.login])

    def person(self, cookie: str) -> Person | None:
        """Read what session() gave, not older than SESSION_SECONDS; None for anything else."""
        found = self._unsigned("session", cookie, SESSION_SECONDS)
        match found:
            case [int(number), str(login)]:
                return Person(number, login)
        return None

    def begin(self, name: str) -> tuple[str, str]:
        """Give GitHub's address at which a person says yes, and the cookie's value that its answer is held against.

        name is the report that is wanted.
        """
        state = secrets.token_urlsafe(24)
        query = {"client_id": self.settings.client_id, "redirect_uri": self._answers_to, "state": state}
        cookie = self._signer("state").dumps([state, name])
        return f"{self.settings.github_git_url}/login/oauth/authorize?{urlencode(query)}", cookie

    def wanted(self, cookie: str, state: str) -> str | None:
        """Give the report that was wanted, None unless this browser began it, some minutes ago at most."""
        found = self._unsigned("state", cookie, STATE_SECONDS)
        match found:
            case [str(own), str(name)] if hmac.compare_digest(own.encode(), state.encode()):
                return name
        return None

    # --- what they may see --------------------------------------------------------------------------------------------

    def remembered(self, person: Person, name: str) -> bool | None:
        """Say whether a person may read a report, as GitHub said some minutes ago; None if it is to be asked."""
        found = self.redis.get(f"{_PREFIX}:{person.id}:{name}")
        return None if found is None else found == b"1"

    def finish(self, code: str, name: str, repository: str | None) -> Person:
        """Turn a code into who it is, and remember whether they may read the report of a repository (None: there is none).

        SignInError if GitHub does not say so.
        """
        with self._slot():
            token = self._token(code)
            try:
                person = self._who(token)
                may = repository is not None and self._sees(repository, token)
            finally:
                self._revoke(token)
        self.redis.set(f"{_PREFIX}:{person.id}:{name}", int(may), ex=ANSWER_SECONDS)
        return person

    def is_public(self, repository: str) -> bool:
        """Say whether GitHub shows a repository to everybody; no for as long as it does not say so. SignInError: Busy."""
        key = f"{_PREFIX}:everybody:{repository.lower()}"
        found = self.redis.get(key)
        if found is not None:
            return found == b"1"
        with self._slot():
            status, data = self._asked(f"/repos/{repository}", None)
        if status not in {200, 301, 404, 451}:
            return False  # GitHub's limit for those who do not sign in, or it is away: not remembered
        public = status == 200 and data.get("private") is False
        self.redis.set(key, int(public), ex=ANSWER_SECONDS)
        return public

    # --- GitHub -------------------------------------------------------------------------------------------------------

    @property
    def _answers_to(self) -> str:
        return f"{self.settings.public_url}/signed-in"

    def _token(self, code: str) -> Secret:
        form = {
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret.reveal(),
            "code": code,
            "redirect_uri": self._answers_to,
        }
        address = f"{self.settings.github_git_url}/login/oauth/access_token"
        _, data = _answer("POST", address, {"Accept": "application/json"}, data=form)
        token = data.get("access_token")
        if not isinstance(token, str) or not token:
            raise SignInError("GitHub took the sign-in for too old or used already: try again.")
        return Secret(token)

    def _who(self, token: Secret) -> Person:
        status, data = self._asked("/user", token)
        if status == 200 and isinstance(data.get("id"), int) and isinstance(data.get("login"), str):
            return Person(data["id"], data["login"])
        raise SignInError(f"GitHub did not say who signed in (it answered {status}): try again.")

    def _sees(self, repository: str, token: Secret) -> bool:
        status, _ = self._asked(f"/repos/{repository}", token)
        if status not in {200, 301, 403, 404, 451}:
            raise SignInError(f"GitHub did not say what you may see (it answered {status}): try again.")
        return status == 200

    def _revoke(self, token: Secret) -> None:
        address = f"{self.settings.github_api_url}/applications/{self.settings.client_id}/token"
        credentials = (self.settings.client_id or "", self.settings.client_secret.reveal())
        try:
            requests.delete(
                address, json={"access_token": token.reveal()}, auth=credentials, headers=_headers(), timeout=_TIMEOUT
            )
        except requests.RequestException:
            return  # it ends by itself within hours, and is held nowhere

    def _asked(self, path: str, token: Secret | None) -> tuple[int, dict[str, Any]]:
        given = {"Authorization": f"Bearer {token.reveal()}"} if token else {}
        return _answer("GET", f"{self.settings.github_api_url}{path}", {**_headers(), **given})

    # --- signatures ---------------------------------------------------------------------------------------------------

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        # Of the App's secret, so that all receivers have the same key, and a new secret ends all sessions.
        key = hmac.digest(self.settings.client_secret.reveal().encode(), b"scalability-bot cookies", "sha256")
        return URLSafeTimedSerializer(key, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})

    def _unsigned(self, purpose: str, value: str, seconds: int) -> object:
        if not self.is_offered:
            return None
        try:
            return self._signer(purpose).loads(value, max_age=seconds)
        except BadData:
            return None

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(blocking=False):
            raise Busy("Too many ask at this moment: try again in a few seconds.")
        try:
            yield
        finally:
            self._slots.release()


def _headers() -> dict[str, str]:
    return {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": API_VERSION,
        "User-Agent": "scalability-bot",
    }


def _answer(method: str, address: str, headers: dict[str, str], **options: Any) -> tuple[int, dict[str, Any]]:
    """Give status and JSON ({} where it is none). SignInError if GitHub does not answer; its text has no address."""
    try:
        with requests.request(
            method, address, headers=headers, timeout=_TIMEOUT, allow_redirects=False, stream=True, **options
        ) as answer:
            status = answer.status_code
            text = b"".join(itertools.islice(answer.iter_content(_PIECE), _PIECES))
    except requests.RequestException as error:
        raise SignInError(f"GitHub did not answer ({type(error).__name__}): try again in a moment.") from None
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    return status, data if isinstance(data, dict) else {}
