"""The kinds of objects that a controller-runtime manager keeps in its cache, and what brings them there.

Source: controller-runtime @86a0d40e pkg/cache/internal/informers.go and pkg/cache/informer_cache.go: the first For, Owns,
Watches, IndexField, GetInformer, Get or List of a kind starts an informer for it, which lists and watches all objects of the
kind and keeps them, unless the cache's options restrict it or the client's DisableFor leaves the kind out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import kinds
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.requests.clients import CONTROLLER_RUNTIME
from analyzers.kubernetes.requests.request import Request

Cause = Literal["watch", "index", "read"]

_BUILDERS = frozenset({"For", "Owns", "Watches", "Kind"})
_METADATA = re.compile(r"OnlyMetadata|PartialObjectMetadata|WatchesMetadata")
_LOOK = re.compile(rb"\b(For|Owns|Watches|Kind|IndexField|GetInformer)\b\s*[({]")
_MOST_FILES = 3000
_PARTS_OF_ONE = frozenset({"cmd", "pkg", "internal", "api", "apis", "controllers"})
_SKIPPED_FOLDERS = frozenset({"vendor", "Godeps", "third_party", "staging", "testdata", "docs", "test", "hack"})


class CachedKind(NamedTuple):
    """A call that needs all objects of a kind in the manager's cache: its resource and type, and why it needs them.

    handler: the function that maps its events to requests, None where there is none or it is not known.
    """

    resource: str
    type: Named
    call: Call
    cause: Cause
    handler: Node | None = None


def cached_kinds(index: PackageIndex, function: Function, reads: Iterable[Request]) -> Iterator[CachedKind]:
    """Yield what a function has the manager's cache keep; `reads` are its requests, among which the cached ones.

    Only kinds that grow with the cluster are of interest; what is asked for as metadata alone is not among them.
    """
    for request in reads:
        if request.kind == "controller-runtime" and not request.live and request.verb in {"GET", "LIST"}:
            number = 2 if request.verb == "GET" else 1
            if len(request.call.arguments) > number:
                yield from _of(index, function, request.call, request.call.arguments[number], "read")
    if not _LOOK.search(function.file.source, function.region.start, function.region.end):
        return
    for call in function.calls:
        if call.name in {"IndexField", "GetInformer"} and len(call.arguments) > 1:
            if _is_of_the_manager(index, function, call):
                yield from _of(index, function, call, call.arguments[1], "index")
        elif call.name in _BUILDERS and call.arguments and not _METADATA.search(_statement(call)):
            for argument in call.arguments[:2]:
                yield from _of(index, function, call, argument, "watch")


def _of(index: PackageIndex, function: Function, call: Call, argument: Node, cause: Cause) -> Iterator[CachedKind]:
    target = _inner(argument)
    type_ = dereferenced(index.type_of(target, function.file, function))
    if not isinstance(type_, Named):
        return
    one = Named(type_.path, type_.name.removesuffix("List")) if cause == "read" else type_
    resource = kinds.kind(one)
    if resource is not None:
        yield CachedKind(resource, one, call, cause, _handler(call) if cause == "watch" else None)


def _inner(argument: Node) -> Node:
    """The object in `&source.Kind{Type: &v1.Pod{}}` (until controller-runtime 0.14), else the argument itself."""
    found = re.search(r"\bKind\{\s*Type:\s*", syntax.text(argument))
    if found is None:
        return argument
    for node in syntax.walk(argument):
        if node.type == "unary_expression" and node.start_byte > argument.start_byte:
            return node
    return argument


def _statement(call: Call) -> str:
    return " ".join(syntax.text(argument) for argument in call.arguments)


def _is_of_the_manager(index: PackageIndex, function: Function, call: Call) -> bool:
    operand = call.operand
    if operand is None:
        return False
    type_ = dereferenced(index.type_of(operand, function.file, function))
    if isinstance(type_, Named):
        return type_.path.startswith(CONTROLLER_RUNTIME.removesuffix("/pkg/client"))
    return type_ is None and re.search(r"[iI]ndexer|[cC]ache|[mM]gr|[mM]anager", syntax.text(operand)) is not None


_MAP_FUNC = re.compile(r"(?:EnqueueRequestsFromMapFunc|MapFunc|ToRequestsFunc|TypedMapFunc)\s*$")


def _handler(call: Call) -> Node | None:
    """The function given to EnqueueRequestsFromMapFunc among the arguments of a Watches."""
    for argument in call.arguments[1:]:
        for node in syntax.walk(argument):
            if node.type != "call_expression":
                continue
            named, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if named is not None and given is not None and _MAP_FUNC.search(syntax.text(named)):
                return next(iter(syntax.children(given)), None)
    return None


def only_metadata(index: PackageIndex, function: Function, handler: Node | None) -> bool:
    """Say whether a map function asks its object for nothing but what PartialObjectMetadata has."""
    if handler is None:
        return False
    if handler.type == "func_literal":
        body, names = handler.child_by_field_name("body"), _parameters(syntax.text(handler))
    else:
        _, target = index.referenced(handler, function.file, function)
        if target is None:
            return False
        body, names = target.body, [parameter.name for parameter in target.params]
    if body is None or not names:
        return False
    name = names[-1]
    text = syntax.text(body)
    uses = re.findall(
        rf"(?<![\w.]){re.escape(name)}\b(?!\.Get(?:Name|Namespace|Labels|Annotations|OwnerReferences|UID)\(\))", text
    )
    return not uses and re.search(rf"(?<![\w.]){re.escape(name)}\b", text) is not None


def _parameters(text: str) -> list[str]:
    head = re.match(r"func\s*\(([^)]*)\)", text)
    return [part.split()[0] for part in head[1].split(",") if part.split()] if head else []


def kept_elsewhere(index: PackageIndex, kind: Named, path: str) -> bool:
    """Say whether the tree's own code speaks of objects of a kind anywhere, so that the cache of the program that the file at
    `path` belongs to may hold them already.

    Errs towards yes: any value of the type counts, tests aside; a tree that is too large to be read does too. Of a
    repository with several projects only the file's own is searched.
    """
    mention = re.compile(
        rb"\.%(n)s(List)?\{|\bvar\s+\w+\s+\*?\w+\.%(n)s(List)?\b|\bnew\(\w+\.%(n)s(List)?\)|\b%(p)s\(\)"
        % {b"n": re.escape(kind.name.encode()), b"p": kind.name.encode() + b"s"}
    )
    return _mentioned(index, _project(index, path), mention, lambda path: component(path).reviewed)


def informed_elsewhere(index: PackageIndex, informer: Named, program: Callable[[str], bool]) -> bool:
    """Say whether a program (what is true of its files' paths) takes this informer from a factory already.

    Generated factories say `factory.Core().V1().Nodes()` (clients `CoreV1().Nodes()`), those of 2016 `informers.Nodes()`;
    what is given the informer names its type. Errs towards yes, as kept_elsewhere does.
    """
    kind = informer.name.removesuffix("Informer").encode()
    plural = (re.sub(rb"y$", b"ie", kind) if not kind.endswith(b"ey") else kind) + b"s?"
    mention = re.compile(
        rb"\.V\d\w*\(\)\s*\.\s*%(p)s\(\)|[iI]nformer\w*(\(\))?\.%(p)s\(\)|\binformers\w*\.%(n)sInformer\b"
        % {b"p": plural, b"n": re.escape(kind)}
    )
    return _mentioned(index, "", mention, program)


def _mentioned(index: PackageIndex, folder: str, mention: re.Pattern[bytes], wanted: Callable[[str], bool]) -> bool:
    waiting, read = [folder], 0
    while waiting:
        folder = waiting.pop()
        for name, entry in index.modules.listing(folder).items():
            path = f"{folder}/{name}" if folder else name
            if entry.kind == "tree":
                if name not in _SKIPPED_FOLDERS and name[0] not in "._":
                    waiting.append(path)
                continue
            if not name.endswith(".go") or not wanted(path):
                continue
            read += 1
            file = index.file(path)
            if read > _MOST_FILES or (file is not None and mention.search(file.source)):
                return True
    return False


def _project(index: PackageIndex, path: str) -> str:
    """The folder at the top of the tree that holds a program of its own and the file at `path`; "" if there is none."""
    first = path.partition("/")[0]
    if "/" not in path or first in _PARTS_OF_ONE:
        return ""
    return first if index.modules.listing(first).keys() & {"cmd", "main.go", "go.mod"} else ""
