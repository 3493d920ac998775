"""What a change shows of the Scalability questions of a production readiness review, each with the lines that show it."""

from collections.abc import Iterable, Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.readiness import Shown
from analyzers.analysis.subject import (
    Allocation,
    Bump,
    Burden,
    ClientLimit,
    Copy,
    Nested,
    Pace,
    PodAffinity,
    Reservation,
    Series,
    Walk,
    Watch,
)
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.production_readiness import Topic, objective
from analyzers.kubernetes.requests.asked import Asked
from analyzers.news.api_objects import NewField, NewType, new_fields, new_types
from analyzers.news.sent import Sent
from analyzers.news.taken import Taken, cloud_calls, node_calls

MOST = 40
"""Things that are told of one question; a change that has more is no feature but many."""

_COSTS = (Allocation, Bump, Burden, Copy, Nested, PodAffinity, Reservation, Series, Walk, Watch)


def readiness(change: Change, found: Iterable[Diagnostic], asked: Iterable[Asked]) -> tuple[Shown, ...]:
    """Give what lines of the change show, question by question.

    found are the diagnostics. What is asked of the API server before and after (asked) answers the first question by itself,
    and is not repeated: only objects that are newly created are told of it.
    """
    shown = [
        *_of_diagnostics(found),
        *map(_type, new_types(change)),
        *map(_cloud, cloud_calls(change)),
        *map(_field, new_fields(change)),
        *_created(asked),
        *map(_node, node_calls(change)),
    ]
    told: list[Shown] = []
    for topic in Topic:
        own = list(dict.fromkeys(each for each in shown if each.topic is topic))
        told += own[:MOST]
    return tuple(told)


def _of_diagnostics(found: Iterable[Diagnostic]) -> Iterator[Shown]:
    for each in found:
        places = (Place(each.path, each.line, each.end_line), *each.witness, *each.related)
        slo = objective(_path(each.subject))
        if slo:
            yield Shown(Topic.TIME, f"{each.construct.strip()} It counts against the objective of {slo}.", places)
        said = " ".join(part.strip() for part in (each.construct, each.multiplier) if part)
        if isinstance(each.subject, Sent | Pace | ClientLimit):
            yield Shown(Topic.CALLS, said, places)
        elif isinstance(each.subject, _COSTS) and not slo:
            yield Shown(Topic.RESOURCES, said, places)


def _path(subject: object) -> CriticalPath | None:
    """Give the critical path that a subject is on, where somebody waits for it."""
    match subject:
        case Sent():
            path = subject.new.path
            waits = path.root == "critical" and not path.detached and not subject.new.request.background
            return path.critical if waits else None
        case Copy() | Nested() | Allocation() | Burden():
            return subject.path
    return None


def _type(new: NewType) -> Shown:
    version = "a further version of " if new.further else ""
    scope = ", without a namespace" if new.cluster else ""
    group = f" of {', '.join(code(each, 100) for each in new.groups)}" if new.groups else ""
    return Shown(Topic.TYPES, f"{version}{code(new.name, 80)}{group}{scope}", new.places)


def _field(new: NewField) -> Shown:
    return Shown(Topic.OBJECTS, f"{code(f'{new.struct}.{new.name}', 100)}, {code(new.type, 80)}", new.places)


def _cloud(new: Taken) -> Shown:
    return Shown(Topic.CLOUD, f"{code(new.name, 80)} of {code(new.what, 60)}{_from(new)}", (_place(new),))


def _node(new: Taken) -> Shown:
    return Shown(Topic.NODE, f"{code(new.name, 80)} makes {new.what}{_from(new)}", (_place(new),))


def _from(new: Taken) -> str:
    loop = ", in a loop" if any(each.kind == "range" for each in new.call.loops) else ""
    return f" in {code(new.function.key, 80)} ({new.component.name}){loop}"


def _place(new: Taken) -> Place:
    return Place(new.function.file.path, new.call.line, new.call.end_line)


def _created(asked: Iterable[Asked]) -> Iterator[Shown]:
    for each in asked:
        if each.verb == "CREATE" and each.after.places > each.before.places and not each.resource.endswith("reviews"):
            what = code(each.resource, 60) if each.resource else "objects of a kind that is not seen"
            who = each.component if each.component.startswith("this ") else f"the {each.component}"
            yield Shown(Topic.OBJECTS, f"{what}, created by {who}", (Place(each.path, each.line, each.line),))
