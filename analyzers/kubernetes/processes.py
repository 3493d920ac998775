"""Calls that start a process: os/exec, k8s.io/utils/exec, and functions that do nothing but wrap it.

Source: the packages' own signatures; in kubernetes/kubernetes every iptables, ipset, mount, du and nsenter goes this way.
"""

import re

from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Call
from analyzers.golang.packages import PackageIndex
from analyzers.golang.types import Interface, Named, dereferenced

_EXEC = re.compile(r"(^|\.|/)u?(til)?(nodeutil)?exec(er|utor|utils?)?$|exec(er)?$", re.IGNORECASE)
_BODY = re.compile(rb"\b\w*[eE]xec\w*\.Command(Context)?\(")


def starts_process(index: PackageIndex, function: Function, call: Call) -> bool:
    """Say whether a call starts a process: itself, or in the function it calls (behind an interface: in any of its package)."""
    if call.operand is None:
        return _wraps(index.callee(call, function.file, function))
    if call.name in {"Command", "CommandContext"}:
        return bool(_EXEC.search(syntax.text(call.operand)))
    named = dereferenced(index.type_of(call.operand, function.file, function))
    if isinstance(named, Named) and isinstance(index.underlying(named), Interface):
        package = index.package(named.path)
        return package is not None and any(
            _wraps(each) for each in package.functions if each.name == call.name and each.receiver_name
        )
    return _wraps(index.callee(call, function.file, function))


def _wraps(callee: Function | None) -> bool:
    return callee is not None and bool(_BODY.search(callee.file.source, callee.region.start, callee.region.end))
