"""Documentation of a rule: its module's docstring, taken apart."""

import re
from dataclasses import dataclass

_FORMERLY = re.compile(r"^Formerly: ([a-z, -]+)\.$", flags=re.MULTILINE)


def formerly(text: str) -> tuple[str, ...]:
    """Give the former names that a rule's docstring, or file, tells of."""
    found = _FORMERLY.search(text)
    return tuple(found[1].split(", ")) if found else ()


class Undocumented(ValueError):
    """A rule whose docstring lacks a part; says which."""


@dataclass(frozen=True, slots=True)
class Documentation:
    """What README, `scalability-bot explain`, the page /rules/NAME and the fold of a comment say of a rule.

    title: one line, without a full stop. why: Markdown. example: a unified diff from the mistake to the remedy
    (flagged_only: to the mistake, where there is no remedy). not_reported: Markdown, the honest limits.
    formerly: the names under which the rule, or the rule that it was part of, was known before: comments that stand, allow
    comments and configuration may still say them.
    """

    name: str
    title: str
    why: str
    example: str
    flagged_only: bool
    not_reported: str
    formerly: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole as Markdown, below a heading with the name."""
        former = f"Formerly: {', '.join(self.formerly)}.\n\n" if self.formerly else ""
        return (
            f"# {self.name}\n\n{self.title}.\n\n{self.why}\n\n```diff\n{self.example}```\n\n"
            f"{former}Not reported: {self.not_reported}\n"
        )

    @property
    def example_hunk(self) -> str:
        """The example's lines without file and hunk headers, as a comment shows them."""
        return re.sub(r"^(---|\+\+\+|@@|diff --git|index) ?.*\n", "", self.example, flags=re.MULTILINE)

    @classmethod
    def parse(cls, name: str, docstring: str | None) -> "Documentation":
        """Take a docstring apart; Undocumented says what is missing."""
        title, _, rest = (docstring or "").strip().partition("\n")
        rest = rest.strip()
        fence = re.search(r"^```diff( flagged)?\n(.*?)^```$", rest, flags=re.MULTILINE | re.DOTALL)
        limits = re.search(r"^Not reported: (.+)\Z", rest, flags=re.MULTILINE | re.DOTALL)
        for part, missing in (
            (title, "a title"),
            (fence, "a fenced diff"),
            (limits, "a paragraph that begins with Not reported:"),
        ):
            if not part:
                raise Undocumented(f"rule {name}: the docstring lacks {missing}")
        assert fence and limits
        why = rest[: fence.start()].strip()
        if not why:
            raise Undocumented(f"rule {name}: the docstring lacks the why before its diff")
        return cls(name, title.rstrip("."), why, fence[2], bool(fence[1]), limits[1].strip(), formerly(rest))
