"""Many pull requests at once, with the real spacing of writes: how many reviews a minute, how long a command waits.

    nice .venv/bin/python -m tests.benchmarks.load [--pulls 500] [--workers 2] [--seconds 300]

Nothing is found in any of them, so each review is one write. A command for help and one for a review are posted once a
tenth is done, and one more when half the time is over.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from bot.queue import QUEUES, REVIEWS
from bot.settings import Settings
from tests.benchmarks.recovery import real
from tests.end_to_end.conftest import BEFORE, FILES, FITS_BETTER, PATH, Bot, bot_running, eventually
from workers.sandbox import SimulatedRepository
from workers.sandbox.records import Pull

WORKERS = Settings.from_environment({}).workers


def ask(repository: SimulatedRepository, helped: Pull, reviewed: Pull, who: str) -> float:
    """Ask for help and for a review; give how long the slower of both answers took, in seconds."""
    asked = time.monotonic()
    before = len(helped.comments), len(reviewed.comments)
    comment = repository.comment(helped, f"curious-{who}", "/scalability-check help")
    review = repository.comment(reviewed, f"patient-{who}", "/scalability-check")
    eventually(lambda: comment.reactions and review.reactions, "the reactions")
    print(f"{who}: reactions after {time.monotonic() - asked:.1f} s")
    eventually(lambda: len(helped.comments) > before[0] + 1, "the answer in words")
    print(f"{who}: answer in words after {time.monotonic() - asked:.1f} s")
    eventually(lambda: len(reviewed.comments) > before[1] + 1, "the answer to the review")
    print(f"{who}: answer with a review after {time.monotonic() - asked:.1f} s", flush=True)
    return time.monotonic() - asked


def processor_time(bot: Bot) -> float:
    """Give what the bot's processes have used, and those that they started and waited for, in seconds."""
    ticks = 0
    for folder in bot.processes_of():
        with suppress(OSError):
            ticks += sum(map(int, (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulls", type=int, default=500)
    parser.add_argument(
        "--workers", type=int, default=WORKERS, help="WORKERS: processes that serve the queue of reviews"
    )
    parser.add_argument("--seconds", type=float, default=300)
    options = parser.parse_args()
    queues = (*(queue for queue in QUEUES if queue != REVIEWS), *[REVIEWS] * options.workers)
    with (
        tempfile.TemporaryDirectory() as folder,
        bot_running(Path(folder), queues=queues, timers=real(sweep="3600"), quiet=True) as bot,
    ):
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

        start, at, used = done(), time.monotonic(), processor_time(bot)
        waits = []
        eventually(lambda: done() >= options.pulls // 10 or time.monotonic() - at > options.seconds, "a tenth", 3600)
        waits.append(ask(repository, pulls[-1], pulls[-2], "first"))
        asked = False
        while (passed := time.monotonic() - at) < options.seconds and done() < len(pulls):
            if not asked and passed > options.seconds / 2:
                asked = True
                waits.append(ask(repository, pulls[-3], pulls[-4], "second"))
            time.sleep(1)
        reviews, minutes = done() - start, (time.monotonic() - at) / 60
        rate, used = reviews / minutes, processor_time(bot) - used
        print(f"WORKERS={options.workers}: {rate:.0f} reviews a minute; {done()} of {len(pulls)} done")
        busy = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{used / max(1, reviews):.2f} s of the bot's processor time a review ({busy})")
        twice = [pull.number for pull in pulls if len(repository.check_runs(pull)) > 1]
        print(f"a command's answer took {max(waits):.1f} s at most; {len(twice)} were reviewed twice")
        return rate < 40 or max(waits) > 10 or bool(twice)


if __name__ == "__main__":
    sys.exit(main())
