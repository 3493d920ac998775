"""One place is one comment: which of the rules that speak of one request, or of one copy, owns the comment."""

import dataclasses

from analyzers.analysis.diagnostic import Diagnostic, Level

# The first that applies owns the comment, the others add a clause. Rules that are in no row stand alone.
_REQUEST = ("node-api-call", "api-call-in-loop", "periodic-api-call", "critical-path", "explicit-list")
_COPY = ("value-receiver", "large-value-param", "range-value-copy", "hot-alloc")
_ROWS = (_REQUEST, _COPY)


def place(diagnostic: Diagnostic) -> object:
    """Give what diagnostics of one place have in common: equal for two that must become one comment."""
    for row in _ROWS:
        if diagnostic.analyzer in row:
            return row[0], diagnostic.path, diagnostic.line
    return diagnostic.analyzer, diagnostic.path, diagnostic.line, diagnostic.concern


def merge(group: list[Diagnostic]) -> Diagnostic:
    """Give one diagnostic for all that speak of one place: the owner's words, the most serious level, the best estimate."""
    if len(group) == 1:
        return group[0]
    order = {name: rank for row in _ROWS for rank, name in enumerate(row)}
    loudest = [each for each in group if each.level is Level.WARNING] or group
    first = min(loudest, key=lambda each: order.get(each.analyzer, 0))
    others = [each for each in group if each is not first]
    # One request has one better way, the owner's; two things copied on one line have two.
    remedies = dict.fromkeys(each.remedy for each in others if first.analyzer in _COPY and each.remedy != first.remedy)
    # What another request on the same line costs would only confuse.
    about = [each for each in others if first.analyzer not in _REQUEST or each.subject is first.subject]
    clauses = list(
        dict.fromkeys(each.multiplier for each in about if each.multiplier and each.multiplier != first.multiplier)
    )
    return dataclasses.replace(
        first,
        multiplier=" ".join([first.multiplier, *clauses[:1]]).strip(),
        remedy=" ".join([first.remedy, *remedies]),
        estimate=first.estimate or next((each.estimate for each in others if each.estimate), None),
        cc=any(each.cc for each in group),
        priority=max(each.priority for each in group),
        related=(*first.related, *(related for each in others for related in each.related)),
        jobs=tuple(dict.fromkeys(job for each in group for job in each.jobs)),
    )
