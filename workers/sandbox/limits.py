"""GitHub's limits: how much, how often, how large. All can be set by a test; None switches a limit off.

Where they come from: "Rate limits for the REST API", "Repository limits" and the REST reference on docs.github.com, as of
November 2026.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TooMany:
    """A request beyond a rate limit: the sentence, and the headers of the answer."""

    message: str
    headers: dict[str, str]


@dataclass
class Limits:
    """The limits.

    Attributes:
        per_hour: requests an hour for one installation (the primary limit).
        content_per_minute, content_per_hour: requests that create content (the secondary limit). github.com allows 80 and 500.
        secondary_status: 403 or 429; GitHub answers either.
        retry_after: seconds told with a secondary limit; None tells nothing, as GitHub sometimes does.
        diff_files, diff_lines: beyond either the diff and patch media types answer 406.
        listed_files: how many files of a pull request can be listed.
        patch_lines, patch_bytes: beyond either a listed file comes without its patch.
    """

    per_hour: int | None = 5000
    content_per_minute: int | None = 80
    content_per_hour: int | None = 500
    secondary_status: int = 403
    retry_after: int | None = 60
    diff_files: int = 300
    diff_lines: int = 20_000
    compared_files: int = 300
    listed_files: int = 3000
    patch_lines: int = 20_000
    patch_bytes: int = 500_000
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict, repr=False)
    _writes: dict[str, deque[float]] = field(default_factory=dict, repr=False)

    def count(self, who: str, now: float, creates_content: bool) -> tuple[dict[str, str], TooMany | None]:
        """Count a request of someone; give the headers every answer carries, and what stops it if it is one too many."""
        headers = self.headers(who, now, spend=1)
        if self.per_hour is not None and int(headers["x-ratelimit-used"]) > self.per_hour:
            headers.update({"x-ratelimit-remaining": "0", "x-ratelimit-used": str(self.per_hour)})
            return headers, TooMany(f"API rate limit exceeded for {who}.", {})
        if creates_content:
            return headers, self._count_write(who, now)
        return headers, None

    def headers(self, who: str, now: float, spend: int = 0) -> dict[str, str]:
        """Give the headers that tell what is left this hour, after spending some of it."""
        start, used = self._windows.get(who, (now, 0))
        if now - start >= 3600:
            start, used = now, 0
        used += spend
        self._windows[who] = (start, used)
        limit = self.per_hour if self.per_hour is not None else 1_000_000
        return {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - used)),
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(int(start + 3600)),
            "x-ratelimit-resource": "core",
        }

    def _count_write(self, who: str, now: float) -> TooMany | None:
        writes = self._writes.setdefault(who, deque())
        while writes and now - writes[0] >= 3600:
            writes.popleft()
        minute = sum(1 for moment in writes if now - moment < 60)
        if (self.content_per_minute is not None and minute >= self.content_per_minute) or (
            self.content_per_hour is not None and len(writes) >= self.content_per_hour
        ):
            told = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
            return TooMany(
                "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. "
                "Please retry your request again later.",
                told,
            )
        writes.append(now)
        return None
