"""Registering an App with a manifest, and installing it: GitHub's pages for both, as a person walks through them.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest says what goes in and what comes out.
The simulated GitHub knows one App that is "ours": a new registration takes the place of the former, with its installations.
"""

import json
import re
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from .forms import Forms
from .keys import generate_key, public_key
from .records import App, Installation, User
from .state import State
from .tokens import LEVELS
from .webhooks import compose

LONGEST_NAME = 34  # GitHub's limit of an App's name


class Unacceptable(ValueError):
    """A manifest that GitHub would refuse; the text says why."""


def checked(text: str) -> dict[str, Any]:
    """Read a manifest (JSON) as GitHub does.

    Raises:
        Unacceptable: it lacks something, or holds what no manifest holds.
    """
    try:
        manifest = json.loads(text)
    except ValueError:
        raise Unacceptable("The manifest is no JSON.") from None
    if not isinstance(manifest, dict):
        raise Unacceptable("The manifest is no object.")
    for name in ("url", "redirect_url"):
        if urlsplit(str(manifest.get(name, ""))).scheme not in {"https", "http"}:
            raise Unacceptable(f"{name} must be an address.")
    hook = manifest.get("hook_attributes") or {}
    if not isinstance(hook, dict) or urlsplit(str(hook.get("url", ""))).scheme not in {"https", "http"}:
        raise Unacceptable("hook_attributes.url must be an address.")
    name = str(manifest.get("name", ""))
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Unacceptable(f"name must have 1 to {LONGEST_NAME} characters.")
    permissions = manifest.get("default_permissions") or {}
    if not isinstance(permissions, dict) or not set(permissions.values()) <= LEVELS.keys():
        raise Unacceptable("default_permissions must be read, write or admin.")
    return manifest


def register(state: State, manifest: dict[str, Any], owner: User) -> str:
    """Register an App, which becomes ours; give the code that stands for its credentials until they are fetched, once."""
    private_key = generate_key()
    slug = re.sub(r"[^a-z0-9]+", "-", manifest["name"].lower()).strip("-")
    app = App(
        state.id(),
        slug,
        owner,
        state.user(f"{slug}[bot]"),
        f"Iv23{state.id():016d}",
        [public_key(private_key)],
        dict(manifest.get("default_permissions") or {}),
        tuple(manifest.get("default_events") or ()),
        state.now(),
        tuple(map(str, manifest.get("callback_urls") or ())),
    )
    state.apps.insert(0, app)
    state.installations.clear()
    state.tokens.clear()
    state.webhook_url, state.webhook_secret = manifest["hook_attributes"]["url"], secrets.token_hex(20)
    code = secrets.token_hex(20)
    state.manifest_codes[code] = (app, private_key, state.webhook_secret)
    ping = compose(state, "ping", None, Forms(state).ping(), None, None)
    assert ping is not None
    state.outbox.append(ping)
    return code


def install(
    state: State, account: User, chosen: set[int] | None = None, permissions: dict[str, str] | None = None
) -> Installation:
    """Install our App on an account, on all its repositories or on those of the ids, and tell the receiver."""
    app = state.app
    granted = dict(permissions or app.permissions)
    installation = Installation(state.id(), account, granted, app.events, state.now(), chosen)
    state.installations[installation.id] = installation
    forms = Forms(state)
    listed = [
        forms.repository(repository)
        for repository in state.repositories.values()
        if state.installation_of(repository) is installation
    ]
    content = {"installation": forms.installation(installation), "repositories": listed}
    delivery = compose(state, "installation", "created", content, None, account, installation)
    assert delivery is not None
    state.outbox.append(delivery)
    return installation


def routes(state: State) -> Blueprint:
    """Give the pages; page keeps other sites' forms away from all but the first."""
    pages = Blueprint("registration", __name__, template_folder="templates")

    @pages.post("/settings/apps/new")
    @pages.post("/organizations/<owner>/settings/apps/new")
    def new(owner: str = "octocat") -> str | Response:
        """Show what a manifest asks for, for a person to agree; it may come from any site, as on GitHub."""
        text = request.form.get("manifest", "")
        try:
            manifest = checked(text)
        except Unacceptable as problem:
            return Response(f"{problem}\n", 422, content_type="text/plain; charset=utf-8")
        # Chromium holds a form's redirect against the policy too.
        target = urlsplit(manifest["redirect_url"])
        g.form_targets = f"{target.scheme}://{target.netloc}"
        return render_template(
            "register.html", manifest=manifest, text=text, owner=owner, asked=request.args.get("state", "")
        )

    @pages.post("/settings/apps/create")
    def create() -> AnyResponse:
        """Register the App and lead back to whoever sent the manifest."""
        try:
            manifest = checked(request.form.get("manifest", ""))
        except Unacceptable as problem:
            return Response(f"{problem}\n", 422, content_type="text/plain; charset=utf-8")
        with state.lock:
            code = register(state, manifest, state.user(request.form.get("owner", "octocat")))
        query = urlencode({"code": code, "state": request.form.get("state", "")})
        return redirect(f"{manifest['redirect_url']}?{query}")

    @pages.get("/apps/<slug>/installations/new")
    def choose(slug: str) -> str:
        """Show where the App may be installed."""
        with state.lock:
            if slug != state.app.slug:
                abort(404)
            owners = {repository.owner.login for repository in state.repositories.values()}
            there = {installation.account.login for installation in state.installations.values()}
            return render_template("install.html", app=state.app, owners=sorted(owners), there=there)

    @pages.post("/apps/<slug>/installations/new")
    def installed(slug: str) -> AnyResponse:
        """Install the App on an account."""
        with state.lock:
            if slug != state.app.slug:
                abort(404)
            account = state.user(request.form.get("owner", ""), "Organization")
            if account not in [installation.account for installation in state.installations.values()]:
                install(state, account)
        return redirect(f"/apps/{slug}/installations/new", code=303)

    return pages
