"""Payloads as GitHub sends them, cut to what identifies them; tests change what they are about."""

import hashlib
import hmac
import json
from typing import Any

HEAD = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
OTHER_HEAD = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
SECRET = "it is Tuesday"
APP_ID = 4711

Payload = dict[str, Any]


def person(login: str = "alice", kind: str = "User") -> Payload:
    return {"login": login, "id": sum(login.encode()), "type": kind}


def envelope(action: str, sender: Payload | None = None, repository: str = "octo/kubernetes") -> Payload:
    return {
        "action": action,
        "repository": {"id": 1, "name": repository.split("/")[1], "full_name": repository, "private": False},
        "installation": {"id": 99, "node_id": "MDIzOk=="},
        "sender": sender or person(),
    }


def pull_request(
    action: str = "opened",
    *,
    number: int = 12,
    head: str = HEAD,
    draft: bool = False,
    at: str = "2026-11-20T10:00:00Z",
    sender: Payload | None = None,
    repository: str = "octo/kubernetes",
    **more: Any,
) -> Payload:
    pull = {
        "number": number,
        "state": "closed" if action == "closed" else "open",
        "draft": draft,
        "head": {"ref": "topic", "sha": head},
        "base": {"ref": "main", "sha": OTHER_HEAD},
        "user": person(),
        "updated_at": at,
    }
    return {**envelope(action, sender, repository), "number": number, "pull_request": pull, **more}


def labeled(label: str = "scalability/deep-scan", **more: Any) -> Payload:
    return pull_request("labeled", label={"id": 5, "name": label, "color": "fff"}, **more)


def comment(
    body: str | None,
    action: str = "created",
    *,
    author: Payload | None = None,
    association: str = "NONE",
    number: int = 12,
    comment_id: int = 700,
    before: str | None = None,
    on_issue: bool = False,
    sender: Payload | None = None,
) -> Payload:
    author = author or person()
    payload = envelope(action, sender or author)
    payload["issue"] = {"number": number, "title": "t"} | ({} if on_issue else {"pull_request": {"url": "u"}})
    payload["comment"] = _comment(body, author, association, comment_id)
    return payload | ({"changes": {"body": {"from": before}}} if before is not None else {})


def review_comment(body: str | None, action: str = "created", *, association: str = "NONE", **more: Any) -> Payload:
    return {**pull_request(action), "comment": _comment(body, person(), association, 701), **more}


def review(body: str | None, action: str = "submitted", *, association: str = "NONE", **more: Any) -> Payload:
    return {**pull_request(action), "review": _comment(body, person(), association, 702), **more}


def check_run(action: str = "rerequested", *, app_id: int = APP_ID, **more: Any) -> Payload:
    run = {
        "id": 9,
        "name": "scalability",
        "head_sha": HEAD,
        "external_id": "",
        "app": {"id": app_id, "slug": "scalability-bot"},
        "pull_requests": [],
    }
    return {**envelope(action), "check_run": {**run, **more}}


def _comment(body: str | None, author: Payload, association: str, number: int) -> Payload:
    return {"id": number, "node_id": "IC_x", "user": author, "author_association": association, "body": body}


def signed(
    event: str, payload: Payload | bytes, *, delivery: str = "d-1", secret: str = SECRET
) -> tuple[dict[str, str], bytes]:
    """Give headers and body as GitHub sends them."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }, body
