"""Reactions to pull requests, comments and review comments."""

from collections.abc import Callable

from ..call import Answer, Call, Handler, not_found, operation
from ..changes import add_reaction
from ..records import Reaction


def _of_issue(call: Call) -> list[Reaction]:
    return call.pull(call.repository(), "issue_number").reactions


def _of_comment(call: Call) -> list[Reaction]:
    number = call.number("comment_id")
    for pull in call.repository().pulls.values():
        for comment in pull.comments:
            if comment.id == number:
                return comment.reactions
    raise not_found()


def _of_review_comment(call: Call) -> list[Reaction]:
    number = call.number("comment_id")
    for pull in call.repository().pulls.values():
        for comment in pull.review_comments:
            if comment.id == number:
                return comment.reactions
    raise not_found()


def _create(reactions: Callable[[Call], list[Reaction]]) -> Handler:
    def create(call: Call) -> Answer:
        reaction, new = add_reaction(call.state, reactions(call), call.user, call.body["content"])
        return Answer(call.forms.reaction(reaction), status=201 if new else 200)

    return create


def _list(reactions: Callable[[Call], list[Reaction]]) -> Handler:
    def listed(call: Call) -> Answer:
        wanted = call.query.get("content")
        shown = [reaction for reaction in reactions(call) if wanted in (None, reaction.content)]
        return call.page(shown, call.forms.reaction)

    return listed


def _delete(reactions: Callable[[Call], list[Reaction]]) -> Handler:
    def delete(call: Call) -> Answer:
        there, number = reactions(call), call.number("reaction_id")
        for reaction in there:
            if reaction.id == number and reaction.user is call.user:
                there.remove(reaction)
                return Answer(status=204)
        raise not_found()

    return delete


for _kind, _deleted, _reactions, _permissions in (
    ("issue", "issue", _of_issue, ("issues", "pull_requests")),
    ("issue-comment", "issue-comment", _of_comment, ("issues", "pull_requests")),
    ("pull-request-review-comment", "pull-request-comment", _of_review_comment, ("pull_requests",)),
):
    _read = tuple(f"{permission}:read" for permission in _permissions)
    _write = tuple(f"{permission}:write" for permission in _permissions)
    operation(f"reactions/create-for-{_kind}", *_write)(_create(_reactions))
    operation(f"reactions/list-for-{_kind}", *_read)(_list(_reactions))
    operation(f"reactions/delete-for-{_deleted}", *_write)(_delete(_reactions))
