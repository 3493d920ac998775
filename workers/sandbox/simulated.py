"""The simulated GitHub as a test or a person holds it: it is started and ended, and people act in its repositories."""

import math
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from . import oauth, registration
from .faults import Faults
from .forms import Forms
from .git import BareRepository
from .keys import generate_key, public_key
from .people import SimulatedRepository
from .records import (
    App,
    Delivery,
    Installation,
    Pull,
    Repository,
    Token,
)
from .server import create
from .state import State
from .tokens import mint
from .webhooks import again, compose, deliver


class _Handler(WSGIRequestHandler):
    """Serves without a line on standard error for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    """A thread for each connection. Ending it ends them all, also those that clients keep alive."""

    daemon_threads = False

    def __init__(self, host: str, port: int, app: Flask) -> None:
        self._connections: set[socket.socket] = set()
        # Bound here because werkzeug ends the whole process where a port is taken.
        with socket.create_server((host, port), backlog=128) as listening:
            super().__init__(host, port, app, handler=_Handler, fd=listening.fileno())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note a new connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def end(self) -> None:
        """End serving, and every connection."""
        self.shutdown()
        for connection in list(self._connections):
            with suppress(OSError):  # it has just ended by itself
                connection.shutdown(socket.SHUT_RD)
        self.server_close()


class SimulatedGitHub:
    """A GitHub of one's own on 127.0.0.1, for as long as the `with` lasts.

    Args:
        folder: where its bare repositories are.
        port: 0 takes a free one.
        host: the address to listen on.
        webhook_url: where webhooks go; None keeps them as pending deliveries.
        webhook_secret: what they are signed with.
        private_key: the App's key in PEM; made if None.
        app_id: the App's id.
        app_slug: the App's name; its bot is "NAME[bot]".
        clock: the time, in seconds since 1970.
        strict: on leaving the `with`, raise if an answer contradicted GitHub's description (our mistake, not the client's).
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        webhook_url: str | None = None,
        webhook_secret: str = "a-secret-of-the-simulated-github",  # noqa: S107 - nothing real is signed with it
        private_key: str | None = None,
        app_id: int = 4711,
        app_slug: str = "scalability-bot",
        clock: Callable[[], float] = time.time,
        strict: bool = True,
    ) -> None:
        self.folder = folder
        self.private_key = private_key or generate_key()
        self.state = State(folder, clock)
        self.state.webhook_url, self.state.webhook_secret = webhook_url, webhook_secret
        self._strict = strict
        self._address = (host, port)
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self.app = self._register(app_id, app_slug, public_key(self.private_key))

    def _register(self, number: int, slug: str, key: str) -> App:
        owner = self.state.user("the-app-owner", "Organization")
        app = App(
            number,
            slug,
            owner,
            self.state.user(f"{slug}[bot]"),
            f"Iv23{number:016d}",
            [key],
            created_at=self.state.now(),
        )
        self.state.apps.append(app)
        return app

    # --- running -------------------------------------------------------------------------------------------------------------

    def start(self) -> "SimulatedGitHub":
        """Start to serve and to deliver.

        Raises:
            OSError: the port is taken.
        """
        host, port = self._address
        self._server = _Server(host, port, create(self.state))
        self.state.url = f"http://{host}:{self._server.port}"
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="simulated-github", daemon=True
            ),
            threading.Thread(target=self._deliver, name="simulated-github-webhooks", daemon=True),
        ]
        self._outbox = _Outbox(self._queue)
        self.state.outbox = self._outbox
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """End serving and delivering."""
        self._queue.put(None)
        self._server.end()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> "SimulatedGitHub":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._strict and kind is None and self.state.violations:
            raise AssertionError(
                "the simulated GitHub contradicted GitHub's description: " + "; ".join(self.state.violations)
            )

    # --- what a client needs ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of the API: PyGithub's `base_url`."""
        return f"{self.state.url}/api/v3"

    @property
    def git_url(self) -> str:
        """The address below which repositories are fetched: GIT_URL/OWNER/NAME.git, and pages are seen."""
        return self.state.url

    @property
    def app_id(self) -> int:
        """The id of the App."""
        return self.app.id

    @property
    def webhook_secret(self) -> str:
        """What webhooks are signed with."""
        return self.state.webhook_secret

    def page(self, pull: Pull) -> str:
        """Give the address of a pull request's page."""
        for found in self.state.repositories.values():
            if found.pulls.get(pull.number) is pull:
                return f"{self.state.url}/{found.full_name}/pull/{pull.number}"
        raise ValueError(f"pull request {pull.number} is of no repository here")

    def token(self, permissions: dict[str, str] | None = None, repositories: Sequence[str] | None = None) -> Token:
        """Mint an installation token without the detour over HTTP, narrowed as asked.

        Raises:
            Refusal: it asks for more than the first installation has.
        """
        asked: dict[str, Any] = {}
        if permissions is not None:
            asked["permissions"] = permissions
        if repositories is not None:
            asked["repositories"] = list(repositories)
        with self.state.lock:
            return mint(self.state, next(iter(self.state.installations.values())), asked)

    def personal_token(self, login: str, permissions: dict[str, str] | None = None) -> Token:
        """Give a user's personal access token for what the first installation covers, as Prow's bots have one.

        By default it may do what a classic token with the scope "repo" may: all but check runs, which only Apps write.
        """
        granted = permissions or {
            **dict.fromkeys(("contents", "issues", "pull_requests", "statuses"), "write"),
            "metadata": "read",
            "checks": "read",
        }
        with self.state.lock:
            installation = next(iter(self.state.installations.values()))
            token = Token(f"ghp_{secrets.token_hex(18)}", installation, granted, None, math.inf, self.state.user(login))
            self.state.tokens[token.value] = token
            return token

    @property
    def client_id(self) -> str:
        """By which the App is known where people sign in."""
        return self.app.client_id

    @property
    def client_secret(self) -> str:
        """With which the App says there that it is itself."""
        return oauth.client_secret(self.app, self.state.webhook_secret)

    # --- webhooks --------------------------------------------------------------------------------------------------------------

    @property
    def webhook_url(self) -> str | None:
        """Where webhooks go; None keeps them. It may be set at any time."""
        return self.state.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.state.webhook_url = url

    @property
    def deliveries(self) -> list[Delivery]:
        """Every attempt to deliver, oldest first; those not sent have the status "pending"."""
        with self.state.lock:
            return list(self.state.deliveries)

    def delivered(self) -> list[Delivery]:
        """Wait until nothing waits to be sent, and give every attempt."""
        self._queue.join()
        return self.deliveries

    def ping(self) -> Delivery:
        """Send the ping event, as when a hook is made."""
        state = self.state
        with state.lock:
            return self._send(compose(state, "ping", None, Forms(state).ping(), None, None))

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Deliver again, under the same guid."""
        with self.state.lock:
            return self._send(again(self.state, delivery))

    def _send(self, delivery: Delivery | None) -> Delivery:
        assert delivery is not None
        self.state.outbox.append(delivery)
        return delivery

    def _deliver(self) -> None:
        """Send what comes into the outbox, in order, until told to end."""
        while (delivery := self._queue.get()) is not None:
            try:
                if self.state.webhook_url is not None:
                    deliver(delivery, self.state.webhook_url)
            finally:
                self._queue.task_done()

    # --- the account and its repositories ----------------------------------------------------------------------------------------

    @property
    def faults(self) -> Faults:
        """Failures to act out: `github.faults.add(Fault(...))`."""
        return self.state.faults

    def install(
        self, owner: str, repositories: Sequence[str] | None = None, permissions: dict[str, str] | None = None
    ) -> Installation:
        """Install the App on an account, on all its repositories or on those named, and tell the receiver."""
        state = self.state
        with state.lock:
            account = state.user(owner, "Organization")
            chosen = None
            if repositories is not None:
                chosen = {state.repositories[f"{owner}/{name}".lower()].id for name in repositories}
            return registration.install(state, account, chosen, permissions)

    def repository(
        self, full_name: str, *, private: bool = False, default_branch: str = "master", installed: bool = True
    ) -> "SimulatedRepository":
        """Give a repository, made (with the App installed on its owner) if it is new.

        Args:
            full_name: "owner/name".
            private: whether it is one.
            default_branch: its name.
            installed: whether the App is installed there.
        """
        state = self.state
        with state.lock:
            found = state.repository(full_name)
            if found is None:
                owner, _, name = full_name.partition("/")
                git = BareRepository(self.folder / f"{owner}+{name}.git")
                git.create(default_branch)
                found = Repository(
                    state.id(), state.user(owner, "Organization"), name, git, state.now(), default_branch, private
                )
                state.repositories[full_name.lower()] = found
                if installed and state.installation_of(found) is None:
                    self.install(owner)
            return SimulatedRepository(state, found)


class _Outbox(list[Delivery]):
    """The state's outbox while a server runs: what is put into it is sent at once, in order."""

    def __init__(self, waiting: "queue.Queue[Delivery | None]") -> None:
        super().__init__()
        self._waiting = waiting

    def append(self, delivery: Delivery) -> None:
        """Have a delivery sent."""
        self._waiting.put(delivery)
