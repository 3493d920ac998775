"""serve: the receiver on one port, its metrics on another, in one process."""

import contextlib
import errno
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from bot import logs, operator_pages
from bot.app import LARGEST_BODY, create_app
from bot.settings import Settings, SettingsError
from bot.web_server import Threads, WebServer, run

if TYPE_CHECKING:
    pass

THREADS = 16
# For health and metrics, which are answered also while all others wait for a queue that hangs.
THREADS_BESIDE = 3

_log = logging.getLogger(__name__)


def serve(settings: Settings) -> None:
    """Serve until a signal ends the process. SettingsError if a setting is missing or a port taken.

    One process with threads: it takes hundreds of deliveries a second, where GitHub sends a few, and its counters need
    no files. It belongs behind a proxy that ends TLS.
    """
    settings.require_receiver()
    if settings.port == settings.metrics_port:
        raise SettingsError(f"PORT and METRICS_PORT are both {settings.port}: /metrics needs a port of its own.")
    for name, port in (("PORT", settings.port), ("METRICS_PORT", settings.metrics_port)):
        _try_port(name, settings.host, port)
    logs.configure(settings.log_format)
    receiver = create_app(settings)
    internal = operator_pages.create(settings, receiver.extensions["queues"], receiver.extensions["metrics"].registry)
    sockets: dict[int, Any] = {}
    beside = Threads(THREADS_BESIDE)
    servers = [
        WebServer(
            receiver,
            sockets,
            host=settings.host,
            port=settings.port,
            largest_body=LARGEST_BODY,
            threads=Threads(THREADS),
            timers=settings.timers,
            beside=beside,
            paths_beside={"/healthz", "/readyz"},
        ),
        WebServer(
            internal,
            sockets,
            host=settings.host,
            port=settings.metrics_port,
            largest_body=operator_pages.LARGEST_FORM,
            threads=beside,
            timers=settings.timers,
        ),
    ]
    with _told_to_stop() as stopped:
        _log.info("listening on %s, port %d; metrics on port %d", settings.host, settings.port, settings.metrics_port)
        run(servers, sockets, stopped.is_set)


@contextlib.contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Give what is set by the signals that end a process."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _try_port(name: str, host: str, port: int) -> None:
    # What is known before the servers are made is said in a sentence.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(f"port {port} on {host} is taken: end what listens there or set {name}.") from None
            reason = error.strerror or str(error)
            raise SettingsError(f"{host}:{port} cannot be listened on ({reason}): check HOST and {name}.") from None
