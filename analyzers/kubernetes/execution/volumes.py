"""Volume plugins: which of their functions run on every node and which in the controller manager.

Source: the interfaces of pkg/volume/volume.go and plugins.go in kubernetes/kubernetes (kubernetes.md 2.3): mounting, mapping and
unmounting happen on the node; provisioning, deleting, recycling, attaching and detaching in kube-controller-manager.
"""

import re

from analyzers.golang.callgraph import CallGraph
from analyzers.golang.facts.declaration import Function
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.components import Component, Kind

IN_CONTROLLER = Component("volume controllers", Kind.CONTROLLER)
"""The component of what volume plugins do in the controller manager."""

_FOLDER = re.compile(r"(^|/)pkg/volume/")
_CONTROLLER_FOLDER = re.compile(
    r"(^|/)pkg/volume/util/recyclerclient/|recycl\w*\.go$|provision\w*\.go$|(^|/)pkg/volume/util/(volume)?admission"
)
_CONTROLLER = re.compile(
    r"(^|\.)(Provision|Delete|Recycle|Attach|VolumesAreAttached|BulkVerifyVolumes|Detach|DetachDisk|ExpandVolumeDevice|NewProvisioner|NewDeleter|NewRecycler"
    r"|newProvisioner\w*|newDeleter\w*|newRecycler\w*|CreateVolume|DeleteVolume|Generate(Attach|Detach|Expand|BulkVolumeVerify|VolumesAreAttached)\w*|verifyVolumeIsSafeToDetach|\w*[pP]rovision\w*|\w*[rR]ecycl\w*|RequiresFSResize|GetPersistentVolumeSpec)$"
)
_LONGEST = 3


def in_controller(index: PackageIndex, function: Function) -> bool:
    """Say whether a function of a volume plugin runs in the controller manager: it is one of its operations, or only
    they call it."""
    if not _FOLDER.search(function.file.path):
        return False
    if _is_controllers(function):
        return True
    graph = CallGraph(index, [index.package_of(function.file.path)])
    waiting, seen = [(function, 0)], {function.key}
    reached = False
    while waiting:
        current, depth = waiting.pop()
        callers = [site.caller for site in graph.callers(current) if not site.caller.file.test]
        if not callers or depth >= _LONGEST:
            return False
        for caller in callers:
            if _is_controllers(caller):
                reached = True
            elif caller.key not in seen:
                seen.add(caller.key)
                waiting.append((caller, depth + 1))
    return reached


def _is_controllers(function: Function) -> bool:
    if _CONTROLLER_FOLDER.search(function.file.path):
        return True
    return bool(_CONTROLLER.search(function.key)) or bool(
        re.search(r"[rR]ecycl|([pP]rovisioner|[dD]eleter|[dD]etacher)$", function.receiver_name)
    )
