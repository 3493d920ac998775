"""Pull requests: themselves, their files, their commits, their diff."""

from ..call import Answer, Call, Refusal, operation
from ..changes import merge_base

READ = "pull_requests:read"


@operation("pulls/list", READ)
def list_pulls(call: Call) -> Answer:
    """List pull requests, by state, base and head."""
    repository = call.repository()
    state = call.query.get("state", "open")
    pulls = [pull for pull in repository.pulls.values() if state in ("all", pull.state)]
    if "base" in call.query:
        pulls = [pull for pull in pulls if pull.base_ref == call.query["base"]]
    if "head" in call.query:
        pulls = [pull for pull in pulls if f"{pull.user.login}:{pull.head_ref}" == call.query["head"]]
    by_update = call.query.get("sort") == "updated"
    pulls.sort(
        key=lambda pull: pull.updated_at if by_update else pull.number,
        reverse=call.query.get("direction", "desc") == "desc",
    )
    return call.page(pulls, lambda pull: call.forms.pull(repository, pull, head=call.state.shown_head(pull)))


@operation("pulls/get", READ)
def get_pull(call: Call) -> Answer:
    """Give a pull request; with the diff or patch media type its diff, up to GitHub's limits."""
    repository = call.repository()
    pull = call.pull(repository)
    kind = next((kind for kind in ("diff", "patch") if f".{kind}" in call.accept), None)
    if kind is None:
        return Answer(call.forms.pull(repository, pull, head=call.state.shown_head(pull)))
    base = merge_base(repository, pull)
    limits = call.state.limits
    changes = repository.git.changes(base, pull.head_sha)
    lines = sum(change.additions + change.deletions for change in changes)
    for amount, most, what in ((len(changes), limits.diff_files, "files"), (lines, limits.diff_lines, "lines")):
        if amount > most:
            raise Refusal(
                406,
                f"Sorry, the diff exceeded the maximum number of {what} ({most}). Consider using 'List pull requests files' API "
                "or locally cloning the repository instead.",
                [{"resource": "PullRequest", "field": "diff", "code": "too_large"}],
            )
    git = repository.git
    text = git.diff(base, pull.head_sha) if kind == "diff" else git.mail(base, pull.head_sha)
    return Answer(text=text, media_type=f"application/vnd.github.{kind}; charset=utf-8")


@operation("pulls/list-files", READ)
def list_files(call: Call) -> Answer:
    """List the files of a pull request's diff, at most 3,000."""
    repository = call.repository()
    pull = call.pull(repository)
    changes = repository.git.changes(merge_base(repository, pull), pull.head_sha)[: call.state.limits.listed_files]
    return call.page(changes, lambda change: call.forms.file(repository, change, pull.head_sha))


@operation("pulls/list-commits", READ)
def list_commits(call: Call) -> Answer:
    """List the commits of a pull request, oldest first, at most 250."""
    repository = call.repository()
    pull = call.pull(repository)
    records = repository.git.commits(merge_base(repository, pull), pull.head_sha)[:250]
    return call.page(records, lambda record: call.forms.commit(repository, record))


@operation("repos/list-pull-requests-associated-with-commit", READ)
def pulls_of_commit(call: Call) -> Answer:
    """List the pull requests that hold a commit."""
    repository = call.repository()
    sha = repository.git.resolve(call.path["commit_sha"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.path['commit_sha']}")
    pulls = [
        pull
        for pull in repository.pulls.values()
        if any(record.sha == sha for record in repository.git.commits(merge_base(repository, pull), pull.head_sha))
    ]
    return call.page(pulls, lambda pull: call.forms.pull(repository, pull))
