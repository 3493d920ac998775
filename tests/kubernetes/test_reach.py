"""Whether a client's reads go to the API server: told by where it is made, anywhere in the program."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes.requests.external import EXTERNAL
from analyzers.kubernetes.requests.reach import Made, Reach, made

STORE = """package store

import "sigs.k8s.io/controller-runtime/pkg/client"

type Store struct{ inner client.Client }

func New(c client.Client) *Store { return &Store{inner: c} }

func (s *Store) Read() { s.inner.Get(nil, client.ObjectKey{}, nil) }
"""
MAIN = """package main

import (
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"example.org/m/store"
)

func main() {
	mgr, _ := ctrl.NewManager(nil, ctrl.Options{})
	%s
}
"""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("store.New(mgr.GetClient())", "cached"),
        ("c, _ := client.New(nil, client.Options{}); store.New(c)", "live"),
        (
            "c, _ := client.New(nil, client.Options{Cache: &client.CacheOptions{Reader: mgr.GetCache()}}); store.New(c)",
            "cached",
        ),
        (
            "options := client.Options{Cache: &client.CacheOptions{Reader: mgr.GetCache(), Unstructured: true}}\n"
            "c, _ := client.New(nil, options); store.New(c)",
            "whole",
        ),
        ("c, _ := client.New(nil, client.Options{}); store.New(c); store.New(mgr.GetClient())", None),
        ("func(options client.Options) { c, _ := client.New(nil, options); store.New(c) }(ctrl.Unseen())", None),
        ("", None),
    ],
)
def test_reach(given: str, expected: Reach | None) -> None:
    files = {"go.mod": "module example.org/m\n", "store/store.go": STORE, "main.go": MAIN % given}
    index = PackageIndex(MemoryTree(files), external=EXTERNAL)
    file = index.file("store/store.go")
    assert file is not None
    function = file.function("Store.Read")
    assert function is not None
    call = function.calls[0]
    assert call.operand is not None
    found = made(Place(index, file, function), call.operand)
    assert found == (Made(expected, "main.go") if expected is not None else None)
