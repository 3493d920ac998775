"""Metrics with labels: where they are made, with which labels and buckets, and where their labels get values.

Sources: github.com/prometheus/client_golang (a Summary keeps a stream of quantiles for each combination of label values
and each age bucket) and k8s.io/component-base/metrics, whose constructors have the same names; go.opentelemetry.io/otel
metric.WithAttributes; go.opencensus.io tag.Insert, Update and Upsert for the TagKeys of a view; kubernetes/kubernetes#56061
(SummaryVec in admission: 10 to 20 % more memory of the API server at 100 nodes); kubernetes/community
contributors/devel/sig-instrumentation/metric-instrumentation.md.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types import texts
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.texts import Expression

_VECTOR = re.compile(r"New(?:Timing)?(Summary|Histogram|Counter|Gauge)(?:Vec|From)$")
_NAME = re.compile(r"\bName:\s*(\"[^\"\n]*\"|[\w.]+(?![\w.]*(?:\s*\+|\()))|\bName:[^\"\n]*\+\s*(\"[^\"\n]*\")")
"""A metric's name: what is written, or what is put behind a prefix."""
_GENERATED_BUCKETS = re.compile(r"(?:Exponential|Linear)Buckets\([^()]{0,200},\s*([0-9]{1,9})\s*\)")

MOST_BUCKETS = 25


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """A metric with labels: its kind ("Summary", ...), name as written, number of buckets (0 if unknown).

    labels are in their order, "" for one that is not written out; variable is what it is assigned to, "" if nothing.
    spelled are the lines of the same file on which its labels stand, where that is not in the call itself; places those of its
    labels, in their order, 0 where it is another file.
    """

    kind: str
    name: str
    labels: tuple[str, ...]
    buckets: int
    node: Node
    variable: str = ""
    spelled: frozenset[int] = field(default=frozenset())
    places: tuple[int, ...] = ()

    @property
    def line(self) -> int:
        """The line on which it is made."""
        return syntax.line(self.node)

    @property
    def lines(self) -> range:
        """The lines of the whole call that makes it."""
        return range(self.line, self.node.end_point[0] + 2)


def vectors(index: PackageIndex, source: SourceFile, lines: Iterable[int] = ()) -> Iterator[Vector]:
    """Yield the metrics with labels that a file makes; on the given lines also those that a function of the program makes
    with the labels it is given."""
    wanted = frozenset(lines)
    for region in source.regions:
        if source.source.find(b"Vec(", region.start, region.end) >= 0 or (
            source.source.find(b"CounterFrom(", region.start, region.end) >= 0
        ):
            for node in source.nodes(region):
                for call in syntax.walk(node):
                    made = _made(call)
                    if made is not None:
                        kind, options, labels = made
                        yield _vector(index, source, call, kind, options, labels)
    if wanted and _may_wrap(index, source):
        yield from _wrapped(index, source, wanted)


def _may_wrap(index: PackageIndex, source: SourceFile) -> bool:
    """Say whether functions that make metrics may be at hand: in the file's package, or in one that it imports for that."""
    if any(b"Vec(" in file.source for file in index.package_of(source.path).files()):
        return True
    return any(_OF_METRICS.search(path) for _, path in source.imported)


_OF_METRICS = re.compile(r"metric|prom|monitor", re.IGNORECASE)
"""How packages that make metrics are called; a file that imports none is not searched, as that would cost too much."""


def _made(call: Node) -> tuple[str, Node, Node] | None:
    """The kind, options and labels of a metric that a call makes."""
    function = call.child_by_field_name("function") if call.type == "call_expression" else None
    match = _VECTOR.search(syntax.text(function)) if function is not None else None
    arguments = call.child_by_field_name("arguments") if match else None
    given = syntax.children(arguments) if arguments is not None else []
    return (match[1], given[0], given[1]) if match is not None and len(given) > 1 else None


