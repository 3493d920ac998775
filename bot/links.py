"""Links: where the reader of a comment finds more."""

import urllib.parse
from dataclasses import dataclass

from analyzers.analysis.diagnostic import code

# Source: kubernetes/community @24e7d8f5 and kubernetes/perf-tests @4b341544 (2026-08).
GUIDE = "https://github.com/kubernetes/community/blob/main/contributors/guide/scalability-good-practices.md"
PROFILING = "https://github.com/kubernetes/community/blob/main/contributors/devel/sig-scalability/profiling.md"
PERF_DASH = "https://perf-dash.k8s.io"
SLACK = "https://kubernetes.slack.com/messages/sig-scalability"


# A path may have 4,096 bytes, and thrice that in an address: ten of them are more than a comment may hold.
_LONGEST_PATH = 400


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that comments on one pull request need.

    repository is "owner/name", head the commit they speak of, web GitHub's address for people ("https://github.com"),
    rules the bot's own ("https://bot.example.com"), None where it shows no pages to the public. page is that of this review's
    report, None where none is kept.
    """

    repository: str
    head: str
    web: str
    rules: str | None = None
    page: str | None = None

    def rule(self, name: str) -> str:
        """Say in one sentence where a rule's documentation is."""
        if self.rules:
            return f"More: [{name}]({self.rules}/rules/{name})."
        return f"More: comment `/scalability-check explain {name}`."

    def details(self) -> str | None:
        """Give the address behind "Details" of a check run."""
        return self.page or (f"{self.rules}/rules" if self.rules else None)

    def address(self, path: str, line: int, end_line: int | None = None) -> str | None:
        """Give the address of lines of a file at this commit, which stays true when they move later; None for too long a path."""
        if len(path.encode()) > _LONGEST_PATH:
            return None
        lines = f"#L{line}" if end_line in {None, line} else f"#L{line}-L{end_line}"
        return f"{self.web}/{self.repository}/blob/{self.head}/{urllib.parse.quote(path)}{lines}"

    def named(self, name: str, path: str, line: int) -> str:
        """Give something that stands on a line, by its name, as a link."""
        address = self.address(path, line)
        return f"[{code(name, 60)}]({address})" if address else code(name, 60)

    def place(self, path: str, line: int, end_line: int | None = None) -> str:
        """Give lines of a file as a link."""
        address, named = self.address(path, line, end_line), code(f"{path}:{line}")
        return f"[{named}]({address})" if address else named
