"""The inventory: what each file asks of the API server, as plain data."""

from collections.abc import Iterator
from typing import Any

from analyzers.golang.packages import PackageIndex
from analyzers.golang.source import SourceFile
from analyzers.kubernetes.requests import Request, requests


def inventory(index: PackageIndex, file: SourceFile) -> Iterator[dict[str, Any]]:
    """Yield the live requests of a file as `scalability-bot inventory --format json` prints them."""
    for function in (*file.functions, *file.initializers):
        for request in requests(index, file, function, ()):
            if request.live:
                yield _row(request)


def _row(request: Request) -> dict[str, Any]:
    return {
        "path": request.path,
        "line": request.line,
        "method": request.method,
        "verb": request.verb,
        "resource": request.resource,
        "kind": "informer" if request.list_watch else request.kind,
        "component": request.component.name,
        "function": request.function.key,
        "loop": request.loops[-1].kind if request.loops else "",
        "period": None,
        "scope": request.scope,
    }
