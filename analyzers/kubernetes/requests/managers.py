"""What a program tells its controller-runtime managers, wherever in the program it stands, and which files are the program's.

Source: controller-runtime pkg/manager (Options), pkg/cache (ByObject), pkg/client (CacheOptions.DisableFor; until 0.14
ClientDisableCacheFor): reads of the kinds that are left out are live.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.execution.programs import project
from analyzers.kubernetes.requests import restraints
from analyzers.kubernetes.requests.restraints import Restraint

_SKIPPED_FOLDERS = frozenset({"vendor", "Godeps", "third_party", "staging", "testdata", "docs", "test", "hack"})
USES = re.compile(rb"sigs\.k8s\.io/controller-runtime")


class Manager(NamedTuple):
    """What the options of a program's managers say, wherever in the program they stand. With several managers in one project,
    what one of them says."""

    restraints: tuple[Restraint, ...]
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
"""What many files hold is looked for where options of controller-runtime's are."""
_RESTRAINS = restraints.OF_MANAGER - restraints.LISTS
_Key = tuple[str, str, frozenset[str] | None]


def manager(index: PackageIndex, path: str, within: frozenset[str] | None = None) -> Manager:
    """Give what the managers of the program are told that the file at `path` belongs to, or (`within`) of the programs of nodes
    that these folders are the code of."""
    known: dict[_Key, Manager] = index.found.setdefault(manager, {})
    key = _key(index, path, within)
    if key not in known:
        found = _told(index, path, within, _RESTRAINS)
        made = _files_of(index, path, within, (("NewCache",),))
        known[key] = Manager(tuple(found), any(_is_foreign(index, file) for file in made))
    return known[key]


def left_out(index: PackageIndex, path: str, within: frozenset[str] | None = None) -> frozenset[str]:
    """Give the kinds that the clients of the same managers read live. Asked of each read: few programs name any."""
    known: dict[_Key, frozenset[str]] = index.found.setdefault(left_out, {})
    key = _key(index, path, within)
    if key not in known:
        found = _told(index, path, within, restraints.LISTS)
        known[key] = frozenset(
            each.kind for each in found if each.family == "uncached" and not _is_of_its_own_client(each)
        )
    return known[key]


def _is_of_its_own_client(found: Restraint) -> bool:
    """Say whether options are given to client.New: of a client that is made beside the manager's."""
    function, node = found.function, found.node
    return any(
        call.name in {"New", "NewWithWatch"}
        and call.node.start_byte < node.start_byte < call.node.end_byte
        and call.operand is not None
        and function.file.imports.get(syntax.text(call.operand)) == f"{restraints.CONTROLLER_RUNTIME}/pkg/client"
        for call in function.calls
    )


def _key(index: PackageIndex, path: str, within: frozenset[str] | None) -> _Key:
    program = _PROGRAM.match(path)
    return project(index, path), program[1] if program is not None else "", within


def _told(index: PackageIndex, path: str, within: frozenset[str] | None, names: frozenset[str]) -> Iterator[Restraint]:
    """The restraints of these names in the options of the program's managers."""
    groups = [(word, "Options", "runtime") if word in _OFTEN else (word,) for word in sorted(names)]
    tells = re.compile(b"|".join(rb"\b%b\b" % word.encode() for word in sorted(names - _OFTEN)))
    for file in _files_of(index, path, within, groups):
        if USES.search(file.source):
            for function in (*file.functions, *file.initializers):
                if _may_tell(function, tells, bool(names & _OFTEN)):
                    yield from (each for each in restraints.restraints(index, function) if each.name in names)


_TELLS_NAMESPACES = re.compile(rb"\bNamespaces?\b")
_OPTIONS = re.compile(rb"[oO]pt")


def _may_tell(function: Function, tells: re.Pattern[bytes], often: bool) -> bool:
    """Say, without parsing, whether a function may hold options of a manager: of namespaces most functions speak."""
    source, start, end = function.file.source, function.region.start, function.region.end
    return tells.search(source, start, end) is not None or (
        often
        and _TELLS_NAMESPACES.search(source, start, end) is not None
        and _OPTIONS.search(source, start, end) is not None
    )


def _files_of(
    index: PackageIndex, path: str, within: frozenset[str] | None, groups: Iterable[tuple[str, ...]]
) -> Iterator[SourceFile]:
    """The files that hold one of these groups of words and may belong to the program of the file at `path`, which those in the
    folders of other programs do not."""
    program = _PROGRAM.match(path)
    for file in files(index, project(index, path), *groups, within=within):
        other = _PROGRAM.match(file.path)
        if program is None or other is None or other[1] == program[1]:
            yield file


_NEW_CACHE = re.compile(rb"\bNewCache\s*(?::|=)\s*(\w{1,80})\.\w")


def _is_foreign(index: PackageIndex, file: SourceFile) -> bool:
    """Say whether a file has a manager's cache made by a package that is neither in the tree nor controller-runtime's."""
    paths = [file.imports.get(match[1].decode(), "") for match in _NEW_CACHE.finditer(file.source)]
    return any(
        path and not path.startswith(restraints.CONTROLLER_RUNTIME) and index.package(path) is None for path in paths
    )


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
