"""Reports of reviews, kept for their pages: workers write, the receiver reads. They end after a time, and at a size.

A report holds lines of the code under review: whoever may read the repository may read it, and nobody else
(bot.report_pages).
"""

import dataclasses
import json
import re
import secrets
import zlib
from dataclasses import dataclass

from redis import Redis

from analyzers.analysis.report import Report, Skipped

KEPT_SECONDS = 30 * 24 * 3600
LARGEST = 256 * 1024
"""Bytes of one report, compressed; that of a usual pull request has five thousand."""
MOST = 64 * 1024 * 1024
"""Bytes of all reports together: the oldest go first."""
_PREFIX = "scalability-bot:reports"
_TIMES, _SIZES, _TOTAL = (f"{_PREFIX}:{name}" for name in ("times", "sizes", "total"))
_NAME = re.compile(r"[A-Za-z0-9_-]{22}")  # sixteen bytes
_LARGEST_TEXT = 16 * 1024 * 1024
_FEWER = 50

# In one step, so that several workers do not lose count. KEYS: times, sizes, total, the report. ARGV: name, now, content,
# seconds, most bytes, the prefix of reports.
_KEEP = """
local function forget(name)
  redis.call('DECRBY', KEYS[3], redis.call('HGET', KEYS[2], name) or 0)
  redis.call('HDEL', KEYS[2], name)
  redis.call('ZREM', KEYS[1], name)
  redis.call('DEL', ARGV[6] .. name)
end
forget(ARGV[1])
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2] - ARGV[4])) do forget(name) end
redis.call('SET', KEYS[4], ARGV[3], 'EX', ARGV[4])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], #ARGV[3])
local total = redis.call('INCRBY', KEYS[3], #ARGV[3])
while total > tonumber(ARGV[5]) do
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not oldest or oldest == ARGV[1] then break end
  forget(oldest)
  total = tonumber(redis.call('GET', KEYS[3]))
end
"""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a page shows: the pull request ("owner/name", its number), the commit, how deep it was looked at, when, and what
    was found."""

    repository: str
    number: int
    head: str
    depth: str
    at: float
    report: Report


def keep(redis: Redis, kept: KeptReport, *, most: int = MOST) -> str | None:
    """Keep a report; give the name of its page, which cannot be guessed, None if it is too large for one.

    A commit of a pull request has one page for each depth. Of a large report what was there before is left out, then the
    last diagnostics.
    """
    content = _content(kept)
    if content is None:
        return None
    own = f"{_PREFIX}:of:{kept.repository.lower()}#{kept.number}:{kept.head}:{kept.depth}"
    redis.set(own, secrets.token_urlsafe(16), nx=True, ex=KEPT_SECONDS)
    redis.expire(own, KEPT_SECONDS)
    name = _text(redis.get(own))
    keys = (_TIMES, _SIZES, _TOTAL, f"{_PREFIX}:{name}")
    redis.eval(_KEEP, len(keys), *keys, name, int(kept.at), content, KEPT_SECONDS, most, f"{_PREFIX}:")
    return name


def read(redis: Redis, name: str) -> KeptReport | None:
    """Give what is kept under a page's name, None if there is nothing (any more)."""
    if not _NAME.fullmatch(name):
        return None
    content = redis.get(f"{_PREFIX}:{name}")
    if not isinstance(content, bytes):
        return None
    try:
        data = json.loads(zlib.decompressobj().decompress(content, _LARGEST_TEXT))
        report = Report.from_json(data.pop("report"))
        return KeptReport(**data, report=report)
    except (zlib.error, ValueError, KeyError, TypeError):
        return None  # another version of the bot wrote it


def _content(kept: KeptReport) -> bytes | None:
    report = kept.report
    smaller = dataclasses.replace(report, present=(), readiness=report.readiness[:_FEWER])
    rest = f"{len(report.diagnostics) - _FEWER:,} more findings are left out here: the check run lists them"
    least = dataclasses.replace(
        smaller,
        diagnostics=report.diagnostics[:_FEWER],
        skipped=(Skipped("", rest), *report.skipped[:_FEWER]),
        asked=report.asked[:_FEWER],
    )
    for each in (report, smaller, least):
        data = {field.name: getattr(kept, field.name) for field in dataclasses.fields(kept)}
        content = zlib.compress(json.dumps({**data, "report": each.to_json()}).encode())
        if len(content) <= LARGEST:
            return content
    return None


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")
