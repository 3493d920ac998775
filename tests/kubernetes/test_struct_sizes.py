"""Sizes of structs whose packages are not in the tree."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.sizes import Sizes
from analyzers.golang.types.types import Named
from analyzers.kubernetes import struct_sizes


@pytest.mark.parametrize(
    ("path", "name", "size"),
    [
        ("k8s.io/api/core/v1", "Pod", 848),
        ("k8s.io/client-go/pkg/api/v1", "Pod", 664),
        ("k8s.io/client-go/1.5/pkg/api/v1", "Node", 632),
        ("github.com/GoogleCloudPlatform/kubernetes/pkg/api", "Pod", 488),
        ("k8s.io/api/core/v1", "ResourceList", None),
        ("example.com/api/core/v1", "Pod", None),
    ],
)
def test_at_least(path: str, name: str, size: int | None) -> None:
    assert struct_sizes.at_least(Named(path, name)) == size


def test_a_struct_that_holds_them_is_at_least_as_large() -> None:
    source = 'package p\n\nimport v1 "k8s.io/api/core/v1"\n\ntype item struct {\n\tpod  v1.Pod\n\tnext *item\n}\n'
    index = PackageIndex(MemoryTree({"p/p.go": source}))
    found = Sizes(index, known=struct_sizes.at_least).size(Named(index.package_of("p/p.go").path, "item"))
    assert (found.bytes, found.exact) == (856, False)
