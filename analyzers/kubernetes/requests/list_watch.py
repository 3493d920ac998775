"""The functions of a ListWatch, which an informer or reflector calls: once at its start, and when its watch is lost.

Source: client-go tools/cache/listwatch.go (ListFunc, WatchFunc, and with a context since 2025); types of one's own that have
the methods List and Watch of cache.ListerWatcher, as Kubernetes had before 2015-09.
"""

import re
from collections.abc import Iterable

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure

KEYS = frozenset({"listfunc", "watchfunc", "listwithcontextfunc", "watchfuncwithcontext"})
"""The fields of a ListWatch, in lower case."""
_TYPE = re.compile(r"list(er)?watch(er)?$", re.IGNORECASE)


def serves(function: Function, closures: Iterable[Closure]) -> bool:
    """Say whether code in `function`, inside these function literals of it, is what a ListWatch lists or watches with."""
    if any(each.name.lower() in KEYS and each.role in {"value", "assigned"} for each in closures):
        return True
    return function.name in {"List", "Watch"} and bool(_TYPE.search(function.receiver_name or ""))
