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

Periods that become shorter and workers that become more count too, and so do the defaults of flags, and settings that keep
their name's end when they are renamed.

Not reported: limits that are lowered or moved, those of command lines and tests, values read from a flag or a
configuration, a flag's first default, first values that are not above what Kubernetes' own components use, a period of 0
(off), the limiters of other servers' clients, and first limits of clients that have none by default, as those of
controller-runtime from 0.21 on.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import ClientLimit, Pace
from analyzers.kubernetes import scale
from analyzers.kubernetes.client_settings import Setting, renamed, settings
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.requests import restraints
from analyzers.news.requests import component_of

_USUAL = 100.0
"""The highest limit that a component of Kubernetes has by default (the burst of scheduler and kubelet, kubernetes.md 3.3)."""
_CLIENT = re.compile(
    rb"rest\.Config|restclient|clientcmd|KubeClient|[kK]ubeconfig|clientset|client-go|pkg/client|KubeAPI|ClientConnection"
    rb"|controller-runtime|kubeletconfig|componentconfig|KubeletConfiguration|apimachinery|k8s.io/kubernetes/pkg/(util|api)"
)
_REST = re.compile(rb"\brest\.Config|restclient\.Config|RESTConfig|InClusterConfig|clientcmd\.")


def client_qps(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each client limit that the change raises, and for each period that it shortens."""
    added = [
        (file, number, found)
        for file in change.go_files
        for number, line in file.diff.added.items()
        for found in settings(line)
    ]
    if not added:
        return
    removed = [found for file in change.go_files for line in file.diff.removed.values() for found in settings(line)]
    names = {setting.name.lower() for _, _, setting in added}
    for file, number, setting in added:
        if file.head is None or file.component.kind is Kind.CLI or not _CLIENT.search(file.head.source):
            continue
        if setting.name == "RateLimiter" and not _REST.search(file.head.source):
            continue  # of a work queue, or of a cloud's client
        same = _before(setting, removed, names)
        if any(each.value == setting.value for each in same):
            continue  # moved, or written differently
        if setting.flag and not any(each.value for each in same):
            continue  # a flag's first default: nobody is raised by it
        if not same and _had_it(change, setting):
            continue  # written once more, where it was a flag's default or stays one
        if setting.kind == "limit" and not _limits_a_client(change, setting):
            continue
        if setting.kind == "limit":
            limit = _raised(setting, same, file)
            if limit is not None and not (limit.old is None and limit.factor is None and _is_unlimited(change, file)):
                yield _diagnostic(file, number, _construct(limit), limit)
        elif same and setting.value and same[0].value:  # 0 is off: neither what begins nor what ends became faster
            pace = Pace(setting.name, setting.kind == "workers", same[0].value, setting.value, file.component)
            if pace.factor >= 2:
                yield _diagnostic(file, number, _quickened(pace), pace)


_GROWS = frozenset({"*=", "+="})
_FIELDS = frozenset({"qps", "burst"})
"""The fields of client-go's rest.Config that limit what a client sends."""
_UNLIMITED_SINCE = 21
"""The minor version of controller-runtime from which on its clients have no limit unless one is set: pkg/client/config
(config.go) gives QPS -1."""


def _is_unlimited(change: Change, file: ChangedFile) -> bool:
    """Say whether the client of a file's program has no limit by default: to set one is to lower it."""
    return (restraints.release(change.head_index, file.path) or 0) >= _UNLIMITED_SINCE


def _limits_a_client(change: Change, setting: Setting) -> bool:
    """Say whether a limit may be one of requests to the API server: a field of rest.Config, or a constant that the program gives to
    one, or to a flag. One that is only given to something else limits a cloud's client, or a server."""
    if setting.name.lower() in _FIELDS or setting.name == "RateLimiter" or setting.flag:
        return True
    name = re.escape(setting.name.encode())
    used, given = (
        re.compile(pattern)
        for pattern in (
            rb"[(,.=:][ \t]{0,20}(?:\w{1,80}\.)?" + name + rb"\b",
            rb"(?i:\b(?:qps|burst)[ \t]{0,20}:?[=:]|-(?:qps|burst)\")[^\n]{0,200}\b" + name + rb"\b",
        )
    )
    found = [change.head_index.file(path) for path in change.head_index.words.files(setting.name)]
    sources = [each.source for each in found if each is not None]
    return any(map(given.search, sources)) or not any(map(used.search, sources))


def _had_it(change: Change, setting: Setting) -> bool:
    """Say whether what the change rewrites set a client's limit to the same before."""
    return (setting.kind, setting.operator in _GROWS) == ("limit", False) and any(
        (found.kind, found.value, found.operator in _GROWS) == ("limit", setting.value, False)
        for file in change.go_files
        if file.base is not None
        for line in file.base.source.decode("utf-8", "replace").splitlines()
        for found in settings(line)
    )


def _before(setting: Setting, removed: list[Setting], names: set[str]) -> list[Setting]:
    """Give what a setting was: removed under the same name, or under one that is gone and that it may have been renamed from."""
    same = [each for each in removed if each.name.lower() == setting.name.lower() and each.flag == setting.flag]
    return same or [each for each in removed if each.name.lower() not in names and renamed(each, setting)]


def _diagnostic(file: ChangedFile, line: int, construct: str, subject: ClientLimit | Pace) -> Diagnostic:
    if isinstance(subject, ClientLimit):
        concern = "client limit"
        remedy = (
            "Find what sends so many requests: a lister, or fewer writes, usually serve better than a higher limit."
        )
    elif subject.workers:
        concern = "workers"
        remedy = "Check what each worker sends: the API server gets it from all of them at once."
    else:
        concern = f"pace {subject.setting}"
        remedy = "Check what each round sends, and let events take the place of the timer where they can."
    return Diagnostic(
        analyzer="client-qps",
        path=file.path,
        line=line,
        end_line=line,
        construct=construct,
        remedy=remedy,
        unless="Leave it if a measurement at scale shows the need, and name it in the description.",
        concern=concern,
        subject=replace(subject, component=component_of(file.change, file)),
    )


def _raised(setting: Setting, same: list[Setting], file: ChangedFile) -> ClientLimit | None:
    name, value = setting.name, setting.value
    if setting.operator in _GROWS:
        former = max((each.value for each in same if each.operator == setting.operator), default=None)
        if value <= (former or 1):
            return None
        factor = value / (former or 1) if setting.operator == "*=" else None
        return ClientLimit(name, None, None, factor, file.component)
    before = max((each.value for each in same if each.operator not in _GROWS), default=None)
    new = None if value < 0 else value
    if before is None:
        return ClientLimit(name, None, new, None, file.component) if new is None or new > _USUAL else None
    if before < 0 or (new is not None and new <= before):
        return None
    return ClientLimit(name, before, new, new / before if new is not None and before else None, file.component)


def _construct(limit: ClientLimit) -> str:
    name = code(limit.setting)
    if limit.old is not None and limit.new is not None:
        return f"This raises the client's {name} from {scale.human_count(limit.old)} to {scale.human_count(limit.new)}."
    if limit.new is not None:
        return f"This sets the client's {name} to {scale.human_count(limit.new)}."
    if limit.factor is not None:
        return f"This multiplies the client's {name} by {scale.human_count(limit.factor)}."
    return f"This takes the client's rate limit away ({name})."


def _quickened(pace: Pace) -> str:
    if pace.workers:
        return f"This raises {code(pace.setting)} from {scale.human_count(pace.old)} to {scale.human_count(pace.new)} workers."
    return (
        f"This shortens {code(pace.setting)} from {scale.human_count(pace.old)} s to {scale.human_count(pace.new)} s."
    )
