"""Log calls: glog, klog and logr, their verbosity, and arguments that cost something before anybody knows whether they are wanted.

Sources: k8s.io/klog/v2 (V().Info evaluates its arguments whatever the verbosity), github.com/go-logr/logr, and
kubernetes/community contributors/devel/sig-instrumentation/logging.md (V(2) is a production default, V(4) debugging).
"""

import re
from dataclasses import dataclass

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes.execution import conditions

_LOGGER = re.compile(r"^(glog|klog|log|logr|logger|lh|ctrl|logging|setupLog)$|[lL]og(ger)?$")
_METHODS = re.compile(r"^(Info|Warning|Debug|Print|Log)(f|ln|S|Depth)?$")
_VERBOSITY = re.compile(r"\.?V\(\s*(\w[\w.]*)\s*\)")
_TEXT = re.compile(
    r"^(Sprintf?|Sprintln|Sdump|Dump|Marshal|MarshalIndent|Diff|ObjectDiff|ObjectReflectDiff|ObjectGoPrintDiff|Join|Repr|Pretty\w*|DeepCopy)$|(JSON|Json|Loggable|ToString|Msg\w*|Detailed)$|^(Generate|Format|Describe|Stringify)[A-Z]?\w*$"
)
_CHEAP = frozenset({"KObj", "KRef", "KObjs", "KObjSlice", "len", "append"})

PRODUCTION = 2
"""The verbosity that clusters run with."""

DEBUGGING = 4
"""The verbosity from which on nobody runs a cluster with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A log call: its verbosity (0 without one, None where it is no number), and an argument that costs something (None: none)."""

    call: Call
    verbosity: int | None
    eager: Node | None


def log(place: Place, call: Call) -> Log | None:
    """Read a call as a log call; None for all else, errors too, which are rare."""
    found = _read(place.function, call)
    root = syntax.root(_chain(call.operand)) if call.operand is not None else ""
    local = place.binding(root, call.node.start_byte) if found is not None else None
    return found if local is None or _is_logger(place, call.operand) else None


def _read(function: Function | None, call: Call) -> Log | None:
    """Read a call as a log call by its own text. What a local variable is called says nothing: each may be a logger."""
    if call.operand is None or not call.arguments or not _METHODS.match(call.name) or not _is_statement(call):
        return None
    operand = syntax.text(call.operand)
    match = _VERBOSITY.search(operand)
    root = operand[: match.start()] if match else operand
    local = function is not None and function.binding(root, call.node.start_byte) is not None
    if not local and not _LOGGER.search(root.rpartition(".")[2] or root) and not root.startswith(("klog.", "glog.")):
        return None
    level = 0 if match is None else verbosity(operand)
    eager = next((node for argument in call.arguments for node in _calls(argument) if _costs(node)), None)
    return Log(call, level, eager)


def _is_logger(place: Place, node: Node | None) -> bool:
    """Say whether an expression gives a logger: by its type, else by where it comes from."""
    for _ in range(_LONGEST_CHAIN):
        if node is None:
            return False
        node = syntax.unparenthesized(node)
        type_ = dereferenced(place.type_of(node))
        if isinstance(type_, Named):
            return _LOGGER_TYPE.search(type_.name) is not None
        if node.type == "call_expression":
            node = node.child_by_field_name("function")
            if node is None or _GIVES_LOGGER.search(syntax.text(node).rpartition(".")[2]):
                return node is not None
            node = node.child_by_field_name("operand")
        elif (binding := place.binding(syntax.text(node), node.start_byte)) is not None:
            node = binding.value
        else:
            return _LOGGER.search(syntax.text(node).rpartition(".")[2]) is not None
    return False


_LONGEST_CHAIN = 8
_LOGGER_TYPE = re.compile(r"[lL]og(ger)?$|^(Verbose|Entry|FieldLogger|InfoLogger)$")
"""klog's, logr's, zap's and logrus' loggers, and what their V gives."""
_GIVES_LOGGER = re.compile(r"[lL]og(ger)?$|^(FromContext|FromContextOrDiscard|LoggerFrom\w*|LoggerWith\w+)$")
"""klog.FromContext, log.FromContext (controller-runtime), ctrl.LoggerFrom, klog.LoggerWithValues."""


