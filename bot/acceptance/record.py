"""Record: what became of the comments on one pull request, made anew from what stands there. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from analyzers import catalogue
from bot.check_runs import ExternalId
from bot.standing import Standing, StandingComment
from bot.writes import CHECK_RUN

State = Literal["open", "merged", "closed"]

# What becomes of a comment: one of these, at any time.
# fixed: a later push made the finding go away, as the bot saw. changed: the last push changed its lines, and the pull
# request was closed before that was reviewed. dismissed, deleted: by people. stood: it was merged as it was. dropped: the
# pull request was given up, which says nothing of the comment. open: it stands on an open pull request.
OUTCOMES = ("open", "fixed", "changed", "dismissed", "deleted", "stood", "dropped")
# Those that say how a comment was taken.
JUDGED = ("fixed", "changed", "dismissed", "deleted", "stood")
ADDRESSED = ("fixed", "changed")
# Why people dismiss: a member's word for it (bot.dismissals.reason); without one, "allowed" by a comment in the code, or
# "resolved" for a thread that was only resolved.
REASONS = ("wrong", "fine", "later", "other", "none", "allowed", "resolved")
# What the author of a change does without a member's consent counts once the change is merged: nobody from outside has a
# rule demoted with changes that nobody takes.
_AUTHORS = frozenset({"allowed", "resolved"})
# What is counted of a comment beside its outcome.
BESIDES = ("posted", "edited", "outdated", "replied", "helpful", "unhelpful")
# Pull requests that are closed and have a comment of the rule that was judged.
PULLS = "pulls"

# Figures are kept so long. A rule that was demoted is tried again when its figures are forgotten.
KEPT = timedelta(weeks=26)
# A record outlives its counts: who sees the pull request once more must not count it anew.
_LONGER = timedelta(weeks=2)

Counts = dict[str, dict[str, int]]


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comment on lines, as it was last seen. at is when it was posted, in seconds since 1970; up and down are thumbs."""

    rule: str
    at: float
    edited: bool = False
    fixed: bool = False
    outdated: bool = False
    why: str = ""
    up: int = 0
    down: int = 0
    replied: bool = False
    deleted: bool = False


class Record(msgspec.Struct, frozen=True):
    """The comments on one pull request by their numbers, and what they add to the counts: week -> "rule what" -> number.

    seen is when GitHub was asked, by Redis' clock; reviewed says whether the head had its review then.
    """

    seen: float
    state: State
    reviewed: bool
    comments: dict[str, Told]
    counts: Counts = {}

    @classmethod
    def of(cls, standing: Standing, *, number: int, merged: bool, seen: float, before: "Record | None") -> "Record":
        """Give what stands now, and what stood before and was deleted; comments beyond KEPT are forgotten."""
        told = {str(each.comment_id): _told(each, standing) for each in standing.comments if each.comment_id > 0}
        for identity, each in (before.comments if before else {}).items():
            told.setdefault(identity, msgspec.structs.replace(each, deleted=True))
        told = {identity: each for identity, each in told.items() if forgotten(week(each.at)) > seen}
        state: State = "open" if standing.is_open else "merged" if merged else "closed"
        made = cls(seen, state, _is_reviewed(standing, number), told)
        return msgspec.structs.replace(made, counts=made.counted())

    def outcome(self, comment: Told) -> str:
        """Say what became of a comment, in one of OUTCOMES."""
        if comment.fixed:
            return "fixed"
        if comment.why and not (self.state == "closed" and comment.why in _AUTHORS):
            return "dismissed"
        if comment.deleted:
            return "deleted"
        if self.state == "open":
            return "open"
        if comment.outdated and not self.reviewed:
            return "changed"
        return "stood" if self.state == "merged" else "dropped"

    def counted(self) -> Counts:
        """Give what the comments add to the counts."""
        found: dict[str, Counter[str]] = {}
        pulls: dict[str, str] = {}
        for comment in self.comments.values():
            its_week = week(comment.at)
            for what in self._whats(comment):
                found.setdefault(its_week, Counter())[field(comment.rule, what)] += 1
            if self.state != "open" and self.outcome(comment) in JUDGED:
                pulls[comment.rule] = min(its_week, pulls.get(comment.rule, its_week))
        for rule, first in pulls.items():
            found[first][field(rule, PULLS)] += 1
        return {name: dict(sorted(found[name].items())) for name in sorted(found)}

    @property
    def until(self) -> float:
        """Say when the record may be forgotten, in seconds since 1970: later than all its counts."""
        return max(forgotten(week(each.at)) for each in self.comments.values()) + _LONGER.total_seconds()

    def _whats(self, comment: Told) -> Iterator[str]:
        outcome = self.outcome(comment)
        yield from ("posted", outcome)
        if outcome == "dismissed":
            yield because(comment.why)
        if comment.edited:
            yield "edited"
        if comment.outdated:
            yield "outdated"
        if comment.replied:
            yield "replied"
        if comment.up != comment.down:
            yield "helpful" if comment.up > comment.down else "unhelpful"


def field(rule: str, what: str) -> str:
    """Give the name under which something is counted within a repository's week."""
    return f"{rule} {what}"


def because(reason: str) -> str:
    """Give the name under which dismissals for a reason are counted."""
    return f"dismissed-{reason if reason in REASONS else 'other'}"


def week(at: float) -> str:
    """Give the week of a time (seconds since 1970), as ISO 8601 writes it, in UTC: 2026-W48."""
    year, number, _ = datetime.fromtimestamp(at, UTC).isocalendar()
    return f"{year}-W{number:02}"


def monday(name: str) -> datetime:
    """Give the beginning of a week; ValueError for what is no name of one."""
    return datetime.strptime(f"{name}-1", "%G-W%V-%u").replace(tzinfo=UTC)


def forgotten(name: str) -> float:
    """Say when a week's counts are forgotten, in seconds since 1970."""
    return (monday(name) + timedelta(weeks=1) + KEPT).timestamp()


def weeks(now: float) -> tuple[str, ...]:
    """Give the weeks whose counts are kept at a time, the oldest first."""
    last = monday(week(now))
    kept = KEPT // timedelta(weeks=1)
    return tuple(week((last - timedelta(weeks=back)).timestamp()) for back in range(kept, -1, -1))


def rule_of(comment: StandingComment) -> str:
    """Give the rule that a comment comes from by its present name, "other" where that is not one rule any more."""
    name = comment.rule[0]
    meant = catalogue.meant(name) if name in catalogue.known() else ()
    return meant[0] if len(meant) == 1 else "other"


def _told(comment: StandingComment, standing: Standing) -> Told:
    return Told(
        rule=rule_of(comment),
        at=comment.posted_at,
        edited=comment.edited,
        fixed=comment.fixed,
        outdated=comment.line is None,
        why=standing.why_dismissed(comment),
        up=comment.up,
        down=comment.down,
        replied=comment.talked,
    )


def _is_reviewed(standing: Standing, number: int) -> bool:
    run = standing.check_run(CHECK_RUN, number)
    identity = ExternalId.read(run.external_id) if run else None
    return identity is not None and identity.state in {"done", "part"}


def difference(new: Counts, old: Counts) -> Mapping[str, Mapping[str, int]]:
    """Give by how much each count differs, where it does."""
    found: dict[str, dict[str, int]] = {}
    for name in sorted({*new, *old}):
        now, then = new.get(name, {}), old.get(name, {})
        changes = {each: now.get(each, 0) - then.get(each, 0) for each in sorted({*now, *then})}
        if changed := {each: change for each, change in changes.items() if change}:
            found[name] = changed
    return found
