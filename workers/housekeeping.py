"""Housekeeping: what nobody asks for and must be done all the same, once a minute."""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import rq
from redis import Redis, RedisError
from rq.job import Job, JobStatus
from rq.registry import ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from bot import deep_scans, metrics, progress, status, sweep
from bot.acceptance.closed import no_longer_open
from bot.acceptance.store import PREFIX, Watched
from bot.budget import Budget
from bot.github import GitHub, GitHubError
from bot.github_calls import CALLS
from bot.keys import Key, Note
from bot.queue import MAINTAIN, QUEUES
from workers.equipment import Equipment

_log = logging.getLogger(__name__)

# GitHub keeps deliveries for three days.
DELIVERIES_KEPT = timedelta(days=3)
_PREFIX = "scalability-bot:housekeeping"

# What lies under a name of ours and is of another type than this would make all that touch it fail, for ever.
_TYPES: Mapping[str, str] = {
    "scalability-bot:labels": "hash",
    "scalability-bot:served": "hash",
    "scalability-bot:deep-scans": "zset",
    "scalability-bot:budget:content": "zset",
    "scalability-bot:budget:last": "string",
    "scalability-bot:budget:last-content": "string",
    "scalability-bot:budget:paused": "string",
    "scalability-bot:budget:turn": "string",
    "scalability-bot:shadow": "stream",
    f"{PREFIX}watched": "zset",
    f"{PREFIX}pulls": "zset",
    f"{PREFIX}repositories": "hash",
    "scalability-bot:ended": "list",
    status.MIRRORS: "hash",
    progress.KEY: "hash",
    metrics.COUNTED_KEY: "hash",
    "rq:workers": "set",
    "rq:queues": "set",
    **{f"rq:queue:{name}": "list" for name in QUEUES},
    **{f"rq:queue:{name}:intermediate": "list" for name in QUEUES},
    **{f"rq:workers:{name}": "set" for name in QUEUES},
    **{
        f"rq:{registry}:{name}": "zset"
        for registry in ("wip", "scheduled", "failed", "finished", "deferred", "canceled")
        for name in QUEUES
    },
}


def maintain(equipment: Equipment) -> str:
    """Do all of it; what fails is logged, hinders nothing else, and fails the job in the end. Give what was done."""
    steps: tuple[Callable[[Equipment], str], ...] = (
        remove_what_is_not_ours,
        mend_keys,
        put_back_lost_jobs,
        close_deep_scans,
        sweep_repositories,
        watch_comments,
        ask_for_failed_deliveries,
    )
    done, failed = [], []
    for step in steps:
        try:
            done.append(step(equipment))
        except Exception as error:
            _log.exception("housekeeping: %s failed", step.__name__)
            failed.append(f"{step.__name__}: {error}")
    with contextlib.suppress(RedisError):
        metrics.count_calls(equipment.redis, CALLS)
    if failed:
        raise HousekeepingError("; ".join(failed))
    return ", ".join(filter(None, done)) or "nothing to do"


class HousekeepingError(Exception):
    """Some of the housekeeping failed; the text says what."""


def submit(equipment: Equipment) -> None:
    """Enqueue the housekeeping of this minute, once."""
    every = equipment.settings.timers.housekeeping
    equipment.queues.enqueue_once(MAINTAIN, "housekeeping", timeout=max(60.0, 10 * every), kept=every)


def remove_what_is_not_ours(equipment: Equipment) -> str:
    """Remove what lies under a name of ours and is of another type."""
    wrong = 0
    for name, wanted in _TYPES.items():
        found = _text(equipment.redis.type(name))
        if found not in {wanted, "none"}:
            _log.error("%s is a %s and no %s: removed", name, found, wanted)
            equipment.redis.delete(name)
            wrong += 1
    return f"{wrong} keys of another type removed" if wrong else ""


def mend_keys(equipment: Equipment) -> str:
    """Make due what waits and is in no index, and remove records that are none."""
    mended = equipment.queues.keys.mend()
    equipment.queues.wake()
    return f"{mended} keys mended" if mended else ""


def put_back_lost_jobs(equipment: Equipment) -> str:
    """Enqueue again the jobs that are "queued" and in no list: their worker died between two steps of RQ's."""
    queues = {name: rq.Queue(name, connection=equipment.redis, serializer=JSONSerializer) for name in QUEUES}
    # Read in the order in which a job goes from list to list: one that moves meanwhile is seen once at least.
    known: set[str] = set()
    for queue in queues.values():
        known |= {*queue.get_job_ids(), *queue.intermediate_queue.get_job_ids()}
        known |= {*StartedJobRegistry(queue=queue).get_job_ids(cleanup=False)}
        known |= {*ScheduledJobRegistry(queue=queue).get_job_ids(cleanup=False)}  # type: ignore[no-untyped-call]
    lost_after = timedelta(seconds=equipment.settings.timers.lost)
    found = 0
    for job_id, name, age in _queued(equipment.redis):
        if name in queues and age > lost_after and job_id not in known:
            _log.warning("job %s was in no list of %s: enqueued again", job_id, name)
            queues[name].push_job_id(job_id)
            found += 1
    return f"{found} lost jobs put back" if found else ""


def close_deep_scans(equipment: Equipment) -> str:
    """Complete the check runs of deep scans that did not come to their end in time."""
    closed = 0
    if equipment.settings.mode == "post":
        budget = Budget(equipment.redis, equipment.settings.timers)
        closed = deep_scans.close_overdue(equipment.redis, equipment.app, budget)
    return f"{closed} deep scans closed" if closed else ""


