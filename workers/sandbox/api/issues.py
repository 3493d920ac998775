"""Pull requests as issues: their conversation and their labels."""

from ..call import Answer, Call, Refusal, invalid, not_found, operation
from ..changes import add_comment, add_label, checked_body, comment_event, label_of, remove_label
from ..records import Comment, Pull, Repository
from ..state import visible

READ = ("issues:read", "pull_requests:read")
WRITE = ("issues:write", "pull_requests:write")


@operation("issues/get", *READ)
def get_issue(call: Call) -> Answer:
    """Give a pull request as an issue."""
    repository = call.repository()
    return Answer(call.forms.issue(repository, call.pull(repository, "issue_number")))


@operation("issues/list-comments", *READ)
def list_comments(call: Call) -> Answer:
    """List the conversation's comments, oldest first; `since` by update."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    since = call.since()
    comments = [comment for comment in visible(pull.comments) if comment.updated_at >= since]
    return call.page(comments, lambda comment: call.forms.comment(repository, pull, comment))


@operation("issues/list-comments-for-repo", *READ)
def list_repository_comments(call: Call) -> Answer:
    """List the comments of all conversations."""
    repository = call.repository()
    pairs = {comment: pull for pull in repository.pulls.values() for comment in visible(pull.comments)}
    ordered = sorted(pairs, key=lambda comment: comment.id, reverse=call.query.get("direction") == "desc")
    return call.page(ordered, lambda comment: call.forms.comment(repository, pairs[comment], comment))


@operation("issues/create-comment", *WRITE)
def create_comment(call: Call) -> Answer:
    """Post a comment to the conversation."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    association = call.state.association(repository, call.user)
    comment = add_comment(call.state, repository, pull, call.user, call.body["body"], association, call.app_of_token)
    return Answer(call.forms.comment(repository, pull, comment), status=201)


def _find(call: Call) -> tuple[Repository, Pull, Comment]:
    repository = call.repository()
    number = call.number("comment_id")
    for pull in repository.pulls.values():
        for comment in pull.comments:
            if comment.id == number:
                return repository, pull, comment
    raise not_found()


def _own(call: Call) -> tuple[Repository, Pull, Comment]:
    repository, pull, comment = _find(call)
    if comment.user is not call.user:
        raise Refusal(403, "Resource not accessible by integration")
    return repository, pull, comment


@operation("issues/get-comment", *READ)
def get_comment(call: Call) -> Answer:
    """Give a comment of a conversation."""
    return Answer(call.forms.comment(*_find(call)))


@operation("issues/update-comment", *WRITE)
def update_comment(call: Call) -> Answer:
    """Edit a comment of one's own."""
    repository, pull, comment = _own(call)
    before, comment.body = comment.body, checked_body("IssueComment", call.body["body"])
    comment.updated_at = call.state.now()
    comment_event(call.state, repository, pull, comment, "edited", call.user, before)
    return Answer(call.forms.comment(repository, pull, comment))


@operation("issues/delete-comment", *WRITE)
def delete_comment(call: Call) -> Answer:
    """Delete a comment of one's own."""
    repository, pull, comment = _own(call)
    pull.comments.remove(comment)
    comment_event(call.state, repository, pull, comment, "deleted", call.user)
    return Answer(status=204)


def _labels(call: Call, repository: Repository, pull: Pull) -> Answer:
    return Answer([call.forms.label(repository, label) for label in pull.labels])


@operation("issues/list-labels-on-issue", *READ)
def list_labels(call: Call) -> Answer:
    """List a pull request's labels."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    return call.page(pull.labels, lambda label: call.forms.label(repository, label))


def _names(call: Call) -> list[str]:
    given = call.body.get("labels", []) if isinstance(call.body, dict) else call.body
    if isinstance(given, str):
        given = [given]
    return [item if isinstance(item, str) else item["name"] for item in given]


@operation("issues/add-labels", *WRITE)
def add_labels(call: Call) -> Answer:
    """Put labels on a pull request; new ones are made."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    for name in _names(call):
        add_label(call.state, repository, pull, name, call.user)
    return _labels(call, repository, pull)


@operation("issues/set-labels", *WRITE)
def set_labels(call: Call) -> Answer:
    """Have a pull request carry these labels and no others."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    wanted = {name.lower() for name in _names(call)}
    for label in list(pull.labels):
        if label.name.lower() not in wanted:
            remove_label(call.state, repository, pull, label, call.user)
    for name in _names(call):
        add_label(call.state, repository, pull, name, call.user)
    return _labels(call, repository, pull)


@operation("issues/remove-label", *WRITE)
def remove_one_label(call: Call) -> Answer:
    """Take a label off a pull request."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    for label in pull.labels:
        if label.name.lower() == call.path["name"].lower():
            remove_label(call.state, repository, pull, label, call.user)
            return _labels(call, repository, pull)
    raise Refusal(404, "Label does not exist")


@operation("issues/remove-all-labels", *WRITE)
def remove_all_labels(call: Call) -> Answer:
    """Take all labels off a pull request."""
    repository = call.repository()
    pull = call.pull(repository, "issue_number")
    for label in list(pull.labels):
        remove_label(call.state, repository, pull, label, call.user)
    return Answer(status=204)


@operation("issues/list-labels-for-repo", *READ)
def repository_labels(call: Call) -> Answer:
    """List a repository's labels."""
    repository = call.repository()
    return call.page(repository.labels.values(), lambda label: call.forms.label(repository, label))


@operation("issues/get-label", *READ)
def get_label(call: Call) -> Answer:
    """Give a repository's label."""
    repository = call.repository()
    label = repository.labels.get(call.path["name"].lower())
    if label is None:
        raise not_found()
    return Answer(call.forms.label(repository, label))


@operation("issues/create-label", *WRITE)
def create_label(call: Call) -> Answer:
    """Make a label."""
    repository = call.repository()
    if call.body["name"].lower() in repository.labels:
        raise invalid("Label", "name", "already_exists")
    label = label_of(call.state, repository, call.body["name"])
    label.color = call.body.get("color", label.color)
    label.description = call.body.get("description")
    return Answer(call.forms.label(repository, label), status=201)
