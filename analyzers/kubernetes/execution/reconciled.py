"""What a reconcile is given: the kind of the objects that it is called for, and whether a cluster may hold many of them.

Sources: controller-runtime pkg/reconcile (a Request names the object, which a reconcile reads first; an ObjectReconciler is
given it), client-go tools/cache (SplitMetaNamespaceKey gives namespace and name, by which a lister gives the object),
knative.dev/pkg (ReconcileKind); api-conventions.md: of a kind that belongs to no namespace, most are settings of a cluster.
"""

from collections.abc import Iterable

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function, TypeDeclaration
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.inference import type_of_binding
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Named, Type, dereferenced
from analyzers.kubernetes import api_types, resources, scale
from analyzers.kubernetes.requests import clients

_GIVEN = frozenset({"ReconcileKind", "Reconcile"})


def reconciled(index: PackageIndex, functions: Iterable[Function]) -> Named | None:
    """Give the kind of objects that a reconcile is called for, by the functions on a path from it down, the first one first;
    None if it is not seen."""
    for function in functions:
        found = _handed(index, function) or _read(index, function)
        if found is not None:
            return found
    return None


def may_be_many(index: PackageIndex, kind: Named) -> bool | None:
    """Say whether a cluster may hold many objects of a kind: of those that have namespaces, and of nodes and the like; None where
    neither Kubernetes nor the program declares it."""
    resource = resources.plural(kind.name)
    if kind.path.startswith("k8s.io/api/"):
        return resource in scale.COUNTS or resource not in resources.CLUSTER_SCOPED
    declared = index.lookup(kind.path, kind.name)
    if not isinstance(declared, TypeDeclaration):
        return None
    found = next((each for each in api_types.objects(index, declared.file) if each.name == kind.name), None)
    return None if found is None else not found.cluster


def _handed(index: PackageIndex, function: Function) -> Named | None:
    """The object that a reconcile is given as such: its last parameter, of a type that is one."""
    if function.name not in _GIVEN or len(function.params) < 2:
        return None
    given = dereferenced(index.resolve(function.params[-1].type, function.file, function))
    return given if isinstance(given, Named) and may_be_many(index, given) is not None else None


def _read(index: PackageIndex, function: Function) -> Named | None:
    """The object that a reconcile reads first, by the name that it is given."""
    place = Place(index, function.file, function)
    names = _names(function)
    for call in function.calls:
        if call.name != "Get" or call.operand is None or not call.arguments:
            continue
        type_ = place.type_of(call.operand)
        member = index.member(type_, "Get")  # of a client that the reconciler embeds, too
        known = clients.client(type_) or (clients.client(member.owner) if member is not None else None)
        if known is None:
            continue
        if known.kind == "controller-runtime" and len(call.arguments) > 2:
            if is_the_request(function, call) or syntax.text(call.arguments[1]) in names:
                return _named(place.type_of(call.arguments[2]))
        elif known.kind in {"lister", "typed"} and any(syntax.text(each) in names for each in call.arguments):
            return _given(index, function, call)
    return None


def _names(function: Function) -> frozenset[str]:
    """The variables that hold the name out of a key that was split, by client-go or by a function of the program's own."""
    keys = {each.name for each in function.params if syntax.text(each.type) == "string"}
    return frozenset(
        syntax.text(assignment.left[1])
        for assignment in function.assignments
        if len(assignment.left) in {2, 3}
        and len(assignment.right) == 1
        and (call := function.facts.call_at(syntax.unparenthesized(assignment.right[0]))) is not None
        and len(call.arguments) == 1
        and syntax.text(call.arguments[0]) in keys
    )


def is_the_request(function: Function, call: Call) -> bool:
    """Say whether a Get asks for the object of the key that a reconcile is given."""
    path = syntax.path(call.arguments[1])
    return (
        path is not None
        and len(path) == 2
        and path[1] == "NamespacedName"
        and any(each.name == path[0] and "Request" in syntax.text(each.type) for each in function.params)
    )


def _given(index: PackageIndex, function: Function, call: Call) -> Named | None:
    """What a call gives first, by the variable that it is put into."""
    for assignment in function.assignments:
        if assignment.left and any(syntax.same(each, call.node) for each in assignment.right):
            binding = function.binding(syntax.text(assignment.left[0]), assignment.node.end_byte + 1)
            return _named(type_of_binding(index, binding, function.file, function)) if binding is not None else None
    return None


def _named(type_: Type | None) -> Named | None:
    found = dereferenced(type_)
    return found if isinstance(found, Named) else None
