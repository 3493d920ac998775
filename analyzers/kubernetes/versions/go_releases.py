"""What releases of Go did to Kubernetes at scale.

Sources: the issues named with each; the contributors' guide, "Big dependency changes" (Go 1.5 was skipped, 1.8 slowed
Kubernetes).
"""

import re

_BROKEN: dict[tuple[int, int], str] = {
    (1, 5): "With Go 1.5.3 the 1,000-node tests failed, and the release was skipped (`kubernetes/kubernetes#20400`).",
    (1, 8): "Go 1.8 took the API server from 12-13 to 36 cores at 5,000 nodes (`kubernetes/kubernetes#45216`).",
    (1, 12): "Go 1.12 raised API call latencies at 5,000 nodes (`kubernetes/kubernetes#75833`).",
    (1, 13): "Go 1.13's runtime slowed Kubernetes at scale and blocked the Go release (`golang/go#32828`).",
}
_OTHERS = "Go 1.5, 1.8, 1.12 and 1.13 slowed Kubernetes at scale."
_LONGEST = 40
"""Characters of a version that are read: a longer one is none."""


def past(old: str, new: str) -> str:
    """Give what broke with the first Go release after `old` up to `new` that broke something; if none did, which ones have."""
    first, last = _minor(old), _minor(new)
    return next((text for minor, text in _BROKEN.items() if first < minor <= last), _OTHERS)


def _minor(version: str) -> tuple[int, int]:
    numbers = re.findall(r"[0-9]+", version[:_LONGEST])
    return (int(numbers[0]), int(numbers[1])) if len(numbers) > 1 else (0, 0)
