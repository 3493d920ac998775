"""A soak: people work on many pull requests while everything fails now and then; the end must be that of a day without faults.

    nice .venv/bin/python -m tests.benchmarks.soak [--deliveries 2000] [--pulls 100] [--share 0.05] [--seed 1] [--minutes 60]

Of what people do, that share is told to nobody, that share late and in reverse, that share twice; with that share of it
something is killed (a worker, a work horse, a parser, the receiver, Redis), or GitHub shows a push or its own writes late.
Of the calls to GitHub, git included, that share fails: 500, 502, 503, a dropped connection, a time-out, a limit, each
before or after it took effect. Then the faults end, and what stands is compared with what the pull requests ask for:
nothing lost, twice or stale, nothing queued, locked or running. `--share 0` is the same day without faults.

Times are the tests' (a hundred times faster), so the figures from webhook to review are of this machine, shared by all.
"""

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.check_runs import ExternalId, base_key
from bot.keys import KINDS, PREFIX
from bot.markers import markers
from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository, deliver
from workers.sandbox.faults import Faults
from workers.sandbox.records import Delivery, Pull

# How calls fail. A time-out: GitHub takes longer than the bot waits, and does what was asked for all the same. It ends a
# request sooner than its asker has given it up, waited and read again (10 s; 15 and 15): so here, in proportion.
CALL = 4.0
SETTLE = "1/1/1.5"
FAILURES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("500", {"status": 500}),
    ("502", {"status": 502}),
    ("503", {"status": 503}),
    ("drop", {"status": "drop"}),
    ("time-out", {"status": None, "delay": CALL + 1}),
    ("limit", {"status": 429, "headers": {"Retry-After": "1"}}),
)
VICTIMS = ("worker", "horse", "parser", "receiver", "redis")


class Drawn(Faults):
    """Faults of which each call to GitHub meets one by chance."""

    def __init__(self, chance: random.Random, share: float, met: Counter[str]) -> None:
        super().__init__()
        self.chance, self.share, self.met = chance, share, met

    def strike(self, method: str, path: str) -> Fault | None:
        """Give the failure that this request meets, made for it."""
        with self._lock:
            if self.chance.random() >= self.share:
                return None
            name, how = self.chance.choice(FAILURES)
            # A limit is told before anything is done.
            when = "before" if name == "limit" else self.chance.choice(["before", "after"])
            self.met[f"call: {name} {when}"] += 1
            return Fault(when=when, **how)  # type: ignore[arg-type]

    def clear(self) -> None:
        """Have nothing fail any more."""
        self.share = 0.0


