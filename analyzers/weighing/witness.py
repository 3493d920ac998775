"""Witness: the lines of code that show how a place is reached, from its root down."""

from analyzers.analysis.diagnostic import Place
from analyzers.kubernetes.execution.callpaths import CallPath

_SHOWN = frozenset({"critical", "periodic", "event", "poll"})


def witness(path: CallPath) -> tuple[Place, ...]:
    """Give the functions on the way, the root first, each at its line; nothing where no root is known, or nothing lies between."""
    hinted = path.critical is not None and path.critical.hinted
    if path.root not in _SHOWN or hinted or len(path.functions) < 2:
        return ()
    return tuple(Place(each.file.path, each.line, each.line, each.key) for each in path.functions)
