"""Places where regressions came without any pattern in the code: what they are, and which tests would have shown it.

Source: kubernetes/community sig-scalability/governance/scalability-regressions-case-studies.md and the regressions named
beside each row. A place is a path and, where a file holds much else, what an added or removed line must mention.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A sensitive place: as people call it (it reads after "touches"), and what went wrong there once."""

    name: str
    past: str


# (path, what a changed line mentions, place)
_PLACES: tuple[tuple[str, str, Place], ...] = (
    (r"(^|/)client-gen/.*(template|generator_for_\w+)\.go$", r"", Place("the template of every generated client", "")),
    (
        r"(^|/)(apiserver/pkg/server|genericapiserver(/server)?)/config\.go$|(^|/)pkg/(master|controlplane)/(master|instance)\.go$",
        r"HandlerChain|filters\.With|MaxInFlight|RequestTimeout",
        Place("the API server's handler chain", "every request pays for a filter"),
    ),
    (
        r"(^|/)endpoints/installer\.go$|(^|/)pkg/(generic)?apiserver/api_installer\.go$",
        r"(Handler|handler|Route\w{0,80}|Writer)\b.{0,200}[=(]",
        Place("how the API server installs its handlers", "compression around all reads once cost seconds (#45666)"),
    ),
    (
        r"(^|/)(apiserver/pkg/server/options|kube-apiserver/app/options|genericapiserver/options)/",
        r"InFlight|Inflight|RequestTimeout|WatchCacheSize|EnableWatchCache|AuditPolicy|DefaultWatchCache",
        Place("the API server's limits and defaults", ""),
    ),
    (
        r"(^|/)(util/flowcontrol/(throttle|backoff)|util/throttle|client/restclient/config|client-go/rest/config)\.go$",
        r"",
        Place("the rate limits of clients", ""),
    ),
    (r"(^|/)apiserver/pkg/audit/(policy|event)", r"", Place("what is audited by default", "")),
    (
        r"(^|/)pkg/kubelet/(kubelet_node_status|nodestatus/setters)\.go$",
        r"\bStatus\b|Condition|Images|Capacity|Annotations",
        Place("what every kubelet reports of its node", "5,000 nodes write it again and again"),
    ),
    (r"(^|/)storage/(cacher(/\w+)?|watch_cache)\.go$", r"", Place("the API server's watch cache", "")),
)  # fmt: skip
_NO_CODE = re.compile(
    r'^\s*(//.*|[\w.]{0,200}\s{0,80}"[^"]*"|[\w){}(]*)$'
)  # comments, imports, single words and braces
_COMPILED = tuple((re.compile(path), re.compile(text), place) for path, text, place in _PLACES)


def place(path: str, changed: list[str]) -> tuple[Place, int] | None:
    """Give the sensitive place that a change of these lines of a file touches, and the position of the first line that does."""
    for where, text, found in _COMPILED:
        if where.search(path):
            for number, line in enumerate(changed):
                if not _NO_CODE.match(line) and text.search(line):
                    return found, number
    return None
