"""What informers' handlers do for every event: sends that block, updates that are not compared. See burdens."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.burdens import Found
from analyzers.analysis.change import Change, ChangedFile
from analyzers.analysis.diagnostic import Level, code
from analyzers.analysis.places import Added, Candidate
from analyzers.analysis.subject import Burden
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call, Closure
from analyzers.golang.syntax import Node
from analyzers.kubernetes import critical_paths, handlers


class Send(NamedTuple):
    """A send on a channel, and the function literals around it."""

    node: Node
    closures: tuple[Closure, ...]


def sends(function: Function) -> Iterator[Candidate[Send]]:
    """Find the sends that are in no select."""
    if function.body is None or b"<-" not in function.file.source[function.region.start : function.region.end]:
        return
    for node in syntax.walk(function.body, lambda node: node.type != "select_statement"):
        if node.type == "send_statement":
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


def send(change: Change, each: Added[Send]) -> Found | None:
    """Judge a send: whether a handler waits for it."""
    if any(closure.goes for closure in each.what.closures):
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
    if handlers.compares(closure.body, handlers.old_parameter(closure.node)) or handlers.about(
        each.function, closure
    ) not in {"node", "lease"}:
        return None
    pointer = any(
        _queues_pointer(change, each.function, call, 0) for call in each.function.calls if closure in call.closures
    )
    return Found(
        f"{code('UpdateFunc')} does its work for every update of a node, whatever has changed"
        + (", and queues a pointer each time, which no queue can tell from another." if pointer else "."),
        "Compare old and new, and go on only for what matters." + (" Queue the key." if pointer else ""),
        Burden("event", critical_paths.HANDLER.name, "nodes"),
        "every node update",
        Level.WARNING if pointer else Level.NOTICE,
    )


def _queues_pointer(change: Change, function: Function, call: Call, depth: int) -> bool:
    """Whether a call, or the function it calls, adds a pointer to a work queue."""
    if (
        call.name in {"Add", "AddRateLimited", "AddAfter"}
        and call.operand is not None
        and "queue" in syntax.text(call.operand).lower()
    ):
        item = syntax.text(call.arguments[0]) if call.arguments else ""
        made = (
            re.search(rf"\b{re.escape(item)}\s*:?=\s*&\w+", syntax.text(function.body))
            if item.isidentifier() and function.body is not None
            else None
        )
        return item.startswith("&") or made is not None
    if depth:
        return False
    callee = change.head_index.callee(call, function.file, function)
    return callee is not None and any(_queues_pointer(change, callee, inner, 1) for inner in callee.calls)


def lost_comparisons(file: ChangedFile) -> Iterator[tuple[Function, Found]]:
    """Yield what a deletion causes: the update handlers that compared old and new, and compare no more."""
    before = {function.key: function for function in file.old_functions() if handlers.is_update_handler(function)}
    for function in file.functions() if before else ():
        old = before.get(function.key)
        if old is None or not handlers.is_update_handler(function) or old.node is None or function.node is None:
            continue
        if handlers.compares(function.body, handlers.old_parameter(function.node)):
            continue
        if handlers.compares(old.body, handlers.old_parameter(old.node)):
            yield (
                function,
                Found(
                    f"{code(function.name)} no longer compares the old object with the new one.",
                    "Return early where nothing that matters has changed: every resync and every status update comes here.",
                    Burden("event", critical_paths.HANDLER.name),
                    "lost comparison",
                ),
            )
