"""Values without end: whether a text that is put somewhere for ever (a metric's label) takes a few values or any number.

Judged by where the value comes from and by its type: a time, an error's text, a URL, an object's name or UID, a random id
have no end; constants, what a function maps to a few texts, namespaces and kinds do. Answers hold for all values that reach
a place, of which the worst decides; None of what the program does not show.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, Value
from analyzers.golang.facts.facts import Binding
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Struct, Type, dereferenced
from analyzers.kubernetes import status, times
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.kinds import alike
from analyzers.kubernetes.program import calls


class Grade(IntEnum):
    """How many values there can be; the last is the worst."""

    FEW = 0
    UNKNOWN = 1
    OBJECT = 2
    """Few at a time, perhaps, but always others: names of objects that come and go."""
    NUMBER = 3
    ENDLESS = 4


class Answer(NamedTuple):
    """How many values a text takes, what it is ("a time"), and why that has no end; rank orders the worst first."""

    grade: Grade
    rank: int = 0
    what: str = ""
    why: str = ""


FEW = Answer(Grade.FEW)
UNKNOWN = Answer(Grade.UNKNOWN)
_NUMBER = Answer(Grade.NUMBER, 1, "a number")
_A_NAME = Answer(Grade.OBJECT, 4, "the name of an object", "an object")
_NODE = Answer(Grade.OBJECT, 0, "a node's name")
_TIME = Answer(Grade.ENDLESS, 7, "a time", "each time is a time series of its own, for ever")
_RANDOM = Answer(Grade.ENDLESS, 6, "a random id", "each id is a time series, for ever")
_UID = Answer(Grade.ENDLESS, 6, "an object's UID", "each object that there ever was is a time series, for ever")
_MESSAGE = Answer(
    Grade.ENDLESS, 5, "a message", "a message for people has values without end, each a time series for ever"
)
_ERROR = Answer(
    Grade.ENDLESS, 5, "an error's text", "an error's text has values without end, each a time series for ever"
)
_URL = Answer(Grade.ENDLESS, 3, "a URL", "each URL is a time series, for ever")
_CLIENT = Answer(Grade.ENDLESS, 3, "what a client sends", "whatever a client sends is a time series, for ever")

# Kinds of which a label for each object is in use, as there are thousands at most, not more.
_COUNTED = frozenset({"nodes", "namespaces", "services", "leases"})
# Numbers that take few values: `strconv.Itoa(response.StatusCode)`.
_FEW_NUMBERS = re.compile(
    r"code|status|port|version|major|minor|shard|index|worker|table|level|class|kind|type|zone|\blen\b", re.IGNORECASE
)
_NUMBERS = frozenset({"Itoa", "FormatInt", "FormatUint", "FormatFloat"})
_MAKES_ONE = re.compile(r"(\w{1,80}\.)?[nN]ew\w{0,80}\(|&?[\w.]{1,160}\{")
_OF_A_REQUEST = frozenset({"RequestURI", "RemoteAddr", "UserAgent", "Referer"})
_OF_A_URL = frozenset({"String", "Path", "RawPath", "RawQuery", "EscapedPath", "RequestURI", "Fragment"})
_IDS = frozenset(
    {
        ("github.com/google/uuid", "NewString"),
        ("github.com/google/uuid", "New"),
        ("k8s.io/apimachinery/pkg/util/uuid", "NewUUID"),
        ("k8s.io/apimachinery/pkg/util/rand", "String"),
    }
)
_NAMES = frozenset({"Name", "GetName", "String"})
_ANY_OBJECT = frozenset(
    {
        (times.META, "ObjectMeta"),
        (times.META, "Object"),
        ("sigs.k8s.io/controller-runtime/pkg/client", "Object"),
    }
)
_KEYS = frozenset(
    {
        ("k8s.io/apimachinery/pkg/types", "NamespacedName"),
        ("sigs.k8s.io/controller-runtime/pkg/reconcile", "Request"),
        ("sigs.k8s.io/controller-runtime", "Request"),
    }
)
"""What names an object: its own text is its namespace and name."""
_MESSAGES = frozenset({"Message", "ErrorMessage", "ErrorMsg", "ErrMsg"})
"""Fields of an API object for people to read (api-conventions.md, "Typical status properties": "Message is intended to be a
human-readable phrase or sentence")."""
_LITERALS = frozenset({"interpreted_string_literal", "raw_string_literal", "int_literal", "true", "false", "nil"})
_MOST_STEPS = 40
_DEEPEST = 3
_MOST_CALLERS = 8


class _Step(NamedTuple):
    function: Function
    node: Node
    depth: int


class Values:
    """Asks what reaches a place in one program. on_node says that what belongs to one node, as its pods, is few."""

    def __init__(self, index: PackageIndex, on_node: bool = False) -> None:
        self._index = index
        self._on_node = on_node

    def of(self, function: Function, node: Node, label: str = "") -> Answer:
        """Give how many values an expression takes; `label` is what the value is for, which may say that numbers are few."""
        worst: Answer | None = None
        waiting = [_Step(function, node, 0)]
        seen: set[tuple[str, int, int]] = set()
        for _ in range(_MOST_STEPS):
            if not waiting:
                break
            step = waiting.pop()
            key = (step.function.file.path, step.node.start_byte, step.node.end_byte)
            if key in seen:
                continue
            seen.add(key)
            found = self._step(step, label)
            if isinstance(found, list):
                waiting += found
            elif worst is None or found > worst:
                worst = found
        if waiting:
            return max(worst or UNKNOWN, UNKNOWN)
        return worst or UNKNOWN

    def _step(self, step: _Step, label: str) -> Answer | list[_Step]:
        function, node = step.function, syntax.unparenthesized(step.node)
        place = Place(self._index, function.file, function)
        if node.type in _LITERALS:
            return FEW
        if times.is_time(place, node):
            return _TIME
        if node.type == "identifier":
            return self._name(step, node)
        if node.type == "selector_expression":
            return self._selector(place, node)
        if node.type == "binary_expression":
            return [step._replace(node=side) for side in syntax.children(node)]
        if node.type == "call_expression":
            return self._call(place, step, node, label)
        return UNKNOWN

    def _name(self, step: _Step, node: Node) -> Answer | list[_Step]:
        function, name = step.function, syntax.text(node)
        binding = function.binding(name, node.start_byte)
        if binding is None:
            declared = self._index.lookup(self._index.import_path(function.file), name, function.file)
            return FEW if isinstance(declared, Value) and declared.kind == "const" else UNKNOWN
        if binding.kind == "const":
            return FEW
        if binding.kind == "param":
            return self._given(step, name)
        if binding.kind != "var":
            return UNKNOWN
        values = [binding.value] if binding.value is not None and binding.parts == 1 else []
        if binding.value is not None and binding.parts != 1:
            return self._part_of_key(step, binding)
        for assignment in function.assignments:
            if assignment.node.start_byte <= binding.start or assignment.node.start_byte >= binding.end:
                continue
            for number, left in enumerate(assignment.left):
                if left.type == "identifier" and syntax.text(left) == name:
                    if len(assignment.right) != len(assignment.left):
                        return UNKNOWN
                    values.append(assignment.right[number])
        return [step._replace(node=value) for value in values] if values else UNKNOWN

    def _part_of_key(self, step: _Step, binding: Binding) -> Answer:
        """What a key of a work queue names: `namespace, name, err := cache.SplitMetaNamespaceKey(key)`."""
        value = binding.value
        called = (
            value.child_by_field_name("function") if value is not None and value.type == "call_expression" else None
        )
        place = Place(self._index, step.function.file, step.function)
        if called is None or times.named(place, called) != ("k8s.io/client-go/tools/cache", "SplitMetaNamespaceKey"):
            return UNKNOWN
        return _A_NAME if binding.part == 1 and not self._on_node else FEW

    def _given(self, step: _Step, name: str) -> Answer | list[_Step]:
        """What the callers give a parameter, if they are to be seen."""
        function = step.function
        numbers = [number for number, parameter in enumerate(function.params) if parameter.name == name]
        if step.depth >= _DEEPEST or not numbers or function.params[numbers[0]].variadic:
            return UNKNOWN
        found = []
        for site in calls(self._index).callers(function)[:_MOST_CALLERS]:
            if site.caller.file.test:
                continue
            if site.call is None or site.kind == "value" or len(site.call.arguments) <= numbers[0]:
                return UNKNOWN
            found.append(_Step(site.caller, site.call.arguments[numbers[0]], step.depth + 1))
        return found or UNKNOWN

    def _selector(self, place: Place, node: Node) -> Answer:
        operand, field = node.child_by_field_name("operand"), node.child_by_field_name("field")
        if operand is None or field is None:
            return UNKNOWN
        path, name = place.imported(operand), syntax.text(field)
        if path is not None:
            declared = self._index.lookup(path, name)
            return FEW if isinstance(declared, Value) and declared.kind == "const" else UNKNOWN
        return self._part(place, operand, name)

    def _part(self, place: Place, operand: Node, name: str) -> Answer:
        """A field of something, or what a method without arguments gives."""
        of_type = dereferenced(place.type_of(operand))
        kind = collections.kind(_object(place, operand, of_type))
        if name in {"Name", "UID", "GetName", "GetUID", "ResourceVersion"} and kind is not None:
            if kind == "nodes" and not self._on_node:
                return _NODE
            if kind in _COUNTED or self._on_node:
                return FEW
            why = f"each of the {kind} is a time series, for ever"
            return Answer(Grade.ENDLESS, 6 if name.endswith("UID") else 4, f"a name of one of the {kind}", why)
        if name in {"Namespace", "GetNamespace", "Kind", "Method", "Proto", "Scheme"}:
            return FEW
        if not isinstance(of_type, Named):
            return UNKNOWN
        named = _named_object(place, operand, name) if name in _NAMES and not self._on_node else ""
        if named:
            return Answer(Grade.OBJECT, 4, f"the name of {named}", named)
        if name in _MESSAGES and collections.is_object(place, of_type):
            return _MESSAGE
        if (of_type.path, of_type.name) == ("net/url", "URL") and name in _OF_A_URL:
            return UNKNOWN if _is_parsed(place, operand) or _is_template(place, operand) else _URL
        if (of_type.path, of_type.name) == ("net/http", "Request") and name in _OF_A_REQUEST:
            return _CLIENT
        if (of_type.path, of_type.name) == (times.META, "ObjectMeta") and name == "UID" and not self._on_node:
            return _UID
        return UNKNOWN

    def _call(self, place: Place, step: _Step, node: Node, label: str) -> Answer | list[_Step]:
        function = node.child_by_field_name("function")
        given = node.child_by_field_name("arguments")
        arguments = syntax.children(given) if given is not None else []
        if function is None:
            return UNKNOWN
        if place.conversion_target(function) is not None and len(arguments) == 1:
            return [step._replace(node=arguments[0])]
        named = times.named(place, function)
        if named in _IDS:
            return _RANDOM
        if named is not None and named[0] == "strconv":
            few = named[1] not in _NUMBERS or not arguments
            return FEW if few or _FEW_NUMBERS.search(_names(step.function, arguments[0]) + label) else _NUMBER
        if named is not None and named[0] in {"fmt", "strings"} and arguments:
            texts = arguments[:1] if named[0] == "strings" else _printed(arguments)
            if any(_is_error(place, each) for each in texts):
                return _ERROR
            return [step._replace(node=each) for each in texts]
        field, operand = function.child_by_field_name("field"), function.child_by_field_name("operand")
        if field is not None and operand is not None and named is None and not arguments:
            if syntax.text(field) == "Error":
                return _ERROR if _of_any_text(place, step.function, operand) else UNKNOWN
            if syntax.text(field) == "String" and self._part(place, operand, "String") is UNKNOWN:
                return self._returned(step, node, arguments)
            return self._part(place, operand, syntax.text(field))
        return self._returned(step, node, arguments)

    def _returned(self, step: _Step, node: Node, arguments: list[Node]) -> Answer | list[_Step]:
        """What a function of the program gives back: one that is given something maps it, unless it hands on what has no end."""
        call = step.function.facts.call_at(node)
        callee = self._index.callee(call, step.function.file, step.function) if call is not None else None
        if callee is None or step.depth >= _DEEPEST or len(callee.results) != 1:
            return FEW if arguments and callee is None else UNKNOWN
        worst = UNKNOWN
        for returned, closures in callee.facts.returns:
            if closures:
                continue
            for each in syntax.children(returned)[:1]:
                inner = _first(each)
                found = self._step(_Step(callee, inner, _DEEPEST), "")
                if isinstance(found, Answer) and found.grade is Grade.ENDLESS:
                    worst = max(worst, found)
        if worst.grade is Grade.ENDLESS:
            return worst
        return FEW if arguments else UNKNOWN


_VERB = re.compile(r"%[-+# 0-9.]*([a-zA-Z])")


def _printed(arguments: list[Node]) -> list[Node]:
    """What a function of fmt prints, but for what `%T` makes a type's name of: the format alone where there is nothing else."""
    verbs = _VERB.findall(syntax.text(arguments[0]))
    printed = arguments[1:]
    if len(verbs) == len(printed):
        printed = [each for each, verb in zip(printed, verbs, strict=True) if verb != "T"]
    return printed or arguments[:1]


def _first(node: Node) -> Node:
    return next(iter(syntax.children(node)), node) if node.type == "expression_list" else node


def _object(place: Place, operand: Node, of_type: Type | None) -> Type | None:
    """The type of the object whose metadata an operand is: `pod.ObjectMeta` stands for the pod."""
    field, inner = operand.child_by_field_name("field"), operand.child_by_field_name("operand")
    if field is not None and inner is not None and syntax.text(field) == "ObjectMeta":
        return dereferenced(place.type_of(inner))
    return of_type


def _named_object(place: Place, operand: Node, name: str) -> str:
    """What object it is whose name a field or method of an operand gives, "" if that is not the name of one."""
    named = dereferenced(_object(place, operand, dereferenced(place.type_of(operand))))
    if not isinstance(named, Named):
        return ""
    if (named.path, named.name) in _KEYS:
        return "an object"
    if name == "String":
        return ""
    if (named.path, named.name) in _ANY_OBJECT or named.name.endswith(("Reference", "ObjectRef")):
        return "an object"
    under = place.index.underlying(named)
    if isinstance(under, Struct):
        is_object = any(each.embedded and each.name == "ObjectMeta" for each in under.fields)
    else:  # a library's: by the conventions
        is_object = under is None and status.is_object(place.index, named)
    return f"each {named.name}" if is_object else ""


def _names(function: Function, node: Node) -> str:
    """The names in an expression; of a variable, that of its type or of what it was given."""
    leaves = (each for each in syntax.walk(node) if each.type in {"identifier", "field_identifier"})
    return " ".join(alike(each, function) for each in leaves)


def _is_error(place: Place, node: Node) -> bool:
    of_type = place.type_of(node)
    return isinstance(of_type, Named) and not of_type.path and of_type.name == "error"


def _of_any_text(place: Place, function: Function, error: Node) -> bool:
    """Say whether an error's text can be any: not what a function for one kind of error has just made."""
    of_type = place.type_of(error)
    if of_type is not None and not _is_error(place, error):
        return False
    binding = function.binding(syntax.text(error), error.start_byte)
    made = syntax.text(binding.value) if binding is not None and binding.value is not None else ""
    return _MAKES_ONE.match(made) is None


def _is_parsed(place: Place, operand: Node) -> bool:
    """Say whether a URL is parsed by the function itself, of whatever it asks for: not what somebody asked of it."""
    binding = place.binding(syntax.text(operand), operand.start_byte) if operand.type == "identifier" else None
    value = syntax.unparenthesized(binding.value) if binding is not None and binding.value is not None else None
    called = value.child_by_field_name("function") if value is not None and value.type == "call_expression" else None
    return called is not None and times.named(place, called) in {("net/url", "Parse"), ("net/url", "ParseRequestURI")}


def _is_template(place: Place, operand: Node) -> bool:
    """Say whether a URL is what client-go gives its metrics: with `{namespace}` and `{name}` in the place of both (tools/metrics,
    LatencyMetric; rest/request.go, finalURLTemplate)."""
    function = place.function
    binding = place.binding(syntax.text(operand), operand.start_byte) if operand.type == "identifier" else None
    types = [syntax.text(each.type) for each in function.params] if function is not None else []
    return binding is not None and binding.kind == "param" and types[-3:] == ["string", "url.URL", "time.Duration"]
