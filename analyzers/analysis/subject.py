"""What a rule found, for weighing to put numbers on. (An API request's subject is kubernetes.requests.Request.)"""

from dataclasses import dataclass
from typing import Literal

from analyzers.analysis.diagnostic import Place
from analyzers.kubernetes.execution.components import Component
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.kubernetes.versions.dependencies import Dependency
from analyzers.kubernetes.versions.versions import Move


@dataclass(frozen=True, slots=True)
class Copy:
    """A struct copied by value: its type's name, its size in bytes (at least, unless exact), and how often.

    per: what one copy is made for: "call" or "item" of a loop. path: the critical path that it is on. locks: it holds a lock,
    of which a copy locks nothing.
    """

    type_name: str
    bytes: int
    exact: bool
    per: Literal["call", "item"]
    path: CriticalPath | None = None
    locks: bool = False

    @property
    def hot(self) -> bool:
        """Whether it is made so often that it counts."""
        return self.path is not None and self.path.hot


@dataclass(frozen=True, slots=True)
class Nested:
    """Work that multiplies: the collections of kubernetes.scale that are nested, outermost first ("pods", "nodes")."""

    collections: tuple[str, ...]
    path: CriticalPath | None = None


Lost = Literal["", "index", "copies"]
"""What made a walk cheaper before the change."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a whole cache: of a resource ("" if unknown), all of it or one namespace; made anew for each of `per`.

    per: "item" of a loop (over `loop`, a name of kubernetes.scale, "" if unknown), "event", or "object" that is reconciled
    for, or what a critical path says ("call": nothing says). copies: every object is copied too. lost: what made the same
    walk cheaper before the change. seldom: its events are of a kind of which there may be few, or who asks is not known.
    keyless: it is made whichever object it is made for, so that as many objects as there are make as many.
    """

    resource: str
    everywhere: bool
    per: str
    loop: str = ""
    copies: bool = False
    lost: Lost = ""
    seldom: bool = False
    keyless: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """Something allocated again and again: what ("regexp", "copy", "log argument"), for each of `per`, on which path."""

    what: str
    per: str
    path: CriticalPath | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Time series that a metric keeps: one for each value of these labels whose values have no end; rank: how bad they are."""

    labels: tuple[str, ...]
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Burden:
    """Work on a critical path, once for each of `per`; of which resource the events are ("" if unknown)."""

    per: str
    path: CriticalPath | None = None
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Bump:
    """A new version of a dependency, however many files carry it; news.bumps reads them from a change.

    name is the module or program as the files call it, old and new its versions there, move how far apart they are.
    indirect: only other modules ask for it. idle: nothing that costs moves in the repository's own programs: only packages
    that do other things, or what a nested module is built with. kubernetes: the repository is Kubernetes itself, not a
    project built on it.
    The first of the places says it best, the others carry the same bump.
    """

    dependency: Dependency
    name: str
    old: str
    new: str
    move: Move
    places: tuple[Place, ...]
    indirect: bool = False
    idle: bool = False
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


@dataclass(frozen=True, slots=True)
class Watch:
    """A LIST and WATCH that an informer or reflector begins: its resource ("" if unknown), and how far it reaches.

    selected: a field selector restricts it. component is where it runs. own: it is on the resource that the package is
    named for, which nothing else in the process may need. first: the process kept no such objects before; wanted: on
    purpose, so that it is a question. unrestricted: something restrained it before. repeated: it begins again for each
    object or event. alone: it is a WATCH without an informer. for_one: the process, one on each node, works for one of the
    objects alone.
    """

    resource: str
    all_namespaces: bool
    selected: bool
    component: Component
    own: bool = False
    first: bool = False
    wanted: bool = False
    unrestricted: bool = False
    repeated: bool = False
    alone: bool = False
    for_one: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """A request that each node sends again after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ClientLimit:
    """A client's rate limit that was raised: the setting's name, what it was and is, and by how much; None is unknown."""

    setting: str
    old: float | None
    new: float | None
    factor: float | None
    component: Component


@dataclass(frozen=True, slots=True)
class Pace:
    """What now runs more often: a period in seconds that became shorter, or (`workers`) a number of workers that grew."""

    setting: str
    workers: bool
    old: float
    new: float
    component: Component

    @property
    def factor(self) -> float:
        """How many times as often; below 1 for less often."""
        return self.new / max(self.old, 1.0) if self.workers else self.old / max(self.new, 1e-3)
