"""Standing: what the bot already has on a pull request, so that nothing is written twice."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from analyzers.analysis.diagnostic import Diagnostic
from bot.comments import concern_keys
from bot.markers import markers


@dataclass(frozen=True, slots=True)
class StandingComment:
    """One of the bot's own comments on lines. line is None where the lines are no longer in the diff (an outdated comment)."""

    comment_id: int
    body: str
    path: str
    line: int | None

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints it is about, the newest first."""
        return tuple(words[0] for words in markers(self.body) if len(words) == 1)

    @property
    def about(self) -> tuple[str, str, int]:
        """The keys of its concern and of its places (comments.concern_key, places_key), and how many places it names."""
        found = next((words for words in markers(self.body) if words[0] == "about" and len(words) == 4), None)
        return (found[1], found[2], int(found[3])) if found else ("", "", 1)


@dataclass(frozen=True, slots=True)
class StandingReview:
    """One of the bot's own reviews."""

    review_id: int
    body: str
    pending: bool


@dataclass(frozen=True, slots=True)
class StandingCheckRun:
    """One of the bot's own check runs at the head; annotations counts those it has."""

    check_run_id: int
    name: str
    completed: bool
    external_id: str
    annotations: int
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of a pull request, with what the bot itself wrote there (what others wrote never counts, whatever it says).

    replies are the texts of its answers, read only where a command waits for one. refused are fingerprints whose lines
    GitHub took no comment on during this very review; may_comment is False while the budget leaves room for check runs
    only.
    """

    head: str
    is_open: bool = True
    comments: tuple[StandingComment, ...] = ()
    reviews: tuple[StandingReview, ...] = ()
    replies: tuple[str, ...] = ()
    check_runs: tuple[StandingCheckRun, ...] = ()
    refused: frozenset[str] = frozenset()
    may_comment: bool = True

    def comment(self, diagnostic: Diagnostic) -> StandingComment | None:
        """Give the comment about a diagnostic, None if there is none (never written, or deleted by a person).

        One finding that became several of the same kind, or several that became one, is still the same comment; so is one whose
        rule had another name when the comment was written.
        """
        bearing = {diagnostic.fingerprint, *diagnostic.former_fingerprints}
        for comment in self.comments:
            if not bearing.isdisjoint(comment.fingerprints):
                return comment
        concerns = concern_keys(diagnostic)
        for comment in self.comments:
            concern, _, places = comment.about
            if concern in concerns and (diagnostic.related or places > 1):
                return comment
        return None

    def knows(self, diagnostic: Diagnostic) -> bool:
        """Say whether a diagnostic was commented on before; also when a person has deleted the comment since."""
        bearing = {diagnostic.fingerprint, *diagnostic.former_fingerprints}
        return not bearing.isdisjoint(self._posted) or self.comment(diagnostic) is not None

    def cc_done(self, handles: Iterable[str]) -> bool:
        """Say whether these were mentioned on the pull request before, once and for all."""
        # The mention itself counts as much as the marker: an edited body may have lost that.
        return ("cc",) in self._said or any(
            handle in review.body for review in self.reviews if not review.pending for handle in handles
        )

    def answered(self, key: str) -> bool:
        """Say whether a command (CommandSource.key) has its answer."""
        return ("answer", key) in self._said

    def has_jobs(self, names: Iterable[str]) -> bool:
        """Say whether an earlier review advised these jobs."""
        bodies = [review.body for review in self.reviews if not review.pending]
        return all(any(f"/test {name}\n" in body for body in bodies) for name in names)

    def check_run(self, name: str, external_id: str) -> StandingCheckRun | None:
        """Give the check run of a name that is still in progress, or else the one that already has this external id."""
        ours = [each for each in self.check_runs if each.name == name]
        unfinished = [each for each in ours if not each.completed]
        # Behind the digest there may be the delivery that asked for the run; who did not ask is content with it.
        same = [each for each in ours if external_id in {each.external_id, each.external_id.partition(" ")[0]}]
        return next(iter([*unfinished, *same]), None)

    @cached_property
    def _posted(self) -> frozenset[str]:
        return frozenset(fingerprint for words in self._said if words[0] == "posted" for fingerprint in words[1:])

    @cached_property
    def _said(self) -> frozenset[tuple[str, ...]]:
        bodies = [*(review.body for review in self.reviews if not review.pending), *self.replies]
        return frozenset(words for body in bodies for words in markers(body))
