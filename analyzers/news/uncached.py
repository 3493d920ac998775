"""Reads that came from a cache before the change, and are sent to the API server after it."""

import re

from analyzers.analysis.change import Change
from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes.kinds import alike
from analyzers.kubernetes.requests.clients import client
from analyzers.kubernetes.requests.requests import Request
from analyzers.news.replaced import AddedRequest

_CACHE = re.compile(r"lister|informer|store|indexer|cache|manager", re.IGNORECASE)
_NO_READ = re.compile(r"(Options?|Opts|Selector|Keys?|Names?|Func|Index(er)?)$")


def replaces_cache(change: Change, new: AddedRequest) -> bool:
    """Say whether a live read stands where the same function read the same resource from a cache: a lister, a store,
    a caching manager."""
    request = new.request
    old = new.file.base.function(request.function.key) if new.file.base and request.verb in {"GET", "LIST"} else None
    if old is None or not request.resource or request.via is not None:
        return False
    hunk = new.file.diff.hunk_at(request.line)
    removed = {line.old for line in hunk.lines if line.kind == "-"} if hunk is not None else set()
    kind = request.resource.removesuffix("s").removesuffix("ie")
    for call in old.calls:
        if call.line not in removed or call.operand is None:
            continue
        if _NO_READ.search(call.name):
            continue
        named = f"{alike(call.operand, old)}.{call.name}"
        known = client(change.base_index.type_of(call.operand, old.file, old))
        if (
            known is not None
            and known.kind in {"lister", "store"}
            and (not known.resource or known.resource == request.resource)
        ):
            return not _is_there_still(request, call)
        # A manager's GetConfigMap, or such a function kept in a field.
        if (
            kind in call.name.lower()
            and re.match("get|list", call.name.lower())
            and (_CACHE.search(named) or call.name[:1].islower())
        ):
            return known is None and not _is_there_still(request, call)
    return False


def _is_there_still(request: Request, old: Call) -> bool:
    """Say whether the function reads from the cache as it did, and live besides: what the cache does not keep."""
    asked = syntax.text(old.function)
    return any(syntax.text(each.function) == asked for each in request.function.calls)


def was_cached(reads: list[Request], new: Request) -> bool:
    """Say whether a cached read of the same was removed from the same function: controller-runtime's client changed its kind."""
    # One client's namespace stands in its options, another's in how it was made.
    return any(
        old.key[:2] == new.key[:2] and old.function.key == new.function.key and old.path == new.path for old in reads
    )