@dataclass
class Soak:
    """One run. What people do and what fails are drawn apart: the same seed is the same day, whatever fails."""

    bot: Bot
    people: random.Random
    chance: random.Random
    share: float
    repositories: list[SimulatedRepository]
    pulls: list[tuple[SimulatedRepository, Pull]] = field(default_factory=list)
    commands: list[tuple[Pull, int]] = field(default_factory=list)
    pushed: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    told: int = 0
    acts: int = 0

    def observe(self, event: str, action: str | None, content: Any, _: Any) -> None:
        """Note when the check run of a head was completed first."""
        if event == "check_run" and action == "completed":
            head = content["check_run"]["head_sha"]
            if head in self.pushed and head not in self.taken:
                self.taken[head] = time.monotonic() - self.pushed[head]

    def open(self, number: int) -> None:
        """Have somebody open a pull request."""
        repository = self.repositories[number % len(self.repositories)]
        pull = repository.open_pull({PATH: BEFORE + FITS}, f"Change {number}", f"author-{number % 17}")
        self.pushed[pull.head_sha] = time.monotonic()
        self.pulls.append((repository, pull))
        self.told += 1

    def act(self) -> None:
        """Have somebody do something to a pull request."""
        repository, pull = self.people.choice(self.pulls)
        self.acts += 1
        match self.people.choices(["push", "check", "help", "close", "base"], [70, 10, 10, 8, 2])[0]:
            case "push":
                body = self.people.choice([FITS, FITS_BETTER])
                head = repository.push(pull, {PATH: BEFORE + body + f"\nvar x{self.acts} = {self.acts}\n"})
                self.pushed[head] = time.monotonic()
            case "check" | "help" as verb:
                text = f"/scalability-check{'' if verb == 'check' else ' help'}"
                comment = repository.comment(pull, f"person-{self.acts}", text)
                self.commands.append((pull, comment.id))
            case "close":
                repository.close(pull)
                repository.reopen(pull)
                self.told += 1
            case "base":
                repository.move_base(pull, "release" if pull.base_ref == "master" else "master")
        self.told += 1

    def happens(self) -> bool:
        """Draw whether something fails now."""
        return self.chance.random() < self.share

    def step(self) -> None:
        """Have somebody do something, and let fail what the share says."""
        state = self.bot.github.state
        state.head_lag = 2.0 if self.happens() else 0.0
        state.lag = self.chance.choice([1, 2]) if self.happens() else 0
        self.met["head shown late"] += bool(state.head_lag)
        self.met["lists that lag"] += bool(state.lag)
        if self.happens():
            self.withheld(late=False)
        elif self.happens():
            self.withheld(late=True)
        else:
            self.act()
        if self.happens():
            self.bot.github.redeliver(self.chance.choice(self.bot.github.deliveries))
            self.told += 1
            self.met["delivered twice"] += 1
        if self.happens():
            self.kill(self.chance.choice(VICTIMS))
        self.revive()

    def withheld(self, *, late: bool) -> None:
        """Do something that GitHub tells nobody of, or tells later and in reverse."""
        github, told = self.bot.github, self.told
        with self.silence():
            before = len(github.deliveries)
            for _ in range(2 if late else 1):
                self.act()
            github.delivered()
            held = github.deliveries[before:]
        if not late:
            # A command that nobody told us of is a command nobody can answer.
            self.commands = [each for each in self.commands if not _about(each[1], held)]
            self.told = told
            self.met["never told"] += 1
            return
        self.met["late and in reverse"] += 1
        for each in reversed(held):
            deliver(each, str(github.webhook_url))

    @contextmanager
    def silence(self) -> Iterator[None]:
        """For the length of the with block, GitHub sends nothing."""
        github = self.bot.github
        github.delivered()
        github.webhook_url, url = None, github.webhook_url
        try:
            yield
        finally:
            github.webhook_url = url

    def kill(self, what: str) -> None:
        """Kill something with SIGKILL; Redis keeps what it has on disk."""
        self.met[f"killed: {what}"] += 1
        if what == "redis":
            self.bot.restart_redis()
            return
        wanted = "serve" if what == "receiver" else "worker"
        of_kind = [each.pid for each in self.bot.processes if self.bot.commands.get(each.pid, ("",))[0] == wanted]
        target = self.chance.choice(of_kind)
        if what in {"horse", "parser"}:
            children = [int(each.name) for each in Path("/proc").glob("[0-9]*") if _parent(each) == target]
            parsers = [each for each in children if b"workers.parser" in _command_line(each)]
            chosen = parsers if what == "parser" else [each for each in children if each not in parsers]
            target = self.chance.choice(chosen) if chosen else target
        with suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)

    def revive(self) -> None:
        """Start again what ended, as a supervisor would."""
        for process in list(self.bot.processes):
            if process.poll() is not None and (arguments := self.bot.commands.pop(process.pid, None)):
                self.bot.processes.remove(process)
                self.bot.start(*arguments)

    def missing(self) -> list[str]:
        """Give what is not yet as it should be in the end."""
        found = []
        for repository, pull in self.pulls:
            runs = repository.check_runs(pull, "scalability")
            ended = [identity.state for run in runs if (identity := ExternalId.read(run.external_id))
                     and identity.base == base_key(pull.base_ref)]  # fmt: skip
            if ended != ["done"]:
                found.append(f"{repository.full_name}#{pull.number}: check runs {ended}")
        return found

    def wrong(self) -> list[str]:
        """Give what is lost, there twice, or stale; queued, locked or running."""
        found = self.missing()
        for repository, pull in self.pulls:
            name = f"{repository.full_name}#{pull.number}"
            blob = repository.git.blob_id(pull.head_sha, PATH)
            has_finding = FITS.encode() in repository.git.blob(str(blob))
            conclusions = [run.conclusion for run in repository.check_runs(pull, "scalability")]
            if conclusions != ["neutral" if has_finding else "success"]:
                found.append(f"{name}: {conclusions}, finding {has_finding}")
            ours = [each for each in pull.review_comments if each.in_reply_to is None]
            marks = Counter(words for each in ours for words in markers(each.body) if len(words) == 1)
            found += [f"{name}: {count} comments with {words}" for words, count in marks.items() if count > 1]
            fixed = [any(words[0] == "fixed" for words in markers(each.body)) for each in ours]
            if has_finding and fixed != [False]:
                found.append(f"{name}: its finding has comments (fixed: {fixed})")
            if not has_finding and not all(fixed):
                found.append(f"{name}: a comment stands though its finding is fixed")
        for pull, comment in self.commands:
            bodies = [each.body for each in pull.reviews] + [each.body for each in pull.comments]
            answers = [words for body in bodies for words in markers(body)
                       if words[0] == "answer" and words[1].startswith(f"issue_comment-{comment}-")]  # fmt: skip
            if len(answers) != 1:
                found.append(f"command {comment} on #{pull.number}: {len(answers)} answers")
        redis = self.bot.redis
        for index in ("later", "running", *(f"ready:{kind}" for kind in KINDS)):
            if left := redis.zcard(f"{PREFIX}{index}"):
                found.append(f"{left} keys are in {index}")
        found += [f"{key.decode()} is locked" for key in redis.keys("scalability-bot:turn:*")]
        return found


