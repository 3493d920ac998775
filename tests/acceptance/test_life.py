"""A small life, in the suite; tests/benchmarks/acceptance.py lives through 200 pull requests with processes that are killed."""

from bot.acceptance.store import Store, recounted
from tests.acceptance.inline import Inline
from tests.acceptance.life import BAD, Life, again, configured, said_of


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
    pull = again(often)
    bot.settle()
    assert len(pull.review_comments) == 1
    [run] = often.check_runs(pull, "scalability")
    assert said_of(run.summary or "") == []
    [demoted] = bot.stats()["demoted"]
    assert demoted["decided_by_configuration"] is True
