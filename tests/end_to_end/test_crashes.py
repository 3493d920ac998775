"""Whatever dies, and whenever: each review is there once, with one check run, and every command is answered once."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bot.keys import PREFIX, Key
from bot.markers import markers
from tests.end_to_end.conftest import BEFORE, FILES, FITS, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository
from workers.sandbox.records import Pull

Victim = Literal["worker", "horse", "parser", "redis", "500", "502", "drop", "time-out"]
When = Literal["before", "after"]

# The calls of a review that a person asked for, in order; "after" those that write: the write took effect, and nobody was told.
CALLS: tuple[tuple[str, str, When], ...] = (
    ("GET", "/api/v3/repos/{}/pulls/1$", "before"),
    ("POST", "/api/v3/repos/{}/issues/comments/.*/reactions", "after"),
    ("GET", "/api/v3/repos/{}/compare/", "before"),
    ("GET", "/{}/info/refs", "before"),
    ("POST", "/{}/git-upload-pack", "before"),
    ("GET", "/api/v3/repos/{}/pulls/1/comments", "before"),
    ("GET", "/api/v3/repos/{}/issues/1/comments", "before"),
    ("POST", "/api/v3/repos/{}/pulls/1/reviews", "before"),
    ("POST", "/api/v3/repos/{}/pulls/1/reviews", "after"),
    ("POST", "/api/v3/repos/{}/check-runs", "before"),
    ("POST", "/api/v3/repos/{}/check-runs", "after"),
)
WRITES = tuple(call for call in CALLS if call[0] == "POST" and "git-upload" not in call[1])
EXHAUSTIVE = pytest.mark.skipif("EXHAUSTIVE" not in os.environ, reason="takes minutes: set EXHAUSTIVE=1")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot whose workers the tests may kill."""
    with bot_running(tmp_path_factory.mktemp("own"), timers={"call": "5", "settle": "1/1/1.5"}) as running:
        for _ in range(2):
            running.start_worker("reviews")
        yield running


@dataclass
class Case:
    """A pull request whose review is interrupted at one call to GitHub."""

    bot: Bot
    victim: Victim
    method: str
    path: str
    when: When
    repository: SimulatedRepository
    fault: Fault = field(init=False)
    pull: Pull = field(init=False)
    struck: bool = False

    def begin(self) -> None:
        """Have the call hang, long enough for somebody to be killed in the middle of it, or fail; then ask for the review."""
        status: int | Literal["drop"] | None = None
        delay = 0.0
        match self.victim:
            case "500" | "502":
                status = int(self.victim)
            case "drop":
                status = "drop"
            # GitHub ends a request sooner than its asker has given it up, waited and read again: so here, in proportion.
            case "time-out":
                delay = 6.5
            case _:
                delay = 4.0
        self.fault = Fault(method=self.method, path=self.path, when=self.when, status=status, delay=delay)
        self.bot.github.faults.add(self.fault)
        self.pull = self.repository.open_pull({PATH: BEFORE + FITS}, draft=True)
        # Each from a person of its own: one has three an hour.
        self.repository.comment(self.pull, f"who-asked-in-{self.repository.record.name}", "/scalability-check")

    def strike(self) -> bool:
        """Kill who is to be killed once the call hangs; say whether that is done."""
        if self.struck or not self.fault.struck:
            return self.struck
        if self.outcome() >= (1, 1, 1, 1):
            print(f"{self.victim} was too late at {self.method} {self.path} {self.when}")
            self.struck = True
        if self.victim in {"worker", "horse", "parser"}:
            horse = holder(self.bot, self.pull, self.repository)
            if horse is None:
                return False
            worker = parent(horse)
            target = {"worker": worker, "horse": horse, "parser": parser(worker)}[self.victim]
            if target is None:
                return False
            with suppress(ProcessLookupError):
                os.kill(target, signal.SIGKILL)
        elif self.victim == "redis":
            self.bot.restart_redis()
        self.struck = True
        return True

    def outcome(self) -> tuple[int, int, int, int]:
        """Give how many reviews, comments on lines, completed check runs and answers there are."""
        bodies = [review.body for review in self.pull.reviews] + [each.body for each in self.pull.comments]
        answers = Counter(words for body in bodies for words in markers(body) if words[0] == "answer")
        runs = [run for run in self.repository.check_runs(self.pull) if run.status == "completed"]
        return len(self.pull.reviews), len(self.pull.review_comments), len(runs), sum(answers.values())


def holder(bot: Bot, pull: Pull, repository: SimulatedRepository) -> int | None:
    """Give the process that has a pull request's key, of whichever kind of work, once one has."""
    for kind in ("normal", "talk"):
        name = Key(kind, repository.full_name, pull.number).name  # type: ignore[arg-type]
        token = bot.redis.hget(f"{PREFIX}record:{name}", "token")
        if token:
            return int(token.decode().partition("-")[0])
    return None


