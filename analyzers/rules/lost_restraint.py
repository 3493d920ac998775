"""A cache loses what kept it small or quick

What keeps an informer's cache small is a line or two: a transform that drops `managedFields`, often a third of an object;
a selector; a namespace; metadata in place of whole objects. Without it the process lists, watches and keeps 150,000 pods of
4 kB, 600 MB, where it kept some, and takes part in every change of each. Without its index by namespace a lister walks all
objects for each read of one namespace.

```diff
--- a/main.go
+++ b/main.go
@@ -1,22 +1,25 @@
 package main

 import (
        corev1 "k8s.io/api/core/v1"
        "k8s.io/apimachinery/pkg/labels"
        ctrl "sigs.k8s.io/controller-runtime"
+	"sigs.k8s.io/controller-runtime/pkg/cache"
        "sigs.k8s.io/controller-runtime/pkg/client"
 )

 func manager(ours labels.Selector) (ctrl.Manager, error) {
        options := ctrl.Options{}
+	options.Cache.ByObject = map[client.Object]cache.ByObject{&corev1.Pod{}: {Label: ours}}
        return ctrl.NewManager(ctrl.GetConfigOrDie(), options)
 }

 func phase(c client.Client, key client.ObjectKey) (corev1.PodPhase, error) {
        var pod corev1.Pod
        err := c.Get(ctx, key, &pod)
        return pod.Status.Phase, err
 }
```

Formerly: large-watch.

Not reported: what is written in another way, in another function, or as a later release of controller-runtime has it; a
restraint in whose place stands another that keeps as little; what goes with its informer or manager, or with the last use
of its kind.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Watch
from analyzers.kubernetes import resources, scale
from analyzers.kubernetes.requests import cached_kinds, managers, restraints
from analyzers.kubernetes.requests.restraints import Restraint
from analyzers.news.requests import component_of
from analyzers.news.restraints import loosened


def lost_restraint(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each cache that loses what kept it small or quick, and is still there."""
    for found in loosened(change):
        each, resource = found.restraint, found.resource
        if each.name == "NamespaceIndex" and _is_cluster_scoped(each):
            continue
        told = managers.manager(change.head_index, found.file.path).restraints if each.family == "selection" else ()
        if resource and any(other.family == "selection" and other.resource == resource for other in told):
            continue  # another file's function has it now
        if each.family == "uncached" and (
            resource not in scale.COUNTS
            or cached_kinds.watched(change.base_index, each.kind, found.file.old_path or "")
        ):
            continue  # what is watched is kept anyway
        known = resource if resource in scale.COUNTS and each.family != "transform" else ""
        yield Diagnostic(
            analyzer="lost-restraint",
            path=found.file.path,
            line=found.line,
            end_line=found.line,
            construct=(
                f"{code(each.name)} no longer names {code(found.word)}: "
                if found.word
                else f"{code(each.name)}{f' of {resource}' if resource else ''} is gone: "
            )
            + _effect(each, resource)
            + ".",
            remedy="Keep it, unless nothing needs it any more.",
            concern=f"restraint {each.name} {found.function.key}",
            function=found.function.key,
            subject=Watch(
                known,
                bool(known),
                False,
                component_of(change, found.file, found.function),
                first=bool(known),
                # Who takes a namespace away has objects of others to look after.
                unrestricted=each.name not in restraints.BY_NAMESPACE
                and (not resource or bool(known) or each.family == "transform"),
            ),
        )


def _effect(each: Restraint, resource: str) -> str:
    """What is so now that a restraint is gone."""
    what = resource or "objects"
    if each.family == "transform":
        return f"the cache keeps {what} whole, with all that nobody reads"
    if each.family == "metadata":
        return f"{what} of which metadata sufficed are kept whole"
    if each.family == "index":
        return "each read of one namespace walks the objects of all"
    if each.family == "uncached":
        return f"the next read of {resource} makes the manager list, watch and keep all of them"
    if each.name in restraints.BY_NAMESPACE:
        return "the cache lists, watches and keeps the objects of all namespaces"
    if resource:
        return f"the cache lists, watches and keeps all {resource}"
    return "the informers list, watch and keep everything"


def _is_cluster_scoped(each: Restraint) -> bool:
    """Say whether an informer's index by namespace is of a resource that has none."""
    kind = re.match(r"New(?:Filtered)?(\w+?)Informer", each.owner)
    return kind is not None and resources.plural(kind[1]) in resources.CLUSTER_SCOPED
