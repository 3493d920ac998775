"""Readiness: what the code of a change shows of the questions of a production readiness review; plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzers.analysis.diagnostic import Place
from analyzers.kubernetes.production_readiness import Topic


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that lines of code show: what (Markdown), and the lines, at least one of them."""

    topic: Topic
    what: str
    places: tuple[Place, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Shown":
        """Read what dataclasses.asdict gave."""
        return cls(Topic(data["topic"]), data["what"], tuple(Place(**place) for place in data["places"]))
