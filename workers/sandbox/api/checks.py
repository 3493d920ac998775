"""Check runs, their annotations and their suites."""

from datetime import datetime
from typing import Any

from ..call import Answer, Call, Refusal, not_found, operation
from ..changes import emit
from ..records import CheckRun, CheckSuite, Repository
from ..state import visible

READ, WRITE = "checks:read", "checks:write"


def refused(reason: str) -> Refusal:
    """Give the refusal of a check run's values."""
    return Refusal(422, f"Invalid request.\n\n{reason}")


@operation("checks/create", WRITE)
def create_run(call: Call) -> Answer:
    """Create a check run. The same name may be used again on the same commit: the newest counts."""
    repository = call.repository()
    sha = call.body["head_sha"]
    if repository.git.kind(sha) != "commit" or len(sha) != 40:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    if not call.body["name"].strip():
        raise refused("Name cannot be blank.")
    now = call.state.now()
    run = CheckRun(
        call.state.id(), call.body["name"], call.state.suite(repository, call.state.app, sha), "queued", None, now, None
    )
    _change(call, run)
    call.state.written(run)
    repository.check_runs[run.id] = run
    _event(call, repository, run, "created")
    if run.status == "completed":
        _event(call, repository, run, "completed")
    return Answer(call.forms.check_run(repository, run), status=201)


@operation("checks/update", WRITE)
def update_run(call: Call) -> Answer:
    """Change a check run of one's own. Annotations are added to those it has."""
    repository, run = _run(call)
    if run.suite.app is not call.state.app:
        raise Refusal(
            403,
            "Invalid app_id `"
            + str(call.state.app.id)
            + "` - check run can only be modified by the GitHub App that created it.",
        )
    was = run.status
    _change(call, run)
    if run.status == "completed" != was:
        _event(call, repository, run, "completed")
    return Answer(call.forms.check_run(repository, run))


def _change(call: Call, run: CheckRun) -> None:
    """Take over what the body says."""
    body = call.body
    annotations = [_annotation(item) for item in body.get("output", {}).get("annotations", ())]
    status, conclusion = body.get("status", run.status), body.get("conclusion")
    if conclusion is None and "completed_at" in body:
        raise refused("Conclusion must be given where completed_at is.")
    if conclusion is None and status == "completed" and run.conclusion is None:
        raise refused("Conclusion must be given where the status is completed.")
    if conclusion == "stale":
        raise refused("Only GitHub can mark a check run as stale.")
    run.status, run.name = status, body.get("name", run.name)
    run.external_id = body.get("external_id", run.external_id)
    run.details_url = body.get("details_url", run.details_url)
    run.actions = body.get("actions", run.actions)
    if "started_at" in body:
        run.started_at = datetime.fromisoformat(body["started_at"]).timestamp()
    if conclusion is not None:
        completed = body.get("completed_at")
        run.status, run.conclusion = "completed", conclusion
        run.completed_at = datetime.fromisoformat(completed).timestamp() if completed else call.state.now()
    elif status != "completed":
        run.conclusion = run.completed_at = None
    if "output" in body:
        output = body["output"]
        run.title, run.summary = output.get("title", run.title), output["summary"]
        run.text = output.get("text", run.text)
        run.annotations += annotations


def _annotation(item: dict[str, Any]) -> dict[str, Any]:
    """Give an annotation if its places and sizes are allowed (64 kB of message and of details, 255 characters of title)."""
    if item["start_line"] < 1 or item["end_line"] < item["start_line"]:
        raise refused("An annotation ends before it starts.")
    if ("start_column" in item or "end_column" in item) and item["start_line"] != item["end_line"]:
        raise refused("start_column and end_column are allowed only on a single line.")
    for field, most in (("message", 65536), ("raw_details", 65536), ("title", 255)):
        if len(str(item.get(field, "")).encode()) > most:
            raise refused(f"An annotation's {field} is longer than {most} bytes.")
    return dict(item)


@operation("checks/get", READ)
def get_run(call: Call) -> Answer:
    """Give a check run."""
    return Answer(call.forms.check_run(*_run(call)))


@operation("checks/list-annotations", READ)
def list_annotations(call: Call) -> Answer:
    """List the annotations of a check run."""
    repository, run = _run(call)
    return call.page(run.annotations, lambda annotation: call.forms.annotation(repository, run, annotation))


def _listed(call: Call, repository: Repository, runs: list[CheckRun]) -> Answer:
    """List check runs: of each App and name the newest, or all; by name, status and App."""
    shown = sorted(visible(runs), key=lambda run: run.id, reverse=True)
    if call.query.get("filter", "latest") == "latest":
        newest = {(run.suite.id, run.name): run for run in reversed(shown)}
        shown = [run for run in shown if newest[run.suite.id, run.name] is run]
    if "check_name" in call.query:
        shown = [run for run in shown if run.name == call.query["check_name"]]
    if "status" in call.query:
        shown = [run for run in shown if run.status == call.query["status"]]
    if "app_id" in call.query:
        shown = [run for run in shown if str(run.suite.app.id) == call.query["app_id"]]
    return call.page(shown, lambda run: call.forms.check_run(repository, run), wrap="check_runs")


@operation("checks/list-for-ref", READ)
def list_for_ref(call: Call) -> Answer:
    """List the check runs of a commit."""
    repository = call.repository()
    sha = _sha(call, repository)
    return _listed(call, repository, [run for run in repository.check_runs.values() if run.suite.head_sha == sha])


@operation("checks/list-for-suite", READ)
def list_for_suite(call: Call) -> Answer:
    """List the check runs of a suite."""
    repository, suite = _suite(call)
    return _listed(call, repository, [run for run in repository.check_runs.values() if run.suite is suite])


@operation("checks/get-suite", READ)
def get_suite(call: Call) -> Answer:
    """Give a check suite."""
    return Answer(call.forms.check_suite(*_suite(call)))


@operation("checks/list-suites-for-ref", READ)
def list_suites(call: Call) -> Answer:
    """List the check suites of a commit."""
    repository = call.repository()
    sha = _sha(call, repository)
    suites = [
        suite
        for suite in repository.suites
        if suite.head_sha == sha and call.query.get("app_id") in (None, str(suite.app.id))
    ]
    return call.page(suites, lambda suite: call.forms.check_suite(repository, suite), wrap="check_suites")


@operation("checks/rerequest-run", WRITE)
def rerequest(call: Call) -> Answer:
    """Ask for a check run again."""
    repository, run = _run(call)
    _event(call, repository, run, "rerequested")
    return Answer({}, status=201)


def _event(call: Call, repository: Repository, run: CheckRun, action: str) -> None:
    """Put a check_run webhook into the outbox; GitHub tells an App only of its own check runs."""
    if run.suite.app is call.state.app:
        emit(
            call.state, "check_run", action, {"check_run": call.forms.check_run(repository, run)}, repository, call.user
        )


def _sha(call: Call, repository: Repository) -> str:
    sha = repository.git.resolve(call.path["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.path['ref']}")
    return sha


def _run(call: Call) -> tuple[Repository, CheckRun]:
    repository = call.repository()
    run = repository.check_runs.get(call.number("check_run_id"))
    if run is None:
        raise not_found()
    return repository, run


def _suite(call: Call) -> tuple[Repository, CheckSuite]:
    repository = call.repository()
    for suite in repository.suites:
        if suite.id == call.number("check_suite_id"):
            return repository, suite
    raise not_found()
