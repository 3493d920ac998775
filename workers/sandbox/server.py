"""The simulated GitHub as one web server: the REST API under /api/v3, GraphQL at /api/graphql, git and pages at the root.

The layout is GitHub Enterprise Server's, so that PyGithub (`base_url=".../api/v3"`) finds GraphQL by itself.
"""

import json
import socket
import traceback
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from . import api, graphql, oauth, page, registration, smart_http
from .call import HANDLED, Answer, Call, Refusal
from .description import NotAsDescribed, Operation, description
from .faults import Fault, fault_of
from .forms import Forms
from .limits import TooMany
from .records import Request
from .state import State
from .tokens import credential, permitted

API = "/api/v3"
VERSIONS = ("2022-11-28",)

# Requests that create content, which the secondary rate limit counts.
CREATES_CONTENT = frozenset(
    {
        "checks/create",
        "checks/update",
        "issues/create-comment",
        "issues/update-comment",
        "pulls/create-review",
        "pulls/submit-review",
        "pulls/update-review",
        "pulls/create-review-comment",
        "pulls/create-reply-for-review-comment",
        "pulls/update-review-comment",
    }
)

SENTENCES = {
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
    504: "We couldn't respond to your request in time.",
}

assert api.__all__  # importing the package has registered the operations


class Dropped(ConnectionError):
    """The connection is closed without an answer; werkzeug takes it as a client that went away."""


