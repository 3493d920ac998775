"""Time series that a program takes back, as those of objects that are gone.

Sources: github.com/prometheus/client_golang prometheus/vec.go (MetricVec: DeleteLabelValues, Delete, DeletePartialMatch, Reset)
and registry.go (Unregister). Without them a vector gives the last value of each series that it ever had, until the process
ends.
"""

from collections.abc import Iterable, Iterator

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, dereferenced

_DELETING = ("DeleteLabelValues", "DeletePartialMatch")
"""Methods that nothing but a metric has."""
_TAKES_BACK = ("Delete", "Reset", "Remove", "Clear", "Prune", "Forget", "Unset", "Clean", "Expire", "Evict")
"""How methods begin that take series back: a vector's own, and those of a wrapper around it."""
_UNREGISTER = b"Unregister("
_MOST_FILES = 40


def are_removed(index: PackageIndex, source: SourceFile, variable: str) -> bool:
    """Say whether the program may remove series of the metric that a variable or field of a file holds: by its name, or of
    metrics that are reached in another way (in a list, by a parameter) in its package or one that it works with."""
    package = index.package_of(source.path)
    own = [file for file in package.files() if not file.test]
    named = _files(index, index.words.files(variable)) if variable else []
    calls = [f"{variable}.{each}".encode() for each in _TAKES_BACK] if variable else []
    if any(call in file.source for file in (*own, *named) for call in calls):
        return True
    if any(_UNREGISTER in file.source for file in own):
        return True
    if any(_may_take_back(index, file, bool(variable)) or _are_sent(file, variable) for file in own):
        return True
    path = index.import_path(source)
    near = {source.folder, *(file.folder for file in named)}
    for word in _DELETING:
        for file in _files(index, index.words.files(word)):
            works_with = file.folder in near or path in file.imports.values()
            imported = index.import_path(file) in {each for other in own for each in other.imports.values()}
            if (works_with or imported) and any(_of_any(each, call) for each, call in _deletions(file)):
                return True
    return False


def _may_take_back(index: PackageIndex, file: SourceFile, named: bool) -> bool:
    """Say whether a file resets, or deletes series of, a metric that a variable of a function stands for."""
    for function in file.functions:
        region = function.region
        if not any(file.source.find(each, region.start, region.end) >= 0 for each in (b".Reset()", b".Delete(")):
            continue
        for call in function.calls:
            if call.name not in {"Reset", "Delete"} or call.operand is None or not _of_any(function, call):
                continue
            of_type = dereferenced(Place(index, file, function).type_of(call.operand))
            if isinstance(of_type, Named) and of_type.name.endswith("Vec"):
                return True
            if not named and of_type is None:
                return True
    return False


def _are_sent(file: SourceFile, variable: str) -> bool:
    """Say whether a collector sends the series that it has just set, one by one: it gives what there is, whatever the vector
    keeps (`gauge := c.up.WithLabelValues(name)`, `metrics <- gauge`)."""
    given = f"{variable}.With".encode()
    return bool(variable) and any(
        function.body is not None
        and file.source.find(given, function.region.start, function.region.end) >= 0
        and any("chan<-" in syntax.text(each.type) for each in function.params)
        and any(each.type == "send_statement" for each in syntax.walk(function.body))
        for function in file.functions
    )


def _files(index: PackageIndex, paths: Iterable[str]) -> list[SourceFile]:
    found = (index.file(path) for path in list(paths)[:_MOST_FILES])
    return [file for file in found if file is not None and not file.test]


def _deletions(file: SourceFile) -> Iterator[tuple[Function, Call]]:
    for function in file.functions:
        region = function.region
        if any(file.source.find(each.encode(), region.start, region.end) >= 0 for each in _DELETING):
            yield from ((function, call) for call in function.calls if call.name in _DELETING)


def _of_any(function: Function, call: Call) -> bool:
    """Say whether a call deletes series of a metric that is not named: a variable of the function, or what a call gives."""
    path = syntax.path(call.operand) if call.operand is not None else None
    if path is None:
        return True
    if len(path) > 1:
        return False  # a field, or a variable of another package, by its own name
    return function.binding(path[0], call.node.start_byte) is not None
