"""A small life, in the suite; tests/benchmarks/acceptance.py lives through 200 pull requests with processes that are killed."""

from bot.acceptance.store import Store, recounted
from tests.acceptance.inline import Inline
from tests.acceptance.life import BAD, Life, configured, said_of


def test_what_is_counted_is_what_happened(bot: Inline) -> None:
    life = Life(bot, seed=3)
    for _ in range(3):
        life.wave(8)
    assert life.mistakes == []
    assert life.counted() == life.truth()
    assert life.silent and bot.killed and bot.doubled
    # The counts are those that the records add up to.
    store = Store(bot.equipment.redis)
    records = dict(store.records())
    sums = recounted(records)
    assert store.cells([*{name.partition("#")[0] for name in records}, "*"]) == sums
    # What is demoted says so, and comes back by configuration.
    stats = bot.stats()
    assert [(each["repository"], each["rule"]) for each in stats["demoted"]] == [("octo/often", BAD)]
    often = life.repositories[0]
    configured(often, BAD)
    life.bot.kills = False
    before = life.silent
    pull = often.open_pull({"plugin/pkg/scheduler/algorithm/predicates/again.go": _again()}, "Once more")
    bot.settle()
    assert [each.path for each in pull.review_comments] == ["plugin/pkg/scheduler/algorithm/predicates/again.go"]
    [run] = often.check_runs(pull, "scalability")
    assert said_of(run.summary or "") == [] and life.silent == before
    [demoted] = bot.stats()["demoted"]
    assert demoted["decided_by_configuration"] is True


def _again() -> str:
    from tests.acceptance.life import _FOUND

    return _FOUND[BAD].format("Again")
