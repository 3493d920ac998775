"""The conversation: comments, labels, reactions."""

import re

import pytest
from github import GithubException

from tests.sandbox.conftest import NAME, Scene

COMMENTS = f"/repos/{NAME}/issues/1/comments"


def test_comments_are_written_edited_and_deleted(scene: Scene) -> None:
    first = scene.seen_pull.create_issue_comment("one")
    assert (first.user.login, first.user.type, first.author_association) == ("scalability-bot[bot]", "Bot", "NONE")
    first.edit("two")
    assert [found.body for found in scene.seen_pull.get_issue_comments()] == ["two"]
    assert [found["body"] for found in scene.call("GET", f"/repos/{NAME}/issues/comments")[2]] == ["two"]
    first.delete()
    assert scene.pull.comments == []
    assert scene.refused("GET", f"/repos/{NAME}/issues/comments/{first.id}")[0] == 404


def test_a_comment_is_neither_blank_nor_too_long(scene: Scene) -> None:
    assert scene.call("POST", COMMENTS, {"body": "x" * 65_536})[0] == 201
    status, message, errors = scene.refused("POST", COMMENTS, {"body": "x" * 65_537})
    assert (status, message) == (422, "Validation Failed") and "65536" in errors[0]["message"]
    assert scene.refused("POST", COMMENTS, {"body": " \n"})[0] == 422
    assert scene.refused("POST", COMMENTS, {})[0] == 422
    assert len(scene.pull.comments) == 1


def test_what_people_are_to_the_repository_is_told(scene: Scene) -> None:
    scene.repository.member("lead", "MEMBER")
    for user, association in (("lead", None), ("guest", None), ("friend", "COLLABORATOR"), ("octo", None)):
        scene.repository.comment(scene.pull, user, "hello", association)  # type: ignore[arg-type]
    told = [found.author_association for found in scene.seen_pull.get_issue_comments()]
    assert told == ["MEMBER", "NONE", "COLLABORATOR", "OWNER"]
    assert [scene.seen.get_collaborator_permission(user) for user in ("lead", "guest", "octo")] == [
        "write",
        "read",
        "admin",
    ]


def test_anothers_comment_is_not_ours_to_edit(scene: Scene) -> None:
    comment = scene.repository.comment(scene.pull, "guest", "mine")
    assert scene.refused("PATCH", f"/repos/{NAME}/issues/comments/{comment.id}", {"body": "x"})[0] == 403
    assert scene.refused("DELETE", f"/repos/{NAME}/issues/comments/{comment.id}")[0] == 403
    assert comment.body == "mine"


def test_lists_come_in_pages(scene: Scene) -> None:
    for number in range(35):
        scene.repository.comment(scene.pull, "guest", f"{number}")
    assert [found.body for found in scene.seen_pull.get_issue_comments()] == [f"{number}" for number in range(35)]
    _, told, page = scene.call("GET", f"{COMMENTS}?per_page=10&page=2")
    assert [found["body"] for found in page] == [f"{number}" for number in range(10, 20)]
    pages = {relation: page for page, relation in re.findall(r"[?&]page=(\d+)[^>]*>; rel=\"(\w+)\"", told["link"])}
    assert pages == {"prev": "1", "next": "3", "last": "4", "first": "1"}
    assert len(scene.call("GET", f"{COMMENTS}?per_page=1000")[2]) == 35


def test_lists_begin_where_asked(scene: Scene) -> None:
    scene.repository.comment(scene.pull, "guest", "one")
    for since, count in (("2001-01-01T00:00:00Z", 1), ("2101-01-01T00:00:00Z", 0)):
        assert len(scene.call("GET", f"{COMMENTS}?since={since}")[2]) == count
    assert scene.refused("GET", f"{COMMENTS}?since=yesterday")[0] == 422


def test_labels_with_a_slash_come_and_go(scene: Scene) -> None:
    scene.seen_pull.add_to_labels("scalability/deep-scan", "kind/bug")
    assert [found.name for found in scene.seen_pull.get_labels()] == ["scalability/deep-scan", "kind/bug"]
    scene.seen_pull.remove_from_labels("scalability/deep-scan")
    with pytest.raises(GithubException) as caught:
        scene.seen_pull.remove_from_labels("scalability/deep-scan")
    assert caught.value.status == 404
    scene.seen_pull.set_labels("a", "b")
    assert [found.name for found in scene.pull.labels] == ["a", "b"]
    scene.seen_pull.delete_labels()
    assert scene.pull.labels == []
    made = scene.seen.create_label("size/L", "ffffff", "large")
    assert scene.seen.get_label("size/L").description == made.description == "large"
    assert {"kind/bug", "size/L"} <= {found.name for found in scene.seen.get_labels()}
    with pytest.raises(GithubException, match="already_exists"):
        scene.seen.create_label("SIZE/L", "ffffff")
    assert scene.refused("POST", f"/repos/{NAME}/issues/1/labels", {"labels": ["x" * 51]})[0] == 422


def test_a_label_is_put_once(scene: Scene) -> None:
    for _ in range(2):
        scene.repository.label(scene.pull, "kind/bug")
    assert [found.action for found in scene.github.deliveries if found.action == "labeled"] == ["labeled"]
    scene.repository.unlabel(scene.pull, "Kind/Bug")
    with pytest.raises(LookupError):
        scene.repository.unlabel(scene.pull, "kind/bug")


def test_a_reaction_is_given_once(scene: Scene) -> None:
    comment = scene.seen_pull.create_issue_comment("one")
    reaction = comment.create_reaction("eyes")
    assert comment.create_reaction("eyes").id == reaction.id
    path = f"/repos/{NAME}/issues/comments/{comment.id}/reactions"
    assert scene.call("POST", path, {"content": "rocket"})[0] == 201
    assert scene.call("POST", path, {"content": "rocket"})[0] == 200
    assert scene.refused("POST", path, {"content": "party"})[0] == 422
    assert [found.content for found in comment.get_reactions()] == ["eyes", "rocket"]
    assert comment.delete_reaction(reaction.id)
    assert scene.call("GET", f"/repos/{NAME}/issues/comments/{comment.id}")[2]["reactions"]["total_count"] == 1


def test_reactions_to_line_comments_and_to_the_pull_request(scene: Scene) -> None:
    scene.repository.review(scene.pull, "lead", comments=[{"path": "a.txt", "line": 10, "body": "/scalability-check"}])
    (comment,) = scene.seen_pull.get_review_comments()
    comment.create_reaction("+1")
    assert [found.content for found in comment.get_reactions()] == ["+1"]
    scene.seen_pull.as_issue().create_reaction("heart")
    assert [found.content for found in scene.pull.reactions] == ["heart"]
    assert scene.refused("POST", f"/repos/{NAME}/pulls/comments/1/reactions", {"content": "+1"})[0] == 404


def test_a_pull_request_is_an_issue_too(scene: Scene) -> None:
    issue = scene.seen.get_issue(1)
    assert issue.pull_request is not None and issue.title == "Change lines"
    assert scene.refused("GET", f"/repos/{NAME}/issues/2")[0] == 404
