"""A client's rate limit is raised

The limits of clients are what protects the API server from them: kube-controller-manager may send 20 requests a
second, kube-scheduler and the kubelet 50, any other client 5. One controller with twenty times the limit can fill the
API server's 400 places for reads alone, and starve everybody else; a node agent with 50 instead of 5 adds 225,000
requests a second on 5,000 nodes. A client that is too slow usually asks too much.

```diff
--- a/cmd/controller/main.go
+++ b/cmd/controller/main.go
@@ -1,13 +1,11 @@
 package main

 import (
        "k8s.io/client-go/kubernetes"
        "k8s.io/client-go/rest"
 )

 func client(config *rest.Config) (*kubernetes.Clientset, error) {
-	config.QPS *= 20
-	config.Burst *= 20
        return kubernetes.NewForConfig(config)
 }
```

Not reported: limits that are lowered or moved, those of command lines and tests, values read from a flag or a
configuration, and first values that are not above what Kubernetes' own components use.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import ClientLimit
from analyzers.kubernetes.components import Kind

_SETTING = re.compile(
    r"(?P<name>[\w.]*\b(?:[kK]ube[aA][pP][iI])?(?:[eE]vent(?:Record)?)?(?:QPS|Burst|qps|burst)|[\w.]*(?:KubeAPIQPS|KubeAPIBurst|EventRecordQPS|EventBurst|DefaultQPS|DefaultBurst))"
    r"\s*(?P<operator>\*=|\+=|:=|=|:)\s*(?:float32\(|int32\(|int\(|utilpointer\.\w+\(|ptr\.To\(|\w*Ptr\()?(?P<value>-?\d[\d_]*(?:\.\d+)?(?:e\d+)?)\b"
)
_MARKS = re.compile("QPS|qps|[bB]urst|RateLimiter")
_LIMITER = re.compile(r"NewFakeAlwaysRateLimiter\(\)|RateLimiter\s*[:=]\s*nil\b")
_USUAL = 100.0
"""The highest value that a component of Kubernetes uses by default (the burst of scheduler and kubelet, kubernetes.md 3.3)."""
_CLIENT = re.compile(
    rb"rest\.Config|restclient|clientcmd|KubeClient|[kK]ubeconfig|clientset|client-go|pkg/client|KubeAPI|ClientConnection"
)


def client_qps(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each client limit that the change raises."""
    added = [
        (file, number, found)
        for file in change.go_files
        for number, line in file.diff.added.items()
        for found in _settings(line)
    ]
    if not added:
        return
    old = [found for file in change.go_files for line in file.diff.removed.values() for found in _settings(line)]
    for file, number, (name, operator, value) in added:
        if file.head is None or file.component.kind is Kind.CLI or not _CLIENT.search(file.head.source):
            continue
        limit = _raised(name, operator, value, old, file)
        if limit is None:
            continue
        yield Diagnostic(
            analyzer="client-qps",
            path=file.path,
            line=number,
            end_line=number,
            construct=_construct(limit),
            remedy="Find what sends so many requests: a lister, or fewer writes, usually serve better than a higher limit.",
            unless="Leave it if a measurement at scale shows the need, and name it in the description.",
            concern="client limit",
            function="",
            subject=limit,
        )


def _settings(line: str) -> Iterator[tuple[str, str, float]]:
    if not _MARKS.search(line):
        return
    text = line.partition("//")[0]
    for match in _SETTING.finditer(text):
        yield match["name"].rpartition(".")[2], match["operator"], float(match["value"].replace("_", ""))
    if _LIMITER.search(text):
        yield "RateLimiter", "=", -1.0


def _raised(
    name: str, operator: str, value: float, old: list[tuple[str, str, float]], file: ChangedFile
) -> ClientLimit | None:
    same = [each for each in old if each[0].lower() == name.lower()]
    if any((each[1] == operator and each[2] == value) or each[2] == value for each in same):
        return None  # moved, or written differently
    if operator in {"*=", "+="}:
        return ClientLimit(name, None, None, value if operator == "*=" else None, file.component) if value > 1 else None
    before = max((each[2] for each in same if each[1] not in {"*=", "+="}), default=None)
    unlimited = value < 0 or name == "RateLimiter"
    if before is not None:
        if before < 0 or (not unlimited and value <= before):
            return None
        return ClientLimit(
            name,
            before,
            None if unlimited else value,
            None if unlimited or before == 0 else value / before,
            file.component,
        )
    if not unlimited and value <= _USUAL:
        return None
    return ClientLimit(name, None, None if unlimited else value, None, file.component)


def _construct(limit: ClientLimit) -> str:
    name = code(limit.setting)
    if limit.factor is not None and limit.old is None:
        return f"This multiplies the client's {name} by {limit.factor:g}."
    if limit.new is None:
        return (
            f"This takes the client's rate limit away ({name})."
            if (limit.factor is None and limit.old is None) or limit.old is not None
            else f"This raises the client's {name}."
        )
    if limit.old is not None:
        return f"This raises the client's {name} from {limit.old:g} to {limit.new:g}."
    return f"This sets the client's {name} to {limit.new:g}."
