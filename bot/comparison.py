"""Comparison: which two commits a pull request's diff is made of, as GitHub shows it."""

import urllib.parse
from dataclasses import dataclass

from github.Auth import Token

from bot import github_calls
from bot.bot_account import Identity
from bot.github_app import READING


@dataclass(frozen=True, slots=True)
class Comparison:
    """base is the tip of the base branch, merge_base the newest commit that it and the head both have."""

    base: str
    merge_base: str


def compare(app: Identity, repository: str, installation: int | None, branch: str, head: str) -> Comparison:
    """Ask GitHub how a commit stands to a branch; Refused (404) if it does not know one of them or they share nothing.

    GitHub is asked since the mirror has no history. Its second page of one commit is wanted: the first would bring up to
    300 patches along (GitHub's documentation, "Compare two commits": files are on the first page only).
    """
    names = f"{urllib.parse.quote(branch, safe='')}...{head}"
    path = f"/repos/{repository}/compare/{names}?per_page=1&page=2"
    token = Token(app.token(repository, READING, installation))
    with github_calls.client(app.settings.github_api_url, token, github_calls.READING, app.settings.timers) as client:
        answer = github_calls.called(lambda: client.requester.requestJsonAndCheck("GET", path))[1]
    return Comparison(answer["base_commit"]["sha"], answer["merge_base_commit"]["sha"])
