"""The queue: what is submitted here is run by the workers, which are named by strings only.

The job's record is the mark that something was asked for: enqueueing is one atomic step that refuses an id it has
seen, so a delivery that comes twice is harmless and one that was not answered with 2xx can come again. Records live four
days, a day longer than GitHub keeps deliveries.
"""

import datetime
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import rq
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry as ConnectionRetry
from rq.exceptions import DuplicateJobError
from rq.job import Job, Retry
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from bot.review_request import Answer, CommandSource, Reply, ReviewRequest, job_prefix
from bot.settings import Secret
from bot.triggers import Drop, Remembered

COMMANDS = "commands"
REVIEWS = "reviews"
DEEP = "deep"
MAINTENANCE = "maintenance"
QUEUES = (COMMANDS, REVIEWS, DEEP, MAINTENANCE)

REVIEW = "workers.jobs.review"
REPLY = "workers.jobs.reply"
MAINTAIN = "workers.jobs.maintain"

FOUR_DAYS = 4 * 24 * 3600
COMMANDS_AN_HOUR = 3
# Without a Retry a job whose worker died never runs again. The last interval outlasts most of GitHub's incidents.
RETRY_SECONDS = (10, 60, 300, 1800)
MENTION_ECHO_SECONDS = 600

_PREFIX = "scalability-bot"
_LABELS = f"{_PREFIX}:labels"

# Drops the waiting reviews of one pull request, unless a newer event was seen already: deliveries overtake each other,
# and one that failed comes again later. A job that a worker has taken is in no list any more, and so is left alone.
# KEYS: the time of the newest event; then pairs of a queue's list and its scheduled registry (what waits for a retry).
# ARGV: time of this event ("" if unknown), how long to remember it, prefix of the ids, id to keep ("" for none), prefix
# of job keys, of results' keys. Gives the list of dropped jobs' data; 0 if a newer event was seen, after dropping the job
# that came with this one.
_DROP = """
local newest = redis.call('GET', KEYS[1])
local late = newest and ARGV[1] ~= '' and newest > ARGV[1]
if not late and ARGV[1] ~= '' then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
local dropped = {}
local function drop(id, removed)
  local moot = id == ARGV[4]
  if not late then moot = not moot and string.sub(id, 1, #ARGV[3]) == ARGV[3] end
  if moot and removed(id) == 1 then
    local key = ARGV[5] .. id
    table.insert(dropped, redis.call('HGET', key, 'data') or '')
    redis.call('DEL', key, ARGV[6] .. id)
  end
end
for i = 2, #KEYS, 2 do
  for _, id in ipairs(redis.call('LRANGE', KEYS[i], 0, -1)) do
    drop(id, function(each) return redis.call('LREM', KEYS[i], 1, each) end)
  end
  for _, id in ipairs(redis.call('ZRANGE', KEYS[i + 1], 0, -1)) do
    drop(id, function(each) return redis.call('ZREM', KEYS[i + 1], each) end)
  end
end
if late then return 0 end
return dropped
"""

# Counts a person's commands of the last hour by their job ids: the same delivery again is not counted again.
# KEYS: the person's set; who was told that it is full. ARGV: id, how many an hour.
# Gives "run", "tell" for the first one too many until there is room again, "silent" for those after that.
_COUNT = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3600)
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 'run' end
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('EXPIRE', KEYS[1], 3600)
  return 'run'
