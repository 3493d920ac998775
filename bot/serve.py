"""serve: the receiver under gunicorn, and its metrics on a port of their own."""

import errno
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from bot import logs, operator_pages
from bot.app import create_app
from bot.settings import Settings, SettingsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 16


def serve(settings: Settings) -> None:
    """Serve until a signal ends the process; it does not return. SettingsError if a setting is missing or a port taken.

    One process with threads: it takes hundreds of deliveries a second, where GitHub sends a few, and its counters need
    no files. It belongs behind a proxy that ends TLS and buffers slow clients.
    """
    settings.require_receiver()
    if settings.port == settings.metrics_port:
        raise SettingsError(f"PORT and METRICS_PORT are both {settings.port}: /metrics needs a port of its own.")
    for name, port in (("PORT", settings.port), ("METRICS_PORT", settings.metrics_port)):
        _try_port(name, settings.host, port)
    logs.configure(settings.log_format)
    _Receiver(settings).run()


def application(settings: Settings) -> "WSGIApplication":
    """Give the WSGI application of both ports: which one was asked tells the receiver from the metrics."""
    receiver = create_app(settings)
    internal = operator_pages.create(settings, receiver.extensions["queues"], receiver.extensions["metrics"].registry)
    metrics_port = str(settings.metrics_port)

    def both(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        # The port comes from the socket, not from the client.
        return (internal if environ["SERVER_PORT"] == metrics_port else receiver)(environ, start_response)

    return both


class _Receiver(BaseApplication):  # type: ignore[misc] # gunicorn comes without types
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        options: dict[str, Any] = {
            "bind": [f"{host}:{self._settings.port}", f"{host}:{self._settings.metrics_port}"],
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 30,
            "graceful_timeout": 10,
            "keepalive": 5,
            "control_socket_disable": True,
            # gunicorn's heartbeat is a file: in memory where there is one, since the image's root is read only.
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108
            "proc_name": "scalability-bot receiver",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        return application(self._settings)


def _try_port(name: str, host: str, port: int) -> None:
    # gunicorn itself tries five times and then exits with a page of text.
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
