"""What a program tells its controller-runtime managers, wherever in the program it stands, and which files are the program's.

Source: controller-runtime pkg/manager (Options), pkg/cache (ByObject), pkg/client (CacheOptions.DisableFor; until 0.14
ClientDisableCacheFor): reads of the kinds that are left out are live.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import component
from analyzers.kubernetes.requests import restraints
from analyzers.kubernetes.requests.restraints import Restraint

_PARTS_OF_ONE = frozenset({"cmd", "pkg", "internal", "api", "apis", "controllers"})
_SKIPPED_FOLDERS = frozenset({"vendor", "Godeps", "third_party", "staging", "testdata", "docs", "test", "hack"})
USES = re.compile(rb"sigs\.k8s\.io/controller-runtime")


class Manager(NamedTuple):
    """What the options of a program's managers say, wherever in the program they stand: what they restrict, and the kinds
    that their clients read live. With several managers in one project, what one of them says."""

    restraints: tuple[Restraint, ...]
    left_out: frozenset[str]

    @property
    def transforms(self) -> bool:
        """Whether objects are made smaller before they are kept."""
        return any(each.family == "transform" for each in self.restraints)

    def restricts(self, kind: str) -> bool:
        """Say whether fewer objects of a kind are kept than there are; those of no namespace are not fewer for one."""
        anywhere = resources.plural(kind) in resources.CLUSTER_SCOPED
        return any(
            each.family == "selection"
            and each.kind in {"", kind}
            and not (anywhere and each.name in restraints.BY_NAMESPACE)
            for each in self.restraints
        )


_PROGRAM = re.compile(r"^((?:.*/)?cmd/[^/]+)/")
_OFTEN = frozenset({"Namespace", "Namespaces"})
_TOGETHER = tuple((word, "Options", "runtime") for word in sorted(_OFTEN))
"""What many files hold is looked for where options of controller-runtime's are."""
_managers: WeakKeyDictionary[PackageIndex, dict[str, Manager]] = WeakKeyDictionary()


def manager(index: PackageIndex, path: str) -> Manager:
    """Give what the managers of the program are told that the file at `path` belongs to."""
    known = _managers.setdefault(index, {})
    folder = project(index, path)
    program = _PROGRAM.match(path)
    key = f"{folder} {program[1] if program is not None else ''}"
    if key not in known:
        found = [
            each
            for file in files(index, folder, *((word,) for word in sorted(restraints.OF_MANAGER - _OFTEN)), *_TOGETHER)
            if _may_be_of(program, file.path) and USES.search(file.source)
            for function in (*file.functions, *file.initializers)
            for each in restraints.restraints(index, function)
            if each.of_manager
        ]
        left_out = frozenset(each.kind for each in found if each.family == "uncached")
        known[key] = Manager(tuple(each for each in found if each.family != "uncached"), left_out)
    return known[key]


def _may_be_of(program: re.Match[str] | None, path: str) -> bool:
    """Say whether a file may belong to a program, which those in the folders of other programs do not."""
    other = _PROGRAM.match(path)
    return program is None or other is None or other[1] == program[1]


def files(index: PackageIndex, folder: str, *words: tuple[str, ...]) -> Iterator[SourceFile]:
    """Yield the program's files in and below a folder that hold all words of one of these groups, in the order of paths."""
    paths = {path for group in words for path in index.words.files(*group)}
    for path in sorted(paths):
        if folder and not path.startswith(f"{folder}/"):
            continue
        if _SKIPPED_FOLDERS & set(path.split("/")[:-1]) or not component(path).reviewed:
            continue
        if (file := index.file(path)) is not None:
            yield file


def project(index: PackageIndex, path: str) -> str:
    """The folder at the top of the tree that holds a program of its own and the file at `path`; "" if there is none."""
    first = path.partition("/")[0]
    if "/" not in path or first in _PARTS_OF_ONE:
        return ""
    return first if index.modules.listing(first).keys() & {"cmd", "main.go", "go.mod"} else ""
