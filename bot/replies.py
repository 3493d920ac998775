"""Replies: what the bot answers in words. Plain, friendly, and never longer than the question deserves."""

import difflib

from analyzers import catalogue
from analyzers.analysis.diagnostic import code
from bot import dismissals
from bot.comments import quiet
from bot.links import GUIDE, Links
from bot.markers import marker
from bot.review_request import CommandSource, Reply
from bot.standing import Standing

COMMANDS = """\
| command | what it does |
|---|---|
| `/scalability-check` | reviews this pull request as it is now |
| `/scalability-check deep` | the same with the whole repository in view, callers included (members and collaborators) |
| `/scalability-check prr` | a deep scan, answered with the Scalability section of a KEP's readiness review (members) |
| `/scalability-check explain RULE` | what a rule looks for, why, and what to write instead |
| `/scalability-check results RUN [BASE]` | what performance jobs measured, held against the SLOs: jobs or addresses (members) |
| `/scalability-check dismiss [RULE or all] [reason]` | no more of it here; in my thread: of that one (members, collaborators) |
| `/scalability-check restore [RULE or all]` | takes that back |
| `/scalability-check help` | this answer |"""

# So that whoever gave a reason sees how it was understood.
_REASONS = {"wrong": "a mistake of mine", "fine": "right, but fine here", "later": "something for later"}


def answer(reply: Reply, links: Links, standing: Standing) -> str:
    """Give the answer to a command that asks for words, Markdown with its marker; ValueError for one that asks for none."""
    match reply.answer:
        case "received" | "results":
            raise ValueError(f"the answer to {reply.answer} is not made of words alone")
        case "help":
            text = _help(links)
        case "explain":
            text = "\n\n".join(_explain(rule, links) for rule in reply.words or ("",))
        case "unknown":
            text = f"I do not know that command. These are the ones I do know:\n\n{COMMANDS}"
        case "deep-not-allowed":
            or_label = " or the label" if reply.command.verb == "deep" else ""
            text = (
                "A deep scan reads the whole repository, so members and collaborators start it: please ask one of them for "
                f"`/scalability-check {reply.command.verb}`{or_label}. `/scalability-check` alone is open to everyone."
            )
        case "results-not-allowed":
            text = (
                "Reading results makes me fetch files from elsewhere, so members and collaborators ask for it: please ask "
                "one of them for this command."
            )
        case "dismiss-not-allowed":
            text = (
                "What to leave out is for members and collaborators to say: please ask one of them, "
                "or answer in the thread why it does not apply."
            )
        case "too-many":
            text = (
                "I take three requests for a review from one person within an hour, and this was one more: "
                "please try again a little later. Every push is reviewed by itself."
            )
        case "dismiss" | "restore":
            text = _dismissed(reply, standing)
    return answered(reply.command, text)


def changes_what_is_told(reply: Reply, standing: Standing) -> bool:
    """Say whether a command dismisses or restores something, so that the pull request is to be looked at anew."""
    return reply.answer in {"dismiss", "restore"} and _subject(reply, standing) is not None


def answered(source: CommandSource, text: str) -> str:
    """Give a text as the answer to a command: the command quoted, the text, and the marker that says it is answered."""
    # Quoted as code: the quotation neither commands another bot nor mentions anyone.
    quotation = f"> {code(source.text)}\n\n" if source.text.strip() else ""
    return f"{quotation}{text}\n\n{answer_marker(source)}"


def answer_marker(source: CommandSource) -> str:
    """Give the marker by which an answer to a command is known again."""
    return marker("answer", source.key)


def nothing_found(files: int, lines: int, notices: int, unread: int = 0) -> str:
    """Say that nothing needs a comment, of what could be read."""
    read = f"{files} {_plural('file', files)} with {lines:,} added {_plural('line', lines)}"
    noted = (
        f" {notices} smaller {_plural('note', notices)} {'is' if notices == 1 else 'are'} in the check run."
        if notices
        else ""
    )
    missing = " Not everything could be read: the check run says what." if unread else ""
    return f"I read {read} and found nothing that should trouble a large cluster.{noted}{missing}"


def nothing_new(standing: int) -> str:
    """Say that every finding has its comment already."""
    them = "comment still stands" if standing == 1 else "comments still stand"
    return f"Nothing new: {standing} earlier {them}, the details are in the check run."