def _vector(
    index: PackageIndex, source: SourceFile, call: Node, kind: str, options: Node | None, *labels: Node
) -> Vector:
    function = source.function_at(syntax.line(call))
    found: list[str] = []
    places: list[int] = []
    for given in labels:
        if given.type in texts.QUOTED:
            elements: list[Expression] | None = [Expression(given, source, function)]
        else:
            elements = texts.elements(index, Expression(given, source, function))
        if elements is None:  # what is written out of it
            written = re.findall(r"\"[^\"\n]*\"|`[^`\n]*`", syntax.text(given))
            found += [text.strip('"`') for text in written]
            places += [0] * len(written)
            continue
        found += [texts.text(index, each) or "" for each in elements]
        places += [syntax.line(each.node) if each.file.path == source.path else 0 for each in elements]
    shown = syntax.text(options) if options is not None else ""
    name = _NAME.search(shown)
    return Vector(
        kind,
        _spelled_out(index, source, function, options) or ((name[1] or name[2]) if name else ""),
        tuple(found),
        _buckets(shown),
        call,
        _kept_as(function, _variable(call)),
        frozenset(places) - {0},
        tuple(places),
    )


def _spelled_out(index: PackageIndex, source: SourceFile, function: Function | None, options: Node | None) -> str:
    """A metric's name that is a constant, as it would be written."""
    body = options.child_by_field_name("body") if options is not None and options.type == "composite_literal" else None
    for pair in syntax.children(body) if body is not None else ():
        parts = syntax.children(pair) if pair.type == "keyed_element" else []
        if len(parts) == 2 and syntax.text(parts[0]) == "Name":
            value = _inner(parts[1])
            if syntax.path(value) is not None and (name := texts.text(index, Expression(value, source, function))):
                return f'"{name}"'
    return ""


def _wrapped(index: PackageIndex, source: SourceFile, lines: frozenset[int]) -> Iterator[Vector]:
    for region in source.regions:
        if region.kind not in {"func", "var"}:
            continue
        first = region.row + 1
        last = first + source.source.count(b"\n", region.start, region.end)
        if not any(first <= line <= last for line in lines):
            continue
        for node in source.nodes(region):
            for call in syntax.walk(node):
                if call.type == "call_expression" and any(
                    line in lines for line in range(syntax.line(call), syntax.end_line(call) + 1)
                ):
                    found = _of_wrapper(index, source, call)
                    if found is not None:
                        yield found


def _of_wrapper(index: PackageIndex, source: SourceFile, call: Node) -> Vector | None:
    """The metric that a function of the program makes, if the call of it gives the labels."""
    function, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    given = syntax.children(arguments) if arguments is not None else []
    if function is None or _VECTOR.search(syntax.text(function)) or not any(_spells(each) for each in given):
        return None
    # A function of this or another package: asking for the type of every receiver would cost too much.
    operand = function.child_by_field_name("operand")
    if operand is not None and syntax.text(operand) not in source.imports:
        return None
    _, callee = index.referenced(function, source, source.function_at(syntax.line(call)))
    if callee is None or callee.file.source.find(b"Vec(", callee.region.start, callee.region.end) < 0:
        return None
    names = [parameter.name for parameter in callee.params]
    for inner in callee.calls:
        made = _made(inner.node)
        if made is None or syntax.text(made[2]) not in names:
            continue
        number = names.index(syntax.text(made[2]))
        labels = given[number:] if callee.params[number].variadic else given[number : number + 1]
        if not labels:
            return None
        found = _vector(index, source, call, made[0], made[1], *labels)
        named = next((syntax.text(each) for each in given[:number] if each.type in texts.QUOTED), "")
        return replace(found, name=named)
    return None


def _spells(node: Node) -> bool:
    """Whether an argument may spell labels: a text, or a slice of them."""
    return node.type in texts.QUOTED or node.type in {"composite_literal", "variadic_argument"}


def _variable(node: Node) -> str:
    """The variable or field that a value is given to."""
    above = node.parent
    while above is not None and above.type in {"expression_list", "literal_element", "parenthesized_expression"}:
        above = above.parent
    if above is None or above.type not in _GIVES:
        return ""
    path = syntax.path(target) if (target := _target(above)) is not None else None
    return path[-1] if path else ""


