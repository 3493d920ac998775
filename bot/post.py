"""Posting: the writes of a review, one at a time, and read before repeating.

Every try begins by reading what stands and composing anew from it: what was written before is not asked for again. So a
crash, a lost answer and a second worker with the same job all end the same, with each thing written once.
"""

import contextlib
import dataclasses
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from redis import Redis

from bot.budget import Budget
from bot.github_calls import GitHubError, RateLimited, Refused, Uncertain
from bot.lease import Lost
from bot.markers import markers
from bot.review import Review
from bot.review_request import CommandSource
from bot.standing import Standing
from bot.timers import Timers
from bot.turn import Busy, Turn
from bot.writes import EditComment, LineComment, PostReview, PutCheckRun, React, Write, Written, is_content

__all__ = ["Busy", "Compose", "Page", "Posted", "Superseded", "post", "react", "within"]

_log = logging.getLogger(__name__)

# Each other line of a patch begins with a blank, a plus, a minus or a backslash.
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(?P<start>\d+)(?:,(?P<length>\d+))? @@", flags=re.MULTILINE)

Compose = Callable[[Standing], Review]


class Page(Protocol):
    """A repository that can be read and written: bot.github.GitHub, or bot.shadow.Shadow which keeps the writes."""

    def standing(self, number: int) -> Standing:
        """Read what the bot has on a pull request."""

    def commentable(self, number: int) -> dict[str, str | None]:
        """Give the patch of each file as GitHub has it."""

    def carry_out(self, number: int, write: Write) -> Written:
        """Make one write and give what it made."""


class Superseded(Exception):
    """The pull request has another head by now, or is closed: this result is for nobody."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What was written, with the address of each, and what GitHub refused for good (one sentence each).

    postponed: comments were left out because the budget was short; ask again later.
    """

    writes: tuple[tuple[Write, str], ...] = ()
    refusals: tuple[str, ...] = ()
    postponed: bool = False

    @property
    def outcomes(self) -> tuple[tuple[str, str], ...]:
        """What became of comments, as (rule, "posted", "fixed", "allowed" or "edited")."""
        found = []
        for write, _ in self.writes:
            if isinstance(write, PostReview):
                found += [(_rule(each.body), "posted") for each in write.comments]
            elif isinstance(write, EditComment):
                said = {words[0] for words in markers(write.body)}
                found.append(
                    (_rule(write.body), "fixed" if "fixed" in said else "allowed" if "allowed" in said else "edited")
                )
        return tuple(found)

    @property
    def review(self) -> Review:
        """The same as a review, for its text."""
        return Review(tuple(write for write, _ in self.writes))


