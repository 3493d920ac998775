"""Answers the fields of a GraphQL document from tables of types; how a list is paged, how an id is found."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..records import Pull, Repository, Token
from ..repository_forms import node, node_parts
from ..state import State, covers
from ..tokens import permitted
from .syntax import Document, GraphQLError, Selection, Variable

FORBIDDEN = "Resource not accessible by integration"


@dataclass(frozen=True)
class Thing:
    """An object of the graph: its type's name, the record, and where it belongs."""

    kind: str
    record: Any
    repository: Repository | None = None
    pull: Pull | None = None


Resolver = Callable[["Execution", Thing, dict[str, Any]], Any]
Field = tuple[tuple[str, ...], Resolver]
Types = Mapping[str, Mapping[str, Field]]


class Execution:
    """One request being answered."""

    def __init__(self, types: Types, state: State, token: Token, document: Document, variables: dict[str, Any]) -> None:
        self._types = types
        self.state = state
        self.token = token
        self._document = document
        self._variables = variables

    def fields(self, thing: Thing, selections: Iterable[Selection]) -> dict[str, Any]:
        """Give the selected fields of an object."""
        found: dict[str, Any] = {}
        for selection in selections:
            if selection.name == "...":
                fragment = self._document.fragments.get(selection.fragment) if selection.fragment else selection
                if fragment is None:
                    raise GraphQLError(f"Fragment {selection.fragment} was used, but not defined")
                if fragment.on in (None, thing.kind, *INTERFACES.get(thing.kind, ())):
                    found.update(self.fields(thing, fragment.selections))
            elif selection.name == "__typename":
                found[selection.alias] = thing.kind
            else:
                found[selection.alias] = self._field(thing, selection)
        return found

    def _field(self, thing: Thing, selection: Selection) -> Any:
        entry = self._types[thing.kind].get(selection.name)
        if entry is None:
            raise GraphQLError(
                f"Field '{selection.name}' doesn't exist on type '{thing.kind}'",
                extensions={"code": "undefinedField", "typeName": thing.kind, "fieldName": selection.name},
            )
        arguments, resolver = entry
        given = {name: self._value(value) for name, value in selection.arguments.items()}
        for name in given:
            if name not in arguments:
                raise GraphQLError(
                    f"Field '{selection.name}' doesn't accept argument '{name}'",
                    extensions={"code": "argumentNotAccepted", "argumentName": name},
                )
        return self._complete(resolver(self, thing, given), selection)

    def _value(self, value: Any) -> Any:
        if isinstance(value, Variable):
            if value.name not in self._variables:
                raise GraphQLError(f"Variable ${value.name} is used but not declared")
            return self._variables[value.name]
        if isinstance(value, dict):
            return {name: self._value(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item) for item in value]
        return value

    def _complete(self, value: Any, selection: Selection) -> Any:
        if isinstance(value, list):
            return [self._complete(item, selection) for item in value]
        if isinstance(value, Thing):
            if not selection.selections:
                raise GraphQLError(f"Field must have selections (field '{selection.name}' returns {value.kind})")
            return self.fields(value, selection.selections)
        return value

    def need(self, *needs: str) -> None:
        """Refuse what the token may not do.

        Raises:
            GraphQLError: it has none of the permissions.
        """
        if not permitted(self.token, needs):
            raise GraphQLError(FORBIDDEN, "FORBIDDEN")

    def things(self) -> Iterable[Thing]:
        """Yield everything with an id that the token covers."""
        installation = self.token.installation
        for repository in self.state.repositories.values():
            if (
                repository.owner is not installation.account
                or not covers(installation.repositories, repository)
                or not covers(self.token.repositories, repository)
            ):
                continue
            yield Thing("Repository", repository, repository)
            for pull in repository.pulls.values():
                yield Thing("PullRequest", pull, repository, pull)
                for comment in pull.comments:
                    yield Thing("IssueComment", comment, repository, pull)
                for review in pull.reviews:
                    yield Thing("PullRequestReview", review, repository, pull)
                for review_comment in pull.review_comments:
                    yield Thing("PullRequestReviewComment", review_comment, repository, pull)
                    if review_comment.in_reply_to is None:
                        yield Thing("PullRequestReviewThread", review_comment, repository, pull)

    def find(self, node_id: str) -> Thing:
        """Give what a node id stands for.

        Raises:
            GraphQLError: nothing, or nothing the token covers.
        """
        if node_parts(node_id) is not None:
            for thing in self.things():
                if identity(thing) == node_id:
                    return thing
        raise GraphQLError(f"Could not resolve to a node with the global id of '{node_id}'", "NOT_FOUND")


