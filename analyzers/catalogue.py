"""The catalogue of rules, read from the files of the folder rules: names and documentation without importing a rule."""

import ast
import functools
import hashlib
import importlib
import pathlib
from collections.abc import Iterable
from importlib import metadata

from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.documentation import Documentation, formerly

_FOLDER = pathlib.Path(__file__).with_name("rules")


class UnknownRule(LookupError):
    """A name that is no rule's; says which there are."""


@functools.cache
def _files() -> dict[str, pathlib.Path]:
    """Give each rule's file by its name: rules/explicit_list.py, or rules/explicit_list/__init__.py for one with helpers."""
    single = {path.stem: path for path in _FOLDER.glob("*.py") if path.stem != "__init__"}
    folders = {path.parent.name: path for path in _FOLDER.glob("*/__init__.py")}
    return {name.replace("_", "-"): path for name, path in sorted((single | folders).items())}


@functools.cache
def names() -> tuple[str, ...]:
    """Give the names of all rules, sorted: file name explicit_list.py, rule name explicit-list."""
    return tuple(sorted(_files()))


@functools.cache
def documentation(name: str) -> Documentation:
    """Give a rule's documentation from its module's docstring; UnknownRule, or Undocumented if a part is missing."""
    if name not in names():
        raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    module = ast.parse(_files()[name].read_text(encoding="utf-8"))
    return Documentation.parse(name, ast.get_docstring(module))


@functools.cache
def _successors() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, file in _files().items():
        for former in formerly(file.read_text(encoding="utf-8")):
            found.setdefault(former, []).append(name)
    return {former: tuple(rules) for former, rules in found.items()}


@functools.cache
def known() -> tuple[str, ...]:
    """Give all names that a person may write for a rule, sorted: the rules', and those that rules had before."""
    return tuple(sorted({*names(), *_successors()}))


@functools.cache
def meant(name: str) -> tuple[str, ...]:
    """Give the rules that a name stands for: the rule of that name, and those that had it before; UnknownRule if none."""
    found = (*((name,) if name in names() else ()), *_successors().get(name, ()))
    if not found:
        raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    return found


@functools.cache
def version(name: str) -> str:
    """Identify a rule as it is now, in eight characters: its own files' text and the project's version."""
    if name not in names():
        raise UnknownRule(f"there is no rule {name!r}: the rules are {', '.join(names())}")
    file = _files()[name]
    files = sorted(file.parent.glob("*.py")) if file.stem == "__init__" else [file]
    text = b"".join(each.read_bytes() for each in files)
    return hashlib.sha256(text + metadata.version("scalability-bot").encode()).hexdigest()[:8]


def load(selected: Iterable[str] | None = None, ignored: Iterable[str] = ()) -> list[Analyzer]:
    """Import the rules (all, or those that are meant by the names) and give them ready to run, those that are ignored marked;
    UnknownRule for a name that is none's."""
    wanted = names() if selected is None else dict.fromkeys(rule for name in selected for rule in meant(name))
    unheard = {rule for name in ignored for rule in meant(name)}
    return [_analyzer(name, name in unheard) for name in wanted]


def _analyzer(name: str, ignored: bool) -> Analyzer:
    function = name.replace("-", "_")
    module = importlib.import_module(f"analyzers.rules.{function}")
    return Analyzer(name, getattr(module, function), formerly(module.__doc__ or ""), ignored)
