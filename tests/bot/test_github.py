import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from redis import Redis

from bot import metrics, sweep
from bot.github import App, GitHub, RateLimited, Refused, Uncertain, Unreachable
from bot.github_app import READING, WRITING
from bot.github_calls import CALLS
from bot.markers import marker
from bot.metrics import Metrics
from bot.queue import Queues
from bot.writes import (
    CHECK_RUN,
    Annotation,
    EditComment,
    LineComment,
    PostReply,
    PostReview,
    PutCheckRun,
    React,
    Write,
)
from tests.bot.scene import REPOSITORY, Scene, settings, source
from workers.sandbox import Fault, SimulatedGitHub, records


def a_review(scene: Scene, *comments: LineComment) -> PostReview:
    return PostReview(scene.head, "A review", comments or (LineComment("aa", "pkg/a.go", 3, 5, "A comment"),))


def a_check_run(scene: Scene, annotations: int = 0, **changes: object) -> PutCheckRun:
    given = tuple(
        Annotation("pkg/a.go", 1 + index % 50, 1 + index % 50, "notice", "a-rule", f"note {index}")
        for index in range(annotations)
    )
    return PutCheckRun(
        name=CHECK_RUN,
        head=scene.head,
        conclusion="neutral",
        title="A title",
        summary="A summary",
        annotations=given,
        external_id="an-id",
        **changes,  # type: ignore[arg-type]
    )


def write(scene: Scene, made: Write) -> str:
    return scene.github.carry_out(scene.pull.number, made).address


def test_a_token_opens_one_repository_with_the_permissions_asked_for(scene: Scene) -> None:
    scene.app.token(REPOSITORY, READING)
    asked = [
        each.body
        for each in scene.simulated.state.requests
        if each.operation == "apps/create-installation-access-token"
    ]
    assert asked == [{"repositories": ["kubernetes"], "permissions": {"contents": "read"}}]


def test_a_token_is_kept_until_shortly_before_it_ends(scene: Scene) -> None:
    now = datetime.now(UTC)
    app = App(settings(scene.simulated), now=lambda: now)
    first = app.token(REPOSITORY, WRITING)
    assert app.token(REPOSITORY, WRITING) == first
    assert app.token(REPOSITORY, READING) != first
    now += timedelta(minutes=50)
    assert app.token(REPOSITORY, WRITING) != first


def test_a_token_that_github_no_longer_takes_is_minted_again(scene: Scene) -> None:
    scene.github.pull(1)
    before = scene.app.token(REPOSITORY, WRITING)
    scene.simulated.state.tokens.clear()
    assert scene.github.pull(1).head == scene.head
    assert scene.app.token(REPOSITORY, WRITING) != before


def test_the_bots_name_is_asked_for_once(scene: Scene) -> None:
    assert scene.app.login == scene.app.login == "scalability-bot[bot]"
    assert [each.operation for each in scene.simulated.state.requests] == ["apps/get-authenticated"]
    assert App(settings(scene.simulated, bot_login="another[bot]")).login == "another[bot]"


def test_no_secret_is_logged(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        write(scene, a_review(scene))
    token = scene.app.token(REPOSITORY, WRITING)
    # The debug log of PyGithub shows the answer to a mint; the bot's processes log from INFO on.
    ours = "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.INFO or record.name.startswith("bot")
    )
    assert token not in ours
    assert "PRIVATE KEY" not in caplog.text


def test_an_app_that_is_not_installed_says_so(scene: Scene) -> None:
    scene.simulated.repository("elsewhere/thing", installed=False)
    with pytest.raises(Refused, match="404"):
        GitHub(scene.app, "elsewhere/thing").pull(1)


def test_a_pull_request_as_it_is(scene: Scene) -> None:
    scene.repository.label(scene.pull, "size/L")
    pull = scene.github.pull(1)
    assert (pull.head, pull.base, pull.base_branch) == (scene.head, scene.pull.base_sha, "master")
    assert (pull.is_open, pull.is_draft, pull.author, pull.labels) == (True, False, "contributor", ("size/L",))


