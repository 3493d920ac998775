"""The catalogue of rules, read from the files beside this one: names and documentation without importing a rule."""

import ast
import functools
import hashlib
import importlib
import pathlib
from collections.abc import Iterable
from importlib import metadata

from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.documentation import Documentation

_FOLDER = pathlib.Path(__file__).parent
_NO_RULE = {"__init__", "catalogue"}


class UnknownRule(LookupError):
    """A name that is no rule's; says which there are."""


@functools.cache
def names() -> tuple[str, ...]:
    """Give the names of all rules, sorted: file name explicit_list.py, rule name explicit-list."""
    return tuple(sorted(path.stem.replace("_", "-") for path in _FOLDER.glob("*.py") if path.stem not in _NO_RULE))


@functools.cache
def documentation(name: str) -> Documentation:
    """Give a rule's documentation from its module's docstring; UnknownRule, or Undocumented if a part is missing."""
    if name not in names():
        raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    module = ast.parse((_FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8"))
    return Documentation.parse(name, ast.get_docstring(module))


@functools.cache
def version(name: str) -> str:
    """Identify a rule as it is now, in eight characters: its module's text and the project's version."""
    if name not in names():
        raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    text = (_FOLDER / f"{name.replace('-', '_')}.py").read_bytes()
    return hashlib.sha256(text + metadata.version("scalability-bot").encode()).hexdigest()[:8]


def load(selected: Iterable[str] | None = None) -> list[Analyzer]:
    """Import the rules (all, or those named) and give them ready to run; UnknownRule for a name that is none's."""
    wanted = names() if selected is None else tuple(selected)
    for name in wanted:
        if name not in names():
            raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    return [
        Analyzer(name, getattr(importlib.import_module(f"analyzers.{name.replace('-', '_')}"), name.replace("-", "_")))
        for name in wanted
    ]
