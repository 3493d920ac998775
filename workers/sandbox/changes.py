"""What changes a repository's pull requests, by the API or by people: each change is noted, and its webhook put into the outbox."""

from typing import Any

from .call import invalid, unprocessable
from .forms import Forms
from .patch import Patch, Side, moved
from .records import Anchor, App, Association, Comment, Label, Pull, Reaction, Repository, Review, ReviewComment, User
from .state import State
from .webhooks import compose

BODY = 65_536
LABEL = 50


def emit(
    state: State, event: str, action: str | None, content: dict[str, Any], repository: Repository, sender: User
) -> None:
    """Tell the observers of an event, and put its webhook into the outbox if our App is installed and listens."""
    for observer in state.observers:
        observer(event, action, content, sender)
    delivery = compose(state, event, action, content, repository, sender)
    if delivery is not None:
        state.outbox.append(delivery)


def pull_event(
    state: State, repository: Repository, pull: Pull, action: str, sender: User, extra: dict[str, Any] | None = None
) -> None:
    """Put a pull_request webhook into the outbox."""
    pull.updated_at = state.now()
    content = {"number": pull.number, "pull_request": Forms(state).pull(repository, pull), **(extra or {})}
    emit(state, "pull_request", action, content, repository, sender)


def merge_base(repository: Repository, pull: Pull, head: str | None = None) -> str:
    """Give the commit that a pull request's diff begins at."""
    return repository.git.merge_base(pull.base_sha, head or pull.head_sha) or pull.base_sha


def patch_of(repository: Repository, pull: Pull, path: str, head: str | None = None) -> Patch | None:
    """Give the patch of a file in a pull request's diff up to `head`; None if the file is not in it or is binary."""
    head = head or pull.head_sha
    for change in repository.git.changes(merge_base(repository, pull, head), head):
        if change.path == path:
            return change.patch
    return None


def belongs(repository: Repository, pull: Pull, commit_id: str) -> bool:
    """Say whether a commit is, or once was, one of the pull request."""
    if commit_id in pull.heads:
        return True
    return any(
        record.sha == commit_id
        for head in pull.heads
        for record in repository.git.commits(merge_base(repository, pull, head), head)
    )


def anchor(repository: Repository, pull: Pull, commit_id: str, wanted: dict[str, Any]) -> tuple[Anchor, str]:
    """Give where a wanted review comment stands, and its `diff_hunk`.

    `wanted` has `path` and either `line` (with `side`, `start_line`, `start_side`) or `position`.

    Raises:
        LookupError: the place is not in the diff; the argument is the field, GitHub's word for it follows.
    """
    patch = patch_of(repository, pull, str(wanted["path"]), commit_id)
    if patch is None:
        raise LookupError("path", "Path could not be resolved")
    if wanted.get("line") is None:
        position = wanted.get("position")
        found = patch.at(position) if position is not None else None
        if found is None:
            raise LookupError("position", "Position could not be resolved")
        wanted = {**wanted, "side": found[0], "line": found[1]}
    line, start_line = wanted["line"], wanted.get("start_line")
    side = _side(wanted.get("side"), "RIGHT")
    place = patch.find(side, line) if side else None
    if side is None or place is None:
        raise LookupError("line", "Line could not be resolved")
    start_side: Side | None = None
    if start_line is not None:
        start_side = _side(wanted.get("start_side"), side)
        start = patch.find(start_side, start_line) if start_side else None
        if start is None:
            raise LookupError("start_line", "Start line could not be resolved")
        if start.hunk != place.hunk:
            raise LookupError("start_line", "Start line must be part of the same hunk as the line.")
        if start.line.position >= place.line.position:
            raise LookupError("start_line", "Start line must precede the end line.")
    return Anchor(commit_id, side, line, start_side, start_line, place.line.position), patch.excerpt(place)


def _side(given: object, default: Side) -> Side | None:
    """Give the side a client names, the default where it names none, None where it is neither LEFT nor RIGHT."""
    if given is None:
        return default
    return "LEFT" if given == "LEFT" else "RIGHT" if given == "RIGHT" else None


