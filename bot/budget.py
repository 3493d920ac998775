"""Budget: what may still be written now, shared by all workers through Redis.

GitHub's limits on what makes content are 80 a minute and 500 an hour, and it asks that writes come one after the other,
at least a second apart (its REST documentation, "rate limits" and "best practices"); three seconds between those that
notify people is the practice of its own client library's throttling.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator

from redis import Redis
from redis.exceptions import LockError

A_MINUTE = 80
AN_HOUR = 500
APART = 1.0
NOTIFYING_APART = 3.0
# The last tenth of an hour's writes is kept for people who ask: automatic reviews write their check run alone by then.
RESERVE = 50
# Longer than this no worker sleeps: the job is put off, and the worker does something else.
PATIENCE = 90.0
# Longer than a request can take (bot.github_calls.TIMEOUT, to connect and to read).
_HELD = 35.0
_SLICE = 5.0

_PREFIX = "scalability-bot:budget"


class Budget:
    """Hands out the writes of the whole App, one at a time. now gives seconds; without it, Redis' own clock counts."""

    def __init__(
        self, redis: Redis, *, now: Callable[[], float] | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._redis = redis
        self._now = now or self._clock
        self._sleep = sleep

    def room(self) -> int:
        """Give how many pieces of content may still be written within this hour."""
        return AN_HOUR - int(self._redis.zcount(f"{_PREFIX}:content", self._now() - 3600, "+inf"))

    def is_short(self, *, asked: bool) -> bool:
        """Say whether only check runs should be written now; asked: a person waits for an answer."""
        return self.room() < (1 if asked else RESERVE)

    def pause(self, seconds: float) -> None:
        """Have all workers hold their writes back: GitHub asked for it."""
        until = self._now() + seconds
        if until > self._number("paused"):
            self._redis.set(f"{_PREFIX}:paused", until, ex=int(seconds) + 60)

    @contextlib.contextmanager
    def write(self, *, content: bool, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for the turn to write, and hold it for the length of the with block.

        content: it makes content that notifies people. meanwhile is called every few seconds of the wait.
        RateLimited where the turn is too far away to wait for.
        """
        begun = self._now()
        while True:
            wait = 0.0
            lock = self._redis.lock(f"{_PREFIX}:turn", timeout=_HELD)
            if lock.acquire(blocking_timeout=_SLICE):
                try:
                    wait = self._wait(content)
                    if wait <= 0:
                        try:
                            yield
                        finally:
                            self._note(content)
                        return
                finally:
                    with contextlib.suppress(LockError):  # it ended by itself: the write took very long
                        lock.release()
            if self._now() + wait - begun > PATIENCE:
                # The receiver reads what is left and speaks to nobody: GitHub's client is loaded where it is needed.
                from bot.github_calls import RateLimited

                raise RateLimited("the bot's own limit for writes to GitHub is reached", max(wait, _SLICE))
            meanwhile()
            self._sleep(min(wait, _SLICE))

    def _wait(self, content: bool) -> float:
        now = self._now()
        until = [self._number("paused"), self._number("last") + APART]
        if content:
            until.append(self._number("last-content") + NOTIFYING_APART)
            for window, most in ((60.0, A_MINUTE), (3600.0, AN_HOUR)):
                # The write that must leave the window first, if the window is full.
                full = self._redis.zrange(f"{_PREFIX}:content", -most, -most, withscores=True)
                if full:
                    until.append(float(full[0][1]) + window)
        return max(until) - now

    def _note(self, content: bool) -> None:
        now = self._now()
        with self._redis.pipeline() as pipeline:
            pipeline.set(f"{_PREFIX}:last", now, ex=3600)
            if content:
                pipeline.set(f"{_PREFIX}:last-content", now, ex=3600)
                pipeline.zadd(f"{_PREFIX}:content", {uuid.uuid4().hex: now})
                pipeline.zremrangebyscore(f"{_PREFIX}:content", "-inf", now - 3600)
                pipeline.expire(f"{_PREFIX}:content", 3700)
            pipeline.execute()

    def _number(self, name: str) -> float:
        found = self._redis.get(f"{_PREFIX}:{name}")
        return float(found) if found else 0.0

    def _clock(self) -> float:
        seconds, microseconds = self._redis.time()
        return float(seconds) + float(microseconds) / 1e6
