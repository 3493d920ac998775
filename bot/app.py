"""The receiver: a webhook in, 202 out. What is asked for goes to the queue; nothing is done here."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from redis import RedisError
from redis.exceptions import TimeoutError as RedisTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bot import logs, pages, prow, report_pages
from bot.deliveries import Delivery, DeliveryError
from bot.metrics import Metrics
from bot.queue import Queues, connect
from bot.settings import Settings
from bot.sign_in import SignIn
from bot.triggers import NOTHING_REMEMBERED, Ignored, Remembered, requests

LARGEST_BODY = 25 * 1024 * 1024  # GitHub's cap of a payload

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

log = logging.getLogger(__name__)


def create_app(settings: Settings, queues: Queues | None = None) -> Flask:
    """Make the receiver; SettingsError if what it needs is not set. It connects to the queue when it needs it.

    queues is for callers that have a connection of their own. The metrics are app.extensions["metrics"].
    """
    settings.require_receiver()
    timers = settings.timers
    queues = queues or Queues(
        connect(settings.redis_url, timeout=timers.queue_answer), job_timeout=settings.job_timeout, timers=timers
    )
    metrics = Metrics.of(queues)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1  # a body without a length is cut there: see _body
    app.extensions["metrics"] = metrics
    app.extensions["queues"] = queues
    app.extensions["settings"] = settings
    app.extensions["sign_in"] = SignIn(settings, queues.connection)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(report_pages.blueprint)
    app.register_error_handler(HTTPException, _refuse)
    app.after_request(_harden)

    asleep_until = 0.0

    def awake() -> Queues:
        if time.monotonic() < asleep_until:
            raise RedisError("it did not answer a moment ago")
        return queues

    @app.post("/webhook")
    def webhook() -> ResponseReturnValue:
        with logs.about(delivery=request.headers.get("X-GitHub-Delivery", "")[:100]):
            return take(request.headers.get("X-GitHub-Event", ""))

    def take(event: str) -> ResponseReturnValue:
        nonlocal asleep_until
        try:
            delivery = Delivery.from_http(dict(request.headers), _body(), settings.webhook_secrets)
            asked = requests(delivery, settings, _remembered(delivery, awake))
            if isinstance(asked, Ignored):
                level = logging.WARNING if asked.notable else logging.DEBUG
                log.log(level, "delivery %s: %s ignored: %s", delivery.id, event, asked.reason)
                metrics.delivered(event, "ignored")
                return jsonify(ignored=asked.reason), HTTPStatus.ACCEPTED
            with metrics.enqueueing.time():
                allowed = awake().limited(asked)
                results = awake().submit(allowed, delivery.id) if allowed else []
        except DeliveryError as error:
            log.warning("a delivery of %.60r was refused: %s", event, error)
            metrics.delivered(event, type(error).__name__)
            return jsonify(error=str(error)), error.status
        except RequestEntityTooLarge:
            metrics.delivered(event, "TooLarge")
            raise
        except RedisError as error:
            # GitHub notes the failure, and maintenance asks it to send the delivery again.
            if isinstance(error, RedisTimeout):
                asleep_until = time.monotonic() + timers.queue_asleep
            log.error(
                "delivery %.100r: the queue cannot be reached: %s", request.headers.get("X-GitHub-Delivery"), error
            )
            metrics.delivered(event, "unavailable")
            return jsonify(error="the queue cannot be reached"), HTTPStatus.SERVICE_UNAVAILABLE
        told = [{"pull_request": str(each.key), "outcome": each.outcome} for each in results]
        said = "; ".join(f"{each.outcome} {each.key}" for each in results) or "limited"
        log.info("delivery %s: %s %s", delivery.id, event, said)
        metrics.delivered(event, results[0].outcome if results else "limited")
        return jsonify(asked=told), HTTPStatus.ACCEPTED

    @app.post("/help")
    @app.post("/webhook/help")  # hook asks below the endpoint it sends events to
    def prow_help() -> ResponseReturnValue:
        if (request.content_length or 0) > prow.LARGEST_REQUEST:
            raise RequestEntityTooLarge
        try:
            enabled = prow.repositories(request.get_data(cache=False))
        except (ValueError, RecursionError) as error:
            return jsonify(error=f"this is not what Prow's hook asks: {error}"), HTTPStatus.BAD_REQUEST
        return jsonify(prow.plugin_help(settings, enabled))

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        try:
            queues.connection.ping()
        except RedisError:
            return Response("the queue cannot be reached\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")
        return Response("ready\n", mimetype="text/plain")

    return app


def _body() -> bytes:
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge
    body = request.get_data(cache=False)  # reads no further than the limit, whatever Content-Length said
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return body


def _remembered(delivery: Delivery, queues: Callable[[], Queues]) -> Remembered:
    payload = delivery.payload
    if payload.action == "labeled" and payload.repository and payload.pull_request:
        return queues().remembered(payload.repository.full_name, payload.pull_request.number)
    return NOTHING_REMEMBERED


def _refuse(error: HTTPException) -> ResponseReturnValue:
    if request.path != "/webhook":
        return pages.sorry(error)
    response = error.get_response()  # it says which methods are allowed
    response.data = jsonify(error=error.description).data
    response.mimetype = "application/json"
    return response


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
