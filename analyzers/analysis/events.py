"""What informers' handlers do for every event: sends that block, updates that are not compared. See burdens."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.burdens import Found
from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Level, code
from analyzers.analysis.queues import queues_pointer
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.kubernetes import handlers
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.handlers import Registration
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.news.added import Added, Candidate
from analyzers.news.guards import lost_guards, spares


class Send(NamedTuple):
    """A send on a channel, and the function literals around it."""

    node: Node
    closures: tuple[Closure, ...]


def sends(function: Function) -> Iterator[Candidate[Send]]:
    """Find the sends that wait: all but the cases of a select with a default."""
    if function.body is None or b"<-" not in function.file.source[function.region.start : function.region.end]:
        return
    for node in syntax.walk(function.body):
        if node.type == "send_statement" and not _has_default(node):
            around = tuple(
                each for each in function.closures if each.node.start_byte <= node.start_byte < each.node.end_byte
            )
            channel = node.child_by_field_name("channel")
            yield Candidate(
                ("send", syntax.text(channel).rpartition(".")[2] if channel is not None else ""),
                syntax.line(node),
                syntax.end_line(node),
                Send(node, around),
            )


def _has_default(send: Node) -> bool:
    """Say whether a send is itself a case of a select that has a default."""
    case = send.parent
    communication = case.child_by_field_name("communication") if case is not None else None
    if case is None or case.parent is None or communication is None or not syntax.same(communication, send):
        return False
    return any(other.type == "default_case" for other in syntax.children(case.parent))


def send(change: Change, each: Added[Send]) -> Found | None:
    """Judge a send: whether a handler waits for it."""
    # client-go's own dispatcher is no handler.
    if any(closure.goes for closure in each.what.closures) or implements_client(
        change.head_index, change.head_index.import_path(each.function.file)
    ):
        return None
    where = critical_paths.within(each.function, each.what.closures)
    if (
        where is None
        or where.per not in {"event", "pod and node", "pod", "request"}
        or (where.per != "event" and not each.function.name.startswith(("On", "on")))
    ):
        return None
    channel = each.what.node.child_by_field_name("channel")
    return Found(
        f"The send on {code(syntax.text(channel) if channel is not None else '')} waits for its reader.",
        "Handlers run one after the other: put a key into a work queue, or send in a `select` with a default.",
        Burden(where.per, where.name),
        "blocking send",
    )


def update_handlers(function: Function) -> Iterator[Candidate[Closure]]:
    """Find the function literals that are an informer's UpdateFunc."""
    for closure in function.closures:
        if handlers.updates(closure):
            yield Candidate(("update", handlers.about(function, closure)), closure.line, closure.end_line, closure)


def update_handler(change: Change, each: Added[Closure]) -> Found | None:
    """Judge an UpdateFunc: whether it does its work for every update of a node, whatever has changed."""
    closure = each.what
    if handlers.uses(closure.body, handlers.old_parameter(closure.node)) or handlers.about(
        each.function, closure
    ) not in {"node", "lease"}:
        return None
    pointer = any(
        queues_pointer(change, each.function, call) for call in each.function.calls if closure in call.closures
    )
    return Found(
        f"{code('UpdateFunc')} does its work for every update of a node, whatever has changed"
        + (", and queues a pointer each time, which no queue can tell from another." if pointer else "."),
        "Compare old and new, and go on only for what matters." + (" Queue the key." if pointer else ""),
        Burden("event", critical_paths.HANDLER.name, "nodes"),
        "every node update",
        Level.WARNING if pointer else Level.NOTICE,
    )


class Lost(NamedTuple):
    """What a deletion causes: in which function, on which lines after the change."""

    function: Function
    first: int
    last: int
    found: Found


def lost_comparisons(change: Change, file: ChangedFile) -> Iterator[Lost]:
    """Yield the update handlers that compared old and new and compare no more, registered otherwise or changed themselves;
    and the work behind handlers and in kube-proxy that was left out where nothing had changed, and is no more."""
    told: set[str] = set()
    for each in _changed_handlers(change, file):
        told.add(each.function.key)
        yield each
    for lost in sorted(lost_guards(file), key=lambda lost: not _QUEUES.match(lost.call.name)):
        function, call = lost.function, lost.call
        where = critical_paths.within(function, call.closures)
        if (
            function.key in told
            or where is None
            or where.name not in {critical_paths.HANDLER.name, critical_paths.PROXY.name}
            or not (_UNCHANGED.search(lost.test))
            or not _works(change, function, call)
            or any(spares(each) and _still_compares(each) for each in call.conditions)
        ):
            continue
        told.add(function.key)
        yield Lost(
            function,
            lost.gap,
            lost.gap,
            Found(
                f"{code(call.name)} {lost.told}, and runs every time now.",
                "Keep the comparison, or compare further down before anything is written.",
                Burden(where.per, where.name),
                f"lost comparison {function.key}",
                Level.NOTICE if "ResourceVersion" in lost.test else Level.WARNING,
            ),
        )


