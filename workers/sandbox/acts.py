"""What a person may do from the pages: comment, reply, react, resolve, label, push, close, and open a pull request."""

import re
from collections.abc import Mapping

from .applying import applied
from .call import Refusal, not_found, unprocessable
from .changes import add_reaction
from .people import SimulatedRepository
from .records import REACTIONS, Association, Comment, Pull, ReviewComment
from .state import State

# Who can be played: login, what it is to the repository, how the form names it.
PLAYERS: dict[str, tuple[str, Association, str]] = {
    "contributor": ("contributor", "NONE", "a contributor"),
    "member": ("sig-lead", "MEMBER", "a member"),
}
_LOGIN = re.compile(r"[A-Za-z\d](?:-?[A-Za-z\d]){0,38}")


class UnknownAct(LookupError):
    """The form asks for something that nobody can do here."""


def act(state: State, repository: SimulatedRepository, pull: Pull, form: Mapping[str, str]) -> str:
    """Do what a form on a pull request's page says; give the part of the page to show then.

    Raises:
        UnknownAct: it says nothing of use.
        Refusal: GitHub would not let a person do that.
    """
    login, association = player(form)
    match form.get("do", ""):
        case "comment":
            repository.comment(pull, login, form.get("body", ""), association)
        case "reply":
            root = _thread(pull, form)
            repository.reply(pull, root, login, form.get("body", ""), association)
            return f"discussion_r{root.id}"
        case "react":
            record = _record(pull, form)
            if form.get("content") not in REACTIONS:
                raise UnknownAct("reaction")
            add_reaction(state, record.reactions, state.user(login), form["content"])
            return f"{'discussion_r' if isinstance(record, ReviewComment) else 'issuecomment-'}{record.id}"
        case "resolve":
            root = _thread(pull, form)
            repository.resolve(root, login)
            return f"discussion_r{root.id}"
        case "unresolve":
            root = _thread(pull, form)
            root.resolved_by = None
            return f"discussion_r{root.id}"
        case "fix" if pull.id in state.fixes:
            repository.push(pull, state.fixes.pop(pull.id), "Follow the review")
        case "push":
            files = applied(repository.git, pull.head_sha, form.get("diff", ""))
            # What would have put the sample right may not fit any more.
            state.fixes.pop(pull.id, None)
            repository.push(pull, files, form.get("message", "").strip() or "Change the code")
        case "label":
            repository.label(pull, form.get("label", ""), login)
        case "unlabel":
            try:
                repository.unlabel(pull, form.get("label", ""), login)
            except LookupError as problem:
                raise unprocessable(f"{problem}.") from None
        case "rerequest":
            for run in repository.check_runs(pull)[-1:]:
                repository.rerequest(run, login)
        case "close" if pull.state == "open":
            repository.close(pull)
        case "reopen" if pull.state == "closed":
            repository.reopen(pull)
        case other:
            raise UnknownAct(other)
    return "end"


def open_pull(repository: SimulatedRepository, form: Mapping[str, str]) -> Pull:
    """Open a pull request from a pasted diff against the default branch.

    Raises:
        Refusal: the title is blank or the diff does not apply.
    """
    title = form.get("title", "").strip()
    if not title:
        raise unprocessable("A pull request has a title.")
    tip = repository.git.resolve(repository.record.default_branch)
    if tip is None:
        raise unprocessable("The repository is empty.")
    login, association = player(form)
    files = applied(repository.git, tip, form.get("diff", ""))
    return repository.open_pull(files, title, login, body=form.get("body", ""), association=association)


def player(form: Mapping[str, str]) -> tuple[str, Association]:
    """Give who acts: a login that was written into the form, as a contributor; else one of PLAYERS.

    Raises:
        Refusal: it is no login.
    """
    written = form.get("login", "").strip()
    if not written:
        login, association, _ = PLAYERS.get(form.get("player", ""), PLAYERS["contributor"])
        return login, association
    if not _LOGIN.fullmatch(written):
        raise Refusal(422, "A login has letters, digits and single dashes")
    return written, "NONE"


def is_login(text: str) -> bool:
    """Say whether GitHub would take a text for a login."""
    return _LOGIN.fullmatch(text) is not None


def _thread(pull: Pull, form: Mapping[str, str]) -> ReviewComment:
    for comment in pull.review_comments:
        if str(comment.id) == form.get("thread") and comment.in_reply_to is None:
            return comment
    raise not_found()


def _record(pull: Pull, form: Mapping[str, str]) -> Comment | ReviewComment:
    records: list[Comment | ReviewComment] = [*pull.comments, *pull.review_comments]
    for comment in records:
        if str(comment.id) == form.get("comment"):
            return comment
    raise not_found()
