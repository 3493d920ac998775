"""Overview: the figures as the command and the page show them."""

import dataclasses
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.acceptance.figures import ANCHORS, Demotion, Figures, demotions, summed, total
from bot.acceptance.record import BESIDES, KEPT, OUTCOMES, PULLS, REASONS, because, monday, week, weeks
from bot.acceptance.store import Cells, Store
from bot.acceptance.thresholds import Thresholds

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of one repository, or of all, since a week: summed up, by rule, repository and week, and who is demoted.

    repositories are all that figures are kept of, by their names as GitHub spells them. Demotion goes by all that is kept,
    whatever is asked for here.
    """

    since: str
    repository: str | None
    repositories: tuple[str, ...]
    cells: Cells
    demoted: tuple[Demotion, ...]
    thresholds: Thresholds

    @property
    def total(self) -> Figures:
        """All of it."""
        return total(self.cells)

    def by_rule(self) -> dict[str, Figures]:
        """The same by rule, those with the most comments first."""
        found = summed(self.cells, lambda week, repository, rule: rule)
        return dict(sorted(found.items(), key=lambda each: -each[1]["posted"]))

    def by_repository(self) -> dict[str, Figures]:
        """The same by repository, those with the most comments first."""
        spelt = {name.lower(): name for name in self.repositories}
        found = summed(self.cells, lambda week, repository, rule: spelt.get(repository, repository))
        return dict(sorted(found.items(), key=lambda each: -each[1]["posted"]))

    def by_week(self, now: float) -> dict[str, Figures]:
        """The same by week, also those without any."""
        found = summed(self.cells, lambda week, repository, rule: week)
        return {each: found.get(each, Figures({})) for each in weeks(now) if each >= self.since}

    def by_both(self) -> dict[str, Figures]:
        """The same by repository and rule."""
        spelt = {name.lower(): name for name in self.repositories}
        return summed(self.cells, lambda week, repository, rule: f"{spelt.get(repository, repository)} {rule}")

    def to_json(self, now: float) -> dict[str, Any]:
        """Give all of it as JSON data; counts that are 0 are there too, shares are from 0 to 1, or null."""
        return {
            "schema": SCHEMA,
            "since": monday(self.since).date().isoformat(),
            "repository": self.repository,
            "total": _data(self.total),
            "rules": {name: _data(each) for name, each in self.by_rule().items()},
            "repositories": {name: _data(each) for name, each in self.by_repository().items()},
            "rules_by_repository": {name: _data(each) for name, each in self.by_both().items()},
            "weeks": {name: _data(each) for name, each in self.by_week(now).items()},
            "demoted": [
                {
                    "repository": each.repository,
                    "rule": each.rule,
                    "decided_by_configuration": each.kept,
                    **_data(each.figures),
                }
                for each in self.demoted
            ],
            "thresholds": dataclasses.asdict(self.thresholds),
            "anchors": [dataclasses.asdict(each) for each in ANCHORS],
        }


def read(store: Store, thresholds: Thresholds, repository: str | None = None, since: str | None = None) -> Overview:
    """Read the figures. RedisError if the server is away."""
    known = store.repositories()
    names = [repository.lower()] if repository else list(known)
    everything = store.cells(names)
    kept = {name: each.kept for name, each in known.items()}
    first = weeks(store.now())[0] if since is None else since
    spelt = {name: each.name for name, each in known.items()}
    return Overview(
        since=first,
        repository=repository,
        repositories=tuple(spelt.values()),
        cells={place: Counter(counts) for place, counts in everything.items() if place[0] >= first},
        demoted=tuple(
            dataclasses.replace(each, repository=spelt.get(each.repository, each.repository))
            for each in demotions(everything, thresholds, kept)
        ),
        thresholds=thresholds,
    )


def last(number: int, now: float) -> str:
    """Give the week with which the last so many begin, the present one among them; no earlier than what is kept."""
    back = timedelta(weeks=min(max(number, 1), KEPT.days // 7 + 1) - 1)
    return week((datetime.fromtimestamp(now, UTC) - back).timestamp())


def _data(figures: Figures) -> dict[str, Any]:
    counted = (*BESIDES, *OUTCOMES, *map(because, REASONS), PULLS)
    return {
        **{what.replace("-", "_"): figures[what] for what in counted},
        "judged": figures.judged,
        "addressed": figures.addressed,
        "shares": {
            "addressed": figures.addressed_share,
            "wrong": figures.wrong_share,
            "useful": figures.useful_share,
            "outdated": figures.outdated_share,
        },
    }
