"""Standing: what the bot already has on a pull request, so that nothing is written twice and all is kept up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from analyzers.analysis.diagnostic import Diagnostic
from bot.check_runs import number_in
from bot.comments import concern_keys, documentation
from bot.dismissals import Dismissals
from bot.markers import markers
from bot.witness import Witness


@dataclass(frozen=True, slots=True)
class StandingComment:
    """One of the bot's own comments on lines. line is None where the lines are no longer in the diff (an outdated comment).

    review_id is the review that it belongs to, thread its thread's id in GraphQL ("" if that was not read), resolved says
    whether that is, dismisser which person did so ("" for the bot itself), talked that people answered in it. posted_at is
    in seconds since 1970 (0 if unknown), up and down count people's thumbs.
    """

    comment_id: int
    body: str
    path: str
    line: int | None
    review_id: int = 0
    thread: str = ""
    resolved: bool = False
    dismisser: str = ""
    talked: bool = False
    posted_at: float = 0.0
    up: int = 0
    down: int = 0

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The fingerprints it is about, the newest first."""
        return tuple(words[0] for words in markers(self.body) if len(words) == 1)

    @property
    def about(self) -> tuple[str, str, int]:
        """The keys of its concern and of its places (comments.concern_key, places_key), and how many places it names."""
        found = next((words for words in markers(self.body) if words[0] == "about" and len(words) == 4), None)
        return (found[1], found[2], int(found[3])) if found and found[3].isdecimal() else ("", "", 1)

    @property
    def rule(self) -> tuple[str, str]:
        """The rule that it comes from, and that rule's version; ("", "") if it does not say."""
        found = next((words for words in markers(self.body) if words[0] == "rule" and len(words) == 3), None)
        return (found[1], found[2]) if found else ("", "")

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """The places that it rests on."""
        return tuple(witness for words in markers(self.body) if (witness := Witness.read(words)))

    @property
    def fixed(self) -> bool:
        """Say whether it says that what it was about is fixed."""
        return any(words[0] == "fixed" for words in markers(self.body))

    @property
    def edited(self) -> bool:
        """Say whether the bot brought it up to date since it was posted."""
        return any(words[0] in {"edited", "fixed", "allowed"} for words in markers(self.body))

    @property
    def allowed(self) -> bool:
        """Say whether it says that the code is to stay as it is, by an allow comment."""
        return any(words[0] == "allowed" for words in markers(self.body))


@dataclass(frozen=True, slots=True)
class StandingReview:
    """One of the bot's own reviews."""

    review_id: int
    body: str
    pending: bool


@dataclass(frozen=True, slots=True)
class StandingCheckRun:
    """One of the bot's own check runs at the head."""

    check_run_id: int
    name: str
    completed: bool
    external_id: str
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The state of a pull request, with what the bot itself wrote there (what others wrote never counts, whatever it says).

    replies are the texts of its answers, the oldest first. refused are fingerprints whose lines GitHub took no comment on
    during this very review; may_comment is False while the budget leaves room for check runs only.
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
        """Say whether a diagnostic was commented on before; also when a person has deleted the comment since.

        A finding whose places changed is still the one whose comment was deleted, as it is for one that stands.
        """
        bearing = {diagnostic.fingerprint, *diagnostic.former_fingerprints}
        if not bearing.isdisjoint(self._posted) or self.comment(diagnostic) is not None:
            return True
        places = max(self._concerns.get(key, 0) for key in concern_keys(diagnostic))
        return bool(places) and (bool(diagnostic.related) or places > 1)

    def dismissed(self, diagnostic: Diagnostic) -> bool:
        """Say whether people do not want to hear of a diagnostic on this pull request.

        They dismissed its rule, all rules, or its comment; or resolved its thread, unless they did so since it was fixed.
        """
        if self._why_dismissed_rule(diagnostic.analyzer):
            return True
        comment = self.comment(diagnostic)
        return comment is not None and self.dismissed_comment(comment)

    def why_dismissed(self, comment: StandingComment) -> str:
        """Say why people dismissed a comment, or its rule: their reason (bot.dismissals), "allowed" where the code says so,
        "resolved" where they only resolved its thread; "" where they did not."""
        why = self._dismissals.comments.get(comment.comment_id) or self._why_dismissed_rule(comment.rule[0])
        if why or not (comment.allowed or self.dismissed_comment(comment)):
            return why
        return "allowed" if comment.allowed else "resolved"

    def _why_dismissed_rule(self, rule: str) -> str:
        # What was dismissed, or restored, under a name that the rule had before still is.
        told = documentation(rule)
        rules = {rule, *(told.formerly if told else ())}
        dismissals = self._dismissals
        found = next((why for name, why in dismissals.rules.items() if name in rules), "")
        return found or (dismissals.all if rules.isdisjoint(dismissals.but_rules) else "")

    def dismissed_comment(self, comment: StandingComment) -> bool:
        """Say whether a person dismissed this very comment, in words or by resolving its thread."""
        if comment.comment_id in self._dismissals.comments:
            return True
        return (
            bool(comment.dismisser)
            and not comment.fixed
            and not self._dismissals.restored
            and comment.comment_id not in self._dismissals.but_comments
        )

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

    def check_run(self, name: str, number: int) -> StandingCheckRun | None:
        """Give the pull request's check run of a name, the newest if there are several.

        Another pull request with the same head has one of its own, whose external id says so.
        """
        ours = [each for each in self.check_runs if each.name == name and number_in(each.external_id) in {None, number}]
        return max(ours, key=lambda each: each.check_run_id, default=None)

    @cached_property
    def _posted(self) -> frozenset[str]:
        return frozenset(fingerprint for words in self._said if words[0] == "posted" for fingerprint in words[1:])

    @cached_property
    def _concerns(self) -> dict[str, int]:
        """The concerns that were commented on, each with the most places that a comment named."""
        found: dict[str, int] = {}
        for words in self._said:
            if words[0] == "concern" and len(words) == 3 and words[2].isdecimal():
                found[words[1]] = max(found.get(words[1], 0), int(words[2]))
        return found

    @cached_property
    def _said(self) -> frozenset[tuple[str, ...]]:
        bodies = [*(review.body for review in self.reviews if not review.pending), *self.replies]
        return frozenset(words for body in bodies for words in markers(body))

    @cached_property
    def _dismissals(self) -> Dismissals:
        found = Dismissals()
        for body in self.replies:
            found.hear(body)
        return found
