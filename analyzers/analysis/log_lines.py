"""Log lines: those that flood, and those whose arguments cost something although nobody reads them."""

import re
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Level, code
from analyzers.analysis.subject import Allocation, Copy
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import logs
from analyzers.kubernetes.execution import collections, critical_paths
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.requests import scans
from analyzers.news.added import Added, Candidate, Removed
from analyzers.news.paths import path_of

_RETURNS_ERROR = re.compile(r"\breturn\b[^\n]{0,200}\b(err|Errorf|errors\.New)\b")
_FAILED = re.compile(r"\berr\b|\bErr\b|[eE]rror")
_SUCCEEDED = re.compile(r"\b(err|Err\w*|\w+Err)(\(\))? == nil\b")


class Found(NamedTuple):
    """What is wrong, for weigh to put numbers on, and in words; what to do; how sure it is."""

    subject: Allocation | Copy
    construct: str
    remedy: str
    level: Level = Level.WARNING


def candidate(call: Call) -> Candidate[Call] | None:
    """Give a log call as a place of a change, None for all else."""
    found = logs.log(call)
    if found is None:
        return None
    key = ("log", found.verbosity, found.eager is not None, bool(asked(call)))
    return Candidate(key, call.line, call.end_line, call)


def costs_as_much(change: Change, old: Removed[Call], new: Added[Call]) -> bool:
    """Say whether a removed log line evaluated as much as the new one, whose arguments may have become costly."""
    found = logs.log(new.what)
    if found is None or not found.verbosity or found.verbosity <= logs.PRODUCTION or found.eager is not None:
        return True
    if _builder(change.head_index, new.function, new.what) is None:
        return True
    return _builder(change.base_index, old.function, old.what) is not None


def log_line(change: Change, each: Added[Call]) -> Found | None:
    """Judge a log call: one that floods, or evaluates an argument in vain."""
    call = each.what
    found = logs.log(call)
    if found is None or found.verbosity is None or fails(call) or call.defer or _was_full(call):
        return None
    wanted = asked(call)
    if max(found.verbosity, wanted) <= logs.PRODUCTION:
        return _flood(change, each)
    if wanted:
        return None
    path = path_of(change, each.function, call.closures)
    if path is None or not path.hot:
        return None
    evaluated = found.eager or _builder(change.head_index, each.function, call)
    if evaluated is None:
        return None
    function = evaluated.child_by_field_name("function")
    verbosity = code(f"V({found.verbosity})")
    return Found(
        Allocation("log argument", path.per, path.name),
        f"{code(syntax.text(function) if function is not None else 'an argument')} is evaluated even if {verbosity} is off.",
        f"Pass the values and let the logger format them, or ask {code(f'V({found.verbosity}).Enabled()')} first.",
    )


def _was_full(call: Call) -> bool:
    """Say whether a log line tells that a channel took nothing: the default of a select."""
    return any(
        each.kind == "default" and each.node.parent is not None and each.node.parent.type == "select_statement"
        for each in call.conditions
    )


def _flood(change: Change, each: Added[Call]) -> Found | None:
    call = each.what
    path = path_of(change, each.function, call.closures)
    raise_it = f"Raise its verbosity to {code('V(5)')}, or write one line for"
    if path is not None and path.per == "pod and node" and _as_a_rule(each.function, call, path):
        return Found(
            Allocation("log", path.per, path.name),
            f"{code(syntax.text(call.function))} writes a line for each node that is tried for a pod.",
            f"{raise_it} the pod.",
        )
    before = _before(each)
    if before is None or not in_growing_loop(change, each):
        return None
    return Found(
        Allocation("log", "item", path.name if path is not None else ""),
        f"{code(syntax.text(call.function))} writes a line for each item, which only {code(f'V({before})')} did before.",
        f"{raise_it} all.",
    )


def _as_a_rule(function: Function, call: Call, path: CriticalPath) -> bool:
    """Say whether a log line is written in the normal course: what is only called on a path, and gives no verdict on a node,
    may write it where something is odd, which is seldom."""
    if critical_paths.within(function, call.closures) is path or "Status" in critical_paths.signature(function):
        return True
    return not any(each.kind in {"if", "else", "case"} for each in call.conditions)


def _before(each: Added[Call]) -> int | None:
    """Give the verbosity, one for debugging, that a log call had before the change: the same text in the same function."""
    said = _message(each.what)
    if not said or each.file.base is None:
        return None
    old = each.file.base.function(each.function.key)
    for call in old.calls if old is not None else ():
        found = logs.log(call) if _message(call) == said and each.file.diff.removes(call.line, call.end_line) else None
        if found is not None and found.verbosity is not None and found.verbosity >= logs.DEBUGGING:
            return found.verbosity
    return None


def _message(call: Call) -> str:
    texts = [each for each in call.arguments if each.type in {"interpreted_string_literal", "raw_string_literal"}]
    return syntax.text(texts[0]) if texts else ""


def in_growing_loop(change: Change, each: Added[Call]) -> bool:
    """Say whether a call stands in a loop over something that grows with the cluster, or over a whole cache."""
    function, index = each.function, change.head_index
    for loop in each.what.loops:
        if loop.kind != "range" or loop.collection is None:
            continue
        if collections.growing(index, function.file, function, loop.collection) is not None:
            return True
        read = function.facts.call_at(syntax.unparenthesized(loop.collection))
        if read is not None and scans.scan(index, function, read) is not None:
            return True
    return False


def _builder(index: PackageIndex, function: Function, call: Call) -> Node | None:
    """Give the first call among the arguments to a function of the package that puts a text together."""
    for argument in call.arguments:
        for node in syntax.walk(argument, lambda node: node.type != "func_literal"):
            callee = node.child_by_field_name("function") if node.type == "call_expression" else None
            if callee is None or callee.type != "identifier":
                continue
            declared = index.referenced(callee, function.file, function)[1]
            if declared is not None and logs.builds_text(declared):
                return node
    return None


def asked(call: Call) -> int:
    """Give the verbosity that the conditions around a call ask for, 0 if none does."""
    tests = [syntax.text(condition.test) for condition in call.conditions if condition.test is not None]
    found = [logs.verbosity(test) for test in tests if re.search(r"\bV\(|Enabled\(\)", test)]
    return max((logs.DEBUGGING if each is None else each for each in found), default=0)


def fails(call: Call) -> bool:
    """Say whether a call only happens when something has failed: a test says so, or the innermost branch returns an error."""
    tests = [each for each in call.conditions if each.kind in {"if", "case"} and each.test is not None]
    asked = [syntax.text(each.test) for each in tests if each.test is not None]
    if any(_FAILED.search(test) and not _SUCCEEDED.search(test) for test in asked):
        return True
    if any(
        each.kind in {"else", "guard"} and each.test is not None and _SUCCEEDED.search(syntax.text(each.test))
        for each in call.conditions
    ):
        return True
    then = tests[-1].node.child_by_field_name("consequence") if tests else None
    return then is not None and bool(_RETURNS_ERROR.search(syntax.text(then)))
