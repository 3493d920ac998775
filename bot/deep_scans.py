"""Deep scans under way: each has a check run in progress, and none may stay so.

Kubernetes' merge automation waits for whatever is in progress, so what is begun is remembered before it is begun, and
maintenance closes what was not finished in time.
"""

import dataclasses
import json
import logging
import time
from collections.abc import Callable

from redis import Redis

from bot import summary
from bot.bot_account import Identity
from bot.budget import Budget
from bot.check_runs import number_in
from bot.github import GitHub, GitHubError, Refused
from bot.links import Links
from bot.review_request import Assignment
from bot.writes import DEEP_CHECK_RUN

_log = logging.getLogger(__name__)

_KEY = "scalability-bot:deep-scans"


def begun(redis: Redis, assignment: Assignment, *, now: Callable[[], float] = time.time) -> None:
    """Remember that a deep scan of a commit begins; call it before its check run is made (Review.started)."""
    redis.zadd(_KEY, {_member(assignment): now()})


def ended(redis: Redis, assignment: Assignment) -> None:
    """Forget a deep scan: its check run is completed."""
    redis.zrem(_KEY, _member(assignment))


def close_overdue(redis: Redis, app: Identity, budget: Budget, *, now: Callable[[], float] = time.time) -> int:
    """Complete, as neutral, the check runs of deep scans that did not end in time (Timers.deep_scan); give their number.

    What GitHub does not let us do now is tried again at the next call.
    """
    closed = 0
    for found in redis.zrangebyscore(_KEY, "-inf", now() - app.settings.timers.deep_scan):
        member = found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
        try:
            scan = json.loads(member)
            where = scan["repository"], scan["installation"], scan["number"], scan["head"]
        except (ValueError, TypeError, KeyError):
            # Whoever can write to Redis must not stop the others' being closed.
            _log.warning("what is remembered of a deep scan cannot be read, and is forgotten: %.100r", member)
            redis.zrem(_KEY, found if isinstance(found, bytes) else member)
            continue
        try:
            closed += _close(app, budget, *where)
        except Refused as refusal:
            _log.warning("the deep scan of %s#%s is forgotten: %s", scan["repository"], scan["number"], refusal)
        except GitHubError as error:
            _log.warning("the deep scan of %s#%s is closed later: %s", scan["repository"], scan["number"], error)
            continue
        redis.zrem(_KEY, member)
    return closed


def _close(app: Identity, budget: Budget, repository: str, installation: int | None, number: int, head: str) -> int:
    links = Links(repository, head, app.settings.github_git_url, app.settings.public_url)
    closed = 0
    with GitHub(app, repository, installation) as github:
        for run in github.check_runs(head):
            if run.name == DEEP_CHECK_RUN and not run.completed and number_in(run.external_id) in {None, number}:
                with budget.write(content=False):
                    github.carry_out(number, dataclasses.replace(summary.overdue(links), check_run_id=run.check_run_id))
                closed += 1
    return closed


def _member(assignment: Assignment) -> str:
    scan = {
        "repository": assignment.repository,
        "installation": assignment.installation,
        "number": assignment.number,
        "head": assignment.head,
    }
    return json.dumps(scan, sort_keys=True)
