"""The jobs, in this process: GitHub is the simulated one, and nothing is written to it (shadow), which costs no waiting."""

import dataclasses
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis
from rq.timeouts import JobTimeoutException

from bot import metrics
from bot.check_runs import base_key
from bot.github import GitHub, Unreachable
from bot.keys import Key, Note
from bot.lease import Lease
from bot.queue import COMMANDS, DEEP, REVIEWS, Queues
from bot.review_request import CommandSource, Reply, ReviewRequest
from bot.settings import Secret, Settings
from bot.shadow import read
from bot.timers import Timers
from workers import jobs, reviews
from workers.equipment import Equipment
from workers.parser import Parser, ParserError
from workers.remote import OverQuota, TooLong
from workers.sandbox import Entry, Fault, SimulatedGitHub, SimulatedRepository
from workers.sandbox.records import Pull

GO = "package a\n\ntype T struct{ a [100]string }\n"
COPIES = GO + "\nfunc F(t T) int {\n\treturn len(t.a)\n}\n"
PATH = "pkg/scheduler/a.go"
TIMERS = Timers(lease=60, retries=(600.0, 600.0), look=600.0, settle=(0.0,))


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
    found.commit({"go.mod": "module k8s.io/kubernetes\n\ngo 1.21\n", PATH: GO})
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
        timers=TIMERS,
    )
    return Equipment(settings, redis_connection, parser)


def submit(equipment: Equipment, repository: SimulatedRepository, pull: Pull, **changes: Any) -> None:
    given = {"repository": repository.full_name, "number": pull.number, "cause": "opened", "author": "contributor"}
    equipment.queues.submit([ReviewRequest(**{**given, **changes})])


def run(equipment: Equipment, repository: SimulatedRepository, pull: Pull, **changes: Any) -> str:
    """Have something happen to a pull request, and give what the next turn makes of it."""
    submit(equipment, repository, pull, **changes)
    return jobs.turn(equipment, DEEP if changes.get("depth") == "deep" else REVIEWS)


def written(equipment: Equipment, kind: str) -> list[dict[str, object]]:
    return [dict(kept.write) for kept in read(equipment.redis) if kept.write["write"] == kind]


def command(author: str = "somebody", number: int = 1, verb: str = "check", association: str = "NONE") -> CommandSource:
    return CommandSource(
        kind="issue_comment",
        id=number,
        author=author,
        author_association=association,
        text="/scalability-check",
        verb=verb,
    )


def waits(equipment: Equipment) -> list[tuple[str, float]]:
    """Give what waits for a time, and for how long."""
    now = equipment.queues.keys.now()
    found = equipment.redis.zrange("scalability-bot:keys:later", 0, -1, withscores=True)
    return [(name.decode(), float(at) - now) for name, at in found]  # type: ignore[str-unpack]


