"""The queue: what an event asks for becomes a cause of a pull request's key (bot.keys), and a turn on RQ for a worker.

RQ's jobs are turns that name no pull request: a worker that gets one takes the fairest key that is due. A turn that is
lost costs nothing, since workers see to it that turns are never fewer than keys that are due.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rq
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry as ConnectionRetry
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from bot.keys import Key, Keys, Kind, Note, Outcome
from bot.review_request import CommandSource, Reply, ReviewRequest
from bot.settings import Secret
from bot.timers import Timers
from bot.triggers import Remembered

COMMANDS = "commands"
REVIEWS = "reviews"
DEEP = "deep"
MAINTENANCE = "maintenance"
QUEUES = (COMMANDS, REVIEWS, DEEP, MAINTENANCE)

TURN = "workers.jobs.turn"
MAINTAIN = "workers.housekeeping.maintain"

# What the turns of each queue take, the first that is due: "normal!" are the reviews that a person waits for. Whoever
# reviews hears commands first, so that nobody waits for the one worker of commands while that reviews itself.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    COMMANDS: ("talk!", "normal!"),
    REVIEWS: ("talk!", "talk", "normal!", "normal"),
    DEEP: ("deep!", "deep"),
}
# Who is woken for each kind of work.
_WAKES: Mapping[Kind, tuple[str, ...]] = {"talk": (COMMANDS, REVIEWS), "normal": (REVIEWS,), "deep": (DEEP,)}

HOUR = 3600

_PREFIX = "scalability-bot"
_LABELS = f"{_PREFIX}:labels"

# Counts a person's commands of the last hour by their keys: the same command again is not counted again.
# KEYS: the person's set; who was told that it is full. ARGV: the command's key, how many an hour.
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
    """What became of one thing that was asked for: the key that sees to it, and how that stands (bot.keys.Outcome)."""

    key: Key
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a kind of work stands: keys that are due, that wait for a time; how long the first has waited, in seconds."""

    kind: Kind
    due: int
    later: int
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
    """The pull requests' keys, and the turns of the workers: people's commands, reviews, deep scans, maintenance.

    Methods raise redis.RedisError if the server cannot be reached. job_timeout is in seconds.
    """

    def __init__(self, connection: Redis, *, job_timeout: int = 600, timers: Timers | None = None) -> None:
        self.connection = connection
        self.timers = timers or Timers()
        self.keys = Keys(connection, self.timers)
        self._queues = {
            name: rq.Queue(name, connection=connection, serializer=JSONSerializer, default_timeout=job_timeout)
            for name in QUEUES
        }
        self._count = connection.register_script(_COUNT)

    def submit(self, asked: Sequence[ReviewRequest | Reply], delivery: str = "") -> list[Submitted]:
        """Note what a delivery asks for, in one step and once; what is due by that gets its turn."""
        outcomes = self.keys.note([note_of(each) for each in asked], delivery)
        kinds = [kind_of(each) for each in asked]
        queued = [kind for kind, outcome in zip(kinds, outcomes, strict=True) if outcome == "queued"]
        for queue in dict.fromkeys(queue for kind in queued for queue in _WAKES[kind]):
            self._lay_out(queue, 1)
        return [
            Submitted(Key(kind, each.repository, each.number), outcome)
            for kind, each, outcome in zip(kinds, asked, outcomes, strict=True)
        ]

    def wake(self) -> None:
        """Make due whose time has come and whose worker died, and lay out turns: never fewer than there are keys due."""
        due = self.keys.wake()
        for queue in (COMMANDS, REVIEWS, DEEP):
            wanted = sum(number for kind, number in due.items() if queue in _WAKES[kind])
            if wanted:
                self._lay_out(queue, min(wanted, self.timers.turns) - self._queues[queue].count)

    def limited(self, asked: Sequence[ReviewRequest | Reply]) -> list[ReviewRequest | Reply]:
        """Count a comment's commands against what its author has within an hour, and give what may be done.

        Three reviews, and a polite reply to the first one beyond; nothing for those after that, so that nobody makes the
        bot talk. Deep scans of those who may ask for them are not counted, nor are words, of which there are many more.
        """
        allowed: list[ReviewRequest | Reply] = []
        dropped: set[str] = set()
        # Reviews first: they decide about the sign that says "seen".
        for each in sorted(asked, key=lambda each: isinstance(each, Reply)):
            command = each.command
            if command is None or (isinstance(each, ReviewRequest) and each.depth == "deep"):
                allowed.append(each)
            elif isinstance(each, ReviewRequest):
                match self._counted(command, "commands", self.timers.commands):
                    case "run":
                        allowed.append(each)
                    case "tell":
                        allowed.append(_refusal(each, command))
                        dropped.add(command.key)
                    case _:
                        dropped.add(command.key)
            elif command.key not in dropped and (
                each.answer == "received" or self._counted(command, "words", self.timers.words) == "run"
            ):
                allowed.append(each)
        return allowed

    def enqueue_once(self, function: str, job_id: str, *, timeout: float, kept: float) -> bool:
        """Enqueue a call of maintenance's unless one of its id was seen in the last `kept` seconds; say whether it was."""
        mark = f"{_PREFIX}:once:{job_id}"
        if not self.connection.set(mark, 1, nx=True, px=max(1, int(kept * 1000))):
            return False
        self._enqueue(MAINTENANCE, function, None, timeout=int(timeout))
        return True

    def waiting(self) -> list[Waiting]:
        """Give how each kind of work stands."""
        later = self.keys.scheduled()
        found = []
        for kind in _WAKES:
            due, oldest = self.keys.due(kind)
            found.append(Waiting(kind, due, later[kind], oldest))
        return found

    def failed_turns(self) -> int:
        """Give how many turns ended in an error of the bot's own within the last hour."""
        return sum(FailedJobRegistry(queue=queue).get_job_count(cleanup=True) for queue in self._queues.values())

    def running(self) -> int:
        """Give how many turns are under way."""
        return sum(StartedJobRegistry(queue=queue).get_job_count(cleanup=False) for queue in self._queues.values())

    def remember_label(self, repository: str, label: str) -> None:
        """Note the label by which a repository's own configuration asks for deep scans (workers read it)."""
        self.connection.hset(_LABELS, repository.lower(), label)

    def remember_mention(self, repository: str, number: int) -> None:
        """Note, before it is posted, that a review mentions the SIG: a label that follows is no person's wish."""
        self.connection.set(_mention(repository, number), 1, px=max(1, int(self.timers.mention_echo * 1000)))

    def remembered(self, repository: str, number: int) -> Remembered:
        """Give what was noted about a pull request."""
        label = self.connection.hget(_LABELS, repository.lower())
        mentioned = self.connection.exists(_mention(repository, number))
        return Remembered(label=_text(label) or None, just_mentioned=bool(mentioned))

    def oldest_turn(self) -> float:
        """Give for how long the first turn of all has waited, in seconds: workers that are there take turns at once."""
        now = datetime.now(UTC)
        ages = [0.0]
        for queue in self._queues.values():
            first = self.connection.lindex(queue.key, 0)
            enqueued = first and self.connection.hget(Job.key_for(_text(first)), "enqueued_at")
            if enqueued:
                ages.append((now - datetime.fromisoformat(_text(enqueued))).total_seconds())
        return max(ages)

    def _counted(self, command: CommandSource, what: str, most: int) -> str:
        key = f"{_PREFIX}:{what}:{command.author.lower()}"
        return _text(self._count(keys=[key, f"{key}:told"], args=[command.key, most]))

    def _lay_out(self, queue: str, number: int) -> None:
        for _ in range(number):
            self._enqueue(queue, TURN, queue)

    def _enqueue(self, queue: str, function: str, argument: str | None, timeout: int | None = None) -> None:
        self._queues[queue].enqueue(
            function,
            args=() if argument is None else (argument,),
            description=function,  # RQ would log the whole call
            job_timeout=timeout,
            result_ttl=60,
            failure_ttl=HOUR,
        )


