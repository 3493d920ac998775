"""The kinds of objects that a controller-runtime manager keeps in its cache, and what brings them there.

Source: controller-runtime @86a0d40e pkg/cache/internal/informers.go and pkg/cache/informer_cache.go: the first For, Owns,
Watches, IndexField, GetInformer, Get or List of a kind starts an informer for it, which lists and watches all objects of the
kind and keeps them, unless the cache's options restrict it or the client's DisableFor leaves the kind out.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import kinds, resources
from analyzers.kubernetes.execution.programs import project
from analyzers.kubernetes.requests.clients import CONTROLLER_RUNTIME
from analyzers.kubernetes.requests.managers import USES, files, left_out, may_hold
from analyzers.kubernetes.requests.request import Request

Cause = Literal["watch", "index", "read"]

_BUILDERS = frozenset({"For", "Owns", "Watches", "Watch", "Kind"})
_KIND = re.compile(r"\bKind\{\s*Type:")
_METADATA = re.compile(r"OnlyMetadata|PartialObjectMetadata|WatchesMetadata")
_LOOK = re.compile(rb"\b(For|Owns|Watches|Watch|Kind|IndexField|GetInformer)\b\s*[({]")


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

    Only kinds of which all objects together are much are of interest; what is asked for as metadata alone is not among them.
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
            if call.name == "Watch" and not _KIND.search(syntax.text(call.arguments[0])):
                continue
            for argument in call.arguments[:2]:
                yield from _of(index, function, call, argument, "watch")


def _of(index: PackageIndex, function: Function, call: Call, argument: Node, cause: Cause) -> Iterator[CachedKind]:
    target = _inner(argument)
    type_ = dereferenced(index.type_of(target, function.file, function))
    if not isinstance(type_, Named):
        return
    one = Named(type_.path, type_.name.removesuffix("List")) if cause == "read" else type_
    resource = kinds.kept(one)
    # What a cache wraps an object in is no kind of its own, and a project's kind of that name is another one.
    if resource is not None and (resources.plural(one.name) == resource or one.path.startswith("k8s.io/")):
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


def untyped(function: Function, reads: Iterable[Request]) -> Iterator[tuple[str, Request]]:
    """Yield the reads of unstructured objects by a controller-runtime client whose kind the function names, with the kind."""
    told: dict[str, list[tuple[int, str]]] = {}
    for call in function.calls:
        if call.name not in {"SetGroupVersionKind", "SetKind"} or call.operand is None:
            continue
        if match := _KIND_TOLD.search(syntax.text(call.node)):
            told.setdefault(syntax.text(call.operand), []).append((call.node.start_byte, match[1] or match[2]))
    for request in reads if told else ():
        number = 2 if request.verb == "GET" else 1
        if not request.unstructured or request.verb not in {"GET", "LIST"} or len(request.call.arguments) <= number:
            continue
        kinds_told = told.get(syntax.text(request.call.arguments[number]).lstrip("&"), [])
        before = bisect(kinds_told, (request.call.node.start_byte, ""))
        if before:
            yield kinds_told[before - 1][1].removesuffix("List"), request


_KIND_TOLD = re.compile(r'\bKind:\s*"(\w{1,80})"|SetKind\("(\w{1,80})"\)')


def watched_slim(index: PackageIndex, kind: str, path: str) -> bool:
    """Say whether a builder of the program that the file at `path` belongs to watches metadata alone of a kind."""
    mention = re.compile(rb"\b(?:For|Owns|Watches|WatchesMetadata)\([^()\n]{0,80}\.%b\{\}" % re.escape(kind.encode()))
    return any(
        mention.search(file.source) and not _whole(file, mention)
        for file in files(index, project(index, path), (kind,))
    )


def watched(index: PackageIndex, kind: str, path: str) -> bool:
    """Say whether a builder of the program that the file at `path` belongs to watches whole, typed objects of a kind."""
    mention = re.compile(rb"\b(?:For|Owns|Watches|Kind)\([^()\n]{0,80}\.%b\{\}" % re.escape(kind.encode()))
    return any(_whole(file, mention) for file in files(index, project(index, path), (kind,)))


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


_FOR_OWNERS = re.compile(r"EnqueueRequestForOwner\b")


def for_owners(call: Call) -> bool:
    """Say whether a builder's call maps the events of what it watches to the objects that own it."""
    return any(_FOR_OWNERS.search(syntax.text(argument)) for argument in call.arguments[1:])


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


def kept_elsewhere(
    index: PackageIndex,
    kind: Named,
    path: str,
    within: frozenset[str] | None = None,
    counts: Callable[[SourceFile, int], bool] | None = None,
) -> bool:
    """Say whether the cache of the program that the file at `path` belongs to may hold whole objects of a kind already.

    Errs towards yes: any value of the type (a pointer without one is none) counts in code that uses controller-runtime, tests
    aside; a tree that is too large to be read does too. What is watched as metadata alone is another cache, and of a kind that
    DisableFor leaves out only what is watched counts. Of a repository with several projects only the file's own is searched,
    of programs of nodes only their code (`within`); `counts` says of a byte of a file whether what stands there is wanted.
    """
    name = re.escape(kind.name.encode())
    if kind.name in left_out(index, path, within):
        watched = re.compile(
            rb"\b(?:For|Owns|Watches|Kind|GetInformer|IndexField)(?:\[[^\]\n]{0,80}\])?\((?:[^()\n]|\(\)){0,80}\.%b\{"
            % name
        )
        return _found(index, path, lambda file: _whole(file, watched, counts), (kind.name,), within=within)
    mention = re.compile(
        rb"\.%(n)s(List)?\{\}|\.%(n)sList\{|\bvar\s+\w+\s+\w+\.%(n)s(List)?\b|\bnew\(\w+\.%(n)s(List)?\)" % {b"n": name}
    )
    filled = re.compile(rb"\.%b\{\s*\w" % name)
    given = re.compile(rb"^func[^\n]*\)\s*\(?\*\w+\.%b\b[^\n]*\{$" % name, re.MULTILINE)

    def may_be_read(file: SourceFile, at: int) -> bool:
        line = file.source[file.source.rfind(b"\n", 0, at) + 1 : at]
        return _WRITTEN.search(line) is None and (counts is None or counts(file, at))

    def wanted(file: SourceFile) -> bool:
        source = file.source
        # What a file without a client of either sort makes, it hands to those who have one.
        asks = USES.search(source) is not None or _OF_CLIENT_GO.search(source) is None
        if asks and (
            _whole(file, mention, counts)
            or (_READS_FILLED.search(source) is not None and _whole(file, filled, may_be_read))
        ):
            return True
        # Whoever is given it by a function may read it by what it was filled with.
        return _whole(file, filled, may_be_read) and any(
            counts is None or counts(file, match.start()) for match in given.finditer(source)
        )

    return _found(index, path, wanted, (kind.name,), (f"{kind.name}List",), within=within)


