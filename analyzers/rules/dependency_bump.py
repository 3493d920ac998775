"""A new version of a large dependency

Kubernetes depends on much of the Go universe, and a few dependencies are on the path of everything: gRPC, protobuf and
JSON, HTTP/2, request routing, metrics, logging, and what runs on all 5,000 nodes. gRPC 1.5.1 cut LIST responses from
etcd at 4 MB, CNI 0.6.0 added 1-3 s to every pod's start, runc once made the kubelet pay more for reading cgroups. None
of it showed in unit tests. Projects built on Kubernetes take versions that it was run with: there a bump is a line in
the summary.

Minor and major releases of these, and other commits where releases have no numbers, are a comment on the line of the
dependency, one for each, however many packages or files carry it. Everything else that moves in Kubernetes is one
line in the summary; in other projects what is on none of these paths is not spoken of.

```diff flagged
--- a/go.mod
+++ b/go.mod
@@ -1,6 +1,6 @@
 module k8s.io/kubernetes

 require (
-	google.golang.org/grpc v1.26.0
+	google.golang.org/grpc v1.27.0
        k8s.io/klog/v2 v2.130.1
 )
```

Where a lock file lists packages, only those count that do the work (Docker's client, not its parsers), and a module nested
in another one, a dashboard's, is no more than a line in the summary.

Not reported: a new or a removed dependency; packages added at the revision that is there already; a changed Comment in
Godeps.json; requirements of test libraries, and of modules that hold tests, tools and examples.
"""

import dataclasses
from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Bump
from analyzers.kubernetes.versions.dependencies import Grade
from analyzers.news.bumps import bumps, diagnostic
from analyzers.weighing.weigh import raised

_NAMED = 5  # as many as fit in a sentence


def dependency_bump(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each bump that asks for a performance run, and one for all others together."""
    quiet: list[Bump] = []
    for bump in bumps(change):
        if bump.dependency.kind != "library":
            continue
        if raised(bump):
            yield diagnostic("dependency-bump", bump)
            continue
        grade = bump.dependency.grade
        if bump.indirect:
            told = grade >= Grade.IMPORTANT and (bump.kubernetes or bump.dependency.anywhere)
        else:
            told = bump.kubernetes or grade > Grade.OTHER
        if told:
            quiet.append(bump)
    if quiet:
        yield _together(quiet)


def _together(bumps: list[Bump]) -> Diagnostic:
    first = diagnostic("dependency-bump", bumps[0])
    loudest = sorted(bumps, key=lambda bump: -bump.dependency.grade)
    named = [
        f"{code(bump.name)} from {code(bump.old)}{' back' if bump.move.back else ''} to {code(bump.new)}"
        for bump in loudest[:_NAMED]
    ]
    more = f", and {len(bumps) - _NAMED} more" if len(bumps) > _NAMED else ""
    return dataclasses.replace(
        first,
        construct=f"This moves {', '.join(named)}{more}.",
        concern="other dependencies",
        related=tuple(place for bump in bumps[1:] for place in bump.places[:1]),
        subject=loudest[0],
    )