end
local told = redis.call('GET', KEYS[2])
if told and told ~= ARGV[1] then return 'silent' end
local oldest = tonumber(redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
redis.call('SET', KEYS[2], ARGV[1], 'EX', oldest + 3601 - now)
return 'tell'
"""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission: a duplicate was there before; late is an event that a newer one had overtaken."""

    job_id: str
    queue: str
    outcome: Literal["queued", "duplicate", "late"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a queue stands: jobs in each state, and how long the first one has waited, in seconds (0 if none waits)."""

    queue: str
    waiting: int
    started: int
    scheduled: int
    failed: int
    oldest_seconds: float


def connect(url: Secret, *, timeout: float | None = None) -> Redis:
    """Connect to the queue's server, lazily.

    timeout (seconds) is for the receiver, which must answer GitHub: it bounds connecting and each reply, without repeats.
    Without it a client waits as long as redis-py does; workers and the command line want that.
    """
    if timeout is None:
        return Redis.from_url(url.reveal())
    return Redis.from_url(
        url.reveal(),
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=ConnectionRetry(NoBackoff(), 0),  # the pool leaves out connections that died with a restart
    )


class Queues:
    """The four queues: people's commands, automatic reviews, deep scans, maintenance. Each has a worker of its own.

    Methods raise redis.RedisError if the server cannot be reached. job_timeout is in seconds.
    """

    def __init__(self, connection: Redis, *, job_timeout: int = 600) -> None:
        self.connection = connection
        self._queues = {
            name: rq.Queue(name, connection=connection, serializer=JSONSerializer, default_timeout=job_timeout)
            for name in QUEUES
        }
        self._drop = connection.register_script(_DROP)
        self._count = connection.register_script(_COUNT)

    def submit(self, request: ReviewRequest | Reply) -> Submitted:
        """Enqueue a review or a reply, once. A review of a new head takes the place of one that still waits."""
        if isinstance(request, Reply):
            return self.enqueue(COMMANDS, REPLY, request.to_json(), request.job_id)
        queue = queue_of(request)
        submitted = self.enqueue(queue, REVIEW, request.to_json(), request.job_id)
        if submitted.outcome == "duplicate" or queue != REVIEWS:
            return submitted
        # After enqueueing: whatever fails in between leaves one review too many, never one too few.
        dropped = self._drop_waiting(request, (REVIEWS,), keep=submitted.job_id)
        return Submitted(submitted.job_id, queue, "late") if dropped is None else submitted

    def drop(self, drop: Drop) -> int:
        """Remove the waiting reviews of a closed pull request, tell those who asked by command, and give how many."""
        dropped = self._drop_waiting(drop, (REVIEWS, DEEP, COMMANDS)) or []
        for request in dropped:
            if request.command:
                self.submit(_refusal(request, request.command, "closed"))
        return len(dropped)

    def limited(self, request: ReviewRequest | Reply) -> ReviewRequest | Reply | None:
        """Count a command against its author's three an hour.

        Gives the request itself if it may run; a polite reply for the first one beyond; None for those after that, so
        that nobody makes the bot talk. Deep scans of those who may ask for them are not counted, nor their "received".
        """
        command = request.command
        if command is None or (isinstance(request, ReviewRequest) and request.depth == "deep"):
            return request
        if isinstance(request, Reply) and request.answer in {"received", "closed", "too-many"}:
            return request
        key = f"{_PREFIX}:commands:{command.author.lower()}"
        match _text(self._count(keys=[key, f"{key}:told"], args=[request.job_id, COMMANDS_AN_HOUR])):
            case "run":
                return request
            case "tell":
                return _refusal(request, command, "too-many")
        return None

    def enqueue(
        self,
        queue: str,
        function: str,
        argument: Mapping[str, Any] | None,
        job_id: str,
        *,
        at: datetime.datetime | None = None,
    ) -> Submitted:
        """Enqueue one call of a function by name, now or at a time, unless its id was seen in the last four days."""
        options: dict[str, Any] = {
            "args": () if argument is None else (dict(argument),),
            "job_id": job_id,
            "description": job_id,  # RQ would log the whole call
            "retry": Retry(max=len(RETRY_SECONDS), interval=list(RETRY_SECONDS)),
            "result_ttl": FOUR_DAYS,
            "failure_ttl": FOUR_DAYS,
            "unique": True,
        }
        try:
            if at is None:
                self._queues[queue].enqueue(function, **options)
            else:
                self._queues[queue].enqueue_at(at, function, **options)
        except DuplicateJobError:
            return Submitted(job_id, queue, "duplicate")
        return Submitted(job_id, queue, "queued")

    def waiting(self) -> list[Waiting]:
        """Give how each queue stands."""
        now = datetime.datetime.now(datetime.UTC)
        return [
            Waiting(
                name,
                waiting=queue.count,
                started=StartedJobRegistry(queue=queue).get_job_count(cleanup=False),
                scheduled=_scheduled(queue).get_job_count(cleanup=False),
                failed=FailedJobRegistry(queue=queue).get_job_count(cleanup=False),
                oldest_seconds=self._age(queue, now),
            )
            for name, queue in self._queues.items()
        ]

    def remember_label(self, repository: str, label: str) -> None:
        """Note the label by which a repository's own configuration asks for deep scans (workers read it)."""
        self.connection.hset(_LABELS, repository.lower(), label)

    def remember_mention(self, repository: str, number: int) -> None:
        """Note, before it is posted, that a review mentions the SIG: a label that follows is no person's wish."""
        self.connection.set(_mention(repository, number), 1, ex=MENTION_ECHO_SECONDS)

    def remembered(self, repository: str, number: int) -> Remembered:
        """Give what was noted about a pull request."""
        label = self.connection.hget(_LABELS, repository.lower())
        mentioned = self.connection.exists(_mention(repository, number))
        return Remembered(label=_text(label) or None, just_mentioned=bool(mentioned))

    def _drop_waiting(
        self, event: ReviewRequest | Drop, queues: tuple[str, ...], keep: str = ""
    ) -> list[ReviewRequest] | None:
        keys = [f"{_PREFIX}:newest:{event.repository.lower()}:{event.number}"]
        for name in queues:
            keys += [self._queues[name].key, _scheduled(self._queues[name]).key]
        prefix = job_prefix(event.repository, event.number)
        results = Result.get_key("")  # type: ignore[no-untyped-call]
        args = (event.updated_at, FOUR_DAYS, prefix, keep, Job.key_for(""), results)
        dropped = self._drop(keys=keys, args=args)
        return [request for data in dropped if (request := _request(data))] if isinstance(dropped, list) else None

    def _age(self, queue: rq.Queue, now: datetime.datetime) -> float:
        first = self.connection.lindex(queue.key, 0)
        enqueued = first and self.connection.hget(Job.key_for(_text(first)), "enqueued_at")
        if not enqueued:
            return 0.0
        since = datetime.datetime.fromisoformat(_text(enqueued))
        return max(0.0, (now - since).total_seconds())


def queue_of(request: ReviewRequest) -> str:
    """Say which queue a review belongs to: deep scans have their own, and people do not wait behind pushes."""
    if request.depth == "deep":
        return DEEP
    return REVIEWS if request.is_automatic else COMMANDS


def _scheduled(queue: rq.Queue) -> ScheduledJobRegistry:
    return ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call] # RQ left its __init__ without types


def _refusal(request: ReviewRequest | Reply, command: CommandSource, answer: Answer) -> Reply:
    return Reply(
        repository=request.repository,
        number=request.number,
        installation=request.installation,
        answer=answer,
        command=command,
    )


def _mention(repository: str, number: int) -> str:
    return f"{_PREFIX}:mention:{repository.lower()}:{number}"


def _request(data: bytes) -> ReviewRequest | None:
    # As RQ lays it down: (function, object, arguments, keywords), compressed. None: the record had expired.
    if not data:
        return None
    _, _, (request,), _ = json.loads(zlib.decompress(data))
    return ReviewRequest.from_json(request)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
