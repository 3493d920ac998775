"""The store: records of pull requests in Redis, and the counts that follow from them, changed in one step.

What is noted twice, late, or in another order changes nothing: a record is what GitHub showed when it was asked last, and
the counts change by what the new record adds less what the old one added.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import msgspec
from redis import Redis
from redis.exceptions import ResponseError, WatchError

from bot.acceptance.record import Record, State, difference, forgotten, weeks
from bot.standing import Standing

PREFIX = "scalability-bot:acceptance:"
# The sum of all repositories, in a place where a repository's name would be.
ALL = "*"
# Another worker may have looked at the same time; more often than this in a row nobody is.
_TRIES = 20
_NAME = re.compile(r"(?P<repository>[^#\s]+/[^#\s]+)#(?P<number>[1-9][0-9]{0,9})")

# (week, repository, rule) -> what -> number
Cells = dict[tuple[str, str, str], Counter[str]]


class Known(msgspec.Struct, frozen=True):
    """What is known of a repository: its name as GitHub spells it; the rules that are demoted there, as of its last review,
    and those that would be, were it not for its configuration, which names them."""

    name: str
    demoted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A pull request that somebody should look at: seen is when that was done last, 0 where it is due."""

    repository: str
    number: int
    seen: float


class Store:
    """Methods raise redis.RedisError if the server cannot be reached. Times are Redis' own, in seconds since 1970."""

    def __init__(self, connection: Redis) -> None:
        self.connection = connection
        text = resources.files("bot.acceptance").joinpath("note.lua").read_text("utf-8")
        self._note = connection.register_script(text)

    def now(self) -> float:
        """Give the time. Ask before GitHub is read: of two who looked, the later look counts."""
        seconds, microseconds = self.connection.time()
        return float(seconds) + float(microseconds) / 1e6

    def expect(self, repository: str, number: int) -> None:
        """Note, before comments are written, that somebody must look at what stands then, whoever dies meanwhile."""
        self.connection.zadd(f"{PREFIX}watched", {_name(repository, number): 0})

    def note(self, repository: str, number: int, standing: Standing, *, merged: bool, seen: float) -> bool:
        """Note what stands on a pull request, as GitHub showed it after `seen`; False where a later look was noted."""
        name = _name(repository, number)
        for _ in range(_TRIES):
            raw = self._raw(name)
            before = _record(raw)
            if before and before.seen > seen:
                return False
            after = Record.of(standing, number=number, merged=merged, seen=seen, before=before)
            changes = difference(after.counts, before.counts if before else {})
            given: Sequence[Any] = (
                name,
                repository.lower(),
                repository,
                raw,
                msgspec.json.encode(after).decode() if after.comments else "",
                int(after.until) if after.comments else 0,
                seen if after.comments and after.state == "open" else "",
                int(seen),
                json.dumps([[week, int(forgotten(week)), change] for week, change in changes.items()]),
            )
            if self._note(keys=[PREFIX], args=given):
                return True
        raise WatchError(f"the record of {name} was changed by others {_TRIES} times in a row")

    def awaits(self, repository: str, number: int, state: State) -> bool:
        """Say whether somebody must look at a pull request: comments were to be written, or it is in another state by now."""
        name = _name(repository, number)
        if self.connection.zscore(f"{PREFIX}watched", name) == 0:
            return True
        found = self.record(repository, number)
        return found is not None and found.state != state

    def record(self, repository: str, number: int) -> Record | None:
        """Give a pull request's record, None if there is none."""
        return _record(self._raw(_name(repository, number)))

    def records(self) -> Iterator[tuple[str, Record]]:
        """Yield all records, each with its pull request's name ("owner/name#1", in lower case)."""
        names = [_text(name) for name in self.connection.zrange(f"{PREFIX}pulls", 0, -1)]
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            for name, raw in zip(some, self.connection.mget([f"{PREFIX}pull:{name}" for name in some]), strict=True):
                if found := _record(_text(raw)):
                    yield name, found

    def watched(self) -> Iterator[Watched]:
        """Yield the pull requests on which comments stand, or were to be written."""
        for name, seen in self.connection.zrange(f"{PREFIX}watched", 0, -1, withscores=True):  # type: ignore[str-unpack]
            if found := _NAME.fullmatch(_text(name)):
                yield Watched(found["repository"], int(found["number"]), float(seen))

    def forget(self, repository: str, number: int) -> None:
        """Look at a pull request no more: it is gone, or nobody serves its repository. What was counted stays."""
        self.connection.zrem(f"{PREFIX}watched", _name(repository, number))

    def cells(self, repositories: Iterable[str] = (ALL,)) -> Cells:
        """Give the counts of these repositories by week, repository (in lower case) and rule; by default the sum of all."""
        wanted = [(week, name.lower()) for name in repositories for week in weeks(self.now())]
        pipeline = self.connection.pipeline(transaction=False)
        for week, name in wanted:
            pipeline.hgetall(f"{PREFIX}counts:{week}:{name}")
        found: Cells = {}
        answers = pipeline.execute(raise_on_error=False) if wanted else ()
        for (week, name), counts in zip(wanted, answers, strict=True):
            if isinstance(counts, ResponseError):
                continue  # of another type, and not ours: note.lua removes it
            for key, number in counts.items():
                rule, _, what = _text(key).partition(" ")
                found.setdefault((week, name, rule), Counter())[what] += int(number)
        return found

    def _raw(self, name: str) -> str:
        key = f"{PREFIX}pull:{name}"
        try:
            return _text(self.connection.get(key))
        except ResponseError:  # of another type: whoever can write to Redis must not stop the figures for ever
            self.connection.delete(key)
            return ""

    def repositories(self) -> dict[str, Known]:
        """Give what is known of each repository, by its name in lower case."""
        found = {}
        for name, text in self.connection.hgetall(f"{PREFIX}repositories").items():
            try:
                found[_text(name)] = msgspec.json.decode(text, type=Known)
            except msgspec.DecodeError:  # another version's, or another's altogether: the next review writes it anew
                found[_text(name)] = Known(_text(name))
        return dict(sorted(found.items()))

    def remember(self, known: Known) -> None:
        """Note which rules a review found demoted in a repository, and which its configuration decides about."""
        key = f"{PREFIX}repositories"
        if known.demoted or known.kept or self.connection.hexists(key, known.name.lower()):
            self.connection.hset(key, known.name.lower(), msgspec.json.encode(known))


def recounted(records: Mapping[str, Record]) -> Cells:
    """Count anew what records add up to, as cells() gives it for their repositories and for all."""
    found: Cells = {}
    for name, record in records.items():
        for week, counts in record.counts.items():
            for key, number in counts.items():
                rule, _, what = key.partition(" ")
                for whose in (name.partition("#")[0], ALL):
                    found.setdefault((week, whose, rule), Counter())[what] += number
    return found


def _name(repository: str, number: int) -> str:
    return f"{repository.lower()}#{number}"


def _record(raw: str) -> Record | None:
    try:
        return msgspec.json.decode(raw, type=Record) if raw else None
    except msgspec.DecodeError:
        return None  # whoever can write to Redis must not stop all figures


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
