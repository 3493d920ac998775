"""Timers: every waiting time and limit of the bot, with its real value as default; TIMERS changes some of them.

One variable rather than forty: an operator hardly ever touches them, and the tests run them a hundred times faster.
"""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Times are in seconds; what is a number of something says so. Sources: README's links and the comments here."""

    # --- the receiver -----------------------------------------------------------------------------------------------
    # For a request, headers and body together: GitHub itself gives a receiver ten seconds for its answer (docs.github.com,
    # webhooks/using-webhooks/best-practices-for-using-webhooks). Then, between two requests of one connection, and for a
    # client that does not take its answer.
    request: float = 10.0
    idle: float = 30.0
    # For the queue's server to be connected to, and for each reply: 503 within a second. After one that did not answer,
    # deliveries are told so at once for a while, rather than each waiting for it in a thread.
    queue_answer: float = 0.4
    queue_asleep: float = 0.5

    # --- the queue --------------------------------------------------------------------------------------------------
    # For how long a worker's hold on a pull request, or on the right to write, outlives its last sign of life.
    lease: float = 10.0
    # Between two looks of a worker for what has become due, and for what a dead worker held.
    tick: float = 1.0
    # Between two signs of life of a worker of RQ's; after three without one, RQ takes the worker for dead.
    monitoring: int = 4
    # After a failure, until the next try. The last outlasts most of GitHub's incidents; what it does not, the sweep finds.
    retries: tuple[float, ...] = (10.0, 60.0, 300.0, 1800.0)
    # A work horse that died so often under one pull request is not given it again.
    crashes: int = 5
    # A worker whose Redis is away looks for it ever later, up to this.
    reconnect: float = 10.0
    # More turns than this are not laid out at once; there are more as these are taken.
    turns: int = 100
    # So long a review waits for another of the same repository to fetch; then its worker takes another repository's.
    fetching: float = 3.0
    # Commands for reviews, and answers in words, that one person has within an hour.
    commands: int = 3
    words: int = 30

    # --- GitHub -----------------------------------------------------------------------------------------------------
    # GitHub's API may show an old head for a while after a push: the first look again, and how much later each next one.
    look: float = 2.0
    look_factor: float = 1.5
    look_end: float = 600.0
    # After a write whose answer was lost: how long to wait before each reading. If the last does not show it, it was not made.
    settle: tuple[float, ...] = (3.0, 5.0, 7.0)
    # What was written lately is remembered: longer than any lag of GitHub's that was heard of.
    remembered: float = 600.0
    # Limits on what makes content are 80 a minute and 500 an hour, and writes should be a second apart (GitHub's REST
    # documentation); three seconds between those that notify people is the practice of its own client library.
    writes_a_minute: int = 80
    writes_an_hour: int = 500
    writes_apart: float = 1.0
    notifying_apart: float = 3.0
    # The last tenth of an hour's writes is kept for people who ask.
    writes_reserved: int = 50
    # A write that fails is read for and made again, so often in all; and a push that changes more old comments than this
    # edits the others at the next one.
    write_tries: int = 4
    edits: int = 10
    # Longer than this no worker waits for its turn to write: the review is put off.
    patience: float = 90.0
    # When a review is tried again whose comments found no room: GitHub's limits are by the hour.
    postponed: float = 1800.0
    # For a call to GitHub to connect and to answer, and the first pause before a read is repeated.
    call: float = 15.0
    call_again: float = 0.5
    # How long a mention of the SIG may take to come back as a label.
    mention_echo: float = 600.0

    # --- housekeeping -----------------------------------------------------------------------------------------------
    housekeeping: float = 60.0
    # Between two looks for failed deliveries, which GitHub keeps for three days; a delivery is asked for so many times.
    deliveries: float = 300.0
    redeliveries: int = 9
    # A job of RQ's that is in no list for so long is lost: its own steps between two lists take milliseconds.
    lost: float = 30.0
    # Between two sweeps over all open pull requests, how many reviews each may ask for, and how old a head may be on
    # which a review that was found so comments: the three days that GitHub keeps deliveries.
    sweep: float = 300.0
    sweep_most: int = 50
    sweep_oldest: float = 3 * 24 * 3600.0
    # After a review that could not be finished: until the sweep asks for it again, doubled each time up to a day.
    rest: float = 600.0
    # Between two looks at the mirrors of a machine, and for how many days a commit is kept that no review used.
    tidy: float = 3600.0
    mirror_days: int = 7
    # A deep scan that did not end by then has its check run closed.
    deep_scan: float = 600.0

    # --- scalability-bot run ----------------------------------------------------------------------------------------
    # From the end of a program to its next start: doubled each time up to the longest, anew after a steady run.
    restart: float = 1.0
    restart_longest: float = 30.0
    steady: float = 60.0
    # For a program to be ready.
    ready: float = 60.0

    @classmethod
    def parse(cls, text: str) -> "Timers":
        """Read "lease=8, retries=10/60/300, ..."; ValueError says what to write."""
        known = {field.name: field.default for field in dataclasses.fields(cls)}
        changes: dict[str, object] = {}
        for part in filter(None, (each.strip() for each in text.split(","))):
            name, equals, value = (each.strip() for each in part.partition("="))
            if not equals or name not in known:
                raise ValueError(f"{name[:40]!r} is none of {', '.join(known)}; write name=value, several with commas")
            try:
                changes[name] = _value(known[name], value)
            except ValueError:
                raise ValueError(f"write {name} as {_form(known[name])}") from None
        return cls(**changes)  # type: ignore[arg-type]

    @property
    def longest_retry(self) -> float:
        """The last pause between two tries."""
        return self.retries[-1] if self.retries else 0.0


DEFAULT = Timers()


def _value(default: object, text: str) -> object:
    if isinstance(default, tuple):
        return tuple(_number(each) for each in text.split("/"))
    return int(_number(text, whole=True)) if isinstance(default, int) else _number(text)


def _number(text: str, *, whole: bool = False) -> float:
    number = float(text)
    if not 0 <= number <= 10**8 or (whole and number != int(number)):
        raise ValueError
    return number


def _form(default: object) -> str:
    if isinstance(default, tuple):
        return "numbers with slashes between them, such as 10/60/300"
    return "a whole number" if isinstance(default, int) else "a number of seconds"
