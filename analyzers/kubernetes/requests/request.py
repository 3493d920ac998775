"""Request: one API request found in code, in the words of the service level objectives: verb, resource, scope."""

from dataclasses import dataclass, field
from typing import Literal

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call, Closure, Loop
from analyzers.golang.facts.source import SourceFile
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution.components import Component, Kind
from analyzers.kubernetes.execution.conditions import Requirement
from analyzers.kubernetes.requests import library
from analyzers.kubernetes.requests.options import NO_OPTIONS, Options

Scope = Literal["cluster", "namespace", "resource"]
COLLECTIONS = frozenset({"LIST", "WATCH", "DELETECOLLECTION"})
"""The verbs that concern many objects."""
WEBHOOK = "webhook"
"""The kind of a request to somebody else's server, whose answer is what is asked for: no burden on the API server."""
READS = frozenset({"GET", "LIST", "WATCH"})


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One API request: what is sent (verb, resource: "" where unknown, scope), how (kind), and where it stands.

    `method` is the Go method at whose name it is sent, on `line`; the whole call ends on `end_line`. `live` is False
    for a read that a cache in the process answers (a controller-runtime client's, unless its object is `unstructured`;
    `type_name` is the object's Go type there).
    `list_watch`: it is the body of a ListWatch, which an informer calls. For kind "wrapper", `through` are the functions
    that the call leads through, the last of which sends it, `within` the loops over items in there, and `inner` the
    conditions around it in there. `every`: a library sends it again after so many seconds.
    """

    verb: str
    resource: str
    scope: Scope
    kind: str
    method: str
    file: SourceFile
    function: Function
    call: Call
    options: Options = NO_OPTIONS
    live: bool = True
    list_watch: bool = False
    through: tuple[Function, ...] = ()
    unstructured: bool = False
    type_name: str = ""
    within: tuple[tuple[Function, Loop], ...] = ()
    every: float | None = None
    inner: tuple[Requirement, ...] = ()
    component: Component = field(default=Component("this code", Kind.OTHER))

    @property
    def via(self) -> Function | None:
        """The function that sends it, where a call of a wrapper stands for it."""
        return self.through[-1] if self.through else None

    @property
    def background(self) -> bool:
        """Whether nobody waits for it, and not each call sends one: an event that is recorded."""
        return self.kind == library.EVENT

    @property
    def path(self) -> str:
        """The file it stands in."""
        return self.file.path

    @property
    def line(self) -> int:
        """The line of the method's name."""
        return self.call.line

    @property
    def end_line(self) -> int:
        """The line on which the call ends."""
        return self.call.end_line

    @property
    def first_line(self) -> int:
        """The line on which the chain of calls begins."""
        return syntax.line(self.call.node)

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops around it in its function, outermost first."""
        return self.call.loops

    @property
    def closures(self) -> tuple[Closure, ...]:
        """The function literals around it in its function, outermost first."""
        return self.call.closures

    @property
    def what(self) -> str:
        """The request as people say it: "LIST of pods in all namespaces", "GET of a secret"."""
        name = self.resource or "objects"
        if self.verb == "LIST" and self.options.one_object:
            return f"LIST of one of the {name}, by its name"
        if self.verb == "LIST" and self.options.one_node and name == "pods":
            return "LIST of the pods of one node"
        if self.verb == "LIST" and self.options.limit is not None:
            return f"LIST of {name} with a limit of {self.options.limit:,}"
        if self.verb in COLLECTIONS:
            verb = "DELETE" if self.verb == "DELETECOLLECTION" else self.verb
            selected = self.options.labels or self.options.fields or self.options.one_node or self.options.unknown
            every = self.scope == "cluster" and not selected and not self.options.limited
            which = " with a selector" if self.options.labels or self.options.fields else ""
            return f"{verb} of {'all ' if every else ''}{name}{which}{' in all namespaces' if self.everywhere else ''}"
        return f"{self.verb} of {name}"

    @property
    def everywhere(self) -> bool:
        """Whether it concerns all namespaces; whether a custom kind has any, its getter tells if it is given one."""
        return self.scope == "cluster" and (self.resource in resources.NAMESPACED or self._is_given_a_namespace)

    @property
    def _is_given_a_namespace(self) -> bool:
        """Whether it is sent through a getter that is given a namespace, be it all: `client.Gateways("").List(...)`."""
        getter = self.call.operand
        given = getter.child_by_field_name("arguments") if getter is not None else None
        return (
            self.kind == "typed"
            and bool(self.resource)
            and self.resource not in resources.CLUSTER_SCOPED
            and given is not None
            and len(syntax.children(given)) == 1
        )

    @property
    def unlisted(self) -> bool:
        """Whether no LIST, and so no informer, answers it: the API server passes it on to a pod or a kubelet, or makes the answer
        of another object (autoscaling/v1 Scale)."""
        return self.kind == "scale" or self.resource.endswith(("/proxy", "/log"))

    @property
    def a_what(self) -> str:
        """`what` with its article: "a LIST of pods", "an UPDATE of nodes"."""
        return f"{'an' if self.verb[:1] in 'AEIOU' else 'a'} {self.what}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two requests the same: verb, resource, scope."""
        return self.verb, self.resource, self.scope
