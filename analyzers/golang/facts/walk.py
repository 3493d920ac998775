"""One walk over a function, which fills its Facts."""

from collections.abc import Sequence
from typing import Literal

from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Assignment, Binding, Call, Closure, Composite, Condition, Facts, Loop, Role
from analyzers.golang.facts.syntax import Node

__all__ = ["Context", "walked"]


class Context:
    """What surrounds a node; shared by all nodes with the same surroundings and never changed once it is used."""

    __slots__ = ("closures", "conditions", "end", "last", "loops", "statement")

    def __init__(self, end: int, statement: Node) -> None:
        self.loops: tuple[Loop, ...] = ()
        self.closures: tuple[Closure, ...] = ()
        self.conditions: tuple[Condition, ...] = ()
        self.end = end
        """The byte up to which a name declared here is visible."""
        self.statement = statement
        self.last: tuple[Node, bool] = (statement, True)
        """Where the statement ends for a reader: at the end (True) or the beginning of that node."""

    def copy(self) -> "Context":
        """Give one that may be changed."""
        other = Context.__new__(Context)
        other.loops = self.loops
        other.closures = self.closures
        other.conditions = self.conditions
        other.end = self.end
        other.statement = self.statement
        other.last = self.last
        return other

    def within(self, condition: Condition, end: int | None = None) -> "Context":
        """Give the surroundings of what is reached under `condition`; its names are visible up to byte `end`."""
        other = self.copy()
        other.conditions = (*self.conditions, condition)
        other.end = self.end if end is None else end
        return other

    def stating(self, node: Node, body: Node | None = None) -> "Context":
        """Give the surroundings inside the statement `node`, of which only what stands in front of `body` counts."""
        other = self.copy()
        other.statement = node
        other.last = (node, True) if body is None else (body, False)
        return other


_LEAVES = frozenset({"return_statement", "continue_statement", "break_statement", "goto_statement"})
_LEAF_KINDS = frozenset(
    [
        "identifier",
        "field_identifier",
        "type_identifier",
        "package_identifier",
        "interpreted_string_literal",
        "raw_string_literal",
        "int_literal",
        "float_literal",
        "rune_literal",
        "imaginary_literal",
        "nil",
        "true",
        "false",
        "iota",
        "comment",
        "label_name",
        "blank_identifier",
        "dot",
        "struct_type",
        "interface_type",
        "function_type",
        "qualified_type",
    ]
)
_PERHAPS_LITERAL = frozenset(["func_literal", "parenthesized_expression"])
_DEEPEST_CONTEXT = 60


def walked(node: Node, declaration: Node | None = None) -> Facts:
    """Walk over a function's body or a variable's initial value (`node`) once; `declaration` is the function whose
    parameters are bound.
    """
    return _Walk(node, declaration).facts


