"""What a rule found, for weigh.py to put numbers on. (An API request's subject is kubernetes.requests.Request.)"""

from dataclasses import dataclass
from typing import Literal

from analyzers.analysis.diagnostic import Place
from analyzers.kubernetes.dependencies import Dependency
from analyzers.kubernetes.versions import Move


@dataclass(frozen=True, slots=True)
class Copy:
    """A struct copied by value: its type's name, its size in bytes (at least, unless exact), and how often.

    per: what one copy is made for: "call" or "item" of a loop. hot: stands on a critical path, whose name `path_name` is.
    """

    type_name: str
    bytes: int
    exact: bool
    per: Literal["call", "item"]
    hot: bool = False
    path_name: str = ""


@dataclass(frozen=True, slots=True)
class Nested:
    """Work that multiplies: the collections of kubernetes.scale that are nested, outermost first ("pods", "nodes")."""

    collections: tuple[str, ...]
    hot: bool = False
    path_name: str = ""


@dataclass(frozen=True, slots=True)
class Bump:
    """A new version of a dependency, however many files carry it; analysis.bumps reads them from a change.

    name is the module or program as the files call it, old and new its versions there, move how far apart they are.
    indirect: only other modules ask for it. kubernetes: the repository is Kubernetes itself, not a project built on it.
    The first of the places says it best, the others carry the same bump.
    """

    dependency: Dependency
    name: str
    old: str
    new: str
    move: Move
    places: tuple[Place, ...]
    indirect: bool = False
    kubernetes: bool = True
    past: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a container of a manifest asks for of one resource, in cores or bytes, before and after (None: nothing any more)."""

    resource: Literal["cpu", "memory"]
    before: float
    after: float | None
    every_node: bool


@dataclass(frozen=True, slots=True)
class PodAffinity:
    """A manifest that is installed in every cluster, or runs on every node, and chooses its place by other pods."""
