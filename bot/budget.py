"""Budget: what may still be written now, shared by all workers through Redis (bot.timers has the limits and their sources)."""

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator

from redis import Redis

from bot import lease
from bot.lease import Lease
from bot.timers import Timers

# A wait is done in slices of this many seconds: whoever waits keeps hold of something else meanwhile.
_SLICE = 5.0

_PREFIX = "scalability-bot:budget"


class Budget:
    """Hands out the writes of the whole App, one at a time. now gives seconds; without it, Redis' own clock counts."""

    def __init__(
        self,
        redis: Redis,
        timers: Timers | None = None,
        *,
        now: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._redis = redis
        self._timers = timers or Timers()
        self._now = now or self._clock
        self._sleep = sleep

    def room(self) -> int:
        """Give how many pieces of content may still be written within this hour."""
        written = self._redis.zcount(f"{_PREFIX}:content", self._now() - 3600, "+inf")
        return self._timers.writes_an_hour - int(written)

    def is_short(self, *, asked: bool) -> bool:
        """Say whether only check runs should be written now; asked: a person waits for an answer."""
        return self.room() < (1 if asked else self._timers.writes_reserved)

    def pause(self, seconds: float) -> None:
        """Have all workers hold their writes back: GitHub asked for it."""
        until = self._now() + seconds
        if until > self._number("paused"):
            self._redis.set(f"{_PREFIX}:paused", until, ex=int(seconds) + 60)

    @contextlib.contextmanager
    def write(
        self, *, content: bool, asked: bool = False, meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[Lease]:
        """Wait for the turn to write, and hold it for the length of the with block; the lease says whether it still is.

        content: it makes content that notifies people. asked: a person waits for it, so it goes before what nobody asked
        for. meanwhile is called every few seconds of the wait. RateLimited where the turn is too far away to wait for.
        """
        begun = self._now()
        while True:
            wait = 0.0
            if asked:
                self._redis.set(f"{_PREFIX}:people", 1, px=int(_SLICE * 1000) + 1000)
            elif self._redis.exists(f"{_PREFIX}:people"):
                wait = min(_SLICE, self._timers.writes_apart / 2)
            if not wait:
                with lease.held(
                    self._redis, f"{_PREFIX}:turn", "write to GitHub", seconds=self._timers.lease, wait=_SLICE
                ) as held:
                    if held is not None:
                        wait = self._wait(content)
                        if wait <= 0:
                            if asked:
                                self._redis.delete(f"{_PREFIX}:people")
                            try:
                                yield held
                            finally:
                                self._note(content)
                            return
            if self._now() + wait - begun > self._timers.patience:
                # The receiver reads what is left and speaks to nobody: GitHub's client is loaded where it is needed.
                from bot.github_calls import RateLimited

                raise RateLimited(
                    "the bot's own limit for writes to GitHub is reached", max(wait, self._timers.writes_apart)
                )
            meanwhile()
            self._sleep(min(wait, _SLICE))

    def _wait(self, content: bool) -> float:
        now = self._now()
        until = [self._number("paused"), self._number("last") + self._timers.writes_apart]
        if content:
            until.append(self._number("last-content") + self._timers.notifying_apart)
            for window, most in ((60.0, self._timers.writes_a_minute), (3600.0, self._timers.writes_an_hour)):
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
