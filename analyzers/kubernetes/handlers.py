"""Informers' event handlers: which code they are, what they are about, and whether an update is compared before anything is done.

Sources: client-go tools/cache (ResourceEventHandlerFuncs; handlers of one listener run one after the other, and every
resync calls UpdateFunc with equal objects); kubelets write the status of their node every 10 s until v1.13, every
5 minutes at the latest since (KEP-589), so that nodes are updated without end.
"""

import re

from analyzers.golang import syntax
from analyzers.golang.declaration import Function, parameters
from analyzers.golang.facts import Closure
from analyzers.golang.syntax import Node

_ABOUT = re.compile(
    r"(?:^|[._(]|(?<=[a-z]))([nN]ode|[pP]od|[sS]ervice|[eE]ndpoints?|[lL]ease)s?(Informer|Handler|\(\))"
)
_UPDATE = re.compile(r"^(on|handle)?[uU]pdate\w*$|^(on|On|handle|Handle)\w*Update\w*$|^Update$")
_TWO = re.compile(r"^\(\w+, \w+ (interface\{\}|any)\)|^\(\w+ (interface\{\}|any), \w+ (interface\{\}|any)\)")


def updates(closure: Closure) -> bool:
    """Say whether a function literal is an informer's UpdateFunc."""
    return closure.role == "value" and closure.name == "UpdateFunc"


def is_update_handler(function: Function) -> bool:
    """Say whether a function has the name and the parameters of an UpdateFunc: (old, new interface{})."""
    group = function.node.child_by_field_name("parameters") if function.node is not None else None
    return (
        bool(_UPDATE.match(function.name))
        and group is not None
        and bool(_TWO.match(" ".join(syntax.text(group).split())))
    )


def compares(body: Node | None, old: str) -> bool:
    """Say whether a handler's body uses the old object for anything."""
    return (
        body is not None
        and old not in {"", "_"}
        and any(node.type == "identifier" and syntax.text(node) == old for node in syntax.walk(body))
    )


def old_parameter(node: Node) -> str:
    """Give the name of the first parameter of a handler's function or literal, "" if it has none."""
    found = parameters(node, "parameters")
    return found[0].name if found else ""


def about(function: Function, closure: Closure) -> str:
    """Give the kind whose informer a handler is added to in a function ("node"), as far as names tell; "" if unknown."""
    start = function.region.start
    text = function.file.source[max(start, closure.node.start_byte - 400) : closure.node.start_byte].decode(
        "utf-8", "replace"
    )
    found = _ABOUT.findall(text)
    return found[-1][0].lower() if found else ""
