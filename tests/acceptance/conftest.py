"""What the tests of acceptance share: the bot in this process, which writes to a simulated GitHub without waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.acceptance.thresholds import Thresholds
from bot.app import create_app
from bot.settings import Secret, Settings
from bot.timers import Timers
from tests.acceptance.inline import Inline
from tests.serving import served
from workers.equipment import Equipment
from workers.parser import Parser
from workers.sandbox import SimulatedGitHub

# Nothing waits but for the end of a killed one's hold.
TIMERS = Timers(
    lease=0.5,
    retries=(0.0,),
    look=0.1,
    settle=(0.0,),
    writes_apart=0.0,
    notifying_apart=0.0,
    writes_a_minute=100_000,
    writes_an_hour=100_000,
    remembered=5.0,
)


def settings(github: SimulatedGitHub, redis_url: str, folder: Path, thresholds: Thresholds) -> Settings:
    """Give the settings of a bot that posts."""
    return Settings(
        app_id=github.app_id,
        private_key_text=Secret(github.private_key),
        webhook_secrets=(Secret(github.webhook_secret),),
        github_api_url=github.url,
        github_git_url=github.git_url,
        redis_url=Secret(redis_url),
        repositories=("*/*",),
        data_dir=folder,
        mode="post",
        bot_login="scalability-bot[bot]",
        demote=thresholds,
        timers=TIMERS,
    )


@pytest.fixture
def bot(tmp_path: Path, redis_url: str, redis_connection: Redis) -> Iterator[Inline]:
    """Give the bot, with nobody's pull requests yet; a rule is demoted after four of them."""
    parser = Parser(timeout=60, memory_mb=2048)
    parser.start()
    with SimulatedGitHub(tmp_path / "github") as github:
        github.state.limits.content_per_minute = github.state.limits.content_per_hour = None
        github.state.limits.per_hour = None
        its_own = settings(github, redis_url, tmp_path, Thresholds(after=4))
        with served(create_app(its_own)) as address:
            github.webhook_url = f"{address}/webhook"
            yield Inline(github, Equipment(its_own, redis_connection, parser), redis_url)
    parser.close()
