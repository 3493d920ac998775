"""Which component a file belongs to, by its path: where its code runs, and so how many times.

Sources: directory layout of kubernetes/kubernetes from 2014 to 2026 and of projects built like it (shared facts,
kubernetes.md 2.1, 2.3); the CODEOWNERS-free convention that `*_test.go`, `test/`, `testing/` and `fake/` hold tests.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """Where code runs."""

    NODE = "node"  # one instance on every node
    CONTROLLER = "controller"  # one active instance in the cluster
    SCHEDULER = "scheduler"  # one active instance, on the path of every pod
    API_SERVER = "apiserver"  # one to a few instances, on the path of every request
    LIBRARY = "library"  # wherever it is imported
    CLI = "cli"  # on a person's machine
    TEST = "test"
    GENERATED = "generated"
    VENDORED = "vendored"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Component:
    """A component's name as people say it, and where it runs."""

    name: str
    kind: Kind

    @property
    def every_node(self) -> bool:
        """Whether an instance runs on every node."""
        return self.kind is Kind.NODE

    @property
    def reviewed(self) -> bool:
        """Whether its hand-written code is worth a comment at all: not tests, not generated, not somebody else's."""
        return self.kind not in {Kind.TEST, Kind.GENERATED, Kind.VENDORED}


# The first pattern that matches (re.search on the path) decides; order matters.
_PATTERNS: tuple[tuple[str, str, Kind], ...] = (
    (r"(^|/)(vendor|third_party|Godeps/_workspace)/", "vendored code", Kind.VENDORED),
    (
        r"(^|/)zz_generated\.|\.pb(\.gw)?\.go$|[._]generated\.go$|(^|/)zz_[^/]*\.go$|\.gen\.go$|(^|/)types_swagger_doc_generated\.go$",
        "generated code",
        Kind.GENERATED,
    ),
    (
        r"_test\.go$|(^|/)(tests?|e2e\w*|integration|envtest|testing\w*|testdata|testutils?|fakes?|mocks?|fixtures?)/|(^|/)testing_helpers?\.go$|(^|/)(fake|mock)_[^/]*\.go$|_(fake|mock)\.go$|(^|/)(fakes?|mocks?)\.go$|(^|/)(?!latest)[a-z]+test/|(^|/)test[-_]?(utils?|helpers?)[^/]*/",
        "tests",
        Kind.TEST,
    ),
    (r"^cli/", "command line", Kind.CLI),
    (r"^(hack|docs|examples?|contrib|samples?)/|(^|/)(examples?|samples?)/", "tooling", Kind.OTHER),
    (
        r"(^|/)pkg/(kubelet|kubemark)/|(^|/)cmd/(kubelet|kubemark)/|(^|/)staging/src/k8s\.io/(kubelet|cri-api|cri-client)/",
        "kubelet",
        Kind.NODE,
    ),
    (r"(^|/)pkg/proxy/|(^|/)cmd/(kube-)?proxy/|(^|/)cmd/kube-proxy/", "kube-proxy", Kind.NODE),
    (r"(^|/)pkg/volume/", "kubelet volumes", Kind.NODE),
    (
        r"(^|/)staging/src/k8s\.io/mount-utils/|(^|/)pkg/util/(mount|iptables|ipvs|ipset|conntrack|oom)/",
        "kubelet",
        Kind.NODE,
    ),
    (
        r"(^|/)(pkg|cmd)/(kubectl|kubeadm|printers|kubecfg)/|(^|/)(cmd|pkg)/(?!sys)[a-z-]*ctl/|(^|/)staging/src/k8s\.io/(kubectl|cli-runtime)/|(^|/)(cli|ctl|kubectl-[^/]*)/",
        "command line",
        Kind.CLI,
    ),
    (
        r"(^|/)(plugin/)?(pkg|cmd)/(kube-)?scheduler/|(^|/)staging/src/k8s\.io/kube-scheduler/",
        "scheduler",
        Kind.SCHEDULER,
    ),
    (
        r"(^|/)pkg/(master|registry|kubeapiserver|controlplane|apiserver|genericapiserver|storage|admission|auth)/|(^|/)plugin/pkg/(admission|auth)/|(^|/)cmd/kube-apiserver/"
        r"|(^|/)staging/src/k8s\.io/(apiserver|apiextensions-apiserver|kube-aggregator|pod-security-admission|kms)/",
        "API server",
        Kind.API_SERVER,
    ),
    # A sign, outside kubernetes/kubernetes, that code runs on every node: a folder named for the agent or daemon of a node.
    (
        r"(^|/)(cmd|pkg|internal)/([^/]*-)?(agent|node-?agent|daemon|node-?daemon|nodeplugin|node-?driver|node-problem-detector)/",
        "node agent",
        Kind.NODE,
    ),
    (
        r"(^|/)(pkg|internal)/(cloud)?-?controllers?/|(^|/)cmd/(kube|cloud)-controller-manager/|(^|/)pkg/cloudprovider/|(^|/)staging/src/k8s\.io/(endpointslice|controller-manager|cloud-provider|legacy-cloud-providers)/|(^|/)([\w-]+-)?controllers?/",
        "controller",
        Kind.CONTROLLER,
    ),
    (
        r"(^|/)staging/src/k8s\.io/(client-go|apimachinery|api|component-base)/|(^|/)pkg/(client|util|api|apis|runtime|watch)/",
        "library",
        Kind.LIBRARY,
    ),
)
_COMPILED = tuple((re.compile(pattern), Component(name, kind)) for pattern, name, kind in _PATTERNS)
_OTHER = Component("this code", Kind.OTHER)

_AGENT = re.compile(r"(^|/)(daemonset|node-agent)/")


@lru_cache(20_000)
def component(path: str) -> Component:
    """Give the component that a repository's file belongs to."""
    for pattern, found in _COMPILED:
        if pattern.search(path):
            return found
    if _AGENT.search(path):
        return Component("node agent", Kind.NODE)
    return _OTHER
