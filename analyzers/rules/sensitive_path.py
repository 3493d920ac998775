"""A place where performance broke before

Some regressions had no pattern that a reader could see: a line in the client's template, a filter around every request,
a default of the audit log, one more field in the status that 5,000 kubelets write. Changes to these places get a
sentence in the review's summary, with the performance job that would show the difference; no comment on a line.

```diff flagged
--- a/staging/src/k8s.io/client-go/util/flowcontrol/throttle.go
+++ b/staging/src/k8s.io/client-go/util/flowcontrol/throttle.go
@@ -1,5 +1,5 @@
 package flowcontrol

 func burst(qps float32) int {
-	return int(qps) * 2
+	return int(qps) * 4
 }
```

Not reported: comments and imports; tests and generated code; what other projects call the same, unless it stands at the
same place of their tree.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level
from analyzers.kubernetes import perf_jobs, sensitive_paths


def sensitive_path(change: Change) -> Iterator[Diagnostic]:
    """Yield a notice for the sensitive places that the change touches."""
    for file in change.go_files:
        lines = list(file.diff.added.items())
        found = sensitive_paths.place(file.path, [text for _, text in lines])
        if found is None or file.diff.status == "added":
            continue
        place, number = found
        yield Diagnostic(
            analyzer="sensitive-path",
            path=file.path,
            line=lines[number][0],
            end_line=lines[number][0],
            construct=f"This change touches {place.name}" + (f": there, {place.past}." if place.past else "."),
            remedy="Run a performance job before merging.",
            concern="sensitive",
            level=Level.NOTICE,
            priority=3,
            jobs=perf_jobs.for_path(file.path),
            remark=f"This change touches {place.name}: a performance job before merging would show what no reader can see.",
        )
