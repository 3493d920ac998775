"""Calls that start a process: os/exec, k8s.io/utils/exec, and functions that do nothing but wrap it.

Sources: the packages' own signatures (in kubernetes/kubernetes every iptables, ipset, mount, du and nsenter goes this way);
the manual pages iptables-restore(8), ipset(8), ip(8), tc(8), bridge(8), ipvsadm(8), nft(8), conntrack(8), ebtables-restore(8),
ovs-ofctl(8), ovs-vsctl(8).
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Interface, Named, dereferenced
from analyzers.kubernetes.kinds import alike

BATCH = {
    "iptables": "iptables-restore",
    "ip6tables": "ip6tables-restore",
    "ebtables": "ebtables-restore",
    "ipset": "ipset restore",
    "ip": "ip -batch",
    "tc": "tc -batch",
    "bridge": "bridge -batch",
    "ipvsadm": "ipvsadm --restore",
    "conntrack": "conntrack --load-file",
    "nft": "nft -f",
    "ovs-ofctl": "ovs-ofctl bundle",
    "ovs-vsctl": "ovs-vsctl CMD -- CMD",
}
"""The programs that nodes start for each rule, route or set, and how one process takes many of them."""

_LONG = re.compile(
    rf"(?<![\w-])({'|'.join(sorted((name for name in BATCH if len(name) > 3), key=len, reverse=True))})(?![\w])",
    re.IGNORECASE,
)
_SHORT = re.compile(rf"\"({'|'.join(name for name in BATCH if len(name) <= 3)})\"")
_EXEC = re.compile(r"(^|\.|/)u?(til)?(nodeutil)?exec(er|utor|utils?)?$|exec(er)?$", re.IGNORECASE)
_BODY = re.compile(rb"\b\w{0,80}[eE]xec\w{0,80}\.Command(Context)?\(")


def started(index: PackageIndex, function: Function, call: Call) -> str | None:
    """Give the program that a call starts, itself or in the function it calls (behind an interface: in any of its package).

    One of BATCH, "" for another one, None where the call starts no process.
    """
    if call.operand is not None and call.name in {"Command", "CommandContext"}:
        return (
            _program(syntax.text(call.node)) if _executes(Place(index, function.file, function), call.operand) else None
        )
    for callee in _callees(index, function, call):
        if _BODY.search(callee.file.source, callee.region.start, callee.region.end):
            body = callee.file.source[callee.region.start : callee.region.end].decode("utf-8", "replace")
            return _program(syntax.text(call.node)) or _program(f"{body}\n{callee.file.package}")
    return None


def _executes(place: Place, operand: Node) -> bool:
    """Say whether an operand is a package that starts processes, or a value of a type that does."""
    named = dereferenced(place.type_of(operand))
    path = place.imported(operand) or (named.path if isinstance(named, Named) else "")
    if path:
        return _EXEC.search(path) is not None or (isinstance(named, Named) and _EXEC.search(named.name) is not None)
    return place.function is not None and _EXEC.search(alike(operand, place.function)) is not None


def _program(text: str) -> str:
    found = _LONG.search(text) or _SHORT.search(text)
    return found[1].lower() if found else ""


def _callees(index: PackageIndex, function: Function, call: Call) -> list[Function]:
    named = dereferenced(index.type_of(call.operand, function.file, function)) if call.operand is not None else None
    if isinstance(named, Named) and isinstance(index.underlying(named), Interface):
        package = index.package(named.path)
        return [each for each in package.functions if each.name == call.name and each.receiver_name] if package else []
    callee = index.callee(call, function.file, function)
    return [callee] if callee is not None else []
