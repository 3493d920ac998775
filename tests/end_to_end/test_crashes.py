"""Whatever dies, and whenever: each review is there once."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bot.review_request import ReviewRequest
from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository
from workers.sandbox.records import Pull


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot whose workers the tests may kill."""
    with bot_running(tmp_path_factory.mktemp("own")) as running:
        yield running


def owner_of(bot: Bot, pull: Pull, repository: SimulatedRepository) -> int | None:
    """Give the process id of the worker that has a pull request's review, once it has it."""
    request = ReviewRequest(repository=repository.full_name, number=pull.number, head=pull.head_sha, cause="opened")
    name = bot.redis.hget(f"rq:job:{request.job_id}", "worker_name")
    pid = bot.redis.hget(f"rq:worker:{name.decode()}", "pid") if name else None
    return int(pid) if pid else None


@dataclass
class Case:
    """A pull request whose review is interrupted at one call to GitHub."""

    method: str
    path: str
    when: Literal["before", "after"]
    repository: SimulatedRepository
    fault: Fault = field(init=False)
    pull: Pull = field(init=False)
    killed: bool = False


# The calls that a review makes, in order; "after" those that write, the write took effect and nobody was told.
CALLS = (
    ("GET", "/api/v3/repos/{}/pulls/1$", "before"),
    ("GET", "/api/v3/repos/{}/compare/", "before"),
    ("GET", "/{}/info/refs", "before"),
    ("POST", "/{}/git-upload-pack", "before"),
    ("GET", "/api/v3/repos/{}/pulls/1/comments", "before"),
    ("GET", "/api/v3/repos/{}/pulls/1/reviews", "before"),
    ("POST", "/api/v3/repos/{}/pulls/1/reviews", "after"),
)
# Each waits for the locks of the one that was killed while it wrote, half a minute.
SLOW_CALLS = (
    ("POST", "/api/v3/repos/{}/pulls/1/reviews", "before"),
    ("POST", "/api/v3/repos/{}/check-runs", "before"),
    ("POST", "/api/v3/repos/{}/check-runs", "after"),
)


@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(CALLS, id="most"),
        pytest.param(
            SLOW_CALLS,
            id="the-rest",
            marks=pytest.mark.skipif("EXHAUSTIVE" not in os.environ, reason="takes minutes: set EXHAUSTIVE=1"),
        ),
    ],
)
def test_a_worker_killed_at_any_call_leaves_exactly_one_review(
    own: Bot, calls: tuple[tuple[str, str, Literal["before", "after"]], ...]
) -> None:
    cases = []
    for number, (method, path, when) in enumerate(calls):
        repository = own.github.repository(f"octo/killed-{len(calls)}-{number}")
        repository.commit(FILES)
        case = Case(method, path.format(repository.full_name), when, repository)
        # The call hangs: long enough for its worker to be killed in the middle of it.
        case.fault = Fault(method=method, path=case.path, when=when, status=None, delay=20)
        own.github.faults.add(case.fault)
        case.pull = repository.open_pull({PATH: BEFORE + FITS})
        cases.append(case)
    # Several at once: each worker that is killed makes room for another.
    for _ in range(2):
        own.start_worker("reviews")

    def kill_those_that_hang() -> bool:
        for case in cases:
            if case.fault.struck and not case.killed:
                worker = owner_of(own, case.pull, case.repository)
                if worker:
                    os.kill(worker, signal.SIGKILL)
                    case.killed = True
                    own.start_worker("reviews")
        return all(case.killed for case in cases)

    eventually(kill_those_that_hang, "each call to be interrupted", 240)

    def done() -> bool:
        return all(
            case.pull.reviews and any(run.status == "completed" for run in case.repository.check_runs(case.pull))
            for case in cases
        )

    eventually(done, "all reviews", 240)
    own.idle()
    for case in cases:
        runs = case.repository.check_runs(case.pull)
        counts = (len(case.pull.reviews), len(case.pull.review_comments), len(runs))
        assert counts == (1, 1, 1), (case.method, case.path, case.when, counts)
        assert [run.conclusion for run in runs] == ["neutral"]
        assert [review.state for review in case.pull.reviews] == ["COMMENTED"]


def horses(worker: int) -> list[int]:
    """Give the processes of jobs that a worker runs: its children that are not the parser."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            line = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == worker and b"workers.parser" not in line:
            found.append(int(process.name))
    return found


def test_a_job_that_crashes_again_and_again_is_set_aside_visibly(own: Bot) -> None:
    repository = own.github.repository("octo/crashing")
    repository.commit(FILES)
    tries = 5
    hang = Fault(method="GET", path=f"/{repository.full_name}/pulls/1$", status=None, delay=10, times=tries)
    own.github.faults.add(hang)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    killed = 0

    def kill() -> bool:
        nonlocal killed
        worker = owner_of(own, pull, repository) if hang.struck > killed else None
        for process in horses(worker) if worker else []:
            os.kill(process, signal.SIGKILL)
            killed += 1
        return killed == tries

    eventually(kill, f"{tries} crashes")
    [run] = eventually(lambda: repository.check_runs(pull), "the check run that tells of it")
    assert (run.status, run.conclusion, run.title) == ("completed", "neutral", "The review could not be finished")
    assert not pull.reviews
    request = ReviewRequest(repository=repository.full_name, number=1, head=pull.head_sha, cause="opened")
    assert own.redis.zscore("rq:failed:reviews", request.job_id)
    # The same people, the same queues: the next one is reviewed.
    repository.push(pull, {"docs/a.md": "words\n"})
    eventually(lambda: pull.reviews, "the next review")


def test_a_queue_that_was_restarted_has_lost_nothing(tmp_path: Path) -> None:
    with bot_running(tmp_path, queues=()) as bot:
        repository = bot.github.repository("octo/waiting")
        repository.commit(FILES)
        pull = repository.open_pull({PATH: BEFORE + FITS})
        assert bot.github.delivered()[-1].status_code == 202
        bot.restart_redis()
        bot.start_worker("reviews")
        eventually(lambda: pull.reviews and repository.check_runs(pull), "the review")
        assert len(pull.reviews) == 1


def test_without_a_queue_the_receiver_says_so_and_the_delivery_comes_again(tmp_path: Path) -> None:
    with bot_running(tmp_path, queues=()) as bot:
        repository = bot.github.repository("octo/unheard")
        repository.commit(FILES)
        bot.server.stop()
        pull = repository.open_pull({PATH: BEFORE + FITS})
        assert bot.github.delivered()[-1].status_code == 503
        bot.server.start()
        # Maintenance asks GitHub for what failed; without being asked, GitHub sends nothing again.
        bot.start_worker("reviews")
        bot.start_worker("maintenance")
        eventually(lambda: pull.reviews and repository.check_runs(pull), "the review")
        assert len(pull.reviews) == 1
