"""What a rule found, for weigh.py to put numbers on. (An API request's subject is kubernetes.requests.Request.)"""

from dataclasses import dataclass
from typing import Literal


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
    """A new version of a dependency: its name as people say it, the versions before and after ("" where none was named).

    important: in the table of large and important dependencies; hits says whom it concerns, past what such a bump once broke.
    """

    dependency: str
    old: str
    new: str
    important: bool
    minor: bool
    hits: str = ""
    past: str = ""
