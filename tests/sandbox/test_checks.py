"""Check runs: GitHub's limits, what each status asks for, which of several counts, and whose they are."""

from typing import Any

import pytest
from github import GithubException

from tests.sandbox.conftest import NAME, Scene
from workers.sandbox.records import App, CheckRun

RUNS = f"/repos/{NAME}/check-runs"
ANNOTATION = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}


def run(scene: Scene, **changes: Any) -> dict[str, Any]:
    return {
        "name": "scalability",
        "head_sha": scene.pull.head_sha,
        "status": "completed",
        "conclusion": "neutral",
        **changes,
    }


def test_a_check_run_with_its_annotations(scene: Scene) -> None:
    output = {"title": "t", "summary": "s", "text": "x", "annotations": [ANNOTATION]}
    made = scene.seen.create_check_run(
        "scalability", scene.pull.head_sha, status="completed", conclusion="success", output=output
    )
    assert (made.status, made.conclusion, made.output.annotations_count) == ("completed", "success", 1)
    made.edit(output={"title": "t", "summary": "s", "annotations": [{**ANNOTATION, "message": "n"}] * 50})
    assert [found.message for found in made.get_annotations()] == ["m"] + ["n"] * 50  # they are added, over two pages
    (listed,) = scene.seen.get_commit(scene.pull.head_sha).get_check_runs(check_name="scalability")
    assert (listed.id, listed.check_suite.id) == (made.id, made.check_suite.id)
    (suite,) = scene.seen.get_commit(scene.pull.head_sha).get_check_suites()
    assert (suite.id, suite.conclusion, suite.app.id) == (made.check_suite.id, "success", scene.github.app_id)
    assert [found.id for found in suite.get_check_runs()] == [made.id]
    assert scene.seen.get_check_run(made.id).output.summary == "s"


def test_what_a_check_run_may_hold(scene: Scene) -> None:
    output = {"title": "t", "summary": "s"}
    for changes, said in (
        ({"output": {**output, "annotations": [ANNOTATION] * 51}}, "No more than 50 items"),
        ({"output": {**output, "summary": "s" * 65_536}}, "65535 characters"),
        ({"output": {**output, "text": "s" * 65_536}}, "65535 characters"),
        ({"output": {"title": "t"}}, "'summary' is a required property"),
        ({"output": {**output, "annotations": [{**ANNOTATION, "end_line": 0}]}}, "ends before it starts"),
        ({"output": {**output, "annotations": [{**ANNOTATION, "start_column": 1, "end_line": 2}]}}, "single line"),
        ({"output": {**output, "annotations": [{**ANNOTATION, "title": "t" * 256}]}}, "title is longer"),
        ({"output": {**output, "annotations": [{**ANNOTATION, "message": "t" * 65_537}]}}, "message is longer"),
        ({"actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, "No more than 3 items"),
        ({"conclusion": "bad"}, "$.conclusion"),
        ({"conclusion": "stale"}, "Only GitHub"),
        ({"conclusion": None}, "$.conclusion"),
        ({"name": " "}, "blank"),
        ({"severity": "high"}, '"severity" is not a permitted key'),
    ):
        status, message, _ = scene.refused("POST", RUNS, run(scene, **changes))
        assert status == 422 and said in message, changes
    without = run(scene)
    del without["conclusion"]
    assert "Conclusion must be given" in scene.refused("POST", RUNS, without)[1]
    assert "No commit found" in scene.refused("POST", RUNS, run(scene, head_sha="0" * 40))[1]
    assert scene.repository.check_runs(scene.pull) == []


def test_a_conclusion_completes_and_a_status_reopens(scene: Scene) -> None:
    made = scene.seen.create_check_run("scalability", scene.pull.head_sha)
    assert (made.status, made.conclusion) == ("queued", None)
    made.edit(status="in_progress")
    made.edit(conclusion="neutral")
    assert (made.status, made.conclusion) == ("completed", "neutral") and made.completed_at is not None
    made.edit(status="in_progress")
    assert (made.status, made.conclusion) == ("in_progress", None)


def test_of_one_name_the_newest_counts(scene: Scene) -> None:
    first, second, other = (scene.call("POST", RUNS, run(scene, name=name))[2]["id"] for name in ("a", "a", "b"))
    path = f"/repos/{NAME}/commits/{scene.pull.head_sha}/check-runs"

    def listed(query: str) -> list[int]:
        return [found["id"] for found in scene.call("GET", f"{path}{query}")[2]["check_runs"]]

    assert listed("") == [other, second]
    assert listed("?filter=all") == [other, second, first]
    assert listed("?check_name=a") == [second]
    assert listed("?status=queued") == []
    assert listed(f"?app_id={scene.github.app_id}") == [other, second]
    assert listed("?app_id=1") == []


def test_another_apps_check_run_can_be_seen_but_not_changed(scene: Scene) -> None:
    state = scene.github.state
    with state.lock:
        app = App(1, "other-ci", state.user("ci", "Organization"), state.user("other-ci[bot]"), "Iv1", "")
        suite = state.suite(scene.repository.record, app, scene.pull.head_sha)
        theirs = CheckRun(state.id(), "build", suite, "completed", "success", 0.0, 0.0)
        scene.repository.record.check_runs[theirs.id] = theirs
    (seen,) = scene.seen.get_commit(scene.pull.head_sha).get_check_runs()
    with pytest.raises(GithubException) as caught:
        seen.edit(conclusion="neutral")
    assert caught.value.status == 403 and theirs.conclusion == "success"


def test_a_check_run_is_asked_for_again(scene: Scene) -> None:
    made = scene.seen.create_check_run("scalability", scene.pull.head_sha, status="completed", conclusion="neutral")
    assert scene.call("POST", f"{RUNS}/{made.id}/rerequest")[0] == 201
    scene.repository.rerequest(scene.repository.check_runs(scene.pull, "scalability")[0])
    actions = [found.action for found in scene.github.deliveries if found.event == "check_run"]
    assert actions == ["created", "completed", "rerequested", "rerequested"]
