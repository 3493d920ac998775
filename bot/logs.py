"""Logs: short lines for people, or JSON for machines, with what a line is about: delivery, pull request, job."""

import contextlib
import contextvars
import logging
from collections.abc import Iterator
from typing import Literal, TextIO

from pythonjsonlogger.json import JsonFormatter
from redis.exceptions import ConnectionError as RedisConnectionError

Format = Literal["text", "json"]

_TEXT = "%(levelname).1s %(name)s: %(message)s"
# Names of the fields in JSON: what Prometheus' and Kubernetes' own logs call them.
_RENAMED = {"levelname": "level", "name": "logger", "asctime": "time"}

_about: contextvars.ContextVar[tuple[tuple[str, str], ...]] = contextvars.ContextVar("about", default=())


def configure(form: Format = "text") -> None:
    """Have this process log to standard error: lines as people read them, or an object a line (LOG_FORMAT=json)."""
    handler = _Lines()
    if form == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s",
                rename_fields=_RENAMED,
                datefmt="%Y-%m-%dT%H:%M:%S%z",
                json_ensure_ascii=False,
            )
        )
        handler.addFilter(_add)
    else:
        handler.setFormatter(logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


@contextlib.contextmanager
def about(**fields: str) -> Iterator[None]:
    """Have the lines of JSON within say what they are about: delivery, pull_request, job. Empty ones are left out."""
    token = _about.set((*_about.get(), *((name, value) for name, value in fields.items() if value)))
    try:
        yield
    finally:
        _about.reset(token)


def _add(record: logging.LogRecord) -> bool:
    for name, value in _about.get():
        setattr(record, name, value)
    return True


class _Lines(logging.StreamHandler[TextIO]):
    """One line for a queue that is away: sixty lines of who asked for it say no more than that."""

    def format(self, record: logging.LogRecord) -> str:
        """Give a record as text."""
        raised = record.exc_info[1] if record.exc_info else None
        told = record.args if isinstance(record.args, tuple) else ()
        if isinstance(raised, RedisConnectionError):
            text = f"{record.getMessage()} (the queue is away: {raised})"
        elif any(isinstance(each, RedisConnectionError) for each in told):
            text = f"{record.getMessage()} (the queue is away)"
        else:
            return super().format(record)
        replaced = {"msg": text, "args": (), "exc_info": None, "exc_text": None}
        record = logging.makeLogRecord({**record.__dict__, **replaced})
        return super().format(record)
