"""A new Go version

Everything is built with Go, and its garbage collector, scheduler and HTTP/2 change with every release. Kubernetes
skipped Go 1.5 because 1,000-node tests failed with it; Go 1.8 took the API server from 12-13 to 36 cores at 5,000 nodes;
Go 1.12 and 1.13 were caught by the same tests. Nobody saw it coming from the release notes: the only way to know is to
run a performance test with both versions and compare.

A new minor release (1.23 to 1.24) is a comment on the line that says it best, with the other files of the same bump
beside it; a patch release, a downgrade, or what only a nested module is built with is a line in the summary. So is any
release in a project built on Kubernetes, which was run at scale with it before.

```diff flagged
--- a/build/build-image/cross/Dockerfile
+++ b/build/build-image/cross/Dockerfile
@@ -1,3 +1,3 @@
-FROM golang:1.7.5
+FROM golang:1.8.1

 ENV GOARM 7
```

Not reported: a version that only tests, tools, examples or this repository's own CI use; a go line that is only written
differently (1.21 and 1.21.0); comments. Where an image or a toolchain moves too, it counts, and not go.mod's go line,
which is the least that is asked for.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic
from analyzers.news.bumps import bumps, diagnostic


def go_version_bump(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic if the Go that the project is built with changes."""
    for bump in bumps(change):
        if bump.dependency.kind == "go":
            yield diagnostic("go-version-bump", bump)
