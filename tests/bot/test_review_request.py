import json
from typing import Any

import pytest

from bot.review_request import CommandSource, Reply, ReviewRequest
from tests.bot.payloads import HEAD

SOURCE = CommandSource(kind="issue_comment", id=700, author="alice", author_association="MEMBER", text="/x")


def request(**changes: Any) -> ReviewRequest:
    return ReviewRequest(**{"repository": "octo/kubernetes", "number": 12, "head": HEAD, "cause": "opened", **changes})


def test_each_command_has_a_name_of_its_own() -> None:
    def source(**changes: Any) -> CommandSource:
        return CommandSource(**{"kind": "issue_comment", "id": 700, "author": "a", "author_association": "", **changes})

    different = [source(), source(edit="d-9"), source(verb="help"), source(kind="review"), source(id=701)]
    assert len({each.key for each in different}) == len(different)


def test_both_survive_the_queue() -> None:
    assert CommandSource.from_json(json.loads(json.dumps(SOURCE.to_json()))) == SOURCE
    reply = Reply(repository="octo/kubernetes", number=12, answer="explain", words=("explicit-list",), command=SOURCE)
    assert Reply.from_json(json.loads(json.dumps(reply.to_json()))) == reply


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": "../../etc/passwd"},
        {"repository": "octo/.."},
        {"repository": "https://evil.example/x"},
        {"repository": "octo/kubernetes\n"},
        {"repository": "-octo\n"},
        {"number": 0},
        {"number": "12"},
        {"answer": "anything"},
        {"command": {"kind": "email", "id": 1, "author": "a", "author_association": ""}},
        {"installation": "99"},
    ],
)
def test_whoever_writes_to_the_queue_cannot_smuggle_in_anything_else(changes: dict[str, Any]) -> None:
    reply = Reply(repository="octo/kubernetes", number=12, answer="help", command=SOURCE)
    with pytest.raises(ValueError):
        Reply.from_json({**reply.to_json(), **changes})


@pytest.mark.parametrize(
    "changes",
    [{"head": "main; rm -rf /"}, {"head": "--upload-pack=evil"}, {"head": HEAD[:39]}, {"again": "a b"}, {"number": 0}],
)
def test_a_delivery_cannot_either(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        request(**changes)


def test_a_refused_deep_scan_can_still_be_granted() -> None:
    reply = Reply(repository="octo/kubernetes", number=12, answer="deep-not-allowed", command=SOURCE, installation=99)
    granted = reply.deep_review()
    assert (granted.depth, granted.head, granted.command, granted.installation) == ("deep", "", SOURCE, 99)
