"""An addon that asks for more, or chooses its place by other pods

What a DaemonSet requests is reserved on every node: 100m of CPU more are 500 cores on 5,000 nodes. A request that is
taken away leaves the agent of every node to what others do not use. And affinity to other pods in an addon that every
cluster runs is paid by the scheduler for every pod: kube-dns and CoreDNS both got anti-affinity once, and both lost it
again because scheduling became slower.

```diff
--- a/cluster/addons/dns/coredns.yaml
+++ b/cluster/addons/dns/coredns.yaml
@@ -1,20 +1,14 @@
 apiVersion: apps/v1
 kind: Deployment
 metadata:
   name: coredns
 spec:
   template:
     spec:
-      affinity:
-        podAntiAffinity:
-          preferredDuringSchedulingIgnoredDuringExecution:
-          - weight: 100
-            podAffinityTerm:
-              topologyKey: kubernetes.io/hostname
       containers:
       - name: coredns
         image: coredns/coredns:1.0.4
```

Not reported: new manifests; requests that are lowered, or that a template fills in; limits; new images; workloads that
neither run on every node nor stand below an addons folder. More requested by such an addon that is no DaemonSet is a
line in the summary.
"""

import re
from collections.abc import Iterator
from typing import Literal

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import PodAffinity, Reservation
from analyzers.kubernetes.versions import manifests, pins
from analyzers.kubernetes.versions.dependencies import of_kubernetes
from analyzers.kubernetes.versions.manifests import Container, Workload

_RESOURCES: tuple[Literal["cpu", "memory"], ...] = ("cpu", "memory")
_RELEVANT = re.compile(r"\b(cpu|memory|podAffinity|podAntiAffinity)\b")


def addon_manifest(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each request that rises or goes, and for each affinity to other pods that is new."""
    for file in change.files:
        if (
            file.diff.status not in {"modified", "renamed"}
            or not manifests.candidate(file.path)
            or pins.aside(file.path)
        ):
            continue
        lines = (*file.diff.added.values(), *file.diff.removed.values())
        if not any(_RELEVANT.search(line) for line in lines):
            continue  # generated manifests are long, and most of their changes are about something else
        text, old_text = file.text(), file.old_text()
        if text is None or old_text is None:
            continue
        before = {(each.kind, each.name): each for each in manifests.workloads(file.old_path or "", old_text)}
        for workload in manifests.workloads(file.path, text):
            old = before.get((workload.kind, workload.name))
            if old is None or not file.diff.touches(workload.line, workload.end_line):
                continue
            if workload.affinity_line and not old.affinity_line:
                yield _affinity(change, file, workload)
            for container in workload.containers.values():
                if container.name in old.containers:
                    yield from _requests(change, file, workload, old.containers[container.name], container)


def _affinity(change: Change, file: ChangedFile, workload: Workload) -> Diagnostic:
    line = workload.affinity_line or workload.line
    return Diagnostic(
        analyzer="addon-manifest",
        path=file.path,
        line=line,
        end_line=line,
        construct=f"This gives {code(workload.name)}, which {_where(change, workload)}, a {code(workload.affinity)}.",
        remedy="Leave it out, or run the scheduler's performance job before it is merged.",
        unless="Nothing to do if scheduling throughput was compared already.",
        concern=f"{workload.kind} {workload.name} affinity",
        subject=PodAffinity(),
    )


def _requests(
    change: Change, file: ChangedFile, workload: Workload, old: Container, new: Container
) -> Iterator[Diagnostic]:
    raised, gone = [], []
    for resource in _RESOURCES:
        was, now = old.requests.get(resource), new.requests.get(resource)
        if was is None or was.amount is None:
            continue
        if now is not None and now.amount is not None and now.amount > was.amount:
            raised.append((now.line, Reservation(resource, float(was.amount), float(now.amount), workload.every_node)))
        if now is None and resource not in new.limits:  # a limit is a request where there is none
            gone.append(Reservation(resource, float(was.amount), None, workload.every_node))
    for line, reservation in raised:
        yield Diagnostic(
            analyzer="addon-manifest",
            path=file.path,
            line=line,
            end_line=line,
            construct=f"This raises the {reservation.resource} request of {code(new.name)}, which {_where(change, workload)}.",
            remedy="Say what was measured at which size, and consider a request that grows with the cluster.",
            unless="Nothing to do if the measurement is linked here already.",
            concern=f"{workload.kind} {workload.name} {new.name} {reservation.resource}",
            subject=reservation,
        )
    at = next((at for at in file.diff.deletions if new.line <= at <= new.end_line + 1), None)
    if gone and at is not None:  # else a template decides
        names = " and ".join(each.resource for each in gone)
        line = min(at, new.end_line)
        yield Diagnostic(
            analyzer="addon-manifest",
            path=file.path,
            line=line,
            end_line=line,
            construct=f"This takes the {names} request away from {code(new.name)}, which {_where(change, workload)}.",
            remedy="Keep a request of what it uses in the largest cluster, so that neither it nor its neighbours starve.",
            unless="Nothing to do if it is set elsewhere.",
            concern=f"{workload.kind} {workload.name} {new.name} no request",
            subject=gone[0],
        )


def _where(change: Change, workload: Workload) -> str:
    if workload.every_node:
        return "runs on every node"
    return "every cluster runs" if of_kubernetes(change.head_index.modules) else "its clusters run"
