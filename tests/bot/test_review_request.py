import json
import re
from typing import Any

import pytest

from bot.review_request import CommandSource, Reply, ReviewRequest
from tests.bot.payloads import HEAD, OTHER_HEAD

SOURCE = CommandSource(kind="issue_comment", id=700, author="alice", author_association="MEMBER", text="/x")


def request(**changes: Any) -> ReviewRequest:
    return ReviewRequest(**{"repository": "octo/kubernetes", "number": 12, "head": HEAD, "cause": "opened", **changes})


def test_a_job_is_named_by_what_it_is_about() -> None:
    assert request().job_id == f"review-octo__kubernetes-12-{HEAD}-normal"
    assert request(head="", depth="deep", delivery="d-1").job_id == "review-octo__kubernetes-12-newest-deep-d-1"
    assert request(head="", command=SOURCE).job_id == "review-octo__kubernetes-12-newest-normal-issue_comment-700-0"


def test_different_work_has_different_names() -> None:
    edited = CommandSource(kind="issue_comment", id=700, author="alice", author_association="", edit="d-9")
    second = CommandSource(kind="issue_comment", id=700, author="alice", author_association="", ordinal=1)
    review = CommandSource(kind="review", id=700, author="alice", author_association="")
    different = [
        request(),
        request(number=1),
        request(number=121),
        request(head=OTHER_HEAD),
        request(depth="deep"),
        request(delivery="d-1"),
        request(repository="octo/kubernetes.io"),
        request(repository="octo/kubernetes_io"),
        request(repository="octo/kubernetes-io"),
        request(repository="octo/kubernetes_2Eio"),
        *(request(command=source) for source in (SOURCE, edited, second, review)),
    ]
    ids = [each.job_id for each in different]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", each) for each in ids)  # what RQ takes


def test_both_survive_the_queue() -> None:
    full = request(installation=99, delivery="d-1", updated_at="2026-11-20T10:00:00Z", command=SOURCE)
    assert ReviewRequest.from_json(json.loads(json.dumps(full.to_json()))) == full
    reply = Reply(repository="octo/kubernetes", number=12, answer="explain", rule="explicit-list", command=SOURCE)
    assert Reply.from_json(json.loads(json.dumps(reply.to_json()))) == reply


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": "../../etc/passwd"},
        {"repository": "octo/.."},
        {"repository": "https://evil.example/x"},
        {"repository": "octo/kubernetes\n"},
        {"repository": "-octo"},
        {"number": 0},
        {"number": "12"},
        {"head": "main; rm -rf /"},
        {"head": "--upload-pack=evil"},
        {"head": HEAD[:39]},
        {"depth": "deeper"},
        {"delivery": "a b"},
        {"command": {"kind": "email", "id": 1, "author": "a", "author_association": ""}},
        {"installation": "99"},
    ],
)
def test_whoever_writes_to_the_queue_cannot_smuggle_in_anything_else(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ReviewRequest.from_json({**request().to_json(), **changes})


def test_a_refused_deep_scan_can_still_be_granted() -> None:
    reply = Reply(repository="octo/kubernetes", number=12, answer="deep-not-allowed", command=SOURCE, installation=99)
    granted = reply.deep_review()
    assert (granted.depth, granted.head, granted.command, granted.installation) == ("deep", "", SOURCE, 99)