def test_a_review_stands_on_its_lines_at_its_commit(scene: Scene) -> None:
    address = write(
        scene, a_review(scene, LineComment("aa", "pkg/a.go", 3, 5, "A"), LineComment("bb", "pkg/b.go", 7, 7, "B"))
    )
    [review] = scene.pull.reviews
    assert (review.state, review.commit_id, review.body) == ("COMMENTED", scene.head, "A review")
    assert f"#pullrequestreview-{review.id}" in address
    anchors = [(each.path, each.original.start_line, each.original.line) for each in scene.pull.review_comments]
    assert anchors == [("pkg/a.go", 3, 5), ("pkg/b.go", None, 7)]


def test_standing_holds_what_the_bot_wrote_and_nothing_of_others(scene: Scene) -> None:
    body = f"A\n\n{marker('0123456789abcdef')}"
    write(scene, PostReview(scene.head, f"R\n\n{marker('cc')}", (LineComment("aa", "pkg/a.go", 3, 3, body),)))
    write(scene, PostReply(1, source(), f"Answered\n\n{marker('answer', 'issue_comment-77-check')}"))
    write(scene, a_check_run(scene, 3))
    forged = marker("fedcba9876543210")
    scene.repository.review(scene.pull, "mallory", forged, comments=[{"path": "pkg/a.go", "line": 9, "body": forged}])
    scene.repository.comment(scene.pull, "mallory", marker("answer", "issue_comment-78-0"))
    standing = scene.github.standing(1)
    assert [each.fingerprints for each in standing.comments] == [("0123456789abcdef",)]
    assert [(each.path, each.line) for each in standing.comments] == [("pkg/a.go", 3)]
    assert standing.cc_done(["@a/b"])
    assert standing.answered("issue_comment-77-check")
    assert not standing.answered("issue_comment-78-0")
    [run] = standing.check_runs
    assert (run.name, run.completed, run.external_id) == (CHECK_RUN, True, "an-id")
    assert standing.head == scene.head


def test_a_whole_discussion_is_read_page_by_page(scene: Scene) -> None:
    for index in range(130):
        scene.repository.comment(scene.pull, "contributor", f"comment {index}")
    write(scene, PostReply(1, source(), marker("answer", "issue_comment-77-check")))
    assert scene.app.login
    before = len(scene.simulated.state.requests)
    assert scene.github.standing(1).answered("issue_comment-77-check")
    asked = [each.operation for each in scene.simulated.state.requests[before:]]
    assert asked.count("issues/list-comments") == 2
    assert len(asked) == 6


def test_an_outdated_comment_is_known_as_such(scene: Scene) -> None:
    write(scene, a_review(scene, LineComment("aa", "pkg/a.go", 3, 3, "A")))
    scene.repository.push(scene.pull, {"pkg/a.go": "// all new\n"})
    assert [each.line for each in scene.github.standing(1).comments] == [None]


def test_a_comment_gets_a_new_text(scene: Scene) -> None:
    write(scene, a_review(scene))
    [comment] = scene.pull.review_comments
    write(scene, EditComment(comment.id, "Edited"))
    assert comment.body == "Edited"


def test_annotations_go_fifty_at_a_time(scene: Scene) -> None:
    write(scene, a_check_run(scene, 120))
    [run] = scene.repository.check_runs(scene.pull)
    assert [each["message"] for each in run.annotations] == [f"note {index}" for index in range(120)]
    assert (run.status, run.conclusion, run.external_id) == ("completed", "neutral", "an-id")
    assert scene.writes() == ["checks/create", "checks/update", "checks/update"]


def test_a_check_run_goes_on_where_it_was_left(scene: Scene) -> None:
    write(scene, a_check_run(scene, 50))
    [run] = scene.repository.check_runs(scene.pull)
    write(scene, a_check_run(scene, 120, check_run_id=run.id))
    assert [each["message"] for each in run.annotations] == [f"note {index}" for index in range(120)]


