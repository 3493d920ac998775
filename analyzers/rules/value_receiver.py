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

Not reported: maps, slices, functions, empty and small structs; methods that an interface in sight asks for, or that are
used as functions (`Quota.Equal`); types whose methods all had value receivers before; methods and types that were only
renamed; immutable values such as `metav1.Time`; command lines, fakes, tests and generated code.
"""

import dataclasses
import re
from collections.abc import Iterator
from functools import partial

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Copy
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.types import Named, Struct
from analyzers.kubernetes import immutables
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.components import Kind
from analyzers.news.added import Added, Candidate, Removed, added, gone
from analyzers.news.concerned import concerned
from analyzers.news.copies import copy_of, required, struct, was_large
from analyzers.news.growth import growths

# Where no method copied a struct of 80 bytes, in 1,649 packages of 2018 (shared facts, kubernetes.md 4).
_UNPRECEDENTED = frozenset({Kind.SCHEDULER, Kind.NODE})
_SCHEDULER = 24  # a scheduler that is a slice and nothing else: what a method changes in it is lost
_HOT = 80
_LARGE = 256
_LOCKS = frozenset({"Mutex", "RWMutex", "WaitGroup", "Once", "Cond"})
_CONVENTIONAL = frozenset(
    {"String", "Error", "GoString", "Format", "MarshalJSON", "MarshalText", "MarshalYAML", "Len", "Less", "Swap"}
)


def value_receiver(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new method that copies a large receiver."""
    for each in added(change, _receivers, partial(_pays, change)):
        function, receiver = each.function, each.function.receiver
        if receiver is None or not concerned(each.file, function.receiver_name) or function.name in _CONVENTIONAL:
            continue
        type_ = change.head_index.resolve(receiver.type, function.file, function)
        named = struct(change, type_)
        if named is None or immutables.options(named):
            continue
        locks = _holds_lock(change, named)
        copy = copy_of(change, function, named, "call", 0 if locks else _SCHEDULER)
        if copy is None or (not locks and copy.bytes < _least(each.file.component.kind, copy, named)):
            continue
        # A type that is a value everywhere is one by design: one pointer receiver among them would be odd.
        if not locks and (_was_a_value(change, each) or _fluent(function)):
            continue
        # Whoever stores such a value in an interface would have to store a pointer; the scheduler's own types are no values.
        if not locks and not copy.hot and required(change, function):
            continue
        if _in_method_expression(change, function):
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
            subject=dataclasses.replace(copy, locks=locks),
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
            construct=f"With this, {code(name)} grows from {growth.sizes}, and {growth.names} {verb} it.",
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
        name = function.name.lower()
        key = (name, function.receiver_name.lower())
        yield Candidate(key, function.line, function.line, None, (("type", function.file.folder, name),))


def _pays(change: Change, old: Removed[None], new: Added[None]) -> bool:
    """Whether a removed method is the new one: of a type of the same name, or of one as large that is gone."""
    name, receiver = old.function.receiver_name, old.function.receiver
    if name.lower() == new.function.receiver_name.lower():
        return True
    least = _SCHEDULER if _is_scheduler(name) else _HOT
    return (
        receiver is not None
        and gone(change, old, name)
        and was_large(change, change.base_index.resolve(receiver.type, old.function.file, old.function), least)
    )


def _is_scheduler(name: str) -> bool:
    return name.lower().endswith("scheduler")


def _least(kind: Kind, copy: Copy, named: Named) -> int:
    """How many bytes a receiver must have to be news."""
    scheduling = kind is Kind.SCHEDULER or (
        copy.hot and copy.path is not None and copy.path.name == critical_paths.SCHEDULING.name
    )
    if scheduling and _is_scheduler(named.name):
        return _SCHEDULER
    return _HOT if copy.hot or kind in _UNPRECEDENTED else _LARGE


def _in_method_expression(change: Change, function: Function) -> bool:
    """Whether the package uses the method as a function of the type's values (`maps.EqualFunc(a, b, Quota.Equal)`)."""
    name = re.compile(rb"(?<![\w.)])%b\.%b\b" % (function.receiver_name.encode(), function.name.encode()))
    return any(
        name.search(file.source) and name.search(syntax.blanked(file.source))
        for file in change.head_index.package_of(function.file.path).files()
    )


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
