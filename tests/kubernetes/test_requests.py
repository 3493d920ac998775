"""What is a request and what only looks like one; verb, resource and scope; options; wrappers."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.requests.external import EXTERNAL
from analyzers.kubernetes.requests.requests import Request, requests

IMPORTS = """package x

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

type c struct {
	client.Client
	clientset kubernetes.Interface
	dyn       dynamic.Interface
	rest      rest.Interface
	scales    scale.ScalesGetter
	pods      corev1client.PodInterface
	lister    corelisters.PodLister
	informer  cache.SharedIndexInformer
	mgr       ctrl.Manager
	live      client.Reader
	apiReader client.Reader
}

"""


def found(body: str, files: dict[str, str] | None = None, path: str = "pkg/x/x.go") -> list[Request]:
    """The requests of `func (c *c) f(ctx context.Context, ns string) { body }`."""
    source = IMPORTS + "func (c *c) f(ctx context.Context, ns string) {\n" + body + "\n}\n"
    tree = MemoryTree({"go.mod": "module example.org/x\n", path: source, **(files or {})})
    index = PackageIndex(tree, external=EXTERNAL)
    file = index.file(path)
    assert file is not None and file.error is None
    function = file.function("c.f")
    assert function is not None
    return requests(index, file, function)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('c.clientset.CoreV1().Pods("").List(ctx, metav1.ListOptions{})', ("LIST", "pods", "cluster", "typed")),
        ("c.clientset.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})", ("LIST", "pods", "namespace", "typed")),
        ("c.clientset.Core().Pods(v1.NamespaceAll).List(metav1.ListOptions{})", ("LIST", "pods", "cluster", "typed")),
        ("c.clientset.CoreV1().Nodes().List(ctx, metav1.ListOptions{})", ("LIST", "nodes", "cluster", "typed")),
        (
            'c.clientset.CoreV1().Secrets(ns).Get(ctx, "x", metav1.GetOptions{})',
            ("GET", "secrets", "resource", "typed"),
        ),
        (
            "c.clientset.NetworkingV1().NetworkPolicies(ns).Watch(ctx, metav1.ListOptions{})",
            ("WATCH", "networkpolicies", "namespace", "typed"),
        ),
        ("c.clientset.CoreV1().Nodes().PatchStatus(ctx, ns, nil)", ("PATCH", "nodes", "resource", "typed")),
        ("c.clientset.CoreV1().Pods(ns).EvictV1(ctx, nil)", ("CREATE", "pods", "resource", "typed")),
        ("c.pods.List(ctx, metav1.ListOptions{})", ("LIST", "pods", "namespace", "typed")),
        (
            "all := metav1.NamespaceAll\npods := c.clientset.CoreV1().Pods(all)\npods.List(ctx, metav1.ListOptions{})",
            ("LIST", "pods", "cluster", "typed"),
        ),
        (
            'gvr := schema.GroupVersionResource{Resource: "widgets"}\n'
            "c.dyn.Resource(gvr).Namespace(ns).List(ctx, metav1.ListOptions{})",
            ("LIST", "widgets", "namespace", "dynamic"),
        ),
        ('c.rest.Get().Namespace(ns).Resource("pods").Name("x").Do(ctx)', ("GET", "pods", "resource", "rest")),
        ('c.rest.Get().Resource("pods").Do(ctx)', ("LIST", "pods", "cluster", "rest")),
        (
            'request := c.rest.Put().Namespace(ns)\nrequest.Resource("pods").Name("x").Do(ctx)',
            ("UPDATE", "pods", "resource", "rest"),
        ),
        ('c.clientset.CoreV1().Pods(ns).GetLogs("x", nil).Stream(ctx)', ("GET", "pods/log", "resource", "rest")),
        (
            'c.scales.Scales(ns).Get(ctx, schema.GroupResource{}, "x", metav1.GetOptions{})',
            ("GET", "", "resource", "scale"),
        ),
        ("c.clientset.Discovery().ServerGroups()", ("GET", "", "cluster", "discovery")),
        ("c.Create(ctx, &v1.Pod{})", ("CREATE", "pods", "resource", "controller-runtime")),
        ("c.Status().Update(ctx, &appsv1.Deployment{})", ("UPDATE", "deployments", "resource", "controller-runtime")),
        (
            "c.DeleteAllOf(ctx, &v1.Pod{}, client.InNamespace(ns))",
            ("DELETECOLLECTION", "pods", "namespace", "controller-runtime"),
        ),
        ("c.apiReader.List(ctx, &v1.PodList{})", ("LIST", "pods", "cluster", "controller-runtime")),
        (
            "c.mgr.GetAPIReader().Get(ctx, client.ObjectKey{}, &v1.Node{})",
            ("GET", "nodes", "resource", "controller-runtime"),
        ),
        ("c.Get(ctx, client.ObjectKey{}, &unstructured.Unstructured{})", ("GET", "", "resource", "controller-runtime")),
    ],
)
def test_request(body: str, expected: tuple[str, str, str, str]) -> None:
    requests_ = [each for each in found(body) if each.live]
    assert [(each.verb, each.resource, each.scope, each.kind) for each in requests_] == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "c.lister.List(labels.Everything())",
        'c.lister.Pods(ns).Get("x")',
        "c.informer.GetStore().List()",
        'c.informer.GetIndexer().ByIndex("node", ns)',
        "c.Get(ctx, client.ObjectKey{}, &v1.Pod{})",
        "c.Client.List(ctx, &v1.PodList{}, client.InNamespace(ns))",
        "c.mgr.GetClient().List(ctx, &v1.PodList{})",
        "c.mgr.GetCache().List(ctx, &v1.PodList{})",
        'c.rest.Get().Resource("pods")',
        'c.clientset.CoreV1().Pods(ns).GetLogs("x", nil)',
        "options := metav1.ListOptions{}\nstorage.List(ctx, options)",
        "sets.List(names)",
    ],
)
def test_no_live_request(body: str) -> None:
    assert [each for each in found(body) if each.live] == []


def test_a_resources_name_is_where_the_method_stands_in_a_chain_over_lines() -> None:
    (request,) = found("c.clientset.\n\tCoreV1().\n\tPods(ns).\n\tList(ctx,\n\t\tmetav1.ListOptions{})")
    assert (request.line - request.first_line, request.end_line - request.line) == (3, 1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("metav1.ListOptions{}", set()),
        ('metav1.ListOptions{LabelSelector: "a=b"}', {"labels"}),
        ('metav1.ListOptions{FieldSelector: "spec.nodeName=" + ns}', {"fields", "one_node"}),
        (
            'metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", ns).String()}',
            {"fields", "one_object"},
        ),
        ('metav1.ListOptions{ResourceVersion: "0", Limit: 500}', {"cached", "limited"}),
    ],
)
def test_options(options: str, expected: set[str]) -> None:
    names = ("labels", "fields", "one_object", "one_node", "limited", "cached")
    for body in (
        f'c.clientset.CoreV1().Pods("").List(ctx, {options})',
        f'opts := {options}\nc.clientset.CoreV1().Pods("").List(ctx, opts)',
    ):
        (request,) = found(body)
        assert {name for name in names if getattr(request.options, name)} == expected


def test_options_set_later() -> None:
    (request,) = found('opts := metav1.ListOptions{}\nopts.Limit = 500\nc.clientset.CoreV1().Pods("").List(ctx, opts)')
    assert request.options.limited


def test_list_watch_is_an_informers() -> None:
    body = (
        "lw := &cache.ListWatch{ListFunc: func(o metav1.ListOptions) (any, error) {"
        " return c.clientset.CoreV1().Nodes().List(ctx, o) }}\nprintln(lw)"
    )
    assert [each.list_watch for each in found(body)] == [True]
    # A literal of the same signature under another name is no informer's.
    body = body.replace("cache.ListWatch", "evaluator").replace("ListFunc:", "ListFuncByNamespace:")
    assert [each.list_watch for each in found(body)] == [False]


WRAPPERS = {
    "pkg/helper/helper.go": """package helper

