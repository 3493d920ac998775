"""Keys: the work queue of pull requests.

Level-triggered: an event only says "look at this pull request". A pull request waits at most once for each kind of work;
an event for one that waits adds a cause and nothing else, an event for one that runs makes it due again when the run ends.
What is to be done is read from GitHub by whoever takes the key, and no order of events decides anything.

A key's state is one record, changed by one script in one step, which is also the mark that a delivery was taken. All
else in Redis is an index of the records: which wait for a time, which are due, in what order.
"""

import json
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from redis import Redis

from bot.review_request import is_repository
from bot.timers import Timers

# talk: commands are heard and answered in words. normal and deep: reviews, which share one turn to write (bot.turn).
Kind = Literal["talk", "normal", "deep"]
KINDS: tuple[Kind, ...] = ("talk", "normal", "deep")

# Records live so long after their last run. In shadow mode they are the only memory of what was reviewed.
KEPT_DAYS = 90
# A day longer than GitHub keeps deliveries.
FOUR_DAYS = 4 * 24 * 3600

PREFIX = "scalability-bot:keys:"


@dataclass(frozen=True, slots=True)
class Key:
    """A pull request and a kind of work on it. repository is "owner/name" as GitHub spells it."""

    kind: Kind
    repository: str
    number: int

    @property
    def name(self) -> str:
        """The key's name in Redis; GitHub's names ignore case."""
        return f"{self.kind}:{self.repository.lower()}#{self.number}"

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}{'' if self.kind == 'normal' else f' ({self.kind})'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an event says of a key.

    causes: what a run must see to, by name; the same name again is the same cause. `command:*` (a person's, answered
    once), `again:*` (a person's wish for another run, though it was done), `head:*` (a head that a delivery named). The
    first two move the key to the front. swept: maintenance found it; it adds nothing to a key that waits or runs, nor to
    one that rests after a failure, but ends the wait for another try of what nobody asked for. old: its head is from before
    the repository was served, so that nothing is commented on unless something else happens.
    """

    key: Key
    installation: int | None = None
    author: str = ""
    causes: Mapping[str, str] = field(default_factory=dict)
    swept: bool = False
    old: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A key that a worker holds, with its record as it was then."""

    key: Key
    token: str
    installation: int | None
    author: str
    commands: Mapping[str, str]
    again: tuple[str, ...]
    heads: Mapping[str, float]
    old: bool
    done: str
    tries: int
    looks: int
    crashes: int
    lapses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended: the causes it saw to, when the key is due again (None: when something happens), what is remembered.

    done says what was reviewed; tries, looks and lapses count failures, looks for a head, reviews that were given up.
    later and rest are in seconds from now.
    """

    dealt: tuple[str, ...] = ()
    later: float | None = None
    done: str | None = None
    tries: int = 0
    looks: int = 0
    lapses: int = 0
    rest: float = 0.0


Outcome = Literal["queued", "waiting", "running", "duplicate", "resting"]


class Keys:
    """The records and their order. Times are Redis' own clock, so that workers need not agree on theirs.

    Methods raise redis.RedisError if the server cannot be reached.
    """

    def __init__(self, connection: Redis, timers: Timers | None = None) -> None:
        self.connection = connection
        self._timers = timers or Timers()
        self._script = connection.register_script(resources.files("bot").joinpath("keys.lua").read_text("utf-8"))

    def note(self, notes: Sequence[Note], delivery: str = "") -> list[Outcome]:
        """Note what an event says, in one step for all its keys; of a delivery that was taken before, nothing."""
        data = [
            {
                "name": note.key.name,
                "fields": {
                    "kind": note.key.kind,
                    "repository": note.key.repository,
                    "number": str(note.key.number),
                    **({"installation": str(note.installation)} if note.installation else {}),
                    **({"author": note.author.lower()} if note.author else {}),
                },
                "causes": dict(note.causes),
                "swept": note.swept,
                "old": note.old,
            }
            for note in notes
        ]
        return [_text(each) for each in self._run("note", delivery, FOUR_DAYS, json.dumps(data))]

    def take(self, sections: Sequence[str]) -> Taken | None:
        """Take the fairest key that is due: "normal!" are the kind's keys that a person waits for, "normal" the others."""
        # Whoever looks into Redis sees which process it is.
        token = f"{os.getpid()}-{uuid.uuid4().hex}"
        while found := self._run("take", token, self._timers.lease, *sections):
            record = {_text(name): _text(value) for name, value in zip(found[::2], found[1::2], strict=True)}
            try:
                return _taken(record, token)
            except (ValueError, KeyError, OverflowError):
                # Whoever can write to Redis must not send a worker anywhere, nor stop it.
                name = f"{record.get('kind', '')}:{record.get('repository', '').lower()}#{record.get('number', '')}"
                self._run("forget", name)
        return None

    def keep(self, taken: Taken) -> bool:
        """Prolong the hold on a key; False if it was lost to another worker."""
        return bool(self._run("keep", taken.key.name, taken.token, self._timers.lease))

    def end(self, taken: Taken, end: End) -> str:
        """Give a key back: "idle", "later", "due" (something happened meanwhile), or "lost" (it is another's by now)."""
        data = {
            "dealt": dict.fromkeys(end.dealt, "1"),
            "later": -1 if end.later is None else end.later,
            "set": {
                "tries": str(end.tries),
                "looks": str(end.looks),
                "lapses": str(end.lapses),
                **({} if end.done is None else {"done": end.done}),
            },
            "rest": end.rest,
        }
        answer = self._run("end", taken.key.name, taken.token, json.dumps(data), KEPT_DAYS * 24 * 3600)
        return str(_text(answer))

    def wake(self) -> dict[Kind, int]:
        """Make due whose time has come and whose worker died; give how many are due of each kind."""
        return dict(zip(KINDS, map(int, self._run("wake")), strict=True))

    def fetching(self, taken: Taken) -> bool:
        """Note, or go on noting, that a run fetches its repository: no other worker takes its keys, only to wait for the mirror.

        False if another run fetches it.
        """
        milliseconds = max(1, int(self._timers.lease * 1000))
        return bool(self._run("fetching", taken.key.repository.lower(), taken.token, milliseconds))

    def fetched(self, taken: Taken) -> None:
        """Note that a run has fetched its repository, or gave it up."""
        self._run("fetched", taken.key.repository.lower(), taken.token)

    def due(self, kind: Kind) -> tuple[int, float]:
        """Give how many keys of a kind are due, and for how long the first has been, in seconds."""
        number, age = self._run("due", kind)
        return int(number), float(age)

    def scheduled(self) -> dict[Kind, int]:
        """Give how many keys of each kind wait for a time."""
        names = [_text(name) for name in self.connection.zrange(f"{PREFIX}later", 0, -1)]
        return {kind: sum(name.startswith(f"{kind}:") for name in names) for kind in KINDS}

    def done(self, key: Key) -> str:
        """Give what a key's last run reviewed, "" if nothing is known."""
        return str(_text(self.connection.hget(f"{PREFIX}record:{key.name}", "done")))

    def now(self) -> float:
        """Give the time by which keys wait, in seconds since 1970: Redis' own."""
        seconds, microseconds = self.connection.time()
        return float(seconds) + float(microseconds) / 1e6

    def mend(self) -> int:
        """Repair what is not as it should be: records and indexes of another type, keys in no index. Give how many were."""
        mended = int(self._run("indexes"))
        for name in self._names():
            mended += int(self._run("mend", name))
        return mended

    def _names(self) -> Iterator[str]:
        prefix = f"{PREFIX}record:"
        for key in self.connection.scan_iter(match=f"{prefix}*", count=500):
            yield _text(key).removeprefix(prefix)

    def _run(self, operation: str, *arguments: Any) -> Any:
        return self._script(keys=[PREFIX], args=[operation, *arguments])


def _taken(record: Mapping[str, str], token: str) -> Taken:
    def of(prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): value for name, value in record.items() if name.startswith(prefix)}

    kind = next((kind for kind in KINDS if kind == record["kind"]), None)
    if (
        kind is None
        or not is_repository(record["repository"])
        or not re.fullmatch(r"[1-9][0-9]{0,9}", record["number"])
    ):
        raise ValueError("this is no key of a pull request")
    number: Callable[[str], int] = lambda name: int(float(record.get(name) or 0))  # noqa: E731 - short, and used six times here
    return Taken(
        key=Key(kind, record["repository"], int(record["number"])),
        token=token,
        installation=number("installation") or None,
        author=record.get("author", ""),
        commands=of("command:"),
        again=tuple(sorted(of("again:"))),
        heads={head: float(since or 0) for head, since in of("head:").items()},
        old="old" in record,
        done=record.get("done", ""),
        tries=number("tries"),
        looks=number("looks"),
        crashes=number("crashes"),
        lapses=number("lapses"),
    )


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
