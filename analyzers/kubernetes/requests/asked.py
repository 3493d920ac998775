"""What is asked of the API server before and after: the difference of two inventories, as data that crosses processes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzers.kubernetes import scale

Row = Mapping[str, Any]
"""A request as inventory.Inventory.of gives it."""


@dataclass(frozen=True, slots=True)
class Side:
    """What is asked on one side of a change: how many places in code send it, of these `looped` for each item of a loop and
    `informers` in an informer's LIST or WATCH; `period` in seconds and `qps` in requests a second of all instances, both
    None unless they are known of every place."""

    places: int = 0
    looped: int = 0
    informers: int = 0
    period: float | None = None
    qps: float | None = None

    @property
    def told(self) -> str:
        """Say it in a few words, "-" for nothing."""
        if not self.places:
            return "-"
        parts = [f"{self.places:,} {'place' if self.places == 1 else 'places'}"]
        parts += [_some(self.looped, self.places, "in a loop")] if self.looped else []
        parts += [_some(self.informers, self.places, "of an informer")] if self.informers else []
        parts += [f"every {scale.human_count(self.period)} s"] if self.period else []
        parts += [f"{scale.human_count(self.qps)} a second"] if self.qps else []
        return ", ".join(parts)


def _some(number: int, of: int, words: str) -> str:
    return words if number == of else f"{number:,} {words}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the table: who asks for what, before and after, and the first place (before the change, if it is gone)."""

    component: str
    verb: str
    resource: str
    scope: str
    before: Side
    after: Side
    path: str
    line: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Asked":
        """Read what dataclasses.asdict gave."""
        return cls(**{**data, "before": Side(**data["before"]), "after": Side(**data["after"])})


HEADINGS = ("Component", "Verb", "Resource", "Scope", "Before", "After", "Where")


def difference(before: Iterable[Row], after: Iterable[Row]) -> tuple[Asked, ...]:
    """Give what differs between the requests of two trees, or of the same files in two trees.

    A request that is the same in both, as often, is left out wherever it stands: moved and renamed files ask for nothing.
    """
    old, new = _different([each for each in before if _counts(each)], [each for each in after if _counts(each)])
    sides: dict[tuple[str, str, str, str], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for rows, side in ((old, 0), (new, 1)):
        for row in rows:
            sides[row["component"], row["verb"], row["resource"], row["scope"]][side].append(row)
    return tuple(_asked(key, *sides[key]) for key in sorted(sides, key=lambda key: (key[0], key[2], key[1], key[3])))


def _counts(row: Row) -> bool:
    return bool(row["kind"] != "webhook")  # which is asked of somebody else's server


def _different(old: list[Row], new: list[Row]) -> tuple[list[Row], list[Row]]:
    for place in (True, False):  # the same function's first, so that what is left stands where something changed
        waiting: dict[object, list[Row]] = defaultdict(list)
        for row in old:
            waiting[_same(row, place)].append(row)
        new = [row for row in new if not _taken(waiting[_same(row, place)])]
        kept = {id(row) for rows in waiting.values() for row in rows}
        old = [row for row in old if id(row) in kept]
    return old, new


def _taken(waiting: list[Row]) -> bool:
    if waiting:
        waiting.pop()
    else:
        return False
    return True


def _same(row: Row, place: bool) -> object:
    asks = ("component", "verb", "resource", "scope", "for_each_item", "period", "qps")
    where = (row["path"], row["function"]) if place else ()
    return (*(row[name] for name in asks), row["kind"] == "informer", *where)


def _asked(key: tuple[str, str, str, str], old: list[Row], new: list[Row]) -> Asked:
    first = min(new or old, key=lambda row: (row["path"], row["line"]))
    return Asked(*key, _side(old), _side(new), first["path"], first["line"])


def _side(rows: list[Row]) -> Side:
    rates = list(_known(rows, "qps"))
    periods = set(_known(rows, "period"))
    return Side(
        places=len(rows),
        looped=sum(row["for_each_item"] for row in rows),
        informers=sum(row["kind"] == "informer" for row in rows),
        period=next(iter(periods)) if len(periods) == 1 else None,
        qps=sum(rates) if rates else None,
    )


def _known(rows: list[Row], name: str) -> Iterator[float]:
    if all(row[name] is not None for row in rows):
        yield from (row[name] for row in rows)
