"""Lease: the right to do something alone, which ends with its holder.

It lasts for seconds, and a thread of the holder prolongs it while the holder lives: whoever is killed holds up nobody for
longer. A holder that stood still may have lost it without knowing, so it asks before each step that others must not see
twice (check): the right is fenced by a token of its own.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from redis import Redis
from redis.exceptions import LockError, RedisError


class Lost(Exception):
    """The right is another's by now: this process stood still for too long."""


class Lease:
    """A right that is held; made by held()."""

    def __init__(self, prolong: Callable[[], bool], name: str) -> None:
        """Prolong gives False if the right is lost, and raises RedisError while nobody can know."""
        self._prolong = prolong
        self._name = name
        # What else is to be prolonged while the right is.
        self.also: Callable[[], object] | None = None

    def check(self) -> None:
        """Make sure that the right is still ours, and prolong it; Lost if it is not."""
        if not self._prolong():
            raise Lost(f"the right to {self._name} was lost to another worker")

    @contextlib.contextmanager
    def kept(self, seconds: float) -> Iterator["Lease"]:
        """Prolong it again and again for the length of the with block, however long that takes."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(seconds / 4):
                try:
                    if not self._prolong():
                        return  # check() tells the holder
                    if (also := self.also) is not None:
                        also()
                except RedisError:
                    continue

        keeper = threading.Thread(target=keep, name=f"lease {self._name}", daemon=True)
        keeper.start()
        try:
            yield self
        finally:
            over.set()
            keeper.join()


@contextlib.contextmanager
def held(redis: Redis, key: str, name: str, *, seconds: float, wait: float) -> Iterator[Lease | None]:
    """Wait for a right and hold it for the with block; None if another keeps it for longer than `wait` seconds."""
    lock = redis.lock(key, timeout=seconds, sleep=min(0.1, seconds / 10), thread_local=False)
    if not lock.acquire(blocking_timeout=wait):
        yield None
        return

    def prolong() -> bool:
        try:
            return bool(lock.reacquire())
        except LockError:
            return False

    try:
        with Lease(prolong, name).kept(seconds) as lease:
            yield lease
    finally:
        with contextlib.suppress(LockError, RedisError):  # lost: it is another's now
            lock.release()
