"""BotAccount: a person's account with a token, as Prow's bots are, in place of a GitHub App.

What it cannot do: write check runs (only Apps can), so commit statuses take their place; open one repository at a time;
see which webhooks failed (they are the hook's owner's, Prow's).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from github.Auth import Token

from bot import github_calls
from bot.github_app import App, FailedDelivery, Installed
from bot.settings import Settings


class BotAccount:
    """The account that a personal access token belongs to; in the same words as bot.github_app.App."""

    writes_check_runs = False

    def __init__(self, settings: Settings) -> None:
        settings.require_identity()
        self.settings = settings

    @cached_property
    def login(self) -> str:
        """The name under which the bot comments, asked of GitHub unless the settings say it."""
        return self.settings.bot_login or str(self.account()[1]["login"])

    def account(self) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Give the headers of GitHub's answer and what it says of the account (GET /user)."""
        auth = Token(self.settings.token().reveal())
        with github_calls.client(
            self.settings.github_api_url, auth, github_calls.READING, self.settings.timers
        ) as client:
            headers, account = github_calls.called(lambda: client.requester.requestJsonAndCheck("GET", "/user"))
            return headers, dict(account)

    def token(self, repository: str, permissions: Mapping[str, str], installation: int | None = None) -> str:
        """Give the token. It cannot be narrowed: what it may do was decided when it was made."""
        return self.settings.token().reveal()

    def repositories(self) -> Iterator[Installed]:
        """Yield the repositories that REPOSITORIES names in full: nothing says which others the account should serve.

        Each is served from the first look on.
        """
        now = datetime.now(UTC)
        for name in self.settings.repositories:
            if not set("*?[") & set(name):
                yield Installed(name, None, now, now)

    def forget_tokens(self) -> None:
        """Nothing is kept: the next call reads the token's file again, in which an operator may have put a new one."""

    def failed_deliveries(self, since: datetime) -> list[FailedDelivery]:
        """Give none: the webhooks are not ours."""
        return []

    def redeliver(self, delivery: FailedDelivery) -> None:
        """Never called: failed_deliveries gives none."""
        raise NotImplementedError("an account has no deliveries of its own")


Identity = App | BotAccount


def identity(settings: Settings) -> Identity:
    """Give who the bot is: the App, or the account whose token is set; SettingsError if neither is."""
    settings.require_identity()
    return App(settings) if settings.app_id is not None else BotAccount(settings)
