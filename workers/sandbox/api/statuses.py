"""Commit statuses, and the account that a personal token belongs to: what a bot without an App writes and asks."""

from ..call import Answer, Call, Refusal, operation
from ..records import Status


@operation("repos/create-commit-status", "statuses:write")
def create_status(call: Call) -> Answer:
    """Add a status to a commit: of each context the newest counts."""
    repository = call.repository()
    sha = call.path["sha"]
    if len(sha) != 40 or repository.git.kind(sha) != "commit":
        raise Refusal(422, f"No commit found for SHA: {sha}")
    body = call.body
    if len(body.get("description") or "") > 140:
        raise Refusal(422, "Validation Failed", [{"resource": "Status", "code": "custom", "field": "description"}])
    status = Status(
        call.state.id(),
        call.user,
        sha,
        body["state"],
        body.get("context", "default"),
        body.get("description"),
        body.get("target_url"),
        call.state.now(),
    )
    repository.statuses.append(status)
    return Answer(call.forms.status(repository, status), status=201)


@operation("repos/list-commit-statuses-for-ref", "statuses:read")
def list_statuses(call: Call) -> Answer:
    """List the statuses of a commit, the newest first."""
    repository = call.repository()
    sha = repository.git.resolve(call.path["ref"])
    listed = [status for status in reversed(repository.statuses) if status.sha == sha]
    return call.page(listed, lambda status: call.forms.status(repository, status))


@operation("users/get-authenticated")
def get_account(call: Call) -> Answer:
    """Give the account whose personal token the call came with."""
    if call.token is None or call.token.user is None:
        raise Refusal(403, "Resource not accessible by integration")
    return Answer(call.forms.profile(call.token.user))
