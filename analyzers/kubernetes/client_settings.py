"""Settings that decide how much a client may ask and how often it does, as lines of code set them.

Names: rest.Config, KubeletConfiguration, KubeControllerManagerConfiguration, ClientConnectionConfiguration and what
controllers call their own (kubernetes.md 3.3).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_CAST = r"(?:float32\(|int32\(|int\(|utilpointer\.\w+\(|pointer\.\w+\(|ptr\.To\(|\w*Ptr\()?"
_LIMIT = re.compile(
    r"(?P<name>\w*(?:QPS|Burst)|\b(?:qps|burst)|\w*[a-z](?:Qps))"
    rf"\s*(?P<operator>\*=|\+=|:=|=|:)\s*{_CAST}(?P<value>-?\d[\d_]*(?:\.\d+)?(?:e\d+)?)\b"
)
_NO_LIMIT = re.compile(r"NewFakeAlwaysRateLimiter\(\)|\bRateLimiter\s*[:=]\s*nil\b")
_WORKERS = re.compile(rf"(?P<name>MaxConcurrentReconciles|Concurrent\w*Syncs)\s*(?:=|:)\s*{_CAST}(?P<value>\d+)\b")
_PERIOD = re.compile(
    r"(?P<name>\w*(?:[pP]eriod|[iI]nterval|[fF]requency|[rR]esync))\s*(?::=|=|:)\s*"
    r"(?:\w+\.Duration\{(?:Duration:\s*)?)?(?:(?P<number>\d+)\s*\*\s*)?time\.(?P<unit>Millisecond|Second|Minute|Hour)\b"
)
_UNITS = {"Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}
_LONGEST = 300
"""Characters: a longer line is no setting, and would cost the regular expressions the square of its length."""
_MARKS = re.compile("QPS|qps|Qps|[bB]urst|RateLimiter|MaxConcurrent|Syncs|eriod|nterval|requency|esync")


class Setting(NamedTuple):
    """One setting on one line. kind: "limit" (requests a second; -1 is none), "workers" or "period" (seconds)."""

    kind: str
    name: str
    operator: str
    value: float


def settings(line: str) -> Iterator[Setting]:
    """Give the settings that a line of code makes with numbers written there."""
    if len(line) > _LONGEST or not _MARKS.search(line):
        return
    text = line.partition("//")[0]
    for match in _LIMIT.finditer(text):
        yield Setting("limit", match["name"], match["operator"], float(match["value"].replace("_", "")))
    if _NO_LIMIT.search(text):
        yield Setting("limit", "RateLimiter", "=", -1.0)
    for match in _WORKERS.finditer(text):
        yield Setting("workers", match["name"], "=", float(match["value"]))
    for match in _PERIOD.finditer(text):
        yield Setting("period", match["name"], "=", float(match["number"] or 1) * _UNITS[match["unit"]])
