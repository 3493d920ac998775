"""The function that sets a type's defaults behind `Scheme.Default(obj)`.

Source: apimachinery pkg/runtime/scheme.go (Default calls what AddTypeDefaultingFunc registered for the object's type, with the
object itself) and what code-generator's defaulter-gen writes: `SetObjectDefaults_T` beside T, or `SetDefaults_T` by hand.
"""

from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, Pointer, dereferenced

_SCHEME = ("k8s.io/apimachinery/pkg/runtime", "Scheme")


def defaulter(index: PackageIndex, function: Function, call: Call) -> Function | None:
    """Give the function of the program that a call of a scheme's Default runs on its argument, None if it is no such call."""
    if call.name != "Default" or call.operand is None or len(call.arguments) != 1:
        return None
    scheme = dereferenced(index.type_of(call.operand, function.file, function))
    given = index.type_of(call.arguments[0], function.file, function)
    named = given.elem if isinstance(given, Pointer) else None
    if not isinstance(scheme, Named) or (scheme.path, scheme.name) != _SCHEME or not isinstance(named, Named):
        return None
    for prefix in ("SetObjectDefaults_", "SetDefaults_"):
        found = index.lookup(named.path, prefix + named.name)
        if isinstance(found, Function):
            return found
    return None