_UNCHANGED = re.compile(
    r"(Deep)?(Equal|Equiv|Derivative)\w{0,40}\(|[cC]hanged\b|[uU]pdated\b|[sS]ame\b"
    r"|[oO]ld[\w.()]{0,80} {0,4}[!=]=|[!=]= {0,4}\w{0,80}[oO]ld"
)
_QUEUES = re.compile(r"Add|[eE]nqueue|[qQ]ueue|[sS]ync|Update")
_NO_WORK = frozenset({"len", "append", "make", "delete", "string", "copy", "Error", "Sprintf", "Errorf", "HandleError"})


def _works(change: Change, function: Function, call: Call) -> bool:
    """Whether a call is more than a log line or a look: it adds to a queue, or runs a function of the package."""
    if call.name in _NO_WORK or handlers.logs(call):
        return False
    if _QUEUES.match(call.name):
        return True
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and callee.file.folder == function.file.folder and len(callee.calls) > 1


def _still_compares(condition: Condition) -> bool:
    # Equal resource versions are a resync, which is rare; all other updates come through.
    text = syntax.text(condition.test) if condition.test is not None else ""
    return _UNCHANGED.search(text) is not None and "ResourceVersion" not in text


def _changed_handlers(change: Change, file: ChangedFile) -> Iterator[Lost]:
    if file.base is None:
        return
    for function in file.functions():
        old = file.base.function(function.key)
        if old is None:
            continue
        if handlers.is_update_handler(function) and handlers.is_update_handler(old):
            found = _lost(change, _itself(old), _itself(function), function.name)
            if found is not None:
                gap = _gap(file, old)
                yield Lost(function, gap or function.line, gap or function.end_line, found)
        elif all(b"UpdateFunc" in each.file.source[each.region.start : each.region.end] for each in (old, function)):
            yield from _registered_otherwise(change, file, old, function)


def _itself(function: Function) -> Registration:
    node = function.node
    assert node is not None
    return Registration("", node, function, function.body, handlers.old_parameter(node))


def _registered_otherwise(change: Change, file: ChangedFile, old: Function, function: Function) -> Iterator[Lost]:
    before: dict[str, list[Registration]] = {}
    for was in handlers.registrations(change.base_index, old):
        before.setdefault(was.informer, []).append(was)
    for now in handlers.registrations(change.head_index, function):
        first, last = syntax.line(now.node), syntax.end_line(now.node)
        paired = before.get(now.informer, [])
        found = _lost(change, paired[0], now, "UpdateFunc") if paired and file.diff.touches(first, last) else None
        if found is not None:
            yield Lost(function, first, last, found)
        del paired[:1]


def _lost(change: Change, was: Registration, now: Registration, name: str) -> Found | None:
    """What a handler lost that compared and neither compares any more nor hands the old object on."""
    if (
        not handlers.compares(change.base_index, was.function, was.body, was.old)
        or handlers.compares(change.head_index, now.function, now.body, now.old)
        or handlers.hands_on(now.body, now.old)
    ):
        return None
    only_versions = not handlers.compares(change.base_index, was.function, was.body, was.old, versions=False)
    return Found(
        f"{code(name)} no longer compares the old object with the new one.",
        "Return early where nothing has changed: every resync comes here."
        if only_versions
        else "Return early where nothing that matters has changed: every resync and every status update comes here.",
        Burden("event", critical_paths.HANDLER.name),
        "lost comparison",
        Level.NOTICE if only_versions else Level.WARNING,
    )


_COMPARES = re.compile(r"\bif\b.{0,200}([!=]= (?!nil)|Equal|[cC]hanged|[uU]pdated|[sS]ame)")


def _gap(file: ChangedFile, old: Function) -> int | None:
    """The line in front of which the comparison stood."""
    for line, text in file.diff.removed.items():
        if old.line <= line <= old.end_line and _COMPARES.search(text):
            return file.diff.successors[line]
    return None