def anchored(repository: Repository, pull: Pull, comment: ReviewComment) -> Anchor | None:
    """Give where a review comment stands at the pull request's present head; None if its lines have changed or left the diff."""
    original = comment.original
    patch = patch_of(repository, pull, comment.path)
    if patch is None:
        return None
    before, after = original.commit_id, pull.head_sha
    if original.side == "LEFT":
        before, after = merge_base(repository, pull, before), merge_base(repository, pull)
    shift = repository.git.between(before, after, comment.path)
    if shift is None:
        return None
    first = (
        original.start_line
        if original.start_line is not None and original.start_side == original.side
        else original.line
    )
    lines = [moved(shift, line) for line in range(first, original.line + 1)]
    end = lines[-1]
    if end is None or None in lines or end - (lines[0] or 0) != original.line - first:
        return None
    place = patch.find(original.side, end)
    if place is None:
        return None
    start_line = original.start_line
    if start_line is not None:
        start_line = end - (original.line - original.start_line) if original.start_side == original.side else start_line  # type: ignore[operator]
        start = patch.find(original.start_side or original.side, start_line)
        if start is None or start.hunk != place.hunk:
            return None
    return Anchor(
        after if original.side == "RIGHT" else pull.head_sha,
        original.side,
        end,
        original.start_side,
        start_line,
        place.line.position,
    )


def reanchor(repository: Repository, pull: Pull) -> None:
    """After a push, have every review comment stand where its line is now, or be outdated."""
    for comment in pull.review_comments:
        comment.current = anchored(repository, pull, comment)


def checked_body(resource: str, body: str) -> str:
    """Give a comment's body if it is neither blank nor too long.

    Raises:
        Refusal: it is.
    """
    if not body.strip():
        raise invalid(resource, "body", "missing_field", "Body cannot be blank")
    if len(body) > BODY:
        raise invalid(resource, "data", "unprocessable", f"Body is too long (maximum is {BODY} characters)")
    return body


def add_comment(
    state: State,
    repository: Repository,
    pull: Pull,
    user: User,
    body: str,
    association: Association,
    app: App | None = None,
) -> Comment:
    """Add a comment to the conversation.

    Raises:
        Refusal: the body is blank or too long.
    """
    now = state.now()
    comment = Comment(state.id(), user, checked_body("IssueComment", body), association, now, now, app)
    state.written(comment)
    pull.comments.append(comment)
    comment_event(state, repository, pull, comment, "created", user)
    return comment


def comment_event(
    state: State,
    repository: Repository,
    pull: Pull,
    comment: Comment,
    action: str,
    sender: User,
    before: str | None = None,
) -> None:
    """Put an issue_comment webhook into the outbox; `before` is the body before an edit."""
    pull.updated_at = state.now()
    forms = Forms(state)
    content = {"issue": forms.issue(repository, pull), "comment": forms.comment(repository, pull, comment)}
    if action == "edited":
        content["changes"] = {"body": {"from": before or ""}}
    emit(state, "issue_comment", action, content, repository, sender)


def add_review(
    state: State,
    repository: Repository,
    pull: Pull,
    user: User,
    event: str | None,
    body: str,
    commit_id: str | None,
    wanted: list[dict[str, Any]],
    association: Association,
) -> Review:
    """Add a review with all its comments, or nothing at all. Without an event it is pending.

    Raises:
        Refusal: a commit of another pull request, a place outside the diff (not saying which), a second pending review,
            a body too long, nothing said, or a verdict on one's own pull request.
    """
    commit_id = commit_id or pull.head_sha
    if not belongs(repository, pull, commit_id):
        raise unprocessable("Commit could not be resolved")
    if any(review.state == "PENDING" and review.user is user for review in pull.reviews):
        raise unprocessable("User can only have one pending review per pull request")
    if event in ("APPROVE", "REQUEST_CHANGES") and user is pull.user:
        raise unprocessable(f"Can not {event.lower().replace('_', ' ')} on your own pull request")
    if len(body) > BODY or any(len(str(item["body"])) > BODY for item in wanted):
        raise unprocessable(f"Body is too long (maximum is {BODY} characters)")
    if (event == "REQUEST_CHANGES" or (event == "COMMENT" and not wanted)) and not body.strip():
        raise unprocessable("Body can't be blank")
    if any(not str(item["body"]).strip() for item in wanted):
        raise unprocessable("Body can't be blank")
    places = []
    for item in wanted:
        try:
            places.append(anchor(repository, pull, commit_id, item))
        except LookupError as problem:
            raise unprocessable(problem.args[1]) from problem
    now = state.now()
    review = Review(state.id(), user, body, "PENDING", commit_id, association)
    state.written(review)
    pull.reviews.append(review)
    for item, (place, hunk) in zip(wanted, places, strict=True):
        comment = ReviewComment(
            state.id(), user, str(item["body"]), association, str(item["path"]), hunk, review.id, now, now, place, place
        )
        comment.current = anchored(repository, pull, comment)
        state.written(comment)
        pull.review_comments.append(comment)
    if event:
        submit_review(state, repository, pull, review, event)
    return review