def sweep_repositories(equipment: Equipment) -> str:
    """Look through all open pull requests from time to time, and have those reviewed whose head was not."""
    timers = equipment.settings.timers
    if not _from_time_to_time(equipment.redis, "sweep", timers.sweep):
        return ""
    now = datetime.now(UTC)
    served = [each for each in equipment.app.repositories() if equipment.settings.serves(each.repository)]
    since = sweep.served_since(equipment.redis, served, now)
    found = 0
    for each in served:
        young = sweep.young(since[each.repository], now, timers.sweep_oldest)
        try:
            found += _sweep(equipment, each.repository, each.installation, young, timers.sweep_most - found)
        except GitHubError as error:
            _log.warning("%s could not be swept: %s", each.repository, error)
    if found:
        metrics.count(equipment.redis, "swept", found)
        equipment.queues.wake()
    return f"{found} pull requests found without a review" if found else ""


def _sweep(equipment: Equipment, repository: str, installation: int | None, young: datetime, most: int) -> int:
    """Note what is missing in one repository, at most so many."""
    keys, shadow = equipment.queues.keys, equipment.settings.mode == "shadow"
    found = 0
    with GitHub(equipment.app, repository, installation) as github:
        for pull in sweep.open_pulls(github):
            if found >= most:
                break
            note = sweep.missing(keys, repository, installation, pull, shadow=shadow, young=young)
            if note and keys.note([note]) == ["queued"]:
                _log.info("%s: the sweep found no review of %.12s", note.key, pull.head)
                found += 1
    return found


def watch_comments(equipment: Equipment) -> str:
    """Have somebody look at the pull requests with comments that were closed unheard, or whose run did not come to its end."""
    if equipment.settings.mode != "post" or not _from_time_to_time(
        equipment.redis, "comments", equipment.settings.timers.sweep
    ):
        return ""
    watched: dict[str, list[Watched]] = {}
    for each in equipment.acceptance.watched():
        watched.setdefault(each.repository, []).append(each)
    served = {each.repository.lower(): each for each in equipment.app.repositories()} if watched else {}
    found = 0
    for name, pulls in watched.items():
        repository = served.get(name)
        if repository is None or not equipment.settings.serves(repository.repository):
            for each in pulls:
                equipment.acceptance.forget(name, each.number)
            continue
        try:
            found += _watch(equipment, repository.repository, repository.installation, pulls)
        except GitHubError as error:
            _log.warning("the comments in %s could not be watched: %s", name, error)
    if found:
        equipment.queues.wake()
    return f"{found} pull requests to be looked at for their comments" if found else ""


def _watch(equipment: Equipment, repository: str, installation: int | None, pulls: Sequence[Watched]) -> int:
    due = {each.number for each in pulls if not each.seen}
    with GitHub(equipment.app, repository, installation) as github:
        due |= {*no_longer_open(github, sorted({each.number for each in pulls} - due))}
    keys = (Key("normal", repository, number) for number in sorted(due))
    notes = [Note(key=key, installation=installation, swept=True) for key in keys]
    return equipment.queues.keys.note(notes).count("queued")


def ask_for_failed_deliveries(equipment: Equipment, now: Callable[[], float] = time.time) -> str:
    """Ask GitHub to send again the webhooks that did not arrive, from time to time: GitHub never does so by itself."""
    redis, timers = equipment.redis, equipment.settings.timers
    if not _from_time_to_time(redis, "deliveries", timers.deliveries):
        return ""
    asked = 0
    for delivery in equipment.app.failed_deliveries(datetime.now(UTC) - DELIVERIES_KEPT):
        if _is_due(redis, delivery.guid, now(), timers.deliveries, timers.redeliveries):
            _log.info("asking for delivery %s (%s) again", delivery.guid, delivery.event)
            equipment.app.redeliver(delivery)
            metrics.count(redis, "redeliveries")
            asked += 1
    return f"{asked} deliveries asked for again" if asked else ""


def _from_time_to_time(redis: Redis, what: str, seconds: float) -> bool:
    # Housekeeping comes by the minute, so a mark that ended a moment later would make it every other time.
    return bool(redis.set(f"{_PREFIX}:{what}", 1, nx=True, px=max(1, int(seconds * 900))))


def _is_due(redis: Redis, guid: str, now: float, pause: float, most: int) -> bool:
    """Say whether to ask for a delivery now, and count it: each time the pause doubles."""
    key = f"{_PREFIX}:redelivery:{guid}"
    times, at = _counted(redis, key)
    if times >= most or now < at:
        return False
    state = json.dumps((times + 1, now + pause * 2**times))
    redis.set(key, state, ex=int(DELIVERIES_KEPT.total_seconds()) + 3600)
    return True


def _counted(redis: Redis, key: str) -> tuple[int, float]:
    if _text(redis.type(key)) not in {"string", "none"}:
        redis.delete(key)
    try:
        times, at = json.loads(_text(redis.get(key)) or "[0, 0]")
        return int(times), float(at)
    except (ValueError, TypeError):  # whoever can write to Redis must not stop all housekeeping
        return 0, 0.0


def _queued(redis: Redis) -> Iterator[tuple[str, str, timedelta]]:
    """Yield the jobs whose record says that they wait, each with its queue and how long it has."""
    prefix = Job.redis_job_namespace_prefix
    for key in redis.scan_iter(match=f"{prefix}*", count=500, _type="hash"):
        status, origin, enqueued = redis.hmget(key, ["status", "origin", "enqueued_at"])
        if _text(status) != JobStatus.QUEUED.value or not enqueued:
            continue
        with contextlib.suppress(ValueError, TypeError):  # no time, or one of no zone
            since = datetime.fromisoformat(_text(enqueued))
            yield _text(key).removeprefix(prefix), _text(origin), datetime.now(UTC) - since


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
