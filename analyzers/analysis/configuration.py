"""Configuration: what a repository may decide about its reviews (.github/scalability.yaml, read by bot.configuration)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

DEFAULT_CC = "@kubernetes/sig-scalability-pr-reviews"
DEFAULT_LABEL = "scalability/deep-scan"
DEFAULT_CAP = 20


@dataclass(frozen=True, slots=True)
class Configuration:
    """The defaults are what a repository without a file gets.

    rules: a rule's name -> "off", "notice" or "warning" (at most that level; a rule can be lowered, not raised).
    ignore: patterns of paths that are left out (fnmatch on the whole path; "docs/" means all below it).
    node_components: patterns of paths whose code runs on every node, besides what the general signs say.
    cc: handles to mention; label: asks for a deep scan; cap: comments on lines in one review.
    """

    rules: Mapping[str, Literal["off", "notice", "warning"]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    node_components: tuple[str, ...] = ()
    cc: tuple[str, ...] = (DEFAULT_CC,)
    label: str = DEFAULT_LABEL
    cap: int = DEFAULT_CAP

    def ignores(self, path: str) -> bool:
        """Say whether a path is left out."""
        return _matches(path, self.ignore)

    def on_every_node(self, path: str) -> bool:
        """Say whether the repository declared that the code at this path runs on every node."""
        return _matches(path, self.node_components)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(
        path.startswith(pattern) if pattern.endswith("/") else fnmatchcase(path, pattern) for pattern in patterns
    )
