"""What a program tells its controller-runtime managers, wherever in the program it stands, and which files are the program's.

Source: controller-runtime pkg/manager (Options), pkg/cache (ByObject), pkg/client (CacheOptions.DisableFor; until 0.14
ClientDisableCacheFor): reads of the kinds that are left out are live.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.execution.node_programs import project
from analyzers.kubernetes.requests import restraints
from analyzers.kubernetes.requests.restraints import Restraint

_SKIPPED_FOLDERS = frozenset({"vendor", "Godeps", "third_party", "staging", "testdata", "docs", "test", "hack"})
USES = re.compile(rb"sigs\.k8s\.io/controller-runtime")


class Manager(NamedTuple):
    """What the options of a program's managers say, wherever in the program they stand: what they restrict, and the kinds
    that their clients read live. With several managers in one project, what one of them says."""

    restraints: tuple[Restraint, ...]
    left_out: frozenset[str]
    foreign: bool = False
    """Whether the cache is made by code that is not in the tree, which may restrict anything."""

    @property
    def transforms(self) -> bool:
        """Whether objects are made smaller before they are kept."""
        return any(each.family == "transform" for each in self.restraints)

    def restricts(self, kind: str) -> bool:
        """Say whether fewer objects of a kind are kept than there are; those of no namespace are not fewer for one."""
        anywhere = resources.plural(kind) in resources.CLUSTER_SCOPED
        return self.foreign or any(
            each.family == "selection"
            and each.kind in {"", kind}
            and not (anywhere and each.name in restraints.BY_NAMESPACE)
            for each in self.restraints
        )


_PROGRAM = re.compile(r"^((?:.*/)?cmd/[^/]+)/")
_OFTEN = frozenset({"Namespace", "Namespaces"})
_TOGETHER = tuple((word, "Options", "runtime") for word in sorted(_OFTEN))
"""What many files hold is looked for where options of controller-runtime's are."""
_managers: WeakKeyDictionary[PackageIndex, dict[tuple[str, str, frozenset[str] | None], Manager]] = WeakKeyDictionary()


def manager(index: PackageIndex, path: str, within: frozenset[str] | None = None) -> Manager:
    """Give what the managers of the program are told that the file at `path` belongs to, or (`within`) of the programs of nodes
    that these folders are the code of."""
    known = _managers.setdefault(index, {})
    folder = project(index, path)
    program = _PROGRAM.match(path)
    key = folder, program[1] if program is not None else "", within
    if key not in known:
        found = [
            each
            for file in files(
                index, folder, *((word,) for word in sorted(restraints.OF_MANAGER - _OFTEN)), *_TOGETHER, within=within
            )
            if _may_be_of(program, file.path) and USES.search(file.source)
            for function in (*file.functions, *file.initializers)
            if _may_tell(function)
            for each in restraints.restraints(index, function)
            if each.of_manager
        ]
        left_out = frozenset(each.kind for each in found if each.family == "uncached")
        foreign = any(
            _is_foreign(index, file)
            for file in files(index, folder, ("NewCache",), within=within)
            if _may_be_of(program, file.path)
        )
        known[key] = Manager(tuple(each for each in found if each.family != "uncached"), left_out, foreign)
    return known[key]


_TELLS = re.compile("|".join(rf"\b{word}\b" for word in sorted(restraints.OF_MANAGER - _OFTEN)).encode())
_TELLS_NAMESPACES = re.compile(rb"\bNamespaces?\b")
_OPTIONS = re.compile(rb"[oO]pt")


def _may_tell(function: Function) -> bool:
    """Say, without parsing, whether a function may hold options of a manager: of namespaces most functions speak."""
    source, start, end = function.file.source, function.region.start, function.region.end
    return _TELLS.search(source, start, end) is not None or (
        _TELLS_NAMESPACES.search(source, start, end) is not None and _OPTIONS.search(source, start, end) is not None
    )


_NEW_CACHE = re.compile(rb"\bNewCache\s*(?::|=)\s*(\w{1,80})\.\w")


def _is_foreign(index: PackageIndex, file: SourceFile) -> bool:
    """Say whether a file has a manager's cache made by a package that is neither in the tree nor controller-runtime's."""
    paths = [file.imports.get(match[1].decode(), "") for match in _NEW_CACHE.finditer(file.source)]
    return any(
        path and not path.startswith(restraints.CONTROLLER_RUNTIME) and index.package(path) is None for path in paths
    )


def _may_be_of(program: re.Match[str] | None, path: str) -> bool:
    """Say whether a file may belong to a program, which those in the folders of other programs do not."""
    other = _PROGRAM.match(path)
    return program is None or other is None or other[1] == program[1]


def files(
    index: PackageIndex, folder: str, *words: tuple[str, ...], within: frozenset[str] | None = None
) -> Iterator[SourceFile]:
    """Yield the program's files in and below a folder (with `within`: in one of those) that hold all words of one of these
    groups, in the order of paths."""
    paths = {path for group in words for path in index.words.files(*group)}
    for path in sorted(paths):
        if may_hold(path, folder, within) and (file := index.file(path)) is not None:
            yield file


def may_hold(path: str, folder: str, within: frozenset[str] | None = None) -> bool:
    """Say whether a path is one of the program's in and below a folder (with `within`: in one of those)."""
    if folder and not path.startswith(f"{folder}/"):
        return False
    if within is not None and posixpath.dirname(path) not in within:
        return False
    return not _SKIPPED_FOLDERS & set(path.split("/")[:-1]) and component(path).reviewed