def _kept_as(function: Function | None, variable: str) -> str:
    """The field that a function puts a variable of its own into, by which it is known elsewhere; else the variable."""
    if function is None or function.body is None or not variable:
        return variable
    for assignment in function.assignments:
        for left, right in zip(assignment.left, assignment.right, strict=False):
            path = syntax.path(left)
            if syntax.text(right) == variable and path is not None and len(path) > 1:
                return path[-1]
    for node in syntax.walk(function.body):
        parts = syntax.children(node) if node.type == "keyed_element" else []
        if len(parts) == 2 and syntax.text(parts[1]) == variable:
            return syntax.text(parts[0])
    return variable


_GIVES = frozenset({"var_spec", "short_var_declaration", "assignment_statement", "keyed_element"})


def _target(given: Node) -> Node | None:
    found = (
        given.child_by_field_name("left")
        or given.child_by_field_name("name")
        or next(iter(syntax.children(given)), None)
    )
    if found is not None and found.type in {"expression_list", "literal_element"}:
        found = next(iter(syntax.children(found)), None)
    return found


def _buckets(options: str) -> int:
    generated = _GENERATED_BUCKETS.search(options)
    if generated:
        return int(generated[1])
    literal = re.search(r"Buckets:\s*\[\]float64\{([^}]*)\}", options)
    return len([part for part in literal[1].split(",") if part.strip()]) if literal else 0


_GIVING = frozenset({"WithLabelValues", "With", "GetMetricWithLabelValues", "GetMetricWith"})
"""The methods of a Prometheus metric that take a value for each label."""
_METRIC = "go.opentelemetry.io/otel/metric"
_ATTRIBUTE = "go.opentelemetry.io/otel/attribute"
_TAG = "go.opencensus.io/tag"
_TAGS = frozenset({"Insert", "Update", "Upsert"})


class LabelValue(NamedTuple):
    """A value that a call gives a label: the metric's variable, the label's place or name ("" and None where unknown).

    tag: it is an OpenCensus tag, which becomes a label only by a view.
    """

    variable: str
    label: str
    place: int | None
    value: Node
    tag: bool = False


_TEXTS = (b".With", b"GetMetricWith", b"tag.")


def may_give(function: Function) -> bool:
    """Say by its text whether a function may give values to labels."""
    region = function.region
    return any(function.file.source.find(text, region.start, region.end) >= 0 for text in _TEXTS)


def label_values(function: Function, call: Call) -> list[LabelValue]:
    """Give the values that a call gives to the labels of a metric: `m.WithLabelValues(a, b)`, `m.With(Labels{"a": a})`,
    `metric.WithAttributes(attribute.String("a", a))`, `tag.Insert(key, a)`."""
    if call.operand is None:
        return []
    operand = syntax.text(call.operand)
    if call.name == "WithAttributes":
        return _attributes(function, call) if function.file.imports.get(operand) == _METRIC else []
    if call.name in _TAGS and len(call.arguments) > 1:
        key = syntax.path(call.arguments[0])
        if key is None or function.file.imports.get(operand) != _TAG:
            return []
        return [LabelValue("", key[-1], None, call.arguments[1], tag=True)]
    path = syntax.path(call.operand) if call.name in _GIVING else None
    return list(_prometheus(function, call, path[-1])) if path is not None else []


def values_given(index: PackageIndex, function: Function, call: Call) -> Iterator[tuple[Function, LabelValue]]:
    """Yield the values that a call gives to the labels of a metric, each with the function it stands in: that of the call, or one
    that gives all of them back (`m.With(labels(pool))`, `m.WithLabelValues(labels(pool)...)`)."""
    yield from ((function, each) for each in label_values(function, call))
    path = syntax.path(call.operand) if call.operand is not None and call.name in _GIVING else None
    for argument in call.arguments if path is not None else ():
        inner = next(iter(syntax.children(argument)), argument) if argument.type == "variadic_argument" else argument
        made = function.facts.call_at(inner) if inner.type == "call_expression" else None
        callee = index.callee(made, function.file, function) if made is not None else None
        for returned, closures in callee.facts.returns if callee is not None else ():
            literal = next(iter(syntax.children(returned)), returned)
            literal = next(iter(syntax.children(literal)), literal) if literal.type == "expression_list" else literal
            if callee is not None and path is not None and not closures and literal.type == "composite_literal":
                yield from ((callee, each) for each in _in_literal(literal, path[-1]))


