"""How soon work goes on after a crash, with the real times: what is meant by "seconds" in what the bot promises.

    nice .venv/bin/python -m tests.benchmarks.recovery [--times 3] [--late 30]

A worker is killed in the middle of a review; Redis is killed twice in a row while one runs; GitHub's API shows a push late.
No sweep helps. What ends is started again as `scalability-bot run` does.
"""

import argparse
import dataclasses
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from bot.keys import PREFIX
from bot.timers import Timers
from tests.end_to_end.conftest import BEFORE, FAST, FILES, FITS, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository
from workers.sandbox.records import Pull

# What was asked for, in seconds.
KILLED, REDIS_TWICE = 15.0, 30.0


def real(**changes: str) -> dict[str, str]:
    """Give the real times in place of the tests', but for some changes."""
    timers = dataclasses.asdict(Timers())
    text = {
        name: "/".join(map(str, value)) if isinstance(value, tuple) else str(value) for name, value in timers.items()
    }
    return {**{name: text[name] for name in FAST}, **changes}


def killed(bot: Bot, repository: SimulatedRepository) -> float:
    """Kill a worker in the middle of a review; give the seconds until another runs it."""
    hang = Fault(path=f"{repository.full_name}/compare/", status=None, delay=30)
    bot.github.faults.add(hang)
    pull = repository.open_pull({PATH: BEFORE + FITS_BETTER + "\nvar killed = 1\n"})
    name = f"{PREFIX}record:normal:{repository.full_name}#{pull.number}"
    eventually(lambda: hang.struck, "the call")
    token = bot.redis.hget(name, "token")
    horse = int((token or b"0").decode().partition("-")[0])
    worker = int(Path(f"/proc/{horse}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    begun = time.monotonic()
    eventually(lambda: bot.redis.hget(name, "token") not in {None, token}, "another worker")
    took = time.monotonic() - begun
    revive(bot)
    reviewed(bot, repository, pull)
    return took


def redis_killed_twice(bot: Bot, repository: SimulatedRepository) -> float:
    """Kill Redis twice while a review runs and another waits; give the seconds from then until both stand."""
    hang = Fault(path=f"{repository.full_name}/compare/", status=None, delay=3)
    bot.github.faults.add(hang)
    running = repository.open_pull({PATH: BEFORE + FITS + "\nvar running = 1\n"})
    eventually(lambda: hang.struck, "the call")
    waiting = repository.open_pull({PATH: BEFORE + FITS + "\nvar waiting = 1\n"})
    bot.github.delivered()
    bot.restart_redis()
    time.sleep(1)
    bot.restart_redis()
    begun = time.monotonic()
    for pull in (running, waiting):
        reviewed(bot, repository, pull)
    return time.monotonic() - begun


def shown_late(bot: Bot, repository: SimulatedRepository, seconds: float) -> float:
    """Have GitHub's API show a push late; give the seconds from when it does until the review stands."""
    pull = repository.open_pull({PATH: BEFORE})
    reviewed(bot, repository, pull)
    bot.github.state.head_lag = seconds
    pushed = time.monotonic()
    repository.push(pull, {PATH: BEFORE + FITS})
    reviewed(bot, repository, pull)
    bot.github.state.head_lag = 0.0
    return time.monotonic() - pushed - seconds


def reviewed(bot: Bot, repository: SimulatedRepository, pull: Pull) -> None:
    """Wait until a pull request's head has its check run, and what the bot would have been told once is there once."""

    def stands() -> bool:
        revive(bot)
        return bool(repository.check_runs(pull))

    eventually(stands, f"the review of {repository.full_name}#{pull.number}", 180)
    assert len(repository.check_runs(pull)) == 1
    assert len(pull.reviews) <= 1


def revive(bot: Bot) -> None:
    """Start again what ended."""
    for process in list(bot.processes):
        if process.poll() is not None and (arguments := bot.commands.pop(process.pid, None)):
            bot.processes.remove(process)
            bot.start(*arguments)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--late", type=float, default=30.0, help="by how many seconds a push is shown late")
    options = parser.parse_args()
    timers = real(sweep="3600", deliveries="3600")
    with tempfile.TemporaryDirectory() as folder, bot_running(Path(folder), timers=timers, quiet=True) as bot:
        found: dict[str, list[float]] = {"worker": [], "redis": [], "late": []}
        for number in range(options.times):
            repository = bot.github.repository(f"octo/recovery-{number}")
            repository.commit(FILES)
            found["worker"].append(killed(bot, repository))
            print(f"a killed worker's review runs again after {found['worker'][-1]:.1f} s", flush=True)
            found["redis"].append(redis_killed_twice(bot, repository))
            print(f"after Redis was killed twice, both reviews stand within {found['redis'][-1]:.1f} s", flush=True)
            if options.late:
                found["late"].append(shown_late(bot, repository, options.late))
                said = f"{options.late:.0f} s late is reviewed {found['late'][-1]:.1f} s after it is shown"
                print(f"a head that is shown {said}", flush=True)
        return max(found["worker"]) > KILLED or max(found["redis"]) > REDIS_TWICE


if __name__ == "__main__":
    sys.exit(main())
