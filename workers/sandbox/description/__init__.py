"""GitHub's official description of its API (github.json) and of its webhooks' payloads (webhooks.json), as structure.

Both are slices that cut.py cuts from the packages named in LICENSE.txt; openapi-core and jsonschema do the checking. They
proved stricter than the models that githubkit (0.13) generates from the same description: those take "3" for a line, ignore
a misspelt field, and know nothing of paths, parameters and answers.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.routing import Map, Rule

FOLDER = Path(__file__).parent
SERVER = "https://api.github.com"

# Parameters whose values hold slashes on GitHub although OpenAPI's templates do not: files, refs, a comparison, a label's name.
WITH_SLASHES = frozenset({"path", "ref", "basehead", "name", "branch"})


class NotAsDescribed(Exception):
    """A request, an answer or a payload that contradicts GitHub's description; says where and how."""


@dataclass(frozen=True)
class Operation:
    """One call of the API: GitHub's name of it ("pulls/get"), its method and its path template."""

    name: str
    method: str
    template: str
    described: Mapping[str, Any]


@dataclass
class _Request:
    """A request as openapi-core wants it. `path` is the template: which operation it is has been decided by then."""

    method: str
    path: str
    parameters: RequestParameters
    body: bytes | None
    content_type: str
    host_url: str = SERVER


@dataclass(frozen=True)
class _Response:
    """An answer as openapi-core wants it."""

    status_code: int
    data: bytes
    content_type: str
    headers: Headers


class Description:
    """The REST description: which operation a path is, and whether a request and its answer are as described."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = json.loads((FOLDER / "github.json").read_text(encoding="utf-8"))
        # The file is our own and tested; checking the whole of it at every start would take seconds.
        self._openapi = OpenAPI.from_dict(self._document, config=Config(spec_validator_cls=None))  # type: ignore[arg-type]
        self.operations = {operation.name: operation for operation in self._operations()}
        rules = [Rule(_rule(o.template), methods=[o.method], endpoint=o.name) for o in self.operations.values()]
        # The contents of the root folder have an empty path, with or without a slash before it.
        root = "/repos/<owner>/<repo>/contents"
        rules += [
            Rule(f"{root}{end}", methods=["GET"], endpoint="repos/get-content", defaults={"path": ""})
            for end in ("", "/")
        ]
        self.routes = Map(rules, strict_slashes=True, merge_slashes=False, redirect_defaults=False)

    def _operations(self) -> Iterator[Operation]:
        for template, item in self._document["paths"].items():
            for method, described in item.items():
                yield Operation(described["operationId"], method.upper(), template, described)

    def check_request(
        self, operation: Operation, path: Mapping[str, str], query: Mapping[str, str], body: bytes, content_type: str
    ) -> None:
        """Check a request's parameters and body.

        Raises:
            NotAsDescribed: it contradicts the description; the sentence is fit for GitHub's 422.
        """
        parameters = RequestParameters(path=dict(path), query=ImmutableMultiDict(query), header=Headers())
        request = _Request(operation.method.lower(), operation.template, parameters, body or None, content_type)
        try:
            self._openapi.validate_request(request)
        except OpenAPIError as problem:
            raise NotAsDescribed(_sentence(problem)) from problem
        given = json.loads(body) if body else None
        if isinstance(given, dict):
            content = operation.described.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            permitted = {name for branch in _branches(schema, self.resolve) for name in branch.get("properties", ())}
            unknown = sorted(set(given) - permitted)
            if unknown:
                raise NotAsDescribed(f'"{unknown[0]}" is not a permitted key.')

    def check_answer(self, operation: Operation, status: int, body: bytes, content_type: str, headers: Headers) -> None:
        """Check an answer to a request of the operation.

        A failure that the description does not list for the operation is checked to be GitHub's plain form of a failure.

        Raises:
            NotAsDescribed: it contradicts the description. That is a mistake in the simulated GitHub.
        """
        if self._schema(operation, status) is None:
            if status < 400 and str(status) not in operation.described["responses"]:
                raise NotAsDescribed(f"{operation.name} never answers {status}")
            if status >= 400 and not isinstance(json.loads(body).get("message"), str):
                raise NotAsDescribed(f"{operation.name}: a {status} without a message")
            return
        request = _Request(operation.method.lower(), operation.template, RequestParameters(), None, "")
        try:
            self._openapi.validate_response(request, _Response(status, body, content_type, headers))
        except OpenAPIError as problem:
            raise NotAsDescribed(f"{operation.name} {status}: {_sentence(problem)}") from problem

    def _schema(self, operation: Operation, status: int) -> dict[str, Any] | None:
        response = self.resolve(operation.described["responses"].get(str(status), {}))
        content = response.get("content", {})
        media = content.get("application/json") or content.get("application/scim+json")
        return media["schema"] if media else None

    def shape(self, operation: Operation, status: int, value: Any) -> Any:
        """Give `value` without the fields that an answer of the operation does not have (a list of pulls has no `mergeable`)."""
        schema = self._schema(operation, status)
        return value if schema is None else _shape(value, schema, self.resolve)

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Give the node that a "$ref" stands for; any other as it is."""
        while "$ref" in node:
            target: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node


