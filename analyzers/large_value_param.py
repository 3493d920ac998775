"""A large struct is passed by value

A parameter `pod v1.Pod` copies 848 bytes (1,240 in today's API) at every call, and often makes the copy escape to the
heap, which the garbage collector pays for. With 150,000 pods and 5,000 nodes a scheduler makes such calls millions of
times. Slices, maps, strings, interfaces and functions are references already: pass them as they are. A struct that was
small enough is flagged at the field that makes it large.

```diff
--- a/pkg/controller/podcleaner/podcleaner.go
+++ b/pkg/controller/podcleaner/podcleaner.go
@@ -1,13 +1,13 @@
 package podcleaner

 import "k8s.io/api/core/v1"

-func finished(pod v1.Pod) bool {
+func finished(pod *v1.Pod) bool {
        return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
 }

 func sync(pods []*v1.Pod, remove func(*v1.Pod)) {
        for _, pod := range pods {
-		if finished(*pod) {
+		if finished(pod) {
                        remove(pod)
                }
        }
 }
```

Not reported: parameters that were there before, also where code moved; structs below 128 bytes on critical paths and
below 256 elsewhere; options and configuration, which are passed when something is built; methods that an interface in
sight asks for; immutable values such as `resource.Quantity`; command lines, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned, copy_of, required, struct
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.growth import growths
from analyzers.analysis.places import Candidate, added
from analyzers.golang import syntax
from analyzers.golang.declaration import Function, Parameter
from analyzers.kubernetes import critical_paths, immutables

# In 1,649 packages of 2018, 544 parameters have 80 bytes or more (go-critic's threshold), 132 have 256 (kubernetes.md 4).
_HOT = 128
_LARGE = 256


def large_value_param(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new parameter that copies a large struct."""
    for each in added(change, _parameters):
        function, parameter = each.function, each.what
        if not concerned(each.file) or critical_paths.starts_up(function):
            continue
        named = struct(change, change.head_index.resolve(parameter.type, function.file, function))
        if named is None or immutables.options(named):
            continue
        copy = copy_of(change, function, named, "call", _HOT)
        if copy is None or (not copy.hot and copy.bytes < _LARGE):
            continue
        # A function that changes its copy wants one.
        if not copy.hot and _changes(function, parameter.name):
            continue
        if required(change, function):
            continue
        name = f"{parameter.name} {syntax.text(parameter.type)}".strip()
        yield Diagnostic(
            analyzer="large-value-param",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(function.name)} takes {code(name)} by value.",
            remedy=f"Take {code(f'*{syntax.text(parameter.type)}')}, and do not change what it points to.",
            unless="Leave it if the function needs a copy of its own.",
            concern=f"copy {named.name} parameter",
            function=function.key,
            subject=copy,
        )
    yield from _of_grown(change)


def _of_grown(change: Change) -> Iterator[Diagnostic]:
    """What the functions of a package cost that take a struct by value which the change makes large."""
    for growth in growths(change, _HOT, _takes):
        takes = "take" if len(growth.functions) > 1 else "takes"
        name = growth.named.name
        yield Diagnostic(
            analyzer="large-value-param",
            path=growth.file.path,
            line=growth.line,
            end_line=growth.line,
            construct=f"With this {code(name)} grows from {growth.before} bytes: {growth.names} {takes} it by value.",
            remedy=f"Take {code(f'*{name}')}, and do not change what it points to.",
            concern=f"copy {name} parameter",
            subject=growth.copy,
        )


def _takes(function: Function, name: str) -> bool:
    source, start = function.file.source, function.region.start
    if source.find(name.encode(), start, source.find(b"{\n", start)) < 0:
        return False  # which spares most functions their parse
    return any(syntax.text(parameter.type) == name and not parameter.variadic for parameter in function.params)


def _changes(function: Function, name: str) -> bool:
    return any(
        left.type == "selector_expression" and syntax.text(left).startswith(f"{name}.")
        for assignment in function.assignments
        for left in assignment.left
    )


def _parameters(function: Function) -> Iterator[Candidate[Parameter]]:
    for parameter in function.params:
        if not parameter.variadic and parameter.type.type in {"type_identifier", "qualified_type"}:
            type_name = syntax.text(parameter.type).rpartition(".")[2]
            if type_name[:1].islower() and type_name in {
                "string",
                "int",
                "bool",
                "error",
                "any",
                "int32",
                "int64",
                "byte",
            }:
                continue
            yield Candidate((function.name.lower(), type_name), parameter.line, parameter.line, parameter)
