"""A method copies its receiver's struct on every call

`func (s Scheduler) ScheduleOne(...)` runs on a new copy of the whole `Scheduler`, which is thrown away when the
method returns; what the method changes in it is lost. In the scheduler, the kubelet, kube-proxy and the volume code
no struct of 80 bytes or more has such a method: with a pointer receiver each call passes 8 bytes. Mind that a mutex
that is copied locks nothing. A struct that was small enough is flagged at the field that makes it large.

```diff
--- a/pkg/scheduler/scheduler.go
+++ b/pkg/scheduler/scheduler.go
@@ -1,18 +1,18 @@
 package scheduler

 import "k8s.io/api/core/v1"

 type Scheduler struct {
        name    string
        profile string
        nodes   []v1.Node
        queue   chan *v1.Pod
        bind    func(*v1.Pod, *v1.Node) error
 }

-func (s Scheduler) ScheduleOne(pod *v1.Pod) error {
+func (s *Scheduler) ScheduleOne(pod *v1.Pod) error {
        for i := range s.nodes {
                if s.nodes[i].Spec.Unschedulable {
                        continue
                }
                return s.bind(pod, &s.nodes[i])
        }
        return nil
 }
```

Not reported: maps, slices, functions, empty and small structs; methods that an interface in sight asks for; types whose
methods all had value receivers before; immutable values such as `metav1.Time`; command lines, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.copying import concerned, copy_of, required, struct
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.growth import growths
from analyzers.analysis.places import Added, Candidate, added
from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.types import Named, Struct
from analyzers.kubernetes import critical_paths, immutables
from analyzers.kubernetes.components import Kind

# Where no method copied a struct of this size, in 1,649 packages of 2018 (shared facts, kubernetes.md 4).
_UNPRECEDENTED = {Kind.SCHEDULER: 32, Kind.NODE: 80}
_SCHEDULING = 24  # a slice and nothing else: for each pod even that is one copy too many, and what is changed is lost
_HOT = 80
_LARGE = 256
_LOCKS = frozenset({"Mutex", "RWMutex", "WaitGroup", "Once", "Cond"})
_CONVENTIONAL = frozenset(
    {"String", "Error", "GoString", "Format", "MarshalJSON", "MarshalText", "MarshalYAML", "Len", "Less", "Swap"}
)


def value_receiver(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new method that copies a large receiver."""
    for each in added(change, _receivers):
        function, receiver = each.function, each.function.receiver
        if receiver is None or not concerned(each.file) or function.name in _CONVENTIONAL:
            continue
        type_ = change.head_index.resolve(receiver.type, function.file, function)
        named = struct(change, type_)
        if named is None or immutables.options(named):
            continue
        locks = _holds_lock(change, named)
        copy = copy_of(change, function, named, "call", 0 if locks else _SCHEDULING)
        if copy is None:
            continue
        least = _UNPRECEDENTED.get(each.file.component.kind, _HOT if copy.hot else _LARGE)
        if copy.hot and copy.path_name == critical_paths.SCHEDULING.name:
            least = _SCHEDULING
        if not locks and copy.bytes < least:
            continue
        # A type that is a value everywhere is one by design: one pointer receiver among them would be odd.
        if not locks and (_was_a_value(change, each) or _fluent(function)):
            continue
        # Whoever stores such a value in an interface would have to store a pointer; the scheduler's own types are no values.
        if not locks and not copy.hot and required(change, function):
            continue
        name = receiver.name or receiver.type_name[:1].lower()
        yield Diagnostic(
            analyzer="value-receiver",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(function.name)} has the value receiver {code(syntax.text(receiver.type))}"
            + (", which holds a lock: the copy locks nothing." if locks else "."),
            remedy=f"Use a pointer receiver, {code(f'{name} *{receiver.type_name}')}, for all methods of the type.",
            unless="" if locks else "Leave it if the copy is wanted.",
            concern=f"value receiver {receiver.type_name}",
            function=function.key,
            subject=copy,
        )
    yield from _of_grown(change)


def _of_grown(change: Change) -> Iterator[Diagnostic]:
    """What the methods of a type cost that the change makes large: they were cheap enough before."""
    for growth in growths(change, _HOT, _copies_receiver):
        verb = "copy" if len(growth.functions) > 1 else "copies"
        name = growth.named.name
        yield Diagnostic(
            analyzer="value-receiver",
            path=growth.file.path,
            line=growth.line,
            end_line=growth.line,
            construct=f"With this {code(name)} grows from {growth.before} bytes, and {growth.names} {verb} it.",
            remedy=f"Use pointer receivers, {code(f'*{name}')}, for all methods of the type.",
            concern=f"value receiver {name}",
            subject=growth.copy,
        )


def _copies_receiver(function: Function, name: str) -> bool:
    receiver = function.receiver if function.receiver_name == name else None
    return receiver is not None and not receiver.pointer and function.name not in _CONVENTIONAL


def _receivers(function: Function) -> Iterator[Candidate[None]]:
    receiver = function.receiver if function.receiver_name else None
    if receiver is not None and not receiver.pointer:
        yield Candidate((function.name.lower(), function.receiver_name.lower()), function.line, function.line, None)


def _holds_lock(change: Change, named: Named) -> bool:
    under = change.head_index.underlying(named)
    return isinstance(under, Struct) and any(
        isinstance(field.type, Named) and field.type.path == "sync" and field.type.name in _LOCKS
        for field in under.fields
    )


def _was_a_value(change: Change, each: Added[None]) -> bool:
    """Whether the type had methods before the change, and all of them copied it."""
    old = each.file.old_path
    if old is None:
        return False
    methods = change.base_index.package_of(old).methods(each.function.receiver_name).values()
    receivers = [method.receiver for method in methods]
    return bool(receivers) and not any(receiver is None or receiver.pointer for receiver in receivers)


def _fluent(function: Function) -> bool:
    """Whether it gives a changed copy of its receiver, as builders do."""
    return any(syntax.text(result.type) == function.receiver_name for result in function.results)
