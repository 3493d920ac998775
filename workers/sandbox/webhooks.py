"""Webhooks: payloads as GitHub's schemas describe them, signed and sent; every attempt is logged."""

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

from .description import payloads
from .forms import Forms
from .records import Delivery, Installation, Repository, User
from .state import State

# GitHub waits no longer for the receiver's answer ("Best practices for using webhooks").
PATIENCE = 10.0

STATUSES = {
    200: "OK", 202: "Accepted", 400: "Invalid HTTP Response: 400", 401: "Invalid HTTP Response: 401",
    500: "Invalid HTTP Response: 500", 503: "Invalid HTTP Response: 503",
}  # fmt: skip


def compose(
    state: State,
    event: str,
    action: str | None,
    content: dict[str, Any],
    repository: Repository | None,
    sender: User | None,
    installation: Installation | None = None,
) -> Delivery | None:
    """Make the delivery of an event and log it as pending; None where our App is not installed or does not listen.

    Args:
        event: the event's name, for example "pull_request".
        action: its action, for example "opened"; None for an event without ("ping").
        content: what is particular to the event: field -> full form.
        repository: where it happened; None for an event of the App or an installation.
        sender: who caused it.
        installation: the installation an event is about, if no repository tells it.

    Raises:
        NotAsDescribed: the payload contradicts GitHub's schema: a mistake in the simulated GitHub.
    """
    forms = Forms(state)
    if repository is not None:
        installation = state.installation_of(repository)
        if installation is None or (event not in installation.events and event != "check_run"):
            return None
    value = dict(content)
    if action is not None:
        value["action"] = action
    if repository is not None:
        value["repository"] = forms.repository(repository)
        if repository.owner.type == "Organization":
            value["organization"] = forms.organization(repository.owner)
    if installation is not None and "installation" not in value:
        value["installation"] = {"id": installation.id, "node_id": forms.installation(installation)["node_id"]}
    if sender is not None:
        value["sender"] = forms.user(sender)
    body = json.dumps(payloads().payload(event, action, value)).encode()
    delivery = Delivery(
        id=state.id(),
        guid=str(uuid.uuid4()),
        event=event,
        action=action,
        body=body,
        headers={},
        repository_id=repository.id if repository else None,
        installation_id=installation.id if installation else None,
    )
    delivery.headers = headers(delivery, state.app.id, state.webhook_secret)
    state.deliveries.append(delivery)
    return delivery


def again(state: State, delivery: Delivery) -> Delivery:
    """Make another attempt at a delivery: the same body and guid, signed with the secret of today."""
    attempt = Delivery(
        state.id(), delivery.guid, delivery.event, delivery.action, delivery.body, {}, delivery.repository_id,
        delivery.installation_id, redelivery=True,
    )  # fmt: skip
    attempt.headers = headers(attempt, state.app.id, state.webhook_secret)
    state.deliveries.append(attempt)
    return attempt


def headers(delivery: Delivery, app_id: int, secret: str) -> dict[str, str]:
    """Give the headers of a delivery, signed over its body with `secret` (none: unsigned, as a hook without a secret is)."""
    found = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(delivery.guid.encode()).hexdigest()[:7]}",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
    }
    if secret:
        found["X-Hub-Signature"] = "sha1=" + hmac.new(secret.encode(), delivery.body, hashlib.sha1).hexdigest()
        found["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    return found


def deliver(
    delivery: Delivery, url: str, *, secret: str | None = None, app_id: int = 0, patience: float = PATIENCE
) -> int:
    """POST a delivery to a receiver and note in it what came back; give the status, 0 where none came.

    It may be called again, later, or with another `secret` (a forged hook): nothing but the delivery's own record changes.
    """
    sent = delivery.headers if secret is None else headers(delivery, app_id, secret)
    request = urllib.request.Request(url, data=delivery.body, headers=sent, method="POST")  # noqa: S310 - the receiver's own address
    started = time.monotonic()
    delivery.delivered_at = time.time()
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:  # noqa: S310
            delivery.status_code, delivery.answer = answer.status, answer.read(65536)
            delivery.answer_headers = dict(answer.headers.items())
        delivery.status = STATUSES.get(delivery.status_code, f"HTTP {delivery.status_code}")
    except urllib.error.HTTPError as problem:
        with problem:
            delivery.status_code, delivery.answer = problem.code, problem.read(65536)
            delivery.answer_headers = dict(problem.headers.items())
        delivery.status = STATUSES.get(problem.code, f"Invalid HTTP Response: {problem.code}")
    except TimeoutError:
        delivery.status_code, delivery.status = 0, "timed out"
    except (OSError, http.client.HTTPException) as problem:
        timed_out = isinstance(getattr(problem, "reason", None), TimeoutError)
        delivery.status_code, delivery.status = 0, "timed out" if timed_out else f"failed to connect: {problem}"
    delivery.duration = time.monotonic() - started
    return delivery.status_code
