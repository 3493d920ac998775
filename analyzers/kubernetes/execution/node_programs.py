"""Which code of a repository runs on every node: what a DaemonSet's manifest starts, and what only that program imports.

For repositories that are laid out otherwise than kubernetes/kubernetes; components.py tells by folders first.
"""

import itertools
import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from analyzers.golang.facts.declaration import Function
from analyzers.golang.program.tree import Unreadable
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import volumes
from analyzers.kubernetes.execution.components import Component, Kind
from analyzers.kubernetes.execution.programs import ASIDE, programs, project
from analyzers.kubernetes.versions.dependencies import of_kubernetes

_MANIFEST_FOLDERS = (
    "deploy",
    "deployment",
    "deployments",
    "manifests",
    "config",
    "charts",
    "chart",
    "helm",
    "install",
    "build",
    "yaml",
    "kubernetes",
    "k8s",
    "cluster",
    "examples",
)
_ENDINGS = (".yaml", ".yml", ".yaml.in", ".tmpl")
_MOST_MANIFESTS = 300
_MOST_FOLDERS = 400
_DEEPEST_FOLDER = 5
_MOST_PACKAGES = 400
_WORKLOAD = re.compile(rb"^kind:\s*[\"']?(DaemonSet|Deployment|StatefulSet|Job|CronJob)\b", re.MULTILINE)
_PROGRAM = re.compile(
    rb"(?:image:|-\s+(?!image:)|command:\s*\[|args:\s*\[)\s*[\"']?(?:ko://)?(?:[\w.${}{}/-]*/)?([a-z][a-z0-9-]{2,})(?!:\s)(?=[:@\s\"',\]]|$)",
    re.MULTILINE,
)
"""The programs that a workload names: by its image, a command, an argument; ko (ko-build/ko) has the package's path for an
image, `ko://example.org/repo/cmd/agent`."""

_IMAGE = re.compile(rb"image:[ \t]*[\"']?([\w./:@-]{3,200})[\"']?[ \t]*$", re.MULTILINE)
"""An image that a manifest names in full: no template fills it in."""
_SELECTED = re.compile(
    rb"^(?P<indent>[ \t]*)nodeSelector:[ \t]*\n(?:(?P=indent)[ \t]+\S.*\n){0,8}?"
    rb"(?P=indent)[ \t]+[\"']?node-role\.kubernetes\.io/(?:master|control-plane)"
    rb"|matchExpressions:\s*-\s*key:\s*[\"']?node-role\.kubernetes\.io/(?:master|control-plane)[\"']?\s*operator:\s*(?:Exists|In)\b",
    re.MULTILINE,
)
"""A DaemonSet's pods that run on the control plane's nodes alone, by a selector or by affinity."""
_OF_CONTROL_PLANE = re.compile(r"controller-?manager$")
"""What a cluster's control plane runs, a chart's values say where (kubernetes/cloud-provider: cloud-controller-manager)."""


class _Folders(NamedTuple):
    """Folders of a repository whose code runs on every node, and those of which a program is run once or by a few; `agents`
    are those of each program that runs on every node."""

    everywhere: frozenset[str]
    few: frozenset[str]
    agents: tuple[frozenset[str], ...]


_known: WeakKeyDictionary[PackageIndex, _Folders] = WeakKeyDictionary()

_ANYWHERE = frozenset({Kind.OTHER, Kind.LIBRARY, Kind.CONTROLLER})
"""Where code is put that a program of every node may hold: controllers have folders of that name on nodes too."""
_KUBERNETES_OWN = frozenset({"kube-proxy", "kubelet volumes"})
"""Components of nodes whose folders are named for what other projects do elsewhere too: pkg/proxy, pkg/volume."""


def component_of(index: PackageIndex, path: str, by_folder: Component, function: Function | None = None) -> Component:
    """Give the component that the code at `path` runs in, of which components.py knows what its folder says; of a volume plugin
    the function tells."""
    if by_folder.every_node and function is not None and volumes.in_controller(index, function):
        return volumes.IN_CONTROLLER
    if by_folder.kind in _ANYWHERE and on_every_node(index, path):
        return Component("node agent", Kind.NODE)
    if by_folder.name in _KUBERNETES_OWN and _is_of_others(index) and not on_every_node(index, path):
        return Component("this code", Kind.OTHER)
    if by_folder.name == "node agent" and on_few(index, path):
        return Component("this code", Kind.OTHER)  # an agent of a cluster, not of a node
    return by_folder


def _is_of_others(index: PackageIndex) -> bool:
    """Say whether a tree names its module, and that is none of Kubernetes'."""
    return bool(index.modules.module_path) and not of_kubernetes(index.modules)


def on_every_node(index: PackageIndex, path: str) -> bool:
    """Say whether a DaemonSet's program is the only one of the repository's programs that holds the code at `path`."""
    return posixpath.dirname(path) in _folders(index).everywhere


