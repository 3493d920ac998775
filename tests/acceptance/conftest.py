"""What the tests of acceptance share: the bot in this process, which writes to a simulated GitHub without waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.acceptance.thresholds import Thresholds
from tests.acceptance.inline import Inline, inline


@pytest.fixture
def bot(tmp_path: Path, redis_url: str, redis_connection: Redis) -> Iterator[Inline]:
    """Give the bot, with nobody's pull requests yet; a rule is demoted after four of them."""
    with inline(tmp_path, redis_url, redis_connection, Thresholds(after=4)) as running:
        yield running
