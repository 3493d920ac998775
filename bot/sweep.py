"""Sweep: all open pull requests against what was reviewed, so that no review hangs on a delivery.

What a delivery, a Redis or an outage lost is found here, by the check run at each head (its external id says for which
branch, and how the review ended). In shadow mode the keys' records are the only ones that say so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from bot.check_runs import ExternalId, base_key
from bot.github import GitHub
from bot.github_app import Installed
from bot.keys import Key, Keys, Note
from bot.status import LAST_SWEEP, SERVED
from bot.writes import CHECK_RUN

# One check suite for an App and a commit, so this costs GitHub's rate limit three points for a hundred pull requests.
_QUERY = """
query($owner: String!, $name: String!, $app: Int!, $check: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: OPEN, first: 100, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        number isDraft createdAt headRefOid baseRefName author { login }
        commits(last: 1) {
          nodes {
            commit {
              oid committedDate
              checkSuites(first: 1, filterBy: {appId: $app}) {
                nodes { checkRuns(first: 50, filterBy: {checkName: $check, checkType: ALL}) { nodes { externalId } } }
              }
            }
          }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class OpenPull:
    """An open pull request, as the sweep sees it. since is when its head came to be there, as far as GitHub tells."""

    number: int
    head: str
    base: str
    author: str
    since: datetime
    reviewed: tuple[ExternalId, ...]


def open_pulls(github: GitHub) -> Iterator[OpenPull]:
    """Yield a repository's open pull requests that are no drafts, the most lively first."""
    owner, _, name = github.name.partition("/")
    after = None
    while True:
        variables = {
            "owner": owner,
            "name": name,
            "app": github.app.settings.app_id or 0,
            "check": CHECK_RUN,
            "after": after,
        }
        pulls = github.graphql(_QUERY, variables)["repository"]["pullRequests"]
        for node in pulls["nodes"]:
            if not node["isDraft"]:
                yield _pull(node)
        if not pulls["pageInfo"]["hasNextPage"]:
            return
        after = pulls["pageInfo"]["endCursor"]


def missing(
    keys: Keys, repository: str, installation: int | None, pull: OpenPull, *, shadow: bool, young: datetime
) -> Note | None:
    """Give the note for a pull request whose head was not reviewed, None if it was.

    young is the time from which on heads are commented on: what was pushed before gets its check run, silently.
    """
    key = Key("normal", repository, pull.number)
    base = base_key(pull.base)
    if keys.done(key) == f"{pull.head} {base}":
        return None
    if not shadow and any(
        (each.number, each.base, each.state) == (pull.number, base, "done") for each in pull.reviewed
    ):
        return None
    return Note(key=key, installation=installation, author=pull.author, swept=True, old=pull.since < young)


def served_since(redis: Redis, repositories: Iterable[Installed], now: datetime) -> dict[str, datetime]:
    """Give since when each repository is served, and remember it.

    One that is new to the bot since its last sweep is served from now on, or from its making if that was after that
    sweep. If there was none, Redis came back empty (or this is the first sweep of all): then it was served as long as the
    App is installed, as far as anybody knows.
    """
    known = {_text(name): _text(value) for name, value in redis.hgetall(SERVED).items()}
    last = _time(known.get(LAST_SWEEP, ""))
    found = {}
    for each in repositories:
        since = _time(known.get(each.repository.lower(), ""))
        if since is None:
            since = each.since if last is None else each.created if each.created >= last else now
            redis.hset(SERVED, each.repository.lower(), since.isoformat())
        found[each.repository] = since
    redis.hset(SERVED, LAST_SWEEP, now.replace(microsecond=0).isoformat())
    return found


def young(since: datetime, now: datetime, oldest: float) -> datetime:
    """Give the time from which on heads are commented on: neither an installation nor a long absence is a storm."""
    return max(since, now - timedelta(seconds=oldest))


def _pull(node: Mapping[str, Any]) -> OpenPull:
    created = datetime.fromisoformat(node["createdAt"])
    committed, reviewed = created, []
    for entry in node["commits"]["nodes"]:
        commit = entry["commit"]
        committed = datetime.fromisoformat(commit["committedDate"])
        if commit["oid"] != node["headRefOid"]:
            continue
        for suite in commit["checkSuites"]["nodes"]:
            reviewed += [ExternalId.read(run["externalId"] or "") for run in suite["checkRuns"]["nodes"]]
    return OpenPull(
        number=node["number"],
        head=node["headRefOid"],
        base=node["baseRefName"],
        author=(node["author"] or {}).get("login", ""),
        since=max(created, committed.astimezone(UTC)),
        reviewed=tuple(each for each in reviewed if each),
    )


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
