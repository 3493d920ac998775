"""Status: how the whole bot is doing, read from Redis alone. The one place that knows where all of it stands.

What a page shows comes from here and from nowhere else, so that another queue changes this file and no page.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rq
from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import Worker

from bot import ended
from bot.budget import AN_HOUR, Budget
from bot.ended import Ended
from bot.queue import QUEUES, Queues, Waiting

MIRRORS = "scalability-bot:mirrors"
# Failed jobs shown, the newest first.
FAILURES = 50
# Three signs of life of workers.worker.MONITORING, and some: a worker in silence for longer is gone.
SILENT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Working:
    """A worker process: its queue, whether it is busy, what with and since when (seconds), and when it last gave a sign."""

    name: str
    queue: str
    state: str
    job: str
    busy_seconds: float | None
    silent_seconds: float

    @property
    def is_well(self) -> bool:
        """Say whether it still gives signs of life."""
        return self.silent_seconds < SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed for good: why in one line, and what an operator can do."""

    job: str
    queue: str
    at: float
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The mirrors on one worker's disk."""

    where: str
    mb: float
    quota_mb: float
    at: float


@dataclass(frozen=True, slots=True)
class Status:
    """All of it at one moment. room is what may still be written within this hour, of budget; paused in seconds."""

    at: float
    queues: tuple[Waiting, ...]
    workers: tuple[Working, ...]
    ended: tuple[Ended, ...]
    failures: tuple[Failure, ...]
    mirrors: tuple[Mirrors, ...]
    room: int
    budget: int
    paused_seconds: float
    redis_mb: float

    @property
    def problems(self) -> list[str]:
        """Say in sentences what needs somebody, with what to do; nothing if all is well."""
        found = []
        for queue in self.queues:
            if not any(worker.queue == queue.queue and worker.is_well for worker in self.workers):
                found.append(
                    f"No worker serves the queue {queue.queue}: start one (scalability-bot worker {queue.queue})."
                )
            elif queue.oldest_seconds > 600:
                minutes = queue.oldest_seconds / 60
                found.append(f"A job has waited {minutes:.0f} min in {queue.queue}: add workers for this queue.")
        if self.room < self.budget // 10:
            found.append("GitHub's limit for comments is nearly used up: reviews write their check run alone for now.")
        if self.failures:
            one = len(self.failures) == 1
            count = f"{len(self.failures)}{'+' if len(self.failures) == FAILURES else ''}"
            found.append(f"{count} {'job' if one else 'jobs'} failed for good: see below what to do.")
        return found


def read(queues: Queues) -> Status:
    """Read how everything stands now. RedisError if the server is away."""
    redis, now = queues.connection, time.time()
    budget = Budget(redis)
    paused = redis.get("scalability-bot:budget:paused")
    return Status(
        at=now,
        queues=tuple(queues.waiting()),
        workers=tuple(sorted(_workers(redis, now), key=lambda each: (each.queue, each.name))),
        ended=tuple(ended.read(redis)),
        failures=tuple(_failures(redis)),
        mirrors=tuple(mirrors(redis)),
        room=budget.room(),
        budget=AN_HOUR,
        paused_seconds=max(0.0, float(paused) - now) if paused else 0.0,
        redis_mb=float(redis.info("memory")["used_memory"]) / 2**20,
    )


def run_again(redis: Redis, job_id: str) -> bool:
    """Enqueue a job that failed for good once more; False if there is no such failure any more."""
    for name in QUEUES:
        registry = FailedJobRegistry(queue=_queue(redis, name))
        if job_id in registry.get_job_ids(cleanup=False):
            try:
                registry.requeue(job_id)
            except NoSuchJobError:
                return False
            return True
    return False


def note_mirrors(redis: Redis, where: str, mb: float, quota_mb: float) -> None:
    """Note how much disk a worker's mirrors take; for workers."""
    redis.hset(MIRRORS, where, json.dumps({"mb": mb, "quota_mb": quota_mb, "at": time.time()}))


def _workers(redis: Redis, now: float) -> Iterator[Working]:
    for worker in Worker.all(connection=redis, serializer=JSONSerializer):
        job = worker.get_current_job_id() or ""
        since = _started(redis, job) if job else None
        heard = worker.last_heartbeat
        yield Working(
            name=worker.name,
            queue=", ".join(worker.queue_names()),
            state=str(worker.get_state()),
            job=job,
            busy_seconds=None if since is None else max(0.0, now - since),
            silent_seconds=max(0.0, now - _seconds(heard)) if heard else now,
        )


def _failures(redis: Redis) -> Iterator[Failure]:
    found = []
    for name in QUEUES:
        registry = FailedJobRegistry(queue=_queue(redis, name))
        for job_id in registry.get_job_ids(cleanup=False):
            try:
                job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
                result = job.latest_result()
            except (NoSuchJobError, ValueError, TypeError, KeyError):  # expired, or no record of ours
                continue
            reason = _last_line((result.exc_string if result else "") or "")
            at = _seconds(job.ended_at) if job.ended_at else 0.0
            found.append(Failure(job_id, name, at, reason, advice(reason)))
    yield from sorted(found, key=lambda each: -each.at)[:FAILURES]


# What the last line of a failure says -> what to do. In this order; the first that fits counts.
_ADVICE = (
    (r"took longer than|JobTimeout|maximum timeout", "Raise JOB_TIMEOUT, or look at how large the change is."),
    (r"more memory|SIGKILL|MemoryError", "Raise JOB_MEMORY_MB or the container's memory."),
    (r"RemoteRefused|answered 404|404", "Install the App on this repository, or take it out of REPOSITORIES."),
    (r"answered 40[13]|Bad credentials|Resource not accessible", "Run scalability-bot doctor: key or permissions."),
    (r"private key|token .* cannot be read", "Run scalability-bot doctor: the key's file."),
    (r"RateLimited|rate limit", "Wait: GitHub's limits are by the hour. Run it again later."),
    (r"answered 5\d\d|did not answer|Unreachable|Uncertain|git fetch failed", "GitHub was away: run it again."),
    (r"No space left|disk", "Make room on the worker's disk or lower MIRROR_QUOTA_MB."),
    (r"Refused: job", "Somebody else writes to this Redis: find out who."),
    (r"crashed|ParserError", "A defect: the worker's log has the place. Please report it with the pull request."),
)


def advice(reason: str) -> str:
    """Say what an operator can do about the last line of a failure."""
    for pattern, sentence in _ADVICE:
        if re.search(pattern, reason, re.IGNORECASE):
            return sentence
    return "The worker's log has the whole story; run it again once the cause is gone."


def mirrors(redis: Redis) -> Iterator[Mirrors]:
    """Yield what each worker noted of its mirrors."""
    for where, text in sorted(redis.hgetall(MIRRORS).items()):
        try:
            noted = json.loads(text)
            yield Mirrors(_text(where), float(noted["mb"]), float(noted["quota_mb"]), float(noted["at"]))
        except (ValueError, KeyError, TypeError):
            continue


def _started(redis: Redis, job_id: str) -> float | None:
    started = redis.hget(Job.key_for(job_id), "started_at")
    return _seconds(datetime.fromisoformat(_text(started))) if started else None


def _queue(redis: Redis, name: str) -> rq.Queue:
    return rq.Queue(name, connection=redis, serializer=JSONSerializer)


def _last_line(trace: str) -> str:
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it left no reason"


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
