"""Diagnostic: a message at a place, with related places, a level and an estimate; from one analyzer."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self


class Level(StrEnum):
    """How sure and how important: a warning is posted on its line, a notice goes to the check run and the summary."""

    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file after the change (1-based, both ends included), with what they have to do with the diagnostic."""

    path: str
    line: int
    end_line: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a construct costs at the scale of kubernetes.scale: requests a second, bytes a request, operations; None is unknown.

    The formula names every assumption, so that a reader can check it.
    """

    qps: float | None = None
    bytes: int | None = None
    operations: float | None = None
    formula: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One message at one place.

    The texts are Markdown in which every name taken from the code under review stands in `code(...)`.
    construct says what stands here, multiplier how often or how much (with numbers), remedy what to write instead,
    unless when to leave it as it is. concern is what the diagnostic is about, without a place ("list pods cluster",
    "copy v1.Pod", "go.etcd.io/etcd"): diagnostics of one analyzer with one concern become one comment.
    witness are the functions on the way to it, from the root down, each at its line: what shows how often it happens.
    jobs are performance jobs worth a run (kubernetes.perf_jobs), remark a sentence for the summary,
    excerpt the text of the lines line..end_line as the hunk shows them.
    subject is what the rule found (a Sent request, Copy, Walk, Bump ...), for weighing alone.
    former_fingerprints are those that it had when its rule had another name: comments that stand may bear them.
    """

    analyzer: str
    path: str
    line: int
    end_line: int
    construct: str
    remedy: str
    multiplier: str = ""
    unless: str = ""
    concern: str
    function: str = ""
    level: Level = Level.WARNING
    estimate: Estimate | None = None
    cc: bool = False
    priority: float = 0.0
    related: tuple[Place, ...] = ()
    witness: tuple[Place, ...] = ()
    jobs: tuple[str, ...] = ()
    remark: str = ""
    excerpt: tuple[str, ...] = ()
    subject: object = field(default=None, compare=False, repr=False)
    fingerprint: str = ""
    former_fingerprints: tuple[str, ...] = ()
    inline: bool = False

    @property
    def message(self) -> str:
        """The whole text in one paragraph."""
        return " ".join(part.strip() for part in (self.construct, self.multiplier, self.remedy, self.unless) if part)

    def with_fingerprint(self, ordinal: int, formerly: tuple[str, ...] = ()) -> Self:
        """Give the same with its identity across pushes, which holds no line and no path, and with the identities that it had
        under its rule's former names."""
        present, *former = (self._fingerprint(name, ordinal) for name in (self.analyzer, *formerly))
        return replace(self, fingerprint=present, former_fingerprints=tuple(former))

    def _fingerprint(self, analyzer: str, ordinal: int) -> str:
        identity = "\0".join((analyzer, self.concern, self.function, str(ordinal)))
        return hashlib.sha256(identity.encode()).hexdigest()[:16]


_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+")
LONGEST_CODE = 120


def code(text: str, longest: int = LONGEST_CODE) -> str:
    """Give text from the code under review as a Markdown code span: nothing in it renders, links or mentions.

    White space is folded, control and direction characters are removed, and what is longer than `longest` characters is cut.
    """
    plain = _UNPRINTABLE.sub(" ", text)
    plain = " ".join(plain.split())
    if len(plain) > longest:
        plain = plain[: longest - 1] + "…"
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if not plain or plain[0] == "`" or plain[-1] == "`" else ""
    return f"{fence}{pad}{plain}{pad}{fence}"
