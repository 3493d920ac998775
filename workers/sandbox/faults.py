"""Failures to act out: at any call, before or after it took effect."""

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass
class Fault:
    """One way to fail.

    Attributes:
        method: of the requests that fail; None is every method.
        path: a regular expression searched in the path as the client sent it, without the query (".*" is every path).
            It applies to the API, to GraphQL and to git alike.
        when: "before" nothing happens but the failure; "after" the request takes effect and its answer is lost.
        status: the status answered, with GitHub's body for it, or "drop": the connection is closed without an answer.
        body: the body instead of GitHub's; a dict is sent as JSON, a str as it is.
        headers: headers to add.
        delay: seconds to wait before answering, or until the fault is over. With `status` None the true answer follows then.
        skip: how many matching requests pass before the first one fails.
        times: how many requests fail; None is all from then on.
    """

    method: str | None = None
    path: str = ".*"
    when: Literal["before", "after"] = "before"
    status: int | Literal["drop"] | None = 502
    body: dict[str, Any] | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    skip: int = 0
    times: int | None = 1
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)
    over: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._path = re.compile(self.path)

    def strikes(self, method: str, path: str) -> bool:
        """Say whether this request fails, and count it."""
        if (self.method and self.method.upper() != method) or not self._path.search(path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The failures that wait to happen, in order: the first that matches a request strikes."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Have these failures happen from the next request on."""
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        """Have nothing fail any more, and what is delayed be answered now."""
        with self._lock:
            for fault in self._faults:
                fault.over.set()
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """Give the failures that have not all happened yet."""
        with self._lock:
            return [fault for fault in self._faults if fault.times is None or fault.struck < fault.times]

    def strike(self, method: str, path: str) -> Fault | None:
        """Give the failure that this request meets; None if it passes."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(method, path)), None)


def fault_of(described: Mapping[str, Any]) -> Fault:
    """Give the fault that a JSON object describes, with the names of Fault's attributes.

    Raises:
        ValueError: an unknown name, or a value that is none.
    """
    known: Iterable[str] = ("method", "path", "when", "status", "body", "headers", "delay", "skip", "times")
    unknown = sorted(set(described) - set(known))
    if unknown:
        raise ValueError(f"a fault has no {unknown[0]!r}; it has {', '.join(known)}")
    try:
        return Fault(**described)
    except (TypeError, re.error) as problem:
        raise ValueError(f"no fault: {problem}") from problem
