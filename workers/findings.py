"""Finding: one line of `scalability-bot doctor`."""

from typing import NamedTuple


class Finding(NamedTuple):
    """What was looked at, whether it is well, and what was seen (with what to do, where it is not)."""

    what: str
    well: bool
    seen: str
