"""Go source as a syntax tree. The only module that names tree_sitter; see the grammar's node types at tree-sitter-go's
`src/node-types.json`.
"""

import re
from collections.abc import Callable, Iterator

import tree_sitter_go
from tree_sitter import Language, Node, Parser, Point, Range

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Node",
    "Unparseable",
    "blanked",
    "children",
    "contains",
    "end_line",
    "field",
    "fields",
    "has_token",
    "line",
    "parse",
    "parse_range",
    "path",
    "root",
    "same",
    "text",
    "unparenthesized",
    "walk",
]

MAX_BYTES = 2 * 1024 * 1024
"""The largest hand-written or generated Go file of Kubernetes is 1.55 MB; a tree needs about 50 times the bytes."""

MAX_DEPTH = 500
"""Kubernetes' deepest nesting of brackets is 37; what is deeper is hostile, and costs the parser quadratic time."""

_LANGUAGE = Language(tree_sitter_go.language())

# Strings and comments, an unfinished one up to where Go would end it; the loops are unrolled so that long ones need no
# memory.
_OPAQUE = re.compile(
    rb"""//[^\n]*|/\*[^*]*(?:\*+[^*/][^*]*)*(?:\*+/|\Z|\*+\Z)|`[^`]*(?:`|\Z)"""
    rb"""|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?""",
    re.DOTALL,
)
_NEWLINES_ONLY = bytes(byte if byte == 10 else 32 for byte in range(256))
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"(){}[]")


class Unparseable(Exception):
    """Bytes that are refused before they are parsed; its text says why."""


def parse(source: bytes) -> Node:
    """Give the root of the syntax tree of `source`; Unparseable for what is too large, too deeply nested, or no text.
    Broken Go gives a tree with errors.
    """
    return parse_range(source, 0, len(source), 0)


def parse_range(source: bytes, start: int, end: int, row: int) -> Node:
    """Parse source[start:end] alone; `start` is the first byte of the 0-based `row`. The nodes' bytes and lines are
    those of the whole source.
    """
    check(source, start, end)
    if start == 0 and end == len(source):
        return Parser(_LANGUAGE).parse(source).root_node
    last = Point(row + source.count(b"\n", start, end), end - (source.rfind(b"\n", start, end) + 1 or start))
    # Parsing a range instead of a copy keeps the positions right and costs nothing.
    parser = Parser(_LANGUAGE, included_ranges=[Range(Point(row, 0), last, start, end)])
    return parser.parse(source).root_node


def check(source: bytes, start: int = 0, end: int | None = None) -> None:
    """Raise Unparseable if source[start:end] must not be parsed."""
    end = len(source) if end is None else end
    if end - start > MAX_BYTES:
        raise Unparseable(f"it has {end - start:,} bytes, more than {MAX_BYTES:,}")
    if source.find(b"\0", start, end) >= 0:
        raise Unparseable("it holds a zero byte, so it is no text")
    openings = source.count(b"{", start, end) + source.count(b"(", start, end) + source.count(b"[", start, end)
    if openings > MAX_DEPTH and (depth := _depth(source[start:end])) > MAX_DEPTH:
        raise Unparseable(f"its brackets are nested {depth} deep, more than {MAX_DEPTH}")


def _depth(source: bytes) -> int:
    depth = deepest = 0
    for bracket in _OPAQUE.sub(b"", source).translate(None, _NOT_BRACKETS):
        if bracket in b"({[":
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


def blanked(source: bytes) -> bytes:
    """Give `source` with every string and comment replaced by blanks of the same length; newlines stay."""
    return _OPAQUE.sub(lambda match: match[0].translate(_NEWLINES_ONLY), source)


def text(node: Node) -> str:
    """Give the source text of `node`; bytes that are no UTF-8 become U+FFFD."""
    return (node.text or b"").decode("utf-8", "replace")


def line(node: Node) -> int:
    """Give the 1-based line on which `node` begins."""
    return node.start_point[0] + 1


def end_line(node: Node) -> int:
    """Give the 1-based line on which `node` ends."""
    return node.end_point[0] + 1


def field(node: Node, name: str) -> Node | None:
    """Give the child of `node` in the grammar's field `name`."""
    return node.child_by_field_name(name)


def fields(node: Node, name: str) -> list[Node]:
    """Give all named children of `node` in the grammar's field `name`."""
    return [child for child in node.children_by_field_name(name) if child.is_named]


def children(node: Node) -> list[Node]:
    """Give the named children of `node` without comments."""
    return [child for child in node.named_children if child.type != "comment"]


def has_token(node: Node, token: str) -> bool:
    """Say whether `token` (":=", "*") is a direct child of `node`."""
    return any(child.type == token for child in node.children)


def walk(node: Node, into: Callable[[Node], bool] | None = None) -> Iterator[Node]:
    """Yield `node` and all named nodes below it in source order, without going below those for which `into` is false."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if into is None or into(current):
            waiting.extend(reversed(current.named_children))


def same(one: Node | None, other: Node | None) -> bool:
    """Say whether two nodes of one file are the same place of the source."""
    if one is None or other is None:
        return False
    return (one.start_byte, one.end_byte, one.kind_id) == (other.start_byte, other.end_byte, other.kind_id)


def contains(outer: Node, inner: Node) -> bool:
    """Say whether a node of a file is, or is part of, another one."""
    return outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def unparenthesized(node: Node) -> Node:
    """Give the expression or type inside any parentheses around it."""
    while node.type in {"parenthesized_expression", "parenthesized_type"}:
        inner = children(node)
        if len(inner) != 1:
            return node
        node = inner[0]
    return node


def root(node: Node) -> str:
    """Give the name of the variable of which `a.b[i].c` or `*a` is a part, "" for what is part of none."""
    while True:
        node = unparenthesized(node)
        if node.type in {"identifier", "package_identifier"}:
            return text(node)
        operand = node.child_by_field_name("operand")
        if operand is None or node.type not in {"selector_expression", "index_expression", "unary_expression"}:
            return ""
        node = operand


def path(node: Node) -> list[str] | None:
    """Give the names of `a.b.c` as ["a", "b", "c"]; None for what is no chain of plain names. Calls, `&`, `*` and
    parentheses end it.
    """
    names: list[str] = []
    while node.type == "selector_expression":
        name, operand = node.child_by_field_name("field"), node.child_by_field_name("operand")
        if name is None or operand is None:
            return None
        names.append(text(name))
        node = operand
    if node.type not in {"identifier", "package_identifier", "type_identifier"}:
        return None
    names.append(text(node))
    names.reverse()
    return names
