"""Reviews: all or nothing, on lines of the diff, one pending at a time; and comments that outlive a push, or do not."""

from typing import Any

import pytest
from github import GithubException

from tests.sandbox.conftest import CHANGED, LINES, NAME, Scene, text

REVIEWS = f"/repos/{NAME}/pulls/1/reviews"
COMMENTS = f"/repos/{NAME}/pulls/1/comments"


def comment(line: int = 10, path: str = "a.txt", **more: Any) -> dict[str, Any]:
    return {"path": path, "line": line, "side": "RIGHT", "body": "hm", **more}


def lines(scene: Scene) -> list[tuple[int | None, int | None]]:
    return [(found.line, found.position) for found in scene.seen_pull.get_review_comments()]


def test_a_review_stands_with_its_comments(scene: Scene) -> None:
    commit = scene.seen.get_commit(scene.pull.head_sha)
    review = scene.seen_pull.create_review(commit, "Two things", "COMMENT", [comment(10), comment(31)])  # type: ignore[list-item]
    assert (review.state, review.body, review.commit_id) == ("COMMENTED", "Two things", scene.pull.head_sha)
    assert review.user.login == "scalability-bot[bot]"
    assert [found.id for found in scene.seen_pull.get_reviews()] == [review.id]
    first, second = scene.seen_pull.get_review_comments()
    assert (first.path, first.line, first.side, first.position) == ("a.txt", 10, "RIGHT", 5)
    assert first.diff_hunk.splitlines()[0].startswith("@@ -7,7 +7,7 @@")
    assert first.diff_hunk.splitlines()[-1] == "+line ten"
    assert (second.line, second.pull_request_review_id) == (31, review.id)
    assert [found.id for found in scene.seen_pull.get_single_review_comments(review.id)] == [first.id, second.id]


BAD = [
    (comment(1), "Line could not be resolved"),
    (comment(6), "Line could not be resolved"),
    (comment(1000), "Line could not be resolved"),
    (comment(10, side="MIDDLE"), "Line could not be resolved"),
    (comment(1, "b/c.txt"), "Path could not be resolved"),
    (comment(1, "nowhere.txt"), "Path could not be resolved"),
    (comment(1, "binary"), "Path could not be resolved"),
    (comment(31, start_line=10), "same hunk"),
    (comment(10, start_line=11), "precede"),
    (comment(10, start_line=10), "precede"),
    (comment(10, start_line=2), "Start line could not be resolved"),
    ({"path": "a.txt", "position": 999, "body": "hm"}, "Position could not be resolved"),
    ({"path": "a.txt", "body": "hm"}, "Position could not be resolved"),
    (comment(10, body=" "), "can't be blank"),
    (comment(10, body="x" * 65_537), "too long"),
]


def test_one_bad_comment_loses_the_review_and_is_not_named(scene: Scene) -> None:
    for wanted, said in BAD:
        body = {"body": "b", "event": "COMMENT", "comments": [comment(10), wanted, comment(31)]}
        status, message, errors = scene.refused("POST", REVIEWS, body)
        assert (status, message) == (422, "Unprocessable Entity")
        assert len(errors) == 1 and said in errors[0], wanted
        assert "1" not in errors[0].replace("65536", "")  # neither the line nor which of them
    assert scene.pull.reviews == [] and scene.pull.review_comments == []


GOOD = [
    comment(7),
    comment(13),
    comment(11, start_line=8, start_side="RIGHT"),
    comment(10, side="LEFT"),
    comment(50, side="LEFT"),
    comment(10, side="RIGHT", start_line=10, start_side="LEFT"),
    comment(2, "new.txt"),
    comment(1, "gone.txt", side="LEFT"),
    {"path": "a.txt", "position": 1, "body": "hm"},
]


def test_every_line_of_a_hunk_can_be_commented_on(scene: Scene) -> None:
    for wanted in GOOD:
        assert scene.call("POST", REVIEWS, {"event": "COMMENT", "comments": [wanted]})[0] == 200, wanted


def test_a_commit_of_elsewhere_is_refused(scene: Scene) -> None:
    other = scene.repository.commit({"z": "z\n"})
    status, _, errors = scene.refused("POST", REVIEWS, {"event": "COMMENT", "body": "b", "commit_id": other})
    assert (status, errors) == (422, ["Commit could not be resolved"])


def test_an_older_commit_of_the_pull_request_is_taken_and_the_comment_moved(scene: Scene) -> None:
    older = scene.pull.head_sha
    scene.repository.push(scene.pull, {"a.txt": text("first", *CHANGED)})
    scene.call("POST", REVIEWS, {"event": "COMMENT", "commit_id": older, "comments": [comment(10)]})
    (found,) = scene.seen_pull.get_review_comments()
    assert (found.line, found.original_line, found.original_commit_id) == (11, 10, older)


