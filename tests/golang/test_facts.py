import pytest

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node

from .model import file_of, function_of


def text(node: Node | None) -> str | None:
    return None if node is None else (node.text or b"").decode()


def call_of(function: Function, name: str) -> Call:
    return next(call for call in function.calls if call.name == name)


def test_calls_of_a_chain_split_over_lines() -> None:
    function = function_of(
        """package p
func f() {
	x, err := c.client.
		Pods(ns).
		List(
			opts, all...,
		)
}
"""
    )
    listed, pods = function.calls
    assert (listed.name, listed.line, listed.end_line) == ("List", 5, 7)
    assert (listed.statement_line, listed.statement_end_line) == (3, 7)
    assert [argument.type for argument in listed.arguments] == ["identifier", "variadic_argument"]
    assert (pods.name, pods.line, pods.operand.text) == ("Pods", 4, b"c.client")


@pytest.mark.parametrize(
    ("call", "name", "operand", "arguments"),
    [
        ("g(1, 2)", "g", None, ["1", "2"]),
        ("p.g()", "g", "p", []),
        ("a.b().c(x)", "c", "a.b()", ["x"]),
        ("(a.b)(x)", "b", "a", ["x"]),
        ("g[T](x)", "g", None, ["x"]),
        ("g[T, U](x)", "g", None, ["x"]),
        ("g[T, U](x, y)", "g", None, ["x", "y"]),
        ("p.g[T](x)", "g", "p", ["x"]),
        ("p.g[T, U]()", "g", "p", []),
        ("fs[0](x)", "fs", None, ["x"]),
        ("func() {}()", "", None, []),
        ("(*T).m(x)", "m", "(*T)", ["x"]),
        ("make([]T, 3)", "make", None, ["[]T", "3"]),
        ("[]byte(x)", None, None, None),
    ],
)
def test_what_is_called(call: str, name: str | None, operand: str | None, arguments: list[str] | None) -> None:
    function = function_of(f"package p\nfunc f() {{ _ = {call} }}\n")
    if name is None:
        assert function.calls == []
        return
    found = function.calls[0]
    assert found.name == name
    assert text(found.operand) == operand
    assert [text(argument) for argument in found.arguments] == arguments


def test_loops_around_a_call() -> None:
    function = function_of(
        """package p
func f() {
	for _, a := range collection() {
		for i := 0; i < limit(); i++ {
			inner()
		}
	}
	for start(); more(); next() {
	}
	for cond() {
	}
	for {
		forever()
	}
	for range 3 {
	}
	after()
}
"""
    )
    kinds = {call.name: [loop.kind for loop in call.loops] for call in function.calls}
    assert kinds == {
        "collection": [],
        "limit": ["range", "counted"],
        "inner": ["range", "counted"],
        "start": [],
        "more": ["for"],
        "next": ["for"],
        "cond": ["for"],
        "forever": ["infinite"],
        "after": [],
    }
    assert [loop.kind for loop in function.loops] == ["range", "counted", "for", "for", "infinite", "counted"]
    outer, inner = function.loops[:2]
    assert (outer.key, outer.value, outer.variables, outer.line, outer.end_line) == ("_", "a", ("a",), 3, 7)
    assert outer.collection.text == b"collection()"
    assert (inner.key, inner.outer) == ("i", (outer,))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("i := 0; i < n; i++", "counted"),
        ("i := n; i > 0; i -= 2", "counted"),
        ("; i < n; i++", "counted"),
        ("i := 0; i < len(items); i++", "range"),
        ("i := len(items) - 1; i >= 0; i--", "range"),
        ("i := 0; i < n; j++", "for"),
        ("i := 0; i < n; ", "for"),
        ("; ; i++", "infinite"),
        ("e := l.Front(); e != nil; e = e.Next()", "for"),
        ("range ch", "range"),
        ("k = range m", "range"),
    ],
)
def test_kinds_of_loops(head: str, kind: str) -> None:
    assert function_of(f"package p\nfunc f() {{\n\tfor {head} {{\n\t}}\n}}\n").loops[0].kind == kind


def test_counting_up_to_a_length_is_a_range():
    (loop,) = function_of("package p\nfunc f() {\n\tfor i := 0; i < len(c.items); i++ {\n\t}\n}\n").loops
    assert (loop.key, loop.value, text(loop.collection)) == ("i", None, "c.items")


def test_statement_of_a_call_in_a_head_is_the_head() -> None:
    function = function_of(
        """package p
func f() {
	if err := one(); err != nil &&
		two() {
		three()
	}
	for four() {
		body()
	}
	switch five() {
	case six(),
		seven():
		eight()
	}
	return nine(func() {
		ten()
	})
}
"""
    )
    lines = {call.name: (call.statement_line, call.statement_end_line) for call in function.calls}
    assert lines == {
        "one": (3, 3),
        "two": (3, 4),
        "three": (5, 5),
        "four": (7, 7),
        "body": (8, 8),
        "five": (10, 10),
        "six": (11, 12),
        "seven": (11, 12),
        "eight": (13, 13),
        "nine": (15, 17),
        "ten": (16, 16),
    }


