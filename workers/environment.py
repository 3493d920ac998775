"""Where the services' settings come from (the environment, and .env beside it), and how they log."""

import os
from pathlib import Path

from dotenv import dotenv_values

from bot import logs
from bot.settings import Secret, Settings
from workers.command_line import CannotRun

FILE = Path(".env")


def variables(file: Path = FILE) -> dict[str, str]:
    """Give the environment, and from the file what is not set there; CannotRun if the file cannot be read."""
    try:
        text = dotenv_values(file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRun(f"{file} cannot be read ({type(error).__name__}): correct or remove it") from error
    # As in bot.settings: an empty variable is an unset one.
    given = {name: value for name, value in os.environ.items() if value.strip()}
    return {**{name: value for name, value in text.items() if value}, **given}


def settings() -> Settings:
    """Give the settings of this process; SettingsError for a value that cannot be used."""
    return Settings.from_environment(variables())


def redis_url(found: Settings) -> Secret:
    """Give the queue's address: REDIS_URL, or else the embedded one of `scalability-bot run` while that runs.

    SettingsError if there is neither.
    """
    if not found.redis_url:
        for folder in ("redis", "sandbox/redis"):
            socket = (found.data_dir / folder / "redis.sock").resolve()
            if socket.is_socket():
                return Secret(f"unix://{socket}")
    found.require_redis()
    return found.redis_url


def log() -> None:
    """Have this process log to standard error, as LOG_FORMAT says; whoever keeps lines of text adds time and name."""
    logs.configure(settings().log_format)
