"""The turns: a worker that gets one takes the fairest pull request that is due, and does what its state on GitHub asks for.

A run may be cut off at any point (its worker was killed, an answer was lost) and begins anew then: it reads what stands
before it writes. It ends by reading the head again, so that a push during the run is due at once.
"""

import contextlib
import dataclasses
import functools
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from redis import RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from rq.timeouts import JobTimeoutException

from bot import ended, logs, metrics, progress, replies
from bot.acceptance.record import State
from bot.check_runs import ExternalId, base_key
from bot.github import GitHub, GitHubError, Pull, RateLimited, Refused
from bot.github_calls import CALLS
from bot.keys import End, Taken
from bot.lease import Lease, Lost
from bot.post import Busy, Posted, Superseded, post, react
from bot.queue import SECTIONS
from bot.review import Review
from bot.review_request import Assignment, CommandSource, Reply, ReviewRequest
from bot.standing import Standing
from bot.timers import Timers
from bot.writes import CHECK_RUN
from workers import reviews
from workers.equipment import Equipment
from workers.git import GitError
from workers.parser import ParserError
from workers.remote import OverQuota, RemoteRefused, TooLong
from workers.results.answer import measured

_log = logging.getLogger(__name__)

_DAY = 24 * 3600.0
NOTHING = "nothing is due"


def turn(equipment: Equipment, queue: Any) -> str:
    """Take the fairest key that is due for a queue, and see to it. Give what became of it, in a few words, for the log."""
    if not isinstance(queue, str) or queue not in SECTIONS:
        raise ValueError(f"{str(queue)[:40]!r} is no queue of turns")
    keys = equipment.queues.keys
    taken = keys.take(SECTIONS[queue])
    if taken is None:
        return NOTHING
    lease = Lease(lambda: keys.keep(taken), f"work on {taken.key}")
    started = time.monotonic()
    told = logs.about(pull_request=str(taken.key)), progress.shown(equipment.redis, taken.key)
    with lease.kept(equipment.settings.timers.lease), told[0], told[1]:
        run = _Run(equipment, taken, lease)
        end = run.ended()
    state = keys.end(taken, end)
    if state == "due" or end.later == 0:
        equipment.queues.wake()
    _tell(equipment, queue, run, time.monotonic() - started)
    after = {"later": f"; looked at again in {end.later or 0:.0f} s", "due": "; due again"}.get(state, "")
    return f"{taken.key}: {run.said}{after}"


class Stalled(Exception):
    """Another run fetches the same repository, and takes its time."""


