"""git against a remote: with a token that stays out of sight, and bounded in time and size."""

import base64
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bot.settings import Secret
from workers import git, limits
from workers.git import GitError

TIMEOUT = 200.0
# Against a hostile or broken remote: objects are checked as they come, nothing is redirected, nothing stalls for ever.
# What fsck only warns of is old and harmless, and stands in the trees and commits of many Go projects.
_FETCH_OPTIONS = (
    "transfer.fsckObjects=true",
    "fetch.fsck.zeroPaddedFilemode=warn",
    "fetch.fsck.missingSpaceBeforeDate=warn",
    "fetch.fsck.missingSpaceBeforeEmail=warn",
    "fetch.fsck.badTimezone=warn",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "credential.helper=",
    "core.askPass=",
    "gc.auto=0",
    "maintenance.auto=false",
)
# How this machine reaches the network, where that is not the direct way.
_NETWORK = (
    "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
)  # fmt: skip


class CommitGone(GitError):
    """The remote has no such commit: not any more, or not yet on the server that was asked."""


class RemoteRefused(GitError):
    """The remote does not let this token read the repository, or there is no such repository."""


class TooMuch(GitError):
    """What was to be fetched takes more than it may, and would the next time."""


class OverQuota(TooMuch):
    """What was to be fetched is larger than the room that was given."""


class TooLong(TooMuch):
    """What was to be fetched took longer than it may."""


class Remote:
    """GitHub as git sees it: url is its address ("https://github.com"), https, or http for a simulated one on this machine.

    timeout is for one fetch, in seconds.
    """

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or parts.username or parts.password:
            raise ValueError(
                f"{parts.scheme}://{parts.hostname} is no address to fetch from: https:// is wanted, without a user"
            )
        self._url = url.rstrip("/")
        self._protocol = parts.scheme
        self._timeout = timeout

    def fetch(self, folder: Path, repository: str, wanted: Mapping[str, str], token: Secret, largest_mb: int) -> None:
        """Fetch commits of "owner/name", without their history, into a bare repository; wanted says by which ref each is kept.

        CommitGone, RemoteRefused, OverQuota, TooLong, or another GitError; after any, the repository is as it was, but for files
        that are named tmp_*. No file of it grows beyond largest_mb (MiB).
        """
        options = [word for option in _FETCH_OPTIONS for word in ("-c", option)]
        flags = (
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
        )
        refs = [f"{commit}:{ref}" for commit, ref in wanted.items()]
        command = [
            "git",
            *git.OPTIONS,
            *options,
            f"--git-dir={folder}",
            "fetch",
            *flags,
            f"{self._url}/{repository}",
            *refs,
        ]
        _run(command, self._environment(token), largest_mb, self._timeout)

    def _environment(self, token: Secret) -> dict[str, str]:
        """Give git's environment with the token in it: unlike arguments, only this user and root can read it, while git runs."""
        credential = base64.b64encode(f"x-access-token:{token.reveal()}".encode()).decode()
        return {
            **git.environment(),
            **_authorities(),
            **{name: os.environ[name] for name in _NETWORK if name in os.environ},
            "GIT_ALLOW_PROTOCOL": self._protocol,
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self._url}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {credential}",
        }


def _authorities() -> dict[str, str]:
    # The certificate authorities that PyGithub's requests trusts: git has a variable of its own for them.
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    return {"GIT_SSL_CAINFO": bundle} if bundle else {}


def _run(command: Sequence[str], environment: Mapping[str, str], largest_mb: int, timeout: float) -> None:
    """Run git in a process group of its own, which is ended whole when the time is over or this process is."""
    parent = os.getpid()

    def prepare() -> None:
        limits.die_with_parent(parent)
        limits.restrict(file_mb=largest_mb)

    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=prepare,  # noqa: PLW1509 - a work horse has one thread, and prepare() takes no lock
        )
    except FileNotFoundError as error:
        raise GitError("git was not found: install git and try again") from error
    with process:
        try:
            _, errors = process.communicate(timeout=timeout)
        except BaseException as error:
            # Whatever ends the waiting (a time-out, the job's own limit): git ends, with what it started itself.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TooLong(f"git fetch took longer than {timeout:.0f} s and was ended") from None
            raise
    if process.returncode:
        raise _error(errors.decode("utf-8", "replace"), process.returncode)


def _error(said: str, status: int) -> GitError:
    reasons = [
        line for line in said.splitlines() if line.startswith(("fatal:", "error:", "remote:"))
    ] or said.splitlines()
    reason = re.sub(r"[\x00-\x1f\x7f]", " ", "; ".join(reasons))[:300] or f"exit status {status}"
    if -status == signal.SIGXFSZ or "signal 25" in said:
        return OverQuota("git fetch failed: it is larger than the room that is left for it")
    sentence = f"git fetch failed: {reason}"
    if re.search(r"not our ref|unadvertised object|couldn't find remote ref", said):
        return CommitGone(sentence)
    if re.search(
        r"Authentication failed|could not read Username|returned error: (401|403|404)|[Rr]epository .*not found", said
    ):
        return RemoteRefused(sentence)
    return GitError(sentence)
