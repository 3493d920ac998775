"""A manager's cache keeps more than its options seem to say

An entry of `ByObject` without a selector restricts nothing: 150,000 Secrets of 2 kB are 300 MB in every process that reads
one of them. Objects are kept with their `managedFields`, often a third of them, unless a transform drops these. What is
read as unstructured objects is not found among the typed ones: it is a request each time, or a second cache of all.

```diff
--- a/main.go
+++ b/main.go
@@ -1,21 +1,21 @@
 package main

 import (
        corev1 "k8s.io/api/core/v1"
        "k8s.io/apimachinery/pkg/labels"
        ctrl "sigs.k8s.io/controller-runtime"
        "sigs.k8s.io/controller-runtime/pkg/cache"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 func manager(ours labels.Selector) (ctrl.Manager, error) {
        return ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
                Cache: cache.Options{
                        ByObject: map[client.Object]cache.ByObject{
-				&corev1.Secret{}: {},
+				&corev1.Secret{}: {Label: ours},
                        },
                },
        })
 }
```

Not reported: kinds that do not grow with the cluster; entries beside defaults that restrict all kinds; managers that were
there before; unstructured reads of kinds that nothing watches.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.golang.facts import syntax
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.requests import cached_kinds, managers, restraints
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.kept_kinds import MANAGED, Kept, first_kept
from analyzers.news.requests import component_of


def cache_option(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each option of a manager's cache that is not what it seems, and each read that passes by it."""
    yield from _unfiltered(change)
    yield from _untyped(change)
    yield from _untransformed(change, first_kept(change))


_MUCH = 200_000_000
"""Bytes of one kind in a manager's cache from which on it is worth a word that each object is kept with its managedFields."""


def _untransformed(change: Change, kept: list[Kept]) -> Iterator[Diagnostic]:
    """A manager that is new, keeps much, and keeps each object with its managedFields."""
    if not any(each.size >= _MUCH for each in kept):
        return
    for file in change.go_files:
        known = restraints.advice(change.head_index, file.path)
        for function in file.functions() if file.head is not None and known.transform else ():
            for call in function.calls:
                if call.name != "NewManager" or call.line not in file.diff.added:
                    continue
                had = cached_kinds.makes_manager(change.base_index, file.path)
                if had or managers.manager(change.head_index, file.path).transforms:
                    continue
                yield Diagnostic(
                    analyzer="cache-option",
                    path=file.path,
                    line=call.line,
                    end_line=call.line,
                    construct=f"The cache of {code(call.name)} keeps the {code('managedFields')} of every object, which few "
                    "controllers read: often a third of an object.",
                    remedy=f"Drop them: {code(f'DefaultTransform: {known.transform}()')}.",
                    concern="managedFields",
                    function=function.key,
                    subject=Watch("", False, False, component_of(change, file, function)),
                )


def _untyped(change: Change) -> Iterator[Diagnostic]:
    """Reads of unstructured objects of a kind that the manager's cache keeps typed: those are another cache, or none."""
    for file in change.go_files:
        if file.head is None or b"nstructured" not in file.head.source or not MANAGED.search(file.head.source):
            continue
        for function in file.functions():
            sent = requests(change.head_index, function.file, function, ())
            for kind, request in cached_kinds.untyped(function, sent):
                resource = resources.plural(kind)
                if not file.added(request.line, request.line) or resource not in scale.COUNTS:
                    continue
                if not cached_kinds.watched(change.head_index, kind, file.path):
                    continue
                yield Diagnostic(
                    analyzer="cache-option",
                    path=file.path,
                    line=request.line,
                    end_line=request.line,
                    construct=f"{code(request.method)} reads {resource} as unstructured objects; the manager keeps all of them as "
                    + (
                        "typed ones, which do not answer it: it is a request each time."
                        if request.live
                        else "typed ones, and begins a second cache for these."
                    ),
                    remedy=f"Read the typed object, {code(kind)}.",
                    concern=f"untyped {resource}",
                    function=function.key,
                    subject=Watch(resource, not request.live, False, component_of(change, file, function)),
                )


def _unfiltered(change: Change) -> Iterator[Diagnostic]:
    """Entries of ByObject that are added and restrict nothing."""
    for file in change.go_files:
        if file.head is None or not any("ByObject" in text or "{}" in text for text in file.diff.added.values()):
            continue
        for function in file.functions():
            for found in restraints.unfiltered(change.head_index, function):
                resource = resources.plural(found.kind)
                line = syntax.line(found.node)
                if line not in file.diff.added or resource not in scale.COUNTS:
                    continue
                if any(
                    each.family == "selection" and not each.kind
                    for each in restraints.restraints(change.head_index, function)
                ):
                    continue  # what the defaults restrict, the entry leaves restricted
                yield Diagnostic(
                    analyzer="cache-option",
                    path=file.path,
                    line=line,
                    end_line=line,
                    construct=f"The entry of {resource} in {code('ByObject')} has no selector and no namespace: it restricts "
                    "nothing, and the cache keeps all of them.",
                    remedy=f"Give it a {code('Label')}, a {code('Field')} or {code('Namespaces')}.",
                    unless=f"Leave it if nothing reads or watches {resource}.",
                    concern=f"unfiltered {function.key}",
                    function=function.key,
                    subject=Watch(resource, True, False, component_of(change, file, function), first=True),
                )