def kind_of(asked: ReviewRequest | Reply) -> Kind:
    """Say which kind of work it is."""
    return "talk" if isinstance(asked, Reply) else asked.depth


def note_of(asked: ReviewRequest | Reply) -> Note:
    """Give what is asked for as a note to its key."""
    causes: dict[str, str] = {}
    if isinstance(asked, Reply):
        # A review that is asked for is heard at once ("received") and refused in words: two replies to one command.
        causes[f"command:{asked.command.key}:{asked.answer}"] = json.dumps(asked.to_json())
        author = ""
    else:
        author = asked.author
        if asked.head:
            causes[f"head:{asked.head}"] = ""
        if asked.again:
            causes[f"again:{asked.again}"] = ""
        if asked.command:
            causes[f"command:{asked.command.key}"] = json.dumps(asked.command.to_json())
    key = Key(kind_of(asked), asked.repository, asked.number)
    return Note(key=key, installation=asked.installation, author=author, causes=causes)


def _refusal(request: ReviewRequest, command: CommandSource) -> Reply:
    return Reply(
        repository=request.repository,
        number=request.number,
        installation=request.installation,
        answer="too-many",
        command=command,
    )


def _mention(repository: str, number: int) -> str:
    return f"{_PREFIX}:mention:{repository.lower()}:{number}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
