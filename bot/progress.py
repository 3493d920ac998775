"""Progress: how far each pull request under way is, in a word, for the operator's page.

Kept in Redis, since work is done in processes that live for a turn. Only what a page shows hangs on it: a Redis that is
away is no reason to fail here.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from redis import Redis, RedisError

from bot.keys import Key

KEY = "scalability-bot:progress"


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done (a word or two), since when, and since when the turn lasts, in seconds since 1970."""

    step: str
    at: float
    begun: float


@dataclass(frozen=True, slots=True)
class _Turn:
    redis: Redis
    name: str
    begun: float


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


@contextlib.contextmanager
def shown(redis: Redis, key: Key) -> Iterator[None]:
    """Have step() within say how far this pull request is."""
    token = _turn.set(_Turn(redis, key.name, time.time()))
    step("reads GitHub")
    try:
        yield
    finally:
        _turn.reset(token)
        with contextlib.suppress(RedisError):
            redis.hdel(KEY, key.name)


def step(what: str) -> None:
    """Say what is being done now; nothing outside of a turn."""
    if turn := _turn.get():
        told = {"step": what, "at": time.time(), "begun": turn.begun}
        with contextlib.suppress(RedisError):
            turn.redis.hset(KEY, turn.name, json.dumps(told))


def read(redis: Redis, name: str) -> Progress | None:
    """Give how far the key of a name is; None if nobody said so. RedisError if the server is away."""
    try:
        told = json.loads(redis.hget(KEY, name) or "null")
        return Progress(str(told["step"]), float(told["at"]), float(told["begun"]))
    except (ValueError, KeyError, TypeError):  # whoever can write to Redis breaks no page
        return None
