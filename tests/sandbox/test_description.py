"""The slices of GitHub's description: whole, without prose, and stricter than a client's memory of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.datastructures import Headers

from workers.sandbox.call import HANDLED
from workers.sandbox.description import FOLDER, NotAsDescribed, description, payloads
from workers.sandbox.description.cut import OPERATIONS, cut_rest, cut_webhooks, structure

REVIEW = {
    "commit_id": "a",
    "body": "b",
    "event": "COMMENT",
    "comments": [{"path": "p", "line": 3, "side": "RIGHT", "body": "c"}],
}
ANNOTATION = {"path": "p", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
RUN = {
    "name": "n",
    "head_sha": "a",
    "status": "completed",
    "conclusion": "neutral",
    "output": {"title": "t", "summary": "s"},
}


def output(**changes: Any) -> dict[str, Any]:
    return {**RUN, "output": {**RUN["output"], **changes}}  # type: ignore[dict-item]


def check(name: str, body: Any, **path: str) -> None:
    operation = description().operations[name]
    values = {"owner": "o", "repo": "r", "pull_number": "1", **path}
    described = {step.strip("{}") for step in operation.template.split("/") if step.startswith("{")}
    given = json.dumps(body).encode() if body is not None else b""
    description().check_request(
        operation, {k: v for k, v in values.items() if k in described}, {}, given, "application/json"
    )


def test_the_slice_is_a_valid_openapi_document() -> None:
    validate(json.loads((FOLDER / "github.json").read_text()))


def test_every_described_operation_is_answered_and_no_other() -> None:
    assert set(description().operations) == set(HANDLED) == OPERATIONS


@pytest.mark.parametrize("name", ["github.json", "webhooks.json"])
def test_a_slice_holds_no_prose(name: str) -> None:
    def strings(node: Any, inside: str = "") -> list[str]:
        if isinstance(node, dict):
            return [found for key, value in node.items() for found in strings(value, key)]
        if isinstance(node, list):
            return [found for item in node for found in strings(item, inside)]
        return [node] if isinstance(node, str) and " " in node and inside != "enum" else []

    assert strings(json.loads((FOLDER / name).read_text())) == []


def test_the_licence_stands_beside_the_slices() -> None:
    text = (FOLDER / "LICENSE.txt").read_text()
    assert "MIT License" in text and "@octokit/openapi" in text and "@octokit/webhooks-schemas" in text


def test_structure_keeps_fields_that_are_named_like_prose() -> None:
    node = {
        "type": "object",
        "description": "prose",
        "properties": {"title": {"type": "string", "example": "x"}, "description": {}},
    }
    assert structure(node) == {"type": "object", "properties": {"title": {"type": "string"}, "description": {}}}


def test_cutting_says_which_operation_or_event_is_gone() -> None:
    with pytest.raises(KeyError, match="pulls/create-review"):
        cut_rest({"paths": {}})
    with pytest.raises(KeyError, match="check_run"):
        cut_webhooks({"definitions": {}})


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("pulls/create-review", REVIEW),
        ("checks/create", RUN),
        ("checks/create", output(annotations=[ANNOTATION] * 50)),
        ("checks/create", output(summary="s" * 65_535)),
        ("issues/add-labels", {"labels": ["a"]}),
        ("issues/add-labels", ["a"]),
    ],
)
def test_good_requests_pass(name: str, body: Any) -> None:
    check(name, body, issue_number="1")


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("pulls/create-review", {**REVIEW, "event": "NOPE"}, "$.event"),
        (
            "pulls/create-review",
            {**REVIEW, "comments": [{"path": "p", "line": "3", "body": "c"}]},
            "not of type 'integer'",
        ),
        ("pulls/create-review", {**REVIEW, "comments": [{"path": "p", "line": 3}]}, "'body' is a required property"),
        ("pulls/create-review", {**REVIEW, "coments": []}, '"coments" is not a permitted key'),
        ("pulls/create-review", [], "not of type 'object'"),
        ("checks/create", None, "Missing required request body"),
        ("checks/create", {"head_sha": "a"}, "'name' is a required property"),
        ("checks/create", {**RUN, "conclusion": "fine"}, "$.conclusion"),
        ("checks/create", output(annotations=[ANNOTATION] * 51), "No more than 50 items are allowed; 51 were supplied"),
        ("checks/create", output(summary="s" * 65_536), "Only 65535 characters are allowed; 65536 were supplied"),
        ("checks/create", output(text="s" * 65_536), "Only 65535 characters are allowed"),
        (
            "checks/create",
            {**RUN, "actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4},
            "No more than 3 items",
        ),
        ("reactions/create-for-issue", {"content": "+2"}, "$.content"),
    ],
)
def test_bad_requests_are_refused_with_the_reason(name: str, body: Any, said: str) -> None:
    with pytest.raises(NotAsDescribed) as caught:
        check(name, body, issue_number="1")
    assert said in str(caught.value)


def test_a_number_in_the_path_must_be_one() -> None:
    with pytest.raises(NotAsDescribed, match="pull_number"):
        check("pulls/create-review", REVIEW, pull_number="one")


def test_an_answer_of_another_form_is_refused() -> None:
    operation = description().operations["issues/list-labels-on-issue"]
    with pytest.raises(NotAsDescribed, match="required property"):
        description().check_answer(operation, 200, b'[{"id": 1}]', "application/json", Headers())
    with pytest.raises(NotAsDescribed, match="never answers 201"):
        description().check_answer(operation, 201, b"[]", "application/json", Headers())
    with pytest.raises(NotAsDescribed, match="without a message"):
        description().check_answer(operation, 403, b"{}", "application/json", Headers())


def test_what_github_forgets_is_corrected_in_the_slice() -> None:
    schemas = json.loads((FOLDER / "github.json").read_text())["components"]["schemas"]
    comment = schemas["pull-request-review-comment"]["properties"]
    assert comment["line"]["nullable"] and comment["position"]["nullable"]
    assert None in comment["start_side"]["enum"]


def test_a_payload_that_lacks_something_is_refused() -> None:
    with pytest.raises(NotAsDescribed, match=r"ping\$event.*required"):
        payloads().payload("ping", None, {"zen": "z"})
    with pytest.raises(NotAsDescribed, match="holds no star"):
        payloads().payload("star", "created", {})


def test_the_slices_are_small_enough_to_read_a_change_of_them() -> None:
    for name in ("github.json", "webhooks.json"):
        lines = Path(FOLDER, name).read_text().splitlines()
        assert len(lines) > 50 and max(map(len, lines)) < 20_000
