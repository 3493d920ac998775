"""Reports that are kept for their pages: the same back, a name that cannot be guessed, and an end in time and in bytes."""

import dataclasses

from redis import Redis

from analyzers.analysis.report import Present
from bot import kept_reports
from bot.kept_reports import KEPT_SECONDS, LARGEST, KeptReport
from tests.bot.scene import REPOSITORY, diagnostic, place, report


def kept(number: int = 1, at: float = 1_000.0, **changes: object) -> KeptReport:
    made = report(diagnostic(witness=(place(),), excerpt=("\tclient.List()",)), head="f" * 40, base="e" * 40)
    given = {"repository": REPOSITORY, "number": number, "head": "f" * 40, "depth": "normal", "at": at, "report": made}
    return KeptReport(**{**given, **changes})  # type: ignore[arg-type]


def name_of(redis: Redis, one: KeptReport, **options: int) -> str:
    name = kept_reports.keep(redis, one, **options)
    assert name is not None
    return name


def test_what_is_kept_comes_back_whole(redis_connection: Redis) -> None:
    name = name_of(redis_connection, kept())
    assert kept_reports.read(redis_connection, name) == kept()
    assert len(name) >= 20
    assert kept_reports.read(redis_connection, "nothing") is None


def test_a_commit_has_one_page_for_each_depth_which_is_brought_up_to_date(redis_connection: Redis) -> None:
    name = name_of(redis_connection, kept())
    assert name_of(redis_connection, kept(at=2_000.0)) == name
    assert name_of(redis_connection, kept(depth="deep")) != name
    assert name_of(redis_connection, kept(head="a" * 40)) != name
    read = kept_reports.read(redis_connection, name)
    assert read is not None and read.at == 2_000.0
    reports = [key for key in redis_connection.keys("scalability-bot:reports:*") if _is_report(key)]
    stored = sum(len(redis_connection.get(key) or b"") for key in reports)
    assert int(redis_connection.get("scalability-bot:reports:total") or 0) == stored, "counted once"


def _is_report(key: bytes) -> bool:
    return b":of:" not in key and not key.endswith(_INDEXES)


def test_every_key_ends(redis_connection: Redis) -> None:
    name = name_of(redis_connection, kept())
    of_reports = [key for key in redis_connection.keys("scalability-bot:reports:*") if not key.endswith(_INDEXES)]
    assert len(of_reports) == 2
    assert all(0 < redis_connection.ttl(key) <= KEPT_SECONDS for key in of_reports)
    assert redis_connection.ttl(f"scalability-bot:reports:{name}") > 0


_INDEXES = (b":times", b":sizes", b":total")


def test_the_oldest_go_where_all_together_are_too_large(redis_connection: Redis) -> None:
    size = int(redis_connection.strlen(f"scalability-bot:reports:{name_of(redis_connection, kept())}"))
    names = [name_of(redis_connection, kept(number, at=1_000.0 + number), most=5 * size) for number in range(2, 12)]
    there = [kept_reports.read(redis_connection, name) is not None for name in names]
    assert there[-4:] == [True] * 4 and not any(there[:-6])
    stored = sum(int(redis_connection.strlen(f"scalability-bot:reports:{name}")) for name in names)
    assert int(redis_connection.get("scalability-bot:reports:total") or 0) == stored <= 5 * size
    assert redis_connection.zcard("scalability-bot:reports:times") == sum(there)


def test_what_ended_by_itself_counts_no_more(redis_connection: Redis) -> None:
    first = name_of(redis_connection, kept())
    redis_connection.delete(f"scalability-bot:reports:{first}")  # as its expiry does
    second = name_of(redis_connection, kept(2, at=2_000.0 + KEPT_SECONDS))
    stored = redis_connection.strlen(f"scalability-bot:reports:{second}")
    assert int(redis_connection.get("scalability-bot:reports:total") or 0) == stored


def test_of_a_large_report_what_was_there_before_is_left_out_first_and_then_the_rest(redis_connection: Redis) -> None:
    def noise(number: int) -> str:
        return " ".join(str(hash((number, index)) % 10**12) for index in range(120))

    present = tuple(Present("a.go", line, "f", noise(line)) for line in range(400))
    wide = kept(report=dataclasses.replace(kept().report, present=present))
    read = kept_reports.read(redis_connection, name_of(redis_connection, wide))
    assert read is not None and not read.report.present and read.report.diagnostics == wide.report.diagnostics
    many = tuple(diagnostic(f"concern {number}", construct=noise(number)) for number in range(600))
    read = kept_reports.read(redis_connection, name_of(redis_connection, kept(2, report=report(*many))))
    assert read is not None and 0 < len(read.report.diagnostics) < 600
    assert "more findings are left out here" in read.report.skipped[0].reason
    huge = tuple(
        diagnostic(f"concern {number}", construct=" ".join(noise(number + 1_000 * each) for each in range(20)))
        for number in range(60)
    )
    assert kept_reports.keep(redis_connection, kept(3, report=report(*huge))) is None
    assert LARGEST < kept_reports.MOST


def test_what_another_version_wrote_is_no_report(redis_connection: Redis) -> None:
    name = name_of(redis_connection, kept())
    for content in (b"garbage", b"x\x9c\x03\x00\x00\x00\x00\x01", b""):
        redis_connection.set(f"scalability-bot:reports:{name}", content)
        assert kept_reports.read(redis_connection, name) is None
