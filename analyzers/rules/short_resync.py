"""Every object is handled again after seconds, changed or not

A resync hands every object in the cache to the handlers again, and a requeue without a change reconciles one again; a watch
brings every change without either. With a resync of one second 80,000 objects once kept a core busy
(haproxytech/kubernetes-ingress#216). Leave resyncs at hours, or 0 (off), and requeue only what waits for something that no
watch tells of.

```diff
--- a/pkg/operator/starter.go
+++ b/pkg/operator/starter.go
@@ -1,12 +1,12 @@
 package operator

 import (
        "time"

        "k8s.io/client-go/informers"
        "k8s.io/client-go/kubernetes"
 )

 func start(client kubernetes.Interface) informers.SharedInformerFactory {
-	return informers.NewSharedInformerFactory(client, 30*time.Second)
+	return informers.NewSharedInformerFactory(client, 24*time.Hour)
 }
```

Not reported: periods of five minutes and more, unless they were twice as long before; periods that flags or configuration
give; new requeues, which wait for something, but for those by which each node sends a request again; what was there before;
command lines, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code
from analyzers.analysis.subject import Burden, Round
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.kubernetes.execution import critical_paths, durations
from analyzers.kubernetes.requests import reconcilers
from analyzers.kubernetes.requests.reconcilers import Body, Work
from analyzers.kubernetes.resyncs import USUAL, Resync, resyncs
from analyzers.news.added import Added, Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.requests import component_of

_SHORTER = 2.0
_MINUTE = 60.0
_HOUR = 3600.0


def short_resync(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each resync or requeue whose period the change shortens, and for each new short resync."""
    for each in added(change, _periods):
        if not concerned(each.file):
            continue
        now = durations.seconds(change.head_index, each.what.period, each.function.file, each.function)
        if now is None:
            continue
        before = _before(change, each)
        if (work := _asked_again(change, each)) is not None:
            yield _on_nodes(each, now, work)
            continue
        shortened = before is not None and before >= _SHORTER * now
        if not shortened and (each.what.kind != "resync" or before is not None or now >= USUAL):
            continue
        yield _diagnostic(each, now, before if shortened else None)


def _periods(function: Function) -> Iterator[Candidate[Resync]]:
    for each in resyncs(function):
        yield Candidate((each.kind, each.name, syntax.text(each.period)), each.first, each.last, each)


def _before(change: Change, each: Added[Resync]) -> float | None:
    """The longest period that the same function gave the same thing on lines that are gone."""
    old = each.file.base.function(each.function.key) if each.file.base is not None else None
    if old is None:
        return None
    found = [
        durations.seconds(change.base_index, known.period, old.file, old)
        for known in resyncs(old)
        if known.name == each.what.name and each.file.diff.removes(known.first, known.last)
    ]
    return max((period for period in found if period is not None), default=None)


def _asked_again(change: Change, each: Added[Resync]) -> Work | None:
    """The request that a program of every node sends each time it reconciles the object of its node, which it did not again
    after a while before."""
    function = each.function
    if each.what.kind != "requeue" or critical_paths.by_signature(function) is not critical_paths.RECONCILER:
        return None
    old = each.file.base.function(function.key) if each.file.base is not None else None
    if old is not None and any(known.kind == "requeue" for known in resyncs(old)):
        return None
    if not component_of(change, each.file, function).every_node:
        return None
    if not reconcilers.ends_with(change.head_index, Body(function), each.what.period):
        return None
    return reconcilers.sends_for_its_own(change.head_index, Body(function))


def _on_nodes(each: Added[Resync], now: float, work: Work) -> Diagnostic:
    return Diagnostic(
        analyzer="short-resync",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=f"Each node reconciles again after {_said(now)}, changed or not, and each time {work.what}.",
        remedy="Let a watch begin the next pass, or read it from a cache.",
        concern=f"{each.what.kind} on nodes",
        function=each.function.key,
        witness=(Place(work.function.file.path, work.call.line, work.call.end_line, f"it {work.what}"),),
        subject=Round(now),
    )


def _diagnostic(each: Added[Resync], now: float, before: float | None) -> Diagnostic:
    was = f", {_said(before)} before" if before is not None else ""
    if each.what.kind == "resync":
        construct = (
            f"{code(each.what.name)} is given a resync of {_said(now)}{was}: each time every object in the cache is handed to "
            "the handlers again, changed or not."
        )
        remedy = "Leave it at hours, or 0: the watch brings every change."
        unless = "Leave it if the handlers end early when nothing has changed, and say why it is needed."
    else:
        construct = f"Each object is reconciled again after {_said(now)}{was}, changed or not."
        remedy = "Let a watch of what it waits for begin the next pass, or wait for longer each time."
        unless = "Leave it if few objects wait so, for something that no watch tells of."
    return Diagnostic(
        analyzer="short-resync",
        path=each.file.path,
        line=each.first,
        end_line=each.last,
        construct=construct,
        remedy=remedy,
        unless=unless,
        concern=f"{each.what.kind} {each.what.name}",
        function=each.function.key,
        level=Level.NOTICE,
        subject=Burden("event", critical_paths.HANDLER),
    )


def _said(seconds: float) -> str:
    if seconds >= _HOUR and seconds % _HOUR == 0:
        return f"{seconds / _HOUR:g} h"
    if seconds >= _MINUTE and seconds % _MINUTE == 0:
        return f"{seconds / _MINUTE:g} min"
    return f"{seconds:g} s"
