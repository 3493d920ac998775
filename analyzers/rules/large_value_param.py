"""A large struct is passed by value

A parameter `pod v1.Pod` copies 848 bytes (1,240 in today's API) at every call, and often makes the copy escape to the
heap, which the garbage collector pays for. With 150,000 pods and 5,000 nodes a scheduler makes such calls millions of
times. Slices, maps, strings, interfaces and functions are references already: pass them as they are. A struct that was
small enough is flagged at the field that makes it large, and a function type that asks for values where it is declared.

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

Not reported: parameters that were there before, also where code moved or was renamed; structs below 128 bytes on
critical paths and below 256 elsewhere; options and configuration, which are passed when something is built; values that
the function changes, stores or returns whole; what an interface in sight asks for (what a function type asks for is a
notice on critical paths); immutable values such as `resource.Quantity`; command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, code
from analyzers.analysis.subject import Copy
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Parameter, TypeDeclaration, parameters
from analyzers.golang.kept import changes, keeps
from analyzers.golang.types.types import Named
from analyzers.kubernetes import immutables
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Added, Candidate, Removed, added, gone
from analyzers.news.concerned import concerned
from analyzers.news.copies import copy_of, required, required_as_value, struct, was_large
from analyzers.news.growth import growths

# In 1,649 packages of 2018, 544 parameters have 80 bytes or more (go-critic's threshold), 132 have 256 (kubernetes.md 4).
_HOT = 128
_LARGE = 256


def large_value_param(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new parameter that copies a large struct."""
    for each in added(change, _parameters, partial(_pays, change)):
        function, parameter = each.function, each.what
        if parameter.name == "_" or _was_part_of(each.file, function):
            continue
        if _makes_a_function(function):
            continue  # it is called once; what it gives runs
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        named = struct(change, change.head_index.resolve(parameter.type, function.file, function))
        if named is None or immutables.options(named):
            continue
        copy = copy_of(change, function, named, "call", _HOT)
        if copy is None or (not copy.hot and copy.bytes < _LARGE):
            continue
        if _needs_copies(function, parameter, copy.hot):
            continue
        if immutables.demanded(function.name, named) or required(change, function):
            continue
        asking = required_as_value(change, function)
        if asking is not None and not copy.hot:
            continue
        name = f"{parameter.name} {syntax.text(parameter.type)}".strip()
        pointer = f"*{syntax.text(parameter.type)}"
        yield Diagnostic(
            analyzer="large-value-param",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(function.name)} takes {code(name)} by value"
            + (f", as {code(asking)} asks." if asking is not None else "."),
            remedy=f"Let {code(asking)} and all its values take {code(pointer)}."
            if asking is not None
            else "Take a pointer, and do not change what it points to.",
            unless="Leave it if the function needs a copy of its own.",
            concern=f"copy {named.name} parameter",
            function=function.key,
            # Who adds one more function of a type that is given cannot change what it takes.
            level=Level.NOTICE if asking is not None else Level.WARNING,
            subject=copy,
        )
    yield from _of_function_types(change)
    yield from _of_grown(change)


def _of_function_types(change: Change) -> Iterator[Diagnostic]:
    """What each call through a function type costs that the change lets take a large struct by value."""
    for file in change.go_files:
        if file.head is None or not concerned(file) or b"func(" not in file.head.source:
            continue
        for declared in file.head.function_types:
            before = file.base.type(declared.name) if file.base is not None else None
            old = parameters(before.type, "parameters") if before is not None else ()
            for position, parameter in enumerate(parameters(declared.type, "parameters")):
                if parameter.variadic or parameter.line not in file.diff.added:
                    continue
                named = struct(change, change.head_index.resolve(parameter.type, declared.file))
                copy = copy_of(change, None, named, "call", _LARGE)
                if named is None or copy is None or immutables.options(named):
                    continue
                if position < len(old) and was_large(
                    change, change.base_index.resolve(old[position].type, file.base or declared.file), _HOT
                ):
                    continue
                yield _by_value(file, declared, parameter, named, copy)


def _by_value(
    file: ChangedFile, declared: TypeDeclaration, parameter: Parameter, named: Named, copy: Copy
) -> Diagnostic:
    return Diagnostic(
        analyzer="large-value-param",
        path=file.path,
        line=parameter.line,
        end_line=parameter.line,
        construct=f"All functions of type {code(declared.name)} take {code(syntax.text(parameter.type))} by value.",
        remedy=f"Let them take {code(f'*{syntax.text(parameter.type)}')}, and not change what it points to.",
        concern=f"copy {named.name} parameter",
        subject=copy,
    )


def _was_part_of(file: ChangedFile, function: Function) -> bool:
    """Say whether a new function was cut out of one that took the same parameters, and calls it now."""
    if file.base is None or file.base.function(function.key) is not None:
        return False
    types = [syntax.text(parameter.type) for parameter in function.params]
    for caller in file.functions():
        old = file.base.function(caller.key) if any(call.name == function.name for call in caller.calls) else None
        if old is not None and [syntax.text(parameter.type) for parameter in old.params] == types:
            return True
    return False


def _makes_a_function(function: Function) -> bool:
    """Say whether a function does nothing but give a function literal."""
    inside = syntax.children(function.body) if function.body is not None else []
    statements = [
        each for node in inside for each in (syntax.children(node) if node.type == "statement_list" else [node])
    ]
    return (
        len(statements) == 1
        and statements[0].type == "return_statement"
        and any(each.role == "returned" for each in function.closures)
    )


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
            construct=f"With this, {code(name)} grows from {growth.sizes}: {growth.names} {takes} it by value.",
            remedy="Take a pointer, and do not change what it points to.",
            concern=f"copy {name} parameter",
            subject=growth.copy,
        )


def _takes(function: Function, name: str) -> bool:
    source, start = function.file.source, function.region.start
    if source.find(name.encode(), start, source.find(b"{\n", start)) < 0:
        return False  # which spares most functions their parse
    return any(syntax.text(parameter.type) == name and not parameter.variadic for parameter in function.params)


def _needs_copies(function: Function, parameter: Parameter, hot: bool) -> bool:
    """Whether the function needs a copy of its own; one of `(old, new v1.Pod)` that does speaks for both."""
    type_name = syntax.text(parameter.type)
    names = [each.name for each in function.params if syntax.text(each.type) == type_name]
    return any(changes(function, name) or keeps(function.body, name, always=hot) for name in names)


def _pays(change: Change, old: Removed[Parameter], new: Added[Parameter]) -> bool:
    """Whether a removed parameter is the new one: of its type, or a struct of another type in its place, or in a function
    that took the same under another name."""
    before, after = old.function, new.function
    if before.name.lower() != after.name.lower():
        return gone(change, old, before.key)
    if _type_name(old.what) == _type_name(new.what):
        return True
    return was_large(change, change.base_index.resolve(old.what.type, before.file, before), _HOT)


def _type_name(parameter: Parameter) -> str:
    return syntax.text(parameter.type).rpartition(".")[2]


def _parameters(function: Function) -> Iterator[Candidate[Parameter]]:
    types = tuple(_type_name(parameter) for parameter in function.params)
    name = function.name.lower()
    for position, parameter in enumerate(function.params):
        if not parameter.variadic and parameter.type.type in {"type_identifier", "qualified_type"}:
            type_name = types[position]
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
            renamed = (("type", name, len(types), position), ("function", function.file.folder, types, position))
            yield Candidate((name, type_name), parameter.line, parameter.line, parameter, renamed)
