"""Analyzer: a name, documentation, and a function from a change to diagnostics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzers.analysis.diagnostic import Diagnostic

if TYPE_CHECKING:
    from analyzers.analysis.change import Change

Run = Callable[["Change"], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One rule of the catalogue, ready to run.

    formerly holds the names that it had, or was part of, before. One that is ignored is asked all the same: what it owns no
    other rule says in its place.
    """

    name: str
    run: Run
    formerly: tuple[str, ...] = ()
    ignored: bool = False
