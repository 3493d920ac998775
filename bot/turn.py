"""Turn: one worker at a time writes on a pull request, and leaves behind what the next must know.

GitHub's lists lag behind its writes by seconds. So what was written lately is remembered in Redis, and a write that was
begun and of which no answer is known (the connection broke, the worker was killed) is a doubt for whoever comes next.
Without these memories (Redis was flushed) the pull request itself still tells what stands.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

from redis import Redis

from bot import lease
from bot.lease import Lease, Lost
from bot.markers import markers
from bot.standing import Standing, StandingCheckRun, StandingReview
from bot.timers import Timers
from bot.writes import PostReply, PostReview, PutCheckRun, Write, Written, is_content


class Busy(Exception):
    """Another worker is writing on this pull request, and took too long to wait for."""


class Turn:
    """The right to write on one pull request, for the length of a with block; it ends soon after a process that is killed."""

    def __init__(self, redis: Redis, name: str, held: Lease, timers: Timers) -> None:
        self._redis = redis
        self._held = held
        self._milliseconds = max(1, int(timers.remembered * 1000))
        self._doubt = f"scalability-bot:doubt:{name}"
        self._recent = f"scalability-bot:recent:{name}"

    @classmethod
    @contextlib.contextmanager
    def of(cls, redis: Redis, repository: str, number: int, timers: Timers) -> Iterator["Turn"]:
        """Wait for the turn on a pull request and hold it for the with block; Busy if another keeps it."""
        name = f"{repository.lower()}#{number}"
        key = f"scalability-bot:turn:{name}"
        with lease.held(redis, key, f"write on {name}", seconds=timers.lease, wait=2 * timers.lease) as held:
            if held is None:
                raise Busy(f"another worker is writing on {name}")
            yield cls(redis, name, held, timers)

    def hold(self) -> None:
        """Make sure that the turn is still ours; Busy if it is lost (this process stood still for too long)."""
        try:
            self._held.check()
        except Lost as lost:
            raise Busy(str(lost)) from None

    def doubts(self, writes: Iterable[Write]) -> bool:
        """Say whether one of these may stand already: one of its kind was begun, and nobody knows how it ended."""
        kind = self._redis.get(self._doubt)
        found = kind.decode() if isinstance(kind, bytes) else kind
        return any(type(write).__name__ == found for write in writes)

    def resolved(self) -> None:
        """Say that the doubt is over: what stands was read often enough."""
        self._redis.delete(self._doubt)

    @contextlib.contextmanager
    def writing(self, write: Write, *, certain: tuple[type[Exception], ...]) -> Iterator[list[Written]]:
        """Note that a write begins, and how it ended; after an exception that is none of `certain` it is in doubt.

        The caller appends what the write made to the list.
        """
        makes_something = is_content(write) or (isinstance(write, PutCheckRun) and write.check_run_id is None)
        if makes_something:
            self._redis.set(self._doubt, type(write).__name__, px=self._milliseconds)
        made: list[Written] = []
        try:
            yield made
        except certain:
            self.resolved()
            raise
        record: list[Any] | None = None
        if isinstance(write, PostReview | PostReply):
            record = [type(write).__name__, write.body]
        elif isinstance(write, PutCheckRun) and made and made[0].id is not None:
            record = [
                "PutCheckRun",
                made[0].id,
                write.name,
                write.head,
                write.conclusion is not None,
                write.external_id,
            ]
        with self._redis.pipeline() as pipeline:
            if record:
                pipeline.rpush(self._recent, json.dumps(record))
                pipeline.pexpire(self._recent, self._milliseconds)
            if makes_something:
                pipeline.delete(self._doubt)
            pipeline.execute()

    def lags(self, standing: Standing) -> bool:
        """Say whether GitHub does not show a review of lately yet, or its comments: none of them could be kept up.

        A comment that a person deleted meanwhile looks the same, and is waited for as long.
        """
        shown = {fingerprint for comment in standing.comments for fingerprint in comment.fingerprints}
        told = {words for review in standing.reviews for words in markers(review.body)}
        posted = [
            words
            for kind, *said in self._records()
            if kind == PostReview.__name__
            for words in markers(said[0])
            if words[0] == "posted"
        ]
        return any(words not in told or not shown.issuperset(words[1:]) for words in posted)

    def remembered(self, standing: Standing) -> Standing:
        """Give what stands together with what was written lately, in case GitHub does not show that yet."""
        recent = self._records()
        check_runs = {each.check_run_id: each for each in standing.check_runs}
        for kind, *written in recent:
            if kind == PutCheckRun.__name__:
                number, name, head, completed, external_id = written
                if head == standing.head:
                    # What was written last counts: a list may show a check run as it was before it was brought up to date.
                    check_runs[number] = StandingCheckRun(number, name, completed, external_id)
        return dataclasses.replace(
            standing,
            reviews=(
                *standing.reviews,
                *(StandingReview(0, said[0], False) for kind, *said in recent if kind == PostReview.__name__),
            ),
            replies=(*standing.replies, *(said[0] for kind, *said in recent if kind == PostReply.__name__)),
            check_runs=tuple(check_runs.values()),
        )

    def _records(self) -> list[list[Any]]:
        return [record for each in self._redis.lrange(self._recent, 0, -1) if (record := _record(each))]


def _record(text: bytes | str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None  # whoever can write to Redis must not stop all reviews
    lengths = {PostReview.__name__: 2, PostReply.__name__: 2, PutCheckRun.__name__: 6}
    sound = isinstance(found, list) and bool(found) and lengths.get(str(found[0])) == len(found)
    return found if sound else None
