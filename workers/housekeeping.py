"""Housekeeping: what nobody asks for and must be done all the same, once a minute."""

import contextlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import rq
from redis import Redis
from rq.exceptions import DeserializationError, DuplicateJobError
from rq.job import Job, JobStatus, Retry
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from bot import deep_scans, metrics
from bot.budget import Budget
from bot.github import GitHubError, Refused
from bot.queue import FOUR_DAYS, MAINTAIN, MAINTENANCE, QUEUES, REVIEW
from workers import jobs
from workers.jobs import Equipment

_log = logging.getLogger(__name__)

EVERY = 60
# GitHub keeps deliveries for three days.
DELIVERIES_KEPT = timedelta(days=3)
DELIVERIES_EVERY = 300
# A delivery that fails again is asked for again, later each time: after 5 minutes, 10, 20 ... and no more after a day.
REDELIVERIES = 9
# RQ's own steps between two lists take milliseconds.
LOST_AFTER = timedelta(seconds=30)
_SET_ASIDE = "set aside"
_PREFIX = "scalability-bot:housekeeping"


def maintain(equipment: Equipment) -> str:
    """Do all of it; what fails is logged, hinders nothing else, and fails the job in the end. Give what was done."""
    steps: tuple[Callable[[Equipment], str], ...] = (
        put_back_lost_jobs,
        set_failed_aside,
        close_deep_scans,
        ask_for_failed_deliveries,
    )
    done, failed = [], []
    for step in steps:
        try:
            done.append(step(equipment))
        except Exception as error:
            _log.exception("housekeeping: %s failed", step.__name__)
            failed.append(f"{step.__name__}: {error}")
    if failed:
        raise HousekeepingError("; ".join(failed))
    return ", ".join(filter(None, done)) or "nothing to do"


class HousekeepingError(Exception):
    """Some of the housekeeping failed; the text says what."""


def submit(redis: Redis, cause: str = "") -> None:
    """Enqueue the housekeeping of this minute, once; or one for a cause (a job's id) that should not wait for the next."""
    job_id = f"maintain-{cause or int(time.time() // EVERY)}"
    queue = rq.Queue(MAINTENANCE, connection=redis, serializer=JSONSerializer)
    with contextlib.suppress(DuplicateJobError):
        queue.enqueue(
            MAINTAIN,
            job_id=job_id,
            description=job_id,
            retry=Retry(max=3, interval=EVERY // 2),
            job_timeout=10 * EVERY,
            result_ttl=10 * EVERY,  # the record has to outlast this minute
            failure_ttl=FOUR_DAYS,
            unique=True,
        )


def is_review(job: Job) -> bool:
    """Say whether a job is a review, as far as its record can be read."""
    try:
        return job.func_name == REVIEW and len(job.args) == 1
    except DeserializationError:
        return False


def put_back_lost_jobs(equipment: Equipment) -> str:
    """Enqueue again the jobs that are "queued" and in no list: their worker died between two steps of RQ's."""
    queues = {name: rq.Queue(name, connection=equipment.redis, serializer=JSONSerializer) for name in QUEUES}
    # Read in the order in which a job goes from list to list: one that moves meanwhile is seen once at least.
    known: set[str] = set()
    for queue in queues.values():
        known |= {*queue.get_job_ids(), *queue.intermediate_queue.get_job_ids()}
        known |= {*StartedJobRegistry(queue=queue).get_job_ids(cleanup=False)}
        known |= {*ScheduledJobRegistry(queue=queue).get_job_ids(cleanup=False)}  # type: ignore[no-untyped-call]
    found = 0
    for job_id, name, age in _queued(equipment.redis):
        if name in queues and age > LOST_AFTER and job_id not in known:
            _log.warning("job %s was in no list of %s: enqueued again", job_id, name)
            queues[name].push_job_id(job_id)
            found += 1
    return f"{found} lost jobs put back" if found else ""


def set_failed_aside(equipment: Equipment) -> str:
    """Say on their pull requests that reviews failed for good, once each."""
    told = 0
    for name in QUEUES:
        queue = rq.Queue(name, connection=equipment.redis, serializer=JSONSerializer)
        for job_id in FailedJobRegistry(queue=queue).get_job_ids(cleanup=False):
            job = _record(queue, job_id)
            if job is None or not is_review(job) or _SET_ASIDE in job.meta:
                continue
            _log.error("job %s failed for good and is set aside; `rq requeue` runs it again", job_id)
            try:
                jobs.set_aside(equipment, job.args[0])
            except (Refused, ValueError) as reason:
                _log.warning("nothing is said of job %s on its pull request: %s", job_id, reason)
            except GitHubError as error:
                _log.warning("its pull request is told of job %s later: %s", job_id, error)
                continue
            job.meta[_SET_ASIDE] = datetime.now(UTC).isoformat()
            job.save_meta()  # type: ignore[no-untyped-call]
            told += 1
    return f"{told} failed jobs set aside" if told else ""


def close_deep_scans(equipment: Equipment) -> str:
    """Complete the check runs of deep scans that did not come to their end within ten minutes."""
    closed = 0
    if equipment.settings.mode == "post":
        closed = deep_scans.close_overdue(equipment.redis, equipment.app, Budget(equipment.redis))
    return f"{closed} deep scans closed" if closed else ""


def ask_for_failed_deliveries(equipment: Equipment, now: Callable[[], float] = time.time) -> str:
    """Ask GitHub to send again the webhooks that did not arrive, from time to time: GitHub never does so by itself."""
    redis = equipment.redis
    if not redis.set(f"{_PREFIX}:deliveries", 1, nx=True, ex=DELIVERIES_EVERY - EVERY // 2):
        return ""
    asked = 0
    for delivery in equipment.app.failed_deliveries(datetime.now(UTC) - DELIVERIES_KEPT):
        if _is_due(redis, delivery.guid, now()):
            _log.info("asking for delivery %s (%s) again", delivery.guid, delivery.event)
            equipment.app.redeliver(delivery)
            metrics.count(redis, "redeliveries")
            asked += 1
    return f"{asked} deliveries asked for again" if asked else ""


def _is_due(redis: Redis, guid: str, now: float) -> bool:
    """Say whether to ask for a delivery now, and count it: each time the pause doubles."""
    key = f"{_PREFIX}:redelivery:{guid}"
    raw = redis.get(key)
    times, at = json.loads(raw) if raw else (0, 0.0)
    if times >= REDELIVERIES or now < at:
        return False
    state = json.dumps((times + 1, now + DELIVERIES_EVERY * 2**times))
    redis.set(key, state, ex=int(DELIVERIES_KEPT.total_seconds()) + 3600)
    return True


def _record(queue: rq.Queue, job_id: str) -> Job | None:
    try:
        return queue.fetch_job(job_id)
    except (ValueError, TypeError, KeyError) as error:  # whoever can write to Redis must not stop all housekeeping
        _log.warning("job %s has no readable record: %s", job_id, type(error).__name__)
        return None


def _queued(redis: Redis) -> Iterator[tuple[str, str, timedelta]]:
    """Yield the jobs whose record says that they wait, each with its queue and how long it has."""
    prefix = Job.redis_job_namespace_prefix
    for key in redis.scan_iter(match=f"{prefix}*", count=500, _type="hash"):
        status, origin, enqueued = redis.hmget(key, ["status", "origin", "enqueued_at"])
        if _text(status) != JobStatus.QUEUED.value or not enqueued:
            continue
        with contextlib.suppress(ValueError):  # no time
            since = datetime.fromisoformat(_text(enqueued))
            yield _text(key).removeprefix(prefix), _text(origin), datetime.now(UTC) - since


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