@dataclass
class _Run:
    """One run of one key."""

    equipment: Equipment
    taken: Taken
    lease: Lease

    def __post_init__(self) -> None:
        self.timers: Timers = self.equipment.settings.timers
        self.said = ""
        self.outcome = "finished"
        self.dealt: set[str] = set()

    def ended(self) -> End:
        """Do it, and say how the key goes on."""
        try:
            if self.taken.crashes >= self.timers.crashes:
                return self._set_aside(
                    "its worker died under it, again and again", "Reading it ended the bot's own process."
                )
            with self._github() as github:
                return self._talk(github) if self.taken.key.kind == "talk" else self._review(github)
        except RateLimited as limit:
            return self._put_off(limit.wait, f"put off: {limit}")
        except Stalled as stalled:
            # It is due, and taken by nobody before the other has done.
            return self._put_off(0.0, f"put off: {stalled}")
        except (Busy, Lost, Superseded) as reason:
            # Two answers of GitHub may contradict each other for a while: no storm of reviews meanwhile.
            wait = self.timers.look if isinstance(reason, Superseded) else self.timers.lease / 2
            return self._put_off(wait, f"put off: {reason}")
        except Refused as refusal:
            return self._refused(refusal)
        except RedisConnectionError as error:
            return self._failed(f"the queue is away ({error})")
        except OverQuota as error:
            return self._set_aside(str(error), "Its repository is larger than the disk that the bot may use.")
        except (TooLong, JobTimeoutException) as error:
            return self._set_aside(str(error), "It takes longer than the bot gives to one pull request.")
        except RemoteRefused as error:
            return self._failed(str(error))
        except (GitHubError, GitError) as error:
            return self._failed(str(error) or type(error).__name__, outage=True)
        except (ParserError, RedisError) as error:
            return self._failed(str(error) or type(error).__name__)
        except Exception as error:
            _log.exception("%s: a mistake of the bot's own", self.taken.key)
            return self._failed(f"{type(error).__name__}: {error}")

    # --- commands -----------------------------------------------------------------------------------------------------

    def _talk(self, github: GitHub) -> End:
        asked = self._replies()
        page, budget = self.equipment.page(github), self.equipment.budget
        seen: set[str] = set()
        for _, reply in asked:
            if reply.command.key not in seen:  # the sign that says "seen" before all that takes longer
                react(page, reply.number, reply.command, budget=budget)
                seen.add(reply.command.key)
        said = []
        for cause, reply in asked:
            said.append(self._answer(github, reply))
            self.dealt.add(cause)
        self.said = ", ".join(said) or "nothing to answer"
        return End(dealt=tuple(self.dealt))

    def _replies(self) -> list[tuple[str, Reply]]:
        found = []
        for name, text in sorted(self.taken.commands.items()):
            cause = f"command:{name}"
            self.dealt.add(cause)  # what cannot be read is dealt with
            with contextlib.suppress(ValueError, TypeError):
                found.append((cause, Reply.from_json(json.loads(text))))
                self.dealt.discard(cause)
        return found

    def _answer(self, github: GitHub, reply: Reply) -> str:
        if reply.answer == "received":
            return "heard a command"
        if reply.answer == "deep-not-allowed" and github.may_label(reply.command.author):
            self.equipment.queues.submit([reply.deep_review()])
            return "began a deep scan"
        if reply.answer == "results-not-allowed" and github.may_label(reply.command.author):
            reply = dataclasses.replace(reply, answer="results")
        found = None
        if reply.answer == "results":
            found = measured(self.equipment.settings, self.equipment.redis, self.equipment.parser, reply)
        told: list[bool] = []

        def compose(standing: Standing) -> Review:
            if found is not None:
                return Review.measured(standing, reply=reply, found=found)
            told[:] = [replies.changes_what_is_told(reply, standing)]
            return Review.answer(standing, reply=reply, links=self.equipment.links(reply.repository, standing.head))

        posted = self._post(github, compose)
        if any(told):
            # What the check run says is to be brought up to date: another run, whether or not this commit was reviewed.
            again = ReviewRequest(
                repository=reply.repository,
                number=reply.number,
                cause=reply.answer,
                installation=reply.installation,
                again=reply.command.key,
            )
            self.equipment.queues.submit([again])
            if posted.writes:
                rule = reply.words[0] if reply.words else "one"
                outcome = {"dismiss": "dismissed", "restore": "restored"}[reply.answer]
                metrics.count(self.equipment.redis, "comments", rule=rule, outcome=outcome)
        return f"answered with {reply.answer}" if posted.writes else "the answer stands already"

    # --- reviews ------------------------------------------------------------------------------------------------------

    def _review(self, github: GitHub) -> End:
        pull = github.pull(self.taken.key.number)
        self._shown(pull)
        assignment = self._assignment(pull)
        reason = self._unwanted(github, assignment, pull)
        if reason:
            self.said = reason
            done = self.taken.done
            self._watch(github, pull)
        else:
            posted = reviews.review(
                self.equipment,
                github,
                assignment,
                pull,
                fetching=self._fetching,
                still_ours=self.lease.check,
            )
            written = [type(write).__name__ for write, _ in posted.writes]
            self.said = f"reviewed {pull.head[:12]}, wrote {', '.join(written) or 'nothing'}"
            self._deal_with_wishes()
            self._observe(pull.head, assignment.depth, posted)
            if posted.postponed:
                return self._end(later=self.timers.postponed, done="")
            done = _done(assignment)
            now = github.pull(self.taken.key.number)
            self._shown(now)
            if now.head != pull.head or now.base_branch != pull.base_branch or now.is_draft != pull.is_draft:
                return self._end(later=0.0, done=done)
        return self._end(later=self._next_look(), done=done)

    def _watch(self, github: GitHub, pull: Pull) -> None:
        """See what became of the comments where that is to be known: the pull request was closed or opened again, or a run
        that wrote some did not come to its end."""
        if self.equipment.settings.mode != "post":
            return
        state: State = "open" if pull.is_open else "merged" if pull.is_merged else "closed"
        awaited = False
        with contextlib.suppress(RedisError):
            awaited = self.equipment.acceptance.awaits(github.name, pull.number, state)
        if awaited or (not pull.is_open and pull.review_comments):
            reviews.watch(self.equipment, github, pull)
            self.said += "; saw what became of the comments"

    def _observe(self, head: str, depth: str, posted: Posted) -> None:
        """Measure how long a review took from the delivery that named its head; tries and waits are part of that."""
        since = self.taken.heads.get(head)
        if since and not posted.postponed:
            with contextlib.suppress(RedisError):
                waited = self.equipment.queues.keys.now() - since
                metrics.observe(self.equipment.redis, "webhook_to_review_seconds", waited, depth=depth)

    def _assignment(self, pull: Pull) -> Assignment:
        return Assignment(
            repository=self.taken.key.repository,
            number=pull.number,
            head=pull.head,
            base=pull.base_branch,
            depth="deep" if self.taken.key.kind == "deep" else "normal",
            installation=self.taken.installation,
            commands=self._commands(),
            again=bool(self.taken.again),
            silent=self.taken.old and not self.taken.commands and not self.taken.again,
        )

    def _commands(self) -> tuple[CommandSource, ...]:
        found = []
        for text in self.taken.commands.values():
            with contextlib.suppress(ValueError, TypeError):
                found.append(CommandSource.from_json(json.loads(text)))
        return tuple(found)

    def _unwanted(self, github: GitHub, assignment: Assignment, pull: Pull) -> str:
        """Say why there is nothing to review, "" if there is."""
        if assignment.commands or (assignment.again and pull.is_open):
            return ""
        if assignment.depth == "deep":
            self._deal_with_wishes()
            return "nobody asks for it"
        if not pull.is_open:
            self._deal_with_wishes()
            return "it is closed"
        if pull.is_draft:
            return "it is a draft"
        if self.taken.done == _done(assignment):
            return f"{pull.head[:12]} is reviewed"
        if self.equipment.settings.mode == "post":
            for run in github.check_runs(pull.head):
                identity = ExternalId.read(run.external_id) if run.name == CHECK_RUN else None
                if identity and (identity.number, identity.base, identity.state) == (
                    pull.number,
                    base_key(pull.base_branch),
                    "done",
                ):
                    return f"{pull.head[:12]} was reviewed"
        return ""

    def _deal_with_wishes(self) -> None:
        self.dealt |= {f"command:{name}" for name in self.taken.commands}
        self.dealt |= {f"again:{name}" for name in self.taken.again}

    def _shown(self, pull: Pull) -> None:
        """Forget the head that GitHub shows by now; whoever waits for others looks again."""
        self.dealt.add(f"head:{pull.head}")

    def _next_look(self) -> float | None:
        """Say when to look again for heads that deliveries named and GitHub has not shown; the oldest are given up."""
        keys = self.equipment.queues.keys
        now = keys.now()
        for head, since in self.taken.heads.items():
            if now - since > self.timers.look_end:
                self.dealt.add(f"head:{head}")
        if not any(f"head:{head}" not in self.dealt for head in self.taken.heads):
            return None
        return float(self.timers.look * self.timers.look_factor**self.taken.looks)

    def _fetching(self, under_way: bool) -> None:
        """Note that this run begins, or ended, to fetch; Stalled if another does so for longer than is worth waiting."""
        keys = self.equipment.queues.keys
        if not under_way:
            self.lease.also = None
            keys.fetched(self.taken)
            return
        end = time.monotonic() + self.timers.fetching
        while not keys.fetching(self.taken):
            if time.monotonic() >= end:
                raise Stalled(f"another review of {self.taken.key.repository} is fetching it")
            time.sleep(self.timers.fetching / 20)
        self.lease.also = functools.partial(keys.fetching, self.taken)

    # --- how it goes on -----------------------------------------------------------------------------------------------

    def _end(self, *, later: float | None, done: str | None = None) -> End:
        looks = self.taken.looks + 1 if later else 0
        return End(dealt=tuple(self.dealt), later=later, done=done, looks=looks)

    def _put_off(self, seconds: float, said: str) -> End:
        self.said, self.outcome = said, "put-off"
        return End(dealt=tuple(self.dealt), later=max(0.0, seconds), tries=self.taken.tries, lapses=self.taken.lapses)

    def _refused(self, refusal: Refused) -> End:
        """GitHub says no: the pull request or the repository is gone, or the App is no longer installed there."""
        if refusal.status not in {403, 404, 410, 451}:
            return self._failed(str(refusal))
        self._deal_with_wishes()
        with contextlib.suppress(RedisError):
            self.equipment.acceptance.forget(self.taken.key.repository, self.taken.key.number)
        self.said, self.outcome = f"let go: {refusal}", "let-go"
        return End(dealt=(*self.dealt, *(f"head:{head}" for head in self.taken.heads)))

    def _failed(self, error: str, *, outage: bool = False) -> End:
        """Try again, later each time; outage: it is GitHub that fails, for all alike."""
        tries = self.taken.tries + 1
        if tries > len(self.timers.retries):
            return self._set_aside(error, outage=outage)
        self.said, self.outcome = f"failed, try {tries}: {error}", "retried"
        _log.warning("%s: failed, try %s: %s", self.taken.key, tries, error)
        later = self.timers.retries[tries - 1]
        return End(dealt=tuple(self.dealt), later=later, tries=tries, lapses=self.taken.lapses)

    def _set_aside(self, error: str, why: str = "", *, outage: bool = False) -> End:
        """Say on the pull request that it could not be finished, and why, as far as people there should know.

        The sweep asks for it again: later each time, after an outage at once, since it reads what it asks for from GitHub.
        """
        _log.error("%s is set aside: %s", self.taken.key, error)
        self.said, self.outcome = f"set aside: {error}", "failed"
        try:
            with self._github() as github:
                self._tell_of_failure(github, why)
        except Refused as refusal:
            self.said += f" (not told: {refusal})"
        except (GitHubError, Busy, Lost, Superseded, RedisError) as problem:
            # A person's command is answered, whenever that may be.
            self.said += f" (told later: {problem})"
            tries = len(self.timers.retries) + 1
            later = min(self.timers.longest_retry, self.timers.sweep)
            return End(dealt=tuple(self.dealt), later=later, tries=tries, lapses=self.taken.lapses)
        self._deal_with_wishes()
        heads = (f"head:{head}" for head in self.taken.heads)
        if outage:
            return End(dealt=(*self.dealt, *heads), lapses=self.taken.lapses)
        rest = min(_DAY, self.timers.rest * 2.0**self.taken.lapses)
        return End(dealt=(*self.dealt, *heads), lapses=self.taken.lapses + 1, rest=rest)

    def _tell_of_failure(self, github: GitHub, why: str) -> None:
        if self.taken.key.kind == "talk":
            for _, reply in self._replies():
                failure = Assignment(
                    repository=reply.repository,
                    number=reply.number,
                    commands=(reply.command,),
                    installation=reply.installation,
                )
                self._post(github, functools.partial(Review.sorry, assignment=failure))
            return
        pull = github.pull(self.taken.key.number)
        if pull.is_open or self.taken.commands:
            reviews.set_aside(self.equipment, github, self._assignment(pull), self.lease.check, why)

    def _post(self, github: GitHub, compose: Callable[[Standing], Review]) -> Posted:
        return post(
            self.equipment.page(github),
            self.taken.key.repository,
            self.taken.key.number,
            compose,
            redis=self.equipment.redis,
            timers=self.timers,
            budget=self.equipment.budget,
            asked=True,
            still_ours=self.lease.check,
        )

    @contextlib.contextmanager
    def _github(self) -> Iterator[GitHub]:
        with GitHub(self.equipment.app, self.taken.key.repository, self.taken.installation) as github:
            yield github


def _done(assignment: Assignment) -> str:
    return f"{assignment.head} {base_key(assignment.base)}"


def _tell(equipment: Equipment, queue: str, run: _Run, seconds: float) -> None:
    with contextlib.suppress(RedisError):
        metrics.count(equipment.redis, "jobs", queue=queue, outcome=run.outcome)
        metrics.count_calls(equipment.redis, CALLS)
        ended.note(equipment.redis, str(run.taken.key), queue, run.outcome, seconds, run.said)
