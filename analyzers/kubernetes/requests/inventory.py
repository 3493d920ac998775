"""The inventory: what each file asks of the API server, as plain data."""

from collections.abc import Iterator
from typing import Any

from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import volumes
from analyzers.kubernetes.execution.callpaths import CallPaths
from analyzers.kubernetes.execution.components import Component
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.request import Request
from analyzers.kubernetes.requests.requests import requests


class Inventory:
    """The requests of one tree, file by file."""

    def __init__(self, index: PackageIndex) -> None:
        self._index = index
        self._paths = CallPaths(index)

    def of(self, file: SourceFile) -> Iterator[dict[str, Any]]:
        """Yield the live requests of a file as `scalability-bot inventory --format json` prints them.

        What a wrapper sends is listed where the wrapper sends it. `loop` is the kind of the innermost loop around the
        call ("" if none), `period` the seconds after which a timer repeats it, None where there is no timer or it is
        not known.
        """
        if implements_client(self._index, self._index.import_path(file)):
            return  # what a client's methods send, its callers ask for
        for function in (*file.functions, *file.initializers):
            for request in requests(self._index, file, function, ()):
                if request.live:
                    yield self._row(request)

    def _row(self, request: Request) -> dict[str, Any]:
        path = self._paths.worst(request.function, request.call) if not request.list_watch else None
        repeated = path is not None and path.root == "periodic" and path.repetition is not None
        return {
            "path": request.path,
            "line": request.line,
            "method": request.method,
            "verb": request.verb,
            "resource": request.resource,
            "kind": "informer" if request.list_watch else request.kind,
            "component": self._component(request).name,
            "function": request.function.key,
            "loop": request.loops[-1].kind if request.loops else "",
            "period": request.every
            or (path.repetition.seconds if repeated and path is not None and path.repetition is not None else None),
            "scope": request.scope,
        }

    def _component(self, request: Request) -> Component:
        if request.component.every_node and volumes.in_controller(self._index, request.function):
            return volumes.IN_CONTROLLER
        return request.component