def test_what_becomes_of_a_function_literal() -> None:
    function = function_of(
        """package p
func f() {
	wait.Until(func() { argument() }, period)
	go func() { goroutine() }()
	defer func() { deferred() }()
	sync := func() { variable() }
	c.handler = func() { fieldOfC() }
	x := &cache.ListWatch{ListFunc: func(o Options) (Object, error) { return value() }}
	lw := map[string]func(){"a": func() { inMap() }}
	for range items {
		each(1, func() { inLoop() })
	}
	return func() { returned() }
}
"""
    )
    roles = {}
    for call in function.calls:
        if call.closures:
            closure = call.closures[-1]
            roles[call.name] = (closure.role, closure.call and closure.call.name, closure.argument, closure.name)
    assert roles == {
        "argument": ("argument", "Until", 0, ""),
        "goroutine": ("called", "", -1, ""),
        "deferred": ("called", "", -1, ""),
        "variable": ("assigned", None, -1, "sync"),
        "fieldOfC": ("assigned", None, -1, "handler"),
        "value": ("value", None, -1, "ListFunc"),
        "inMap": ("value", None, -1, '"a"'),
        "inLoop": ("argument", "each", 1, ""),
        "returned": ("returned", None, -1, ""),
    }
    by_name = {call.name: call for call in function.calls}
    assert by_name["goroutine"].closures[0].goes
    assert by_name["deferred"].closures[0].defers
    assert by_name["value"].closures[0].composite.text == b"cache.ListWatch"
    assert len(by_name["inLoop"].closures[0].loops) == 1


def test_go_and_defer_mark_only_the_call_they_start() -> None:
    function = function_of("package p\nfunc f() { go a(b()); defer c.d(); e() }\n")
    assert {call.name: (call.go, call.defer) for call in function.calls} == {
        "a": (True, False),
        "b": (False, False),
        "d": (False, True),
        "e": (False, False),
    }


def test_conditions_and_guards_before_a_call() -> None:
    function = function_of(
        """package p
func f() {
	if skip {
		return
	}
	if logged {
		log()
	}
	if fatal { panic("x") }
	if yes {
		then()
	} else if other {
		second()
	} else {
		third()
	}
	for _, x := range xs {
		if x.done {
			continue
		}
		each()
	}
	switch kind {
	case A, B:
		chosen()
	default:
		rest()
	}
	select {
	case <-stop:
		stopped()
	}
	last()
}
"""
    )

    def around(name):
        return [
            (condition.kind, condition.test and condition.test.text.decode())
            for condition in call_of(function, name).conditions
        ]

    guards = [("guard", "skip"), ("guard", "fatal")]
    assert around("log") == [("guard", "skip"), ("if", "logged")]
    assert around("then") == [*guards, ("if", "yes")]
    assert around("second") == [*guards, ("else", "yes"), ("if", "other")]
    assert around("third") == [*guards, ("else", "yes"), ("else", "other")]
    assert around("each") == [*guards, ("guard", "x.done")]
    assert around("chosen") == [*guards, ("case", "A, B")]
    assert around("rest") == [*guards, ("default", None)]
    assert around("stopped") == [*guards, ("select", "<-stop")]
    assert around("last") == guards


def test_assignments_and_composites() -> None:
    function = function_of(
        """package p
func f() {
	a, b := g()
	var c T = h()
	x.y = T{A: []U{{1}, {2}}}
	n++
	s += t
	for _, i := range is {
		list = append(list, i)
	}
}
"""
    )
    assert [
        (found.operator, [node.text.decode() for node in found.left], [node.text.decode() for node in found.right])
        for found in function.assignments
    ] == [
        (":=", ["a", "b"], ["g()"]),
        ("var", ["c"], ["h()"]),
        ("=", ["x.y"], ["T{A: []U{{1}, {2}}}"]),
        ("++", ["n"], []),
        ("+=", ["s"], ["t"]),
        ("=", ["list"], ["append(list, i)"]),
    ]
    assert len(function.assignments[-1].loops) == 1
    assert [found.type and found.type.text for found in function.composites] == [b"T", b"[]U", None, None]


def test_parameters_and_results() -> None:
    function = function_of("package p\nfunc (r *T[K]) f(a, b int, c ...string) (n int, err error) { return }\n", "T.f")
    assert [(found.name, found.type.text, found.variadic) for found in function.params] == [
        ("a", b"int", False),
        ("b", b"int", False),
        ("c", b"string", True),
    ]
    assert [(found.name, found.type.text) for found in function.results] == [("n", b"int"), ("err", b"error")]
    assert function.receiver is not None
    assert (function.receiver.name, function.receiver.type_name, function.receiver.pointer) == ("r", "T", True)
    assert function.receiver.type_params == ("K",)


def test_unnamed_parameters() -> None:
    function = function_of("package p\nfunc f(int, *T, ...string) error { return nil }\n")
    assert [(found.name, found.type.text, found.variadic) for found in function.params] == [
        ("", b"int", False),
        ("", b"*T", False),
        ("", b"string", True),
    ]
    assert [found.type.text for found in function.results] == [b"error"]


def test_calls_in_the_initial_value_of_a_package_variable() -> None:
    file = file_of(
        "package p\n\nvar command = &Command{\n\tRun: func() {\n\t\tfor _, x := range xs {\n\t\t\tg(x)\n\t\t}\n\t},\n}\n"
    )
    function = file.function_at(6)
    assert function is not None
    (call,) = function.calls
    assert (call.name, call.line, call.loops[0].variables, call.closures[0].name) == ("g", 6, ("x",), "Run")


def test_labels_and_goto() -> None:
    function = function_of("package p\nfunc f() {\nL:\n\tfor {\n\t\tg()\n\t\tcontinue L\n\t}\n\tgoto L\n}\n")
    assert [loop.kind for loop in call_of(function, "g").loops] == ["infinite"]


def test_broken_code_still_gives_the_calls_that_can_be_read() -> None:
    function = function_of("package p\nfunc f() {\n\ta(\n\tfor _, x := range {\n\tc.List(x)\n}\n")
    assert function is not None
    assert "List" in [call.name for call in function.calls]


def test_conditions_do_not_pile_up_without_end() -> None:
    function = function_of("package p\nfunc f() {\n" + "\tif a { return }\n" * 5000 + "\tg()\n}\n")
    assert len(call_of(function, "g").conditions) <= 60
