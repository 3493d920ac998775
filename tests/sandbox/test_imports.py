"""The sandbox is the other side of the wire: it knows nothing of what it tests."""

import ast
from pathlib import Path

SANDBOX = Path(__file__).parents[2] / "workers" / "sandbox"


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return names


def test_it_imports_nothing_of_the_bot_or_the_analyzers() -> None:
    for path in SANDBOX.rglob("*.py"):
        ours = {name for name in imported(path) if name.partition(".")[0] in ("analyzers", "bot", "workers")}
        assert ours <= ({"workers.command_line"} if path.name == "command.py" else set()), path