def _in_literal(literal: Node, variable: str) -> Iterator[LabelValue]:
    """The values in a literal of labels, by name or by place."""
    body = literal.child_by_field_name("body")
    for place, element in enumerate(syntax.children(body) if body is not None else ()):
        parts = syntax.children(element) if element.type == "keyed_element" else []
        if len(parts) == 2:
            yield LabelValue(variable, syntax.text(parts[0]).strip('"`'), None, _inner(parts[1]))
        elif element.type != "comment":
            yield LabelValue(variable, "", place, _inner(element))


def _prometheus(function: Function, call: Call, variable: str) -> Iterator[LabelValue]:
    by_place = call.name.endswith("LabelValues")  # loggers have a With too
    given = call.arguments if by_place else [_labels(function, each) for each in call.arguments]
    for place, argument in enumerate(given):
        if argument.type == "composite_literal":
            yield from (each for each in _in_literal(argument, variable) if each.label)
        elif argument.type == "variadic_argument" and by_place:
            # append(g.labels, strconv.Itoa(priority))...
            appended = next(iter(syntax.children(argument)), argument)
            parts = appended.child_by_field_name("arguments") if appended.type == "call_expression" else None
            for each in syntax.children(parts)[1:] if parts is not None else []:
                yield LabelValue(variable, "", None, each)
        elif by_place:
            yield LabelValue(variable, "", place, argument)


def _labels(function: Function, given: Node) -> Node:
    """The literal of labels that a variable was given, else the expression itself."""
    binding = function.binding(syntax.text(given), given.start_byte) if given.type == "identifier" else None
    value = binding.value if binding is not None and binding.parts == 1 else None
    return value if value is not None and value.type == "composite_literal" else given


def _inner(element: Node) -> Node:
    return next(iter(syntax.children(element)), element) if element.type == "literal_element" else element


def _attributes(function: Function, call: Call) -> list[LabelValue]:
    """The attributes that a call makes, itself or in the slices that it is given."""
    around = [
        each
        for each in function.calls
        if each is not call
        and each.node.start_byte <= call.node.start_byte
        and call.node.end_byte <= each.node.end_byte
        and each.operand is not None
    ]
    path = syntax.path(around[-1].operand) if around and around[-1].operand is not None else None
    roots = [call.node]
    for argument in call.arguments:
        if argument.type == "variadic_argument":
            name = syntax.text(argument).removesuffix("...").strip()
            roots += [
                assignment.node
                for assignment in function.assignments
                if any(syntax.text(left) == name for left in assignment.left)
            ]
    return [found for root in roots for found in _made_attributes(function, root, path[-1] if path else "")]


def _made_attributes(function: Function, root: Node, variable: str) -> Iterator[LabelValue]:
    for call in function.calls:
        if not root.start_byte <= call.node.start_byte < root.end_byte or call.operand is None:
            continue
        if function.file.imports.get(syntax.text(call.operand)) == _ATTRIBUTE and len(call.arguments) == 2:
            yield LabelValue(variable, syntax.text(call.arguments[0]).strip('"`'), None, call.arguments[1])
        # attribute.Key("pod").String(name)
        inner = call.operand.child_by_field_name("function") if call.operand.type == "call_expression" else None
        given = call.operand.child_by_field_name("arguments") if inner is not None else None
        path = syntax.path(inner) if inner is not None else None
        if path is None or given is None or len(path) != 2 or path[1] != "Key" or len(call.arguments) != 1:
            continue
        if function.file.imports.get(path[0]) == _ATTRIBUTE and syntax.children(given):
            yield LabelValue(variable, syntax.text(syntax.children(given)[0]).strip('"`'), None, call.arguments[0])
