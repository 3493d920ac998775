"""What the conditions around a place say: each question has its one answer, whatever the variables are called."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes.execution import conditions
from analyzers.kubernetes.requests.external import EXTERNAL

HEAD = """package p

import (
	"errors"
	"reflect"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	corelisters "k8s.io/client-go/listers/core/v1"
)

type c struct {
	pods  corelisters.PodLister
	known map[string]*v1.Pod
}

func work() error { return nil }

"""
QUESTIONS = ("failed", "ending", "missed", "gated", "compared", "spares")


def answers(body: str) -> set[str]:
    """The questions that are answered with yes for the conditions around mark()."""
    source = (
        HEAD
        + "func (c *c) f(pod, old *v1.Pod, name string, given func() (int, bool)) error {\n"
        + body
        + "\nreturn nil\n}\n"
    )
    index = PackageIndex(MemoryTree({"go.mod": "module example.org/p\n", "p.go": source}), external=EXTERNAL)
    file = index.file("p.go")
    assert file is not None
    function = file.function("c.f")
    assert function is not None
    call = next(call for call in function.calls if call.name == "mark")
    around = conditions.requirements(Place(index, file, function), call.conditions)
    found = {name for name in QUESTIONS[:-1] if getattr(conditions, name)(around)}
    return found | ({"spares"} if any(conditions.spares(each) for each in around) else set())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if err := work(); err != nil { mark() }", {"failed"}),
        ("if mountErr := work(); mountErr != nil && name != \"\" { mark() }", {"failed"}),
        ("wrong := work(); if wrong == nil { return nil }; mark()", {"failed"}),
        ("if e := work(); e == nil { } else { mark() }", {"failed"}),
        ("e := work(); bad := e != nil; if bad { mark() }", {"failed"}),
        ("if apierrors.IsConflict(work()) { mark() }", {"failed"}),
        ("switch e := work(); { case e != nil: mark() }", {"failed"}),
        ("if e := work(); e == nil { mark() }", set()),
        ("if pod != nil { mark() }", {"spares"}),
        ("if name == \"\" { return errors.New(name) }; mark()", set()),
        ("e := work(); if name == \"\" { return wrapped(e) }; mark()", set()),
        ("if name == \"\" { return work() }; mark()", {"spares"}),
        ("if name == \"\" { if pod == nil { return errors.New(name) }; return nil }; mark()", {"spares"}),
        ("if pod.DeletionTimestamp != nil { mark() }", {"ending", "spares"}),
        ("if pod.DeletionTimestamp.IsZero() { return nil }; mark()", {"ending", "spares"}),
        ("if pod.DeletionTimestamp == nil { mark() }", {"spares"}),
        ("found, e := c.pods.Pods(name).Get(name); if apierrors.IsNotFound(e) { mark() }; use(found)", {"failed", "missed"}),
        ("if _, ok := c.known[name]; !ok { c.known[name] = pod; mark() }", {"missed", "spares"}),
        ("if _, ok := c.known[name]; ok { c.known[name] = pod; mark() }", {"spares"}),
        ("if utilfeature.DefaultFeatureGate.Enabled(\"A\") { mark() }", {"gated"}),
        ("if !utilfeature.DefaultFeatureGate.Enabled(\"A\") { return nil }; mark()", {"gated"}),
        ("if !reflect.DeepEqual(pod, old) { mark() }", {"compared", "spares"}),
        ("if pod.Spec.NodeName == old.Spec.NodeName { return nil }; mark()", {"compared", "spares"}),
        ("if len(name) == 0 { return nil }; mark()", {"spares"}),
        ("if len(name) == 0 { return apierrors.NewBadRequest(name) }; mark()", set()),
        ("if n, ok := given(); ok { mark(n) }", {"spares"}),
    ],
)  # fmt: skip
def test_answers(body: str, expected: set[str]) -> None:
    assert answers(body) == expected