import (
	"context"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func Secret(client kubernetes.Interface, ns, name string) error {
	_, err := client.CoreV1().Secrets(ns).Get(context.TODO(), name, metav1.GetOptions{})
	return err
}

func Twice(kubeClient kubernetes.Interface, ns string) { Secret(kubeClient, ns, "a") }

func Read(ctx context.Context, c client.Reader) error { return c.Get(ctx, client.ObjectKey{}, &v1.Pod{}) }

func Pure(ns string) string { return ns }
"""
}


def with_helper(body: str) -> list[Request]:
    source = IMPORTS.replace("import (\n", 'import (\n\t"example.org/x/pkg/helper"\n')
    tree = MemoryTree(
        {
            "go.mod": "module example.org/x\n",
            "pkg/x/x.go": source + "func (c *c) f(ctx context.Context, ns string) {\n" + body + "\n}\n",
            **WRAPPERS,
        }
    )
    index = PackageIndex(tree, external=EXTERNAL)
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = file.function("c.f")
    assert function is not None
    return [each for each in requests(index, file, function) if each.live]


def test_wrapper() -> None:
    (request,) = with_helper('helper.Secret(c.clientset, ns, "x")')
    assert (request.verb, request.resource, request.kind, request.method) == ("GET", "secrets", "wrapper", "Secret")
    assert request.via is not None and request.via.key == "Secret"
    assert [each.resource for each in with_helper("helper.Twice(c.clientset, ns)")] == ["secrets"]
    assert with_helper("helper.Pure(ns)") == []


def test_a_wrapper_reads_live_with_a_live_client_and_from_the_cache_with_a_cached_one() -> None:
    assert len(with_helper("helper.Read(ctx, c.apiReader)")) == 1
    assert with_helper("helper.Read(ctx, c.Client)") == []


def test_declared_types_of_the_tree_are_believed_before_names() -> None:
    """A field called podClient that is a lister of the tree's own is none; a registry is none."""
    own = """package own

type Lister struct{}

func (l *Lister) List(opts ListOptions) ([]string, error) { return nil, nil }

type ListOptions struct{}
"""
    source = """package x

import "example.org/x/pkg/own"

type c struct{ podClient *own.Lister }

func (c *c) f() { c.podClient.List(own.ListOptions{}) }
"""
    index = PackageIndex(
        MemoryTree({"go.mod": "module example.org/x\n", "pkg/own/own.go": own, "pkg/x/x.go": source}), external=EXTERNAL
    )
    file = index.file("pkg/x/x.go")
    assert file is not None
    assert requests(index, file, file.functions[0]) == []


LIBRARY = """
	watchtools "k8s.io/client-go/tools/watch"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/record"
"""


def of_library(body: str) -> list[Request]:
    """The requests of a function that may use client-go's helpers and has a recorder of events."""
    source = IMPORTS.replace("import (", "import (" + LIBRARY).replace(
        "type c struct {", "type c struct {\n\trecorder record.EventRecorder"
    )
    source += "func (c *c) f(ctx context.Context, ns string) {\n" + body + "\n}\n"
    index = PackageIndex(MemoryTree({"go.mod": "module example.org/x\n", "pkg/x/x.go": source}), external=EXTERNAL)
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = file.function("c.f")
    assert function is not None
    return requests(index, file, function)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('c.recorder.Eventf(nil, "Normal", "Killing", "x")', ("CREATE", "events", "event")),
        ('c.mgr.GetEventRecorderFor("x").Event(nil, "Normal", "Killing", "x")', ("CREATE", "events", "event")),
        ("leaderelection.RunOrDie(ctx, config)", ("GET", "leases", "leader-election")),
        (
            'lw := cache.NewListWatchFromClient(c.rest, "pods", ns, selector)\n'
            "watchtools.UntilWithSync(ctx, lw, &v1.Pod{}, nil, ready)",
            ("WATCH", "pods", "watch-helper"),
        ),
        ("watchtools.Until(ctx, version, lw, ready)", ("WATCH", "", "watch-helper")),
    ],
)
def test_a_helper_of_client_go_sends_a_request(body: str, expected: tuple[str, str, str]) -> None:
    assert [(each.verb, each.resource, each.kind) for each in of_library(body)] == [expected]


