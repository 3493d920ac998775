import contextlib
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from redis import Redis

from bot.app import LARGEST_BODY
from bot.serve import THREADS, serve
from bot.settings import Secret, Settings, SettingsError
from bot.web_server import LARGEST_HEADERS
from tests.bot.payloads import SECRET, pull_request, signed

SCRIPT = "import os; from bot.serve import serve; from bot.settings import Settings; serve(Settings.from_environment(os.environ))"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Receiver:
    process: subprocess.Popen[str]
    port: int
    metrics_port: int

    def get(self, path: str, port: int | None = None) -> tuple[int, str]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port or self.port)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


@contextlib.contextmanager
def receiver(redis_url: str) -> Iterator[Receiver]:
    port, metrics_port = free_port(), free_port()
    environment = {
        "WEBHOOK_SECRETS": SECRET,
        "GITHUB_APP_ID": "4711",
        "REPOSITORIES": "octo/*",
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "METRICS_PORT": str(metrics_port),
    }
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        try:
            for line in process.stderr:
                if "listening on" in line:
                    break
            yield Receiver(process, port, metrics_port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.stderr.read()


@pytest.fixture
def running(redis_url: str) -> Iterator[Receiver]:
    with receiver(redis_url) as running:
        yield running


def test_receiver_and_metrics_are_served_on_ports_of_their_own(running: Receiver, redis_connection: Redis) -> None:
    headers, body = signed("pull_request", pull_request())
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", running.port)) as connection:
        connection.request("POST", "/webhook", body, headers)
        assert connection.getresponse().status == 202
    assert redis_connection.llen("rq:queue:reviews") == 1
    assert running.get("/readyz")[0] == 200
    assert running.get("/metrics")[0] == 404
    status, page = running.get("/metrics", running.metrics_port)
    assert status == 200
    assert 'scalability_bot_deliveries_total{event="pull_request",outcome="queued"} 1.0' in page
    assert running.get("/rules", running.metrics_port)[0] == 404
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait() == 0


def status_of(running: Receiver, framing: str, pieces: Iterable[bytes], headers: dict[str, str]) -> int:
    """Post pieces of a body under a header that frames them, true or not, and give the answer's status, 0 for none."""
    lines = ["POST /webhook HTTP/1.1", "Host: x", framing, *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it need not read to the end
            connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        try:
            return int(connection.recv(12).removeprefix(b"HTTP/1.1 ") or b"0")
        except ConnectionResetError:
            return 0


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_the_length_of_a_body_may_be_absent_but_not_beyond_the_limit(running: Receiver) -> None:
    headers, body = signed("pull_request", pull_request())
    chunked = "Transfer-Encoding: chunked"
    assert status_of(running, chunked, [chunk(body[:10]), chunk(body[10:]), chunk(b"")], headers) == 202
    too_many = (chunk(b"x" * 65_536) for _ in range(LARGEST_BODY // 65_536 + 1))
    assert status_of(running, chunked, too_many, headers) in {0, 413}  # the answer may be lost on the way of the rest
    assert status_of(running, f"Content-Length: {LARGEST_BODY + 1}", [], headers) == 413


def test_a_length_that_lies_makes_no_delivery(running: Receiver) -> None:
    headers, body = signed("pull_request", pull_request())
    assert status_of(running, f"Content-Length: {len(body)}", [body], headers) == 202
    assert status_of(running, f"Content-Length: {len(body)}", [body[:-5]], headers) == 0, "it has not ended"
    assert status_of(running, f"Content-Length: {len(body) - 5}", [body], headers) == 401


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"POST http://[ HTTP/1.1\r\n\r\n", 400),
        (b"\x00\xff\r\n\r\n", 400),
        (b"POST /webhook HTTP/1.1\r\nX: " + b"x" * (LARGEST_HEADERS + 1) + b"\r\n\r\n", 431),
        (b"GET /%00%ff HTTP/1.1\r\n\r\n", 404),
        (b"POST /webhook HTTP/1.1\r\nX-GitHub-Event: \xff\r\nContent-Length: 0\r\n\r\n", 415),
    ],
)
def test_what_is_no_request_gets_4xx_and_no_trace(running: Receiver, head: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(head)
        assert int(connection.recv(12).split()[1]) == status
    running.process.send_signal(signal.SIGTERM)
    assert running.process.stderr
    assert "Traceback" not in running.process.stderr.read()


SLOW = {
    "headers": b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Half: ",
    "body": b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf",
    "chunks": b"POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
}


@pytest.mark.parametrize("part", SLOW)
def test_half_requests_keep_nobody_waiting(running: Receiver, part: str) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(4 * THREADS):
            stack.enter_context(socket.create_connection(("127.0.0.1", running.port))).sendall(SLOW[part])
        headers, body = signed("pull_request", pull_request())
        assert status_of(running, f"Content-Length: {len(body)}", [body], headers) == 202
        assert running.get("/healthz")[0] == running.get("/metrics", running.metrics_port)[0] == 200


def test_health_and_metrics_are_answered_while_all_else_waits_for_the_queue() -> None:
    with contextlib.ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=200))  # it accepts, and never answers
        running = stack.enter_context(receiver(f"redis://127.0.0.1:{deaf.getsockname()[1]}"))
        headers, body = signed("pull_request", pull_request())
        waiting = []
        for _ in range(3 * THREADS):
            connection = http.client.HTTPConnection("127.0.0.1", running.port)
            stack.callback(connection.close)
            connection.request("POST", "/webhook", body, headers)
            waiting.append(connection)
        assert running.get("/healthz")[0] == 200
        assert running.get("/metrics", running.metrics_port)[0] == 200
        assert {connection.getresponse().status for connection in waiting} == {503}


def settings(**changes: object) -> Settings:
    given = {
        "webhook_secrets": (Secret(SECRET),),
        "repositories": ("octo/*",),
        "redis_url": Secret("unix:///x"),
        "app_id": 4711,
        **changes,
    }
    return Settings(**given)  # type: ignore[arg-type]


def test_a_taken_port_is_one_sentence_with_the_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"^port {port} on 127.0.0.1 is taken: .* set PORT\.$"):
            serve(settings(port=port))
        with pytest.raises(SettingsError, match=rf"^port {port} on 127.0.0.1 is taken: .* set METRICS_PORT\.$"):
            serve(settings(port=free_port(), metrics_port=port))


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(SettingsError, match=r"cannot be listened on .*: check HOST and PORT"):
        serve(settings(host="192.0.2.1"))


def test_the_two_ports_differ() -> None:
    with pytest.raises(SettingsError, match="METRICS_PORT are both 8080"):
        serve(settings(port=8080, metrics_port=8080))
