"""Times: expressions that are another one each time they are asked for, and what is made of them.

Sources: Go's package time; k8s.io/apimachinery pkg/apis/meta/v1 (Time, MicroTime and the functions that make them);
k8s.io/utils/clock and controller-runtime's and client-go's clocks, whose method Now stands for time.Now in tests.
"""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced

META = "k8s.io/apimachinery/pkg/apis/meta/v1"
_TIMES = frozenset({("time", "Time"), (META, "Time"), (META, "MicroTime")})
_NOW = frozenset({("time", "Now"), (META, "Now"), (META, "NowMicro"), ("time", "Since")})
_MADE = frozenset(
    {("time", "Unix"), ("time", "UnixMilli"), ("time", "Date"), (META, "NewTime"), (META, "NewMicroTime")}
)
_FEW = frozenset(
    {"Weekday", "Month", "Hour", "Day", "Year", "YearDay", "IsZero", "Before", "After", "Equal", "Location"}
)
"""What of a time takes few values, or tells something else."""
_COARSE = frozenset({"Truncate", "Round"})
_HANDS_ON = frozenset(
    {
        (META, "NewTime"),
        (META, "NewMicroTime"),
        ("k8s.io/utils/ptr", "To"),
        ("github.com/samber/lo", "ToPtr"),
        ("fmt", "Sprint"),
    }
)
"""Functions whose result is as new as their first argument."""
_DEEPEST = 12


def is_time(place: Place, node: Node) -> bool:
    """Say whether an expression is a point in time, or a text or number made of one."""
    for _ in range(_DEEPEST):
        node = syntax.unparenthesized(node)
        of_type = dereferenced(place.type_of(node))
        if isinstance(of_type, Named) and (of_type.path, of_type.name) in _TIMES:
            return True
        if node.type != "call_expression":
            return False
        function = node.child_by_field_name("function")
        if function is None or function.type != "selector_expression":
            return False
        if named(place, function) in _NOW | _MADE:
            return True
        field, operand = function.child_by_field_name("field"), function.child_by_field_name("operand")
        if field is None or operand is None or syntax.text(field) in _FEW:
            return False
        node = operand
    return False


def is_now(place: Place, node: Node) -> bool:
    """Say whether an expression is the time at which it is asked for, or made of it: `time.Now().UTC()`,
    `metav1.NewTime(clock.Now())`, `ptr.To(metav1.Now())`, `time.Since(start)`.
    """
    waiting = [node]
    for _ in range(_DEEPEST):
        if not waiting:
            return False
        node = syntax.unparenthesized(waiting.pop())
        if node.type == "unary_expression":
            waiting.extend(syntax.children(node)[-1:])
        elif node.type == "composite_literal":  # metav1.Time{Time: time.Now()}
            of_type = dereferenced(place.type_of(node))
            if isinstance(of_type, Named) and (of_type.path, of_type.name) in _TIMES:
                body = node.child_by_field_name("body")
                for element in syntax.children(body) if body is not None else ():
                    waiting.extend(syntax.children(syntax.children(element)[-1])[:1] or syntax.children(element)[-1:])
        elif node.type == "selector_expression":  # metav1.Now().Time
            operand = node.child_by_field_name("operand")
            waiting.extend([operand] if operand is not None and operand.type == "call_expression" else [])
        elif node.type == "call_expression":
            function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if function is None:
                return False
            if named(place, function) in _NOW or _is_a_clocks(place, function):
                return True
            if named(place, function) in _HANDS_ON:
                waiting.extend(syntax.children(given)[:1] if given is not None else [])
            field, operand = function.child_by_field_name("field"), function.child_by_field_name("operand")
            if field is not None and operand is not None and syntax.text(field) not in _FEW | _COARSE:
                waiting.extend([operand] if operand.type == "call_expression" else [])
    return False


def whole(place: Place, node: Node) -> Node:
    """Give the whole expression that is made of the time `node` alone: of `now` in `metav1.NewTime(now.UTC())` all."""
    for _ in range(_DEEPEST):
        above = node.parent
        call = above.parent if above is not None and above.type in {"selector_expression", "argument_list"} else None
        if call is None or call.type != "call_expression" or not is_now(place, call):
            return node
        node = call
    return node


def named(place: Place, function: Node) -> tuple[str, str] | None:
    """Give the import path and the name of a package's function that a node names, None for all else."""
    if function.type not in {"selector_expression", "qualified_type"}:
        return None
    operand = function.child_by_field_name("operand") or function.child_by_field_name("package")
    field = function.child_by_field_name("field") or function.child_by_field_name("name")
    path = place.imported(operand) if operand is not None else None
    return (path, syntax.text(field)) if path is not None and field is not None else None


def _is_a_clocks(place: Place, function: Node) -> bool:
    """Whether a call asks a clock for the time: a method Now without arguments that gives a time."""
    field = function.child_by_field_name("field") if function.type == "selector_expression" else None
    operand = function.child_by_field_name("operand")
    if field is None or operand is None or syntax.text(field) != "Now" or place.imported(operand) is not None:
        return False
    clock = dereferenced(place.type_of(operand))
    return isinstance(clock, Named) and clock.path.rpartition("/")[2] in {"clock", "time"}
