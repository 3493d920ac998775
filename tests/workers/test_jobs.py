"""The jobs, in this process: GitHub is the simulated one, and nothing is written to it (shadow), which costs no waiting."""

import dataclasses
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot import metrics
from bot.queue import Queues
from bot.review_request import CommandSource, Reply, ReviewRequest
from bot.settings import Secret, Settings
from bot.shadow import read
from workers import git, jobs
from workers.jobs import Equipment
from workers.parser import Parser, ParserError
from workers.remote import CommitGone
from workers.sandbox import Entry, Fault, SimulatedGitHub, SimulatedRepository
from workers.sandbox.records import Pull

GO = "package a\n\ntype T struct{ a [100]string }\n"
COPIES = GO + "\nfunc F(t T) int {\n\treturn len(t.a)\n}\n"
PATH = "pkg/scheduler/a.go"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedGitHub]:
    with SimulatedGitHub(tmp_path_factory.mktemp("github")) as simulated:
        yield simulated


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    one = Parser(timeout=60, memory_mb=2048)
    one.start()
    yield one
    one.close()


@pytest.fixture
def repository(github: SimulatedGitHub, request: pytest.FixtureRequest) -> Iterator[SimulatedRepository]:
    found = github.repository(f"octo/{abs(hash(request.node.name)):x}")
    found.commit({"go.mod": "module example.com/a\n\ngo 1.21\n", PATH: GO})
    yield found
    github.faults.clear()


@pytest.fixture
def equipment(github: SimulatedGitHub, parser: Parser, redis_connection: Redis, tmp_path: Path) -> Equipment:
    settings = Settings(
        app_id=github.app_id,
        private_key_text=Secret(github.private_key),
        github_api_url=github.url,
        github_git_url=github.git_url,
        data_dir=tmp_path,
        mode="shadow",
        bot_login="scalability-bot[bot]",
    )
    return Equipment(settings, redis_connection, parser)


def request_for(repository: SimulatedRepository, pull: Pull, **changes: object) -> dict[str, object]:
    request = ReviewRequest(repository=repository.full_name, number=pull.number, head=pull.head_sha, cause="opened")
    return dataclasses.replace(request, **changes).to_json()  # type: ignore[arg-type]


def written(equipment: Equipment, kind: str) -> list[dict[str, object]]:
    return [dict(kept.write) for kept in read(equipment.redis) if kept.write["write"] == kind]


def command(text: str = "/scalability-check", author: str = "somebody") -> CommandSource:
    return CommandSource(kind="issue_comment", id=1, author=author, author_association="NONE", text=text)