_WRITTEN = re.compile(rb"\.(?:Create|Update|Patch|Delete)\([^()\n]{0,200}&\w{0,80}$")
"""What stands before a literal that is written and so never filled: `c.Delete(ctx, &v1.Secret{`."""


def valued(index: PackageIndex, kind: str, path: str, within: frozenset[str] | None = None) -> bool:
    """Say whether the program of the file at `path`, or that of nodes `within` these folders, may read whole objects of a kind:
    it speaks of its type outside of what its builders watch."""
    mention = re.compile(rb"\.%b(List)?\b" % re.escape(kind.encode()))

    def wanted(file: SourceFile) -> bool:
        return any(
            not _WATCHED.search(file.source, max(0, match.start() - 90), match.start())
            for match in mention.finditer(file.source)
        )

    return _found(index, path, wanted, (kind,), (f"{kind}List",), within=within)


_WATCHED = re.compile(rb"\b(?:For|Owns|Watches|Kind)[({][^{}\n]{0,80}$")


def makes_manager(index: PackageIndex, path: str, within: frozenset[str] | None = None) -> bool:
    """Say whether the program of the file at `path`, or that of nodes `within` these folders, makes a manager, a cluster
    or a cache of controller-runtime's; errs towards yes as kept_elsewhere does."""
    groups = (("NewManager",), ("NewCache",), ("BuilderWithOptions",), ("runtime", "New"))
    return _found(index, path, lambda file: MAKES_MANAGER.search(file.source) is not None, *groups, within=within)


MAKES_MANAGER = re.compile(rb"\b(NewManager|manager\.New|cluster\.New|cache\.New|BuilderWithOptions)\(|\bNewCache\b")


_OF_CLIENT_GO = re.compile(rb"k8s\.io/client-go/|\bV\d\w{0,8}\(\)")
_READS_FILLED = re.compile(rb"CreateOr(?:Update|Patch)|ObjectKeyFromObject")
"""What reads an object by what it was filled with; all else that fills one creates it, which no cache sees."""
_SLIM_BEFORE = re.compile(rb"WatchesMetadata\(\s*&?[\w.]*$")
_SLIM_BEHIND = re.compile(rb"[^\n]{0,200}\bOnlyMetadata\b|[^()]{0,80},\s*(builder\.)?OnlyMetadata\b")


def _whole(
    file: SourceFile, mention: re.Pattern[bytes], counts: Callable[[SourceFile, int], bool] | None = None
) -> bool:
    """Say whether a file speaks of whole objects, and not only in a watch of metadata, where that counts."""
    source = file.source
    return any(
        not _SLIM_BEHIND.match(source, match.end())
        and not _SLIM_BEFORE.search(source, max(0, match.start() - 60), match.start())
        and (counts is None or counts(file, match.start()))
        for match in mention.finditer(source)
    )


def _found(
    index: PackageIndex,
    path: str,
    wanted: Callable[[SourceFile], bool],
    *words: tuple[str, ...],
    within: frozenset[str] | None = None,
) -> bool:
    """Say whether a file that holds these words is wanted; yes, if the words of the program are not all known."""
    folder = project(index, path)
    held = files(index, folder, *words, within=within)
    return any(map(wanted, held)) or any(not each or may_hold(each, folder, within) for each in index.words.left_out)


def informed_elsewhere(index: PackageIndex, informer: Named, counts: Callable[[SourceFile, int], bool]) -> bool:
    """Say whether a program takes this informer from a factory already; `counts` says of a byte of a file whether that is the
    program's.

    Generated factories say `factory.Core().V1().Nodes()` (clients `CoreV1().Nodes()`), those of 2016 `informers.Nodes()`;
    what is given the informer names its type. Errs towards yes, as kept_elsewhere does; but generated code, which has a way to
    each informer, takes none.
    """
    kind = informer.name.removesuffix("Informer").encode()
    plural = (re.sub(rb"y$", b"ie", kind) if not kind.endswith(b"ey") else kind) + b"s?"
    mention = re.compile(
        rb"\.V\d\w*\(\)\s*\.\s*%(p)s\(\)|[iI]nformer\w*(\(\))?\.%(p)s\(\)|\binformers\w*\.%(n)sInformer\b"
        % {b"p": plural, b"n": re.escape(kind)}
    )
    name = kind.decode()
    groups = [(word,) for word in (name, f"{name}s", re.sub("y$", "ies", name), informer.name)]
    return any(
        counts(file, match.start())
        for file in files(index, "", *groups)
        if not file.generated
        for match in mention.finditer(file.source)
    )