class _Walk:
    def __init__(self, node: Node, declaration: Node | None) -> None:
        self.facts = Facts()
        self.roles: dict[int, Role] = {}
        self.marks: dict[int, str] = {}
        self.waiting: list[tuple[Node, str, Context]] = []
        context = Context(node.end_byte, node)
        if declaration is not None:
            self.parameters(declaration, node)
        handlers, waiting, leaves = _HANDLERS, self.waiting, _LEAF_KINDS
        waiting.append((node, node.type, context))
        while waiting:
            current, kind, context = waiting.pop()
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, current, context)
            else:
                for child in reversed(current.named_children):
                    kind = child.type
                    if kind not in leaves:
                        waiting.append((child, kind, context))

    def push(self, nodes: Sequence[tuple[Node | None, Context]]) -> None:
        # Reversed, since the last one in is the first one out and the lists are to be in source order.
        for node, context in reversed(nodes):
            if node is not None and (kind := node.type) not in _LEAF_KINDS:
                self.waiting.append((node, kind, context))

    def parameters(self, declaration: Node, body: Node) -> None:
        kinds: tuple[tuple[str, Literal["receiver", "param", "result"]], ...] = (
            ("receiver", "receiver"),
            ("parameters", "param"),
            ("result", "result"),
        )
        for field_name, kind in kinds:
            group = declaration.child_by_field_name(field_name)
            if group is None or group.type != "parameter_list":
                continue
            for parameter in syntax.children(group):
                type_ = parameter.child_by_field_name("type")
                variadic = parameter.type == "variadic_parameter_declaration"
                for name in syntax.fields(parameter, "name"):
                    self.facts.bind(
                        Binding(syntax.text(name), kind, name, body.start_byte, body.end_byte, type_, variadic=variadic)
                    )

    def call(self, node: Node, context: Context) -> None:
        call = Call(node, context)
        mark = self.marks.pop(node.id, "")
        call.go, call.defer = mark == "go", mark == "defer"
        self.facts.calls.append(call)
        waiting = self.waiting
        arguments = call.arguments
        for number in range(len(arguments) - 1, -1, -1):
            argument = arguments[number]
            kind = argument.type
            if kind not in _LEAF_KINDS:
                if kind in _PERHAPS_LITERAL:
                    self.closure_role(argument, Role("argument", call, number))
                waiting.append((argument, kind, context))
        function = call.function
        kind = function.type
        if kind == "selector_expression":
            self.selector(function, context)
        elif kind not in _LEAF_KINDS:
            self.closure_role(function, Role("called", call))
            waiting.append((function, kind, context))

    def selector(self, node: Node, context: Context) -> None:
        operand = node.child_by_field_name("operand")
        if operand is not None and (kind := operand.type) not in _LEAF_KINDS:
            self.waiting.append((operand, kind, context))

    def conversion(self, node: Node, context: Context) -> None:
        type_ = node.child_by_field_name("type")
        if type_ is not None and type_.type == "generic_type":
            self.call(node, context)
        else:
            self.push([(child, context) for child in node.named_children])

    def closure_role(self, node: Node, role: Role) -> None:
        node = syntax.unparenthesized(node) if node.type == "parenthesized_expression" else node
        if node.type == "func_literal":
            self.roles[node.id] = role

    def func_literal(self, node: Node, context: Context) -> None:
        closure = Closure(node, self.roles.pop(node.id, Role()), context)
        self.facts.closures.append(closure)
        body = closure.body
        if body is None:
            return
        self.parameters(node, body)
        inner = context.copy()
        inner.closures = (*context.closures, closure)
        self.waiting.append((body, "block", inner))

    def marked(self, node: Node, context: Context) -> None:
        for child in syntax.children(node):
            self.marks[child.id] = "go" if node.type == "go_statement" else "defer"
            self.waiting.append((child, child.type, context))

    def block(self, node: Node, context: Context) -> None:
        inner = context.copy()
        inner.end = node.end_byte
        self.push([(child, inner) for child in node.named_children])

    def statements(self, node: Node, context: Context) -> None:
        pushed: list[tuple[Node | None, Context]] = []
        for statement in node.named_children:
            kind = statement.type
            if kind == "comment":
                continue
            pushed.append((statement, context.stating(statement)))
            # `if a { return } else if b { return }`: behind it neither holds.
            branch: Node | None = statement
            while (
                branch is not None
                and branch.type == "if_statement"
                and len(context.conditions) < _DEEPEST_CONTEXT
                and _leaves(branch)
            ):
                guard = Condition("guard", branch, branch.child_by_field_name("condition"))
                self.facts.conditions.append(guard)
                context = context.within(guard)
                branch = branch.child_by_field_name("alternative")
        self.push(pushed)

    def labeled(self, node: Node, context: Context) -> None:
        self.push([(child, context.stating(child)) for child in syntax.children(node) if child.type != "label_name"])

    def if_statement(self, node: Node, context: Context) -> None:
        test, then = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        head = context.stating(node, then)
        head.end = node.end_byte
        holds, fails = Condition("if", node, test), Condition("else", node, test)
        initializer, otherwise = node.child_by_field_name("initializer"), node.child_by_field_name("alternative")
        deeper = len(context.conditions) < _DEEPEST_CONTEXT
        self.facts.conditions.append(holds)
        self.push([
            (initializer, head.stating(initializer) if initializer else head),
            (test, head),
            (then, head.within(holds) if deeper else head),
            (otherwise, head.within(fails) if deeper else head),
        ])  # fmt: skip

    def for_statement(self, node: Node, context: Context) -> None:
        loop = Loop(node, context.loops, context.closures)
        self.facts.loops.append(loop)
        head = context.stating(node, loop.body)
        head.end = node.end_byte
        inside = head.copy()
        inside.loops = (*context.loops, loop) if len(context.loops) < _DEEPEST_CONTEXT else context.loops
        pushed: list[tuple[Node | None, Context]] = []
        loop.kind = "infinite"
        for child in node.named_children:
            if child.type == "range_clause":
                self.range_clause(child, loop)
                pushed.append((loop.collection, head))
            elif child.type == "for_clause":
                self.for_clause(child, loop)
                pushed.append((child.child_by_field_name("initializer"), head))
                pushed.append((loop.condition, inside))
                pushed.append((child.child_by_field_name("update"), inside))
            elif child.type not in {"block", "comment"}:
                loop.kind, loop.condition = "for", child
                pushed.append((child, inside))
        pushed.append((loop.body, inside))
        self.push(pushed)

    def range_clause(self, clause: Node, loop: Loop) -> None:
        loop.collection = clause.child_by_field_name("right")
        loop.kind = "counted" if loop.collection is not None and loop.collection.type == "int_literal" else "range"
        left = clause.child_by_field_name("left")
        names = syntax.children(left) if left is not None else []
        declares = syntax.has_token(clause, ":=")
        for index, name in enumerate(names[:2]):
            called = syntax.text(name)
            if index == 0:
                loop.key = called
            else:
                loop.value = called
            if declares and name.type == "identifier" and loop.body is not None:
                self.facts.bind(
                    Binding(
                        called,
                        "range",
                        name,
                        loop.body.start_byte,
                        loop.node.end_byte,
                        value=loop.collection,
                        part=index,
                        parts=2,
                    )
                )

    def for_clause(self, clause: Node, loop: Loop) -> None:
        loop.condition = clause.child_by_field_name("condition")
        update, initializer = clause.child_by_field_name("update"), clause.child_by_field_name("initializer")
        if loop.condition is None:
            return
        loop.kind = "for"
        if update is None or loop.condition.type != "binary_expression":
            return
        left = loop.condition.child_by_field_name("left")
        counter = syntax.text(left) if left is not None else ""
        if _counts(update, counter):
            # A counter that was set before the loop (`for ; i < n; i++`) is none of its variables.
            loop.key = counter if initializer is not None else None
            loop.collection = _measured(loop.condition) or (_measured(initializer) if initializer is not None else None)
            loop.kind = "range" if loop.collection is not None else "counted"

    def switch(self, node: Node, context: Context) -> None:
        value = node.child_by_field_name("value")
        initializer = node.child_by_field_name("initializer")
        alias = node.child_by_field_name("alias")
        head = context.stating(node)
        last = value or alias or initializer
        head.last = (last, True) if last is not None else (node, False)
        head.end = node.end_byte
        pushed: list[tuple[Node | None, Context]] = [
            (initializer, head.stating(initializer) if initializer else head),
            (value, head),
        ]
        for case in node.named_children:
            kind = case.type
            if kind not in {"expression_case", "type_case", "default_case", "communication_case"}:
                continue
            self.case(case, node, alias, value, head, pushed)
        self.push(pushed)

    def case(
        self,
        case: Node,
        node: Node,
        alias: Node | None,
        value: Node | None,
        head: Context,
        pushed: list[tuple[Node | None, Context]],
    ) -> None:
        kind = case.type
        test = case.child_by_field_name("value") or case.child_by_field_name("communication")
        cases = tuple(syntax.fields(case, "type")) if kind == "type_case" else ()
        named: Literal["default", "select", "case"] = (
            "default" if kind == "default_case" else "select" if kind == "communication_case" else "case"
        )
        condition = Condition(named, case, test or (cases[0] if cases else None))
        self.facts.conditions.append(condition)
        if alias is not None:
            for name in syntax.children(alias):
                self.facts.bind(
                    Binding(syntax.text(name), "switch", name, case.start_byte, case.end_byte, value=value, cases=cases)
                )
        inner = head.within(condition, case.end_byte) if len(head.conditions) < _DEEPEST_CONTEXT else head
        if test is not None:
            of_test = head.stating(case)
            of_test.last = (test, True)
            of_test.end = case.end_byte
            pushed.append((test, of_test))
        pushed.extend((child, inner) for child in case.named_children if child.type == "statement_list")

    def receive(self, node: Node, context: Context) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and syntax.has_token(node, ":="):
            names = syntax.children(left)
            for index, name in enumerate(names):
                self.facts.bind(
                    Binding(
                        syntax.text(name),
                        "receive",
                        name,
                        node.end_byte,
                        context.end,
                        value=right,
                        part=index,
                        parts=len(names),
                    )
                )
        self.push([(right, context)])

    def declared(self, node: Node, context: Context) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        names = syntax.children(left) if left is not None else []
        values = syntax.children(right) if right is not None else []
        self.variables(node, names, values, ":=", None, context)

    def spec(self, node: Node, context: Context) -> None:
        value = node.child_by_field_name("value")
        values = syntax.children(value) if value is not None else []
        self.variables(node, syntax.fields(node, "name"), values, "var", node.child_by_field_name("type"), context)

    def variables(
        self,
        node: Node,
        names: Sequence[Node],
        values: Sequence[Node],
        operator: str,
        type_: Node | None,
        context: Context,
    ) -> None:
        kind: Literal["const", "var"] = "const" if node.type == "const_spec" else "var"
        for index, name in enumerate(names):
            matched = values[index] if len(values) == len(names) else values[0] if len(values) == 1 else None
            count = len(names) if len(values) == 1 else 1
            if name.type == "identifier":
                self.facts.bind(
                    Binding(
                        syntax.text(name),
                        kind,
                        name,
                        node.end_byte,
                        context.end,
                        type_,
                        matched,
                        index if count > 1 else 0,
                        count,
                    )
                )
            if matched is not None and count == 1:
                self.closure_role(matched, Role("assigned", name=syntax.text(name)))
        self.facts.assignments.append(Assignment(node, names, values, operator, context.loops, context.closures))
        self.push([(value, context) for value in values])

    def assigned(self, node: Node, context: Context) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        targets = syntax.children(left) if left is not None else []
        values = syntax.children(right) if right is not None else []
        operator = node.child_by_field_name("operator")
        self.facts.assignments.append(
            Assignment(
                node, targets, values, syntax.text(operator) if operator else "=", context.loops, context.closures
            )
        )
        if len(targets) == len(values):
            for target, value in zip(targets, values, strict=True):
                if target.type == "selector_expression" and (name := target.child_by_field_name("field")):
                    self.closure_role(value, Role("assigned", name=syntax.text(name)))
                else:
                    self.closure_role(
                        value, Role("assigned", name=syntax.text(target) if target.type == "identifier" else "")
                    )
        self.push([(child, context) for child in (*targets, *values)])

    def increment(self, node: Node, context: Context) -> None:
        targets = syntax.children(node)
        operator = "++" if node.type == "inc_statement" else "--"
        self.facts.assignments.append(Assignment(node, targets, (), operator, context.loops, context.closures))
        self.push([(child, context) for child in targets])

    def local_type(self, node: Node, context: Context) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self.facts.bind(Binding(syntax.text(name), "type", name, name.start_byte, context.end, node))

    def composite(self, node: Node, context: Context) -> None:
        type_, body = node.child_by_field_name("type"), node.child_by_field_name("body")
        self.facts.composites.append(Composite(node, type_, context.loops, context.closures))
        if body is not None:
            self.literal(body, type_, context)

    def inner_literal(self, node: Node, context: Context) -> None:
        self.facts.composites.append(Composite(node, None, context.loops, context.closures))
        self.literal(node, None, context)

    def literal(self, body: Node, type_: Node | None, context: Context) -> None:
        pushed: list[tuple[Node | None, Context]] = []
        for element in body.named_children:
            key, value = element.child_by_field_name("key"), element.child_by_field_name("value")
            inner = syntax.children(value)[0:1] if value is not None else []
            if key is not None and inner:
                self.closure_role(inner[0], Role("value", name=syntax.text(key), composite=type_))
                # A struct's key is a field's name and no expression; a map's may be one with calls in it.
                pushed.append((key, context))
                pushed.append((value, context))
            else:
                pushed.append((element, context))
        self.push(pushed)

    def returned(self, node: Node, context: Context) -> None:
        self.facts.returns.append((node, context.closures))
        for child in syntax.children(node):
            for value in syntax.children(child):
                self.closure_role(value, Role("returned"))
        self.push([(child, context) for child in node.named_children])


