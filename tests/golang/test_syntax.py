from collections.abc import Callable

import pytest

from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node, Unparseable


def test_lines_and_text_of_a_range_are_those_of_the_whole_source() -> None:
    source = b"package p\n\nfunc one() {}\n\nfunc two() {\n\ttext()\n}\n"
    root = syntax.parse_range(source, source.index(b"func two"), len(source), 4)
    assert [child.type for child in root.named_children] == ["function_declaration"]
    declaration = root.named_children[0]
    assert (syntax.line(declaration), syntax.end_line(declaration)) == (5, 7)
    call = next(node for node in syntax.walk(declaration) if node.type == "call_expression")
    assert (syntax.text(call), syntax.line(call)) == ("text()", 6)


def test_walk_goes_in_source_order_and_not_below_what_is_left_out() -> None:
    root = syntax.parse(b"package p\nfunc f() { a(func() { b() }); c() }\n")

    def called(into: Callable[[Node], bool] | None = None) -> list[str]:
        calls = [node for node in syntax.walk(root, into) if node.type == "call_expression"]
        return [syntax.text(function) for call in calls if (function := syntax.field(call, "function"))]

    assert called() == ["a", "b", "c"]
    assert called(lambda node: node.type != "func_literal") == ["a", "c"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"package p\n" + b"// x" * 1_000_000, "bytes"),
        (b"package p\n\0", "zero byte"),
        (b"package p\nvar x = " + b"(" * 501 + b")" * 501, "501 deep"),
        (b"package p\nfunc f() " + b"{" * 100_000, "100000 deep"),
        (b"package p\nfunc f() " + b'{ "}"; ' * 600, "600 deep"),
    ],
)
def test_refused_before_the_parser_sees_it(source: bytes, reason: str) -> None:
    with pytest.raises(Unparseable, match=reason):
        syntax.parse(source)


@pytest.mark.parametrize(
    "source",
    [
        b"package p\nvar x = `" + b"{" * 1000 + b"`\n",
        b'package p\nvar x = "' + b"{" * 1000 + b'"\n',
        b"package p\n// " + b"{" * 1000 + b"\n",
        b"package p\n/* " + b"{" * 1000 + b"*/\n",
        b"package p\nvar x = '{'\n" + b"func f() { g() }\n" * 1000,
        b"package p\nvar x = []byte{'\\'', '{'}\n",
    ],
)
def test_brackets_in_strings_and_comments_are_not_nesting(source: bytes) -> None:
    assert not syntax.parse(source).has_error


def test_invalid_utf8_is_read_with_replacement_characters() -> None:
    root = syntax.parse(b'package p\nvar x = "\xff"\n')
    literal = next(node for node in syntax.walk(root) if node.type == "interpreted_string_literal")
    assert syntax.text(literal) == '"\ufffd"'


@pytest.mark.parametrize(
    ("expression", "names"),
    [("a", ["a"]), ("a.b.c", ["a", "b", "c"]), ("a().b", None), ("a[0].b", None), ("(*a).b", None), ("1", None)],
)
def test_path_of_plain_names(expression: str, names: list[str] | None) -> None:
    root = syntax.parse(f"package p\nvar x = {expression}\n".encode())
    spec = next(node for node in syntax.walk(root) if node.type == "var_spec")
    value = syntax.field(spec, "value")
    assert value is not None
    assert syntax.path(syntax.children(value)[0]) == names


def test_blanked_keeps_the_length_and_the_lines() -> None:
    source = b'a := "x" // y\nb := `one\ntwo` /* three\nfour */ + \'"\'\n'
    blank = syntax.blanked(source)
    assert len(blank) == len(source)
    assert blank.split() == [b"a", b":=", b"b", b":=", b"+"]
    assert [i for i, byte in enumerate(blank) if byte == 10] == [i for i, byte in enumerate(source) if byte == 10]
