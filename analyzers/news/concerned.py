"""Whose concern it is what code costs: a server's or a node's, not that of a person at a command line."""

import itertools
import re

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.kubernetes.execution.components import Kind

# A person waits for the command line, and tools run by themselves.
_UNCONCERNED = ("docs/", "hack/", "contrib/", "examples/", "example/", "build/", "cluster/", "test/", "tools/")
_FAKE = re.compile(r"(?i:fake|mock|stub)")


def concerned(file: ChangedFile, type_name: str = "") -> bool:
    """Say whether what a file's code (the methods of that type) costs is worth a word: it runs in a server, or on nodes."""
    if file.component.kind is Kind.CLI or file.path.startswith(_UNCONCERNED):
        return False
    if file.head is not None and b'"text/tabwriter"' in file.head.source:
        return False  # it prints tables for a person
    return _FAKE.match(type_name) is None and not taken_in(file)


def taken_in(file: ChangedFile) -> bool:
    """Say whether a new file is of a package that the program imported from elsewhere before, or a copy of one that the tree
    has: the same code ran already."""
    return (
        file.base is None and file.head is not None and (file.head.folder in _taken_in(file.change) or _is_copied(file))
    )


@once
def _is_copied(file: ChangedFile) -> bool:
    """Say whether nearly all lines of a new file stand in a file of the same name, as where a version of an API is forked."""
    if file.head is None:
        return False
    name = file.path.rpartition("/")[2]
    words = sorted({each.name for each in file.head.functions}, key=lambda each: (-len(each), each))[:_TELLING]
    index = file.change.base_index
    lines = _lines(file.head.source)
    if len(words) < _TELLING or len(lines) < _SHORT:
        return False
    copies = (index.file(path) for path in index.words.files(*words) if path.rpartition("/")[2] == name)
    return any(
        len(lines & _lines(each.source)) >= _NEARLY_ALL * len(lines)
        for each in itertools.islice(copies, _MOST_COPIES)
        if each
    )


_TELLING = 3
"""Names of functions that tell a file from others."""
_SHORT = 30
_NEARLY_ALL = 0.9
_MOST_COPIES = 5


def _lines(source: bytes) -> set[bytes]:
    """The different lines of a text that are long enough to say something."""
    return {line for each in source.splitlines() if len(line := each.strip()) > 3}


@once
def _taken_in(change: Change) -> frozenset[str]:
    """The folders of packages that took the place of an import of the same last name, in a file of the change."""
    new: dict[str, str] = {}
    for file in change.go_files:
        if file.base is None and file.head is not None:
            new[change.head_index.import_path(file.head)] = file.head.folder
    found: set[str] = set()
    for file in change.go_files if new else ():
        if file.base is None or file.head is None:
            continue
        before, after = set(file.base.imports.values()), set(file.head.imports.values())
        gone = {path.rpartition("/")[2] for path in before - after}
        found |= {new[path] for path in after - before if path in new and path.rpartition("/")[2] in gone}
    return frozenset(found)
