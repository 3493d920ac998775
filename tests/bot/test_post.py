import threading
from typing import Any

import pytest
from github.Requester import Requester

from analyzers.analysis.report import Report
from bot.github import RateLimited, Uncertain
from bot.lease import Lost
from bot.markers import marker
from bot.post import Busy, Superseded, react, within
from bot.review import Review
from bot.review_request import Reply
from bot.standing import Standing
from bot.timers import Timers
from bot.writes import CHECK_RUN, DeletePendingReview, LineComment, PostReview, PutCheckRun
from tests.bot.scene import REPOSITORY, Scene, diagnostic, links, note, place, report, source, text, warnings
from workers.sandbox import Fault

AN_HOUR, RESERVE = Timers().writes_an_hour, Timers().writes_reserved
CC = ("@kubernetes/sig-scalability-pr-reviews",)
WHOLE = ["pulls/create-review", "checks/create"]


def test_a_review_and_its_check_run_stand(scene: Scene) -> None:
    found = report(diagnostic(end_line=12, cc=True), note(), cc=CC)
    posted = scene.post(found)
    [review] = scene.pull.reviews
    assert (review.state, review.commit_id, review.user.login) == ("COMMENTED", scene.head, "scalability-bot[bot]")
    assert f"cc {CC[0]}" in review.body
    [comment] = scene.pull.review_comments
    assert (comment.path, comment.original.start_line, comment.original.line) == ("pkg/a.go", 10, 12)
    [run] = scene.repository.check_runs(scene.pull)
    assert (run.name, run.status, run.conclusion, len(run.annotations)) == (CHECK_RUN, "completed", "neutral", 1)
    assert [type(write) for write, _ in posted.writes] == [PostReview, PutCheckRun]
    assert posted.writes[0][1].endswith(f"#pullrequestreview-{review.id}")
    assert posted.refusals == ()


def test_a_second_worker_with_the_same_job_writes_nothing(scene: Scene) -> None:
    found = report(diagnostic(), note())
    scene.post(found)
    scene.later()
    assert scene.post(found).writes == ()
    assert scene.writes() == WHOLE


@pytest.mark.parametrize("call", ["POST .*/reviews$", "POST .*/check-runs$"])
@pytest.mark.parametrize("status", [502, "drop"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_answer_that_is_lost_posts_nothing_twice(scene: Scene, call: str, status: int | str, when: str) -> None:
    method, path = call.split(" ")
    scene.simulated.faults.add(Fault(method=method, path=path, status=status, when=when))  # type: ignore[arg-type]
    scene.post(report(diagnostic(), note()))
    assert len(scene.bodies) == 1
    assert len(scene.lines) == 1
    assert len(scene.repository.check_runs(scene.pull)) == 1


def test_a_reply_whose_answer_is_lost_is_there_once(scene: Scene) -> None:
    asked = scene.asked(source())
    scene.simulated.faults.add(Fault(method="POST", path="/issues/1/comments$", status=502, when="after"))
    scene.post(report(), asked)
    assert len(scene.pull.comments) == 1


def test_annotations_go_on_after_a_lost_answer(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="PATCH", path="/check-runs/", status=502, when="after"))
    scene.post(report(*(note(f"note {index}", index % 50 + 1) for index in range(120))))
    [run] = scene.repository.check_runs(scene.pull)
    assert len(run.annotations) == 120


class Killed(BaseException):
    """What ends a worker in the middle of a call."""


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize("boundary", range(11))
def test_a_worker_that_dies_at_any_call_leaves_one_review(
    scene: Scene, boundary: int, effect: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = report(*warnings(2), *(note(f"note {index}", index + 1) for index in range(60)), cc=CC)
    asked = scene.asked(source())
    left = boundary
    original = Requester.requestJsonAndCheck

    def dying(self: Requester, *given: Any, **named: Any) -> Any:
        """Die before the call whose turn it is, or after it took effect."""
        nonlocal left
        left -= 1
        if left < 0 and not effect:
            raise Killed
        answer = original(self, *given, **named)
        if left < 0:
            raise Killed
        return answer

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Requester, "requestJsonAndCheck", dying)
        scene.post(found, asked)
    scene.post(found, asked)
    assert len(scene.bodies) == 1
    assert len(scene.lines) == 2
    assert scene.pull.comments == []
    [run] = scene.repository.check_runs(scene.pull)
    assert len(run.annotations) == 60


def test_lists_that_lag_behind_show_nothing_twice(scene: Scene) -> None:
    found = report(diagnostic(), note())
    scene.simulated.state.lag = 2
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=502, when="after"))
    scene.post(found)
    scene.post(found)
    assert len(scene.bodies) == 1
    assert len(scene.lines) == 1


