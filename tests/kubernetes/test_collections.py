"""Which collections grow with the cluster."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import collections
from analyzers.kubernetes.requests.external import EXTERNAL

SOURCE = """package p

import (
	v1 "k8s.io/api/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

type owner struct {
	pods    []*v1.Pod
	lister  corelisters.PodLister
	byNode  map[string][]*v1.Pod
	infos   map[string]*framework.NodeInfo
	machine []string
	podUsage  map[types.NamespacedName]usage
	taskUsage map[types.NamespacedName]usage
}

func f(o *owner, pod *v1.Pod, nodes []v1.Node, nodeNames []string, allPods, myPods, podsOnNode []*v1.Pod, names []string) {
	listed, _ := o.lister.List(labels.Everything())
	for range COLLECTION {
	}
}
"""


def _growing(collection: str) -> tuple[str, bool] | None:
    index = PackageIndex(MemoryTree({"pkg/x/x.go": SOURCE.replace("COLLECTION", collection)}), external=EXTERNAL)
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = file.functions[0]
    node = function.loops[0].collection
    assert node is not None
    found = collections.growing(index, file, function, node)
    return (found.resource, found.typed) if found else None


@pytest.mark.parametrize(
    ("collection", "expected"),
    [
        ("nodes", ("nodes", True)),
        ("o.pods", ("pods", True)),
        ("listed", ("pods", True)),
        ("o.infos", ("nodes", False)),
        ("allPods", ("pods", True)),
        ("o.byNode[pod.Spec.NodeName]", None),
        ("pod.Spec.Containers", None),
        ("names", None),
        ("o.machine", None),
        ("pod.Labels", None),
    ],
)
def test_growing(collection: str, expected: tuple[str, bool] | None) -> None:
    assert _growing(collection) == expected
