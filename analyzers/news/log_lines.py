"""The log lines that a change adds in the normal course of the code that is reviewed, start-up and failures left out."""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.place import Place
from analyzers.kubernetes import logs
from analyzers.kubernetes.execution import critical_paths
from analyzers.news.added import Added, Candidate, Pays, added
from analyzers.news.concerned import concerned

__all__ = ["new_log_lines"]


def new_log_lines(change: Change, pays: Pays[Call] | None = None) -> Iterator[tuple[Added[Call], logs.Log, int]]:
    """Yield each new log line with what it is, and the verbosity that it and the conditions around it ask for."""
    for each in added(change, _lines, pays):
        call, function = each.what, each.function
        if not concerned(each.file, function.receiver_name) or critical_paths.starts_up(function):
            continue
        place = Place(change.head_index, function.file, function)
        found = logs.log(place, call)
        if found is None or found.verbosity is None or logs.found_full(call) or logs.tells_failure(place, call):
            continue
        yield each, found, max(found.verbosity, logs.asked(call))


def _lines(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if (key := logs.key(function, call)) is not None:
            yield Candidate(("log", *key), call.line, call.end_line, call)
