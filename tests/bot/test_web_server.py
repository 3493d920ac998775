"""The deadline and the limits of connections, in this process and with a clock of seconds that are none."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bot import web_server
from bot.timers import Timers
from bot.web_server import Threads, WebServer
from tests.end_to_end.conftest import eventually

ANSWER = b"HTTP/1.1 200 OK"
LARGEST = 10_000


def application(environ: Any, start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(web_server, "_TICK", 0.01)
    sockets: dict[int, Any] = {}
    made = WebServer(
        application,
        sockets,
        host="127.0.0.1",
        port=0,
        largest_body=LARGEST,
        threads=Threads(2),
        timers=Timers(request=0.3),
    )
    stopped = threading.Event()
    thread = threading.Thread(target=web_server.run, args=([made], sockets, stopped.is_set))
    thread.start()
    yield made
    stopped.set()
    thread.join()
    for each in list(sockets.values()):
        each.close()


@contextlib.contextmanager
def connected(server: WebServer, *sent: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(server.effective_port)), timeout=60) as connection:
        for each in sent:
            connection.sendall(each)
        yield connection


def to_the_end(connection: socket.socket) -> bytes:
    parts = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            parts += part
    return parts


def answer(connection: socket.socket) -> bytes:
    """Read one answer, whose body is as long as its header says."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(1 << 16)
    head, _, body = text.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split()[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head + body


@pytest.mark.parametrize(
    "half", [b"", b"POST /", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", b"POST / HTTP/1.1\r\nX: y\r\n"]
)
def test_a_request_that_does_not_end_is_ended(server: WebServer, half: bytes) -> None:
    with connected(server, half) as connection:
        assert to_the_end(connection).startswith(b"HTTP/1.1 408")
    eventually(lambda: server.held == 0, "its bytes to be let go")


def test_dripping_does_not_move_the_deadline(server: WebServer) -> None:
    with connected(server, b"POST / HTTP/1.1\r\nContent-Length: 9000\r\n") as connection:
        connection.sendall(b"\r\n")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 8_999:
                connection.sendall(b"x")
                sent += 1
                time.sleep(0.01)  # the drip itself
        assert sent < 8_999


def test_each_request_of_a_connection_has_its_own_deadline(server: WebServer) -> None:
    with connected(server) as connection:
        for _ in range(2):
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab")
            assert answer(connection).startswith(ANSWER)
            (channel,) = server.active_channels.values()
            assert channel.since is None, "between two requests nothing is late"
        connection.sendall(b"POST / HTTP/1.1\r\n")
        assert to_the_end(connection).startswith(b"HTTP/1.1 408")


def test_the_longest_incomplete_one_makes_room(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_request_seconds", 3600.0)
    server._most = 3
    with contextlib.ExitStack() as stack:
        half = [stack.enter_context(connected(server, b"POST / HTTP/1.1\r\n")) for _ in range(3)]
        with connected(server, b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab") as whole:
            assert answer(whole).startswith(ANSWER)
        assert to_the_end(half[0]).startswith(b"HTTP/1.1 503")
        half[2].sendall(b"Content-Length: 0\r\n\r\n")
        assert answer(half[2]).startswith(ANSWER)


def test_who_holds_the_most_makes_room(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_request_seconds", 3600.0)
    monkeypatch.setattr(web_server, "MOST_HELD", 15_000)
    header = b"POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n"
    with contextlib.ExitStack() as stack:
        greedy, modest, third = (
            stack.enter_context(connected(server, header, b"x" * size)) for size in (9_000, 3_000, 5_000)
        )
        assert to_the_end(greedy).startswith(b"HTTP/1.1 503")
        for connection, rest in ((third, 4_999), (modest, 6_999)):
            connection.sendall(b"x" * rest)
            assert answer(connection).startswith(ANSWER)
    with connected(server, b"GET / HTTP/1.0\r\n\r\n") as last:
        to_the_end(last)
    eventually(lambda: server.held == 0, "its bytes to be let go")


def test_what_is_whole_when_it_stops_is_still_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, stopped = threading.Event(), threading.Event(), threading.Event()

    def slow(environ: Any, start_response: Any) -> list[bytes]:
        begun.set()
        go_on.wait(60)
        return application(environ, start_response)

    sockets: dict[int, Any] = {}
    made = WebServer(slow, sockets, host="127.0.0.1", port=0, largest_body=LARGEST, threads=Threads(1))
    thread = threading.Thread(target=web_server.run, args=([made], sockets, stopped.is_set))
    thread.start()
    with connected(made, b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab") as connection:
        begun.wait(60)
        stopped.set()
        go_on.set()
        assert answer(connection).endswith(b"ab")
        thread.join(60)
        assert not thread.is_alive()
