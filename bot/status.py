"""Status: how the whole bot is doing, read from Redis alone. The one place that knows where all of it stands.

What a page shows comes from here and from nowhere else, so that another queue changes this file and no page.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import Worker

from bot import ended, progress
from bot.budget import Budget
from bot.ended import Ended
from bot.keys import KINDS, PREFIX, Key, Kind, Note
from bot.queue import QUEUES, Queues, Waiting
from bot.review_request import Depth, ReviewRequest

MIRRORS = "scalability-bot:mirrors"
# Since when each repository is served, and, under a name that no repository has, when the last sweep was (bot.sweep).
SERVED = "scalability-bot:served"
LAST_SWEEP = "last sweep"
# Three signs of life of workers.worker.MONITORING, and some: a worker in silence for longer is gone.
SILENT_SECONDS = 60
# What the kinds of work are called.
WORK: Mapping[Kind, str] = {"talk": "an answer", "normal": "a review", "deep": "a deep scan"}
# As bot.keys.Key gives itself.
_NAME = re.compile(r"(?P<repository>[^#\s]+)#(?P<number>[1-9][0-9]{0,9})(?: \((?P<kind>talk|deep)\))?")
# The page lists so many that wait for a time; /metrics counts them all.
_MOST_LATER = 20
# A worker's disk of which nothing was heard for so long went with its worker.
_FORGOTTEN = 3 * 24 * 3600
_FAILED, _AGAIN = "failed", "asked for again"


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
class UnderWay:
    """A pull request that a worker holds: what is being done, for how long, and for how long its turn has lasted (seconds)."""

    job: str
    step: str
    step_seconds: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Later:
    """A pull request that waits for a time: in how many seconds it is due, and what its last turn said."""

    job: str
    due_seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A pull request whose work was given up for now: why in one line, and what an operator can do."""

    job: str
    queue: str
    at: float
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Mirrors:
    """The mirrors on one worker's disk, with the stores of words in them."""

    where: str
    mb: float
    quota_mb: float
    at: float
    stores_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """All of it at one moment. room is what may still be written within this hour, of budget; times are in seconds.

    swept_seconds: since the last sweep over open pull requests, None if there was none; late_sweep: what is too long.
    """

    at: float
    waiting: tuple[Waiting, ...]
    running: tuple[UnderWay, ...]
    later: tuple[Later, ...]
    workers: tuple[Working, ...]
    ended: tuple[Ended, ...]
    failures: tuple[Failure, ...]
    mirrors: tuple[Mirrors, ...]
    room: int
    budget: int
    paused_seconds: float
    redis_mb: float
    swept_seconds: float | None
    late_sweep: float

    @property
    def repeatable(self) -> frozenset[Ended]:
        """The last turns of pull requests whose review can be asked for again, and was not yet."""
        waiting = {each.job for each in self.running} | {each.job for each in self.later}
        newest: dict[str, Ended] = {}
        for each in self.ended:
            newest.setdefault(each.job, each)
        return frozenset(
            each
            for job, each in newest.items()
            if _NAME.fullmatch(job) and each.outcome != _AGAIN and job not in waiting and not job.endswith("(talk)")
        )

    @property
    def problems(self) -> list[str]:
        """Say in sentences what needs somebody, with what to do; nothing if all is well."""
        found: list[str] = []
        served = {worker.queue for worker in self.workers if worker.is_well}
        found += (
            f"No worker serves the queue {name}: start one (scalability-bot worker {name})."
            for name in QUEUES
            if name not in served
        )
        for each in self.waiting:
            if each.oldest_seconds > 600:
                minutes = each.oldest_seconds / 60
                found.append(
                    f"A pull request has waited {minutes:.0f} min for {WORK[each.kind]}: add workers for that."
                )
        if self.room < self.budget // 10:
            found.append("GitHub's limit for comments is nearly used up: reviews write their check run alone for now.")
        if self.swept_seconds is not None and self.swept_seconds > self.late_sweep:
            minutes = self.swept_seconds / 60
            found.append(
                f"The last sweep over open pull requests was {minutes:.0f} min ago: see the maintenance worker's log."
            )
        if self.failures:
            one = len(self.failures) == 1
            what = "pull request was" if one else "pull requests were"
            found.append(f"{len(self.failures)} {what} given up for now: see below what to do.")
        return found


