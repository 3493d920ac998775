"""Settings: everything an operator decides, read from environment variables (documented in .env.example)."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

from analyzers.analysis.configuration import DEFAULT_CC, DEFAULT_LABEL
from bot.acceptance.thresholds import DEFAULT as DEFAULT_THRESHOLDS
from bot.acceptance.thresholds import Thresholds
from bot.timers import DEFAULT as DEFAULT_TIMERS
from bot.timers import Timers

PUBLIC_API = "https://api.github.com"
PUBLIC_GIT = "https://github.com"
API_VERSION = "2022-11-28"
# Where the jobs of prow.k8s.io leave their artifacts, and the pages that lead there.
RESULTS_HOSTS = ("storage.googleapis.com", "prow.k8s.io", "gcsweb.k8s.io")
RESULTS_BUCKET = "https://storage.googleapis.com/kubernetes-ci-logs"

# On one machine; a cluster may have any number.
MOST_WORKERS = 64

_Value = TypeVar("_Value")
_REPOSITORY_PATTERN = re.compile(r"[\w.*?\[\]!-]+/[\w.*?\[\]!-]+")


class SettingsError(ValueError):
    """A setting that is missing or cannot be used; one sentence that says which and what to write."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that reaches no log: only reveal() gives it."""

    _text: str

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decided. By default: github.com, this machine, and no repository.

    workers is how many processes serve the queue of reviews. job_timeout is in seconds, job_memory_mb and
    mirror_quota_mb in MiB. bot_login is the App's login ("slug[bot]"), None where GitHub must be asked for it.
    results_hosts are those that results of performance jobs may be read from, results_bucket is where jobs are looked
    for by name. resolve_threads: threads whose finding was fixed are resolved, for which the App needs contents: write.
    demote: when a rule is demoted in a repository. public_url has no slash at its end, None where the rules' pages are
    private.
    client_id and client_secret are the App's, with which people sign in to read reports; without them only those of public
    repositories are shown.
    """

    app_id: int | None = None
    private_key_file: Path | None = None
    private_key_text: Secret = Secret("")
    token_file: Path | None = None
    token_text: Secret = Secret("")
    webhook_secrets: tuple[Secret, ...] = ()
    github_api_url: str = PUBLIC_API
    github_git_url: str = PUBLIC_GIT
    redis_url: Secret = Secret("")
    repositories: tuple[str, ...] = ()
    mode: Literal["post", "shadow"] = "shadow"
    public_url: str | None = None
    client_id: str | None = None
    client_secret: Secret = Secret("")
    host: str = "127.0.0.1"
    port: int = 8080
    metrics_port: int = 8081
    data_dir: Path = Path("data")
    workers: int = 2
    deep_scan_label: str = DEFAULT_LABEL
    cc: tuple[str, ...] = (DEFAULT_CC,)
    mirror_quota_mb: int = 20_480
    job_timeout: int = 600
    job_memory_mb: int = 2_048
    bot_login: str | None = None
    log_format: Literal["text", "json"] = "text"
    results_hosts: tuple[str, ...] = RESULTS_HOSTS
    results_bucket: str = RESULTS_BUCKET
    resolve_threads: bool = False
    demote: Thresholds = DEFAULT_THRESHOLDS
    timers: Timers = DEFAULT_TIMERS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the variables of .env.example; an empty one counts as unset. SettingsError names the one that is wrong.

        What only some processes need (the App's key, the webhook's secrets) may be missing here: require_app and
        require_receiver say so where it is needed. No file is read.
        """
        read = _Reader(environ)
        api = read.one("GITHUB_API_URL", _server, PUBLIC_API)
        return cls(
            app_id=read.one("GITHUB_APP_ID", _positive, None),
            private_key_file=read.one("GITHUB_PRIVATE_KEY_FILE", lambda text: Path(text).expanduser(), None),
            private_key_text=read.one("GITHUB_PRIVATE_KEY", _pem, Secret("")),
            token_file=read.one("GITHUB_TOKEN_FILE", lambda text: Path(text).expanduser(), None),
            token_text=read.one("GITHUB_TOKEN", Secret, Secret("")),
            webhook_secrets=read.one("WEBHOOK_SECRETS", lambda text: tuple(map(Secret, _list(text))), ()),
            github_api_url=api,
            github_git_url=read.one("GITHUB_GIT_URL", _server, PUBLIC_GIT),
            redis_url=read.one("REDIS_URL", _redis, Secret("")),
            repositories=read.one("REPOSITORIES", _repositories, ("*/*",) if _is_loopback(api) else ()),
            mode=read.one("MODE", _mode, "shadow"),
            public_url=read.one("PUBLIC_URL", _page, None),
            client_id=read.one("CLIENT_ID", _client_id, None),
            client_secret=read.one("CLIENT_SECRET", Secret, Secret("")),
            host=read.one("HOST", str, "127.0.0.1"),
            port=read.one("PORT", _port, 8080),
            metrics_port=read.one("METRICS_PORT", _port, 8081),
            data_dir=read.one("DATA_DIR", lambda text: Path(text).expanduser(), Path("data")),
            workers=read.one("WORKERS", _workers, 2),
            deep_scan_label=read.one("DEEP_SCAN_LABEL", str, DEFAULT_LABEL),
            cc=read.one("CC", _handles, (DEFAULT_CC,)),
            mirror_quota_mb=read.one("MIRROR_QUOTA_MB", _positive, 20_480),
            job_timeout=read.one("JOB_TIMEOUT", _positive, 600),
            job_memory_mb=read.one("JOB_MEMORY_MB", _positive, 2_048),
            bot_login=read.one("BOT_LOGIN", str, None),
            log_format=read.one("LOG_FORMAT", _log_format, "text"),
            results_hosts=read.one("RESULTS_HOSTS", _hosts, RESULTS_HOSTS),
            results_bucket=read.one("RESULTS_BUCKET", _bucket, RESULTS_BUCKET),
            resolve_threads=read.one("RESOLVE_THREADS", _yes, False),
            demote=Thresholds(
                after=read.one("DEMOTE_AFTER", _whole, DEFAULT_THRESHOLDS.after),
                addressed=read.one("DEMOTE_ADDRESSED", _per_cent, DEFAULT_THRESHOLDS.addressed),
                wrong=read.one("DEMOTE_WRONG", _per_cent, DEFAULT_THRESHOLDS.wrong),
            ),
            timers=read.one("TIMERS", Timers.parse, DEFAULT_TIMERS),
        )

    @property
    def analysis_timeout(self) -> int:
        """The seconds that one analysis may take: less than its job, so that the parser ends it and its reason is known."""
        return max(1, self.job_timeout * 2 // 5)

    @property
    def fetch_timeout(self) -> int:
        """The seconds that one fetch may take; with an analysis, some of the job's time is left for GitHub."""
        return max(1, self.job_timeout // 3)

    @property
    def has_credentials(self) -> bool:
        """Say whether an App or an account is configured (without one, `scalability-bot run` starts the sandbox)."""
        return (self.app_id is not None and bool(self.private_key_file or self.private_key_text)) or self.has_token

    @property
    def has_token(self) -> bool:
        """Say whether the bot is an account with a token (as Prow's are) rather than an App."""
        return self.app_id is None and bool(self.token_file or self.token_text)

    @property
    def is_sandbox(self) -> bool:
        """Say whether GitHub is a simulated one on this machine."""
        return _is_loopback(self.github_api_url)

    def require_identity(self) -> None:
        """Raise SettingsError unless there is what it takes to speak to GitHub: an App, or an account's token."""
        if not self.has_token:
            self.require_app()

    def require_app(self) -> None:
        """Raise SettingsError unless there is what it takes to speak to GitHub as the App."""
        if self.app_id is None:
            raise SettingsError(
                "GITHUB_APP_ID is not set: write the App's numeric id there (its settings page shows it)."
            )
        if not self.private_key_file and not self.private_key_text:
            raise SettingsError(
                "GITHUB_PRIVATE_KEY_FILE is not set: name the file with the App's private key there, "
                "or put the key itself into GITHUB_PRIVATE_KEY."
            )

    def require_receiver(self) -> None:
        """Raise SettingsError unless there is what it takes to receive webhooks."""
        if not self.webhook_secrets:
            raise SettingsError(
                "WEBHOOK_SECRETS is not set: write the App's webhook secret there (several: with commas, newest first)."
            )
        if not self.repositories:
            raise SettingsError(
                "REPOSITORIES is not set: write whom the bot serves there, such as kubernetes/* (several: with commas)."
            )
        self.require_redis()
        self._require_sign_in()
        if self.app_id is None and not self.bot_login:  # an account's token is the workers' alone
            raise SettingsError(
                "GITHUB_APP_ID is not set: write the App's numeric id there (by it, a re-run of its check is known), "
                "or the account's name into BOT_LOGIN where the bot is no App."
            )

    def _require_sign_in(self) -> None:
        if bool(self.client_id) != bool(self.client_secret):
            missing = "CLIENT_SECRET" if self.client_id else "CLIENT_ID"
            raise SettingsError(
                f"{missing} is not set: people sign in with both of the App's CLIENT_ID and CLIENT_SECRET, or with neither."
            )
        if self.client_id and not self.public_url:
            raise SettingsError(
                "PUBLIC_URL is not set: write the address there to which GitHub sends people who signed in (CLIENT_ID is set)."
            )

    def require_redis(self) -> None:
        """Raise SettingsError unless there is a queue."""
        if not self.redis_url:
            raise SettingsError(
                "REDIS_URL is not set: write the queue's address there, for example redis://127.0.0.1:6379/0."
            )

    def token(self) -> Secret:
        """Read the account's token: call it where it is sent, and keep no copy."""
        if not self.token_file:
            return self.token_text
        try:
            text = self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no plain text"
            raise SettingsError(
                f"the token {self.token_file} cannot be read: {reason}; check GITHUB_TOKEN_FILE."
            ) from None
        if not re.fullmatch(r"[A-Za-z0-9_.-]{10,255}", text):
            raise SettingsError(f"{self.token_file} holds no token of GitHub's; check GITHUB_TOKEN_FILE.")
        return Secret(text)

    def private_key(self) -> Secret:
        """Read the App's private key (PEM): call it only where tokens are minted, and keep no copy."""
        self.require_app()
        if not self.private_key_file:
            return self.private_key_text
        try:
            text = self.private_key_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no PEM text"
            raise SettingsError(
                f"the private key {self.private_key_file} cannot be read: {reason}; check GITHUB_PRIVATE_KEY_FILE."
            ) from None
        if "PRIVATE KEY" not in text:
            raise SettingsError(
                f"{self.private_key_file} holds no private key in PEM form; check GITHUB_PRIVATE_KEY_FILE."
            )
        return Secret(text)

    def serves(self, repository: str) -> bool:
        """Say whether REPOSITORIES covers "owner/name" (GitHub's names ignore case)."""
        owner, slash, name = repository.lower().partition("/")
        return bool(slash) and any(
            fnmatchcase(owner, pattern_owner) and fnmatchcase(name, pattern_name)
            for pattern_owner, _, pattern_name in (pattern.lower().partition("/") for pattern in self.repositories)
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    environ: Mapping[str, str]

    def one(self, name: str, parse: Callable[[str], _Value], default: _Value) -> _Value:
        text = self.environ.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except (
            ValueError
        ) as error:  # the parsers below say what to write; they never repeat a value that may be a secret
            raise SettingsError(f"{name} cannot be used: {error}.") from None


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _positive(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) == 0:
        raise ValueError("write a whole number above 0")
    return int(text)


def _workers(text: str) -> int:
    # Each has a parser process, and may have JOB_MEMORY_MB.
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= MOST_WORKERS:
        raise ValueError(f"write how many processes review, 1 to {MOST_WORKERS}")
    return int(text)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError("write a whole number, 0 or more")
    return int(text)


def _per_cent(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:
        raise ValueError("write a whole number of per cent, 0 to 100")
    return int(text)


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65_535:
        raise ValueError("write a port, 1 to 65535 (0 takes a free one)")
    return int(text)


def _yes(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError("write 1 or 0")
    return text == "1"


def _mode(text: str) -> Literal["post", "shadow"]:
    # Whatever is not the one word that lets it write only watches.
    return "post" if text == "post" else "shadow"


def _log_format(text: str) -> Literal["text", "json"]:
    if text == "text":
        return "text"
    if text == "json":
        return "json"
    raise ValueError("write text or json")


def _pem(text: str) -> Secret:
    key = text.replace("\\n", "\n")  # a PEM in one line of an .env file
    if "PRIVATE KEY" not in key:
        raise ValueError("write the private key in PEM form, or name its file in GITHUB_PRIVATE_KEY_FILE")
    return Secret(key)


def _redis(text: str) -> Secret:
    if _split(text).scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("write an address such as redis://127.0.0.1:6379/0 (or rediss://, unix://)")
    return Secret(text)


def _server(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.password or parts.query:
        raise ValueError("write an address such as https://github.example.com, without a user, password or query")
    if parts.scheme == "http" and not _is_loopback(text):
        raise ValueError("http:// is for this machine only (127.0.0.1); write https://")
    return text.rstrip("/")


def _page(text: str) -> str:
    parts = _split(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or re.search(r"[\s()<>\"'`]", text):
        raise ValueError("write the address under which people reach /rules, such as https://bot.example.com")
    return text.rstrip("/")


def _client_id(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{4,100}", text):
        raise ValueError("write the App's client id, such as Iv23liAbCdEfGhIjKlMn (its settings page shows it)")
    return text


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # it is checked when it is read
    except ValueError:  # its text repeats parts of the address, among them a password
        raise ValueError("it is no address; a password's special characters are written as %40 and the like") from None
    return parts


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _repositories(text: str) -> tuple[str, ...]:
    patterns = tuple(_list(text))
    for pattern in patterns:
        if not _REPOSITORY_PATTERN.fullmatch(pattern):
            raise ValueError(f"{pattern!r} is no pattern of repositories; write owner/name, for example kubernetes/*")
    return patterns


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(_list(text.lower()))
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9.-]+(:[0-9]{1,5})?", host):
            raise ValueError(f"{host!r} is no host; write names such as storage.googleapis.com, without https://")
    return hosts


def _bucket(text: str) -> str:
    parts = _split(text)
    if parts.scheme != "https" or not parts.hostname or not re.fullmatch(r"/[a-z0-9][a-z0-9._-]+/?", parts.path):
        raise ValueError("write the bucket's address, such as https://storage.googleapis.com/kubernetes-ci-logs")
    return text.rstrip("/")


def _handles(text: str) -> tuple[str, ...]:
    handles = tuple(_list(text))
    for handle in handles:
        if not re.fullmatch(r"@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?", handle):
            raise ValueError(f"{handle!r} is no person or team; write @name or @organisation/team")
    return handles
