"""Collections that hold all objects of a kind: what a LIST of all, or a walk through a whole cache, gave."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.syntax import Node
from analyzers.golang.origins import Origin
from analyzers.golang.types.place import Place
from analyzers.kubernetes.requests import scans
from analyzers.kubernetes.requests.reach import origins
from analyzers.kubernetes.requests.requests import requests

__all__ = ["whole"]

_EVERYTHING = frozenset({"labels.Everything()", "labels.NewSelector()", "nil", "ctx"})


def whole(place: Place, collection: Node) -> str | None:
    """Give the resource of which a collection holds all there are in the cluster, by all the places where it is made; None
    if one of them gives less (a namespace, a selection, a page), or is not seen."""
    found = origins(place.index).of(place, collection)
    kinds = {_kind(each) for each in found.origins}
    return kinds.pop() if found.complete and len(kinds) == 1 else None


def _kind(origin: Origin) -> str | None:
    function, call = origin.place.function, origin.call
    if function is None or call is None or origin.kind not in {"call", "filled"}:
        return None
    walked = scans.scan(origin.place.index, function, call)
    if walked is not None:
        return walked.resource if walked.everywhere and not walked.indexed and not _selects(walked) else None
    for request in requests(origin.place.index, function.file, function, ()):
        if request.call is call and request.verb == "LIST" and request.scope == "cluster":
            given = request.options
            narrowed = given.labels or given.fields or given.one_object or given.one_node or given.unknown
            return None if narrowed or given.limit is not None else request.resource or None
    return None


def _selects(walked: scans.Scan) -> bool:
    """Whether a lister is given a selector that is not everything."""
    return any(syntax.text(each) not in _EVERYTHING for each in walked.call.arguments[:1])
