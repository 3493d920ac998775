"""The bot in this process: the receiver behind a port, and turns that are taken one after the other."""

import json
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis

from bot.acceptance.thresholds import Thresholds
from bot.app import create_app
from bot.github import GitHub
from bot.queue import COMMANDS, REVIEWS
from bot.settings import Secret, Settings
from bot.timers import Timers
from bot.writes import Write, Written
from tests.serving import served
from workers import housekeeping, jobs
from workers.equipment import Equipment
from workers.parser import Parser
from workers.sandbox import SimulatedGitHub, deliver
from workers.services import command

# Nothing waits but for the end of a killed one's hold.
TIMERS = Timers(
    lease=0.5,
    retries=(0.0,),
    look=0.1,
    settle=(0.0,),
    writes_apart=0.0,
    notifying_apart=0.0,
    writes_a_minute=100_000,
    writes_an_hour=100_000,
    remembered=5.0,
)


def settings(github: SimulatedGitHub, redis_url: str, folder: Path, thresholds: Thresholds) -> Settings:
    """Give the settings of a bot that posts."""
    return Settings(
        app_id=github.app_id,
        private_key_text=Secret(github.private_key),
        webhook_secrets=(Secret(github.webhook_secret),),
        github_api_url=github.url,
        github_git_url=github.git_url,
        redis_url=Secret(redis_url),
        repositories=("*/*",),
        data_dir=folder,
        mode="post",
        bot_login="scalability-bot[bot]",
        demote=thresholds,
        timers=TIMERS,
    )


@contextmanager
def inline(
    folder: Path, redis_url: str, connection: Redis, thresholds: Thresholds, seed: int = 1
) -> Iterator["Inline"]:
    """Run the bot in this process, with a simulated GitHub of its own."""
    parser = Parser(timeout=60, memory_mb=2048)
    parser.start()
    with SimulatedGitHub(folder / "github") as github:
        github.state.limits.content_per_minute = github.state.limits.content_per_hour = None
        github.state.limits.per_hour = None
        its_own = settings(github, redis_url, folder, thresholds)
        with served(create_app(its_own)) as address:
            github.webhook_url = f"{address}/webhook"
            yield Inline(github, Equipment(its_own, connection, parser), redis_url, seed)
    parser.close()


class Killed(BaseException):
    """A worker's end, in the middle of its work: nothing after it is done, as with SIGKILL."""


@dataclass
class Inline:
    """Takes the turns itself. kills: whether turns are cut off now and then, before or after a write."""

    github: SimulatedGitHub
    equipment: Equipment
    redis_url: str
    seed: int = 1
    kills: bool = True
    killed: int = 0
    doubled: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._kill_at = 0
        self._original = GitHub.carry_out

    @property
    def thresholds(self) -> Thresholds:
        """When a rule is demoted."""
        return self.equipment.settings.demote

    def settle(self) -> None:
        """Take turns until none is due or will be."""
        while True:
            self.github.delivered()
            self.equipment.queues.wake()
            said = [self._turn(queue) for queue in (COMMANDS, REVIEWS)]
            if said == [jobs.NOTHING] * 2:
                if not sum(each.due + each.later for each in self.equipment.queues.waiting()) and not self._held():
                    return
                time.sleep(0.02)  # for the end of a killed one's lease

    def sweep(self) -> None:
        """Do the housekeeping that looks after comments."""
        self.equipment.redis.delete("scalability-bot:housekeeping:comments")
        housekeeping.watch_comments(self.equipment)
        self.settle()

    def disturb(self) -> None:
        """Deliver something again or in reverse, and have one of the next writes be a worker's last."""
        if self.chance.random() < 0.3:
            deliveries = self.github.delivered()
            for each in self.chance.sample(deliveries, min(3, len(deliveries))):
                self.github.redeliver(each)
                self.doubled += 1
        if self.chance.random() < 0.3:
            for each in reversed(self.github.delivered()[-3:]):
                deliver(each, str(self.github.webhook_url))
                self.doubled += 1
        if self.kills and self.chance.random() < 0.3:
            self._kill_at = self.chance.randint(1, 4)

    def stats(self) -> dict[str, Any]:
        """Run the command."""
        return dict(json.loads(self.printed("--format", "json")))

    def printed(self, *arguments: str) -> str:
        """Give what the command prints."""
        settings = self.equipment.settings
        environment = {
            "REDIS_URL": self.redis_url,
            "DEMOTE_AFTER": str(settings.demote.after),
            "PATH": "/usr/bin:/bin",
        }
        done = subprocess.run(
            command("stats", *arguments),
            env=environment,
            cwd=settings.data_dir,
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout

    def _held(self) -> bool:
        return bool(self.equipment.redis.zcard("scalability-bot:keys:running"))

    def _turn(self, queue: str) -> str:
        def carry_out(github: GitHub, number: int, write: Write) -> Written:
            self._kill_at -= 1
            if self._kill_at == 0 and self.chance.random() < 0.5:
                raise Killed
            written = self._original(github, number, write)
            if self._kill_at == 0:
                raise Killed
            return written

        GitHub.carry_out = carry_out  # type: ignore[assignment] # by another name for itself
        try:
            return jobs.turn(self.equipment, queue)
        except Killed:
            self.killed += 1
            return "killed"
        finally:
            GitHub.carry_out = self._original
