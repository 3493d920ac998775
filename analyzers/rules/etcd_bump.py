"""A new etcd version

Every write to the API server, and every read that no cache serves, waits for etcd. etcd 3.2 passed the tests on 500
simulated nodes and raised write latencies on 5,000 real ones, so that a release had to go back to 3.1; a client of 3.2
cut LIST responses at 4 MB and was reverted too. Patch releases did it as well, so each counts.

The server (images, manifests, constants, scripts) and the client library (go.mod, Godeps.json) are two comments, each
on the line that says it best, with the other files of the same bump beside it.

```diff flagged
--- a/cluster/gce/manifests/etcd.manifest
+++ b/cluster/gce/manifests/etcd.manifest
@@ -1,5 +1,5 @@
 {
     "name": "etcd-container",
-    "image": "{{ pillar.get('etcd_docker_tag', '3.1.11') }}",
+    "image": "{{ pillar.get('etcd_docker_tag', '3.2.14') }}",
     "resources": {}
 }
```

Not reported: the versions that are supported at least, or that one may go back to; an image that was only rebuilt
(3.5.21-0 and 3.5.21-1); what only tests and examples run. A downgrade is a line in the summary.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic
from analyzers.news.bumps import bumps, diagnostic


def etcd_bump(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for etcd's server and one for its client, if their versions change."""
    for bump in bumps(change):
        if bump.dependency.kind == "etcd" and (bump.kubernetes or not bump.indirect):
            yield diagnostic("etcd-bump", bump)
