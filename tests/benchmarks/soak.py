"""A soak: people work on many pull requests while everything fails now and then; the end must be that of a day without faults.

    nice .venv/bin/python -m tests.benchmarks.soak [--deliveries 2000] [--pulls 100] [--seed 1] [--rate 4]

Deliveries are lost, doubled and held back, calls to GitHub fail before or after they took effect, workers, work horses and
Redis are killed. Then the faults end, and what stands is compared with what the pull requests ask for: nothing lost,
nothing twice, nothing stale, nothing queued, locked or running. Times are the tests' (a hundred times faster), so the
figures from webhook to review are of this machine, shared by all: a lower bound.
"""

import argparse
import os
import random
import signal
import statistics
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.check_runs import ExternalId, base_key
from bot.keys import KINDS, PREFIX
from bot.markers import markers
from tests.end_to_end.conftest import BEFORE, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository, deliver
from workers.sandbox.records import Pull

# What may fail, with the shares of each: a call before or after it took effect, git, a hook.
_CALLS = ("/pulls/\\d+$", "/compare/", "info/refs", "git-upload-pack", "/pulls/\\d+/comments", "/pulls/\\d+/reviews$",
          "/check-runs", "/issues/\\d+/comments", "/reactions$", "access_tokens$", "/api/graphql$")  # fmt: skip
_FAILURES: tuple[Any, ...] = (500, 502, 503, "drop")


@dataclass
class Soak:
    """One run."""

    bot: Bot
    chance: random.Random
    repositories: list[SimulatedRepository]
    pulls: list[tuple[SimulatedRepository, Pull]] = field(default_factory=list)
    commands: list[tuple[Pull, int]] = field(default_factory=list)
    pushed: dict[str, float] = field(default_factory=dict)
    taken: dict[str, float] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def observe(self, event: str, action: str | None, content: Any, _: Any) -> None:
        """Note when the check run of a head was completed first."""
        if event == "check_run" and action == "completed":
            head = content["check_run"]["head_sha"]
            if head in self.pushed and head not in self.taken:
                self.taken[head] = time.monotonic() - self.pushed[head]

    def act(self) -> None:
        """Have somebody do something to a pull request, and now and then something fail."""
        repository, pull = self.chance.choice(self.pulls)
        number = len(self.pushed)
        match self.chance.choices(["push", "check", "help", "close", "base"], [70, 10, 10, 8, 2])[0]:
            case "push" if pull.state == "open":
                body = self.chance.choice([FITS, FITS_BETTER])
                head = repository.push(pull, {PATH: BEFORE + body + f"\nvar x{number} = {number}\n"})
                self.pushed[head] = time.monotonic()
            case "check" | "help" as verb:
                text = f"/scalability-check{'' if verb == 'check' else ' help'}"
                comment = repository.comment(pull, f"person-{len(self.commands)}", text)
                self.commands.append((pull, comment.id))
            case "close":
                repository.close(pull)
                repository.reopen(pull)
            case "base":
                repository.move_base(pull, "release" if pull.base_ref == "master" else "master")
            case _:
                return

    def disturb(self) -> None:
        """Have something fail, in one of twenty cases of each kind."""
        github = self.bot.github
        if self.chance.random() < 0.35:  # a review makes some ten calls, so this is one of twenty or more
            path, failure = self.chance.choice(_CALLS), self.chance.choice(_FAILURES)
            when = self.chance.choice(["before", "after"])
            github.faults.add(Fault(path=path, status=failure, when=when))  # type: ignore[arg-type]
            self.faults[f"call {failure} {when}"] += 1
        if self.chance.random() < 0.05:
            github.redeliver(self.chance.choice(github.deliveries))
            self.faults["doubled"] += 1
        if self.chance.random() < 0.03:
            self.kill(self.chance.choice(["worker", "horse"]))
        if self.chance.random() < 0.005:
            self.bot.restart_redis()
            self.faults["redis killed"] += 1
        self.revive()

    def lose(self) -> None:
        """Do something that GitHub tells nobody of, or tells later and in another order."""
        github = self.bot.github
        github.delivered()
        github.webhook_url, url = None, github.webhook_url
        before = len(github.deliveries)
        self.act()
        github.delivered()
        github.webhook_url = url
        held = github.deliveries[before:]
        if self.chance.random() < 0.5:
            for each in reversed(held):
                deliver(each, str(url))
            self.faults["in reverse"] += len(held)
        else:
            # A command that nobody told us of is a command nobody can answer.
            self.commands = [each for each in self.commands if not self._of(each[1], held)]
            self.faults["lost"] += len(held)

    @staticmethod
    def _of(comment: int, deliveries: list[Any]) -> bool:
        return any(
            f'"id": {comment}'.encode() in each.body or f'"id":{comment}'.encode() in each.body for each in deliveries
        )

    def kill(self, what: str) -> None:
        """Kill a worker, or the process of its job."""
        workers = [
            process.pid for process in self.bot.processes if self.bot.commands.get(process.pid, ("",))[0] == "worker"
        ]
        target = self.chance.choice(workers)
        if what == "horse":
            children = [int(each.name) for each in Path("/proc").glob("[0-9]*") if _parent(each) == target]
            target = self.chance.choice(children) if children else target
        with suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
        self.faults[f"{what} killed"] += 1

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
        """Give what is lost, there twice, or stale."""
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


def _parent(process: Path) -> int | None:
    with suppress(OSError):
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=2000)
    parser.add_argument("--pulls", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=4.0, help="things that people do in a second")
    parser.add_argument("--patience", type=float, default=1800.0, help="seconds for all to be done at the end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, bot_running(Path(folder), timers={"call": "4"}, quiet=True) as bot:
        bot.start_worker("reviews")
        names = [f"octo/soak-{number}" for number in range(5)]
        repositories = [bot.github.repository(name) for name in names]
        for repository in repositories:
            start = repository.commit(FILES)
            repository.commit({"other.go": "package other\n"}, parent=start, branch="release")
        soak = Soak(bot, random.Random(options.seed), repositories)
        bot.github.state.observers.append(soak.observe)
        for number in range(options.pulls):
            repository = repositories[number % len(repositories)]
            soak.pulls.append(
                (repository, repository.open_pull({PATH: BEFORE + FITS}, f"Change {number}", f"author-{number % 17}"))
            )
        begun = time.monotonic()
        while len(bot.github.deliveries) < options.deliveries:
            if soak.chance.random() < 0.05:
                soak.lose()
            else:
                soak.act()
            soak.disturb()
            time.sleep(1 / options.rate)
        bot.github.faults.clear()
        said = f"{len(bot.github.deliveries)} deliveries in {time.monotonic() - begun:.0f} s; {dict(soak.faults)}"
        print(said, flush=True)
        ended = time.monotonic()

        def settled() -> bool:
            soak.revive()
            return not soak.missing()

        try:
            eventually(settled, "all to be reviewed", options.patience)
            bot.idle(options.patience)
        except AssertionError as error:
            print(error)
        print(f"settled {time.monotonic() - ended:.0f} s after the last fault")
        wrong = soak.wrong()
        print(f"{len(wrong)} wrong", *wrong[:40], sep="\n  ")
        taken = sorted(soak.taken.values())
        if len(taken) > 1:
            print(
                f"webhook to check run, {len(taken)} heads: median {statistics.median(taken):.1f} s, "
                f"p99 {taken[int(len(taken) * 0.99) - 1]:.1f} s"
            )


if __name__ == "__main__":
    main()
