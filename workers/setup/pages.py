"""The pages of `scalability-bot setup`: two questions, GitHub's own page, and what to do next."""

import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from flask import Flask, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.settings import API_VERSION, PUBLIC_API, Settings, SettingsError
from workers import app_manifest

BOT = Path(__file__).parents[2] / "bot"
_CODE = re.compile(r"[A-Za-z0-9_-]{8,200}")
_ORGANISATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_SECONDS = 15
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"


class Failed(Exception):
    """GitHub did not give the App's credentials; one sentence."""


@dataclass
class Setup:
    """One walk through the set-up. write takes the variables for .env; done is set once they are written."""

    settings: Settings
    manifest: Mapping[str, Any]
    write: Callable[[Mapping[str, str]], None]
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    answers: dict[str, str] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)

    def exchange(self, code: str) -> dict[str, Any]:
        """Give what GitHub has for a code: the App with its private key and secrets. Failed in one sentence."""
        address = f"{self.settings.github_api_url}/app-manifests/{quote(code, safe='')}/conversions"
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        try:
            answer = requests.post(address, headers=headers, timeout=_SECONDS, allow_redirects=False)
            given = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Failed(f"GitHub did not answer ({type(error).__name__}): begin again from the first page.") from None
        if answer.status_code != 201:
            raise Failed(
                f"GitHub answered {answer.status_code}: its code is good for an hour and once; begin again from the first page."
            )
        if not all(given.get(name) for name in ("id", "slug", "pem", "webhook_secret")):
            raise Failed("GitHub's answer lacks the key or the webhook's secret: make them on the App's settings page.")
        return dict(given)

    def variables(self, app: Mapping[str, Any]) -> dict[str, str]:
        """Give what goes into .env. MODE is shadow until the operator says otherwise."""
        found = {
            "GITHUB_APP_ID": str(app["id"]),
            "GITHUB_PRIVATE_KEY": str(app["pem"]),
            "WEBHOOK_SECRETS": str(app["webhook_secret"]),
            "BOT_LOGIN": f"{app['slug']}[bot]",
            "REPOSITORIES": self.answers["repositories"],
            "MODE": "shadow",
        }
        public = self.settings.public_url or app_manifest.public_address(self.answers["webhook"])
        if public and app.get("client_id") and app.get("client_secret"):
            found |= {
                "PUBLIC_URL": public,
                "CLIENT_ID": str(app["client_id"]),
                "CLIENT_SECRET": str(app["client_secret"]),
            }
        if self.settings.github_api_url != PUBLIC_API:
            found |= {"GITHUB_API_URL": self.settings.github_api_url, "GITHUB_GIT_URL": self.settings.github_git_url}
        return found


def create(setup: Setup) -> Flask:
    """Make the pages; they are for one person on this machine, and answer under its own names only."""
    app = Flask(__name__, template_folder=str(BOT / "templates"), static_folder=str(BOT / "static"))
    github = setup.settings.github_git_url

    @app.before_request
    def refuse_other_names() -> None:
        # Another site's name that leads here (DNS rebinding) must not read these pages.
        if urlsplit(f"//{request.host}").hostname not in {"127.0.0.1", "localhost"}:
            abort(403)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = f"{_POLICY}; form-action 'self' {_origin(github)}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        # The address of the last page holds GitHub's code.
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/")
    def ask() -> ResponseReturnValue:
        return render_template("setup_ask.html", answers=_usual(setup), problem="")

    @app.post("/manifest")
    def manifest() -> ResponseReturnValue:
        answers = {
            name: request.form.get(name, "").strip() for name in ("name", "webhook", "organisation", "repositories")
        }
        if problem := _problem(answers):
            return render_template("setup_ask.html", answers=answers, problem=problem), 422
        setup.answers = answers
        filled = app_manifest.filled(
            dict(setup.manifest),
            name=answers["name"],
            webhook=answers["webhook"],
            redirect=url_for("created", _external=True),
        )
        where = f"/organizations/{answers['organisation']}" if answers["organisation"] else ""
        return render_template(
            "setup_confirm.html",
            address=f"{github}{where}/settings/apps/new?state={setup.state}",
            manifest=filled,
            text=json.dumps(filled),
        )

    @app.get("/created")
    def created() -> ResponseReturnValue:
        code, state = request.args.get("code", ""), request.args.get("state", "")
        if (
            not setup.answers
            or not hmac.compare_digest(state.encode(), setup.state.encode())
            or not _CODE.fullmatch(code)
        ):
            return render_template("setup_failed.html", problem="This is not the answer to what this page asked."), 400
        try:
            given = setup.exchange(code)
            setup.write(setup.variables(given))
        except Failed as error:
            return render_template("setup_failed.html", problem=str(error)), 502
        except OSError as error:
            problem = f".env cannot be written ({error.strerror}): the App is there; make a new key and secret for it."
            return render_template("setup_failed.html", problem=problem), 500
        setup.done.set()
        install = f"{given.get('html_url') or f'{github}/apps/' + given['slug']}/installations/new"
        return render_template(
            "setup_done.html", app=given, install=install, webhook=setup.answers["webhook"], answers=setup.answers
        )

    return app


def _usual(setup: Setup) -> dict[str, str]:
    return {
        "name": str(setup.manifest.get("name", "scalability-bot")),
        "webhook": f"{setup.settings.public_url}/webhook" if setup.settings.public_url else "",
        "organisation": "",
        "repositories": ",".join(setup.settings.repositories) if not setup.settings.is_sandbox else "",
    }


def _problem(answers: Mapping[str, str]) -> str:
    """Say in one sentence what is wrong with the answers, "" if nothing is."""
    if not 1 <= len(answers["name"]) <= 34:
        return "The App's name has 1 to 34 characters."
    parts = urlsplit(answers["webhook"])
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username:
        return "The webhook's address is where GitHub reaches the receiver, such as https://bot.example.com/webhook."
    if answers["organisation"] and not _ORGANISATION.fullmatch(answers["organisation"]):
        return "An organisation's name has letters, digits and dashes; leave it empty for an App of your own account."
    try:
        Settings.from_environment({"REPOSITORIES": answers["repositories"]})
    except SettingsError as error:
        return str(error)
    return "" if answers["repositories"] else "Say whom the bot serves, such as kubernetes/kubernetes."


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
