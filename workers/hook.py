"""The App's webhook: where it goes, and whether what GitHub sends arrives, tried with a delivery that is sent again."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from github.Requester import Requester

from bot import github_calls
from bot.settings import Settings
from workers.findings import Finding

# GitHub waits ten seconds for an answer; the rest is for its own queue.
PATIENCE = 20.0
_STEP = 0.5

_REASONS = {
    0: "GitHub cannot reach it: check the address, the proxy before the receiver, and that the receiver runs",
    401: "the receiver refuses the signature: WEBHOOK_SECRETS must hold the App's webhook secret",
    404: "nothing answers at this path: the receiver's is /webhook",
    415: "the content type must be application/json: the App's settings page has it",
    503: "the receiver cannot reach its queue: check REDIS_URL",
}


def look(
    requester: Requester,
    settings: Settings,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Finding]:
    """Yield what is to be said of the webhook; the requester asks as the App. GitHubError if GitHub cannot be asked."""

    def get(path: str) -> Any:
        return github_calls.called(lambda: requester.requestJsonAndCheck("GET", path))[1]

    yield _address(get("/app/hook/config"), settings)
    sent = get("/app/hook/deliveries?per_page=100")
    if not sent:
        yield Finding(
            "webhooks", False, "GitHub has sent none: switch the webhook on (Active) on the App's settings page"
        )
        return
    # A ping asks for nothing; of everything else the receiver knows by its id that it was here before.
    again = next((each for each in sent if each["event"] == "ping"), sent[0])
    github_calls.called(
        lambda: requester.requestJsonAndCheck("POST", f"/app/hook/deliveries/{again['id']}/attempts", input={})
    )
    known = {each["id"] for each in sent}
    end = clock() + PATIENCE
    while clock() < end:
        for each in get("/app/hook/deliveries?per_page=100"):
            if each["guid"] == again["guid"] and each["id"] not in known:
                yield _delivered(each)
                return
        sleep(_STEP)
    yield Finding(
        "webhooks",
        False,
        f"a {again['event']} that was asked for again did not come within {PATIENCE:.0f} s: look again later",
    )


def _address(config: dict[str, Any], settings: Settings) -> Finding:
    url = str(config.get("url", ""))
    if config.get("content_type") != "json":
        return Finding(
            "webhook address", False, "its content type is not application/json: the App's settings page has it"
        )
    if str(config.get("insecure_ssl", "0")) != "0":
        return Finding("webhook address", False, f"{url} is sent to without checking its certificate: switch that on")
    wanted = f"{settings.public_url}/webhook" if settings.public_url else ""
    if wanted and url != wanted:
        return Finding(
            "webhook address", False, f"it is {url}, and PUBLIC_URL would make it {wanted}: change one of them"
        )
    if not url.endswith("/webhook"):
        return Finding("webhook address", False, f"it is {url or 'empty'}: the receiver answers at /webhook")
    return Finding("webhook address", True, url)


def _delivered(attempt: dict[str, Any]) -> Finding:
    status = int(attempt["status_code"])
    if 200 <= status < 300:
        seen = f"a {attempt['event']} was sent again and answered {status} in {attempt['duration']:.1f} s"
        return Finding("webhooks", True, seen)
    reason = _REASONS.get(status, "the receiver's log says why")
    return Finding("webhooks", False, f"a {attempt['event']} was sent again: {attempt['status']} ({status}); {reason}")