def test_only_an_event_is_sent_in_the_background() -> None:
    both = of_library('c.recorder.Event(nil, "Normal", "x", "y")\nleaderelection.RunOrDie(ctx, config)')
    assert [(each.background, each.every) for each in both] == [(True, None), (False, 3.2)]


@pytest.mark.parametrize("body", ['c.log.Event(nil, "x")', "wait.Until(f, 0, nil)", "leaderelection.NewLock()"])
def test_what_is_named_like_a_helper_is_none(body: str) -> None:
    assert of_library(body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("c.early.ListPods(ctx, labels.Everything())", ("LIST", "pods", "cluster")),
        ('c.early.GetMinion("x")', ("GET", "nodes", "resource")),
        ("c.early.CreateReplicationController(ctx, nil)", ("CREATE", "replicationcontrollers", "resource")),
        ('c.rest.Get().Path("pods").Do()', ("LIST", "pods", "cluster")),
        ('c.rest.Get().Path("pods").Path(ns).Do()', ("GET", "pods", "resource")),
    ],
)
def test_the_clients_of_2014(body: str, expected: tuple[str, str, str]) -> None:
    methods = (
        "\tListPods(ctx, s interface{}) (interface{}, error)\n\tGetMinion(id string) (interface{}, error)\n"
        "\tCreateReplicationController(ctx, rc interface{}) error\n"
    )
    client = "package client\n\ntype Interface interface {\n\tPodInterface\n}\n\n"
    client += "type PodInterface interface {\n" + methods + "}\n"
    source = IMPORTS.replace("type c struct {", "type c struct {\n\tearly early.Interface")
    source = source.replace("import (", 'import (\n\tearly "example.org/x/pkg/client"')
    source += "func (c *c) f(ctx context.Context, ns string) {\n" + body + "\n}\n"
    tree = MemoryTree({"go.mod": "module example.org/x\n", "pkg/x/x.go": source, "pkg/client/client.go": client})
    index = PackageIndex(tree, external=EXTERNAL)
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = file.function("c.f")
    assert function is not None
    assert [(each.verb, each.resource, each.scope) for each in requests(index, file, function)] == [expected]