def test_a_review_is_made(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    said = jobs.review(equipment, request_for(repository, pull))
    assert said == "1 diagnostics; wrote PostReview, PutCheckRun"
    [review] = written(equipment, "PostReview")
    assert review["commit"] == pull.head_sha
    counted = equipment.redis.hgetall(metrics.COUNTED_KEY)
    assert counted[b'["writes", "post-review", "written"]'] == b"1"
    assert counted[b'["diagnostics", "large-value-param", "warning"]'] == b"1"


def test_a_branch_with_a_slash_is_compared_too(equipment: Equipment, repository: SimulatedRepository) -> None:
    master = repository.git.refs("refs/heads/")["refs/heads/master"]
    repository.commit({PATH: GO + "\n// Of the release.\n"}, parent=master, branch="release/1.2")
    head = repository.commit({PATH: COPIES}, parent=master)
    pull = repository.open_pull(head, base="release/1.2")
    assert jobs.review(equipment, request_for(repository, pull)).startswith("1 diagnostics")


@pytest.mark.parametrize("turn", ["pushed", "closed", "draft"])
def test_what_is_no_longer_wanted_is_not_made(
    equipment: Equipment, repository: SimulatedRepository, turn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.jobs._HEAD_SEEN", (0.0,))
    pull = repository.open_pull({PATH: COPIES})
    request = request_for(repository, pull)
    if turn == "pushed":
        repository.push(pull, {"b.go": "package b\n"})
    elif turn == "closed":
        repository.close(pull)
    else:
        pull.draft = True
    said = jobs.review(equipment, request)
    assert {"pushed": "another head", "closed": "is closed", "draft": "is a draft"}[turn] in said
    assert list(read(equipment.redis)) == []
    assert not equipment.mirrors.folder.exists()


def test_who_asks_gets_a_review_of_a_draft(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES}, draft=True)
    jobs.review(equipment, request_for(repository, pull, head="", command=command()))
    assert next(read(equipment.redis)).write["write"] == "React"
    assert written(equipment, "PostReview")


def test_a_hook_may_be_faster_than_the_api(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    old = pull.head_sha
    new = repository.push(pull, {PATH: COPIES.replace("F", "G")})
    # The API still tells the head of before, once.
    pull.head_sha = old
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            pull.head_sha = new

    from bot.github import GitHub

    with GitHub(equipment.app, repository.full_name) as page:
        request = ReviewRequest(repository=repository.full_name, number=1, head=new, cause="synchronize")
        assert jobs._wanted(page, request, sleep).head == new
    assert waits == [0.0, 2.0]


def test_a_rate_limit_puts_the_review_off(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    limit = Fault(path=f"/{repository.record.name}/pulls/1$", status=429, headers={"Retry-After": "1200"})
    github.faults.add(limit)
    said = jobs.review(equipment, request_for(repository, pull))
    assert said.startswith("put off: GitHub answered 429")
    [job_id] = equipment.redis.zrange("rq:scheduled:reviews", 0, -1)
    assert job_id.decode().startswith(f"review-octo__{repository.record.name}-1-{pull.head_sha}-normal-later-")
    # When its time comes, it is the same review; a push or the end of the pull request drops it like any other.
    jobs.review(equipment, request_for(repository, pull))
    assert written(equipment, "PostReview")


def test_a_damaged_mirror_fails_once(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    jobs.review(equipment, request_for(repository, pull))
    mirror = equipment.mirrors.path(repository.full_name)
    for pack in mirror.glob("objects/??/*"):
        pack.unlink()
    for pack in mirror.glob("objects/pack/*"):
        pack.unlink()
    with pytest.raises((git.GitError, ParserError)):
        jobs.review(equipment, request_for(repository, pull))
    assert not mirror.exists()
    jobs.review(equipment, request_for(repository, pull))


def test_a_commit_that_git_does_not_know_yet_is_tried_again(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    unknown = {"base_commit": {"sha": pull.base_sha}, "merge_base_commit": {"sha": "0" * 39 + "1"}}
    github.faults.add(Fault(path=f"/{repository.record.name}/compare/", status=200, body=unknown))
    with pytest.raises(CommitGone):
        jobs.review(equipment, request_for(repository, pull))
    jobs.review(equipment, request_for(repository, pull))
    assert written(equipment, "PostReview")


def test_a_configuration_counts_for_the_label_and_the_review(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    repository.commit({".github/scalability.yaml": "label: deep/please\nrules: {large-value-param: notice}\n"})
    pull = repository.open_pull({PATH: COPIES})
    jobs.review(equipment, request_for(repository, pull))
    assert not written(equipment, "PostReview")
    assert Queues(equipment.redis).remembered(repository.full_name, 1).label == "deep/please"


@pytest.mark.parametrize(
    "entry",
    [
        Entry("120000", b"/etc/passwd"),
        Entry("100644", b"#" * 1_000_000),
        Entry("100644", b"\xff\xfe\x00rules"),
        Entry("100644", b"rules: [*a, *a]"),
        Entry("100644", b"1: 2\n2026-01-01: x\n"),
        Entry("100644", b"cap: !!bool x\n"),
        Entry("100644", b"cap: " + b"9" * 5_000),
        Entry("100644", b"[" * 60_000),
    ],
    ids=["link", "huge", "binary", "aliases", "keys", "tag", "number", "nested"],
)
def test_a_configuration_that_is_none_changes_nothing(
    equipment: Equipment, repository: SimulatedRepository, entry: Entry
) -> None:
    repository.commit({".github/scalability.yaml": entry})
    pull = repository.open_pull({PATH: COPIES})
    jobs.review(equipment, request_for(repository, pull))
    assert written(equipment, "PostReview")


def test_a_problem_of_the_proposed_configuration_is_told(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES, ".github/scalability.yaml": "cap: !!bool x\n"})
    jobs.review(equipment, request_for(repository, pull))
    assert written(equipment, "PostReview"), "it takes nothing away"
    [run] = written(equipment, "PutCheckRun")
    assert "tags are not supported" in str(run["summary"])


def test_what_is_left_out_is_said_and_counted(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES, "notes.txt": "x\n" * 2_000_000})
    jobs.review(equipment, request_for(repository, pull))
    assert written(equipment, "PostReview")
    [run] = written(equipment, "PutCheckRun")
    assert "notes.txt" in str(run["summary"])
    assert equipment.redis.hget(metrics.COUNTED_KEY, '["skipped_files", "large"]') == b"1"


def test_an_analysis_that_takes_too_long_ends_as_a_neutral_check_run(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    hanging = tmp_path / "bin" / "git"
    hanging.parent.mkdir()
    real = shutil.which("git")
    hanging.write_text(f'#!/bin/sh\ncase "$*" in *diff-tree*) exec sleep 600;; esac\nexec {real} "$@"\n')
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", f"{hanging.parent}{os.pathsep}{os.environ['PATH']}")
    late = Parser(timeout=2, memory_mb=2048)
    late.start()
    try:
        said = jobs.review(dataclasses.replace(equipment, parser=late), request_for(repository, pull))
    finally:
        late.close()
    assert said == "0 diagnostics; wrote PutCheckRun"
    [run] = written(equipment, "PutCheckRun")
    assert (run["conclusion"], run["title"]) == ("neutral", "Not everything could be read")
    assert "the analysis took longer than 2 s" in str(run["summary"])


def test_a_deep_scan_begins_and_ends_its_own_check_run(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    jobs.review(equipment, request_for(repository, pull, depth="deep"))
    runs = written(equipment, "PutCheckRun")
    assert [(run["name"], run["conclusion"]) for run in runs] == [
        ("scalability deep scan", None),
        ("scalability deep scan", "neutral"),
    ]
    assert not equipment.redis.exists("scalability-bot:deep-scans")


def test_commands_are_answered_in_words(equipment: Equipment, repository: SimulatedRepository) -> None:
    repository.open_pull({PATH: COPIES})

    def reply(answer: str, author: str = "somebody") -> str:
        asked = Reply(
            repository=repository.full_name,
            number=1,
            answer=answer,  # type: ignore[arg-type]
            command=dataclasses.replace(command(author=author), ordinal=len(answer)),
        )
        return jobs.reply(equipment, asked.to_json())

    assert reply("help") == "answered with help"
    assert reply("help") == "the answer stands already"
    assert reply("received") == "received"
    assert reply("deep-not-allowed") == "answered with deep-not-allowed"
    repository.member("triager", "COLLABORATOR")
    assert reply("deep-not-allowed", "triager").startswith("submitted review-octo__")
    [job_id] = equipment.redis.lrange("rq:queue:deep", 0, -1)
    assert b"-deep-issue_comment-1-" in job_id


@pytest.mark.parametrize("data", [None, {}, [], "x", {"repository": "../../etc", "number": 1, "cause": "x"}])
def test_what_is_no_request_is_refused(equipment: Equipment, data: object) -> None:
    for job in (jobs.review, jobs.reply):
        with pytest.raises(ValueError, match=r".+"):
            job(equipment, data)