def create(state: State) -> Flask:
    """Give the application that serves a state."""
    app = Flask(__name__)
    app.config.update(PROPAGATE_EXCEPTIONS=True, MAX_CONTENT_LENGTH=50 * 2**20)
    app.register_blueprint(smart_http.routes(state))
    app.register_blueprint(page.routes(state))
    app.register_blueprint(registration.routes(state))
    app.register_blueprint(oauth.routes(state))

    @app.before_request
    def fail_before() -> Response | None:
        g.fault = None if request.path.startswith("/-/") else state.faults.strike(request.method, request.path)
        if g.fault is None or g.fault.when == "after":
            return None
        if g.fault.status is not None:
            with state.lock:
                state.requests.append(_seen(None, "nobody", _status(g.fault), fault=True))
        return _act_out(g.fault)

    @app.after_request
    def touch(response: Response) -> Response:
        state.touched += request.method not in {"GET", "HEAD", "OPTIONS"}
        return response

    @app.after_request
    def fail_after(response: Response) -> Response:
        if g.get("fault") is not None and g.fault.when == "after":
            return _act_out(g.fault) or response
        return response

    @app.route(f"{API}/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def rest(_rest: str) -> Response:
        with state.lock:
            return Rest(state).answer()

    @app.post("/api/graphql")
    def query() -> Response:
        with state.lock:
            return _graphql(state)

    @app.post("/-/faults")
    def add_fault() -> Response:
        try:
            state.faults.add(fault_of(request.get_json()))
        except ValueError as problem:
            return Response(f"{problem}\n", 422, content_type="text/plain")
        return Response(status=204)

    @app.delete("/-/faults")
    def clear_faults() -> Response:
        state.faults.clear()
        return Response(status=204)

    return app


def _status(fault: Fault) -> int | None:
    return fault.status if isinstance(fault.status, int) else None


def _act_out(fault: Fault) -> Response | None:
    """Answer as a fault says; None if it only delays.

    Raises:
        Dropped: the connection is to be closed.
    """
    if fault.delay:
        fault.over.wait(fault.delay)
    if fault.status is None:
        return None
    if fault.status == "drop":
        connection = request.environ.get("werkzeug.socket")
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
        raise Dropped("a fault dropped the connection")
    body = fault.body if fault.body is not None else {"message": SENTENCES.get(fault.status, "Failed")}
    text = body if isinstance(body, str) else json.dumps(body)
    content_type = "text/html" if isinstance(body, str) else "application/json"
    return Response(text, fault.status, headers=fault.headers, content_type=content_type)


def _seen(operation: str | None, who: str, status: int | None, body: Any = None, fault: bool = False) -> Request:
    path = request.path.removeprefix(API)
    return Request(request.method, path, operation, who, dict(request.args), body, status, fault)


def _json_body() -> Any:
    """Give the request's JSON; {} for none.

    Raises:
        Refusal: it is not JSON.
    """
    data = request.get_data()
    if not data.strip():
        return {}
    try:
        return json.loads(data)
    except ValueError:
        raise Refusal(400, "Problems parsing JSON") from None


def _refuse_odd_headers() -> None:
    if not request.headers.get("User-Agent"):
        raise Refusal(
            403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
        )
    version = request.headers.get("X-GitHub-Api-Version")
    if version and version not in VERSIONS:
        raise Refusal(400, f'"{version}" is not a supported version of the GitHub API.')


class Rest:
    """One REST call: who asks, how often, which operation, allowed or not, as described or not; then its answer, checked too."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.description = description()
        self.operation: Operation | None = None
        self.who = "nobody"
        self.body: Any = None
        self.headers: dict[str, str] = {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": VERSIONS[0],
        }

    def answer(self) -> Response:
        """Answer the current request, and note it."""
        try:
            answer = self._answer()
        except Refusal as refusal:
            answer = Answer(refusal.body(), refusal.status, refusal.headers)
        except Exception:
            answer = self._our_mistake(traceback.format_exc())
        response = self._response(answer)
        name = self.operation.name if self.operation else None
        self.state.requests.append(_seen(name, self.who, response.status_code, self.body))
        return response

    def _answer(self) -> Answer:
        state = self.state
        _refuse_odd_headers()
        path = request.path.removeprefix(API)
        name, values = self._route(path)
        app, token = credential(state, request.headers.get("Authorization", ""))
        anyone = "anyone" in HANDLED[name].needs
        if app is None and token is None and not anyone:
            raise Refusal(401, "Requires authentication")
        self.who = f"installation {token.installation.id}" if token else "app" if app else "nobody"
        self._limit(name)
        self.operation = self.description.operations[name]
        handled = HANDLED[name]
        call = Call(
            state,
            Forms(state),
            values,
            dict(request.args),
            {},
            request.headers.get("Accept", ""),
            f"{state.url}{request.path}",
            token,
            app,
        )
        if "app" in handled.needs:
            if app is None:
                raise Refusal(401, "A JSON web token could not be decoded")
        elif token is None and not (anyone and app is None):
            raise Refusal(
                403, "You must authenticate with an access token in order to list repositories for an installation"
            )
        if "owner" in values:
            call.repository()
        if token is not None and not anyone and not permitted(token, handled.needs):
            raise Refusal(
                403,
                "Resource not accessible by integration",
                headers={"X-Accepted-GitHub-Permissions": "; ".join(need.replace(":", "=") for need in handled.needs)},
            )
        self.body = call.body = _json_body()
        try:
            self.description.check_request(self.operation, values, call.query, request.get_data(), "application/json")
        except NotAsDescribed as problem:
            raise Refusal(422, f"Invalid request.\n\n{problem}") from problem
        return handled.handler(call)

    def _route(self, path: str) -> tuple[str, dict[str, str]]:
        try:
            name, values = self.description.routes.bind("github").match(path, request.method)
        except (NotFound, MethodNotAllowed, RequestRedirect):
            raise Refusal(404, "Not Found") from None
        return name, dict(values)

    def _limit(self, name: str) -> None:
        """Count the request against the rate limits."""
        if name == "rate-limit/get":
            self.headers.update(self.state.limits.headers(self.who, self.state.clock()))
            return
        told, too_many = self.state.limits.count(self.who, self.state.clock(), name in CREATES_CONTENT)
        self.headers.update(told)
        if too_many is not None:
            raise _too_many(self.state, too_many)

    def _response(self, answer: Answer) -> Response:
        headers = Headers({**self.headers, **answer.headers})
        if answer.text is not None:
            return Response(answer.text, answer.status, headers, content_type=answer.media_type)
        if answer.status == 204:
            return Response(status=204, headers=headers)
        value = answer.value
        if self.operation is not None:
            try:
                if answer.status < 400:
                    value = self.description.shape(self.operation, answer.status, value)
                content = json.dumps(value).encode()
                self.description.check_answer(self.operation, answer.status, content, "application/json", headers)
            except NotAsDescribed as problem:
                mistake = self._our_mistake(str(problem))
                return Response(json.dumps(mistake.value), 500, headers, content_type="application/json")
        return Response(json.dumps(value), answer.status, headers, content_type=answer.media_type)

    def _our_mistake(self, what: str) -> Answer:
        """Note a mistake of the simulated GitHub's own, and answer 500 with it."""
        self.state.violations.append(f"{request.method} {request.path}: {what}")
        return Answer({"message": f"The simulated GitHub is at fault: {what}"}, 500)


def _too_many(state: State, found: TooMany) -> Refusal:
    primary = "API rate limit" in found.message
    return Refusal(403 if primary else state.limits.secondary_status, found.message, headers=found.headers)


def _graphql(state: State) -> Response:
    """Answer a GraphQL request."""
    who, status, body = "nobody", 200, None
    headers: dict[str, str] = {}
    try:
        _refuse_odd_headers()
        _, token = credential(state, request.headers.get("Authorization", ""))
        if token is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        who = f"installation {token.installation.id}"
        body = graphql.refuse_without_query(_json_body())
        headers, too_many = state.limits.count(who, state.clock(), "mutation" in body["query"])
        if too_many is not None:
            raise _too_many(state, too_many)
        value = graphql.answer(state, token, body)
    except Refusal as refusal:
        value, status, headers = refusal.body(), refusal.status, {**headers, **refusal.headers}
    except HTTPException:
        raise
    except Exception:
        state.violations.append(f"POST /api/graphql: {traceback.format_exc()}")
        value, status = {"message": "The simulated GitHub is at fault."}, 500
    state.requests.append(_seen("graphql", who, status, body))
    return Response(json.dumps(value), status, headers=headers, content_type="application/json")