MAIN = """package main

import (
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func main() {
	ctrl.NewManager(config, ctrl.Options{Client: client.Options{Cache: &client.CacheOptions{
		DisableFor: []client.Object{
			&corev1.ConfigMap{},
			&corev1.Secret{},
		},
	}}})
}
"""


@pytest.mark.parametrize(("kind", "live"), [("Secret", True), ("ConfigMap", True), ("Pod", False)])
def test_a_kind_that_the_manager_does_not_cache_is_read_live(kind: str, live: bool) -> None:
    read = found(f"c.Get(ctx, client.ObjectKey{{}}, &v1.{kind}{{}})", {"cmd/manager/main.go": MAIN})
    assert [each.live for each in read] == [live]


THROUGH_A_VARIABLE = """package main

import (
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func run() {
	left := make([]client.Object, 0)
	if !keepSecrets {
		left = append(left, &corev1.Secret{})
	}
	ctrl.NewManager(config, ctrl.Options{
		Scheme:                scheme,
		ClientDisableCacheFor: left,
	})
}
"""
BEHIND_A_COMMENT = """package main

import (
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func run() {
	ctrl.NewManager(config, ctrl.Options{ClientDisableCacheFor: []client.Object{
		// all of them are too many to keep
		&corev1.Secret{},
	}})
}
"""


@pytest.mark.parametrize("source", [THROUGH_A_VARIABLE, BEHIND_A_COMMENT])
def test_kinds_that_are_not_cached_are_found_wherever_the_manager_is_made(source: str) -> None:
    for kind, live in (("Secret", True), ("Pod", False)):
        read = found(f"c.Get(ctx, client.ObjectKey{{}}, &v1.{kind}{{}})", {"cmd/root.go": source})
        assert [each.live for each in read] == [live]
