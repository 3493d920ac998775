"""The shared informers that a change brings to a process which had none of the kind."""

from collections.abc import Iterator
from typing import NamedTuple

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import resources
from analyzers.kubernetes.execution import entries
from analyzers.kubernetes.execution.entries import Entry
from analyzers.kubernetes.requests import cached_kinds, managers, shared_informers
from analyzers.kubernetes.requests.shared_informers import SharedInformer
from analyzers.news.processes import Process, processes


class Informed(NamedTuple):
    """A shared informer that a process did not have before, and where it asks for it."""

    file: ChangedFile
    function: Function
    informer: SharedInformer
    process: Process


def first_informed(change: Change) -> Iterator[Informed]:
    """Give the shared informers of large resources that are new to a process, each where it is asked for first; none that the
    process restricts. What a new process is informed of is what it is for, unless it runs on every node."""
    news: dict[str, list[tuple[ChangedFile, Function, SharedInformer]]] = {}
    for file in change.go_files:
        if file.head is None or not shared_informers.LOOK.search(file.head.source):
            continue
        for function in file.functions():
            for each in shared_informers.shared_informers(change.head_index, function):
                if each.resource in resources.LARGE and each.call.line in file.diff.added:
                    news.setdefault(each.resource, []).append((file, function, each))
    for resource, places in news.items():
        if resource in _given_up(change):
            continue
        informers = [each for _, _, each in places]

        def had(
            index: PackageIndex, entry: Entry, packages: frozenset[str], informers: list[SharedInformer] = informers
        ) -> bool:
            return any(_informed(index, entry, packages, each) for each in informers)

        asked = [(function, each.call, (file, function, each)) for file, function, each in places]
        for process, (file, function, each) in processes(change, asked, lambda _: False, had):
            wanted = process.every_node or (not process.new and resource in resources.MANY)
            if wanted and _is_whole(change.head_index, process, function, each):
                yield Informed(file, function, each, process)


def _informed(index: PackageIndex, entry: Entry, packages: frozenset[str], informer: SharedInformer) -> bool:
    """Say whether a process has an informer already; errs towards yes."""

    def counts(file: SourceFile, at: int) -> bool:
        return file.folder in packages and entries.may_reach(index, entry, file, at)

    if informer.type is not None:
        return cached_kinds.informed_elsewhere(index, informer.type, counts)
    kind = informer.imported.rpartition("/")[2]
    return any(
        path == informer.imported
        for file in managers.files(index, "", (kind, "injection"), within=packages)
        for _, path in file.imported
    )


def _is_whole(index: PackageIndex, process: Process, function: Function, informer: SharedInformer) -> bool:
    """Say whether an informer keeps all objects: nothing restricts its factory, or the context of injection."""
    asked = informer.call.operand
    restricting = shared_informers.SCOPES if informer.type is None else shared_informers.REGISTERS
    if informer.type is not None and (
        asked is None or not shared_informers.is_whole(Place(index, function.file, function), asked)
    ):
        return False
    return not any(
        call.name == restricting and process.may_reach(index, each)
        for file in managers.files(index, "", (restricting,), within=process.packages)
        if not file.generated
        for each in (*file.functions, *file.initializers)
        for call in each.calls
    )


@once
def _given_up(change: Change) -> frozenset[str]:
    """The resources of which the change takes an informer away: it may be the same somewhere else."""
    return frozenset(
        each.resource
        for file in change.go_files
        for function in file.old_functions()
        for each in shared_informers.shared_informers(change.base_index, function)
        if each.call.line in file.diff.removed
    )
