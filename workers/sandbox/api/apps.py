"""The App itself: its installations, its tokens, the log of its webhook's deliveries."""

import json
from typing import Any

from ..call import Answer, Call, Refusal, not_found, operation
from ..oauth import client_secret
from ..records import Delivery, Installation
from ..state import covers, iso
from ..tokens import mint
from ..webhooks import again


@operation("apps/get-authenticated", "app")
def get_app(call: Call) -> Answer:
    """Give the App."""
    return Answer(call.forms.app(call.state.app))


@operation("apps/create-from-manifest", "anyone")
def create_from_manifest(call: Call) -> Answer:
    """Turn the code that a manifest's registration led to into the App's credentials, once."""
    found = call.state.manifest_codes.pop(call.path["code"], None)
    if found is None:
        raise not_found()
    app, private_key, webhook_secret = found
    secret = client_secret(app, webhook_secret)
    secrets_of_it = {"client_secret": secret, "webhook_secret": webhook_secret, "pem": private_key}
    return Answer({**call.forms.app(app), "client_id": app.client_id, **secrets_of_it}, status=201)


@operation("apps/get-webhook-config-for-app", "app")
def hook_config(call: Call) -> Answer:
    """Give where the App's webhooks go; the secret is masked, as on github.com."""
    return Answer(
        {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
            "url": call.state.webhook_url or call.state.url,
        }
    )


@operation("apps/list-installations", "app")
def list_installations(call: Call) -> Answer:
    """List the App's installations."""
    return call.page(call.state.installations.values(), call.forms.installation)


@operation("apps/get-installation", "app")
def get_installation(call: Call) -> Answer:
    """Give an installation."""
    return Answer(call.forms.installation(_installation(call)))


@operation("apps/get-repo-installation", "app")
def repository_installation(call: Call) -> Answer:
    """Give the installation that covers a repository."""
    found = call.state.installation_of(call.repository())
    if found is None:
        raise not_found()
    return Answer(call.forms.installation(found))


@operation("apps/get-org-installation", "app")
def organisation_installation(call: Call) -> Answer:
    """Give the installation on an organisation."""
    return _account_installation(call, call.path["org"], "Organization")


@operation("apps/get-user-installation", "app")
def user_installation(call: Call) -> Answer:
    """Give the installation on a user."""
    return _account_installation(call, call.path["username"], "User")


@operation("apps/create-installation-access-token", "app")
def create_token(call: Call) -> Answer:
    """Mint an installation access token."""
    token = mint(call.state, _installation(call), call.body)
    value: dict[str, Any] = {
        "token": token.value,
        "expires_at": iso(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "all" if token.repositories is None else "selected",
    }
    if token.repositories is not None:
        value["repositories"] = [
            call.forms.repository(repository)
            for repository in call.state.repositories.values()
            if repository.id in token.repositories
        ]
    return Answer(value, status=201)


@operation("apps/revoke-installation-access-token")
def revoke_token(call: Call) -> Answer:
    """Revoke the token the call came with."""
    if call.token is not None:
        call.state.tokens.pop(call.token.value, None)
    return Answer(status=204)


@operation("apps/list-repos-accessible-to-installation", "metadata:read")
def list_repositories(call: Call) -> Answer:
    """List the repositories that the token covers."""
    assert call.token is not None
    token = call.token
    listed = [
        repository
        for repository in call.state.repositories.values()
        if call.state.installation_of(repository) is token.installation and covers(token.repositories, repository)
    ]
    answer = call.page(listed, call.forms.repository, wrap="repositories")
    answer.value["repository_selection"] = "all" if token.repositories is None else "selected"
    return answer


@operation("apps/list-webhook-deliveries", "app")
def list_deliveries(call: Call) -> Answer:
    """List attempts to deliver, newest first; `status=failure` those without a 2xx; `cursor` is the id to go on below."""
    listed = [delivery for delivery in reversed(call.state.deliveries) if delivery.status != "pending"]
    wanted = call.query.get("status")
    if wanted:
        listed = [d for d in listed if (200 <= d.status_code < 300) == (wanted == "success")]
    cursor = call.query.get("cursor")
    if cursor is not None:
        if not cursor.startswith("v1_") or not cursor[3:].isdigit():
            raise Refusal(400, "Invalid cursor")
        listed = [delivery for delivery in listed if delivery.id < int(cursor[3:])]
    size = min(max(int(call.query.get("per_page", 30)), 1), 100)
    shown = listed[:size]
    headers = {}
    if len(listed) > size:
        query = "".join(f"&{name}={value}" for name, value in call.query.items() if name != "cursor")
        headers["Link"] = f'<{call.url}?cursor=v1_{shown[-1].id}{query}>; rel="next"'
    return Answer([call.forms.delivery(delivery) for delivery in shown], headers=headers)


@operation("apps/get-webhook-delivery", "app")
def get_delivery(call: Call) -> Answer:
    """Give an attempt to deliver, with what was sent and answered."""
    delivery = _delivery(call)
    request = {"headers": delivery.headers, "payload": json.loads(delivery.body)}
    response = {"headers": delivery.answer_headers, "payload": delivery.answer.decode(errors="replace")}
    return Answer({**call.forms.delivery(delivery), "request": request, "response": response})


@operation("apps/redeliver-webhook-delivery", "app")
def redeliver(call: Call) -> Answer:
    """Deliver again, under the same guid."""
    call.state.outbox.append(again(call.state, _delivery(call)))
    return Answer({}, status=202)


def _installation(call: Call) -> Installation:
    found = call.state.installations.get(call.number("installation_id"))
    if found is None:
        raise not_found()
    return found


def _account_installation(call: Call, login: str, kind: str) -> Answer:
    for installation in call.state.installations.values():
        account = installation.account
        if account.login.lower() == login.lower() and account.type == kind:
            return Answer(call.forms.installation(installation))
    raise not_found()


def _delivery(call: Call) -> Delivery:
    number = call.number("delivery_id")
    for delivery in call.state.deliveries:
        if delivery.id == number:
            return delivery
    raise not_found()
