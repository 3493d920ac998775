"""A compressor is allocated for each request

A gzip or zlib writer takes hundreds of kilobytes. An API server that serves 400 reads at a time and makes one for each
allocates gigabytes a minute, and the garbage collector takes the time from requests. Keep them in a `sync.Pool` and `Reset`
them; leave small answers uncompressed.

```diff
--- a/staging/src/k8s.io/apiserver/pkg/server/filters/compression.go
+++ b/staging/src/k8s.io/apiserver/pkg/server/filters/compression.go
@@ -1,14 +1,19 @@
 package filters

 import (
        "compress/gzip"
        "net/http"
+	"sync"
 )

+var writers = sync.Pool{New: func() any { return &gzip.Writer{} }}
+
 func compressed(w http.ResponseWriter, answer []byte) error {
-	writer := gzip.NewWriter(w)
+	writer := writers.Get().(*gzip.Writer)
+	defer writers.Put(writer)
+	writer.Reset(w)
        if _, err := writer.Write(answer); err != nil {
                return err
        }
        return writer.Close()
 }
```

Formerly: hot-alloc.

Not reported: compressors on no request's path and outside the files that serve requests; what was there before; command
lines, fakes, tests and generated code. A constructor that a pool calls is reported too if the file serves requests: say so
with an allow comment.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Allocation
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of

_PACKAGES = frozenset({"gzip", "zlib", "flate"})
_MAKES = frozenset({"NewWriter", "NewWriterLevel"})


def compressor_per_request(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new compressor in code that serves requests."""
    for each in added(change, _compressors):
        if not concerned(each.file, each.function.receiver_name):
            continue
        where = path_of(change, each.function, each.what.closures) or critical_paths.of_file(each.file.path)
        if where is None or where.per != "request":
            continue
        yield Diagnostic(
            analyzer="compressor-per-request",
            path=each.file.path,
            line=each.what.line,
            end_line=each.what.end_line,
            construct=f"{code(syntax.text(each.what.function))} allocates a compressor, hundreds of kilobytes, each time.",
            remedy="Take it from a `sync.Pool` and `Reset` it, and leave small answers uncompressed.",
            concern=f"compressor {each.what.name}",
            function=each.function.key,
            subject=Allocation("compressor", "request", where),
        )


def _compressors(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name in _MAKES and call.operand is not None and syntax.text(call.operand) in _PACKAGES:
            yield Candidate((syntax.text(call.operand),), call.line, call.end_line, call)