def post(
    page: Page,
    repository: str,
    number: int,
    compose: Compose,
    *,
    redis: Redis,
    timers: Timers,
    budget: Budget | None,
    head: str | None = None,
    asked: bool = False,
    still_ours: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Posted:
    """Write what compose asks for in view of what stands, until it asks for nothing more.

    head: the commit that was reviewed; Superseded if the pull request has another one by now (None: any will do). asked: a
    person waits for it, so a closed pull request is written to as well. budget: None where nothing reaches GitHub.
    still_ours is called before each write, and raises where another worker has the pull request by now. RateLimited:
    GitHub's limits leave no room for longer than a worker waits (what was written stays; try again after its `wait`).
    Uncertain, Unreachable: GitHub fails. Busy: another worker is here.
    """
    with Turn.of(redis, repository, number, timers) as turn:
        where = f"{repository}#{number}"
        return _Posting(page, where, number, compose, turn, timers, budget, head, asked, still_ours, sleep).run()


def react(page: Page, number: int, source: CommandSource, *, budget: Budget | None) -> None:
    """Say with a reaction that a command was heard. Never raises: the answer that follows matters more."""
    for _ in range(2):  # the same reaction twice is one
        try:
            with budget.write(content=False, asked=True) if budget else contextlib.nullcontext():
                page.carry_out(number, React(source))
            return
        except Uncertain as error:
            _log.info("no reaction to %s yet: %s", source.key, error)
        except GitHubError as error:
            _log.info("no reaction to %s: %s", source.key, error)
            return


@dataclass
class _Posting:
    """One call of post: what was done and ruled out so far."""

    page: Page
    where: str
    number: int
    compose: Compose
    turn: Turn
    timers: Timers
    budget: Budget | None
    head: str | None
    asked: bool
    still_ours: Callable[[], None]
    sleep: Callable[[float], None]

    def __post_init__(self) -> None:
        self.done: list[tuple[Write, str]] = []
        self.refusals: list[str] = []
        self.refused: frozenset[str] = frozenset()
        self.given_up: set[Write] = set()
        self.puzzled = False
        self.bare = False
        self.limits = 0

    def run(self) -> Posted:
        failures = 0
        while True:
            review, postponed = self._composed()
            try:
                for write in review.writes:
                    self._write(write)
            except Uncertain as error:
                failures += 1
                if failures == self.timers.write_tries:
                    raise
                _log.warning("reading before repeating on %s: %s", self.where, error)
            except RateLimited as limit:
                failures += 1
                if limit.wait > self.timers.patience or failures == self.timers.write_tries:
                    raise
                _log.warning("waiting on %s: %s", self.where, limit)
            except _Again as again:
                failures += 1
                # Each refusal rules something out, so this is no more than a fuse.
                if failures > 2 * self.timers.write_tries:
                    raise Uncertain(str(again)) from None
            else:
                return Posted(tuple(self.done), tuple(self.refusals), postponed)

    def _composed(self) -> tuple[Review, bool]:
        """Give what is to be written now, and whether a review must wait.

        A write in doubt is looked for several times, and so is a review of lately that GitHub does not show yet.
        """
        waits = list(self.timers.settle)
        while True:
            shown = self._standing()
            standing = dataclasses.replace(self.turn.remembered(shown), refused=self.refused)
            review, postponed = self.compose(standing), False
            if self.budget is not None and self.budget.is_short(asked=self.asked):
                postponed = any(isinstance(write, PostReview | EditComment) for write in review.writes)
                review = self.compose(dataclasses.replace(standing, may_comment=False))
            review = Review(tuple(self._adapted(write) for write in review.writes if not self._is_settled(write)))
            if not waits or not (self.turn.doubts(review.writes) or self.turn.lags(shown)):
                self.turn.resolved()
                return review, postponed
            self.sleep(waits.pop(0))

    def _standing(self) -> Standing:
        self.turn.hold()
        standing = self.page.standing(self.number)
        if self.head not in {None, standing.head}:
            raise Superseded(f"{self.where} has another commit than {self.head}")
        if not standing.is_open and not self.asked:
            raise Superseded(f"{self.where} is closed")
        return standing

    def _adapted(self, write: Write) -> Write:
        return dataclasses.replace(write, annotations=()) if self.bare and isinstance(write, PutCheckRun) else write

    def _is_settled(self, write: Write) -> bool:
        """Say whether a write was refused for good, or is a check run of ours that GitHub's list does not show yet."""
        written = {done.external_id for done, _ in self.done if isinstance(done, PutCheckRun) and done.conclusion}
        return write in self.given_up or (isinstance(write, PutCheckRun) and write.external_id in written)

    def _write(self, write: Write) -> None:
        if self.budget is None:
            self._carry_out(write)
            return
        content = is_content(write)
        with self.budget.write(content=content, asked=self.asked, meanwhile=self.turn.hold) as lease:
            try:
                lease.check()
            except Lost as lost:
                raise Busy(str(lost)) from None
            try:
                self._carry_out(write)
            except RateLimited as limit:
                self.limits += 1
                self.budget.pause(limit.wait * self.limits)  # asked again too soon, GitHub asks for more
                raise

    def _carry_out(self, write: Write) -> None:
        self.turn.hold()
        self.still_ours()
        try:
            with self.turn.writing(write, certain=(RateLimited, Refused)) as made:
                written = self.page.carry_out(self.number, write)
                made.append(written)
                self.done.append((write, written.address))
        except Refused as refusal:
            self._rule_out(write, refusal)
            raise _Again(str(refusal)) from None

    def _rule_out(self, write: Write, refusal: Refused) -> None:
        """Learn from a refusal what to leave out, so that the rest is written."""
        _log.warning("%s refused on %s: %s", type(write).__name__, self.where, refusal)
        if isinstance(write, PutCheckRun) and write.annotations and refusal.status == 422:
            self.bare = True  # GitHub does not say which annotation it dislikes; the text tells the same
            self.refusals.append(f"annotations: {refusal}")
            return
        if not isinstance(write, PostReview):
            # The comment to edit was deleted, the review to delete is gone, the conversation is locked: the rest goes on.
            self.given_up.add(write)
            self.refusals.append(f"{type(write).__name__}: {refusal}")
            return
        outside = self._outside(write) if refusal.status == 422 else frozenset()
        if outside:
            self.refused |= outside
        elif refusal.status == 422 and not self.puzzled:
            # Nothing is wrong with the lines: GitHub may not know the commit yet, or a pending review of ours came between.
            self.puzzled = True
            self.sleep(self.timers.settle[0] if self.timers.settle else 0)
        else:
            self.refused |= {comment.fingerprint for comment in write.comments}
            self.refusals.append(f"PostReview: {refusal}")

    def _outside(self, write: PostReview) -> frozenset[str]:
        patches = self.page.commentable(self.number)
        return frozenset(each.fingerprint for each in write.comments if not within(each, patches.get(each.path)))


class _Again(Exception):
    """Something was ruled out: compose anew without it."""


def _rule(body: str) -> str:
    return next((words[1] for words in markers(body) if words[0] == "rule" and len(words) == 3), "other")


def within(comment: LineComment, patch: str | None) -> bool:
    """Say whether a file's patch, as GitHub shows it, has a hunk with all lines of a comment."""
    hunks = ((int(found["start"]), int(found["length"] or 1)) for found in _HUNK.finditer(patch or ""))
    return any(start <= comment.line and comment.end_line < start + length for start, length in hunks)