def _chain(node: Node) -> Node:
    """Give the expression in front of calls chained on it: `lh` of `lh.WithValues("pod", pod).V(4)`."""
    while node.type == "call_expression":
        function = node.child_by_field_name("function")
        operand = function.child_by_field_name("operand") if function is not None else None
        if operand is None:
            return node
        node = operand
    return node


def verbosity(text: str) -> int | None:
    """Give the n of the `V(n)` in an expression, None where there is none or it is no number."""
    match = _VERBOSITY.search(text)
    return int(match[1]) if match is not None and re.fullmatch(r"[0-9]{1,9}", match[1]) else None


_JOINS = frozenset({"Sprintf", "Sprint", "Sprintln", "Join"})


def builds_text(function: Function) -> bool:
    """Say whether a function puts the text together that it returns, or a list of what is logged, which is an allocation."""
    results = [syntax.text(result.type) for result in function.results]
    if results in (["[]interface{}"], ["[]any"]):
        return any(call.name == "append" and call.operand is None and call.loops for call in function.calls)
    if results != ["string"]:
        return False
    return any(_joins(node) for returned, _ in function.facts.returns for node in syntax.walk(returned))


def _joins(node: Node) -> bool:
    if node.type == "call_expression":
        called = node.child_by_field_name("function")
        return called is not None and syntax.text(called).rpartition(".")[2] in _JOINS
    return node.type == "binary_expression" and syntax.has_token(node, "+")


def _calls(argument: Node) -> list[Node]:
    return [
        node
        for node in syntax.walk(argument, lambda node: node.type != "func_literal")
        if node.type == "call_expression"
    ]


def _costs(node: Node) -> bool:
    """Say whether a call is known to cost something by the name of a library's function or of a method; what a function of the
    package does, its own text tells (`builds_text`)."""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or function.type == "identifier":
        return False
    name = syntax.text(function).rpartition(".")[2]
    return (
        name not in _CHEAP
        and bool(_TEXT.search(name))
        and (bool(syntax.children(arguments)) or name in {"DeepCopy", "Repr"})
    )


def _is_statement(call: Call) -> bool:
    """Say whether nothing is done with what a call gives: one that gives a logger writes no line."""
    inner = syntax.children(call.statement) if call.statement.type == "expression_statement" else []
    return bool(inner) and syntax.same(inner[0], call.node)


_ASKED_VERBOSITY = re.compile(r"\bV\(\s{0,4}([0-9]{1,3})\s{0,4}\)")


def verbose(test: str) -> bool:
    """Say whether a condition asks for a verbosity that clusters do not run with."""
    asked = _ASKED_VERBOSITY.search(test)
    return asked is not None and int(asked[1]) > PRODUCTION


def debugs(call: Call) -> bool:
    """Say whether a call only happens where a verbosity is asked for that clusters do not run with."""
    return any(each.test is not None and verbose(syntax.text(each.test)) for each in call.conditions)


def asked(call: Call) -> int:
    """Give the verbosity that the conditions around a call ask for, 0 if none does."""
    tests = [syntax.text(condition.test) for condition in call.conditions if condition.test is not None]
    found = [verbosity(test) for test in tests if re.search(r"\bV\(|Enabled\(\)", test)]
    return max((DEBUGGING if each is None else each for each in found), default=0)


def key(function: Function, call: Call) -> tuple[int | None, bool, bool] | None:
    """Give what makes what looks like a log call cost what it does (its verbosity, a costly argument, a question in front);
    None for all else."""
    found = _read(function, call)
    return None if found is None else (found.verbosity, found.eager is not None, bool(asked(call)))


def tells_failure(place: Place, call: Call) -> bool:
    """Say whether a log line is written because something failed: it stands behind a failure, it is deferred, or its branch
    returns an error."""
    if call.defer or conditions.failed(conditions.requirements(place, call.conditions)):
        return True
    tests = [each for each in call.conditions if each.kind in {"if", "case"} and each.test is not None]
    return bool(tests) and conditions.refuses(place, tests[-1].node)


def found_full(call: Call) -> bool:
    """Say whether a log line tells that a channel took nothing: the default of a select."""
    return any(
        each.kind == "default" and each.node.parent is not None and each.node.parent.type == "select_statement"
        for each in call.conditions
    )
