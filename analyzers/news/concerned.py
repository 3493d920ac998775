"""Whose concern it is what code costs: a server's or a node's, not that of a person at a command line."""

import re

from analyzers.analysis.change import ChangedFile
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
    return _FAKE.match(type_name) is None
