"""Signing in with GitHub, its side of it: a person says yes, a code goes back, the code becomes a token of that person.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
says what goes in and what comes out.
"""

import base64
import hmac
import math
import secrets
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from . import acts
from .records import App, Grant, Token
from .state import State

CODE_SECONDS = 600


def client_secret(app: App, webhook_secret: str) -> str:
    """Give an App's client secret, which nobody has to keep: it follows from the webhook's."""
    return hmac.digest(webhook_secret.encode(), f"client {app.client_id}".encode(), "sha256").hex()[:40]


def routes(state: State) -> Blueprint:
    """Give the pages and the two calls; page keeps other sites' forms away from what a person sends."""
    pages = Blueprint("oauth", __name__, template_folder="templates")

    def asked(values: dict[str, str]) -> tuple[App, str]:
        app = next((each for each in state.apps if each.client_id == values.get("client_id")), None)
        target = values.get("redirect_uri", "")
        if app is None:
            abort(404)
        if urlsplit(target).scheme not in {"https", "http"} or (app.callback_urls and target not in app.callback_urls):
            abort(400, "The redirect_uri is not associated with this application.")
        return app, target

    @pages.get("/login/oauth/authorize")
    def ask() -> str:
        """Ask a person, who is whoever they say they are here."""
        with state.lock:
            values = request.args.to_dict()
            app, target = asked(values)
            parts = urlsplit(target)
            g.form_targets = f"{parts.scheme}://{parts.netloc}"
            return render_template("authorize.html", app=app, values=values, players=acts.PLAYERS.values())

    @pages.post("/login/oauth/authorize")
    def agree() -> AnyResponse:
        """Lead back with a code."""
        with state.lock:
            values = request.form.to_dict()
            app, target = asked(values)
            if not acts.is_login(values.get("login", "")):
                abort(422, "A login has letters, digits and single dashes.")
            code = secrets.token_hex(10)
            user = state.user(values["login"])
            state.grants[code] = Grant(app, user, target, state.clock() + CODE_SECONDS)
            return redirect(f"{target}?{urlencode({'code': code, 'state': values.get('state', '')})}")

    @pages.post("/login/oauth/access_token")
    def exchange() -> Response:
        """Turn a code into a token, once. GitHub answers 200 whatever is wrong."""
        with state.lock:
            form = request.form
            grant = state.grants.pop(form.get("code", ""), None)
            if grant is None or grant.expires_at <= state.clock() or grant.redirect_uri != form.get("redirect_uri"):
                return jsonify(error="bad_verification_code", error_description="The code is incorrect or expired.")
            secret = client_secret(grant.app, state.webhook_secret)
            if (form.get("client_id"), form.get("client_secret")) != (grant.app.client_id, secret):
                return jsonify(error="incorrect_client_credentials", error_description="The client_id is incorrect.")
            installation = next(iter(state.installations.values()))
            token = Token(
                f"ghu_{secrets.token_hex(18)}", installation, {"metadata": "read"}, None, math.inf, grant.user
            )
            state.tokens[token.value] = token
            return jsonify(access_token=token.value, token_type="bearer", scope="")  # noqa: S106 - a kind of token

    @pages.delete("/api/v3/applications/<client_id>/token")
    def revoke(client_id: str) -> Response:
        """Revoke a token; the App says who it is by its id and secret."""
        with state.lock:
            app = next((each for each in state.apps if each.client_id == client_id), None)
            own = f"{client_id}:{client_secret(app, state.webhook_secret)}" if app else ""
            given = request.headers.get("Authorization", "").removeprefix("Basic ")
            if app is None or given != base64.b64encode(own.encode()).decode():
                return Response(status=404)
            state.tokens.pop((request.get_json(silent=True) or {}).get("access_token", ""), None)
            return Response(status=204)

    return pages