def test_a_list_that_lags_behind_a_review_that_stands_shows_no_second_one(scene: Scene) -> None:
    found = report(diagnostic(cc=True), cc=CC)
    scene.simulated.state.lag = 5
    scene.post(found)
    scene.post(report(*found.diagnostics, diagnostic("another", 20), cc=CC))
    assert [line for _, line in scene.lines] == [10, 20]
    assert ["@kubernetes" in body for body in scene.bodies] == [True, False]


def test_a_comment_that_lists_do_not_show_yet_is_kept_up_all_the_same(scene: Scene) -> None:
    scene.simulated.state.lag = 2
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3),))))
    [body] = scene.bodies
    posted = scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3), place("pkg/old.go", 4)))))
    assert "EditComment" in [type(write).__name__ for write, _ in posted.writes]
    assert scene.bodies == [body]
    assert "pkg/old.go:4" in scene.pull.review_comments[0].body
    # Once it is shown, nobody waits for it.
    scene.clock.slept.clear()
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3),))))
    assert not set(scene.timers.settle) & set(scene.clock.slept)


def test_github_that_stays_broken_is_given_up(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=502, times=None))
    with pytest.raises(Uncertain):
        scene.post(report(diagnostic()))
    scene.simulated.faults.clear()
    scene.post(report(diagnostic()))
    assert len(scene.bodies) == 1


def test_one_bad_line_does_not_lose_the_review(scene: Scene) -> None:
    good = warnings(29)
    bad = diagnostic("outside", 10, path="pkg/old.go")
    posted = scene.post(report(*good[:10], bad, *good[10:]))
    assert len(scene.bodies) == 1
    assert [line for _, line in scene.lines] == [*range(1, 21)]
    [run] = scene.repository.check_runs(scene.pull)
    assert ("pkg/old.go", 10) in [(each["path"], each["start_line"]) for each in run.annotations]
    assert "GitHub takes no comment on the lines of 1" in (run.summary or "")
    assert posted.refusals == ()
    scene.post(report(*good[:10], bad, *good[10:]))
    assert len(scene.bodies) == 1


def test_a_refusal_without_a_reason_is_tried_once_more(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=422))
    scene.post(report(*warnings(3)))
    assert len(scene.lines) == 3


def test_a_refusal_that_stays_leaves_all_to_the_check_run(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=422, times=None))
    asked = scene.asked(source())
    posted = scene.post(report(*warnings(3)), asked)
    assert scene.bodies == []
    assert len(scene.repository.check_runs(scene.pull)[0].annotations) == 3
    assert "I found 3 places" in scene.pull.comments[0].body
    assert posted.refusals
    assert "422" in posted.refusals[0]


def test_a_locked_conversation_still_has_its_check_run(scene: Scene) -> None:
    scene.simulated.faults.add(
        Fault(
            method="POST",
            path="/(reviews|comments)$",
            status=403,
            body={"message": "Unable to comment, issue is locked"},
            times=None,
        )
    )
    posted = scene.post(report(diagnostic()), scene.asked(source()))
    assert scene.writes() == ["checks/create"]
    assert [each.partition(":")[0] for each in posted.refusals] == ["PostReview", "PostReply"]


def test_a_pending_review_of_our_own_is_no_obstacle(scene: Scene) -> None:
    scene.github._writing.requester.requestJsonAndCheck(
        "POST", f"/repos/{REPOSITORY}/pulls/1/reviews", input={"body": "begun"}
    )
    assert scene.pull.reviews[0].state == "PENDING"
    posted = scene.post(report(diagnostic()))
    assert [type(write) for write, _ in posted.writes] == [DeletePendingReview, PostReview, PutCheckRun]
    assert [each.state for each in scene.pull.reviews] == ["COMMENTED"]


def test_lines_that_shift_are_not_commented_again(scene: Scene) -> None:
    scene.post(report(diagnostic(line=10), cc=CC))
    scene.later()
    scene.repository.push(
        scene.pull, {"pkg/a.go": "// first\n" * 7 + "".join(f"// a {line}\n" for line in range(1, 61))}
    )
    scene.post(report(diagnostic(line=17), cc=CC))
    assert len(scene.bodies) == 1
    runs = scene.repository.check_runs(scene.pull)
    assert [run.suite.head_sha for run in runs] == [scene.head]


