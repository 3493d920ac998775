"""Change: the diff with the code before and after; what an analyzer is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diff import Diff, FileDiff
from analyzers.analysis.report import Skipped
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.naming import ENOUGH, Work, for_tests
from analyzers.golang.program.tree import Tree, Unreadable
from analyzers.golang.program.words import MemoryWords, WordStore
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.sizes import Sizes
from analyzers.kubernetes import struct_sizes
from analyzers.kubernetes.execution.components import Component, Kind, component
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests.external import EXTERNAL

DEEPER = 10
"""How many times the work a deep analysis may do to find who calls what."""


class ChangedFile:
    """One file of a change, with its text before and after, read when asked for."""

    def __init__(self, change: "Change", diff: FileDiff) -> None:
        self.change = change
        self.diff = diff
        self.path = diff.path
        self.old_path = diff.old_path
        self.found: dict[object, Any] = {}

    @cached_property
    def component(self) -> Component:
        """Where the file's code runs; the repository's configuration may say that it is every node."""
        found = component(self.path)
        if found.reviewed and self.change.configuration.on_every_node(self.path):
            return Component(found.name if found.every_node else "node agent", Kind.NODE)
        return found

    @cached_property
    def head(self) -> SourceFile | None:
        """The Go file after the change; None where it is gone, no Go, or cannot be read (then it is under skipped)."""
        return self._source(self.change.head_index, self.path) if self.diff.status != "removed" else None

    @cached_property
    def base(self) -> SourceFile | None:
        """The Go file before the change; None where it is new, no Go, or cannot be read."""
        return self._source(self.change.base_index, self.old_path) if self.old_path else None

    def text(self) -> str | None:
        """Give the file's text after the change (any language), None where it is gone or cannot be read."""
        return self._text(self.change.head, self.path) if self.diff.status != "removed" else None

    def old_text(self) -> str | None:
        """Give the file's text before the change, None where it is new or cannot be read."""
        return self._text(self.change.base, self.old_path) if self.old_path else None

    def added(self, first: int, last: int) -> bool:
        """Say whether one of the lines first..last after the change was added."""
        return self.diff.adds(first, last)

    def functions(self) -> tuple[Function, ...]:
        """Give the functions after the change in which a line was added or removed."""
        return self._touched

    def old_functions(self) -> tuple[Function, ...]:
        """Give the functions before the change in which a line was removed."""
        return self._cut

    @cached_property
    def _touched(self) -> tuple[Function, ...]:
        if self.head is None:
            return ()
        near = self.head.functions_near({*self.diff.added, *self.diff.deletions})
        return tuple(function for function in near if self.diff.touches(function.line, function.end_line))

    @cached_property
    def _cut(self) -> tuple[Function, ...]:
        if self.base is None:
            return ()
        near = self.base.functions_near(self.diff.removed)
        return tuple(function for function in near if self.diff.removes(function.line, function.end_line))

    def _source(self, index: PackageIndex, path: str) -> SourceFile | None:
        if not path.endswith(".go"):
            return None
        file = index.file(path)
        if file is not None and file.error:
            self.change.skip(path, file.error)
            return None
        return file

    def _text(self, tree: Tree, path: str) -> str | None:
        try:
            content = tree.read(path)
        except Unreadable as error:
            self.change.skip(path, str(error))
            return None
        return None if content is None else content.decode("utf-8", "replace")


@dataclass
class Change:
    """A diff, the trees it leads from and to, and the repository's configuration.

    deep: more work may be done to find who calls what.
    words: what is known of the words of its files, from this change or from others before it.
    """

    diff: Diff
    base: Tree
    head: Tree
    configuration: Configuration = field(default_factory=Configuration)
    deep: bool = False
    words: WordStore = field(default_factory=MemoryWords)

    def __post_init__(self) -> None:
        self.found: dict[object, Any] = {}
        self._skipped: dict[str, str] = {}
        # Files by blob id: what is the same before and after is read once.
        self._facts: dict[str, SourceFile] = {}

    @cached_property
    def files(self) -> tuple[ChangedFile, ...]:
        """All files of the change but those that the configuration leaves out."""
        return tuple(ChangedFile(self, file) for file in self.diff if not self.configuration.ignores(file.path))

    @cached_property
    def go_files(self) -> tuple[ChangedFile, ...]:
        """The hand-written Go files of the change that are no tests; removed ones too (their `head` is None)."""
        return tuple(
            file
            for file in self.files
            if file.path.endswith(".go") and file.component.reviewed and not self._not_reviewed(file)
        )

    @cached_property
    def head_index(self) -> PackageIndex:
        """The packages after the change."""
        return self._index(self.head)

    @cached_property
    def base_index(self) -> PackageIndex:
        """The packages before the change."""
        return self._index(self.base)

    def _index(self, tree: Tree) -> PackageIndex:
        index = PackageIndex(tree, external=EXTERNAL, facts=self._facts, words=self.words)
        # The first who asks for the calls decides how much work they may be.
        calls(index, Work(ENOUGH.question * DEEPER, ENOUGH.total * DEEPER) if self.deep else ENOUGH)
        return index

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of types after the change; well-known structs are known without their packages."""
        return Sizes(self.head_index, known=struct_sizes.at_least)

    @cached_property
    def base_sizes(self) -> Sizes:
        """The sizes of types before the change."""
        return Sizes(self.base_index, known=struct_sizes.at_least)

    def skip(self, path: str, reason: str) -> None:
        """Remember that a file could not be analysed, and why."""
        self._skipped.setdefault(path, reason)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be analysed, up to now, by path."""
        # An index that nobody asked for has skipped nothing, and is not made for this question.
        indexes = [self.__dict__[name] for name in ("base_index", "head_index") if name in self.__dict__]
        found = {path: reason for index in indexes for path, reason in index.skipped.items() if self._matters(path)}
        found.update(self._skipped)
        return tuple(Skipped(path, reason) for path, reason in sorted(found.items()))

    def _matters(self, path: str) -> bool:
        # A file for tests elsewhere in the program, which the change does not touch, would have changed nothing.
        return path in self.diff.by_path or component(path).reviewed

    def _not_reviewed(self, file: ChangedFile) -> bool:
        source = file.head or file.base
        return source is not None and (source.generated or for_tests(source))


S = TypeVar("S", Change, ChangedFile)
T = TypeVar("T")


def once(find: Callable[[S], T]) -> Callable[[S], T]:
    """Let something be found out once about a change, or a file of it, and be forgotten with it.

    It is kept in the change itself: what is found holds the change, so that no weak reference to it would ever end.
    """

    @wraps(find)
    def kept(subject: S) -> T:
        if find not in subject.found:
            subject.found[find] = find(subject)
        found: T = subject.found[find]
        return found

    return kept