def test_answers_go_to_where_the_command_stands(scene: Scene) -> None:
    write(scene, a_review(scene))
    thread = scene.pull.review_comments[0]
    write(scene, PostReply(1, source("review_comment", thread.id), "In the thread"))
    assert scene.pull.review_comments[-1].in_reply_to == thread.id
    write(scene, PostReply(1, source("review", 5), "On the pull request"))
    scene.repository.delete_review_comment(scene.pull, scene.pull.review_comments[-1])
    write(scene, PostReply(1, source("review_comment", 987), "The thread is gone"))
    assert [each.body for each in scene.pull.comments] == ["On the pull request", "The thread is gone"]


def test_a_reaction_says_that_a_command_was_heard(scene: Scene) -> None:
    said = scene.repository.comment(scene.pull, "contributor", "/scalability-check")
    write(scene, React(source(number=said.id)))
    assert [each.content for each in said.reactions] == ["eyes"]
    write(scene, a_review(scene))
    thread = scene.pull.review_comments[0]
    write(scene, React(source("review_comment", thread.id)))
    assert [each.content for each in thread.reactions] == ["eyes"]


def test_who_may_label_may_start_a_deep_scan(scene: Scene) -> None:
    scene.repository.member("maintainer", "COLLABORATOR")
    assert scene.github.may_label("maintainer")
    assert not scene.github.may_label("contributor")


def test_patches_show_where_comments_are_taken(scene: Scene) -> None:
    patches = scene.github.commentable(1)
    assert set(patches) == {"pkg/a.go", "pkg/b.go"}
    assert (patches["pkg/a.go"] or "").startswith("@@ -0,0 +1,60 @@")


def test_reading_is_repeated(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="GET", path="/pulls/1$", status=502))
    assert scene.github.pull(1).head == scene.head


@pytest.mark.parametrize("status", [500, 502, 503, "drop"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_is_never_repeated_behind_our_back(scene: Scene, status: int | str, when: str) -> None:
    headers = {"Retry-After": "0"} if status == 503 else {}
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=status, when=when, headers=headers))  # type: ignore[arg-type]
    with pytest.raises(Uncertain):
        write(scene, a_review(scene))
    asked = [
        each for each in scene.simulated.state.requests if each.path.endswith("/reviews") and each.method == "POST"
    ]
    assert len(asked) == 1
    assert len(scene.pull.reviews) == (1 if when == "after" else 0)


@pytest.mark.parametrize("status", [300, 302, 303, 304, 307, 308])
def test_a_redirect_is_no_success(scene: Scene, status: int) -> None:
    headers = {"Location": f"{scene.simulated.url}/repositories/1/pulls"}
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=status, headers=headers, body={}))
    with pytest.raises(Refused) as refused:
        write(scene, a_review(scene))
    assert refused.value.status == status
    assert "redirected to" in str(refused.value)
    scene.simulated.faults.add(Fault(method="GET", path="/pulls/1$", status=status, headers=headers, body={}))
    with pytest.raises(Refused):
        scene.github.pull(1)


def test_what_github_says_no_to_is_refused_with_its_reason(scene: Scene) -> None:
    with pytest.raises(Refused) as refused:
        write(scene, a_review(scene, LineComment("aa", "pkg/a.go", 500, 500, "A")))
    assert refused.value.status == 422
    assert "422" in str(refused.value)


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        (403, {"Retry-After": "17"}, {"message": "You have exceeded a secondary rate limit."}, 17),
        (429, {"Retry-After": "17"}, {"message": "Too many"}, 17),
        (429, {}, {"message": "Too many"}, 60),
        (
            403,
            {},
            {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
            60,
        ),
    ],
)
def test_a_limit_says_how_long_to_wait(
    scene: Scene, status: int, headers: dict[str, str], body: dict[str, str], wait: float
) -> None:
    for method in ("GET", "POST"):
        scene.simulated.faults.add(
            Fault(method=method, path="/(pulls/1|reviews)$", status=status, headers=headers, body=body)
        )
    with pytest.raises(RateLimited) as limited:
        scene.github.pull(1)
    assert limited.value.wait == wait
    with pytest.raises(RateLimited) as limited:
        write(scene, a_review(scene))
    assert limited.value.wait == wait


