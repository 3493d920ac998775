"""The calls in a whole program: one graph for all that ask, of the code that is reviewed."""

from analyzers.golang.callgraph import CallGraph
from analyzers.golang.naming import ENOUGH, Work
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.components import component

__all__ = ["calls"]


def calls(index: PackageIndex, work: Work = ENOUGH) -> CallGraph:
    """Give the calls in the program of `index`; `work` is what the first who asks allows to find them."""
    found: CallGraph | None = index.found.get(calls)
    if found is None:
        found = CallGraph(index, ours=lambda path: component(path).reviewed, work=work)
        index.found[calls] = found
    return found