def test_one_pending_review_at_a_time(scene: Scene) -> None:
    status, _, pending = scene.call("POST", REVIEWS, {"body": "later", "comments": [comment(10)]})
    assert (status, pending["state"]) == (200, "PENDING")
    assert "submitted_at" not in pending
    for body in ({"body": "b"}, {"body": "b", "event": "COMMENT"}):
        status, _, errors = scene.refused("POST", REVIEWS, body)
        assert (status, errors) == (422, ["User can only have one pending review per pull request"])
    assert list(scene.seen_pull.get_review_comments()) == []  # not seen before it is submitted
    assert [found.state for found in scene.seen_pull.get_reviews()] == ["PENDING"]  # but by its author
    review = scene.seen_pull.get_review(pending["id"])
    review.delete()
    assert list(scene.seen_pull.get_reviews()) == [] and scene.pull.review_comments == []
    scene.call("POST", REVIEWS, {"body": "again"})


def test_a_pending_review_is_submitted(scene: Scene) -> None:
    _, _, pending = scene.call("POST", REVIEWS, {"comments": [comment(10)]})
    _, _, submitted = scene.call("POST", f"{REVIEWS}/{pending['id']}/events", {"event": "COMMENT", "body": "now"})
    assert (submitted["state"], submitted["body"]) == ("COMMENTED", "now")
    assert lines(scene) == [(10, 5)]
    assert scene.refused("POST", f"{REVIEWS}/{pending['id']}/events", {"event": "COMMENT"})[0] == 422
    assert scene.refused("DELETE", f"{REVIEWS}/{pending['id']}")[0] == 422


def test_anothers_pending_review_is_nobody_elses_business(scene: Scene) -> None:
    review = scene.repository.review(scene.pull, "reviewer", "soon", [comment(10)], event=None)
    assert list(scene.seen_pull.get_reviews()) == []
    assert scene.refused("GET", f"{REVIEWS}/{review.id}")[0] == 404
    scene.call("POST", REVIEWS, {"body": "b", "event": "COMMENT"})


def test_a_review_must_say_something_and_not_too_much(scene: Scene) -> None:
    for body, said in (
        ({"event": "COMMENT"}, "can't be blank"),
        ({"event": "REQUEST_CHANGES", "comments": [comment(10)]}, "can't be blank"),
        ({"event": "COMMENT", "body": "x" * 65_537}, "too long"),
    ):
        status, _, errors = scene.refused("POST", REVIEWS, body)
        assert status == 422 and said in errors[0]


def test_a_wrong_event_is_refused_as_described(scene: Scene) -> None:
    status, message, _ = scene.refused("POST", REVIEWS, {"event": "SHOUT", "body": "b"})
    assert status == 422 and "$.event" in message


def test_a_review_can_be_edited_and_a_verdict_dismissed(scene: Scene) -> None:
    review = scene.seen_pull.create_review(body="b", event="REQUEST_CHANGES")
    assert scene.call("PUT", f"{REVIEWS}/{review.id}", {"body": "better"})[2]["body"] == "better"
    assert scene.call("PUT", f"{REVIEWS}/{review.id}/dismissals", {"message": "done"})[2]["state"] == "DISMISSED"
    assert scene.refused("PUT", f"{REVIEWS}/{review.id}/dismissals", {"message": "done"})[0] == 422
    other = scene.repository.review(scene.pull, "reviewer", "mine")
    assert scene.refused("PUT", f"{REVIEWS}/{other.id}", {"body": "yours"})[0] == 403


def test_comments_move_with_their_lines(scene: Scene) -> None:
    before = scene.pull.head_sha
    scene.seen_pull.create_review(event="COMMENT", comments=[comment(10), comment(31), comment(50, side="LEFT")])  # type: ignore[list-item]
    head = scene.repository.push(scene.pull, {"a.txt": text("a", "b", *CHANGED)})
    first, second, third = scene.seen_pull.get_review_comments()
    assert [(found.line, found.original_line, found.commit_id) for found in (first, second)] == [
        (12, 10, head),
        (33, 31, head),
    ]
    assert (third.line, third.original_line) == (50, 50)  # the base has not changed
    assert {found.original_commit_id for found in (first, second, third)} == {before}
    assert first.diff_hunk.splitlines()[-1] == "+line ten"


def test_comments_on_changed_lines_become_outdated(scene: Scene) -> None:
    scene.seen_pull.create_review(
        event="COMMENT", comments=[comment(10), comment(12, start_line=9, start_side="RIGHT"), comment(31)]
    )  # type: ignore[list-item]
    head = scene.repository.push(
        scene.pull, {"a.txt": text(*[line.replace("line ten", "line 10!") for line in CHANGED])}
    )
    _, _, answer = scene.call("GET", COMMENTS)
    first, second, third = answer
    for gone, line in ((first, 10), (second, 12)):
        assert gone["line"] is None and gone["position"] is None and gone["start_line"] is None
        assert gone["original_line"] == line and gone["original_position"] is not None
        assert gone["commit_id"] == gone["original_commit_id"] != head
    assert second["original_start_line"] == 9
    assert (third["line"], third["commit_id"]) == (31, head)


