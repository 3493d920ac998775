"""A value that was kept is computed again each time

A lookup in front of a request, a discovery or a compilation makes it cost once; without it each call pays again. A webhook
that asked the API server's discovery for each request, after its cache of the answers was gone, took most of the API server's
time. Keep the answer for as long as it holds: in a map with a lock, a cache with a time to live, or `sync.Once`.

```diff
--- a/pkg/render/render.go
+++ b/pkg/render/render.go
@@ -1,26 +1,26 @@
 package render

 import (
        "regexp"
        "sync"
 )

 type Renderer struct {
        lock     sync.Mutex
        patterns map[string]*regexp.Regexp
 }

 func (r *Renderer) Match(pattern, text string) bool {
        r.lock.Lock()
        defer r.lock.Unlock()
-	compiled := regexp.MustCompile(pattern)
+	compiled, ok := r.patterns[pattern]
+	if !ok {
+		compiled = regexp.MustCompile(pattern)
+		r.patterns[pattern] = compiled
+	}
        return compiled.MatchString(text)
 }
```

Not reported: kept values that something else keeps now, or that nobody computes any more; functions that are gone; computations
that are neither a request nor one that is known to be costly; command lines, tests and generated code.
"""

import re
from collections.abc import Iterator

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.memos import Memo, keeps, memos
from analyzers.golang.types.place import Place
from analyzers.kubernetes import costly_calls, times
from analyzers.kubernetes.program import origins
from analyzers.kubernetes.requests.clients import CONTROLLER_RUNTIME
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.concerned import concerned
from analyzers.news.paths import call_paths
from analyzers.news.requests import new_requests

_COMPILES = frozenset(
    {
        ("regexp", "MustCompile"),
        ("regexp", "Compile"),
        ("text/template", "New"),
        ("html/template", "New"),
        ("crypto/x509", "ParseCertificate"),
        ("crypto/rsa", "GenerateKey"),
        ("encoding/json", "Unmarshal"),
        ("sigs.k8s.io/yaml", "Unmarshal"),
    }
)
_LOOKS = re.compile(r"\[|[.](Get|Load|Peek|Lookup)\(|[!=]= nil")
_CLIENTS = frozenset({"New", "NewWithWatch"})
_OFTEN = frozenset({"critical", "event", "periodic"})


def memo_removed(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each function that looked up what it kept before, and computes it each time now."""
    for file in change.go_files:
        if file.base is None or file.head is None or not concerned(file):
            continue
        for old in file.old_functions():
            new = file.head.function(old.key)
            if new is not None:
                yield from _unshared(change, file, old, new)
            gone = _gone(file, old) if new is not None else None
            if new is None or gone is None or keeps(new, gone.where) or any(True for _ in memos(new)):
                continue
            found = _computed(change, file, new, old, gone)
            if found is not None and not _said_of_requests(change, new):
                line = file.diff.successors.get(syntax.line(gone.lookup), found[0].line)
                construct = f"{code(gone.where)} kept the answer; without it {found[1]} again in each call."
                yield _diagnostic(change, file, new, gone.where, found[0], construct, min(line, new.end_line))


def _unshared(change: Change, file: ChangedFile, old: Function, new: Function) -> Iterator[Diagnostic]:
    """The clients that were given a mapper to share, and read the discovery for themselves now."""
    if b"client.New" not in new.file.source:
        return  # which spares most functions their parse
    for call in new.calls:
        if call.name not in _CLIENTS or not file.added(call.line, call.end_line) or len(call.arguments) != 2:
            continue
        place = Place(change.head_index, new.file, new)
        if times.named(place, call.function) != (CONTROLLER_RUNTIME, call.name) or _shares(place, call) is not False:
            continue
        before = Place(change.base_index, old.file, old)
        same = (each for each in old.calls if each.name == call.name and len(each.arguments) == 2)
        if any(_shares(before, each) for each in same):
            yield _diagnostic(
                change,
                file,
                new,
                "Mapper",
                call,
                f"Without a {code('Mapper')} to share, each client that {code(syntax.text(call.function))} makes reads the API "
                "server's discovery for itself: a request for each group.",
                call.line,
            )


def _shares(place: Place, call: Call) -> bool | None:
    """Say whether a client's options name a mapper, None if they are not seen."""
    if len(call.arguments) < 2:
        return None
    found = origins(place.index).of(place, call.arguments[1])
    made = [each for each in found.origins if each.kind != "filled"]  # New itself is given them
    bodies = [each.node.child_by_field_name("body") for each in made if each.kind == "literal"]
    if not bodies or not found.complete or len(bodies) != len(made):
        return None
    keys = [
        {
            syntax.text(key)
            for element in syntax.children(body)
            if (key := element.child_by_field_name("key")) is not None
        }
        for body in bodies
        if body is not None
    ]
    return any("Mapper" in each for each in keys)


def _gone(file: ChangedFile, old: Function) -> Memo | None:
    """A kept value of which lookup and store were both removed."""
    first, last = old.line, old.end_line
    if not any(first <= line <= last and _LOOKS.search(text) for line, text in file.diff.removed.items()):
        return None  # which spares most functions their walk
    for memo in memos(old):
        looked, stored = syntax.line(memo.lookup), syntax.line(memo.store)
        if file.diff.removes(looked, looked) and file.diff.removes(stored, stored):
            return memo
    return None


def _computed(change: Change, file: ChangedFile, new: Function, old: Function, gone: Memo) -> tuple[Call, str] | None:
    """The costly computation that stood behind the lookup and stands there still, and what it is."""
    spared = {
        (call.name, syntax.text(call.operand) if call.operand is not None else "")
        for call in old.calls
        if gone.lookup.end_byte <= call.node.start_byte or syntax.contains(gone.store, call.node)
    }
    sent = {request.call.node.start_byte: request for request in requests(change.head_index, new.file, new, ())}
    place = Place(change.head_index, new.file, new)
    for call in new.calls:
        if (call.name, syntax.text(call.operand) if call.operand is not None else "") not in spared:
            continue
        request = sent.get(call.node.start_byte)
        if request is not None and request.live and not (request.list_watch or request.background or request.every):
            return call, f"{request.a_what} is sent"
        if times.named(place, call.function) in _COMPILES:
            return call, f"{code(syntax.text(call.function))} is called"
        row = costly_calls.costly(change.head_index, new, call)
        if row is not None:
            return call, f"{code(syntax.text(call.function))} {row.cost}"
    return None


def _said_of_requests(change: Change, function: Function) -> bool:
    """Say whether the rules of requests speak of one that was freed of its guard in the function."""
    return any(
        new.request.function is function and new.because in {"unguarded", "uncached"} for new in new_requests(change)
    )


def _diagnostic(
    change: Change, file: ChangedFile, function: Function, where: str, call: Call, construct: str, line: int
) -> Diagnostic:
    path = call_paths(change).worst(function, call)
    sure = path.root in _OFTEN and not path.rare
    return Diagnostic(
        analyzer="memo-removed",
        path=file.path,
        line=line,
        end_line=line,
        construct=construct,
        remedy="Keep one for each cluster." if where == "Mapper" else "Keep the answer for as long as it holds.",
        unless="" if sure else "Leave it if it is called once, or something else keeps the answer.",
        concern=f"memo {where}",
        function=function.key,
        level=Level.WARNING if sure else Level.NOTICE,
        subject=Burden("client" if where == "Mapper" else "call", path.critical),
    )
