"""What code newly asks of a cloud provider, and what it newly takes of the node that it runs on."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import clouds, node_resources
from analyzers.kubernetes.execution.components import Component
from analyzers.news.added import Added, Candidate, Removed, added
from analyzers.news.requests import component_of


class Taken(NamedTuple):
    """A new call: what it asks or takes, where, and the component that it runs in."""

    what: str
    call: Call
    function: Function
    component: Component

    @property
    def name(self) -> str:
        """The names by which it is called, without arguments: `service.Routes.Delete.Do`."""
        names: list[str] = []
        node: Node | None = self.call.function
        while node is not None and node.type in {"selector_expression", "call_expression"}:
            field = syntax.field(node, "field")
            names += [syntax.text(field)] if field is not None else []
            node = syntax.field(node, "function" if node.type == "call_expression" else "operand")
        names += [syntax.text(node)] if node is not None and node.type == "identifier" else []
        return ".".join(reversed(names))


_Judge = Callable[[PackageIndex, Function, Call], str | None]


def cloud_calls(change: Change) -> Iterator[Taken]:
    """Yield the calls to cloud providers that the change adds."""
    yield from _taken(change, _exported, clouds.asked)


def node_calls(change: Change) -> Iterator[Taken]:
    """Yield the calls by which code that runs on every node newly takes something of the node."""
    for each in _taken(change, node_resources.may_take, node_resources.taken):
        if each.component.every_node:
            yield each


def _taken(change: Change, may: Callable[[Call], bool], judge: _Judge) -> Iterator[Taken]:
    def find(function: Function) -> Iterator[Candidate[Call]]:
        for call in function.calls:
            if may(call):
                yield Candidate(("taken", call.name), call.line, call.end_line, call)

    def pays(old: Removed[Call], new: Added[Call]) -> bool:
        before = judge(change.base_index, old.function, old.what)
        return before is not None and before == judge(change.head_index, new.function, new.what)

    for each in added(change, find, pays):
        what = judge(change.head_index, each.function, each.what)
        if what is not None:
            yield Taken(what, each.what, each.function, component_of(change, each.file, each.function))


def _exported(call: Call) -> bool:
    return call.operand is not None and call.name[:1].isupper()
