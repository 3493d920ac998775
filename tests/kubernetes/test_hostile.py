"""Code that is made to be slow to read: what looks for requests answers, and soon: quadratic work on these would take hours."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.facts import syntax
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.kubernetes import logs, metrics
from analyzers.kubernetes.client_settings import settings
from analyzers.kubernetes.execution import durations
from analyzers.kubernetes.execution.callpaths import CallPaths
from analyzers.kubernetes.execution.periods import takes_from_queue
from analyzers.kubernetes.requests.external import EXTERNAL
from analyzers.kubernetes.requests.requests import requests
from analyzers.kubernetes.versions import go_releases, versions

LONG = "a" * 300_000
HEAD = 'package x\n\nimport (\n\t"k8s.io/client-go/kubernetes"\n\tmetav1 "k8s.io/apimachinery/pkg/apis/meta/v1"\n)\n\n'
CALL = 'client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})'


@pytest.mark.parametrize(
    "body",
    [
        f"{LONG} := 1\n\t{CALL}",
        f"queue{LONG}.Put()\n\t{CALL}",
        f'{CALL}\n\t_ = "InNamespace({LONG}(("',
        "queue" * 50_000 + f"()\n\t{CALL}",
        f"for _, x := range y {{\n\t{CALL}\n\t}}\n\t" * 400,
        "x := y\n\t" * 4_000 + CALL,
        "client" + ".A()" * 3_000 + ".List(metav1.ListOptions{})",
        "a := b\n\tb := a\n\ta.List(metav1.ListOptions{})",
        "if x {\n\t" * 200 + CALL + "\n\t}" * 200,
        f"{CALL}[{{(",
    ],
    ids=lambda body: body[:20].replace("\n", " "),
)
def test_answers(body: str) -> None:
    source = HEAD + "func f(client kubernetes.Interface) {\n\t" + body + "\n}\n"
    index = PackageIndex(MemoryTree({"go.mod": "module example.org/x\n", "x.go": source}), external=EXTERNAL)
    file = index.file("x.go")
    assert file is not None
    for function in file.functions:
        takes_from_queue(Place(index, file, function))
        paths = CallPaths(index)
        for request in requests(index, file, function)[:50]:
            paths.worst(function, request.call)
    assert file.error is None or file.functions == []


def test_a_line_of_a_megabyte_is_no_setting() -> None:
    assert list(settings("QPS" + LONG + " = 5")) == []
    assert [each.value for each in settings("config.QPS = 5")] == [5.0]


NINES = "9" * 5_000
"""More digits than Python makes a number of."""


@pytest.mark.parametrize("digits", [NINES, "\u00b2", "1\u00b2"])
def test_what_is_no_number_that_anybody_writes_is_none(digits: str) -> None:
    assert logs.verbosity(f"klog.V({digits})") is None
    assert list(settings(f'workers := flag.Int("workers", {digits})')) == []
    versions.move(f"1.{digits}", "1.2.3")
    versions.move("1.2.3", f"v1.2.3-{digits}-gabcdef0")
    go_releases.past(f"1.{digits}", f"1.{digits}")


def test_a_number_without_end_is_no_setting() -> None:
    assert list(settings("c.QPS = 1e999")) == []
    assert [each.value for each in settings("c.QPS = 1e3")] == [1000.0]


@pytest.mark.parametrize("value", [f"prometheus.LinearBuckets(1, 2, {NINES})", "0x1p-2 * time.Second", NINES])
def test_a_value_that_is_no_decimal_number_is_read(value: str) -> None:
    source = (
        f"package x\n\nvar X = NewHistogramVec(HistogramOpts{{Buckets: {value}}}, []string{{}})\n\nvar Y = {value}\n"
    )
    index = PackageIndex(MemoryTree({"x.go": source}), external=EXTERNAL)
    file = index.file("x.go")
    assert file is not None
    assert [each.buckets for each in metrics.vectors(index, file)] == [0]
    for region in file.regions:
        for node in file.nodes(region):
            for each in syntax.walk(node):
                assert durations.seconds(index, each, file, None) in (None, 1.0)
