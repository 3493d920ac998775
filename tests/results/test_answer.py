"""`/scalability-check results`: who may ask, what is answered, and that code from elsewhere is read by the parser process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot import kept_results
from bot.commands import Command
from bot.queue import COMMANDS
from bot.review_request import CommandSource, Reply
from bot.settings import Secret, Settings
from bot.shadow import read
from tests.results import files
from tests.results.conftest import Bucket
from workers import jobs
from workers.equipment import Equipment
from workers.parser import Parser
from workers.sandbox import SimulatedGitHub

RUN = "pr-logs/pull/octo_kubernetes/1/pull-perf/3/artifacts"


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    one = Parser(timeout=60, memory_mb=2048)
    one.start()
    yield one
    one.close()


@pytest.fixture
def equipment(tmp_path: Path, parser: Parser, redis_connection: Redis, bucket: Bucket) -> Iterator[Equipment]:
    with SimulatedGitHub(tmp_path / "github") as github:
        repository = github.repository("octo/kubernetes")
        repository.commit({"a.go": "package a\n"})
        repository.open_pull({"a.go": "package a\n\nfunc A() {}\n"})
        repository.member("lead", "MEMBER")
        settings = Settings(
            app_id=github.app_id,
            private_key_text=Secret(github.private_key),
            github_api_url=github.url,
            github_git_url=github.git_url,
            data_dir=tmp_path,
            mode="shadow",
            bot_login="scalability-bot[bot]",
            results_hosts=(bucket.host,),
            results_bucket=bucket.address,
            public_url="https://bot.example.com",
        )
        yield Equipment(settings, redis_connection, parser)


def asked(*runs: str, author: str = "lead", answer: str = "results") -> Reply:
    text = f"/scalability-check results {' '.join(runs)}"
    source = CommandSource(kind="issue_comment", id=7, author=author, author_association="MEMBER", text=text)
    return Reply(repository="octo/kubernetes", number=1, answer=answer, command=source, words=runs)


def run(equipment: Equipment, reply: Reply) -> None:
    """Have a worker take a command."""
    equipment.queues.submit([reply])
    assert "answer" in jobs.turn(equipment, COMMANDS)


def written(equipment: Equipment) -> dict[str, dict[str, object]]:
    return {kept.write["write"]: dict(kept.write) for kept in read(equipment.redis) if kept.write["write"] != "React"}


def test_a_change_is_held_against_a_base(equipment: Equipment, bucket: Bucket) -> None:
    bucket.put(RUN, files.run(pods=31_000))
    bucket.put(RUN.replace("/artifacts", "")[: -len("/3")], {"latest-build.txt": b"3"})
    bucket.put("logs/ci-perf/9/artifacts", files.run())
    reply = asked("pull-perf", f"{bucket.address}/logs/ci-perf/9")
    run(equipment, reply)
    found = written(equipment)
    body = str(found["PostReply"]["body"])
    assert "| 800 ms | 31.00 s | breaks the SLO; worse (+3,775 %) |" in body
    assert f"Change: <{bucket.address}/{RUN.removesuffix('/artifacts')}>" in body
    check = found["PutCheckRun"]
    assert (check["name"], check["conclusion"]) == ("scalability results", "neutral")
    page = str(check["details_url"])
    assert page in body
    kept = kept_results.read(equipment.redis, page.rpartition("/")[2])
    assert kept is not None and "<svg" in kept.svg and "31.00 s" in kept.markdown
    before = len(list(read(equipment.redis)))
    run(equipment, reply)  # a worker was killed and the job runs again: nothing is said twice
    assert len([kept for kept in list(read(equipment.redis))[before:] if kept.write["write"] != "React"]) == 0


def test_a_run_that_is_well_is_a_success(equipment: Equipment, bucket: Bucket) -> None:
    bucket.put("logs/ci-perf/9/artifacts", files.run())
    run(equipment, asked(f"{bucket.address}/logs/ci-perf/9"))
    assert written(equipment)["PutCheckRun"]["conclusion"] == "success"


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (("https://evil.example/a.json",), "none of the hosts that results are read from"),
        (("ci-nowhere",), "no run of ci-nowhere was found"),
    ],
)
def test_what_cannot_be_had_is_answered_in_a_sentence(equipment: Equipment, runs: tuple[str, ...], said: str) -> None:
    run(equipment, asked(*runs))
    found = written(equipment)
    assert said in str(found["PostReply"]["body"]) and "PutCheckRun" not in found


def test_broken_files_are_told_and_fail_nothing(equipment: Equipment, bucket: Bucket) -> None:
    bucket.put("logs/ci-perf/9/artifacts", {files.API: b"[" * 1_000_000})
    run(equipment, asked(f"{bucket.address}/logs/ci-perf/9"))
    found = written(equipment)
    assert "is no JSON" in str(found["PostReply"]["body"]) and "PutCheckRun" not in found


@pytest.mark.parametrize(("author", "may"), [("lead", True), ("stranger", False)])
def test_only_those_whom_github_trusts_make_the_bot_fetch(
    equipment: Equipment, bucket: Bucket, author: str, may: bool
) -> None:
    bucket.put("logs/ci-perf/9/artifacts", files.run())
    run(equipment, asked(f"{bucket.address}/logs/ci-perf/9", author=author, answer="results-not-allowed"))
    assert bool(bucket.seen) is may
    assert ("members and collaborators ask for it" in str(written(equipment)["PostReply"]["body"])) is not may


def test_the_parser_process_reads_and_holds_no_secret(equipment: Equipment, parser: Parser) -> None:
    found = parser.compare_results(files.run(pods=31_000), files.run())
    assert found["verdict"] == "not well" and "<svg" in found["svg"]
    assert parser.compare_results({files.API: b"\xff"}, None)["verdict"] == "nothing"


def test_addresses_keep_their_capitals_and_only_two_runs_are_compared() -> None:
    (command,) = Command.parse("/scalability-check results https://a.example/B_c_D/1 ci-Job")
    assert (command.verb, command.words) == ("results", ("https://a.example/B_c_D/1", "ci-Job"))
    assert [each.verb for each in Command.parse("/scalability-check results\n/scalability-check results a b c")] == [
        "unknown",
        "unknown",
    ]