def _about(comment: int, deliveries: list[Delivery]) -> bool:
    named = (f'"id": {comment}'.encode(), f'"id":{comment}'.encode())
    return any(name in each.body for each in deliveries for name in named)


def _parent(process: Path) -> int | None:
    with suppress(OSError):
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return None


def _command_line(process: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--pulls", type=int, default=100)
    parser.add_argument(
        "--share", type=float, default=0.05, help="of what is done and asked, so much fails in each way"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=1.5, help="things that people do in a second")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="for all of it; what is not done by then is told as wrong"
    )
    parser.add_argument("--log", type=Path, help="a file for what the bot's processes say")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # with all that was started
    end = time.monotonic() + options.minutes * 60
    with (
        tempfile.TemporaryDirectory() as folder,
        bot_running(Path(folder), timers={"call": str(CALL), "settle": SETTLE}, quiet=True) as bot,
    ):
        bot.start_worker("reviews")
        repositories = [bot.github.repository(f"octo/soak-{number}") for number in range(5)]
        for repository in repositories:
            start = repository.commit(FILES)
            repository.commit({"other.go": "package other\n"}, parent=start, branch="release")
        people, chance = random.Random(options.seed), random.Random(f"faults {options.seed}")
        soak = Soak(bot, people, chance, options.share, repositories)
        bot.github.state.observers.append(soak.observe)
        begun = time.monotonic()
        bot.github.state.faults = Drawn(random.Random(f"calls {options.seed}"), options.share, soak.met)
        for number in range(options.pulls):
            soak.open(number)
        while soak.told < options.deliveries and time.monotonic() < end - 300:
            soak.step()
            time.sleep(max(0.0, begun + soak.acts / options.rate - time.monotonic()))
        _end_of_faults(bot)
        fed = time.monotonic()
        print(f"{soak.told} deliveries about {options.pulls} pull requests in {fed - begun:.0f} s", flush=True)
        calls = len(bot.github.state.requests)
        print(f"{calls} calls of the API; what failed: {dict(sorted(soak.met.items()))}", flush=True)

        def settled() -> bool:
            soak.revive()
            return not soak.missing()

        try:
            eventually(settled, "all to be reviewed", max(60.0, end - time.monotonic()))
            bot.idle(max(60.0, end - time.monotonic()))
        except AssertionError as error:
            print(error)
        print(f"settled {time.monotonic() - fed:.0f} s after the last fault")
        wrong = soak.wrong()
        if options.log:
            options.log.write_bytes(bot.log.read_bytes())
        print(f"{len(wrong)} wrong", *wrong[:40], sep="\n  ")
        taken = sorted(soak.taken.values())
        if len(taken) > 1:
            print(
                f"webhook to check run, {len(taken)} of {len(soak.pushed)} heads (others were pushed over): median "
                f"{statistics.median(taken):.1f} s, p99 {taken[int(len(taken) * 0.99) - 1]:.1f} s"
            )
        return bool(wrong)


def _end_of_faults(bot: Bot) -> None:
    state = bot.github.state
    state.faults.clear()
    state.head_lag, state.lag = 0.0, 0


if __name__ == "__main__":
    sys.exit(main())
