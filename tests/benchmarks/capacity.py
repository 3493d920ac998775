"""What so many reviews a day need: workers, GitHub's limits, disk. A simulation of one working day with measured times.

    .venv/bin/python -m tests.benchmarks.capacity [--seed 1] [--reviews 400 5000 100000]
    .venv/bin/python -m tests.benchmarks.capacity --mirrors     whether it pays to give each repository to one worker

Arrivals: a Poisson process whose rate follows the hours (a tenth of the day's reviews within the busiest hour) with
bursts (a tenth of the reviews come in groups of ten at once, as a rebase of many pull requests does). A worker reads
GitHub and fetches, analyses, and writes: a check run always, a review with comments for some. Writes go one after the
other for all workers of one budget, as bot.budget has it: 1 s apart, reviews 3 s apart and at most 500 an hour; beyond
that the review is put off for half an hour and its check run written alone.

Where the times come from: ANALYSIS_SECONDS are processor seconds of `scalability-bot check` (process start included) on
changes of Kubernetes and Kueue drawn from a corpus; REQUEST_SECONDS and FETCH_SECONDS are what GitHub takes as a rule,
not measured here. A worker takes one job at a time.

Mirrors: repositories are drawn by Zipf's law (the first has a sixth of all reviews). The first review of one on a disk
that lacks it takes FIRST_SECONDS longer. Disks are empty at midnight (as after a roll-out with volumes that go with their
pods) or kept; a review goes to any free worker, or to the one that its repository belongs to.
"""

import argparse
import bisect
import heapq
import itertools
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bot.timers import DEFAULT as TIMERS

DAY = 86_400
# Share of a day's reviews in each hour, beginning at midnight UTC: American and European working hours overlap.
HOURS = (1, 1, 1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 6, 8, 9, 10, 9, 7, 5, 4, 3, 2, 1, 1)
# Processor seconds at evenly spaced quantiles (0, 10 % ... 100 %) of 42 changes.
ANALYSIS_SECONDS = (0.2, 0.21, 0.22, 0.23, 0.24, 0.24, 0.25, 0.26, 0.29, 0.3, 0.89)
REQUEST_SECONDS = 0.25
REQUESTS = 12  # reads and writes of one review (bot.github, bot.comparison): none of them is spent twice
FETCH_SECONDS = (0.8, 6.0)  # the usual push, and one in twenty: a base that the mirror does not have yet
# First review of a repository on a disk: measured 7 to 16 s against 0.3 to 0.6 s of the next ones (benchmarks/mirrors.py,
# three projects of 11 to 13 MiB, no network); Kubernetes itself has four times that.
FIRST_SECONDS = 16.0
# How many repositories an installation of so many reviews a day has; guessed from the Kubernetes organisations' 300.
REPOSITORIES = {400: 75, 5_000: 300, 100_000: 5_000}
COMMENTED = 0.2  # share of reviews that comment on lines
JOB_OVERHEAD = 0.1  # RQ's fork and book-keeping: measured 43 ms a job and more
PUT_OFF = 1800.0
# GitHub gives an installation between these many requests an hour.
REQUESTS_AN_HOUR = (5_000, 12_500)
# A worker has one core while it analyses; for the rest it waits.
TARGET_SECONDS = 60.0


@dataclass
class Writer:
    """One budget: writes go one after the other."""

    last: float = -10.0
    last_content: float = -10.0
    content: list[float] | None = None

    def write(self, now: float, content: bool) -> float | None:
        """Give when a write is done; None where the hour's content is used up."""
        at = max(now, self.last + TIMERS.writes_apart)
        if content:
            at = max(at, self.last_content + TIMERS.notifying_apart)
            self.content = [each for each in self.content or [] if each > at - 3600]
            if len(self.content) >= TIMERS.writes_an_hour - TIMERS.writes_reserved:
                return None
            self.content.append(at)
            self.last_content = at
        self.last = at
        return at + REQUEST_SECONDS


@dataclass(frozen=True)
class Day:
    """What a day was like: seconds from webhook to review, reviews whose comments were put off, busy worker seconds, how
    often a worker met a repository for the first time."""

    waits: list[float]
    put_off: int
    busy: float
    first: int = 0

    def quantile(self, share: float) -> float:
        return sorted(self.waits)[min(len(self.waits) - 1, int(share * len(self.waits)))]


def arrivals(reviews: int, chance: random.Random) -> Iterator[float]:
    """Yield the times of a day's webhooks in order."""
    times: list[float] = []
    groups = round(reviews * 0.1 / 10)
    for number in range(reviews - 10 * groups + groups):
        hour = chance.choices(range(24), HOURS)[0]
        at = (hour + chance.random()) * 3600
        times += [at] * (10 if number < groups else 1)
    yield from sorted(times)


def analysis(chance: random.Random) -> float:
    """Draw the seconds of one analysis."""
    position = chance.random() * (len(ANALYSIS_SECONDS) - 1)
    below = int(position)
    step = ANALYSIS_SECONDS[min(below + 1, len(ANALYSIS_SECONDS) - 1)] - ANALYSIS_SECONDS[below]
    return ANALYSIS_SECONDS[below] + (position - below) * step


@dataclass(frozen=True)
class Disks:
    """Where mirrors are: of how many repositories, whether they outlived midnight, whether each has a worker of its own."""

    repositories: int
    kept: bool
    bound: bool


