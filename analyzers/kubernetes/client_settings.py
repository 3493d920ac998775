"""Settings that decide how much a client may ask and how often it does, as lines of code set them.

Names: rest.Config, KubeletConfiguration, KubeControllerManagerConfiguration, ClientConnectionConfiguration and what
controllers call their own (kubernetes.md 3.3).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_CAST = r"(?:float32\(|int32\(|int\(|utilpointer\.\w+\(|pointer\.\w+\(|ptr\.To\(|\w*Ptr\()?"
_NUMBER = r"(?:\s+(?:float32|float64|u?int(?:32|64)?))?"  # of a constant or variable that is declared with its type
_LIMIT = re.compile(
    r"(?P<name>\w{0,80}(?:QPS|Burst)|\b(?:qps|burst)|\w{0,80}[a-z](?:Qps))"
    rf"{_NUMBER}\s*(?P<operator>\*=|\+=|:=|=|:)\s*{_CAST}(?P<value>-?[0-9][0-9_]{{0,20}}(?:\.[0-9]{{1,20}})?(?:e[0-9]{{1,2}})?)\b"
)
# rest.Config.RateLimiter of client-go; nil there is no limit taken away, but that of QPS and Burst. Cloud clients' limiters
# have other names.
_NO_LIMIT = re.compile(r"\bRateLimiter\s*[:=]\s*(?:\w+\.)?NewFakeAlwaysRateLimiter\(\)")
_WORKERS = re.compile(
    rf"(?P<name>MaxConcurrentReconciles|Concurrent\w*Syncs){_NUMBER}\s*(?:=|:)\s*{_CAST}(?P<value>[0-9]{{1,18}})\b"
)
_DURATION = (
    r"(?:(?P<number>[0-9]{1,18})\s*\*\s*)?"
    r"time\.(?P<unit>Millisecond|Second|Minute|Hour)\b(?:\s*\*\s*(?P<times>[0-9]{1,18})\b)?(?!\s*\*)"
)
_PERIOD = re.compile(
    r"(?P<name>\w{0,80}(?:[pP]eriod|[iI]nterval|[fF]requency|[rR]esync))(?:\s+(?:time|metav1)\.Duration)?\s*(?::=|=|:)\s*"
    rf"(?:\w+\.Duration\{{(?:Duration:\s*)?)?{_DURATION}"
)


def _flag(types: str, names: str, value: str) -> re.Pattern[str]:
    """Match a flag's default: `fs.IntVar(&concurrency, "concurrency", 10,`, `flag.Int("workers", 10,`, pflag's `IntP`."""
    return re.compile(rf'\b(?:{types})(?:Var)?P?\((?:[^,"]+,\s*)?"(?P<name>{names})"\s*,\s*(?:"\w?"\s*,\s*)?{value}')


_TYPES = "Int|Int32|Int64|Uint|Uint32|Float32|Float64"
_VALUE = r"(?P<value>[0-9][0-9_]{0,20}(?:\.[0-9]{1,20})?)\b"
# kube-api-qps, client-connection-burst; not the limits of other things, as deleting-pods-qps is one of evictions.
_LIMIT_FLAG = _flag(_TYPES, r"(?:[\w-]*(?:api|client|kube)[\w-]*[-_])?(?:qps|burst)", _VALUE)
_WORKERS_FLAG = _flag(_TYPES, r"concurrent-[\w-]+|[\w-]*(?:concurrency|workers)", _VALUE)
_PERIOD_FLAG = _flag("Duration", r"[\w-]*(?:period|interval|resync|frequency)", _DURATION)
_ONCE = re.compile("grace", re.IGNORECASE)
"""What a period is named that is waited for once, and makes nothing more frequent."""
_UNITS = {"Millisecond": 1e-3, "Second": 1.0, "Minute": 60.0, "Hour": 3600.0}
_LONGEST = 300
"""Characters: a longer line is no setting, and would cost the regular expressions the square of its length."""
_MARKS = re.compile("QPS|qps|Qps|[bB]urst|RateLimiter|oncurren|workers|eriod|nterval|requency|esync")


class Setting(NamedTuple):
    """One setting on one line. kind: "limit" (requests a second; -1 is none), "workers" or "period" (seconds).

    flag: it is the default of a command line's flag of this name.
    """

    kind: str
    name: str
    operator: str
    value: float
    flag: bool = False


def settings(line: str) -> Iterator[Setting]:
    """Give the settings that a line of code makes with numbers written there."""
    if len(line) > _LONGEST or not _MARKS.search(line):
        return
    text = line.partition("//")[0]
    for match in _LIMIT.finditer(text):
        yield Setting("limit", match["name"], match["operator"], _number(match))
    if _NO_LIMIT.search(text):
        yield Setting("limit", "RateLimiter", "=", -1.0)
    for match in _WORKERS.finditer(text):
        yield Setting("workers", match["name"], "=", _number(match))
    for kind, pattern in (("limit", _LIMIT_FLAG), ("workers", _WORKERS_FLAG)):
        for match in pattern.finditer(text):
            yield Setting(kind, match["name"], "=", _number(match), flag=True)
    for pattern in (_PERIOD, _PERIOD_FLAG):
        for match in pattern.finditer(text):
            if not _ONCE.search(match["name"]):
                seconds = float(match["number"] or 1) * _UNITS[match["unit"]] * float(match["times"] or 1)
                yield Setting("period", match["name"], "=", seconds, flag=pattern is _PERIOD_FLAG)


def _number(match: re.Match[str]) -> float:
    return float(match["value"].replace("_", ""))


_WHOLE = 8
"""Letters: two shorter names may end alike by chance (`Interval`, `RetryInterval`)."""


def renamed(old: Setting, new: Setting) -> bool:
    """Say whether one may be the other under a longer or shorter name: StatusUpdateFrequency, nodeStatusUpdateFrequency."""
    before, after = old.name.lower(), new.name.lower()
    alike = before.endswith(after) or after.endswith(before)
    return alike and min(len(before), len(after)) >= _WHOLE and (old.kind, old.flag) == (new.kind, new.flag)
