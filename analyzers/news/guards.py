"""Guards: conditions in front of work that a change removes and replaces by nothing, so that the work is done every time.

Requests have their own rule (news.requests), which knows what they cost; this is about what the rest of a function does.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.analysis.diagnostic import code
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Condition
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Basic
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.execution.conditions import Requirement

_IF = re.compile(r"^\s*(\} else )?if\b|&&|\|\||^\s*case\b")
_DECIDES = re.compile(r"\bif\b|\bcase\b|&&|\|\||\breturn\b.{0,200}(==|!=|!|Equal)|\bfor\b.{0,200};|\bswitch\b")
_TRIVIAL = frozenset({"nil", "true", "false", "len", "err", "ok", "0", "_", "string", "int"})
_FAILS = re.compile(r"Errorf?\(|\berrors\.|panic\(|Fatal|NewStatus\(|AsStatus\(|Forbidden|BadRequest|Invalid")
_GATE = re.compile(r"Enabled\(|\bV\(\d")


class LostGuard(NamedTuple):
    """A call of a function after the change that a condition spared before, and the line in front of which it stood.

    `asked` is the condition, where it stood. `skipped`: the call was left out where the test was true (an early return),
    otherwise it was made only there. `chosen`: something else was done in the other case. `kept`: what was asked about still
    has a part in the function.
    """

    function: Function
    call: Call
    asked: Requirement
    test: str
    skipped: bool
    chosen: bool
    kept: bool
    gap: int

    @property
    def told(self) -> str:
        """When the call was made before, as the middle of a sentence."""
        test = self.test if len(self.test) <= 60 else self.test[:57] + "..."
        return f"{'did not run' if self.skipped else 'ran only'} where {code(test)}"


@once
def lost_guards(file: ChangedFile) -> tuple[LostGuard, ...]:
    """Give the calls that lost a condition which was no check for errors, and stand behind no new one.

    A test of which a name decides something on an added line, anywhere in the change, was only moved.
    """
    return tuple(_lost_guards(file))


def _lost_guards(file: ChangedFile) -> Iterator[LostGuard]:
    if file.base is None or not any(_IF.search(text) for text in file.diff.removed.values()):
        return
    for function in file.functions():
        old = file.base.function(function.key)
        if old is None:
            continue
        before: dict[tuple[str, str], list[Call]] = {}
        for call in old.calls:
            before.setdefault(_key(call), []).append(call)
        seen: Counter[tuple[str, str]] = Counter()
        words: set[str] = set()
        for call in function.calls:
            key = _key(call)
            number = seen[key]
            seen[key] += 1
            if number < len(before.get(key, ())):
                gone = _gone(file, old, before[key][number], function, call)
                if gone is not None and not _stays(file.change, gone):
                    words = words or _words(function)
                    gap = file.diff.successors[syntax.line(gone.node)]
                    yield LostGuard(
                        function,
                        call,
                        Requirement(Place(file.change.base_index, old.file, old), gone),
                        _text(gone),
                        gone.kind == "guard",
                        gone.node.child_by_field_name("alternative") is not None,
                        not _names(gone.test).isdisjoint(words),
                        gap,
                    )


def _key(call: Call) -> tuple[str, str]:
    return call.name, syntax.text(call.operand) if call.operand is not None else ""


def _gone(file: ChangedFile, old: Function, was: Call, function: Function, now: Call) -> Condition | None:
    """The last condition that a call stood behind and that was removed, if none came in its place."""
    came = [each for each in now.conditions if each.kind != "select" and syntax.line(each.node) in file.diff.added]
    there = Place(file.change.head_index, function.file, function)
    if len(now.conditions) >= len(was.conditions) or any(spares(there, each) for each in came):
        return None
    gone = [
        each for each in was.conditions if each.kind in {"guard", "if"} and syntax.line(each.node) in file.diff.removed
    ]
    before = Place(file.change.base_index, old.file, old)
    return next((each for each in reversed(gone) if spares(before, each)), None)


def spares(place: Place, condition: Condition) -> bool:
    """Say whether a condition spares work in the normal course: it asks neither for errors nor whether something was there,
    and it is no feature's gate."""
    text = _text(condition)
    if condition.test is None or not text or _GATE.search(text):
        return False
    if not all(map(conditions.spares, conditions.requirements(place, [condition]))):
        return False
    if any(_tells_success(place, node) for node in syntax.walk(condition.test)):
        return False
    if condition.kind != "guard":
        return True
    then = condition.node.child_by_field_name("consequence")
    return then is not None and _FAILS.search(syntax.text(then)) is None


def _tells_success(place: Place, node: Node) -> bool:
    """Say whether a variable is what was given beside a value: an error, or whether it was there."""
    binding = place.binding(syntax.text(node), node.start_byte) if node.type == "identifier" else None
    if binding is None or binding.parts < 2 or binding.part == 0:
        return False
    type_ = place.type_of(node)
    return (
        type_ is None
        or conditions.implements_error(place, type_)
        or (isinstance(type_, Basic) and "bool" in type_.name)
    )


def _text(condition: Condition) -> str:
    return " ".join(syntax.text(condition.test).split()) if condition.test is not None else ""


def _stays(change: Change, gone: Condition) -> bool:
    """Say whether something that was asked is asked elsewhere now (or nothing is known of what was asked)."""
    names = _names(gone.test)
    return not names or not names.isdisjoint(_deciding(change))


@once
def _deciding(change: Change) -> frozenset[str]:
    """All words of the added lines that decide something."""
    return frozenset(
        word
        for file in change.go_files
        for text in file.diff.added.values()
        if _DECIDES.search(text)
        for word in re.findall(r"\w+", text)
    )


def _words(function: Function) -> set[str]:
    source = function.file.source[function.region.start : function.region.end]
    return set(re.findall(r"\w+", source.decode("utf-8", "replace")))


def _names(test: Node | None) -> set[str]:
    """What a test is about: variables, and of `a.b.c` and `a.b.c.Empty()` the last name, c."""
    found: set[str] = set()
    waiting = [test] if test is not None else []
    while waiting:
        node = waiting.pop()
        if node.type == "call_expression":
            callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            operand = callee.child_by_field_name("operand") if callee is not None else None
            waiting += [each for each in (operand, given) if each is not None]
        elif node.type == "selector_expression":
            field = node.child_by_field_name("field")
            found.add(syntax.text(field) if field is not None else "")
        elif node.type == "identifier":
            found.add(syntax.text(node))
        else:
            waiting += syntax.children(node)
    return found - _TRIVIAL - {""}
