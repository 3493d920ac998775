"""Jobs that ended, the last hundred: workers note them, the status page shows them."""

import json
import time
from dataclasses import asdict, dataclass

import msgspec
from redis import Redis

KEPT = 100
_KEY = "scalability-bot:ended"
# Of what a job said: one line of a table.
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that ended: when (seconds since 1970), how, after how many seconds of work, and what it said in the end."""

    job: str
    queue: str
    outcome: str
    seconds: float
    at: float
    said: str = ""


def note(redis: Redis, job: str, queue: str, outcome: str, seconds: float, said: str = "") -> None:
    """Note the end of a job; the oldest beyond a hundred is forgotten. RedisError if the server is away."""
    ended = Ended(job, queue, outcome, round(seconds, 3), time.time(), said[:_LONGEST])
    with redis.pipeline() as pipeline:
        pipeline.lpush(_KEY, json.dumps(asdict(ended)))
        pipeline.ltrim(_KEY, 0, KEPT - 1)
        pipeline.execute()


def read(redis: Redis) -> list[Ended]:
    """Give what was noted, the newest first; what another version wrote and this one cannot read is left out."""
    found = []
    for text in redis.lrange(_KEY, 0, KEPT - 1):
        try:
            found.append(msgspec.json.decode(text, type=Ended))
        except msgspec.DecodeError:
            continue
    return found