_HANDLERS = {
    "selector_expression": _Walk.selector,
    "call_expression": _Walk.call,
    "type_conversion_expression": _Walk.conversion,
    "func_literal": _Walk.func_literal,
    "go_statement": _Walk.marked,
    "defer_statement": _Walk.marked,
    "block": _Walk.block,
    "statement_list": _Walk.statements,
    "labeled_statement": _Walk.labeled,
    "if_statement": _Walk.if_statement,
    "for_statement": _Walk.for_statement,
    "expression_switch_statement": _Walk.switch,
    "type_switch_statement": _Walk.switch,
    "select_statement": _Walk.switch,
    "receive_statement": _Walk.receive,
    "short_var_declaration": _Walk.declared,
    "var_spec": _Walk.spec,
    "const_spec": _Walk.spec,
    "assignment_statement": _Walk.assigned,
    "inc_statement": _Walk.increment,
    "dec_statement": _Walk.increment,
    "type_spec": _Walk.local_type,
    "type_alias": _Walk.local_type,
    "composite_literal": _Walk.composite,
    "literal_value": _Walk.inner_literal,
    "return_statement": _Walk.returned,
}


def _counts(update: Node, counter: str) -> bool:
    """Say whether a loop's update is `counter++`, `counter--`, `counter += ...` or the like."""
    if update.type in {"inc_statement", "dec_statement"}:
        changed = syntax.children(update)[:1]
    elif update.type == "assignment_statement" and not syntax.has_token(update, "="):
        left = update.child_by_field_name("left")
        changed = syntax.children(left) if left is not None else []
    else:
        return False
    return [syntax.text(node) for node in changed] == [counter]


def _measured(node: Node) -> Node | None:
    """Give x of a `len(x)` in a counting loop's head: such a loop is a range over x."""
    for inner in syntax.walk(node):
        if inner.type == "call_expression":
            function, given = inner.child_by_field_name("function"), inner.child_by_field_name("arguments")
            arguments = syntax.children(given) if given is not None else []
            if function is not None and len(arguments) == 1 and syntax.text(function) == "len":
                return arguments[0]
    return None


def _leaves(statement: Node) -> bool:
    """Say whether an `if` leaves its block where its test holds: what follows is reached where it does not, through an `else`
    or not."""
    then = statement.child_by_field_name("consequence")
    if then is None:
        return False
    inner = [child for child in then.named_children if child.type == "statement_list"]
    last = syntax.children(inner[-1])[-1:] if inner else []
    if not last:
        return False
    if last[0].type in _LEAVES:
        return True
    if last[0].type == "expression_statement":
        called = syntax.children(last[0])[:1]
        function = called[0].child_by_field_name("function") if called else None
        name = syntax.text(function).rpartition(".")[2] if function is not None else ""
        return name in {"panic", "Exit", "Goexit"} or name.startswith("Fatal")
    return False
