"""Turn: one worker at a time writes on a pull request, and leaves behind what the next must know.

GitHub's lists lag behind its writes by seconds. So what was written lately is remembered in Redis, and a write that was
begun and of which no answer is known (the connection broke, the worker was killed) is a doubt for whoever comes next.
Without these memories (Redis was flushed) the pull request itself still tells what stands.
"""

import contextlib
import dataclasses
import json
import threading
from collections.abc import Iterable, Iterator

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from bot.standing import Standing, StandingReview
from bot.writes import PostReply, PostReview, PutCheckRun, Write, is_content

_HELD = 20.0
_WAIT = 60.0
# Longer than any lag of GitHub's that was heard of, and than it takes until an abandoned job is taken up again.
_REMEMBERED = 600


class Busy(Exception):
    """Another worker is writing on this pull request, and took too long to wait for."""


class Turn:
    """The right to write on one pull request, for the length of a with block; it ends soon after a process that is killed."""

    def __init__(self, redis: Redis, name: str, lock: Lock) -> None:
        self._redis = redis
        self._name = name
        self._lock = lock
        self._doubt = f"scalability-bot:doubt:{name}"
        self._recent = f"scalability-bot:recent:{name}"

    @classmethod
    @contextlib.contextmanager
    def of(cls, redis: Redis, repository: str, number: int) -> Iterator["Turn"]:
        """Wait for the turn on a pull request and hold it for the with block; Busy if another keeps it."""
        name = f"{repository.lower()}#{number}"
        lock = redis.lock(f"scalability-bot:turn:{name}", timeout=_HELD, thread_local=False)
        if not lock.acquire(blocking_timeout=_WAIT):
            raise Busy(f"another worker is writing on {name}")
        over = threading.Event()
        keeper = threading.Thread(target=_keep, args=(lock, over), name=f"turn {name}", daemon=True)
        keeper.start()
        try:
            yield cls(redis, name, lock)
        finally:
            over.set()
            keeper.join()
            with contextlib.suppress(LockError):  # lost: it is another's now
                lock.release()

    def hold(self) -> None:
        """Make sure that the turn is still ours; Busy if it is lost (this process stood still for too long)."""
        try:
            self._lock.reacquire()
        except LockError:
            raise Busy(f"the turn on {self._name} was lost to another worker") from None

    def doubts(self, writes: Iterable[Write]) -> bool:
        """Say whether one of these may stand already: one of its kind was begun, and nobody knows how it ended."""
        kind = self._redis.get(self._doubt)
        found = kind.decode() if isinstance(kind, bytes) else kind
        return any(type(write).__name__ == found for write in writes)

    def resolved(self) -> None:
        """Say that the doubt is over: what stands was read often enough."""
        self._redis.delete(self._doubt)

    @contextlib.contextmanager
    def writing(self, write: Write, *, certain: tuple[type[Exception], ...]) -> Iterator[None]:
        """Note that a write begins, and how it ended; after an exception that is none of `certain` it is in doubt."""
        makes_something = is_content(write) or (isinstance(write, PutCheckRun) and write.check_run_id is None)
        if makes_something:
            self._redis.set(self._doubt, type(write).__name__, ex=_REMEMBERED)
        try:
            yield
        except certain:
            self.resolved()
            raise
        with self._redis.pipeline() as pipeline:
            if isinstance(write, PostReview | PostReply):
                pipeline.rpush(self._recent, json.dumps([type(write).__name__, write.body]))
                pipeline.expire(self._recent, _REMEMBERED)
            if makes_something:
                pipeline.delete(self._doubt)
            pipeline.execute()

    def remembered(self, standing: Standing) -> Standing:
        """Give what stands together with what was written lately, in case GitHub does not show that yet."""
        recent = [json.loads(each) for each in self._redis.lrange(self._recent, 0, -1)]
        return dataclasses.replace(
            standing,
            reviews=(
                *standing.reviews,
                *(StandingReview(0, body, False) for kind, body in recent if kind == PostReview.__name__),
            ),
            replies=(*standing.replies, *(body for kind, body in recent if kind == PostReply.__name__)),
        )


def _keep(lock: Lock, over: threading.Event) -> None:
    """Prolong a turn while its worker reads and waits, however long GitHub takes."""
    while not over.wait(_HELD / 4):
        try:
            lock.reacquire()
        except LockError:
            return  # hold() tells the worker
        except RedisError:
            continue
