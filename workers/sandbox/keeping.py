"""What outlives the sandbox's process: its records in one JSON file beside the bare repositories.

The records are a graph (a comment's user is a repository's member): each is written once, and named by its number wherever
else it stands. JSON rather than pickle, whose reader runs what a file says. Not kept: tokens, which a client asks for
anew, the log of requests, faults and limits.
"""

import base64
import dataclasses
import json
import os
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any

from . import records
from .git import BareRepository
from .records import Delivery
from .state import State

FILE = "records.json"
# Deliveries have bodies of some 30 kB and are looked at for a few minutes.
DELIVERIES = 200

_KEPT = ("users", "repositories", "apps", "installations", "deliveries", "fixes")
_CLASSES: dict[str, type[Any]] = {
    name: found for name, found in vars(records).items() if dataclasses.is_dataclass(found) and isinstance(found, type)
}
# Another version's records may have other fields: they are not read.
_VERSION = [[name, *(field.name for field in dataclasses.fields(each))] for name, each in sorted(_CLASSES.items())]


def is_kept(folder: Path) -> bool:
    """Say whether a folder holds records that this version can read."""
    return _read(folder) is not None


def keep(state: State, folder: Path) -> None:
    """Write all records, so that restore() gives them again: all of them or, where it fails, those of before.

    Raises:
        OSError: the folder cannot be written.
    """
    with state.lock:
        writer = _Writer()
        kept = {name: writer.value(getattr(state, name)) for name in _KEPT if name != "deliveries"}
        kept["deliveries"] = writer.value(state.deliveries[-DELIVERIES:])
        text = json.dumps({"version": _VERSION, "state": kept, "records": writer.records})
    draft = folder / f".{FILE}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(folder / FILE)


def restore(state: State, folder: Path) -> bool:
    """Give a new state the records that were kept; False, and nothing changed, where none of this version are."""
    found = _read(folder)
    if found is None:
        return False
    try:
        reader = _Reader(found["records"], state.folder)
        kept = {name: reader.value(found["state"][name]) for name in _KEPT}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return False
    if not all(repository.git.folder.is_dir() for repository in kept["repositories"].values()):
        return False
    with state.lock:
        for name, value in kept.items():
            setattr(state, name, value)
        state.ids = count(1 + max([1000, *(each.id for each in reader.made if hasattr(each, "id"))]))
    return True


def pending(state: State) -> list[Delivery]:
    """Give the webhooks that were not sent yet when the process ended."""
    with state.lock:
        return [delivery for delivery in state.deliveries if delivery.status == "pending"]


def _read(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("version") == _VERSION else None


class _Writer:
    """Turns values into JSON; what is no plain value is an object with one field that says what it is."""

    def __init__(self) -> None:
        self.records: list[list[Any]] = []
        self._numbers: dict[int, int] = {}

    def value(self, value: Any) -> Any:
        match value:
            case None | bool() | int() | float() | str():
                return value
            case bytes():
                return {"bytes": base64.b64encode(value).decode()}
            case BareRepository():
                return {"git": value.folder.name}
            case list():
                return [self.value(each) for each in value]
            case tuple() | set():
                return {type(value).__name__: [self.value(each) for each in value]}
            case _ if dataclasses.is_dataclass(value):
                return {"record": self._number(value)}
            case _:
                return {"dict": [[self.value(name), self.value(each)] for name, each in value.items()]}

    def _number(self, record: Any) -> int:
        if id(record) not in self._numbers:
            number = self._numbers[id(record)] = len(self.records)
            name = type(record).__name__
            self.records.append([name])  # it may come round to itself
            fields = [self.value(getattr(record, field.name)) for field in dataclasses.fields(record)]
            self.records[number] = [name, *fields]
        return self._numbers[id(record)]


class _Reader:
    """Makes the values again: first every record without its fields, then the fields."""

    def __init__(self, found: list[list[Any]], repositories: Path) -> None:
        self._repositories = repositories
        self.made: list[Any] = [object.__new__(_CLASSES[name]) for name, *_ in found]
        for made, (_, *values) in zip(self.made, found, strict=True):
            for field, value in zip(dataclasses.fields(made), values, strict=True):
                object.__setattr__(made, field.name, self.value(value))  # some of them are frozen

    def value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.value(each) for each in value]
        if not isinstance(value, dict):
            return value
        ((kind, content),) = value.items()
        if kind == "record":
            return self.made[content]
        if kind == "bytes":
            return base64.b64decode(content)
        if kind == "git":
            return BareRepository(self._repositories / Path(content).name)
        if kind == "dict":
            return {self.value(name): self.value(each) for name, each in content}
        make: Callable[[Iterable[Any]], Any] = {"tuple": tuple, "set": set}[kind]
        return make([self.value(each) for each in content])