def parent(process: int) -> int | None:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return None


def parser(worker: int | None) -> int | None:
    """Give the parser process of a worker."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if parent(int(process.name)) == worker and b"workers.parser" in (process / "cmdline").read_bytes():
                return int(process.name)
    return None


def interrupt(bot: Bot, victim: Victim, calls: tuple[tuple[str, str, When], ...]) -> list[Case]:
    """Interrupt a review at each of these calls, all at once but for Redis, which is for all the same."""
    cases = []
    for number, (method, path, when) in enumerate(calls):
        repository = bot.github.repository(f"octo/{victim}-{len(calls)}-{number}")
        repository.commit(FILES)
        cases.append(Case(bot, victim, method, path.format(repository.full_name), when, repository))
    for batch in [[case] for case in cases] if victim == "redis" else [cases]:
        for case in batch:
            case.begin()

        def all_struck(batch: list[Case] = batch) -> bool:
            for case in batch:
                if not case.struck and case.strike():
                    revive(bot)
            return all(case.struck for case in batch)

        try:
            eventually(all_struck, f"each call to be interrupted ({victim})", 100)
        except AssertionError:
            print([(case.path, case.when, case.fault.struck, case.outcome()) for case in batch if not case.struck])
            raise

        def done(batch: list[Case] = batch) -> bool:
            revive(bot)
            return all(case.outcome() >= (1, 1, 1, 1) for case in batch)

        eventually(done, f"all reviews ({victim})", 240)
    bot.idle(240)
    return cases


def revive(bot: Bot) -> None:
    """Start again the workers that ended, as a supervisor would."""
    for process in list(bot.processes):
        if process.poll() is not None and (arguments := bot.commands.pop(process.pid, None)):
            bot.processes.remove(process)
            bot.start(*arguments)


@pytest.mark.parametrize(
    ("victim", "calls"),
    [
        pytest.param("worker", CALLS, id="worker"),
        pytest.param("drop", WRITES, id="drop"),
        pytest.param("horse", CALLS, id="horse", marks=EXHAUSTIVE),
        pytest.param("parser", CALLS, id="parser", marks=EXHAUSTIVE),
        pytest.param("redis", CALLS, id="redis", marks=EXHAUSTIVE),
        *(pytest.param(victim, CALLS, id=victim, marks=EXHAUSTIVE) for victim in ("500", "502", "time-out")),
    ],
)
def test_interrupted_at_any_call_it_leaves_exactly_one_review(
    own: Bot, victim: Victim, calls: tuple[tuple[str, str, When], ...]
) -> None:
    wrong = [
        (case.victim, case.method, case.path, case.when, case.outcome())
        for case in interrupt(own, victim, calls)
        if case.outcome() != (1, 1, 1, 1)
    ]
    assert wrong == []


def test_a_review_whose_worker_dies_again_and_again_is_set_aside_visibly_and_comes_back(own: Bot) -> None:
    repository = own.github.repository("octo/crashing")
    repository.commit(FILES)
    tries = 5
    hang = Fault(method="GET", path=f"/{repository.full_name}/pulls/1$", status=None, delay=10, times=tries)
    own.github.faults.add(hang)
    pull = repository.open_pull({PATH: BEFORE + FITS})
    killed: set[int] = set()

    def kill() -> bool:
        horse = holder(own, pull, repository) if hang.struck > len(killed) else None
        if horse is not None and horse not in killed:
            with suppress(ProcessLookupError):
                os.kill(horse, signal.SIGKILL)
            killed.add(horse)
        return len(killed) == tries

    eventually(kill, f"{tries} crashes")
    # The sweep asks for it again when it has rested, and then it is reviewed: in the same check run.
    eventually(lambda: pull.reviews and repository.check_runs(pull)[0].conclusion == "neutral", "the review after all")
    own.idle()
    [run] = repository.check_runs(pull)
    assert run.title == "1 place worth a look"
    assert "is set aside" in own.log.read_text()


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
    # No sweep: it would find the pull request without the delivery.
    with bot_running(tmp_path, queues=(), timers={"sweep": "3600"}) as bot:
        repository = bot.github.repository("octo/unheard")
        repository.commit(FILES)
        bot.redis.set("scalability-bot:housekeeping:sweep", 1)
        bot.server.stop()
        pull = repository.open_pull({PATH: BEFORE + FITS})
        assert bot.github.delivered()[-1].status_code == 503
        bot.server.start()
        # Maintenance asks GitHub for what failed; without being asked, GitHub sends nothing again.
        bot.start_worker("reviews")
        bot.start_worker("maintenance")
        eventually(lambda: pull.reviews and repository.check_runs(pull), "the review")
        assert len(pull.reviews) == 1
        assert [each.redelivery for each in bot.github.delivered() if each.event == "pull_request"] == [False, True]