PREFIXES = {
    "Repository": "R",
    "PullRequest": "PR",
    "IssueComment": "IC",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "PullRequestReviewThread": "PRRT",
    "User": "U",
    "Bot": "BOT",
    "Organization": "O",
}

INTERFACES = {
    "User": ("Actor", "Node"),
    "Bot": ("Actor", "Node"),
    "Organization": ("Actor", "Node"),
    "IssueComment": ("Node", "Comment", "Minimizable"),
    "PullRequestReviewComment": ("Node", "Comment", "Minimizable"),
    "PullRequestReview": ("Node", "Comment"),
    "PullRequest": ("Node",),
    "PullRequestReviewThread": ("Node",),
    "Repository": ("Node",),
}


def identity(thing: Thing) -> str:
    """Give the node id of an object."""
    return node(PREFIXES[thing.kind], thing.record.id)


Keep = Callable[[Any, Any], bool]


def connection(
    kind: str, filters: Mapping[str, Keep] | None = None
) -> Callable[[Callable[["Execution", Thing], list[Thing]]], Field]:
    """Give the field that lists things in pages, GitHub's way: `first` or `last` is required and at most 100.

    filters are its arguments that leave things out: each says of a record whether it stays for the argument's value.
    """

    def field(items: Callable[["Execution", Thing], list[Thing]]) -> Field:
        def resolve(execution: Execution, thing: Thing, arguments: dict[str, Any]) -> Thing:
            first, last = arguments.get("first"), arguments.get("last")
            if first is None and last is None:
                raise GraphQLError(
                    f"You must provide a `first` or `last` value to properly paginate the `{kind}` connection.",
                    "MISSING_PAGINATION_BOUNDARIES",
                )
            size = first if first is not None else last
            if not isinstance(size, int) or not 1 <= size <= 100:
                raise GraphQLError(
                    f"Requesting {size} records on the `{kind}` connection exceeds the `first` limit of 100 records.",
                    "EXCESSIVE_PAGINATION",
                )
            everything = [
                item
                for item in items(execution, thing)
                if all(
                    keep(item.record, arguments[name]) for name, keep in (filters or {}).items() if name in arguments
                )
            ]
            ordered = arguments.get("orderBy")
            if isinstance(ordered, dict) and ordered.get("field") == "UPDATED_AT":
                everything.sort(key=lambda item: item.record.updated_at, reverse=ordered.get("direction") == "DESC")
            start = int(arguments["after"]) if arguments.get("after") else 0
            end = int(arguments["before"]) if arguments.get("before") else len(everything)
            low, high = (start, min(start + size, end)) if first is not None else (max(start, end - size), end)
            page = {"items": everything[low:high], "total": len(everything), "low": low, "high": high}
            return Thing("Connection", page, thing.repository, thing.pull)

        return ("first", "last", "after", "before", "orderBy", *(filters or {})), resolve

    return field


def plain(read: Callable[[Any], Any]) -> Field:
    """Give a field without arguments that is read from the record."""
    return (), lambda execution, thing, arguments: read(thing.record)


def of(read: Callable[["Execution", Thing], Any]) -> Field:
    """Give a field without arguments that needs to know where its object belongs."""
    return (), lambda execution, thing, arguments: read(execution, thing)
