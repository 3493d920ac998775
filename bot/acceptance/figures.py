"""Figures: counts as shares, and the rules that are demoted for theirs. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.acceptance.record import ADDRESSED, JUDGED, KEPT, PULLS, because
from bot.acceptance.store import Cells
from bot.acceptance.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Anchor:
    """A public figure of another reviewer, to hold one's own against."""

    said: str
    who: str
    source: str


ANCHORS = (
    Anchor(
        "75 % of comments rated useful, 65 % addressed in the same change",
        "uReview at Uber",
        "https://www.uber.com/blog/ureview/",
    ),
    Anchor(
        "75 % precision; the lines of 27 % of comments on Go were changed later (outdated)",
        "BitsAI-CR at ByteDance",
        "https://arxiv.org/abs/2501.15134",
    ),
    Anchor(
        "0.9 to 19 % of comments led to a change, by action",
        "16 reviewing GitHub actions in 178 repositories",
        "https://arxiv.org/abs/2508.18771",
    ),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of comments, by what record.py counts, and the shares that follow; None where nothing was counted."""

    counts: Mapping[str, int]

    def __getitem__(self, what: str) -> int:
        return self.counts.get(what, 0)

    @property
    def judged(self) -> int:
        """Comments of which it is known how they were taken."""
        return sum(self[what] for what in JUDGED)

    @property
    def addressed(self) -> int:
        """Comments after which the code was changed."""
        return sum(self[what] for what in ADDRESSED)

    @property
    def wrong(self) -> int:
        """Comments that people dismissed as wrong."""
        return self[because("wrong")]

    @property
    def addressed_share(self) -> float | None:
        """Of those judged."""
        return _share(self.addressed, self.judged)

    @property
    def wrong_share(self) -> float | None:
        """Of those judged."""
        return _share(self.wrong, self.judged)

    @property
    def useful_share(self) -> float | None:
        """Of those on which people left a thumb."""
        return _share(self["helpful"], self["helpful"] + self["unhelpful"])

    @property
    def outdated_share(self) -> float | None:
        """Of those posted, where GitHub says that their lines were changed."""
        return _share(self["outdated"], self["posted"])


@dataclass(frozen=True, slots=True)
class Demotion:
    """A rule that is a notice in a repository for its figures there. kept: its configuration names it, and decides."""

    repository: str
    rule: str
    figures: Figures
    kept: bool = False

    @property
    def why(self) -> str:
        """Say for which figures, in a half sentence."""
        of = f"of {self.figures.judged} comments on {self.figures[PULLS]} closed pull requests"
        addressed = f"{self.figures.addressed} {'was' if self.figures.addressed == 1 else 'were'} addressed"
        return f"{of} in the last {KEPT.days // 7} weeks {addressed} and {self.figures.wrong} dismissed as wrong"


def summed(cells: Cells, by: Callable[[str, str, str], str]) -> dict[str, Figures]:
    """Add up cells by what a function makes of week, repository and rule."""
    found: dict[str, Counter[str]] = {}
    for place, counts in cells.items():
        found.setdefault(by(*place), Counter()).update(counts)
    return {name: Figures(found[name]) for name in sorted(found)}


def total(cells: Cells) -> Figures:
    """Add up all cells."""
    return summed(cells, lambda week, repository, rule: "").get("", Figures({}))


def demotions(cells: Cells, thresholds: Thresholds, kept: Mapping[str, Iterable[str]] | None = None) -> list[Demotion]:
    """Give the rules that are demoted, by repository and name; kept: what each repository's configuration names."""
    found = []
    repositories = sorted({repository for _, repository, _ in cells})
    for repository in repositories:
        its_own = {place: counts for place, counts in cells.items() if place[1] == repository}
        for rule, figures in summed(its_own, lambda week, repository, rule: rule).items():
            if rule != "other" and is_poor(figures, thresholds):
                found.append(Demotion(repository, rule, figures, rule in (kept or {}).get(repository, ())))
    return found


def is_poor(figures: Figures, thresholds: Thresholds) -> bool:
    """Say whether a rule of these figures speaks too much."""
    if not thresholds.after or figures[PULLS] < thresholds.after:
        return False
    # In whole numbers: of a third, no machine should have an opinion of its own.
    few = 100 * figures.addressed < thresholds.addressed * figures.judged
    return few or bool(figures.wrong and 100 * figures.wrong >= thresholds.wrong * figures.judged)


def per_cent(share: float | None) -> str:
    """Give a share in per cent, without the sign; an em dash for None."""
    return "—" if share is None else f"{100 * share:.0f}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