def agents_code(index: PackageIndex, path: str) -> frozenset[str] | None:
    """Give the folders of all packages that those programs are made of that DaemonSets run and that alone hold the code at
    `path`; None where another program holds it too."""
    folder = posixpath.dirname(path)
    known = _folders(index)
    if folder not in known.everywhere:
        return None
    return frozenset().union(*(folders for folders in known.agents if folder in folders))


def on_few(index: PackageIndex, path: str) -> bool:
    """Say whether a program that a Deployment, a StatefulSet or a Job starts holds the code at `path`."""
    return posixpath.dirname(path) in _folders(index).few


def _folders(index: PackageIndex) -> _Folders:
    if index not in _known:
        known = programs(index)
        started, few = _started(index, known) if known else (set[str](), set[str]())
        held = {folder: _imported(index, folder) for folder in (known if started else few)}
        # What another project has programs of its own for may be theirs too.
        everywhere = {
            each
            for folder in started
            for each in held[folder]
            if project(index, f"{each}/") == project(index, f"{folder}/")
        }
        elsewhere = {each for folder in held if folder not in started for each in held[folder]}
        _known[index] = _Folders(
            frozenset(everywhere - elsewhere),
            frozenset(each for folder in few for each in held[folder]),
            tuple(frozenset(held[folder]) for folder in sorted(started)),
        )
    return _known[index]


def _started(index: PackageIndex, known: dict[str, str]) -> tuple[set[str], set[str]]:
    """The programs, by their folders, that DaemonSets alone run among the repository's manifests, and those that are run once
    or by a few."""
    everywhere: list[tuple[set[str], set[bytes]]] = []
    few: set[str] = set()
    images: set[bytes] = set()
    for path in itertools.islice(_manifests(index), _MOST_MANIFESTS):
        try:
            content = index.tree.read(path) or b""
        except Unreadable:
            continue
        if _WORKLOAD.search(content) is None:
            continue
        for document in re.split(rb"^---", content, flags=re.MULTILINE):
            kind = _WORKLOAD.search(document)
            if kind is not None:
                named = {_plain(match[1].decode()) for match in _PROGRAM.finditer(document)}
                found = {folder for folder, name in known.items() if _plain(name) in named}
                if kind[1] != b"DaemonSet" or _SELECTED.search(document) is not None:
                    few |= found
                    images.update([] if found else _IMAGE.findall(document))
                else:
                    few.update(each for each in found if _OF_CONTROL_PLANE.search(known[each]))
                    everywhere.append((found, set(_IMAGE.findall(document))))
    # What a Deployment starts that says no more than its image may be what a DaemonSet starts of the same one.
    return {each for found, own in everywhere if not own & images for each in found} - few, few


def _plain(name: str) -> str:
    """A program's name as folders and images spell it alike: with hyphens, underscores or neither."""
    return name.replace("-", "").replace("_", "")


def _manifests(index: PackageIndex) -> Iterator[str]:
    """The paths of what may be manifests: in the folders that are named for them first, then in all that may be a project."""
    top = index.modules.listing("")
    yield from (name for name, entry in top.items() if entry.kind == "blob" and name.endswith(_ENDINGS))
    others = [name for name, entry in top.items() if entry.kind == "tree" and not name.startswith(".")]
    seen = set(ASIDE)
    for folders in (_MANIFEST_FOLDERS, others):
        waiting = [(folder, 0) for folder in folders]
        while waiting and len(seen) < _MOST_FOLDERS:
            folder, depth = waiting.pop(0)
            if folder in seen:
                continue
            seen.add(folder)
            for entry in index.modules.listing(folder).values():
                path = f"{folder}/{entry.name}"
                if entry.kind == "tree" and depth < _DEEPEST_FOLDER and entry.name not in ASIDE:
                    waiting.append((path, depth + 1))
                elif entry.kind == "blob" and entry.name.endswith(_ENDINGS):
                    yield path


def _imported(index: PackageIndex, folder: str) -> set[str]:
    """The folders of the packages that a program is made of."""
    found: set[str] = set()
    waiting = [
        folder,
        *(f"{folder}/{entry.name}" for entry in index.modules.listing(folder).values() if entry.kind == "tree"),
    ]
    while waiting and len(found) < _MOST_PACKAGES:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        for name, entry in index.modules.listing(current).items():
            file = (
                index.file(f"{current}/{name}")
                if entry.kind == "blob" and name.endswith(".go") and not name.endswith("_test.go")
                else None
            )
            for _, path in file.imported if file is not None else ():
                if index.module_path and path.startswith(index.module_path + "/"):
                    inner = index.modules.folder(path)
                    if inner is not None and not inner.startswith("vendor/"):
                        waiting.append(inner)
    return found
