"""Who may import whom (README, "How it is built")."""

import ast
import pathlib
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[2]
_BELOW = ("analyzers.golang", "analyzers.kubernetes")
ALLOWED = {
    "analyzers/golang": {"analyzers.golang"},
    "analyzers/kubernetes": {"analyzers.golang", "analyzers.kubernetes"},
    "analyzers/analysis": {*_BELOW, "analyzers.analysis"},
    "analyzers/news": {*_BELOW, "analyzers.analysis", "analyzers.news"},
    "analyzers/weighing": {*_BELOW, "analyzers.analysis", "analyzers.news", "analyzers.weighing"},
    "analyzers/rules": {*_BELOW, "analyzers.analysis", "analyzers.news", "analyzers.weighing", "analyzers.rules"},
    "analyzers/driver": {*_BELOW, "analyzers.analysis", "analyzers.news", "analyzers.weighing", "analyzers.driver"},
    "analyzers": {"analyzers"},
    "bot": {"analyzers.analysis", "analyzers.catalogue", "analyzers.kubernetes", "bot"},
}
NO_IO = {"os", "socket", "subprocess", "requests", "urllib", "time", "datetime", "sqlite3", "redis", "flask", "github"}


def _imports(path: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = [path.relative_to(ROOT) for folder in ("analyzers", "bot") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports(path: pathlib.Path) -> None:
    layer = next(layer for layer in ALLOWED if path.is_relative_to(layer))
    for name in _imports(ROOT / path):
        top = name.split(".")[0]
        if top in {"analyzers", "bot", "workers", "tests"}:
            assert (
                any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED[layer])
                or name == "analyzers.catalogue"
            ), name
        if path.is_relative_to("analyzers"):
            assert top not in NO_IO, f"{path} imports {name}: analyzers do no I/O"
            assert top != "tree_sitter" or path.is_relative_to("analyzers/golang/facts"), (
                f"only analyzers.golang.facts names tree_sitter, not {path}"
            )