def test_a_rebase_that_changes_everything_is_not_commented_again(scene: Scene) -> None:
    scene.post(report(diagnostic(line=10), diagnostic("gone later", 20)))
    scene.later()
    base = scene.repository.commit({"pkg/new.go": "// new\n"})
    rebased = scene.repository.commit({"pkg/z.go": "// z\n" * 80}, parent=base)
    scene.repository.force_push(scene.pull, rebased)
    scene.post(report(diagnostic(line=70, path="pkg/z.go")))
    assert len(scene.bodies) == 1
    # The finding moved to another file, so its comment says where it is now.
    assert "Now at [`pkg/z.go:70`]" in scene.pull.review_comments[0].body


def test_a_comment_that_a_person_deleted_stays_deleted(scene: Scene) -> None:
    scene.post(report(diagnostic()))
    scene.later()
    scene.repository.delete_review_comment(scene.pull, scene.pull.review_comments[0])
    scene.post(report(diagnostic(), note()))
    assert len(scene.bodies) == 1
    assert scene.pull.review_comments == []


def test_a_forged_marker_silences_nothing(scene: Scene) -> None:
    found = diagnostic(cc=True)
    forged = "\n".join([marker(found.fingerprint), marker("posted", found.fingerprint), marker("cc")])
    scene.repository.comment(scene.pull, "mallory", forged)
    scene.repository.review(scene.pull, "mallory", forged, comments=[{"path": "pkg/a.go", "line": 10, "body": forged}])
    scene.post(report(found, cc=CC))
    assert len(scene.bodies) == 1
    assert f"cc {CC[0]}" in scene.bodies[0]


def test_the_sig_is_mentioned_once_ever(scene: Scene) -> None:
    scene.post(report(diagnostic(cc=True), cc=CC))
    scene.later()
    scene.pull.reviews[0].body = "edited by a maintainer, who left the mention @kubernetes/sig-scalability-pr-reviews"
    scene.post(report(diagnostic(cc=True), diagnostic("another", 20, cc=True), cc=CC))
    assert len(scene.bodies) == 2
    assert "@kubernetes" not in scene.bodies[1]


def test_a_group_that_grows_is_edited(scene: Scene) -> None:
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3),))))
    scene.later()
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3), place("pkg/old.go", 4)))))
    assert len(scene.bodies) == 1
    assert "pkg/old.go:4" in scene.pull.review_comments[0].body
    assert scene.writes().count("pulls/update-review-comment") == 1


def test_a_comment_that_is_deleted_while_it_is_edited_stops_nothing(scene: Scene) -> None:
    scene.post(report(diagnostic(function="", related=(place("pkg/b.go", 3),))))
    scene.simulated.faults.add(Fault(method="PATCH", path="/pulls/comments/", status=404))
    posted = scene.post(report(diagnostic(function="", related=(place("pkg/b.go"), place("pkg/old.go"))), note()))
    assert "checks/create" in scene.writes()
    assert posted.refusals[0].startswith("EditComment")


@pytest.mark.parametrize("moved", ["pushed", "closed"])
def test_a_result_that_is_late_is_for_nobody(scene: Scene, moved: str) -> None:
    asked = scene.asked()
    if moved == "pushed":
        scene.repository.push(scene.pull, {"pkg/a.go": "// pushed\n"})
    else:
        scene.repository.close(scene.pull)
    with pytest.raises(Superseded):
        scene.post(report(diagnostic()), asked)
    assert scene.writes() == []


def test_with_the_budget_nearly_used_only_the_check_run_is_written(scene: Scene) -> None:
    for index in range(AN_HOUR - RESERVE + 1):
        scene.redis.zadd("scalability-bot:budget:content", {str(index): scene.clock.time})
    posted = scene.post(report(diagnostic()))
    assert scene.writes() == ["checks/create"]
    assert posted.postponed
    scene.clock.time += 3700
    assert not scene.post(report(diagnostic())).postponed
    assert len(scene.bodies) == 1


def test_people_are_answered_from_the_reserve(scene: Scene) -> None:
    for index in range(AN_HOUR - RESERVE + 1):
        scene.redis.zadd("scalability-bot:budget:content", {str(index): scene.clock.time})
    scene.post(report(diagnostic()), scene.asked(source()))
    assert len(scene.bodies) == 1


