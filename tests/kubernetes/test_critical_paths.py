"""Which code is on a critical path."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.critical_paths import CriticalPath


def _path(path: str, function: str) -> CriticalPath | None:
    index = PackageIndex(MemoryTree({path: f"package p\n\n{function} {{\n}}\n"}))
    file = index.file(path)
    assert file is not None
    return critical_paths.critical_path(file.functions[0])


@pytest.mark.parametrize(
    ("path", "function", "name", "per"),
    [
        # kubernetes/kubernetes, 2014 to today
        (
            "pkg/scheduler/predicates.go",
            "func podFitsPorts(pod api.Pod, existing []api.Pod, node string) bool",
            "the scheduling path",
            "pod and node",
        ),
        (
            "plugin/pkg/scheduler/algorithm/priorities/image.go",
            "func score(pod *api.Pod, node *api.Node) int",
            "the scheduling path",
            "pod and node",
        ),
        (
            "pkg/scheduler/framework/plugins/noderesources/fit.go",
            "func fits(info *NodeInfo) bool",
            "the scheduling path",
            "pod and node",
        ),
        ("pkg/scheduler/backend/queue/queue.go", "func (q *Queue) Pop() error", "the scheduling path", "pod"),
        ("plugin/pkg/scheduler/extender.go", "func (h *HTTPExtender) send() error", "the scheduling path", "pod"),
        (
            "plugin/pkg/admission/x/admission.go",
            "func (p *x) Admit(a admission.Attributes) error",
            "the admission path",
            "request",
        ),
        (
            "plugin/pkg/auth/authorizer/node/graph.go",
            "func (r *NodeAuthorizer) hasPathFrom() bool",
            "the path of authentication and authorization",
            "request",
        ),
        ("pkg/kubelet/kubelet.go", "func (kl *Kubelet) syncPod() error", "the kubelet's pod sync path", "pod"),
        ("pkg/kubelet/pleg/generic.go", "func (g *GenericPLEG) relist()", "a loop of the kubelet", "tick"),
        ("pkg/proxy/nftables/proxier.go", "func (p *Proxier) syncProxyRules()", "kube-proxy's sync path", "tick"),
        (
            "staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go",
            "func (c *Cacher) process()",
            "the API server's storage path",
            "request",
        ),
        # a folder of the scheduler that is told no node works for a pod, one that knows no pods for what it schedules
        ("pkg/scheduler/predicates.go", "func fits(pod api.Pod) bool", "the scheduling path", "pod"),
        ("pkg/scheduler/scheduler.go", "func (s *S) scheduleOne(pod *v1.Pod)", "the scheduling path", "pod"),
        ("pkg/scheduler/preemption/x.go", "func (p *P) targets(w *Workload) int", "the scheduling path", "cycle"),
        # any project
        (
            "plugins/zone.go",
            "func (z *Z) Filter(c context.Context, s *framework.CycleState, p *v1.Pod, n *framework.NodeInfo) *Status",
            "the scheduling path",
            "pod and node",
        ),
        # the framework's extension points, in a scheduler of other things
        (
            "plugins/binder.go",
            "func (b *B) Reserve(c context.Context, s *framework.CycleState, sub *apps.Subscription) *framework.Status",
            "the scheduling path",
            "cycle",
        ),
        ("plugins/state.go", "func (s *state) Clone() framework.StateData", "the scheduling path", "pod and node"),
        (
            "webhooks/pod.go",
            "func (w *W) Default(ctx context.Context, obj runtime.Object) error",
            "the admission path",
            "request",
        ),
        (
            "controllers/x.go",
            "func (r *R) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error)",
            "a reconcile path",
            "object",
        ),
        ("controllers/x.go", "func (r *R) Reconcile(ctx context.Context) (R, error)", "a reconciler's round", "round"),
        (
            "controllers/x.go",
            "func (r *R) podToJob(ctx context.Context, o client.Object) []reconcile.Request",
            "an event's mapping to requests",
            "event",
        ),
        ("lib/x.go", "func (c *C) OnUpdate(old, cur interface{})", "an informer's event path", "event"),
        ("lib/x.go", "func (c *C) OnAdd(obj any, first bool)", "an informer's event path", "event"),
        ("lib/x.go", "func (s *S) pods(w http.ResponseWriter, r *http.Request)", "a request path", "request"),
        (
            "lib/x.go",
            "func (s *S) NodePublishVolume(c context.Context, r *csi.NodePublishVolumeRequest) error",
            "the path of a pod's start on its node",
            "pod",
        ),
    ],
)
def test_on_a_path(path: str, function: str, name: str, per: str) -> None:
    found = _path(path, function)
    assert found is not None
    assert (found.name, found.per) == (name, per)


@pytest.mark.parametrize(
    ("path", "function"),
    [
        ("pkg/scheduler/apis/config/types.go", "func convert() error"),
        ("plugin/pkg/scheduler/factory/factory.go", "func Build() error"),
        ("pkg/kubelet/kubelet.go", "func (kl *Kubelet) NewPodManager() error"),
        ("lib/x.go", "func (c *C) updatePod(old, cur interface{})"),
        ("lib/x.go", "func (c *C) syncHandler(key string) error"),
        ("pkg/util/strings.go", "func Filter(in []string) []string"),
        ("pkg/controller/x.go", "func (c *C) addLabels(labels map[string]string)"),
        ("pkg/controller/x.go", "func (c *C) sync(pods []*v1.Pod) error"),
    ],
)
def test_on_no_path(path: str, function: str) -> None:
    assert _path(path, function) is None


def test_literals_of_handlers_and_of_parallel_loops() -> None:
    source = """package p

func watch(informer cache.SharedIndexInformer, nodes []*v1.Node) {
	informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(obj interface{}) { first() },
	})
	parallelize.Until(ctx, len(nodes), func(i int) { second() })
	run(func() { third() })
}
"""
    file = PackageIndex(MemoryTree({"lib/x.go": source})).file("lib/x.go")
    assert file is not None
    function = file.functions[0]
    found = {
        call.name: critical_paths.within(function, call.closures)
        for call in function.calls
        if call.name in {"first", "second", "third"}
    }
    assert found["first"] is critical_paths.HANDLER
    second = next(call for call in function.calls if call.name == "second")
    assert critical_paths.in_parallel(second.closures)
    assert found["third"] is None
