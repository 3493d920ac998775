"""What the tests of the writing side share: reports without an analysis, and a pull request on the simulated GitHub."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level, Place, code
from analyzers.analysis.report import Report
from bot.budget import Budget
from bot.github import App, GitHub
from bot.links import Links
from bot.post import Page, Posted, post
from bot.review import Review
from bot.review_request import Assignment, CommandSource
from bot.settings import Secret, Settings
from bot.standing import Standing
from bot.timers import Timers
from workers.sandbox import SimulatedGitHub, SimulatedRepository
from workers.sandbox.records import Pull

REPOSITORY = "octo/kubernetes"
RULE = "value-receiver"
LINES = 60


def diagnostic(concern: str = "list pods", line: int = 10, **changes: Any) -> Diagnostic:
    """Give a warning on a line, with its fingerprint."""
    given: dict[str, Any] = {
        "analyzer": RULE,
        "path": "pkg/a.go",
        "line": line,
        "end_line": changes.pop("end_line", line),
        "construct": f"{code('client.List')} lists all pods.",
        "multiplier": "150,000 pods every 15 s.",
        "remedy": "Read them from an informer's cache.",
        "unless": "Leave it where it runs once.",
        "concern": concern,
        "function": f"Sync{concern.title().replace(' ', '')}",
        "estimate": Estimate(qps=333.0, formula="5,000 nodes x 1 / 15 s = 333 QPS"),
        "inline": True,
    }
    given.update(changes)
    return Diagnostic(**given).with_fingerprint(0)


def note(concern: str = "a note", line: int = 20, **changes: Any) -> Diagnostic:
    """Give a notice, which is no comment on a line."""
    return diagnostic(concern, line, level=Level.NOTICE, inline=False, **changes)


def warnings(number: int) -> tuple[Diagnostic, ...]:
    """Give so many warnings, each about something else, on lines that the scene's pull request adds."""
    return tuple(diagnostic(f"concern {index}", 1 + index) for index in range(number))


def place(path: str = "pkg/b.go", line: int = 3, function: str = "Other") -> Place:
    return Place(path, line, line, function)


def report(*diagnostics: Diagnostic, **changes: Any) -> Report:
    return Report(diagnostics=diagnostics, files=changes.pop("files", 2), lines=changes.pop("lines", LINES), **changes)


def source(
    kind: Any = "issue_comment",
    number: int = 77,
    text: str = "/scalability-check",
    node_id: str = "",
    verb: str = "check",
) -> CommandSource:
    return CommandSource(
        kind=kind, id=number, author="contributor", author_association="NONE", text=text, node_id=node_id, verb=verb
    )


def assignment(number: int = 1, *commands: CommandSource, **changes: Any) -> Assignment:
    given: dict[str, Any] = {"repository": REPOSITORY, "number": number, "base": "master", "commands": commands}
    return Assignment(**{**given, **changes})


def links(head: str = "f" * 40, rules: str | None = None) -> Links:
    return Links(REPOSITORY, head, "https://github.com", rules)


def review(found: Report, standing: Standing, asked: Assignment | None = None, **changes: Any) -> Review:
    """Compose a review with the defaults of a test."""
    return Review.of(
        found,
        standing,
        assignment=asked or assignment(),
        configuration=changes.pop("configuration", Configuration()),
        links=changes.pop("links", links(standing.head)),
        **changes,
    )


class Clock:
    """A time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def settings(github: SimulatedGitHub, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "app_id": github.app_id,
        "private_key_text": Secret(github.private_key),
        "github_api_url": github.url,
        "github_git_url": github.git_url,
        "repositories": ("*/*",),
    }
    return Settings(**{**given, **changes})


@dataclass
class Scene:
    """A pull request that adds pkg/a.go and pkg/b.go with LINES lines each, and the bot that looks at it."""

    simulated: SimulatedGitHub
    redis: Redis
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.repository: SimulatedRepository = self.simulated.repository(REPOSITORY)
        self.repository.commit({"README": "A repository\n", "pkg/old.go": text("old")})
        self.pull: Pull = self.repository.open_pull({"pkg/a.go": text("a"), "pkg/b.go": text("b")}, "Add a and b")
        self.app = App(settings(self.simulated))
        self.github = GitHub(self.app, REPOSITORY)
        self.timers = Timers()
        self.budget = Budget(self.redis, self.timers, now=self.clock.now, sleep=self.clock.sleep)

    def close(self) -> None:
        self.github.close()

    @property
    def head(self) -> str:
        return self.pull.head_sha

    def asked(self, *commands: CommandSource, **changes: Any) -> Assignment:
        """Give what a run on the pull request as it is now is about."""
        return assignment(self.pull.number, *commands, **{"head": self.head, **changes})

    def composer(self, found: Report, asked: Assignment, **changes: Any) -> Callable[[Standing], Review]:
        return lambda standing: review(found, standing, asked, links=links(self.head), **changes)

    def post(
        self, found: Report, asked: Assignment | None = None, *, page: Page | None = None, **changes: Any
    ) -> Posted:
        """Post what a report asks for, as a worker does."""
        asked = asked or self.asked()
        return self.write(self.composer(found, asked, **changes), asked, page=page)

    def write(
        self,
        compose: Callable[[Standing], Review],
        asked: Assignment | None = None,
        *,
        page: Page | None = None,
        **changes: Any,
    ) -> Posted:
        """Write what somebody composes."""
        asked = asked or self.asked()
        given: dict[str, Any] = {
            "redis": self.redis,
            "timers": self.timers,
            "budget": self.budget,
            "head": asked.head or None,
            "asked": bool(asked.commands),
            "sleep": self.clock.sleep,
        }
        return post(page or self.github, REPOSITORY, self.pull.number, compose, **{**given, **changes})

    def later(self) -> None:
        """Let a quarter of an hour pass: what Redis remembers of the latest writes is forgotten (bot.turn)."""
        self.clock.time += 900
        for key in self.redis.keys("scalability-bot:recent:*"):
            self.redis.delete(key)

    def writes(self) -> list[str]:
        """Give the operations with which the bot wrote, in order, those that took effect."""
        return [
            each.operation
            for each in self.simulated.state.requests
            if each.operation
            and each.method != "GET"
            and not each.operation.startswith("apps/")
            and (each.operation != "graphql" or "mutation" in each.body["query"])
            and (each.status or 0) < 400
        ]

    @property
    def bodies(self) -> list[str]:
        """The texts of the bot's submitted reviews."""
        return [
            each.body for each in self.pull.reviews if each.user.login == self.app.login and each.state != "PENDING"
        ]

    @property
    def lines(self) -> Sequence[tuple[str, int]]:
        """Where the bot's comments were written, in order."""
        return [
            (each.path, each.original.line)
            for each in self.pull.review_comments
            if each.user.login == self.app.login and each.in_reply_to is None
        ]


def text(package: str) -> str:
    return "".join(f"// {package} {line}\n" for line in range(1, LINES + 1))
