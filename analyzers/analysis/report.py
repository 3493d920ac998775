"""Report: what one analysis found, as data that crosses processes and is printed by `check --format json`."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level, Place
from analyzers.analysis.readiness import Shown
from analyzers.kubernetes.requests.asked import Asked

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a kind of file, that was not analysed, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Present:
    """What was there before in a function that the change touches, and is no news.

    what is done there: a request, or a walk through a cache; often: how often, "" where that is not seen (both Markdown).
    """

    path: str
    line: int
    function: str
    what: str
    often: str = ""
    witness: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All diagnostics of one change, most important first, and what was left out.

    cc holds the handles whose eyes are needed; jobs the performance jobs that are worth a run; remarks sentences for
    the summary that belong to no line. present, asked and readiness are what a deep analysis adds, and never comments: what
    was there before, what the change asks of the API server, before and after, and what it shows of the questions of a
    production readiness review. files and lines count what was analysed: files changed, lines added in them.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    cc: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    present: tuple[Present, ...] = ()
    asked: tuple[Asked, ...] = ()
    readiness: tuple[Shown, ...] = ()
    base: str | None = None
    head: str | None = None
    files: int = 0
    lines: int = 0
    elapsed_ms: float = 0.0

    @property
    def inline(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are comments on a line."""
        return tuple(diagnostic for diagnostic in self.diagnostics if diagnostic.inline)

    def to_json(self) -> dict[str, Any]:
        """Give the object that `check --format json` prints (README.md, "The command line")."""
        return {
            "schema": SCHEMA,
            "base": self.base,
            "head": self.head,
            "diagnostics": [_diagnostic(diagnostic) for diagnostic in self.diagnostics],
            "skipped": [dataclasses.asdict(skipped) for skipped in self.skipped],
            "cc": list(self.cc),
            "jobs": list(self.jobs),
            "remarks": list(self.remarks),
            "present": [{**dataclasses.asdict(each), "witness": _places(each.witness)} for each in self.present],
            "asked": [dataclasses.asdict(each) for each in self.asked],
            "readiness": [dataclasses.asdict(each) for each in self.readiness],
            "stats": {"files": self.files, "lines": self.lines, "elapsed_ms": round(self.elapsed_ms, 1)},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Report":
        """Read what to_json gave; KeyError, TypeError or ValueError if it is something else."""
        if data["schema"] != SCHEMA:
            raise ValueError(f"a report of schema {data['schema']} was given where schema {SCHEMA} is read")
        return cls(
            diagnostics=tuple(_read_diagnostic(each) for each in data["diagnostics"]),
            skipped=tuple(Skipped(**each) for each in data["skipped"]),
            cc=tuple(data["cc"]),
            jobs=tuple(data["jobs"]),
            remarks=tuple(data["remarks"]),
            present=tuple(
                Present(**{**each, "witness": tuple(Place(**place) for place in each["witness"])})
                for each in data["present"]
            ),
            asked=tuple(Asked.from_json(each) for each in data["asked"]),
            readiness=tuple(Shown.from_json(each) for each in data["readiness"]),
            base=data["base"],
            head=data["head"],
            files=data["stats"]["files"],
            lines=data["stats"]["lines"],
            elapsed_ms=data["stats"]["elapsed_ms"],
        )


_TEXTS = ("construct", "multiplier", "remedy", "unless", "concern", "function")


def _places(places: tuple[Place, ...]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(place) for place in places]


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "analyzer": diagnostic.analyzer,
        "level": diagnostic.level.value,
        "path": diagnostic.path,
        "line": diagnostic.line,
        "end_line": diagnostic.end_line,
        "message": diagnostic.message,
        "fingerprint": diagnostic.fingerprint,
        "former_fingerprints": list(diagnostic.former_fingerprints),
        "inline": diagnostic.inline,
        "related": _places(diagnostic.related),
        "witness": _places(diagnostic.witness),
        "estimate": dataclasses.asdict(diagnostic.estimate) if diagnostic.estimate else None,
        "cc": diagnostic.cc,
        "priority": diagnostic.priority,
        "excerpt": list(diagnostic.excerpt),
        "jobs": list(diagnostic.jobs),
        **{text: getattr(diagnostic, text) for text in _TEXTS},
    }


def _read_diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        analyzer=data["analyzer"],
        level=Level(data["level"]),
        path=data["path"],
        line=data["line"],
        end_line=data["end_line"],
        fingerprint=data["fingerprint"],
        former_fingerprints=tuple(data["former_fingerprints"]),
        inline=data["inline"],
        related=tuple(Place(**place) for place in data["related"]),
        witness=tuple(Place(**place) for place in data["witness"]),
        estimate=Estimate(**data["estimate"]) if data["estimate"] else None,
        cc=data["cc"],
        priority=data["priority"],
        excerpt=tuple(data["excerpt"]),
        jobs=tuple(data["jobs"]),
        **{text: data[text] for text in _TEXTS},
    )
