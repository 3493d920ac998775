"""One operation is one comment: which of the diagnostics that speak of one request, one walk or one copy owns it.

It goes by what the operation is and by weight, never by which rule speaks: of those that are loudest the one whose operation
is multiplied most (for each node before each item before each round of a timer), then the one of the highest priority.
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal, get_args

from analyzers.analysis.diagnostic import Diagnostic, Level
from analyzers.analysis.subject import Allocation, Copy, Nested, Walk
from analyzers.news.sent import Per, Sent
from analyzers.weighing import copies

Operation = Literal["request", "walk", "copy"]
_MULTIPLIED: tuple[str, ...] = get_args(Per)


def operation(diagnostic: Diagnostic) -> Operation | None:
    """Give what kind of operation a diagnostic is about, None for all that stands alone (a bump, a metric, a log line)."""
    match diagnostic.subject:
        case Sent():
            return "request"
        case Walk() | Nested():
            return "walk"
        case Copy() | Allocation(what="copy"):
            return "copy"
    return None


def thing(diagnostic: Diagnostic) -> str:
    """Give the name of what is copied, or the request that is sent; "" where it is no copy of a known size."""
    match diagnostic.subject:
        case Copy() as copy:
            return copy.type_name
        case Sent() as sent:
            return sent.new.request.what
    return ""


def together(diagnostic: Diagnostic) -> object | None:
    """Give what the diagnostics of one function have in common that are one concern: copies, and the requests that one rule
    comments on for one reason; None for what stands alone."""
    kind = operation(diagnostic)
    if not diagnostic.function or kind not in {"copy", "request"}:
        return None
    if kind == "copy":
        return kind, diagnostic.path, diagnostic.function
    # What is to be done is the same for all of them: then one comment says it.
    words = diagnostic.analyzer, diagnostic.inline, diagnostic.multiplier, diagnostic.remedy
    return kind, diagnostic.path, diagnostic.function, *words


def statement(diagnostic: Diagnostic) -> object:
    """Give what the diagnostics of one operation have in common: equal for two that must become one comment."""
    kind = operation(diagnostic)
    rest = (diagnostic.analyzer, diagnostic.concern) if kind is None else ()
    return kind, diagnostic.path, diagnostic.line, *rest


def owner(group: Sequence[Diagnostic]) -> Diagnostic:
    """Give the diagnostic that speaks for all of one operation."""
    loudest = [each for each in group if each.level is Level.WARNING] or group
    return min(loudest, key=lambda each: (_rank(each), -each.priority))


def merged(group: Sequence[Diagnostic]) -> Diagnostic:
    """Give one diagnostic for all that speak of one operation: the owner's words, the best estimate, what else it costs."""
    first = owner(group)
    others = [each for each in group if each is not first]
    if not others:
        return first
    # What another request on the same line costs would only confuse; two things copied on one line have two ways out.
    about = [each for each in others if _is_same(first, each)]
    remedies = dict.fromkeys([first.remedy, *(each.remedy for each in about if operation(first) == "copy")])
    return dataclasses.replace(
        first,
        multiplier=_multiplier(first, about),
        remedy=" ".join(remedies),
        estimate=first.estimate or next((each.estimate for each in about if each.estimate), None),
        cc=any(each.cc for each in group),
        priority=max(each.priority for each in group),
        related=(*first.related, *(related for each in others for related in each.related)),
        jobs=tuple(dict.fromkeys(job for each in group for job in each.jobs)),
    )


def _multiplier(first: Diagnostic, others: Sequence[Diagnostic]) -> str:
    copied = [each.subject for each in (first, *others) if isinstance(each.subject, Copy)]
    if len(copied) == 1 + len(others) and len({each.per for each in copied}) == 1:
        return copies.told(copied)
    clauses = dict.fromkeys(each.multiplier for each in others if each.multiplier != first.multiplier)
    return " ".join(filter(None, [first.multiplier, *list(clauses)[:1]]))


def _rank(diagnostic: Diagnostic) -> int:
    return _MULTIPLIED.index(diagnostic.subject.per) if isinstance(diagnostic.subject, Sent) else len(_MULTIPLIED)


def _is_same(first: Diagnostic, other: Diagnostic) -> bool:
    one, two = first.subject, other.subject
    return not (isinstance(one, Sent) and isinstance(two, Sent)) or one.new is two.new
