"""An informer's resync is short

A resync hands every object of an informer's cache to all its handlers again, though nothing changed: with 150,000 pods
and a resync every 30 s that is 5,000 updates a second for each handler, and a reconcile for each, where no handler compares
the old object with the new one. Watches lose nothing that a resync would bring back; it serves only those that look at
something outside of the API.

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

 func factory(client kubernetes.Interface) informers.SharedInformerFactory {
-	return informers.NewSharedInformerFactory(client, 30*time.Second)
+	return informers.NewSharedInformerFactory(client, 12*time.Hour)
 }
```

Not reported: resyncs of five minutes and more, and those that are off; periods that come from a flag or a configuration; what
was as short before, moved or renamed; command lines and tests.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import durations
from analyzers.kubernetes.execution.components import Kind
from analyzers.news.requests import component_of

_SHORT = 300.0
"""Seconds: minResyncPeriod of kube-controller-manager is 12 hours; what polls the outside does with minutes."""
_ARGUMENTS: dict[str, int] = {
    "NewSharedInformerFactory": 1,
    "NewSharedInformerFactoryWithOptions": 1,
    "NewFilteredSharedInformerFactory": 1,
    "NewDynamicSharedInformerFactory": 1,
    "NewFilteredDynamicSharedInformerFactory": 1,
    "NewSharedIndexInformer": 2,
    "NewSharedInformer": 2,
    "NewInformer": 2,
    "NewIndexerInformer": 2,
    "AddEventHandlerWithResyncPeriod": 1,
}
"""Which argument is the resync period (client-go @32ce75a7 informers/factory.go, tools/cache, dynamic/dynamicinformer)."""
_HOMES = re.compile(r"/informers?(/|$)|informers_generated|/client-go/tools/cache$|informer$|/controller/framework$")
_LOOK = re.compile(r"Informer|Resync|time\.|[rR]esync")


class _Resync(NamedTuple):
    call: Call
    function: Function
    seconds: float | None
    line: int


def short_resync(change: Change) -> Iterator[Diagnostic]:
    """Yield a notice for each resync period under five minutes that a change writes, or shortens to that."""
    for file in change.go_files:
        if file.head is None or not any(_LOOK.search(text) for text in file.diff.added.values()):
            continue
        before = [
            each
            for old in file.old_functions()
            for each in _resyncs(change.base_index, old)
            if file.diff.removes(each.call.line, each.call.end_line)
        ]
        for function in file.functions():
            for each in _resyncs(change.head_index, function):
                if each.line not in file.diff.added or each.seconds is None or each.seconds >= _SHORT:
                    continue
                same = [old for old in before if old.call.name == each.call.name] or before
                if any(old.seconds is None or old.seconds <= 2 * each.seconds for old in same):
                    continue  # it was as short, or nobody knows
                if _is_elsewhere(change, file, each):
                    continue
                component = component_of(change, file, function)
                if component.kind not in {Kind.CLI, Kind.TEST}:
                    yield _diagnostic(file, each, max((old.seconds or 0 for old in same), default=0))


def _resyncs(index: PackageIndex, function: Function) -> Iterator[_Resync]:
    source = function.file.source
    if source.find(b"Informer", function.region.start, function.region.end) < 0 and (
        source.find(b"WithResyncPeriod", function.region.start, function.region.end) < 0
    ):
        return
    for call in function.calls:
        number = _ARGUMENTS.get(call.name)
        if number is None or call.operand is None or len(call.arguments) <= number:
            continue
        path = index.imported(function.file, syntax.text(call.operand))
        if call.name != "AddEventHandlerWithResyncPeriod" and (path is None or not _HOMES.search(path)):
            continue
        argument = call.arguments[number]
        yield _Resync(
            call, function, durations.seconds(index, argument, function.file, function), syntax.line(argument)
        )


def _is_elsewhere(change: Change, file: ChangedFile, each: _Resync) -> bool:
    """Say whether the same call was removed from another file."""
    text = " ".join(syntax.text(each.call.arguments[_ARGUMENTS[each.call.name]]).split())
    return any(
        each.call.name in removed and text in " ".join(removed.split())
        for other in change.go_files
        if other is not file
        for removed in other.diff.removed.values()
    )


def _diagnostic(file: ChangedFile, each: _Resync, before: float) -> Diagnostic:
    was = f", which it did every {_words(before)}" if before else ""
    return Diagnostic(
        analyzer="short-resync",
        path=file.path,
        line=each.line,
        end_line=each.line,
        construct=f"{code(each.call.name)} hands all objects of the cache to the handlers again every "
        f"{_words(each.seconds or 0)}{was}.",
        remedy="Watches bring every change: turn the resync off (0), or let hours pass between two.",
        unless="Leave it if the handlers look at something that no watch tells.",
        concern="resync",
        function=each.function.key,
        level=Level.NOTICE,
    )


def _words(seconds: float) -> str:
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g} {unit}"
    return f"{seconds:g} s"