def read(queues: Queues) -> Status:
    """Read how everything stands now. RedisError if the server is away."""
    redis, now = queues.connection, time.time()
    budget = Budget(redis, queues.timers)
    noted = ended.read(redis)
    paused = redis.get("scalability-bot:budget:paused")
    swept = _text(redis.hget(SERVED, LAST_SWEEP) or b"")
    return Status(
        at=now,
        waiting=tuple(queues.waiting()),
        running=tuple(_under_way(redis, now)),
        later=tuple(_later(queues, noted)),
        workers=tuple(sorted(_workers(redis, now), key=lambda each: (each.queue, each.name))),
        ended=tuple(noted),
        failures=tuple(_failures(noted)),
        mirrors=tuple(mirrors(redis)),
        room=budget.room(),
        budget=queues.timers.writes_an_hour,
        paused_seconds=max(0.0, float(paused) - now) if paused else 0.0,
        redis_mb=float(redis.info("memory")["used_memory"]) / 2**20,
        swept_seconds=max(0.0, now - _seconds(datetime.fromisoformat(swept))) if swept else None,
        # Three times out of turn, and what a sweep over many repositories may itself take.
        late_sweep=3 * queues.timers.sweep + 900,
    )


def run_again(queues: Queues, job: str) -> bool:
    """Have a pull request looked at once more, now; False if this page never told of it.

    One that waits for a time is due at once. One whose turn has ended is reviewed again, whether or not that was done.
    """
    named = _NAME.fullmatch(job)
    if named is None:
        return False
    noted = ended.read(queues.connection)
    if any(each.job == job for each in _later(queues, noted)):
        kind = next(kind for kind in KINDS if kind == (named["kind"] or "normal"))
        queues.keys.note([Note(key=Key(kind, named["repository"], int(named["number"])))])
        queues.wake()
        return True
    turn = next((each for each in noted if each.job == job), None)
    if turn is None or turn.outcome == _AGAIN:
        return False
    depth: Depth = "deep" if named["kind"] == "deep" else "normal"
    asked = ReviewRequest(
        repository=named["repository"],
        number=int(named["number"]),
        depth=depth,
        cause="operator",
        again=f"operator-{uuid.uuid4().hex}",
    )
    queues.submit([asked])
    ended.note(queues.connection, job, turn.queue, _AGAIN, 0.0, "by an operator")
    return True


def note_mirrors(redis: Redis, where: str, mb: float, quota_mb: float, stores_mb: float = 0.0) -> None:
    """Note how much disk a worker's mirrors take; for workers. Workers of which nothing was heard for long are forgotten."""
    now = time.time()
    told = {"mb": mb, "quota_mb": quota_mb, "at": now, "stores_mb": stores_mb}
    redis.hset(MIRRORS, where, json.dumps(told))
    if gone := [each.where for each in mirrors(redis) if now - each.at > _FORGOTTEN]:
        redis.hdel(MIRRORS, *gone)


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


def _under_way(redis: Redis, now: float) -> Iterator[UnderWay]:
    for name in map(_text, redis.zrange(f"{PREFIX}running", 0, -1)):
        job = _job(redis, name)
        if told := progress.read(redis, name):
            yield UnderWay(job, told.step, max(0.0, now - told.at), max(0.0, now - told.begun))
        else:
            yield UnderWay(job, "begins", None, None)


def _later(queues: Queues, noted: Sequence[Ended]) -> Iterator[Later]:
    """Yield the pull requests that wait for a time, the next first, and no more than a page shows."""
    said: dict[str, str] = {}
    for each in noted:
        said.setdefault(each.job, each.said)
    now = queues.keys.now()
    waiting: Any = queues.connection.zrange(f"{PREFIX}later", 0, _MOST_LATER - 1, withscores=True)
    for name, at in waiting:
        job = _job(queues.connection, _text(name))
        yield Later(job, max(0.0, float(at) - now), said.get(job, ""))


def _job(redis: Redis, name: str) -> str:
    """Give how a key is called, from its name in Redis: as its record spells the repository."""
    kind, _, rest = name.partition(":")
    repository, _, number = rest.rpartition("#")
    spelled = _text(redis.hget(f"{PREFIX}record:{name}", "repository") or b"")
    return f"{spelled or repository}#{number}{'' if kind == 'normal' else f' ({kind})'}"


def _failures(noted: Sequence[Ended]) -> Iterator[Failure]:
    """Yield what was given up and did not run since, the newest first."""
    seen = set()
    for each in noted:
        if each.job not in seen and each.outcome == _FAILED:
            yield Failure(each.job, each.queue, each.at, each.said or "it left no reason", advice(each.said))
        seen.add(each.job)


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
            stores = float(noted.get("stores_mb", 0.0))
            yield Mirrors(_text(where), float(noted["mb"]), float(noted["quota_mb"]), float(noted["at"]), stores)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _started(redis: Redis, job_id: str) -> float | None:
    started = redis.hget(Job.key_for(job_id), "started_at")
    return _seconds(datetime.fromisoformat(_text(started))) if started else None


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