def test_a_review_is_made_once(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    said = run(equipment, repository, pull)
    assert said == f"{repository.full_name}#1: reviewed {pull.head_sha[:12]}, wrote PostReview, PutCheckRun"
    [review] = written(equipment, "PostReview")
    assert review["commit"] == pull.head_sha
    counted = equipment.redis.hgetall(metrics.COUNTED_KEY)
    assert counted[b'["writes", "post-review", "written"]'] == b"1"
    assert counted[b'["diagnostics", "large-value-param", "warning"]'] == b"1"
    assert counted[b'["comments", "large-value-param", "posted"]'] == b"1"
    assert run(equipment, repository, pull).endswith("is reviewed")
    assert jobs.turn(equipment, REVIEWS) == jobs.NOTHING
    assert waits(equipment) == []
    assert equipment.queues.keys.done(Key("normal", repository.full_name, 1)) == f"{pull.head_sha} {base_key('master')}"


def test_a_branch_with_a_slash_is_compared_too(equipment: Equipment, repository: SimulatedRepository) -> None:
    master = repository.git.refs("refs/heads/")["refs/heads/master"]
    repository.commit({PATH: GO + "\n// Of the release.\n"}, parent=master, branch="release/1.2")
    head = repository.commit({PATH: COPIES}, parent=master)
    pull = repository.open_pull(head, base="release/1.2")
    assert "wrote PostReview" in run(equipment, repository, pull)


def test_another_base_is_another_review_of_the_same_head(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    run(equipment, repository, pull)
    repository.commit({"other.go": "package a\n"}, branch="release", parent=pull.base_sha)
    repository.move_base(pull, "release")
    assert "reviewed" in run(equipment, repository, pull, cause="edited")
    names = {run["external_id"].split(" ")[1] for run in written(equipment, "PutCheckRun")}  # type: ignore[attr-defined]
    assert names == {base_key("master"), base_key("release")}


@pytest.mark.parametrize("turn", ["closed", "draft"])
def test_what_is_not_wanted_is_not_made(equipment: Equipment, repository: SimulatedRepository, turn: str) -> None:
    pull = repository.open_pull({PATH: COPIES})
    if turn == "closed":
        repository.close(pull)
    else:
        pull.draft = True
    assert {"closed": "it is closed", "draft": "it is a draft"}[turn] in run(equipment, repository, pull)
    assert list(read(equipment.redis)) == []
    assert not equipment.mirrors.folder.exists()


@pytest.mark.parametrize("state", ["draft", "closed"])
def test_who_asks_gets_a_review_whatever_became_of_the_pull_request(
    equipment: Equipment, repository: SimulatedRepository, state: str
) -> None:
    pull = repository.open_pull({PATH: COPIES}, draft=state == "draft")
    if state == "closed":
        repository.close(pull)
    run(equipment, repository, pull, command=command())
    assert written(equipment, "PostReview")
    # Asked once, answered once: by the review itself.
    assert not written(equipment, "PostReply")
    assert "answer issue_comment-1-check" in str(written(equipment, "PostReview")[0]["body"])


def test_what_the_sweep_finds_old_gets_its_check_run_alone_until_somebody_asks(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    key = Key("normal", repository.full_name, pull.number)
    equipment.queues.keys.note([Note(key=key, author="contributor", swept=True, old=True)])
    assert jobs.turn(equipment, REVIEWS).endswith("wrote PutCheckRun")
    assert "wrote PostReview" in run(equipment, repository, pull, command=command())


def test_everybody_who_asked_is_answered_by_one_run(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: GO + "// nothing\n"})
    submit(equipment, repository, pull, command=command("alice", 1))
    submit(equipment, repository, pull, command=command("bob", 2))
    jobs.turn(equipment, COMMANDS)
    assert len(written(equipment, "PostReply")) == 2
    assert jobs.turn(equipment, REVIEWS) == jobs.NOTHING


def test_a_push_during_the_run_is_due_at_once(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    original = reviews._post

    def pushing(*given: Any) -> Any:
        posted = original(*given)
        if pull.head_sha == first:
            repository.push(pull, {PATH: COPIES.replace("F", "G")})
        return posted

    first = pull.head_sha
    monkeypatch.setattr(reviews, "_post", pushing)
    run(equipment, repository, pull)
    assert f"reviewed {pull.head_sha[:12]}" in jobs.turn(equipment, REVIEWS)
    assert jobs.turn(equipment, REVIEWS) == jobs.NOTHING


def test_a_head_that_github_does_not_show_yet_is_looked_for_later_each_time_and_not_for_ever(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    run(equipment, repository, pull)
    github.state.head_lag = 3600.0
    try:
        new = repository.push(pull, {PATH: COPIES.replace("F", "G")})
        # The old head is what GitHub shows: it is reviewed already, and the new one decides nothing.
        assert "is reviewed; looked at again in 600 s" in run(equipment, repository, pull, head=new)
        [(name, seconds)] = waits(equipment)
        assert 590 < seconds <= 600
        equipment.redis.zadd("scalability-bot:keys:later", {name: 1.0})
        assert "looked at again in 900 s" in jobs.turn(equipment, REVIEWS)
        assert len(written(equipment, "PutCheckRun")) == 1
        record = f"scalability-bot:keys:record:{name}"
        equipment.redis.hset(record, f"head:{new}", str(equipment.queues.keys.now() - 601))
        equipment.redis.zadd("scalability-bot:keys:later", {name: 1.0})
        assert jobs.turn(equipment, REVIEWS).endswith("is reviewed")
        assert waits(equipment) == []
        assert "again in 600 s" in run(equipment, repository, pull, head=new)
    finally:
        github.state.head_lag = 0.0
    equipment.redis.zadd("scalability-bot:keys:later", {name: 1.0})
    assert f"reviewed {new[:12]}" in jobs.turn(equipment, REVIEWS)
    assert waits(equipment) == []


def test_a_rate_limit_puts_the_review_off(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    limit = Fault(path=f"/{repository.record.name}/pulls/1$", status=429, headers={"Retry-After": "1200"})
    github.faults.add(limit)
    assert "put off: GitHub answered 429" in run(equipment, repository, pull)
    [(name, seconds)] = waits(equipment)
    assert 1190 < seconds <= 1200
    equipment.redis.zadd("scalability-bot:keys:later", {name: 1.0})
    assert "wrote PostReview" in jobs.turn(equipment, REVIEWS)


def test_a_failure_is_tried_again_and_in_the_end_told_and_swept(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})

    def failing(*_: Any, **__: Any) -> Any:
        raise ParserError("the comparison could not be read")

    with monkeypatch.context() as patch:
        patch.setattr(reviews, "compare", failing)
        assert "failed, try 1: the comparison" in run(equipment, repository, pull, command=command())
        [(name, _)] = waits(equipment)
        for said in ("failed, try 2", "set aside"):
            equipment.redis.zadd("scalability-bot:keys:later", {name: 1.0})
            assert said in jobs.turn(equipment, REVIEWS)
    [told] = written(equipment, "PutCheckRun")
    assert (told["conclusion"], told["title"]) == ("neutral", "The review could not be finished")
    assert "Sorry" in str(written(equipment, "PostReply")[0]["body"])
    assert waits(equipment) == []
    assert equipment.redis.hget(f"scalability-bot:keys:record:{name}", "lapses") == b"1"
    # It is no review: when all is well again, what comes along is reviewed.
    assert "wrote PostReview" in run(equipment, repository, pull)


def test_what_fails_for_ever_is_set_aside_however_often_the_sweep_comes(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real times, a sweep comes between two tries: it is sooner than the last of them."""
    pull = repository.open_pull({PATH: COPIES})
    given = dataclasses.replace(equipment.settings, timers=Timers(lease=60, settle=(0.0,)))
    equipment = dataclasses.replace(equipment, settings=given)
    assert given.timers.sweep < given.timers.longest_retry
    swept = Note(key=Key("normal", repository.full_name, pull.number), swept=True)

    errors: list[Exception] = []

    def failing(*_: Any, **__: Any) -> Any:
        raise errors[-1]

    monkeypatch.setattr(reviews, "compare", failing)
    for error, afterwards in ((ParserError("had no answer"), "resting"), (Unreachable("it is away"), "queued")):
        errors.append(error)
        submit(equipment, repository, pull)
        said = []
        for _ in given.timers.retries:
            said.append(jobs.turn(equipment, REVIEWS))
            equipment.queues.keys.note([swept])
        said.append(jobs.turn(equipment, REVIEWS))
        assert [each.partition(": ")[2].partition(":")[0] for each in said] == [
            *(f"failed, try {number}" for number in range(1, len(given.timers.retries) + 1)),
            "set aside",
        ]
        # After an outage the next sweep asks for it again; what fails by itself rests.
        assert equipment.queues.keys.note([swept]) == [afterwards]
    assert len(written(equipment, "PutCheckRun")) == 1


def test_who_finds_the_repository_being_fetched_makes_room(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (repository.open_pull({PATH: COPIES, f"{number}.go": "package a\n"}) for number in range(2))
    quick = dataclasses.replace(
        equipment,
        settings=dataclasses.replace(equipment.settings, timers=dataclasses.replace(TIMERS, fetching=0.0)),
    )
    submit(quick, repository, first)
    fetches = quick.queues.keys.take(["normal"])
    assert fetches is not None
    submit(quick, repository, second)
    waits = quick.queues.keys.take(["normal"])
    assert waits is not None
    assert quick.queues.keys.fetching(fetches)

    def no_sleep(_: float) -> None:
        raise AssertionError("it waits for longer than it may")

    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=time.monotonic, sleep=no_sleep))
    # Both began before either fetched: the second, in the middle of its run, finds that the first does.
    run = jobs._Run(quick, waits, Lease(lambda: True, "work"))
    assert quick.queues.keys.end(waits, run.ended()) == "later"
    assert run.said == f"put off: another review of {repository.full_name} is fetching it"
    assert jobs.turn(quick, REVIEWS) == jobs.NOTHING
    quick.queues.keys.fetched(fetches)
    assert "wrote PostReview" in jobs.turn(quick, REVIEWS)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OverQuota("git fetch failed: it is larger"), "Its repository is larger than the disk"),
        (TooLong("git fetch took longer than 200 s"), "It takes longer than the bot gives"),
        (
            JobTimeoutException("Task exceeded maximum timeout value (600 seconds)"),
            "It takes longer than the bot gives",
        ),
    ],
)
def test_what_another_try_cannot_mend_is_said_at_the_first(
    equipment: Equipment,
    repository: SimulatedRepository,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    told: str,
) -> None:
    pull = repository.open_pull({PATH: COPIES})

    def failing(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(reviews, "compare", failing)
    assert f"set aside: {error}" in run(equipment, repository, pull, command=command())
    [made] = written(equipment, "PutCheckRun")
    assert (made["conclusion"], made["title"]) == ("neutral", "The review could not be finished")
    assert str(made["summary"]).startswith(told)
    assert len(written(equipment, "PostReply")) == 1
    assert waits(equipment) == []


def test_a_promise_outlasts_an_outage(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    github.faults.add(Fault(path=f"/{repository.record.name}/", status=500, times=None))
    quick = dataclasses.replace(
        equipment,
        settings=dataclasses.replace(
            equipment.settings, timers=dataclasses.replace(TIMERS, retries=(0.0,), call_again=0.01)
        ),
    )
    submit(quick, repository, pull, command=command())
    for _ in range(5):
        assert "failed, try 1" in (said := jobs.turn(quick, REVIEWS)) or "told later" in said
    github.faults.clear()
    jobs.turn(quick, REVIEWS)
    assert written(quick, "PostReview") or written(quick, "PostReply")


def test_a_key_whose_worker_died_again_and_again_is_set_aside(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    submit(equipment, repository, pull)
    record = f"scalability-bot:keys:record:normal:{repository.full_name}#1"
    equipment.redis.hset(record, "crashes", TIMERS.crashes)
    assert "set aside: its worker died" in jobs.turn(equipment, REVIEWS)
    [told] = written(equipment, "PutCheckRun")
    assert told["title"] == "The review could not be finished"


def test_a_pull_request_that_is_gone_is_let_go(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    del repository.record.pulls[pull.number]
    assert "let go: GitHub answered 404" in run(equipment, repository, pull, command=command())
    assert waits(equipment) == []


def test_a_damaged_mirror_fails_once(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES})
    run(equipment, repository, pull)
    mirror = equipment.mirrors.path(repository.full_name)
    for pack in [*mirror.glob("objects/??/*"), *mirror.glob("objects/pack/*")]:
        pack.unlink()
    assert "failed, try 1" in run(equipment, repository, pull, command=command())
    assert not mirror.exists()
    assert "reviewed" in run(equipment, repository, pull)


def test_a_commit_that_git_does_not_know_yet_is_tried_again(
    equipment: Equipment, github: SimulatedGitHub, repository: SimulatedRepository
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    unknown = {"base_commit": {"sha": pull.base_sha}, "merge_base_commit": {"sha": "0" * 39 + "1"}}
    github.faults.add(Fault(path=f"/{repository.record.name}/compare/", status=200, body=unknown))
    assert "failed, try 1" in run(equipment, repository, pull)
    assert "wrote PostReview" in run(equipment, repository, pull)


def test_a_configuration_counts_for_the_label_and_the_review(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    repository.commit({".github/scalability.yaml": "label: deep/please\nrules: {large-value-param: notice}\n"})
    pull = repository.open_pull({PATH: COPIES})
    run(equipment, repository, pull)
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
    run(equipment, repository, pull)
    assert written(equipment, "PostReview")


def test_a_problem_of_the_proposed_configuration_is_told(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES, ".github/scalability.yaml": "cap: !!bool x\n"})
    run(equipment, repository, pull)
    assert written(equipment, "PostReview"), "it takes nothing away"
    [made] = written(equipment, "PutCheckRun")
    assert "tags are not supported" in str(made["summary"])


def test_what_is_left_out_is_said_and_counted(equipment: Equipment, repository: SimulatedRepository) -> None:
    pull = repository.open_pull({PATH: COPIES, "notes.txt": "x\n" * 2_000_000})
    run(equipment, repository, pull)
    assert written(equipment, "PostReview")
    [made] = written(equipment, "PutCheckRun")
    assert "notes.txt" in str(made["summary"])
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
        said = run(dataclasses.replace(equipment, parser=late), repository, pull)
    finally:
        late.close()
    assert said.endswith("wrote PutCheckRun")
    [made] = written(equipment, "PutCheckRun")
    assert (made["conclusion"], made["title"]) == ("neutral", "Not everything could be read")
    assert "the analysis took longer than 2 s" in str(made["summary"])


def test_a_deep_scan_begins_and_ends_its_own_check_run_and_is_deep(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    depths: list[bool] = []
    original = Parser.analyze

    def analyze(self: Parser, *given: Any, deep: bool, **named: Any) -> Any:
        depths.append(deep)
        return original(self, *given, deep=deep, **named)

    monkeypatch.setattr(Parser, "analyze", analyze)
    run(equipment, repository, pull, depth="deep", again="d-1")
    runs = written(equipment, "PutCheckRun")
    assert [(each["name"], each["conclusion"]) for each in runs] == [
        ("scalability deep scan", None),
        ("scalability deep scan", "neutral"),
    ]
    assert not equipment.redis.exists("scalability-bot:deep-scans")
    run(equipment, repository, pull)
    assert depths == [True, False]
    assert "nobody asks for it" in run(equipment, repository, pull, depth="deep")


def test_a_mention_is_noted_before_it_is_made(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    original, noted = Parser.analyze, []

    def with_cc(self: Parser, *given: Any, **named: Any) -> Any:
        report = original(self, *given, **named)
        return dataclasses.replace(report, cc=("@a/b",))

    monkeypatch.setattr(Parser, "analyze", with_cc)
    carry_out = reviews.post  # type: ignore[attr-defined]

    def posting(*given: Any, **named: Any) -> Any:
        noted.append(Queues(equipment.redis).remembered(repository.full_name, 1).just_mentioned)
        return carry_out(*given, **named)

    monkeypatch.setattr(reviews, "post", posting)
    run(equipment, repository, pull)
    assert noted == [True]


def test_commands_are_answered_in_words_once(equipment: Equipment, repository: SimulatedRepository) -> None:
    repository.open_pull({PATH: COPIES})

    def reply(answer: str, author: str = "somebody", number: int = 1, words: tuple[str, ...] = ()) -> str:
        source = command(author, number, verb=answer)
        asked = Reply(repository=repository.full_name, number=1, answer=answer, command=source, words=words)  # type: ignore[arg-type]
        equipment.queues.submit([asked])
        return jobs.turn(equipment, COMMANDS).partition(": ")[2]

    assert reply("help") == "answered with help"
    assert reply("help") == "the answer stands already"
    assert reply("received") == "heard a command"
    assert reply("deep-not-allowed") == "answered with deep-not-allowed"
    repository.member("triager", "COLLABORATOR")
    assert reply("deep-not-allowed", "triager", 2) == "began a deep scan"
    deep = equipment.queues.keys.take(["deep!"])
    assert deep and list(deep.commands) == ["issue_comment-2-deep-not-allowed"]
    # What is dismissed is to be seen in the check run, so the pull request is looked at anew.
    assert reply("dismiss", number=3, words=("value-receiver",)) == "answered with dismiss"
    again = equipment.queues.keys.take(["normal!"])
    assert again and again.again == ("issue_comment-3-dismiss",)


def test_the_sign_that_a_command_was_heard_comes_before_every_answer(
    equipment: Equipment, repository: SimulatedRepository
) -> None:
    repository.open_pull({PATH: COPIES})
    for number in (1, 2):
        asked = Reply(repository=repository.full_name, number=1, answer="help", command=command("a", number, "help"))
        equipment.queues.submit([asked])
    jobs.turn(equipment, REVIEWS)
    assert [kept.write["write"] for kept in read(equipment.redis)] == ["React", "React", "PostReply", "PostReply"]


@pytest.mark.parametrize("queue", [None, {}, [], "x", "maintenance"])
def test_what_is_no_queue_of_turns_is_refused(equipment: Equipment, queue: object) -> None:
    with pytest.raises(ValueError, match="no queue of turns"):
        jobs.turn(equipment, queue)


@pytest.mark.parametrize("text", ["", "[", "{}", '{"repository": "../../etc", "number": 1}'])
def test_a_command_that_cannot_be_read_stops_no_other(
    equipment: Equipment, repository: SimulatedRepository, text: str
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    submit(equipment, repository, pull, command=command())
    record = f"scalability-bot:keys:record:normal:{repository.full_name}#1"
    equipment.redis.hset(record, "command:garbage", text)
    assert "wrote PostReview" in jobs.turn(equipment, REVIEWS)
    assert not [name for name in equipment.redis.hkeys(record) if name.startswith(b"command:")]


def test_a_worker_that_lost_its_key_writes_nothing_more(
    equipment: Equipment, repository: SimulatedRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = repository.open_pull({PATH: COPIES})
    original = GitHub.standing

    def losing(self: GitHub, number: int) -> Any:
        equipment.redis.hset(f"scalability-bot:keys:record:normal:{repository.full_name}#1", "token", "another")
        return original(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(GitHub, "standing", losing)
        run(equipment, repository, pull)
    assert list(read(equipment.redis)) == []
