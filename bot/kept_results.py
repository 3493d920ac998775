"""Results of performance jobs, kept for the page that shows them with their plot: workers write, the receiver reads."""

import secrets
from dataclasses import asdict, dataclass, fields

from redis import Redis

KEPT_SECONDS = 90 * 24 * 3600
_PREFIX = "scalability-bot:results"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page shows: the pull request, one sentence, the table as Markdown, the plot as SVG ("" without one)."""

    repository: str
    number: int
    sentence: str
    markdown: str
    svg: str


def keep(redis: Redis, command: str, kept: Kept) -> str:
    """Keep results for three months; give the name of their page, which cannot be guessed. The same command has one page."""
    own = f"{_PREFIX}:of:{kept.repository.lower()}#{kept.number}:{command}"
    redis.set(own, secrets.token_urlsafe(16), nx=True, ex=KEPT_SECONDS)
    name = _text(redis.get(own))
    with redis.pipeline() as pipeline:
        pipeline.hset(f"{_PREFIX}:{name}", mapping={key: str(value) for key, value in asdict(kept).items()})
        pipeline.expire(f"{_PREFIX}:{name}", KEPT_SECONDS)
        pipeline.execute()
    return name


def read(redis: Redis, name: str) -> Kept | None:
    """Give what is kept under a page's name, None if there is nothing (any more)."""
    found = {_text(key): _text(value) for key, value in redis.hgetall(f"{_PREFIX}:{name}").items()}
    if not {field.name for field in fields(Kept)} <= found.keys():
        return None
    return Kept(found["repository"], int(found["number"]), found["sentence"], found["markdown"], found["svg"])


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
