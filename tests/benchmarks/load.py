"""Many pull requests at once, with the real spacing of writes: how many reviews a minute, how long a command waits.

    nice .venv/bin/python -m tests.benchmarks.load [--pulls 500] [--workers 2] [--seconds 300]

Nothing is found in any of them, so each review is one write. A command for help and one for a review are posted once a
tenth is done. It also says how soon the work of a worker that is killed goes on, with the real times.
"""

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path

from bot.keys import PREFIX
from bot.timers import Timers
from tests.end_to_end.conftest import BEFORE, FILES, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox import Fault, SimulatedRepository

_REAL = (
    "lease",
    "tick",
    "monitoring",
    "writes_apart",
    "notifying_apart",
    "writes_a_minute",
    "writes_an_hour",
    "call_again",
)


def real() -> dict[str, str]:
    """Give the real times, where they matter here."""
    return {name: str(getattr(Timers(), name)) for name in _REAL} | {"sweep": "3600", "housekeeping": "60"}


def kill(bot: Bot, repository: SimulatedRepository) -> float:
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
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulls", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, bot_running(Path(folder), timers=real(), quiet=True) as bot:
        for _ in range(options.workers - 1):
            bot.start_worker("reviews")
        repository = bot.github.repository("octo/load")
        repository.commit(FILES)
        first = repository.open_pull({PATH: BEFORE + FITS_BETTER})
        eventually(lambda: repository.check_runs(first), "the first review")
        head = first.head_sha
        begun = time.monotonic()
        pulls = [
            repository.open_pull(repository.commit({f"{number}.txt": "x\n"}, parent=head))
            for number in range(options.pulls)
        ]
        print(f"{options.pulls} pull requests opened in {time.monotonic() - begun:.0f} s", flush=True)

        def done() -> int:
            return sum(bool(repository.check_runs(pull)) for pull in pulls)

        eventually(lambda: done() >= options.pulls // 10 or time.monotonic() - begun > options.seconds, "a tenth", 3600)
        asked = time.monotonic()
        comment = repository.comment(pulls[-1], "curious", "/scalability-check help")
        review = repository.comment(pulls[-2], "patient", "/scalability-check")
        eventually(lambda: comment.reactions, "the reaction")
        print(f"reaction after {time.monotonic() - asked:.1f} s")
        eventually(lambda: len(pulls[-1].comments) > 1, "the answer in words")
        print(f"answer in words after {time.monotonic() - asked:.1f} s")
        eventually(lambda: len(pulls[-2].comments) > 1, "the answer to the review")
        print(f"answer with a review after {time.monotonic() - asked:.1f} s", flush=True)
        assert review.reactions
        start, at = done(), time.monotonic()
        while time.monotonic() - begun < options.seconds and done() < len(pulls):
            time.sleep(1)
        print(
            f"{(done() - start) / max(1e-3, time.monotonic() - at) * 60:.0f} reviews a minute; {done()} of {len(pulls)} done"
        )
        for queue in ("reviews", "commands"):
            bot.start_worker(queue)
        other = bot.github.repository("octo/killed")
        other.commit(FILES)
        print(f"a killed worker's review runs again after {kill(bot, other):.1f} s")


if __name__ == "__main__":
    main()