def submit_review(state: State, repository: Repository, pull: Pull, review: Review, event: str) -> None:
    """Submit a pending review: from now on everybody sees it."""
    review.state = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}[event]
    review.submitted_at = state.now()
    pull.updated_at = state.now()
    forms = Forms(state)
    content = {"review": {**forms.review(repository, pull, review), "state": review.state.lower()}}
    emit(
        state,
        "pull_request_review",
        "submitted",
        {**content, "pull_request": forms.pull(repository, pull)},
        repository,
        review.user,
    )
    for comment in pull.review_comments:
        if comment.review_id == review.id:
            review_comment_event(state, repository, pull, comment, "created", review.user)


def review_comment_event(
    state: State,
    repository: Repository,
    pull: Pull,
    comment: ReviewComment,
    action: str,
    sender: User,
    before: str | None = None,
) -> None:
    """Put a pull_request_review_comment webhook into the outbox; `before` is the body before an edit."""
    pull.updated_at = state.now()
    forms = Forms(state)
    content = {"comment": forms.review_comment(repository, pull, comment), "pull_request": forms.pull(repository, pull)}
    if action == "edited":
        content["changes"] = {"body": {"from": before or ""}}
    emit(state, "pull_request_review_comment", action, content, repository, sender)


def add_reply(
    state: State,
    repository: Repository,
    pull: Pull,
    root: ReviewComment,
    user: User,
    body: str,
    association: Association,
) -> ReviewComment:
    """Add a reply to a thread; it stands where the thread's first comment stands.

    Raises:
        Refusal: the body is blank or too long.
    """
    now = state.now()
    text = checked_body("PullRequestReviewComment", body)
    review = Review(state.id(), user, "", "COMMENTED", pull.head_sha, association, now)
    comment = ReviewComment(
        state.id(), user, text, association, root.path, root.diff_hunk, review.id, now, now, root.original, root.current,
        in_reply_to=root.id,
    )  # fmt: skip
    for record in (review, comment):
        state.written(record)
    pull.reviews.append(review)
    pull.review_comments.append(comment)
    review_comment_event(state, repository, pull, comment, "created", user)
    return comment


def add_reaction(state: State, reactions: list[Reaction], user: User, content: str) -> tuple[Reaction, bool]:
    """Add a reaction, once per user and content; say whether it is new."""
    for reaction in reactions:
        if reaction.user is user and reaction.content == content:
            return reaction, False
    reactions.append(Reaction(state.id(), user, content, state.now()))
    return reactions[-1], True


def label_of(state: State, repository: Repository, name: str) -> Label:
    """Give a repository's label, made if it is new.

    Raises:
        Refusal: the name is blank or too long.
    """
    if not name.strip():
        raise invalid("Label", "name", "missing_field")
    if len(name) > LABEL:
        raise invalid("Label", "name", "too_long", f"name is too long (maximum is {LABEL} characters)")
    return repository.labels.setdefault(name.lower(), Label(state.id(), name))


def add_label(state: State, repository: Repository, pull: Pull, name: str, user: User) -> None:
    """Put a label on a pull request, if it is not there yet.

    Raises:
        Refusal: the name is blank or too long, or there are 100 labels.
    """
    label = label_of(state, repository, name)
    if label in pull.labels:
        return
    if len(pull.labels) >= 100:
        raise invalid("Issue", "labels", "custom", "An issue can have at most 100 labels")
    pull.labels.append(label)
    pull_event(state, repository, pull, "labeled", user, {"label": Forms(state).label(repository, label)})


def remove_label(state: State, repository: Repository, pull: Pull, label: Label, user: User) -> None:
    """Take a label off a pull request."""
    pull.labels.remove(label)
    pull_event(state, repository, pull, "unlabeled", user, {"label": Forms(state).label(repository, label)})
