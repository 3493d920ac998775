"""Thresholds: when a rule is demoted in a repository. Operators set them (bot.settings)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """A rule with comments on at least so many closed pull requests (after; 0: none is ever demoted) is a notice where fewer
    of them than so many per cent were addressed, or so many per cent or more were dismissed as wrong (0: whatever was)."""

    after: int = 20
    addressed: int = 15
    wrong: int = 33


DEFAULT = Thresholds()