def test_comments_on_lines_that_leave_the_diff_become_outdated(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", comments=[comment(31), comment(33), comment(2, "new.txt")])  # type: ignore[list-item]
    undone = [*CHANGED[:30], *CHANGED[31:]]
    scene.repository.push(scene.pull, {"a.txt": text(*undone), "new.txt": None})
    assert [line for line, _ in lines(scene)] == [None, None, None]


def test_a_force_push_that_rebases_keeps_the_comments(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", comments=[comment(10), comment(50, side="LEFT")])  # type: ignore[list-item]
    base = scene.repository.commit({"a.txt": text("top", *LINES)}, "Move the base")
    scene.pull.base_sha = base
    head = scene.repository.commit({"a.txt": text("top", *CHANGED)}, "Rebased", parent=base, author="contributor")
    scene.repository.force_push(scene.pull, head)
    assert [line for line, _ in lines(scene)] == [11, 51]


def test_a_comment_comes_back_when_its_line_does(scene: Scene) -> None:
    scene.seen_pull.create_review(event="COMMENT", comments=[comment(10)])  # type: ignore[list-item]
    scene.repository.push(scene.pull, {"a.txt": text(*LINES)})
    assert lines(scene) == [(None, None)]
    scene.repository.push(scene.pull, {"a.txt": text(*CHANGED)})
    assert lines(scene) == [(10, 5)]


def test_single_comments_and_replies(scene: Scene) -> None:
    commit = scene.seen.get_commit(scene.pull.head_sha)
    root = scene.seen_pull.create_review_comment("one", commit, "a.txt", line=10)
    reply = root.pull_request_url and scene.seen_pull.create_review_comment_reply(root.id, "two")
    assert reply.in_reply_to_id == root.id and reply.line == 10
    assert root.pull_request_review_id != reply.pull_request_review_id
    status, _, errors = scene.refused("POST", f"{COMMENTS}/{reply.id}/replies", {"body": "three"})
    assert status == 422 and "replies to replies" in errors[0]["message"]
    assert scene.refused("POST", f"{COMMENTS}/1/replies", {"body": "three"})[0] == 404
    root.edit("one, better")
    assert scene.seen_pull.get_review_comment(root.id).body == "one, better"
    reply.delete()
    assert [found.body for found in scene.seen_pull.get_review_comments()] == ["one, better"]
    assert [found.body for found in scene.seen.get_pulls_review_comments()] == ["one, better"]


def test_a_single_comment_outside_the_diff_is_refused_by_field(scene: Scene) -> None:
    for body, field in (
        ({"line": 1, "path": "a.txt"}, "pull_request_review_thread.line"),
        ({"line": 1, "path": "nowhere"}, "pull_request_review_thread.path"),
    ):
        wanted = {"body": "b", "commit_id": scene.pull.head_sha, **body}
        status, message, errors = scene.refused("POST", COMMENTS, wanted)
        assert (status, message, errors[0]["field"]) == (422, "Validation Failed", field)
        assert errors[0]["message"].endswith("must be part of the diff")
    elsewhere = {"body": "b", "commit_id": scene.pull.base_sha, "path": "a.txt", "line": 10}
    assert scene.refused("POST", COMMENTS, elsewhere)[2][0]["field"] == "commit_id"


def test_anothers_comment_is_not_ours_to_edit(scene: Scene) -> None:
    scene.repository.review(scene.pull, "reviewer", comments=[comment(10)])
    number = scene.pull.review_comments[0].id
    assert scene.refused("PATCH", f"/repos/{NAME}/pulls/comments/{number}", {"body": "x"})[0] == 403
    assert scene.refused("DELETE", f"/repos/{NAME}/pulls/comments/{number}")[0] == 403


def test_what_is_new_can_be_hidden_from_lists_for_a_while(scene: Scene) -> None:
    scene.github.state.lag = 2
    review = scene.seen_pull.create_review(event="COMMENT", body="b", comments=[comment(10)])  # type: ignore[list-item]
    assert [list(scene.seen_pull.get_reviews()) for _ in range(2)] == [[], []]
    assert [found.id for found in scene.seen_pull.get_reviews()] == [review.id]
    assert scene.seen_pull.get_review(review.id).body == "b"
    assert [len(list(scene.seen_pull.get_review_comments())) for _ in range(3)] == [0, 0, 1]


def test_pygithub_raises_what_github_says(scene: Scene) -> None:
    with pytest.raises(GithubException) as caught:
        scene.seen_pull.create_review(event="COMMENT", comments=[comment(1)])  # type: ignore[list-item]
    assert caught.value.status == 422
