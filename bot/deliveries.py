"""Delivery: one webhook POST, verified. Pure: bytes and headers in, a Delivery or one exception out."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec

from bot.settings import Secret


class DeliveryError(ValueError):
    """A POST that is no delivery of GitHub's; status is the answer it gets."""

    status = 400


class Malformed(DeliveryError):
    """The headers or the JSON are not what GitHub sends."""


class BadSignature(DeliveryError):
    """The signature is missing, or none of the secrets gives it."""

    status = 401


class NotJSON(DeliveryError):
    """The App's webhook is set to another content type."""

    status = 415


# What is read of a payload, by GitHub's names. The decoder skips all else, and refuses a field of another type.


class Account(msgspec.Struct, frozen=True):
    """A person, bot or organisation."""

    login: str
    id: int
    type: str = "User"


class Repository(msgspec.Struct, frozen=True):
    """A repository: full_name is "owner/name"."""

    full_name: str


class Installation(msgspec.Struct, frozen=True):
    """Where the App is installed; only events about installations name the account."""

    id: int
    account: Account | None = None


class Label(msgspec.Struct, frozen=True):
    """A label."""

    name: str


class Revision(msgspec.Struct, frozen=True):
    """One end of a pull request."""

    sha: str


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request, as far as its events and those of its reviews agree."""

    number: int
    head: Revision
    draft: bool = False
    user: Account | None = None


class Present(msgspec.Struct, frozen=True):
    """An object of which only its presence counts."""


class Issue(msgspec.Struct, frozen=True):
    """An issue; one that has pull_request is a pull request."""

    number: int
    pull_request: Present | None = None
    user: Account | None = None


class Comment(msgspec.Struct, frozen=True):
    """A comment of any kind, or a review."""

    id: int
    user: Account | None
    body: str | None = None
    node_id: str = ""
    author_association: str = "NONE"
    in_reply_to_id: int | None = None


class Former(msgspec.Struct, frozen=True):
    """What a text was before it was edited."""

    text: str = msgspec.field(name="from", default="")


class Changes(msgspec.Struct, frozen=True):
    """What an edit changed: base of a pull request, body of a comment."""

    base: Present | None = None
    body: Former | None = None


class App(msgspec.Struct, frozen=True):
    """A GitHub App."""

    id: int


class Numbered(msgspec.Struct, frozen=True):
    """A pull request, by its number only."""

    number: int


class CheckRun(msgspec.Struct, frozen=True):
    """A check run; pull_requests is empty when the head is in a fork, hence external_id, which the bot sets itself."""

    name: str
    app: App | None = None
    external_id: str | None = None
    pull_requests: list[Numbered] = []


class Envelope(msgspec.Struct, frozen=True):
    """What the bodies of all events have in common."""

    action: str = ""
    repository: Repository | None = None
    installation: Installation | None = None
    sender: Account | None = None


class Payload(Envelope, frozen=True):
    """The body of a delivery; which parts are there depends on the event."""

    pull_request: PullRequest | None = None
    issue: Issue | None = None
    comment: Comment | None = None
    review: Comment | None = None
    label: Label | None = None
    changes: Changes | None = None
    check_run: CheckRun | None = None


_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")  # it becomes part of a job's id
_EVENT = re.compile(r"[a-z0-9_]{1,60}")

# The events that something is done on. Of all others only the envelope is read: the rest may change its form any time.
EVENTS = frozenset(
    {"pull_request", "issue_comment", "pull_request_review", "pull_request_review_comment", "check_run", "ping"}
)
_PAYLOAD = msgspec.json.Decoder(Payload)
_ENVELOPE = msgspec.json.Decoder(Envelope)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook POST whose signature is right: id tells it from all others and stays when GitHub sends it again.

    app is the number of the App whose hook it came by, 0 for the hook of a repository or organisation (as Prow has), None
    where the headers do not say. The installation in the payload is one of that App's.
    """

    id: str
    event: str
    payload: Payload
    app: int | None = None

    @classmethod
    def from_http(cls, headers: Mapping[str, str], body: bytes, secrets: Sequence[Secret]) -> Self:
        """Verify the raw body against each secret in constant time, then read it.

        NotJSON, BadSignature or Malformed; nothing of the body is parsed before its signature is right.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        if lower.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise NotJSON("the content type is not application/json: set it on the App's settings page")
        _verify(lower.get("x-hub-signature-256", ""), body, secrets)
        event, delivery = lower.get("x-github-event", ""), lower.get("x-github-delivery", "")
        if not _EVENT.fullmatch(event) or not _ID.fullmatch(delivery):
            raise Malformed("the headers X-GitHub-Event and X-GitHub-Delivery are missing or not GitHub's")
        try:
            if event in EVENTS:
                return cls(delivery, event, _PAYLOAD.decode(body), _app(lower))
            envelope = _ENVELOPE.decode(body)
        except msgspec.DecodeError as error:  # a ValidationError is one too; both name the place, never the value
            raise Malformed(f"the body is no payload of GitHub's: {error}") from None
        except UnicodeDecodeError:
            raise Malformed("the body is no payload of GitHub's: it is no UTF-8") from None
        except RecursionError:
            raise Malformed("the body is no payload of GitHub's: it is nested too deeply") from None
        return cls(delivery, event, Payload(**msgspec.structs.asdict(envelope)), _app(lower))


def _app(headers: Mapping[str, str]) -> int | None:
    kind, number = (headers.get(f"x-github-hook-installation-target-{name}", "") for name in ("type", "id"))
    if not kind:
        return None
    return int(number) if kind == "integration" and re.fullmatch(r"[0-9]{1,15}", number) else 0


def _verify(header: str, body: bytes, secrets: Sequence[Secret]) -> None:
    # Every secret is tried, also after one matched: the time taken says nothing about which.
    signature = _SIGNATURE.fullmatch(header)
    given = bytes.fromhex(signature[1]) if signature else b""
    digests = [hmac.digest(secret.reveal().encode(), body, hashlib.sha256) for secret in secrets if secret]
    if not any([hmac.compare_digest(digest, given) for digest in digests]):  # noqa: C419 -- see above
        raise BadSignature("the signature X-Hub-Signature-256 is missing or wrong: compare the webhook's secret")
