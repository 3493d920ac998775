"""Comments on the lines of a pull request."""

from ..call import Answer, Call, Refusal, invalid, not_found, operation
from ..changes import add_reply, add_review, anchor, belongs, checked_body, review_comment_event
from ..records import Pull, Repository, ReviewComment
from ..state import visible

READ, WRITE = "pull_requests:read", "pull_requests:write"


def _seen(call: Call, pull: Pull) -> list[ReviewComment]:
    """Give the comments that are asked for and may be seen: a pending review's are not there yet."""
    since = call.since()
    hidden = {review.id for review in pull.reviews if review.state == "PENDING"}
    return [
        comment
        for comment in visible(pull.review_comments)
        if comment.review_id not in hidden and comment.updated_at >= since
    ]


@operation("pulls/list-review-comments", READ)
def list_comments(call: Call) -> Answer:
    """List the comments on a pull request's lines, oldest first unless asked otherwise; `since` by update."""
    repository = call.repository()
    pull = call.pull(repository)
    comments = _seen(call, pull)
    _sort(call, comments)
    return call.page(comments, lambda comment: call.forms.review_comment(repository, pull, comment))


@operation("pulls/list-review-comments-for-repo", READ)
def list_repository_comments(call: Call) -> Answer:
    """List the comments on the lines of all pull requests."""
    repository = call.repository()
    pairs = {comment: pull for pull in repository.pulls.values() for comment in _seen(call, pull)}
    comments = list(pairs)
    _sort(call, comments)
    return call.page(comments, lambda comment: call.forms.review_comment(repository, pairs[comment], comment))


def _sort(call: Call, comments: list[ReviewComment]) -> None:
    by_update = call.query.get("sort") in ("updated", "updated_at")
    comments.sort(
        key=lambda c: (c.updated_at if by_update else c.created_at, c.id), reverse=call.query.get("direction") == "desc"
    )


@operation("pulls/create-review-comment", WRITE)
def create_comment(call: Call) -> Answer:
    """Post a single comment on a line, or a reply to one."""
    repository = call.repository()
    pull = call.pull(repository)
    body = checked_body("PullRequestReviewComment", call.body["body"])
    association = call.state.association(repository, call.user)
    if "in_reply_to" in call.body:
        root = _root(pull, call.body["in_reply_to"])
        reply = add_reply(call.state, repository, pull, root, call.user, body, association)
        return Answer(call.forms.review_comment(repository, pull, reply), status=201)
    commit_id = call.body["commit_id"]
    if not belongs(repository, pull, commit_id):
        raise invalid(
            "PullRequestReviewComment", "commit_id", "custom", f"commit_id is not part of the pull request: {commit_id}"
        )
    try:
        anchor(repository, pull, commit_id, call.body)
    except LookupError as problem:
        field = f"pull_request_review_thread.{problem.args[0]}"
        message = problem.args[1] if problem.args[0] == "start_line" else f"{field} must be part of the diff"
        raise invalid("PullRequestReviewComment", field, "custom", message) from problem
    review = add_review(call.state, repository, pull, call.user, "COMMENT", "", commit_id, [call.body], association)
    comment = next(comment for comment in pull.review_comments if comment.review_id == review.id)
    return Answer(call.forms.review_comment(repository, pull, comment), status=201)


@operation("pulls/create-reply-for-review-comment", WRITE)
def create_reply(call: Call) -> Answer:
    """Post a reply to the first comment of a thread."""
    repository = call.repository()
    pull = call.pull(repository)
    root = _root(pull, call.number("comment_id"))
    reply = add_reply(
        call.state, repository, pull, root, call.user, call.body["body"], call.state.association(repository, call.user)
    )
    return Answer(call.forms.review_comment(repository, pull, reply), status=201)


def _root(pull: Pull, number: int) -> ReviewComment:
    for comment in pull.review_comments:
        if comment.id == number:
            if comment.in_reply_to is not None:
                raise invalid(
                    "PullRequestReviewComment", "in_reply_to", "custom", "replies to replies are not supported"
                )
            return comment
    raise not_found()


def _find(call: Call) -> tuple[Repository, Pull, ReviewComment]:
    repository = call.repository()
    number = call.number("comment_id")
    for pull in repository.pulls.values():
        for comment in pull.review_comments:
            if comment.id == number:
                return repository, pull, comment
    raise not_found()


def _own(call: Call) -> tuple[Repository, Pull, ReviewComment]:
    repository, pull, comment = _find(call)
    if comment.user is not call.user:
        raise Refusal(403, "Resource not accessible by integration")
    return repository, pull, comment


@operation("pulls/get-review-comment", READ)
def get_comment(call: Call) -> Answer:
    """Give a comment on a line."""
    repository, pull, comment = _find(call)
    return Answer(call.forms.review_comment(repository, pull, comment))


@operation("pulls/update-review-comment", WRITE)
def update_comment(call: Call) -> Answer:
    """Edit a comment of one's own."""
    repository, pull, comment = _own(call)
    before, comment.body = comment.body, checked_body("PullRequestReviewComment", call.body["body"])
    comment.updated_at = call.state.now()
    review_comment_event(call.state, repository, pull, comment, "edited", call.user, before)
    return Answer(call.forms.review_comment(repository, pull, comment))


@operation("pulls/delete-review-comment", WRITE)
def delete_comment(call: Call) -> Answer:
    """Delete a comment of one's own."""
    repository, pull, comment = _own(call)
    pull.review_comments.remove(comment)
    review_comment_event(call.state, repository, pull, comment, "deleted", call.user)
    return Answer(status=204)
