"""Equipment: what the jobs of one worker work with."""

from dataclasses import dataclass
from functools import cached_property

from redis import Redis

from bot.acceptance.store import Store
from bot.bot_account import Identity, identity
from bot.budget import Budget
from bot.github import GitHub
from bot.links import Links
from bot.post import Page
from bot.queue import Queues
from bot.settings import Settings
from bot.shadow import Shadow
from workers.mirror import Mirrors
from workers.parser import Parser


@dataclass(frozen=True)
class Equipment:
    """Made once by a worker, and inherited by the process of each job."""

    settings: Settings
    redis: Redis
    parser: Parser

    @cached_property
    def app(self) -> Identity:
        """The GitHub App, or the account that the bot is."""
        return identity(self.settings)

    @cached_property
    def mirrors(self) -> Mirrors:
        """The mirrors on this machine."""
        folder = self.settings.data_dir / "mirrors"
        settings = self.settings
        return Mirrors(
            folder, settings.github_git_url, settings.mirror_quota_mb, settings.fetch_timeout, settings.timers
        )

    @cached_property
    def queues(self) -> Queues:
        """The keys of the pull requests, and the turns."""
        return Queues(self.redis, job_timeout=self.settings.job_timeout, timers=self.settings.timers)

    @cached_property
    def acceptance(self) -> Store:
        """What became of the comments."""
        return Store(self.redis)

    @property
    def budget(self) -> Budget | None:
        """The writes that may still be made; None where nothing is written to GitHub."""
        return None if self.settings.mode == "shadow" else Budget(self.redis, self.settings.timers)

    def page(self, github: GitHub) -> Page:
        """Give where reviews are written: GitHub, or beside it in shadow mode."""
        return Shadow(github, self.redis) if self.settings.mode == "shadow" else github

    def links(self, repository: str, head: str) -> Links:
        """Give the addresses that comments at a commit need."""
        return Links(repository, head, self.settings.github_git_url, self.settings.public_url)
