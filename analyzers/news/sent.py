"""Sent: a new request together with what a rule says makes it count."""

from dataclasses import dataclass
from typing import Literal

from analyzers.news.requests import NewRequest

Per = Literal["node", "item", "round", "path", "object", "call"]
"""What a request is sent for each of, the worst first: each node, each item of a loop, each round of a timer, each pod or
request that takes a critical path, each object that is reconciled, all of which ask for the same; "call" where nothing multiplies
it but its own size."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A new request, and what it is said to be sent for each of."""

    new: NewRequest
    per: Per