class Payloads:
    """The webhooks' description: shapes and checks the payload of an event."""

    def __init__(self) -> None:
        self._document: dict[str, Any] = json.loads((FOLDER / "webhooks.json").read_text(encoding="utf-8"))

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Give the node that a "$ref" stands for; any other as it is."""
        while "$ref" in node:
            node = self._document["definitions"][node["$ref"].removeprefix("#/definitions/")]
        return node

    def payload(self, event: str, action: str | None, value: dict[str, Any]) -> dict[str, Any]:
        """Give the payload of an event: `value` without the fields that the event does not carry, checked.

        Raises:
            NotAsDescribed: something is missing or of the wrong type. That is a mistake in the simulated GitHub.
        """
        name = f"{event}${action or 'event'}"
        if name not in self._document["definitions"]:
            raise NotAsDescribed(f"the webhooks' description here holds no {name}: add it to cut.py and cut again")
        schema = {"$ref": f"#/definitions/{name}"}
        shaped: dict[str, Any] = _shape(value, schema, self.resolve)
        validator = Draft7Validator(
            {**schema, "definitions": self._document["definitions"]}, format_checker=Draft7Validator.FORMAT_CHECKER
        )
        problem = best_match(validator.iter_errors(shaped))
        if problem is not None:
            raise NotAsDescribed(f"{name}: {problem.json_path}: {problem.message[:300]}")
        return shaped


@cache
def description() -> Description:
    """Give the REST description, loaded once a process."""
    return Description()


@cache
def payloads() -> Payloads:
    """Give the webhooks' description, loaded once a process."""
    return Payloads()


def _rule(template: str) -> str:
    """Give werkzeug's rule for a path template: "/repos/{owner}" -> "/repos/<owner>"."""
    steps = []
    for step in template.split("/"):
        name = step.strip("{}")
        converter = "path:" if name in WITH_SLASHES and template.split("/")[1] == "repos" else ""
        steps.append(f"<{converter}{name}>" if step.startswith("{") else step)
    return "/".join(steps)


def _shape(value: Any, schema: dict[str, Any], resolve: Any) -> Any:
    """Drop from `value` the fields that `schema` does not name; where it offers alternatives, those that none names."""
    schema = resolve(schema)
    if isinstance(value, list):
        items = next((branch["items"] for branch in _branches(schema, resolve) if "items" in branch), None)
        return value if items is None else [_shape(item, items, resolve) for item in value]
    if not isinstance(value, dict):
        return value
    named: dict[str, dict[str, Any]] = {}
    others: dict[str, Any] | None = None  # the schema of fields that are not named, where any may come
    for branch in _branches(schema, resolve):
        if branch.get("type", "object") == "object" or "object" in branch.get("type", ()):
            if (
                "properties" not in branch
                and branch.get("additionalProperties", True) is not False
                and "required" not in branch
            ):
                if branch.get("type") == "object":
                    return value
                continue
            for name, field in branch.get("properties", {}).items():
                named.setdefault(name, field)
            if isinstance(branch.get("additionalProperties"), dict):
                others = branch["additionalProperties"]
    if not named:
        return value
    schemas = {name: named.get(name, others) for name in value}
    return {name: _shape(value[name], schema, resolve) for name, schema in schemas.items() if schema is not None}


def _branches(schema: dict[str, Any], resolve: Any) -> Iterator[dict[str, Any]]:
    """Yield the schema and all its alternatives and parts, resolved."""
    schema = resolve(schema)
    yield schema
    for keyword in ("allOf", "oneOf", "anyOf"):
        for branch in schema.get(keyword, ()):
            yield from _branches(branch, resolve)


def _sentence(problem: BaseException) -> str:
    """Give the innermost reason of an openapi-core error in one sentence."""
    inner: BaseException = problem
    while inner.__cause__ is not None:
        inner = inner.__cause__
    if isinstance(inner, InvalidSchemaValue):
        reason = best_match(list(inner.schema_errors))  # type: ignore[arg-type]
        if reason is not None:
            size = len(reason.instance) if isinstance(reason.instance, (list, str)) else 0
            if reason.validator == "maxItems":
                return f"{reason.json_path}: No more than {reason.validator_value} items are allowed; {size} were supplied."
            if reason.validator == "maxLength":
                return (
                    f"{reason.json_path}: Only {reason.validator_value} characters are allowed; {size} were supplied."
                )
            return f"{reason.json_path}: {reason.message[:300]}"
    return f"{problem}: {inner}"[:300] if inner is not problem else str(problem)[:300]
