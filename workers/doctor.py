"""scalability-bot doctor: what the bot needs, looked at one by one before it is trusted with anything."""

import argparse
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from github.Auth import AppAuth
from jwt import InvalidKeyError
from redis import RedisError

from bot import github_calls
from bot.bot_account import BotAccount
from bot.github_calls import GitHubError
from bot.queue import connect
from bot.settings import Settings, SettingsError
from workers import app_manifest, confinement, environment, git, hook
from workers.command_line import CannotRun
from workers.findings import Finding
from workers.mirror import Mirrors

# GIT_CONFIG_COUNT, through which git is given its token, is there since 2.31 (git's release notes).
OLDEST_GIT = (2, 31)
# GitHub takes a JSON Web Token that begins up to a minute in the future (its documentation advises a minute's allowance).
LARGEST_SKEW = 30.0
_LEVELS = {"read": 1, "write": 2, "admin": 3}
_MANIFEST = app_manifest.NAME


Check = Callable[[Settings], Iterator[Finding]]


def check_git(settings: Settings) -> Iterator[Finding]:
    """Look for a git that is new enough."""
    try:
        said = subprocess.run(
            ["git", "--version"], env=git.environment(), capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        yield Finding("git", False, "not found: install it (Debian, Ubuntu: apt install git)")
        return
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    wanted = ".".join(map(str, OLDEST_GIT))
    yield Finding(
        "git", version >= OLDEST_GIT, said.strip() + ("" if version >= OLDEST_GIT else f": {wanted} or newer is needed")
    )


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Look whether the data folder can be written, and has room for the mirrors' quota."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        yield Finding("disk", False, f"{folder} cannot be written ({error.strerror}): set DATA_DIR")
        return
    free = shutil.disk_usage(folder).free / (1 << 20)
    taken = Mirrors(folder / "mirrors", settings.github_git_url, settings.mirror_quota_mb).size_mb()
    room = free + taken >= settings.mirror_quota_mb
    seen = f"{folder} has {free:,.0f} MiB free; mirrors take {taken:,.0f} of their quota of {settings.mirror_quota_mb:,} MiB"
    yield Finding("disk", room, seen + ("" if room else ": make room or lower MIRROR_QUOTA_MB"))


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Look whether the queue answers, writes each job down, and forgets none."""
    try:
        url = environment.redis_url(settings)
    except SettingsError as error:
        yield Finding("redis", False, str(error))
        return
    try:
        with connect(url) as connection:
            server = connection.info("server")
            persistence, memory = connection.info("persistence"), connection.info("memory")
    except RedisError as error:
        yield Finding("redis", False, f"it does not answer ({error}): check REDIS_URL")
        return
    name = "Valkey" if "valkey_version" in server else "Redis"
    yield Finding("redis", True, f"{name} {server.get('valkey_version') or server['redis_version']} answers")
    kept = bool(persistence["aof_enabled"])
    advice = "off: a restart loses what waits; set appendonly yes"
    yield Finding("redis: append-only file", kept, "on" if kept else advice)
    policy = memory["maxmemory_policy"]
    full = policy == "noeviction"
    advice = f"{policy}: a full server would forget jobs; set maxmemory-policy noeviction"
    yield Finding("redis: eviction", full, policy if full else advice)


def check_app(settings: Settings) -> Iterator[Finding]:
    """Look whether GitHub knows the App, the clocks agree, and it may do what app.yml asks for."""
    if settings.has_token:
        yield from _check_account(settings)
        return
    try:
        key = settings.private_key()
    except SettingsError as error:
        yield Finding("app", False, str(error))
        return
    assert settings.app_id is not None
    try:
        with github_calls.client(
            settings.github_api_url, AppAuth(settings.app_id, key.reveal()), github_calls.READING, settings.timers
        ) as client:
            headers, app = github_calls.called(lambda: client.requester.requestJsonAndCheck("GET", "/app"))
            asked = time.time()
            listed = github_calls.called(lambda: github_calls.listed(client.requester, "/app/installations"))
    except InvalidKeyError:
        yield Finding("app", False, "the private key is no RSA key in PEM form: check GITHUB_PRIVATE_KEY_FILE")
        return
    except GitHubError as error:
        yield Finding("app", False, f"{error}: check GITHUB_APP_ID, the key, GITHUB_API_URL, and this machine's clock")
        return
    yield Finding("app", True, f"GitHub knows it as {app['slug']}")
    yield compare_clocks(headers, asked)
    manifest = app_manifest.read()
    if manifest is None:
        yield Finding(
            "app: permissions", False, f"{_MANIFEST} was not found beside the program: run this in the project's folder"
        )
        return
    wanted, events = manifest["default_permissions"], set(manifest["default_events"])
    yield _permissions("app: permissions", wanted, app["permissions"])
    missing = sorted(events - set(app["events"]))
    yield Finding(
        "app: events", not missing, f"not subscribed to {', '.join(missing)}" if missing else "all subscribed"
    )
    for each in listed:
        account = each["account"]["login"]
        if each.get("suspended_at"):
            yield Finding(f"installation {account}", False, "it is suspended: its owner can lift that")
        else:
            yield _permissions(f"installation {account}", wanted, each["permissions"])
    if not listed:
        yield Finding("installations", False, "none: install the App where it should serve")


def _check_account(settings: Settings) -> Iterator[Finding]:
    try:
        account = BotAccount(settings)
        headers, who = account.account()
        asked = time.time()
    except (SettingsError, GitHubError) as error:
        yield Finding("account", False, f"{error}: check GITHUB_TOKEN_FILE and GITHUB_API_URL")
        return
    login = str(who["login"])
    yield Finding("account", True, f"GitHub knows it as {login}; commit statuses take the place of check runs")
    yield compare_clocks(headers, asked)
    # The receiver has no token to ask with, and must know the bot's own comments.
    named = settings.bot_login == login
    yield Finding("account: login", named, login if named else f"BOT_LOGIN is not set to {login}: write it there")


def check_hook(settings: Settings) -> Iterator[Finding]:
    """Look whether webhooks arrive: where they go, and what became of one that GitHub is asked to send again."""
    if settings.has_token:
        yield Finding(
            "webhooks", True, "Prow's hook forwards them: deploy/prow/plugins.yaml; its deck shows the deliveries"
        )
        return
    try:
        with github_calls.client(
            settings.github_api_url,
            AppAuth(settings.app_id or 0, settings.private_key().reveal()),
            github_calls.READING,
            settings.timers,
        ) as client:
            yield from hook.look(client.requester, settings)
    except (SettingsError, InvalidKeyError):
        return  # check_app has said so
    except GitHubError as error:
        yield Finding("webhooks", False, f"{error}: the App's settings page lists its deliveries under Advanced")


def compare_clocks(headers: Mapping[str, Any], asked: float) -> Finding:
    """Compare this machine's clock (seconds since 1970, when GitHub was asked) with the date in GitHub's answer."""
    date = headers.get("date")
    if not date:
        return Finding("clock", False, "GitHub's answer bears no date to compare it with")
    skew = asked - parsedate_to_datetime(date).timestamp()
    well = abs(skew) <= LARGEST_SKEW
    seen = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} GitHub's"
    return Finding("clock", well, seen + ("" if well else ": GitHub will refuse the App's tokens; set it by NTP"))


def check_receiver(settings: Settings) -> Iterator[Finding]:
    """Look for what it takes to receive webhooks, as far as it is set here."""
    try:
        settings.require_receiver()
    except SettingsError as error:
        yield Finding("receiver", False, str(error))
        return
    short = sum(len(secret.reveal()) < 16 for secret in settings.webhook_secrets)
    served = f"serves {', '.join(settings.repositories)} in mode {settings.mode}"
    yield Finding(
        "receiver", not short, "a webhook secret has fewer than 16 characters: make a longer one" if short else served
    )


def check_parser(settings: Settings) -> Iterator[Finding]:
    """Look how well the process that reads code under review is kept from everything else."""
    # What a kernel lacks is worth knowing, and nothing that stops the bot.
    seen = confinement.missing() or f"kept to its files by Landlock (version {confinement.version()}) and seccomp"
    yield Finding("parser", True, seen)


CHECKS: tuple[Check, ...] = (check_git, check_disk, check_redis, check_app, check_receiver, check_parser, check_hook)


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    subparsers.add_parser(
        "doctor",
        help="check credentials, Redis, disk, git, clock and webhooks",
        description="Look at what the bot needs, a line each: git, disk, Redis, the GitHub App and its permissions,\n"
        "the clock, and whether a webhook that GitHub sends again arrives.",
        epilog="example:\n  scalability-bot doctor\n\nexit status: 0 all is well, 1 something is not, 2 could not run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def main(args: argparse.Namespace) -> int:
    """Look at everything; give 1 if something is not well."""
    try:
        settings = environment.settings()
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    well = True
    for check in CHECKS:
        for finding in check(settings):
            print(f"{'ok  ' if finding.well else 'FAIL'} {finding.what}: {finding.seen.removesuffix('.')}", flush=True)
            well = well and finding.well
    return 0 if well else 1


def _permissions(what: str, wanted: Mapping[str, str], given: Mapping[str, str]) -> Finding:
    missing = [
        f"{name}: {level}" for name, level in wanted.items() if _LEVELS.get(given.get(name, ""), 0) < _LEVELS[level]
    ]
    if missing:
        return Finding(
            what,
            False,
            f"missing {', '.join(missing)}: change them in the App's settings and accept them where it is installed",
        )
    more = [
        f"{name}: {level}"
        for name, level in given.items()
        if _LEVELS.get(level, 0) > _LEVELS.get(wanted.get(name, ""), 0)
    ]
    return Finding(what, True, f"as in {_MANIFEST}" + (f", and more than it needs: {', '.join(more)}" if more else ""))