def in_the_check_run(findings: int) -> str:
    """Say that there are findings, but not as comments on lines."""
    return f"I found {findings} {_plural('place', findings)} worth a look: the check run lists {'it' if findings == 1 else 'them'}."


def failure() -> str:
    """Say that a review could not be made; what went wrong is in the operator's log, never here."""
    return (
        "Sorry, I could not finish this review: something went wrong on my side, and the people who run me can see it. "
        "Nothing is wrong with the pull request; `/scalability-check` makes another try."
    )


def _subject(reply: Reply, standing: Standing) -> tuple[str, ...] | None:
    """Give what a command is about, as the words of a marker: all, a rule, a comment; None if it does not say."""
    said = reply.words[0] if reply.words else ""
    if said == "all":
        return ("all",)
    if said in catalogue.names():
        return ("rule", said)
    if any(comment.comment_id == reply.command.thread for comment in standing.comments):
        return ("comment", str(reply.command.thread))
    return ("all",) if reply.answer == "restore" and not said else None


def _dismissed(reply: Reply, standing: Standing) -> str:
    subject = _subject(reply, standing)
    if subject is None:
        said = reply.words[0] if reply.words else ""
        wrong = f"There is no rule {code(said, 60)}. " if said else ""
        nearest = difflib.get_close_matches(said, catalogue.names(), n=3, cutoff=0.5) if said else []
        rules = f"Did you mean {' or '.join(map(code, nearest))}? " if nearest else ""
        return (
            f"{wrong}{rules}Name a rule or `all`, as in `/scalability-check {reply.answer} RULE`, "
            "or write it in the thread of one of my comments."
        )
    match subject:
        case ("rule", rule):
            what = f"of {code(rule)}"
        case ("comment", _):
            what = "of this one"
        case _:
            what = "of all that I found"
    if reply.answer == "restore":
        return f"I speak {what} again on this pull request.\n\n{dismissals.restored(subject)}"
    why = dismissals.reason(reply.words if subject[0] == "comment" else reply.words[1:])
    noted = f" I take it for {_REASONS[why]}." if why in _REASONS else ""
    return (
        f"No more {what} on this pull request; `/scalability-check restore` takes that back.{noted}"
        f"\n\n{dismissals.dismissed(subject, why)}"
    )


def _help(links: Links) -> str:
    catalogue_page = (
        f" All rules: {links.rules}/rules."
        if links.rules
        else f" The rules: {', '.join(map(code, catalogue.names()))}."
    )
    return (
        "I read pull requests with very large clusters in mind (5,000 nodes, 150,000 pods), as "
        f"[the contributors' guide]({GUIDE}) asks. What I write are hints: you know the code better.\n\n"
        f"{COMMANDS}\n\nEach person is given three reviews an hour; deep scans are not counted. Of the reasons I "
        "count `wrong`, `fine` and `later`: where a rule is wrong too often, it speaks less.\n\n"
        f"To silence a rule on a line of Go, write `//scalability:allow RULE REASON` on it or above it.{catalogue_page}"
    )


def _explain(rule: str, links: Links) -> str:
    parts = _parts(rule)
    if rule in catalogue.names():
        told = catalogue.documentation(rule)
        more = f"\n\n{links.rule(rule)}" if links.rules else ""
        answer = (
            f"**{told.name}**: {told.title}.\n\n{quiet(told.why)}\n\n```diff\n{told.example_hunk.rstrip()}\n```\n\n"
            f"Not reported: {quiet(told.not_reported)}{more}"
        )
        return "\n\n".join(filter(None, (answer, parts)))
    if parts:
        return parts
    nearest = difflib.get_close_matches(rule.lower(), catalogue.names(), n=3, cutoff=0.5)
    named = f"There is no rule {code(rule, 60)}." if rule else "Name the rule, as in `/scalability-check explain RULE`."
    listed = (
        f"Did you mean {' or '.join(map(code, nearest))}?"
        if nearest
        else f"The rules are {', '.join(map(code, catalogue.names()))}."
    )
    return f"{named} {listed}"


def _parts(rule: str) -> str:
    """Say which rules were part of one of that name before; "" where none was."""
    parts = [name for name in catalogue.meant(rule) if name != rule] if rule in catalogue.known() else []
    listed = "\n".join(f"- {code(name)}: {catalogue.documentation(name).title}" for name in parts)
    return f"What was part of {code(rule)} once has rules of its own now:\n\n{listed}" if parts else ""


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
