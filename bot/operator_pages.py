"""The operator's page, on the internal port beside /metrics: what waits, runs, ended and failed, and what to do about it."""

import hmac
import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis import RedisError
from werkzeug.exceptions import HTTPException

from bot import status
from bot.acceptance import pages as stats
from bot.queue import Queues
from bot.settings import Settings

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_COOKIE = "form"
# Where the page has buttons.
_PARTS = ("later", "failures", "ended")
# A token and a job's id.
LARGEST_FORM = 4_096


def create(settings: Settings, queues: Queues, registry: CollectorRegistry) -> Flask:
    """Make the pages; whoever reaches the port may see and press everything, so it stays internal."""
    app = Flask(__name__)
    app.extensions["queues"], app.extensions["settings"] = queues, settings
    app.register_blueprint(stats.blueprint)
    app.jinja_env.filters["duration"] = duration
    app.jinja_env.filters["clock"] = clock

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> ResponseReturnValue:
        return Response(f"{error.description}\n", error.code or 500, mimetype="text/plain")

    @app.get("/metrics")
    def metrics() -> ResponseReturnValue:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.get("/")
    def start() -> ResponseReturnValue:
        return redirect(url_for("show"))

    @app.get("/status")
    def show() -> ResponseReturnValue:
        try:
            found = status.read(queues)
        except RedisError as error:
            problem = f"The queue cannot be reached ({error}): check REDIS_URL and the server."
            return render_template("status_away.html", problem=problem), HTTPStatus.SERVICE_UNAVAILABLE
        # Sent along by this page's own forms, and known to no other site's.
        token = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
        page = Response(
            render_template(
                "status.html",
                status=found,
                work=status.WORK,
                settings=settings,
                token=token,
                repeatable=found.repeatable,
            )
        )
        page.set_cookie(_COOKIE, token, httponly=True, samesite="Strict")
        return page

    @app.post("/status/run-again")
    def run_again() -> ResponseReturnValue:
        _refuse_other_sites()
        try:
            status.run_again(queues, request.form.get("job", ""))
        except RedisError:
            abort(HTTPStatus.SERVICE_UNAVAILABLE, "The queue cannot be reached.")
        part = request.form.get("part", "")
        return redirect(f"{url_for('show')}#{part if part in _PARTS else 'failures'}", HTTPStatus.SEE_OTHER)

    return app


def _refuse_other_sites() -> None:
    given, kept = request.form.get("token", ""), request.cookies.get(_COOKIE, "")
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if foreign or not kept or not hmac.compare_digest(given.encode(), kept.encode()):
        abort(HTTPStatus.FORBIDDEN, "This form is not this page's own: load the page again.")


def duration(seconds: float | None) -> str:
    """Give seconds as people say them; an em dash for None."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def clock(seconds: float) -> str:
    """Give a time (seconds since 1970) with its date, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