def test_a_short_limit_is_waited_for(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=429, headers={"Retry-After": "17"}))
    before = scene.clock.time
    scene.post(report(diagnostic()))
    assert len(scene.bodies) == 1
    assert scene.clock.time - before >= 17


def test_a_limit_without_a_time_is_waited_for_a_minute(scene: Scene) -> None:
    scene.simulated.faults.add(
        Fault(
            method="POST", path="/reviews$", status=403, body={"message": "You have exceeded a secondary rate limit."}
        )
    )
    before = scene.clock.time
    scene.post(report(diagnostic()))
    assert len(scene.bodies) == 1
    assert scene.clock.time - before >= 60


def test_a_long_limit_puts_the_job_off(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/reviews$", status=403, headers={"Retry-After": "1800"}))
    with pytest.raises(RateLimited) as limited:
        scene.post(report(diagnostic()))
    assert limited.value.wait == 1800
    with pytest.raises(RateLimited):  # nobody else writes meanwhile either
        scene.post(report(diagnostic()))
    scene.clock.time += 1801
    scene.post(report(diagnostic()))
    assert len(scene.bodies) == 1


def test_a_pull_request_is_one_workers_at_a_time(scene: Scene) -> None:
    found = report(diagnostic(), note())
    inside, may_go_on = threading.Event(), threading.Event()

    def compose(standing: object) -> Review:
        inside.set()
        may_go_on.wait(10)
        return scene.composer(found, asked)(standing)  # type: ignore[arg-type]

    asked = scene.asked()

    def work(composing: object) -> None:
        scene.write(composing, asked, budget=None)  # type: ignore[arg-type]

    first = threading.Thread(target=work, args=(compose,))
    first.start()
    inside.wait(10)
    second = threading.Thread(target=work, args=(scene.composer(found, asked),))
    second.start()
    may_go_on.set()
    first.join()
    second.join()
    assert scene.writes() == WHOLE


def test_a_turn_that_was_lost_writes_nothing(scene: Scene) -> None:
    asked = scene.asked()

    def compose(standing: object) -> Review:
        scene.redis.set(f"scalability-bot:turn:{REPOSITORY}#1", "another worker")
        return scene.composer(report(diagnostic()), asked)(standing)  # type: ignore[arg-type]

    with pytest.raises(Busy):
        scene.write(compose, asked)
    assert scene.writes() == []


def test_a_turn_lasts_while_github_is_slow(scene: Scene) -> None:
    scene.timers = Timers(lease=4)  # prolonged each second: a busy machine is late by less than the rest of it
    key = f"scalability-bot:turn:{REPOSITORY}#1"

    def compose(standing: Standing) -> Review:
        first = scene.redis.pexpiretime(key)
        assert first > 0
        while scene.redis.pexpiretime(key) == first:
            pass
        return scene.composer(report(diagnostic()), asked)(standing)

    asked = scene.asked()
    scene.write(compose, asked)
    assert len(scene.bodies) == 1


def test_a_flushed_redis_posts_nothing_twice(scene: Scene) -> None:
    scene.post(report(diagnostic(), note(), cc=CC))
    scene.redis.flushall()
    scene.post(report(diagnostic(), note(), cc=CC))
    assert scene.writes() == WHOLE


def test_a_review_set_aside_leaves_a_neutral_check_run(scene: Scene) -> None:
    asked = scene.asked()
    for _ in range(2):
        scene.write(lambda standing: Review.failed(standing, assignment=asked, links=links(scene.head)), asked)
    [run] = scene.repository.check_runs(scene.pull)
    assert (run.status, run.conclusion) == ("completed", "neutral")


def test_a_reply_in_words_is_posted_once_also_on_a_closed_pull_request(scene: Scene) -> None:
    said = scene.repository.comment(scene.pull, "contributor", "/scalability-check help")
    scene.repository.close(scene.pull)
    reply = Reply(
        repository=REPOSITORY, number=1, answer="help", command=source(number=said.id, text="/scalability-check help")
    )
    for _ in range(2):
        scene.write(
            lambda standing: Review.answer(standing, reply=reply, links=links(standing.head)), scene.asked(source())
        )
    assert [each.user.login for each in scene.pull.comments] == ["contributor", "scalability-bot[bot]"]


@pytest.mark.parametrize("status", [502, 404])
def test_a_reaction_never_stops_an_answer(scene: Scene, status: int) -> None:
    said = scene.repository.comment(scene.pull, "contributor", "/scalability-check")
    scene.simulated.faults.add(Fault(path="/reactions$", status=status))
    react(scene.github, 1, source(number=said.id), budget=scene.budget)
    assert [each.content for each in said.reactions] == (["eyes"] if status == 502 else [])


@pytest.mark.parametrize(
    ("patch", "line", "end_line", "inside"),
    [
        ("@@ -1,3 +1,5 @@ func A() {\n a\n+b\n", 1, 5, True),
        ("@@ -1,3 +1,5 @@\n a", 5, 6, False),
        ("@@ -1 +1 @@\n a\n@@ -20,0 +22,4 @@\n+@@ -1,9 +1,9 @@\n", 22, 25, True),
        ("@@ -1 +1 @@\n a\n@@ -20,0 +22,4 @@\n+@@ -1,9 +1,9 @@\n", 2, 3, False),
        ("@@ -1 +1 @@\n a", 1, 1, True),
        ("", 1, 1, False),
        (None, 1, 1, False),
    ],
)
def test_a_comment_is_within_one_hunk_or_outside(patch: str | None, line: int, end_line: int, inside: bool) -> None:
    assert within(LineComment("aa", "a.go", line, end_line, ""), patch) is inside


def test_an_annotation_that_github_dislikes_does_not_lose_the_check_run(scene: Scene) -> None:
    scene.simulated.faults.add(Fault(method="POST", path="/check-runs$", status=422))
    posted = scene.post(report(note()))
    [run] = scene.repository.check_runs(scene.pull)
    assert run.annotations == []
    assert "client.List" in (run.text or "")
    assert posted.refusals[0].startswith("annotations")


def test_nothing_is_postponed_that_was_not_to_be_written(scene: Scene) -> None:
    for index in range(AN_HOUR):
        scene.redis.zadd("scalability-bot:budget:content", {str(index): scene.clock.time})
    assert not scene.post(report(note())).postponed


def test_an_empty_report_is_one_check_run(scene: Scene) -> None:
    scene.post(Report())
    assert scene.writes() == ["checks/create"]
    assert scene.repository.check_runs(scene.pull)[0].conclusion == "success"


def test_a_check_run_that_the_list_does_not_show_yet_is_not_made_again(scene: Scene) -> None:
    scene.simulated.state.lag = 9
    scene.post(report(note()))
    scene.post(report(note(), note("another")))
    [run] = scene.repository.check_runs(scene.pull)
    assert len(run.annotations) == 2


def test_the_check_run_is_brought_up_to_date_with_the_annotations_it_lacks(scene: Scene) -> None:
    scene.post(report(*(note(f"note {index}", index + 1) for index in range(55))))
    scene.later()
    scene.post(report(*(note(f"note {index}", index + 1) for index in range(59))), scene.asked(base="release"))
    [run] = scene.repository.check_runs(scene.pull)
    assert len(run.annotations) == 59
    assert run.external_id.endswith(" done")


def test_a_worker_that_no_longer_has_the_pull_request_writes_nothing(scene: Scene) -> None:
    def lost() -> None:
        raise Lost("another worker has it")

    with pytest.raises(Lost):
        scene.write(scene.composer(report(note()), scene.asked()), still_ours=lost)
    assert scene.writes() == []


def test_an_edit_of_a_review_reaches_it(scene: Scene) -> None:
    scene.post(report(diagnostic(line=10), diagnostic("another", 20)), texts={"pkg/a.go": text("a")})
    scene.later()
    scene.repository.push(scene.pull, {"pkg/a.go": text("a").replace("// a 10\n", "// ten\n")})
    scene.post(report(diagnostic("another", 20)), texts={"pkg/a.go": text("a").replace("// a 10\n", "// ten\n")})
    fixed, other = scene.pull.review_comments
    assert fixed.body.startswith(f"**Fixed in {scene.head[:7]}.**")
    assert "Fixed" not in other.body
    assert "(of 2, 1 is fixed)" in scene.bodies[0]


def test_a_thread_is_resolved_with_the_permission_and_left_without(scene: Scene) -> None:
    found, left = report(diagnostic(line=10)), {"pkg/a.go": "// nothing of it\n"}
    scene.post(found, texts={"pkg/a.go": text("a")})
    scene.later()
    scene.repository.push(scene.pull, {"pkg/a.go": "// nothing of it\n"})
    posted = scene.post(report(), texts=left, resolve_threads=True)
    assert posted.refusals and posted.refusals[0].startswith("ResolveThread")
    [comment] = scene.pull.review_comments
    assert comment.body.startswith("**Fixed in ")
    assert comment.resolved_by is None
