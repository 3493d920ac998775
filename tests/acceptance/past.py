"""Half a year of comments in the store, as if it had been lived through; drawn from a seed."""

import random
from datetime import timedelta

from bot import dismissals
from bot.acceptance.record import KEPT
from bot.acceptance.store import Store
from bot.comments import comment, fixed
from bot.standing import Standing, StandingComment
from tests.bot.scene import diagnostic, links

HEAD = "f" * 40
RULES = ("explicit-list", "large-value-param", "node-api-call", "quadratic-loop", "sensitive-path", "value-receiver")
# Of each rule: how many in ten are fixed, and how many of the rest are called wrong.
_TAKEN = {"sensitive-path": (1, 5), "node-api-call": (8, 1), "quadratic-loop": (6, 2)}


def lived(store: Store, repositories: tuple[str, ...], pulls: int = 300, seed: int = 1) -> None:
    """Note so many pull requests, each with a comment or two, from as far back as figures are kept until now."""
    chance, now = random.Random(seed), store.now()
    for number in range(1, pulls + 1):
        at = now - (KEPT - timedelta(days=1)).total_seconds() * (1 - number / pulls)
        standing, merged = _standing(chance, number, at, is_open=number > 0.97 * pulls)
        store.note(chance.choice(repositories), number, standing, merged=merged, seen=now)


def _standing(chance: random.Random, number: int, at: float, *, is_open: bool) -> tuple[Standing, bool]:
    told: list[StandingComment] = []
    replies: list[str] = []
    for rule in chance.sample(RULES, chance.choice([1, 1, 2])):
        body = comment(diagnostic(f"concern of {number}", analyzer=rule), links())
        mended, wrong = _TAKEN.get(rule, (5, 2))
        identity = 10 * number + len(told)
        up = down = 0
        if chance.random() < mended / 10:
            body, up = fixed(body, HEAD, fold=True), int(chance.random() < 0.4)
        elif chance.random() < 0.5:
            why = chance.choices(["wrong", "fine", "none"], [wrong, 3, 2])[0]
            replies.append(dismissals.dismissed(("comment", str(identity)), why))
            down = int(why == "wrong" and chance.random() < 0.6)
        line = None if "fixed" in body else 10
        told.append(StandingComment(identity, body, "pkg/a.go", line, posted_at=at, up=up, down=down))
    return Standing(head=HEAD, is_open=is_open, comments=tuple(told), replies=tuple(replies)), chance.random() < 0.9
