import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deliveries import BadSignature, Delivery, DeliveryError, Malformed, NotJSON
from bot.settings import Secret
from tests.bot.payloads import HEAD, SECRET, pull_request, signed

SECRETS = (Secret(SECRET), Secret("yesterday's"))


def test_what_github_sends_is_read() -> None:
    delivery = Delivery.from_http(*signed("pull_request", pull_request()), SECRETS)
    assert (delivery.id, delivery.event, delivery.payload.action) == ("d-1", "pull_request", "opened")
    assert delivery.payload.pull_request is not None
    assert delivery.payload.pull_request.head.sha == HEAD


def test_the_signature_is_the_one_that_github_documents() -> None:
    # The example of GitHub's page "Validating webhook deliveries".
    headers, _ = signed("ping", b"")
    headers["X-Hub-Signature-256"] = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    with pytest.raises(Malformed):  # the signature is right, the body no JSON
        Delivery.from_http(headers, b"Hello, World!", [Secret("It's a Secret to Everybody")])
    with pytest.raises(BadSignature):
        Delivery.from_http(headers, b"Hello, World?", [Secret("It's a Secret to Everybody")])


@pytest.mark.parametrize("secret", [SECRET, "yesterday's"])
def test_while_a_secret_is_changed_both_are_good(secret: str) -> None:
    assert Delivery.from_http(*signed("ping", {}, secret=secret), SECRETS).event == "ping"


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha256=" + "z" * 64,
        "sha1=" + "0" * 40,
        "sha256=" + "é" * 64,
        "sha256=" + "0" * 64 + "\n",
    ],
)
def test_a_missing_or_wrong_signature_is_refused_before_anything_is_parsed(signature: str | None) -> None:
    headers, body = signed("pull_request", b"not even JSON")
    headers.pop("X-Hub-Signature-256")
    if signature is not None:
        headers["X-Hub-Signature-256"] = signature
    with pytest.raises(BadSignature):
        Delivery.from_http(headers, body, SECRETS)


def test_a_secret_that_was_withdrawn_or_is_empty_opens_nothing() -> None:
    for secrets in [(Secret("new"),), (Secret(""),), ()]:
        with pytest.raises(BadSignature):
            Delivery.from_http(*signed("ping", {}), secrets)
    with pytest.raises(BadSignature):
        Delivery.from_http(*signed("ping", {}, secret=""), (Secret(""),))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"action": 1}',
        b'{"action": "opened", "pull_request": []}',
        b'{"pull_request": {"number": "12", "head": {"sha": "x"}}}',
        b'{"pull_request": {"number": 12}}',
        b'{"repository": {}}',
        b'{"x": ' * 100_000,
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"comment": {"id": 1e999}}',
    ],
)
def test_a_signed_body_that_is_no_payload_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        Delivery.from_http(*signed("pull_request", body), SECRETS)


@pytest.mark.parametrize("missing", ["X-GitHub-Event", "X-GitHub-Delivery"])
def test_githubs_own_headers_are_needed(missing: str) -> None:
    headers, body = signed("ping", {})
    headers.pop(missing)
    with pytest.raises(Malformed):
        Delivery.from_http(headers, body, SECRETS)


def test_a_delivery_id_that_could_not_be_a_jobs_is_malformed() -> None:
    with pytest.raises(Malformed):
        Delivery.from_http(*signed("ping", {}, delivery="../../x"), SECRETS)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_only_json_is_taken(content_type: str) -> None:
    headers, body = signed("ping", {})
    with pytest.raises(NotJSON):
        Delivery.from_http(headers | {"Content-Type": content_type}, body, SECRETS)


def test_a_content_type_may_name_its_charset_and_headers_ignore_case() -> None:
    headers, body = signed("ping", {})
    headers = {name.lower(): value for name, value in headers.items()} | {
        "content-type": "application/json; charset=utf-8"
    }
    assert Delivery.from_http(headers, body, SECRETS).event == "ping"


def test_events_of_no_interest_may_have_any_form() -> None:
    delivery = Delivery.from_http(*signed("sponsorship", {"action": "created", "changes": 7, "comment": []}), SECRETS)
    assert delivery.payload.action == "created"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(pull_request())), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["pull_request", "issue_comment", "check_run", "other"]), JSON)
def test_any_json_at_all_is_read_or_refused(event: str, value: Any) -> None:
    headers, body = signed(event, json.dumps(value).encode())
    try:
        Delivery.from_http(headers, body, SECRETS)
    except DeliveryError as error:
        assert error.status == 400
