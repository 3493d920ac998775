"""Versions of dependencies as people and tools write them, and how far one is from another.

Read are releases (`v1.24.0`, `go1.8`, `3.5.21-0`, `1.24rc1`, `v2.0.1+incompatible`, and `kubernetes-1.14.0`, as the
repositories published from kubernetes/kubernetes are tagged), Go's pseudo-versions (go.dev/ref/mod, "Pseudo-versions"),
what `git describe` prints (`v1.0.0-rc2-49-gd223e2a`, the Comment in Godeps.json), and revisions, which have no order.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Step(StrEnum):
    """How far a version moves. REVISION: to other commits of which no release number tells how many they are."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Move:
    """From one version to another: how far, and whether backwards (a downgrade, as a revert makes)."""

    step: Step
    back: bool = False


class _Version(NamedTuple):
    release: tuple[int, int, int]
    final: bool  # False sorts first: 1.2.0-rc.1 is before 1.2.0
    pre: tuple[str, int]
    commits: tuple[int, str]  # after the release: their number (git describe) or the time of the last (pseudo-version)


_RELEASE = re.compile(r"^(?:go|[vV]|kubernetes-)?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?=$|[^\d])")
_PSEUDO = re.compile(r"[-.](\d{14})-[0-9a-f]{12}(?:\+incompatible)?$")
_DESCRIBED = re.compile(r"-(\d+)-g[0-9a-f]{4,40}$")
_PRE = re.compile(r"^[-.]?(alpha|beta|pre|rc)[-.]?(\d*)")
_REVISION = re.compile(r"^[0-9a-f]{7,40}$")
_LONGEST = 200
"""Characters: a longer version is none that anybody wrote; Python reads no number of more than 4,300 digits."""


def move(old: str, new: str, renumbered: bool = False) -> Move | None:
    """Say how far `new` is from `old`; None if they are one version.

    renumbered: the project once began to count anew (client-go v12.0.0 was followed by v0.17.0; etcd's module v3.3 by
    v0.5.0-alpha, and that by v3.5.0), or counts twice (client-go v11.0.0 is kubernetes-1.14.0), so that a step from or to
    major version 0, or from tag to tag, says nothing about the direction.
    """
    if old == new:
        return None
    before, after = _parse(old), _parse(new)
    if before is None or after is None:
        return Move(Step.REVISION)
    if before == after:
        return None
    if renumbered and _numbering(old, before) != _numbering(new, after):
        return Move(Step.MAJOR)
    return Move(_step(before, after), back=after < before)


def _numbering(version: str, parsed: _Version) -> tuple[bool, bool]:
    return version.startswith("kubernetes-"), parsed.release[0] == 0


def _step(before: _Version, after: _Version) -> Step:
    for step, old, new in zip((Step.MAJOR, Step.MINOR, Step.PATCH), before.release, after.release, strict=True):
        if old != new:
            # Commits after a patch release may hold anything.
            return Step.REVISION if step is Step.PATCH and after.commits != (0, "") else step
    return Step.PATCH if before.final != after.final else Step.REVISION


def short(version: str) -> str:
    """Give a version as it is shown: a revision is cut to 12 digits, as Go cuts it in pseudo-versions."""
    return version[:12] if _REVISION.match(version) else version


def _parse(version: str) -> _Version | None:
    if len(version) > _LONGEST:
        return None
    if _REVISION.match(version) and not version.isdigit():
        return None
    match = _RELEASE.match(version)
    if match is None:
        return None
    release = (int(match[1]), int(match[2] or 0), int(match[3] or 0))
    rest = version[match.end() :]
    pseudo, described = _PSEUDO.search(version), _DESCRIBED.search(version)
    commits = (int(described[1]), "") if described else (0, pseudo[1] if pseudo else "")
    pre = _PRE.match(rest)
    if pre:
        return _Version(release, False, (pre[1], int(pre[2] or 0)), commits)
    # v1.2.4-0.<time>-<hash> comes before 1.2.4: it is a commit after 1.2.3.
    return _Version(release, pseudo is None, ("", 0), commits)
