"""One call of the API on its way through the simulated GitHub: what came in, who asks, what goes out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from .forms import Forms
from .records import App, Installation, Pull, Repository, Token, User
from .state import State, covers

Item = TypeVar("Item")


class Refusal(Exception):
    """A call that GitHub refuses: its status, sentence, list of errors and extra headers."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Any] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Give the JSON of the refusal."""
        said: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            said["errors"] = list(self.errors)
        return {**said, "documentation_url": "https://docs.github.com/rest", "status": str(self.status)}


def not_found() -> Refusal:
    """Give the refusal for what is not there, or not for whom asks."""
    return Refusal(404, "Not Found")


def invalid(resource: str, field_: str, code: str, message: str | None = None) -> Refusal:
    """Give the refusal of a value: 422 in GitHub's longer form."""
    error = {"resource": resource, "field": field_, "code": code}
    return Refusal(422, "Validation Failed", [error if message is None else {**error, "message": message}])


def unprocessable(*reasons: str) -> Refusal:
    """Give the refusal of a request as a whole: 422 in GitHub's shorter form."""
    return Refusal(422, "Unprocessable Entity", reasons)


@dataclass
class Answer:
    """What goes out: JSON (cut to the description's fields), or text of another media type."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    media_type: str = "application/json; charset=utf-8"


@dataclass
class Call:
    """A call: the values in its path and query, its body, the credential it came with, and the media types it accepts."""

    state: State
    forms: Forms
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    accept: str
    url: str
    token: Token | None = None
    app: App | None = None

    def number(self, name: str) -> int:
        """Give a whole number of the path.

        Raises:
            Refusal: it is none.
        """
        try:
            return int(self.path[name])
        except ValueError:
            raise not_found() from None

    @property
    def installation(self) -> Installation:
        """The installation whose token the call came with."""
        assert self.token is not None
        return self.token.installation

    @property
    def user(self) -> User:
        """Who writes: the App's bot, or the user whose personal token the call came with."""
        return (self.token.user if self.token else None) or self.state.app.bot

    @property
    def app_of_token(self) -> App | None:
        """The App by which something is written; None for a personal token."""
        return None if self.token and self.token.user else self.state.app

    def repository(self) -> Repository:
        """Give the repository of the path.

        Raises:
            Refusal: there is none, or the token does not cover it.
        """
        found = self.state.repository(f"{self.path['owner']}/{self.path['repo']}")
        if found is None:
            raise not_found()
        if self._is_hidden(found):
            raise not_found()
        if (
            self.token is not None
            and not self.is_person
            and not (
                found.owner is self.installation.account
                and covers(self.installation.repositories, found)
                and covers(self.token.repositories, found)
            )
        ):
            raise not_found()
        return found

    @property
    def is_person(self) -> bool:
        """Whether it came with the token of a person who signed in to an App."""
        return self.token is not None and self.token.value.startswith("ghu_")

    def _is_hidden(self, repository: Repository) -> bool:
        """Say whether a private repository is asked for by nobody, or by a person who is nothing to it or to the App."""
        if not repository.private or self.app is not None or (self.token is not None and not self.is_person):
            return False
        if self.token is None or self.token.user is None or self.state.installation_of(repository) is None:
            return True
        trusted = {"OWNER", "MEMBER", "COLLABORATOR"}
        return self.state.association(repository, self.token.user) not in trusted

    def pull(self, repository: Repository, name: str = "pull_number") -> Pull:
        """Give the pull request of the path.

        Raises:
            Refusal: there is none.
        """
        found = repository.pulls.get(self.number(name))
        if found is None:
            raise not_found()
        return found

    def since(self) -> float:
        """Give the time from which on updates are asked for; 0 where all are.

        Raises:
            Refusal: it is no time.
        """
        try:
            return datetime.fromisoformat(self.query["since"]).timestamp() if "since" in self.query else 0.0
        except ValueError:
            raise Refusal(422, "Invalid request.\n\nsince is not a date-time.") from None

    def page(self, items: Iterable[Item], form: Callable[[Item], Any], wrap: str | None = None) -> Answer:
        """Answer one page of a list (`per_page` at most 100, `page`), with the Link header that leads to the others.

        With `wrap` the list is a field of an object that also has `total_count`.
        """
        everything = list(items)
        size = min(max(int(self.query.get("per_page", 30)), 1), 100)
        number = max(int(self.query.get("page", 1)), 1)
        last = max(1, -(-len(everything) // size))
        shown = [form(item) for item in everything[(number - 1) * size : number * size]]
        links = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        if number >= last:
            del links["next"], links["last"]
        if number == 1:
            del links["prev"], links["first"]
        headers = {}
        if links:
            headers["Link"] = ", ".join(f'<{self._page_url(target)}>; rel="{rel}"' for rel, target in links.items())
        value = shown if wrap is None else {"total_count": len(everything), wrap: shown}
        return Answer(value, headers=headers)

    def _page_url(self, number: int) -> str:
        return f"{self.url}?{urlencode({**self.query, 'page': str(number)})}"


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Handled:
    """How an operation is answered, and the permissions any one of which it needs ("issues:write").

    "app" stands for the App's JWT, "anyone" for no credential at all.
    """

    handler: Handler
    needs: tuple[str, ...]


HANDLED: dict[str, Handled] = {}


def operation(name: str, *needs: str) -> Callable[[Handler], Handler]:
    """Register the function that answers an operation of the description, and what it needs.

    Needed permissions are those that GitHub's reference lists for an installation access token under each operation.
    """

    def register(handler: Handler) -> Handler:
        HANDLED[name] = Handled(handler, needs)
        return handler

    return register
