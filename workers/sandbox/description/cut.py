"""Cut the slices of GitHub's official descriptions that the simulated GitHub is checked against.

    python -m workers.sandbox.description.cut --rest api.github.com.json --webhooks schema.json

takes the unpacked files of the packages `@octokit/openapi` (REST, OpenAPI 3.0) and `@octokit/webhooks-schemas` (JSON Schema of the
payloads) and rewrites github.json and webhooks.json beside this script. What is kept is structure: paths, fields, types, limits,
enumerations. What is dropped is prose, examples and GitHub's own extensions. Both packages are under the MIT licence (LICENSE.txt).
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

OPERATIONS = frozenset(
    {
        "apps/create-from-manifest",
        "apps/create-installation-access-token",
        "apps/get-authenticated",
        "apps/get-installation",
        "apps/get-org-installation",
        "apps/get-repo-installation",
        "apps/get-user-installation",
        "apps/get-webhook-config-for-app",
        "apps/get-webhook-delivery",
        "apps/list-installations",
        "apps/list-repos-accessible-to-installation",
        "apps/list-webhook-deliveries",
        "apps/redeliver-webhook-delivery",
        "apps/revoke-installation-access-token",
        "checks/create",
        "checks/get",
        "checks/get-suite",
        "checks/list-annotations",
        "checks/list-for-ref",
        "checks/list-for-suite",
        "checks/list-suites-for-ref",
        "checks/rerequest-run",
        "checks/update",
        "git/get-blob",
        "git/get-commit",
        "git/get-ref",
        "git/get-tree",
        "git/list-matching-refs",
        "issues/add-labels",
        "issues/create-comment",
        "issues/create-label",
        "issues/delete-comment",
        "issues/get",
        "issues/get-comment",
        "issues/get-label",
        "issues/list-comments",
        "issues/list-comments-for-repo",
        "issues/list-labels-for-repo",
        "issues/list-labels-on-issue",
        "issues/remove-all-labels",
        "issues/remove-label",
        "issues/set-labels",
        "issues/update-comment",
        "pulls/create-reply-for-review-comment",
        "pulls/create-review",
        "pulls/create-review-comment",
        "pulls/delete-pending-review",
        "pulls/delete-review-comment",
        "pulls/dismiss-review",
        "pulls/get",
        "pulls/get-review",
        "pulls/get-review-comment",
        "pulls/list",
        "pulls/list-comments-for-review",
        "pulls/list-commits",
        "pulls/list-files",
        "pulls/list-review-comments",
        "pulls/list-review-comments-for-repo",
        "pulls/list-reviews",
        "pulls/submit-review",
        "pulls/update-review",
        "pulls/update-review-comment",
        "rate-limit/get",
        "reactions/create-for-issue",
        "reactions/create-for-issue-comment",
        "reactions/create-for-pull-request-review-comment",
        "reactions/delete-for-issue",
        "reactions/delete-for-issue-comment",
        "reactions/delete-for-pull-request-comment",
        "reactions/list-for-issue",
        "reactions/list-for-issue-comment",
        "reactions/list-for-pull-request-review-comment",
        "repos/compare-commits-with-basehead",
        "repos/create-commit-status",
        "repos/get",
        "repos/get-branch",
        "repos/get-collaborator-permission-level",
        "repos/get-commit",
        "repos/get-content",
        "repos/list-branches",
        "repos/list-commit-statuses-for-ref",
        "repos/list-pull-requests-associated-with-commit",
        "users/get-authenticated",
        "users/get-by-username",
    }
)

EVENTS = frozenset(
    {
        "check_run$completed",
        "check_run$created",
        "check_run$rerequested",
        "check_suite$rerequested",
        "installation$created",
        "installation$deleted",
        "installation_repositories$added",
        "installation_repositories$removed",
        "issue_comment$created",
        "issue_comment$deleted",
        "issue_comment$edited",
        "ping$event",
        "pull_request$closed",
        "pull_request$converted_to_draft",
        "pull_request$edited",
        "pull_request$labeled",
        "pull_request$opened",
        "pull_request$ready_for_review",
        "pull_request$reopened",
        "pull_request$synchronize",
        "pull_request$unlabeled",
        "pull_request_review$dismissed",
        "pull_request_review$edited",
        "pull_request_review$submitted",
        "pull_request_review_comment$created",
        "pull_request_review_comment$deleted",
        "pull_request_review_comment$edited",
    }
)

PROSE = frozenset(
    {"description", "summary", "example", "examples", "title", "externalDocs", "tags", "deprecated", "tsType"}
)

# A discriminator repeats what the alternatives beside it say; of a folder's contents (a list) it asks for a property.
SUPERFLUOUS = frozenset({"discriminator"})

# Where GitHub answers otherwise than its own description says. The fields of an outdated review comment are null: the description
# of the same object in the webhooks' schemas (pull-request-review-comment) allows it, that of REST forgets it.
NULLABLE = (
    ("pull-request-review-comment", "line"),
    ("pull-request-review-comment", "position"),
    ("review-comment", "line"),
)

# The description's prose says that a plain list of labels may be passed too ("You can also pass an `array` of labels directly"),
# and clients do; its schema forgets it.
LABELS = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
PLAIN_LIST = {"type": "array", "items": {"type": "string"}}


def structure(node: Any, names: bool = False) -> Any:
    """Give a description's node without prose. `names` says that the keys of `node` are names of fields, not keywords."""
    if isinstance(node, list):
        return [structure(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {}
    for key, value in node.items():
        if names:
            kept[key] = structure(value)
        elif key in PROSE or key in SUPERFLUOUS or key.startswith("x-"):
            continue
        elif key in ("enum", "required", "default", "const"):
            kept[key] = value
        else:
            kept[key] = structure(value, names=key in ("properties", "definitions", "responses", "patternProperties"))
    # OpenAPI 3.0.3: what is nullable and has an enumeration must list null there as well. GitHub means it and forgets it.
    if not names and kept.get("nullable") and None not in kept.get("enum", [None]):
        kept["enum"] = [*kept["enum"], None]
    # Likewise `nullable` says nothing where no type stands beside it: null becomes one more alternative.
    alternatives = next((name for name in ("oneOf", "anyOf") if name in kept), None)
    if not names and alternatives and "type" not in kept and kept.pop("nullable", False):
        kept[alternatives] = [*kept[alternatives], {"type": "object", "nullable": True, "enum": [None]}]
    return kept


def references(node: Any) -> Iterator[str]:
    """Yield every "$ref" below a node."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from references(value)


def closure(node: Any, document: dict[str, Any]) -> dict[str, Any]:
    """Give what `node` refers to, directly or through others: reference -> its structure."""
    found: dict[str, Any] = {}
    waiting = list(references(node))
    while waiting:
        reference = waiting.pop()
        if reference in found:
            continue
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        found[reference] = structure(target)
        waiting += references(found[reference])
    return found


def cut_rest(document: dict[str, Any]) -> dict[str, Any]:
    """Give the slice of the OpenAPI document that holds OPERATIONS and all that they refer to.

    Raises:
        KeyError: an operation is not in the document.
    """
    paths: dict[str, Any] = {}
    missing = set(OPERATIONS)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and operation.get("operationId") in OPERATIONS:
                missing.discard(operation["operationId"])
                paths.setdefault(path, {})[method] = described(structure(operation))
    if missing:
        raise KeyError(f"the description has no {', '.join(sorted(missing))}: was the operation renamed?")
    slice_ = {"openapi": document["openapi"], "paths": paths, "components": {}}
    for reference, target in sorted(closure(paths, document).items()):
        _, _, kind, name = reference.split("/")
        slice_["components"].setdefault(kind, {})[name] = described(target) if kind == "responses" else target
    schemas = slice_["components"]["schemas"]
    for schema, field in NULLABLE:
        schemas[schema]["properties"][field]["nullable"] = True
    # The list of installations describes an account that is a user and an enterprise at once; a single one is described well.
    listed = paths["/app/installations"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    listed["items"] = {"$ref": "#/components/schemas/installation"}
    for method in ("post", "put"):
        paths[LABELS][method]["requestBody"]["content"]["application/json"]["schema"]["oneOf"].append(PLAIN_LIST)
    # OpenAPI demands a title, a version and, of every response, a description: empty where it carries no structure.
    slice_["info"] = {"title": "GitHub", "version": document["info"]["version"]}
    slice_["servers"] = [{"url": "https://api.github.com"}]
    return slice_


def described(node: dict[str, Any]) -> dict[str, Any]:
    """Give an operation or a response with the (empty) description that OpenAPI demands of a response."""
    if "responses" not in node:
        return {"description": "", **node}
    responses = {
        status: value if "$ref" in value else {"description": "", **value}
        for status, value in node["responses"].items()
    }
    return {**node, "responses": responses}


def cut_webhooks(document: dict[str, Any]) -> dict[str, Any]:
    """Give the slice of the webhooks' JSON Schema that holds EVENTS and all that they refer to.

    Raises:
        KeyError: an event is not in the document.
    """
    events = {name: structure(document["definitions"][name]) for name in sorted(EVENTS)}
    definitions = dict(events)
    for reference, target in sorted(closure(events, document).items()):
        definitions[reference.removeprefix("#/definitions/")] = target
    return {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions}


def write(document: dict[str, Any], path: Path) -> None:
    """Write a slice with each path or definition on a line of its own, so that a later cut shows what changed."""
    lines = []
    for key, value in document.items():
        if key in ("paths", "definitions"):
            lines.append(f"{json.dumps(key)}:{{\n{rows(value)}}}")
        elif key == "components":
            kinds = ",\n".join(f"{json.dumps(kind)}:{{\n{rows(named)}}}" for kind, named in value.items())
            lines.append(f"{json.dumps(key)}:{{\n{kinds}}}")
        else:
            lines.append(f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}")
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def rows(named: dict[str, Any]) -> str:
    """Give a mapping as JSON lines, one a name."""
    return ",\n".join(f"{json.dumps(name)}:{json.dumps(value, separators=(',', ':'))}" for name, value in named.items())


def main() -> int:
    """Cut the slices whose sources are named on the command line; give the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rest", type=Path, help="api.github.com.json of @octokit/openapi")
    parser.add_argument("--webhooks", type=Path, help="schema.json of @octokit/webhooks-schemas")
    arguments = parser.parse_args()
    if not arguments.rest and not arguments.webhooks:
        parser.error("name at least one of --rest and --webhooks")
    try:
        if arguments.rest:
            write(cut_rest(json.loads(arguments.rest.read_text(encoding="utf-8"))), FOLDER / "github.json")
        if arguments.webhooks:
            write(cut_webhooks(json.loads(arguments.webhooks.read_text(encoding="utf-8"))), FOLDER / "webhooks.json")
    except (OSError, ValueError, KeyError) as problem:
        sys.stderr.write(f"cut: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