def test_an_exhausted_hour_says_when_it_is_over(scene: Scene) -> None:
    reset = int(datetime.now(UTC).timestamp()) + 600
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    scene.simulated.faults.add(
        Fault(path="/pulls/1$", status=403, headers=headers, body={"message": "API rate limit exceeded"})
    )
    with pytest.raises(RateLimited) as limited:
        scene.github.pull(1)
    assert 500 < limited.value.wait <= 602


def test_a_missing_permission_is_no_limit(scene: Scene) -> None:
    scene.simulated.faults.add(
        Fault(path="/pulls/1$", status=403, body={"message": "Resource not accessible by integration"})
    )
    with pytest.raises(Refused, match="Resource not accessible"):
        scene.github.pull(1)


def test_no_server_is_unreachable(tmp_path: Path, redis_connection: Redis) -> None:
    with SimulatedGitHub(tmp_path) as simulated:
        scene = Scene(simulated, redis_connection)
        scene.github.pull(1)
    with pytest.raises(Unreachable):
        scene.github.pull(1)
    with pytest.raises(Uncertain):
        write(scene, a_review(scene))
    scene.close()


def test_calls_are_counted_by_their_answer(scene: Scene, redis_connection: Redis) -> None:
    CALLS.clear()
    scene.github.pull(1)
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=502))
    with pytest.raises(Uncertain):
        write(scene, a_review(scene))
    metrics.count_calls(redis_connection, CALLS)
    assert not CALLS
    told = generate_latest(Metrics.of(Queues(redis_connection)).registry).decode()
    assert 'scalability_bot_github_calls_total{method="post",status="502"} 1.0' in told
    assert re.search(r'github_calls_total\{method="get",status="200"\} [1-9]', told)


def test_graphql_gives_its_data(scene: Scene) -> None:
    data = scene.github.graphql(
        'query($o: String!) { repository(owner: $o, name: "kubernetes") { id } }', {"o": "octo"}
    )
    assert data["repository"]["id"]


def test_failed_deliveries_are_found_and_asked_for_again(scene: Scene) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    scene.simulated.webhook_url = "http://127.0.0.1:9/nobody-listens"
    scene.repository.comment(scene.pull, "contributor", "hello")
    scene.simulated.delivered()
    [failed] = [each for each in scene.app.failed_deliveries(since) if each.event == "issue_comment"]
    scene.app.redeliver(failed)
    again = scene.simulated.delivered()
    assert sum(each.guid == failed.guid for each in again) == 2
    assert scene.app.failed_deliveries(datetime.now(UTC) + timedelta(minutes=1)) == []


def test_another_apps_check_run_of_the_same_name_is_not_ours(scene: Scene) -> None:
    state = scene.simulated.state
    with state.lock:
        app = records.App(1, "other-ci", state.user("ci", "Organization"), state.user("other-ci[bot]"), "Iv1", "")
        suite = state.suite(scene.repository.record, app, scene.head)
        theirs = records.CheckRun(state.id(), CHECK_RUN, suite, "completed", "success", 0.0, 0.0, external_id="aa#1")
        scene.repository.record.check_runs[theirs.id] = theirs
    assert scene.github.standing(1).check_runs == ()
    write(scene, a_check_run(scene, 1))
    assert len(scene.github.check_runs(scene.head)) == 1
    assert [each.reviewed for each in sweep.open_pulls(scene.github)] == [()]  # "an-id" says nothing


def test_threads_are_read_with_who_resolved_them_and_who_talked(scene: Scene) -> None:
    lines = tuple(LineComment(str(line), "pkg/a.go", line, line, f"{line}") for line in (3, 4, 5))
    write(scene, a_review(scene, *lines))
    first, second, third = scene.pull.review_comments
    scene.repository.resolve(first, "reviewer")
    scene.repository.reply(scene.pull, second, "author", "why?")
    with scene.simulated.state.lock:
        third.resolved_by = scene.simulated.state.app.bot
    seen = scene.github.standing(1).comments
    assert [(each.resolved, each.dismisser, each.talked) for each in seen] == [
        (True, "reviewer", False),
        (False, "", True),
        (True, "", False),
    ]
    assert {each.review_id for each in seen} == {scene.pull.reviews[0].id}
    assert all(each.thread for each in seen)
