"""Calls to GitHub: one client, one set of errors, and no repeating of a write behind our back.

PyGithub speaks the API. Its own repeating is switched off for writes: it would post a review again after a 502 or a
dropped connection, though the first may stand (measured; a 503 with Retry-After too). bot.post reads before it repeats.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import github
import requests
from github.Auth import Auth
from github.Requester import Requester
from requests.utils import parse_header_links
from urllib3.util.retry import Retry

from bot.settings import API_VERSION
from bot.timers import Timers

_Answer = TypeVar("_Answer")

# Calls of this process by method and status ("none": no answer): bot.metrics tells Redis, and empties it.
CALLS: Counter[tuple[str, str]] = Counter()

# urllib3 would honour Retry-After with a sleep of its own, however long; rate limits are bot.budget's. What is posted for
# reading is a query of GraphQL, a token to mint, a delivery to repeat: all may be posted twice without harm.
READING = Retry(
    total=3,
    backoff_factor=0.5,
    status_forcelist=(500, 502, 503, 504),
    allowed_methods={"GET", "POST"},
    respect_retry_after_header=False,
)
# Only a connection that never came about is tried again: there, nothing was written.
WRITING = Retry(
    total=2, connect=2, read=False, status=0, other=0, redirect=0, backoff_factor=0.5, respect_retry_after_header=False
)


class GitHubError(Exception):
    """A call to GitHub that gave no result; one sentence that says which and why, without secrets."""


class RateLimited(GitHubError):
    """GitHub asks to wait this many seconds; nothing was written."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class Refused(GitHubError):
    """GitHub says no (a status of 400 to 499); nothing was written."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(GitHubError):
    """GitHub could not be read, after several tries."""


class Uncertain(GitHubError):
    """GitHub failed during a write, which may stand or not: read before repeating."""


def client(address: str, auth: Auth, retry: Retry, timers: Timers) -> github.Github:
    """Give a client for the API at an address; retry is READING or WRITING."""
    retry = retry.new(backoff_factor=timers.call_again)
    made = github.Github(
        auth=auth,
        base_url=address,
        timeout=max(1, int(timers.call)),
        user_agent="scalability-bot",
        per_page=100,
        retry=retry,
        # bot.budget spaces the writes of all workers; PyGithub would know of its own alone.
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
        api_version=API_VERSION,
    )
    _watch(made.requester)
    return made


def _watch(requester: Requester) -> None:
    """Count the calls; and have a 3xx be a failure: PyGithub follows what it can follow, and takes the rest for done."""
    request = requester.requestJson

    def checked(verb: str, *arguments: Any, **options: Any) -> tuple[int, dict[str, Any], str]:
        try:
            status, headers, output = request(verb, *arguments, **options)
        except requests.RequestException:
            CALLS[verb.lower(), "none"] += 1
            raise
        CALLS[verb.lower(), str(status)] += 1
        if 300 <= status < 400:
            to = headers.get("location", "")
            raise github.GithubException(status, {"message": f"redirected to {to[:200]!r}"}, headers)
        return status, headers, output

    requester.requestJson = checked  # type: ignore[method-assign]


def pages(
    requester: Requester, path: str, key: str | None = None
) -> Iterator[tuple[list[dict[str, Any]], Mapping[str, Any]]]:
    """Yield each page of a list (under `key` of an object, where that is how it comes) with its headers.

    PyGithub's own lists give objects that ask GitHub once more for each field that is absent, as a comment's
    in_reply_to_id is: one request for each comment.
    """
    address: str | None = f"{path}{'&' if '?' in path else '?'}per_page=100"
    while address:
        headers, page = requester.requestJsonAndCheck("GET", address)
        yield (page[key] if key else page), headers
        address = _next(headers)


def listed(requester: Requester, path: str, key: str | None = None) -> list[dict[str, Any]]:
    """Give all of a list, page by page."""
    return [each for page, _ in pages(requester, path, key) for each in page]


def called(call: Callable[[], _Answer], failed: type[GitHubError] = Unreachable) -> _Answer:
    """Make a call and give PyGithub's many ways to fail as ours."""
    try:
        return call()
    except github.GithubException as error:
        raise _understood(error, failed) from None
    except (requests.RequestException, ValueError) as error:  # ValueError: an answer that is no JSON
        raise failed(f"GitHub did not answer ({type(error).__name__})") from None


def _understood(error: github.GithubException, failed: type[GitHubError]) -> GitHubError:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    said = error.data.get("message", "") if isinstance(error.data, dict) else ""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    message = f"GitHub answered {error.status}: {said or 'no reason given'}{f' {errors}' if errors else ''}"[:500]
    if error.status == 429 or (error.status == 403 and _is_limit(headers, str(said))):
        return RateLimited(message, _wait(headers))
    return failed(message) if error.status >= 500 else Refused(message, error.status)


def _is_limit(headers: Mapping[str, str], said: str) -> bool:
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()


def _wait(headers: Mapping[str, str]) -> float:
    """Give the seconds GitHub asks to wait: Retry-After, else the reset of an exhausted limit, else a minute."""
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(1.0, float(headers["x-ratelimit-reset"]) - time.time() + 1)
    return 60.0


def _next(headers: Mapping[str, Any]) -> str | None:
    links = parse_header_links(headers.get("link", "") or "")
    return next((link["url"] for link in links if link.get("rel") == "next"), None)
