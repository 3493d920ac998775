"""Reviews of a pull request. A review is posted as a whole or not at all; a user has one pending review at most."""

from ..call import Answer, Call, Refusal, not_found, operation, unprocessable
from ..changes import BODY, add_review, emit, submit_review
from ..records import Pull, Repository, Review
from ..state import visible

READ, WRITE = "pull_requests:read", "pull_requests:write"


@operation("pulls/list-reviews", READ)
def list_reviews(call: Call) -> Answer:
    """List reviews, oldest first. Another user's pending review is not shown."""
    repository = call.repository()
    pull = call.pull(repository)
    shown = [review for review in visible(pull.reviews) if review.state != "PENDING" or review.user is call.user]
    return call.page(shown, lambda review: call.forms.review(repository, pull, review))


@operation("pulls/create-review", WRITE)
def create_review(call: Call) -> Answer:
    """Post a review with its comments; pending without `event`."""
    repository = call.repository()
    pull = call.pull(repository)
    review = add_review(
        call.state,
        repository,
        pull,
        call.user,
        call.body.get("event"),
        call.body.get("body") or "",
        call.body.get("commit_id"),
        call.body.get("comments") or [],
        call.state.association(repository, call.user),
    )
    return Answer(call.forms.review(repository, pull, review))


@operation("pulls/get-review", READ)
def get_review(call: Call) -> Answer:
    """Give a review."""
    repository, pull, review = _review(call)
    return Answer(call.forms.review(repository, pull, review))


@operation("pulls/update-review", WRITE)
def update_review(call: Call) -> Answer:
    """Edit the body of a review of one's own."""
    repository, pull, review = _own(call)
    if len(call.body["body"]) > BODY:
        raise unprocessable(f"Body is too long (maximum is {BODY} characters)")
    before, review.body = review.body, call.body["body"]
    pull.updated_at = call.state.now()
    if review.state != "PENDING":
        content = {
            "changes": {"body": {"from": before}},
            "review": {**call.forms.review(repository, pull, review), "state": review.state.lower()},
        }
        emit(
            call.state,
            "pull_request_review",
            "edited",
            {**content, "pull_request": call.forms.pull(repository, pull)},
            repository,
            call.user,
        )
    return Answer(call.forms.review(repository, pull, review))


@operation("pulls/submit-review", WRITE)
def submit(call: Call) -> Answer:
    """Submit one's pending review."""
    repository, pull, review = _own(call)
    if review.state != "PENDING":
        raise unprocessable("Can not submit a review that has already been submitted")
    body = call.body.get("body")
    event = call.body["event"]
    has_comments = any(comment.review_id == review.id for comment in pull.review_comments)
    if not (body or review.body).strip() and (event == "REQUEST_CHANGES" or (event == "COMMENT" and not has_comments)):
        raise unprocessable("Body can't be blank")
    if event != "COMMENT" and review.user is pull.user:
        raise unprocessable(f"Can not {event.lower().replace('_', ' ')} on your own pull request")
    if body:
        review.body = body
    submit_review(call.state, repository, pull, review, event)
    return Answer(call.forms.review(repository, pull, review))


@operation("pulls/delete-pending-review", WRITE)
def delete_pending(call: Call) -> Answer:
    """Delete one's pending review with its comments."""
    repository, pull, review = _own(call)
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    form = call.forms.review(repository, pull, review)
    pull.reviews.remove(review)
    pull.review_comments = [comment for comment in pull.review_comments if comment.review_id != review.id]
    return Answer(form)


@operation("pulls/dismiss-review", WRITE)
def dismiss(call: Call) -> Answer:
    """Dismiss a verdict. A review that only comments has none."""
    repository, pull, review = _review(call)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    review.state = "DISMISSED"
    content = {
        "review": {**call.forms.review(repository, pull, review), "state": "dismissed"},
        "pull_request": call.forms.pull(repository, pull),
    }
    emit(call.state, "pull_request_review", "dismissed", content, repository, call.user)
    return Answer(call.forms.review(repository, pull, review))


@operation("pulls/list-comments-for-review", READ)
def list_comments(call: Call) -> Answer:
    """List the comments of one review."""
    repository, pull, review = _review(call)
    comments = [comment for comment in visible(pull.review_comments) if comment.review_id == review.id]
    return call.page(comments, lambda comment: call.forms.review_comment(repository, pull, comment))


def _review(call: Call) -> tuple[Repository, Pull, Review]:
    repository = call.repository()
    pull = call.pull(repository)
    number = call.number("review_id")
    for review in pull.reviews:
        if review.id == number and (review.state != "PENDING" or review.user is call.user):
            return repository, pull, review
    raise not_found()


def _own(call: Call) -> tuple[Repository, Pull, Review]:
    repository, pull, review = _review(call)
    if review.user is not call.user:
        raise Refusal(403, "Resource not accessible by integration")
    return repository, pull, review
