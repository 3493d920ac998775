"""Shadow: does everything but write. Each would-be write is kept in Redis, for `scalability-bot shadow` to print.

What was kept stands for later reviews as if it were on GitHub: a shadow shows one comment once, as the bot would.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from bot.github import GitHub
from bot.review import Review
from bot.standing import Standing, StandingCheckRun, StandingComment, StandingReview
from bot.writes import (
    DeletePendingReview,
    EditComment,
    EditReview,
    PostReply,
    PostReview,
    PutCheckRun,
    React,
    ResolveThread,
    Write,
    Written,
    to_json,
)

_STREAM = "scalability-bot:shadow"
_MOST = 5_000
_DAYS_90 = 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Kept:
    """A write that was not made: when, on which pull request, as JSON data, and as text that people would read."""

    at: datetime
    repository: str
    number: int
    write: Mapping[str, Any]
    text: str


def keep(redis: Redis, repository: str, number: int, write: Write) -> None:
    """Keep a write instead of making it; beyond some thousands the oldest are forgotten."""
    text = Review((write,)).text or f"({type(write).__name__})"
    fields: dict[Any, Any] = {
        "repository": repository,
        "number": number,
        "write": json.dumps(to_json(write)),
        "text": text,
    }
    redis.xadd(_STREAM, fields, maxlen=_MOST, approximate=True)


def read(redis: Redis, repository: str | None = None, number: int | None = None) -> Iterator[Kept]:
    """Yield what was kept, the oldest first; of one repository or pull request, if they are given."""
    for identity, raw in redis.xrange(_STREAM) or ():
        fields = {_text(name): _text(value) for name, value in (raw or {}).items()}
        kept = Kept(
            at=datetime.fromtimestamp(int(_text(identity).partition("-")[0]) / 1000, UTC),
            repository=fields["repository"],
            number=int(fields["number"]),
            write=json.loads(fields["write"]),
            text=fields["text"],
        )
        if repository in {None, kept.repository} and number in {None, kept.number}:
            yield kept


class Shadow:
    """A repository (bot.post.Page) that is read from GitHub and never written to."""

    def __init__(self, github: GitHub, redis: Redis) -> None:
        self._github = github
        self._redis = redis

    def standing(self, number: int) -> Standing:
        """Give what stands on GitHub, and what would stand there besides."""
        standing = self._github.standing(number)
        kept = [json.loads(_text(value)) for value in self._redis.hgetall(self._key(number)).values()]
        kept.sort(key=lambda each: -each["id"])  # the oldest first

        def kind(wanted: str) -> list[dict[str, Any]]:
            return [each for each in kept if each["kind"] == wanted]

        return dataclasses.replace(
            standing,
            comments=(
                *standing.comments,
                *(
                    StandingComment(each["id"], each["body"], each["path"], each["line"], each.get("review", 0))
                    for each in kind("comment")
                ),
            ),
            reviews=(*standing.reviews, *(StandingReview(each["id"], each["body"], False) for each in kind("review"))),
            replies=(*standing.replies, *(each["body"] for each in kind("reply"))),
            check_runs=(
                *standing.check_runs,
                *(
                    StandingCheckRun(each["id"], each["check"], each["completed"], each["external_id"])
                    for each in kind("check run")
                    if each["head"] == standing.head
                ),
            ),
        )

    def commentable(self, number: int) -> dict[str, str | None]:
        """Give the patch of each file as GitHub has it."""
        return self._github.commentable(number)

    def carry_out(self, number: int, write: Write) -> Written:
        """Keep a write, and let it stand."""
        keep(self._redis, self._github.name, number, write)
        match write:
            case PostReview():
                review = self._stand(number, "review", body=write.body)
                for each in write.comments:
                    self._stand(number, "comment", body=each.body, path=each.path, line=each.end_line, review=review)
            case EditComment():
                self._edit(number, write.comment_id, write.body)
            case EditReview():
                self._edit(number, write.review_id, write.body)
            case PutCheckRun():
                self._stand(
                    number,
                    "check run",
                    write.name,  # the newest of a name takes the place of the one before
                    check=write.name,
                    head=write.head,
                    completed=write.conclusion is not None,
                    external_id=write.external_id,
                )
            case PostReply():
                self._stand(number, "reply", body=write.body)
            case DeletePendingReview() | ResolveThread() | React():
                pass
        return Written()

    def _stand(self, number: int, kind: str, name: str = "", /, **said: Any) -> int:
        # Negative: no comment of GitHub's has such a number.
        identity = -int(self._redis.hincrby(f"{self._key(number)}:ids", "last", 1))
        record = json.dumps({"kind": kind, "id": identity, **said})
        with self._redis.pipeline() as pipeline:
            pipeline.hset(self._key(number), name or str(identity), record)
            for key in (self._key(number), f"{self._key(number)}:ids"):
                pipeline.expire(key, _DAYS_90)
            pipeline.execute()
        return identity

    def _edit(self, number: int, identity: int, body: str) -> None:
        found = self._redis.hget(self._key(number), str(identity))
        if found:
            edited = json.dumps({**json.loads(_text(found)), "body": body})
            self._redis.hset(self._key(number), str(identity), edited)

    def _key(self, number: int) -> str:
        return f"{_STREAM}:{self._github.name.lower()}#{number}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
