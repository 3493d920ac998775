"""The inventory: what each file asks of the API server, as plain data."""

from collections.abc import Callable, Iterator
from typing import Any

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import scale
from analyzers.kubernetes.execution import conditions, node_programs
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths
from analyzers.kubernetes.execution.components import Component, Kind
from analyzers.kubernetes.requests.clients import implements_client
from analyzers.kubernetes.requests.request import WEBHOOK, Request
from analyzers.kubernetes.requests.requests import requests

_INSTANCES = {Kind.NODE: scale.NODES, Kind.CONTROLLER: 1, Kind.SCHEDULER: 1}
"""How many instances of a component are active (components.Kind); of all else that is not known."""


class Inventory:
    """The requests of one tree, file by file."""

    def __init__(self, index: PackageIndex) -> None:
        self._index = index
        self._paths = CallPaths(index)

    def of(
        self, file: SourceFile, component: Callable[[Function], Component] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the live requests of a file as `scalability-bot inventory --format json` prints them.

        What a wrapper sends is listed where the wrapper sends it. `loop` is the kind of the innermost loop around the
        call ("" if none), `for_each_item` whether it, or a call on the way to it, is in a loop over items. `period` is the
        seconds after which a timer repeats it, None where there is no timer or it is not known; `qps` the requests a second
        of all instances in the largest supported cluster, None unless every factor is known: the period, the instances,
        and that neither loops nor conditions on the way make it more or less. `component` says where a function runs, if
        somebody knows better than its path.
        """
        if implements_client(self._index, self._index.import_path(file)):
            return  # what a client's methods send, its callers ask for
        for function in (*file.functions, *file.initializers):
            for request in requests(self._index, file, function, ()):
                if request.live:
                    yield self._row(request, component(function) if component else self._component(request))

    def _row(self, request: Request, component: Component) -> dict[str, Any]:
        path = self._paths.worst(request.function, request.call) if not request.list_watch else None
        repeated = path is not None and path.root == "periodic" and path.repetition is not None
        period = request.every or (
            path.repetition.seconds if repeated and path is not None and path.repetition is not None else None
        )
        items = bool(path is not None and path.loops) or any(loop.kind != "infinite" for loop in request.loops)
        return {
            "path": request.path,
            "line": request.line,
            "method": request.method,
            "verb": request.verb,
            "resource": request.resource,
            "kind": "informer" if request.list_watch else request.kind,
            "component": component.name,
            "function": request.function.key,
            "loop": request.loops[-1].kind if request.loops else "",
            "for_each_item": items,
            "period": period,
            "qps": _qps(request, path, component, period) if not items else None,
            "scope": request.scope,
        }

    def _component(self, request: Request) -> Component:
        return node_programs.component_of(self._index, request.path, request.component, request.function)


def _qps(request: Request, path: CallPath | None, component: Component, period: float | None) -> float | None:
    instances = _INSTANCES.get(component.kind)
    if instances is None or not period or path is None or request.background or request.kind == WEBHOOK:
        return None
    if path.rare or path.after_a_miss or any(conditions.spares(each) for each in path.conditions):
        return None
    return instances / period
