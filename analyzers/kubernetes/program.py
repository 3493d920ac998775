"""A whole program: who calls what in it, and where its values come from. One graph and one engine for all that ask.

The graph is of the code that is reviewed; what client libraries give is an end, since tables tell what it is.
"""

from analyzers.golang.callgraph import CallGraph
from analyzers.golang.facts import syntax
from analyzers.golang.facts.facts import Call
from analyzers.golang.naming import ENOUGH, Work
from analyzers.golang.origins import Origins
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes.execution.components import component

__all__ = ["calls", "origins", "origins_apart", "package_called"]

_LIBRARIES = (
    "k8s.io/client-go",
    "k8s.io/apimachinery",
    "k8s.io/apiserver",
    "k8s.io/controller-manager",
    "sigs.k8s.io/controller-runtime",
)


def calls(index: PackageIndex, work: Work = ENOUGH) -> CallGraph:
    """Give the calls in the program of `index`; `work` is what the first who asks allows to find them."""
    found: CallGraph | None = index.found.get(calls)
    if found is None:
        found = CallGraph(index, ours=lambda path: component(path).reviewed, work=work)
        index.found[calls] = found
    return found


def origins(index: PackageIndex) -> Origins:
    """Give the engine that finds where values come from in the program of `index`; what client libraries give is an end."""
    found: Origins | None = index.found.get(origins)
    if found is None:
        found = index.found[origins] = Origins(index, calls(index).callers, _known)
    return found


def origins_apart(index: PackageIndex) -> Origins:
    """Give an engine as `origins` does, with budgets of its own that nobody else spends: for what is asked of few changes."""
    found: Origins | None = index.found.get(origins_apart)
    if found is None:
        graph = CallGraph(index, ours=lambda path: component(path).reviewed)
        found = index.found[origins_apart] = Origins(index, graph.callers, _known)
    return found


def _known(place: Place, call: Call) -> bool:
    """Say whether a call is of a library of Kubernetes', the tree's own copy of it included: what it gives, tables tell."""
    return package_called(place, call).startswith(_LIBRARIES)


def package_called(place: Place, call: Call) -> str:
    """Give the import path of the package whose function a call names, or that declares the type whose method it is; ""
    if unknown."""
    if call.operand is None:
        return ""
    operand = syntax.unparenthesized(call.operand)
    path = place.imported(operand)
    if path is not None:
        return path
    member = place.index.member(place.type_of(operand), call.name)
    return member.owner.path if member is not None and member.owner is not None else ""
