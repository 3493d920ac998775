"""The HTTP server: waitress, which gives a thread only to whole requests, and a deadline for them that is ours.

waitress closes connections that are silent; a client that sends a byte now and then it keeps for ever. Here a request,
headers and body together, has a deadline (Timers.request) from its first moment, whatever arrives meanwhile. When there
are too many connections the one that has been incomplete the longest goes, and when too many bytes are held the one that
brought most of them: whoever sends whole requests of the usual size is not kept out by those who do not.
"""

import contextlib
import logging
import resource
import socket
import threading
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]
from waitress.utilities import BadRequest  # type: ignore[import-untyped]

from bot.timers import DEFAULT, Timers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LARGEST_HEADERS = 16 * 1024
MOST_CONNECTIONS = 1_000
# Of bodies, all connections together, in memory: two and a half of GitHub's largest payloads.
MOST_HELD = 64 * 1024 * 1024
ENDING_SECONDS = 10.0
# Between two looks at the deadlines.
_TICK = 0.5

_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_MUCH = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Threads(ThreadedTaskDispatcher):  # type: ignore[misc] # waitress comes without types
    """Threads that answer whole requests; those that wait are no news for the log."""

    queue_logger = logging.getLogger(f"{__name__}.queue")

    def __init__(self, number: int) -> None:
        super().__init__()
        self.queue_logger.setLevel(logging.ERROR)
        self.set_thread_count(number)


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress' parser, for which a number of thousands of digits is an exception rather than a bad request."""

    def received(self, data: bytes) -> int:
        try:
            return int(super().received(data))
        except (ValueError, RecursionError):  # ValueError covers UnicodeError
            self.error = BadRequest("the request cannot be read")
            self.completed = True
            return len(data)


class _Connection(HTTPChannel):  # type: ignore[misc]
    """One client. since is when its unfinished request began (at first: when it connected), None between requests."""

    parser_class = _Parser
    server: "WebServer"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.since: float | None = time.monotonic()
        self.held = 0

    @property
    def is_answered(self) -> bool:
        """Say whether a whole request is here, so that the client is not what is waited for."""
        return bool(self.requests)

    def received(self, data: bytes) -> bool:
        """Take what came; a request begins with its first byte and is over when it is whole."""
        if self.since is None:
            self.since = time.monotonic()
        taken = bool(super().received(data))
        if self.request is None:
            self.since = None
        self._account()
        self.server.make_room()
        return taken

    def service(self) -> None:
        """Answer a request, in a thread."""
        super().service()
        self._account()

    def handle_close(self) -> None:
        """Let go of what the client sent."""
        super().handle_close()
        self._account()

    def dismiss(self, answer: bytes) -> None:
        """Send a last answer, as far as the client takes it at once, and close the connection."""
        with contextlib.suppress(OSError):
            self.socket.send(answer, socket.MSG_DONTWAIT)
        self.handle_close()

    def _account(self) -> None:
        with self.server.holding:
            requests = [*self.requests, self.request] if self.connected else []
            held = sum(each.body_bytes_received for each in requests if each is not None)
            self.server.held += held - self.held
            self.held = held


class WebServer(TcpWSGIServer):  # type: ignore[misc]
    """Listens on one address. beside are threads of their own for a few paths, so that these are answered whatever runs."""

    channel_class = _Connection

    def __init__(
        self,
        application: "WSGIApplication",
        sockets: dict[int, Any],
        *,
        host: str,
        port: int,
        largest_body: int,
        threads: Threads,
        timers: Timers = DEFAULT,
        beside: Threads | None = None,
        paths_beside: Collection[str] = (),
    ) -> None:
        adjustments = Adjustments(
            host=host,
            port=port,
            ident="scalability-bot",
            max_request_header_size=LARGEST_HEADERS,
            # waitress refuses what is as long as this, not what is longer.
            max_request_body_size=largest_body + 1,
            channel_timeout=timers.idle,
            cleanup_interval=_TICK,
            connection_limit=1 << 30,  # see handle_accept
            backlog=1024,
            recv_bytes=1 << 16,
            inbuf_overflow=largest_body + 1,  # nothing goes to the disk: see MOST_HELD
            log_socket_errors=False,
            clear_untrusted_proxy_headers=True,
        )
        self.held, self.holding = 0, threading.Lock()
        self._beside, self._paths_beside = beside or threads, frozenset(paths_beside)
        self._most = _most_connections()
        self._request_seconds = timers.request
        super().__init__(application, sockets, dispatcher=threads, adj=adjustments, sockinfo=adjustments.listen[0])

    def add_task(self, task: _Connection) -> None:
        """Have a whole request answered."""
        request = task.requests[0]
        chosen = self._beside if getattr(request, "path", "") in self._paths_beside else self.task_dispatcher
        chosen.add_task(task)

    def handle_accept(self) -> None:
        """Take a connection; when there are too many, another one makes room."""
        super().handle_accept()
        if len(self.active_channels) > self._most:
            waiting = [each for each in self.active_channels.values() if not each.is_answered]
            # First whoever has been in the middle of a request the longest, then whoever asks for nothing.
            oldest = min(waiting, key=lambda each: (each.since is None, each.since or each.last_activity), default=None)
            if oldest is not None:
                oldest.dismiss(_TOO_MUCH)

    def make_room(self) -> None:
        """Close the connection that brought the most, as long as more is held than may be."""
        while self.held > MOST_HELD:
            waiting = [each for each in self.active_channels.values() if not each.is_answered and each.held]
            if not waiting:
                return  # all of it is being answered
            max(waiting, key=lambda each: each.held).dismiss(_TOO_MUCH)

    def maintenance(self, now: float) -> None:
        """Close what is silent (waitress) and what is late."""
        super().maintenance(now)
        latest = time.monotonic() - self._request_seconds
        for connection in list(self.active_channels.values()):
            if connection.since is not None and connection.since < latest and not connection.is_answered:
                connection.dismiss(_TOO_LATE)

    @property
    def busy(self) -> bool:
        """Say whether a request is being answered, or an answer is not yet sent."""
        return any(each.is_answered or each.total_outbufs_len for each in list(self.active_channels.values()))

    def stop_listening(self) -> None:
        """Take no new connections, and close those on which nothing is asked."""
        self.accepting = False
        self.del_channel()
        self.socket.close()
        for each in list(self.active_channels.values()):
            if not each.is_answered and not each.total_outbufs_len:
                each.handle_close()


def run(servers: list[WebServer], sockets: dict[int, Any], stopped: Callable[[], bool]) -> None:
    """Serve until stopped() says so; then answer what is whole already, for at most ENDING_SECONDS."""
    while not stopped():
        _once(sockets)
    for server in servers:
        server.stop_listening()
    end = time.monotonic() + ENDING_SECONDS
    while any(server.busy for server in servers) and time.monotonic() < end:
        _once(sockets)


def _once(sockets: dict[int, Any]) -> None:
    wasyncore.loop(timeout=_TICK, use_poll=True, map=sockets, count=1)


def _most_connections() -> int:
    """Give how many clients one server takes: files may be fewer than MOST_CONNECTIONS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS + 100
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(10, min(MOST_CONNECTIONS, (soft - 100) // 2))
