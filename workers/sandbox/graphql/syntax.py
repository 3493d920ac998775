"""Reads GraphQL documents: operations, fields, arguments, fragments. What it gives is plain data for graphql.py to answer."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(
    r"""
    (?P<skip>[\s,\ufeff]+|\#[^\n]*)
    | (?P<block>\"\"\"(?:\\\"\"\"|.)*?\"\"\")
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[_A-Za-z]\w*)
    | (?P<punctuation>\.\.\.|[!$():=@\[\]{}|&])
    """,
    re.VERBOSE | re.DOTALL,
)


class GraphQLError(Exception):
    """A document or a field that cannot be answered: GitHub's type of the error, its sentence and its extensions."""

    def __init__(self, message: str, kind: str | None = None, extensions: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.extensions = extensions


@dataclass(frozen=True)
class Variable:
    """A reference to a variable, to be replaced by its value."""

    name: str


@dataclass
class Selection:
    """A field, or (with `name` "...") a fragment: `on` is its type, `fragment` the name of one defined elsewhere."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    selections: list["Selection"] = field(default_factory=list)
    on: str | None = None
    fragment: str | None = None


@dataclass
class Document:
    """The operations of a document by name ("" without), and its fragments."""

    operations: dict[str, tuple[str, dict[str, Any], list[Selection]]] = field(default_factory=dict)
    fragments: dict[str, Selection] = field(default_factory=dict)


def parse(text: str) -> Document:
    """Read a document.

    Raises:
        GraphQLError: it is not GraphQL.
    """
    return _Parser(text).document()


class _Parser:
    """A recursive descent over the tokens."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, expected: str | None = None) -> str:
        token = self._peek()
        if not token or (expected is not None and token != expected):
            raise GraphQLError(
                f"Parse error on {token or 'end of file'!r}" + (f" (expected {expected!r})" if expected else "")
            )
        self._at += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._peek() == token:
            self._at += 1
            return True
        return False

    def document(self) -> Document:
        """Read everything."""
        document = Document()
        while self._peek():
            if self._peek() == "{":
                document.operations[""] = ("query", {}, self._selections())
                continue
            kind = self._take()
            if kind == "fragment":
                name = self._take()
                self._take("on")
                document.fragments[name] = Selection("...", name, on=self._take(), selections=self._selections())
            elif kind in ("query", "mutation"):
                name = "" if self._peek() in "({" else self._take()
                document.operations[name] = (kind, self._variables(), self._selections())
            else:
                raise GraphQLError(f"Parse error on {kind!r}")
        if not document.operations:
            raise GraphQLError("A query attribute must be specified and must be a string.")
        return document

    def _variables(self) -> dict[str, Any]:
        """Read the declared variables; give their defaults (None without)."""
        found: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                self._take("$")
                name = self._take()
                self._take(":")
                while self._peek() not in ("=", "$", ")"):
                    self._take()
                found[name] = self._value() if self._accept("=") else None
        return found

    def _selections(self) -> list[Selection]:
        self._take("{")
        found = []
        while not self._accept("}"):
            found.append(self._fragment() if self._accept("...") else self._field())
        return found

    def _fragment(self) -> Selection:
        if self._peek() == "{":
            return Selection("...", "", selections=self._selections())
        name = self._take()
        if name == "on":
            return Selection("...", "", on=self._take(), selections=self._selections())
        return Selection("...", "", fragment=name)

    def _field(self) -> Selection:
        alias = name = self._take()
        if self._accept(":"):
            name = self._take()
        arguments: dict[str, Any] = {}
        if self._accept("("):
            while not self._accept(")"):
                argument = self._take()
                self._take(":")
                arguments[argument] = self._value()
        selections = self._selections() if self._peek() == "{" else []
        return Selection(name, alias, arguments, selections)

    def _value(self) -> Any:
        if self._at >= len(self._tokens):
            raise GraphQLError("Parse error on 'end of file'")
        kind, token = self._tokens[self._at]
        self._at += 1
        if token == "$":  # noqa: S105
            return Variable(self._take())
        if token == "[":  # noqa: S105
            items = []
            while not self._accept("]"):
                items.append(self._value())
            return items
        if token == "{":  # noqa: S105
            fields = {}
            while not self._accept("}"):
                name = self._take()
                self._take(":")
                fields[name] = self._value()
            return fields
        if kind == "number":
            return json.loads(token)
        if kind == "string":
            return json.loads(token)
        if kind == "block":
            return token[3:-3]
        if kind == "name":
            return {"true": True, "false": False, "null": None}.get(token, token)
        raise GraphQLError(f"Parse error on {token!r}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = TOKEN.match(text, position)
        if found is None:
            raise GraphQLError(f"Parse error on {text[position]!r}")
        position = found.end()
        kind = found.lastgroup or ""
        if kind != "skip":
            yield kind, found.group()
