"""Check runs' external ids: what the bot writes into each, and reads again when Redis has forgotten.

    1f2e3d4c5b6a7988#12 9f8e7d6c done       content, pull request, branch that it goes to, how the review ended

GitHub's event "rerequested" names no pull request whose head is in a fork, so the number is in it.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal, Self

# done: all is said. retry: comments found no room. failed: it could not be finished. part: annotations are missing.
State = Literal["done", "retry", "failed", "part", "begun"]
STATES: tuple[State, ...] = ("done", "retry", "failed", "part", "begun")

_ID = re.compile(r"([0-9a-f]{16})#([1-9][0-9]{0,9}) ([0-9a-f]{8}) ([a-z]+)")
_NUMBER = re.compile(r"#([1-9][0-9]{0,9})(?![0-9])")


@dataclass(frozen=True, slots=True)
class ExternalId:
    """What is written into a check run's external_id. base is base_key() of the branch."""

    digest: str
    number: int
    base: str
    state: State

    def __str__(self) -> str:
        return f"{self.digest}#{self.number} {self.base} {self.state}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read what str() gave; None for anything else."""
        found = _ID.fullmatch(text)
        state = next((each for each in STATES if found and each == found[4]), None)
        return cls(found[1], int(found[2]), found[3], state) if found and state else None


def base_key(branch: str) -> str:
    """Identify a branch in eight characters: its name may have hundreds."""
    return hashlib.sha256(branch.encode()).hexdigest()[:8]


def number_in(external_id: str) -> int | None:
    """Give the number of the pull request that a check run is about, None if it does not say."""
    found = _NUMBER.search(external_id)
    return int(found[1]) if found else None
