"""What the tests of the writing side need: the simulated GitHub with a pull request, and the bot in front of it."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tests.bot.scene import Scene
from workers.sandbox import SimulatedGitHub
from workers.sandbox.keys import generate_key


@functools.cache
def _key() -> str:
    return generate_key()


@pytest.fixture
def scene(tmp_path: Path, redis_connection: Redis) -> Iterator[Scene]:
    with SimulatedGitHub(tmp_path, private_key=_key()) as simulated:
        made = Scene(simulated, redis_connection)
        yield made
        made.close()