def simulate(reviews: int, workers: int, budgets: int, seed: int, disks: Disks | None = None) -> Day:
    """Live one day; without disks, all of them have all mirrors."""
    chance, drawn = random.Random(seed), random.Random(seed)
    free = [(0.0, worker) for worker in range(workers)]
    own = dict.fromkeys(range(workers), 0.0)
    weights = list(itertools.accumulate(1 / rank for rank in range(1, (disks.repositories if disks else 1) + 1)))
    there: set[tuple[int, int]] = set()
    first = 0
    writers = [Writer() for _ in range(budgets)]
    waits, put_off, busy = [], 0, 0.0
    # (when it may begin, order, when its webhook came, whether only its comments are left)
    waiting = [(at, number, at, False) for number, at in enumerate(arrivals(reviews, chance))]
    heapq.heapify(waiting)
    order = len(waiting)
    while waiting:
        at, _, came, comments_left = heapq.heappop(waiting)
        repository = bisect.bisect(weights, drawn.random() * weights[-1])
        if disks and disks.bound:
            worker = repository % workers
            since = own[worker]
        else:
            since, worker = heapq.heappop(free)
        begin = max(at, since)
        if disks and not disks.kept and (worker, repository) not in there:
            there.add((worker, repository))
            first += 1
            begin += FIRST_SECONDS
        fetch = 0.0 if comments_left else FETCH_SECONDS[chance.random() < 0.05]
        ready = begin + JOB_OVERHEAD + fetch + REQUESTS * REQUEST_SECONDS + analysis(chance)
        writer = writers[chance.randrange(budgets)]
        done = ready
        if comments_left or chance.random() < COMMENTED:
            written = writer.write(ready, content=True)
            if written is None:
                put_off += not comments_left
                order += 1
                heapq.heappush(waiting, (ready + PUT_OFF, order, came, True))
            else:
                done = written
        if not comments_left:
            done = writer.write(done, content=False) or done
            waits.append(done - came)
        busy += done - begin
        if disks and disks.bound:
            own[worker] = done
        else:
            heapq.heappush(free, (done, worker))
    return Day(waits, put_off, busy, first)


def enough(reviews: int, budgets: int, seed: int) -> tuple[int, Day]:
    """Give the fewest workers with which nine reviews in ten come within the target, or that more would not help."""
    workers, day = 1, simulate(reviews, 1, budgets, seed)
    while day.quantile(0.9) > TARGET_SECONDS and workers < 256:
        more = simulate(reviews, 2 * workers, budgets, seed)
        if more.quantile(0.9) > 0.9 * day.quantile(0.9) and workers >= 4:
            return workers, day
        workers, day = 2 * workers, more
    while workers > 1 and (fewer := simulate(reviews, workers - 1, budgets, seed)).quantile(0.9) <= TARGET_SECONDS:
        workers, day = workers - 1, fewer
    return workers, day


def row(reviews: int, budgets: int, seed: int) -> str:
    """Give a line of the table."""
    workers, day = enough(reviews, budgets, seed)
    peak = reviews * max(HOURS) / sum(HOURS) * REQUESTS
    if day.quantile(0.9) > 3600:  # what one budget cannot write in a day waits for the next
        return f"| {reviews:,} | {budgets} | does not keep up | | | | {day.put_off:,} | | {peak:,.0f} |"
    installations = max(1, round(peak / REQUESTS_AN_HOUR[1] + 0.499))
    return (
        f"| {reviews:,} | {budgets} | {workers} | {statistics.median(day.waits):,.0f} s | {day.quantile(0.9):,.0f} s "
        f"| {day.quantile(0.99):,.0f} s | {day.put_off:,} | {day.busy / DAY / workers:.0%} | {peak:,.0f} ({installations}) |"
    )


def mirrors(reviews: int, workers: int, budgets: int, seed: int) -> Iterator[str]:
    """Yield the lines of the table of mirrors."""
    number = REPOSITORIES.get(reviews, 300)
    for name, disks in (
        ("kept, any worker", Disks(number, kept=True, bound=False)),
        ("empty, any worker", Disks(number, kept=False, bound=False)),
        ("kept, its own worker", Disks(number, kept=True, bound=True)),
        ("empty, its own worker", Disks(number, kept=False, bound=True)),
    ):
        day = simulate(reviews, workers, budgets, seed, disks)
        times = " | ".join(f"{day.quantile(share):,.0f} s" for share in (0.5, 0.9, 0.99))
        yield f"| {reviews:,} | {workers} | {number:,} | {name} | {day.first:,} | {times} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, nargs="+", default=[400, 5_000, 100_000])
    parser.add_argument("--budgets", type=int, nargs="+", default=[1, 8], help="how many budgets share the writes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mirrors", action="store_true", help="the table of mirrors")
    options = parser.parse_args()
    if options.mirrors:
        heads = ["reviews a day", "workers", "repositories", "mirrors", "first reviews", "median", "90th", "99th"]
        print(f"| {' | '.join(heads)} |\n|{'---:|' * len(heads)}")
        for reviews, workers, budgets in ((400, 2, 1), (5_000, 2, 1), (100_000, 15, 8)):
            print("\n".join(mirrors(reviews, workers, budgets, options.seed)), flush=True)
        return
    heads = ["reviews a day", "budgets", "review workers", "median", "90th", "99th", "comments put off", "busy"]
    heads.append("requests in the peak hour (installations)")
    print(f"| {' | '.join(heads)} |\n|{'---:|' * len(heads)}")
    for reviews in options.reviews:
        for budgets in options.budgets:
            if budgets == 1 or reviews > 10_000:
                print(row(reviews, budgets, options.seed), flush=True)


if __name__ == "__main__":
    main()
