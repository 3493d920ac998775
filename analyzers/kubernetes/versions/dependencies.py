"""The large and important dependencies of Kubernetes: what they are on the path of, and what a bump once broke.

Sources: the contributors' guide, "Big dependency changes"; the requirements of kubernetes/kubernetes from Godeps.json
(2018-07) to go.mod (2025); kubernetes/community sig-scalability/governance/scalability-regressions-case-studies.md;
and the issues named with each regression.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from analyzers.golang.program.modules import Modules

Kind = Literal["go", "etcd", "library"]


class Grade(IntEnum):
    """How much a new version asks for. OTHER and NOTED are worth a line in the summary, NOTED before OTHER."""

    OTHER = 0
    NOTED = 1
    IMPORTANT = 2  # a new minor or major release, or other commits, asks for a performance run
    CORE = 3  # every release does


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency, however many modules or packages it comes in.

    prefixes: import paths below which its packages lie, older names too. speaks: the packages to comment on, if they are
    among those that change. hits: what it is on the path of; past: what such a bump once broke. anywhere: important in
    every project built on it, not only in Kubernetes itself. names: what scripts and manifests call it
    (`<name>_version=`, `<name>:<tag>`). renumbered: see versions.move. costly: the import paths below which the packages
    lie that do what hits says, () for all: who uses only others (types, parsers) does not pay for it.
    """

    name: str
    grade: Grade = Grade.OTHER
    prefixes: tuple[str, ...] = ()
    hits: str = ""
    past: str = ""
    kind: Kind = "library"
    speaks: tuple[str, ...] = ()
    anywhere: bool = False
    names: tuple[str, ...] = ()
    renumbered: bool = False
    costly: tuple[str, ...] = ()

    def does_its_work(self, module: str, packages: tuple[str, ...] | None) -> bool:
        """Say whether the packages that are used of a module can be costly; None: which are used is not known."""
        if packages is None:
            return not self.costly or any(_within(module, each) or _within(each, module) for each in self.costly)
        return not self.costly or any(_within(package, each) for package in packages for each in self.costly)


def _within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


# Published from kubernetes/kubernetes, staging/src/k8s.io, with one version for all.
STAGING = frozenset(
    {
        "api",
        "apiextensions-apiserver",
        "apimachinery",
        "apiserver",
        "cli-runtime",
        "client-go",
        "cloud-provider",
        "cluster-bootstrap",
        "code-generator",
        "component-base",
        "component-helpers",
        "controller-manager",
        "cri-api",
        "cri-client",
        "cri-streaming",
        "csi-api",
        "csi-translation-lib",
        "dynamic-resource-allocation",
        "endpointslice",
        "externaljwt",
        "kms",
        "kube-aggregator",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "kubectl",
        "kubelet",
        "legacy-cloud-providers",
        "metrics",
        "mount-utils",
        "node-api",
        "pod-security-admission",
        "sample-apiserver",
        "sample-cli-plugin",
        "sample-controller",
        "streaming",
    }
)
KUBERNETES = "k8s.io/kubernetes"
_FORMER = "github.com/GoogleCloudPlatform/kubernetes"  # Kubernetes' own import path till 2015
LAYOUT = ("cmd/kube-apiserver", "staging/src/k8s.io")
"""Folders that only Kubernetes itself has, where nothing says its import path."""

GO = Dependency(
    "Go",
    Grade.IMPORTANT,
    hits="Every binary's garbage collector, scheduler and HTTP/2 change with it.",
    kind="go",
    anywhere=True,
)
ETCD = Dependency(
    "etcd",
    Grade.CORE,
    hits="Every write, and every read that no cache serves, waits for it.",
    past="etcd 3.2 slowed writes on 5,000 real nodes, unseen in kubemark, and was rolled back (`kubernetes/kubernetes#60589`).",
    kind="etcd",
    anywhere=True,
    names=("etcd",),
)
ETCD_CLIENT = Dependency(
    "the etcd client",
    Grade.CORE,
    ("go.etcd.io/etcd", "github.com/coreos/etcd"),
    "Every request that the API server sends to etcd goes through it.",
    "Client 3.2.11 with gRPC 1.7.5 cut LIST responses from etcd at 4 MB and was reverted (`kubernetes/kubernetes#57160`).",
    kind="etcd",
    speaks=(
        "go.etcd.io/etcd/client/v3",
        "go.etcd.io/etcd/clientv3",
        "github.com/coreos/etcd/clientv3",
        "go.etcd.io/etcd",
        "github.com/coreos/etcd",
    ),
    anywhere=True,
    renumbered=True,
)
LIBRARIES = Dependency(
    "Kubernetes' libraries",
    Grade.IMPORTANT,
    (KUBERNETES, *(f"k8s.io/{name}" for name in sorted(STAGING))),
    "Informers, work queues and client-side rate limits come from Kubernetes' libraries.",
    speaks=("k8s.io/client-go", "k8s.io/apiserver", "k8s.io/apimachinery", "k8s.io/api"),
    anywhere=True,
    renumbered=True,
    costly=(
        "k8s.io/client-go",
        "k8s.io/apimachinery",
        "k8s.io/apiserver",
        "k8s.io/component-base",
        "k8s.io/kubernetes/pkg/client",  # client-go till 2016
        "k8s.io/kubernetes/pkg/kubelet",
        "k8s.io/kubernetes/pkg/proxy",
        "k8s.io/kubernetes/pkg/scheduler",
    ),
)

_SERIALIZATION = "Every object that is read or written is encoded with it."
_WRITES = "It is on the path of every write to the API server."
_NODES = "It runs on every node, so its cost is paid 5,000 times."
_CGROUPS = (
    "Reading cgroup statistics once became slower with a new runc (`opencontainers/runc#2921`, `google/cadvisor#2863`)."
)
_LOGGING = "Every component logs through it."
_CACHES = "Caches and queues are built on it."


def _table(grade: Grade, hits: str, *prefixes: str, past: str = "") -> tuple[Dependency, ...]:
    return tuple(Dependency(prefix, grade, (prefix,), hits, past) for prefix in prefixes)


TABLE: tuple[Dependency, ...] = (
    ETCD_CLIENT,
    LIBRARIES,
    Dependency(
        "controller-runtime",
        Grade.IMPORTANT,
        ("sigs.k8s.io/controller-runtime",),
        "It decides which reads come from a cache, how events are queued, and how fast a client may ask.",
        anywhere=True,
    ),
    Dependency(
        "gRPC",
        Grade.IMPORTANT,
        ("google.golang.org/grpc",),
        "The API server speaks to etcd through it, and the kubelet to container runtimes and CSI drivers.",
        "gRPC 1.5.1 cut LIST responses from etcd at 4 MB, and 1.7.5 had to be reverted (`kubernetes/kubernetes#51099`, `#57160`).",
    ),
    Dependency(
        "golang.org/x/net",
        Grade.IMPORTANT,
        ("golang.org/x/net",),
        "Its HTTP/2 carries every request between the API server and its clients.",
        "HTTP/2's serve loop was the cost of the Go 1.8 regression (`kubernetes/kubernetes#45216`).",
        speaks=("golang.org/x/net/http2",),
        costly=("golang.org/x/net/http2",),
    ),
    *_table(
        Grade.IMPORTANT,
        _SERIALIZATION,
        "github.com/gogo/protobuf",
        "github.com/json-iterator/go",
        "github.com/ugorji/go",
        "sigs.k8s.io/json",
    ),
    # Kubernetes' and etcd's objects encode themselves, with code that gogo generated: gRPC only calls it through these.
    *_table(
        Grade.IMPORTANT,
        "gRPC encodes every message to etcd and to container runtimes through it.",
        "google.golang.org/protobuf",
    ),
    *_table(Grade.NOTED, "gRPC encoded its messages through it till 2020.", "github.com/golang/protobuf"),
    *_table(Grade.NOTED, "Objects are encoded with it where CBOR is turned on.", "github.com/fxamacker/cbor"),
    *_table(Grade.IMPORTANT, "It routes every request to the API server.", "github.com/emicklei/go-restful"),
    *_table(
        Grade.IMPORTANT,
        "It decides how much memory and CPU each metric series costs.",
        "github.com/prometheus/client_golang",
        past="A new metrics client once changed how API call latencies were reported (`kubernetes/kubernetes#76579`).",
    ),
    *_table(
        Grade.IMPORTANT,
        _WRITES,
        "sigs.k8s.io/structured-merge-diff",
        "github.com/google/cel-go",
    ),
    *_table(
        Grade.IMPORTANT,
        "The API server applies every JSON and merge patch with it.",
        "github.com/evanphx/json-patch",
        "gopkg.in/evanphx/json-patch.v4",
    ),
    *_table(
        Grade.IMPORTANT,
        "The API server builds its OpenAPI schema with it.",
        "k8s.io/kube-openapi",
    ),
    Dependency(
        "klog",
        Grade.IMPORTANT,
        ("k8s.io/klog", "github.com/golang/glog"),
        _LOGGING,
        "klog v2 was tried at 5,000 nodes before it was merged (`kubernetes/kubernetes#89961`).",
    ),
    Dependency(
        "OpenTelemetry",
        Grade.IMPORTANT,
        ("go.opentelemetry.io",),
        "Traced requests pay for it on their way.",
        speaks=("go.opentelemetry.io/otel",),
    ),
    Dependency(
        "cAdvisor",
        Grade.IMPORTANT,
        ("github.com/google/cadvisor",),
        _NODES,
        _CGROUPS,
        names=("cadvisor",),
        costly=tuple(
            f"github.com/google/cadvisor/{each}"
            for each in ("manager", "container", "fs", "machine", "events", "cache")
        ),
    ),
    Dependency(
        "runc",
        Grade.IMPORTANT,
        ("github.com/opencontainers/runc",),
        _NODES,
        _CGROUPS,
        speaks=("github.com/opencontainers/runc/libcontainer",),
        names=("runc",),
        costly=("github.com/opencontainers/runc/libcontainer/cgroups",),
    ),
    Dependency("opencontainers/cgroups", Grade.IMPORTANT, ("github.com/opencontainers/cgroups",), _NODES, _CGROUPS),
    Dependency(
        "Docker",
        Grade.IMPORTANT,
        hits=_NODES,
        past="A new Docker brought limits on process ids that broke large tests (`kubernetes/kubernetes#51903`).",
        names=("docker",),
    ),
    # The daemon does not move with it.
    Dependency(
        "Docker's client",
        Grade.IMPORTANT,
        ("github.com/docker/docker", "github.com/docker/engine-api", "github.com/fsouza/go-dockerclient"),
        "The kubelet on every node asks Docker through it, again and again.",
        costly=(
            "github.com/docker/docker/client",
            "github.com/docker/engine-api/client",
            "github.com/fsouza/go-dockerclient",
        ),
    ),
    Dependency("containerd", Grade.IMPORTANT, ("github.com/containerd/containerd",), _NODES, names=("containerd",)),
    Dependency(
        "CNI",
        Grade.IMPORTANT,
        ("github.com/containernetworking/cni", "github.com/containernetworking/plugins"),
        _NODES,
        "CNI 0.6.0's duplicate address detection added 1-3 s to each pod's start (`kubernetes/kubernetes#55060`).",
        speaks=("github.com/containernetworking/cni", "github.com/containernetworking/cni/libcni"),
        names=("cni", "cni_plugins", "cni-plugins"),
    ),
    *_table(Grade.IMPORTANT, _NODES, "github.com/vishvananda/netlink", "github.com/moby/ipvs", "sigs.k8s.io/knftables"),
    Dependency(
        "bbolt",
        Grade.NOTED,
        ("go.etcd.io/bbolt", "github.com/coreos/bbolt", "github.com/boltdb/bolt"),
        "etcd stores its data with it.",
    ),
    *_table(Grade.NOTED, _SERIALIZATION, "github.com/modern-go/reflect2", "sigs.k8s.io/yaml"),
    *_table(Grade.NOTED, _LOGGING, "github.com/go-logr/logr", "github.com/go-logr/zapr", "go.uber.org/zap"),
    *_table(Grade.NOTED, _CACHES, "k8s.io/utils", "github.com/golang/groupcache", "github.com/google/btree"),
    *_table(
        Grade.NOTED, "Every component builds on it.", "golang.org/x/sys", "golang.org/x/time", "golang.org/x/crypto"
    ),
)
_BY_PREFIX = {prefix: dependency for dependency in TABLE for prefix in dependency.prefixes}

# Libraries that only tests link: of no consequence to a cluster.
TEST_LIBRARIES = frozenset(
    {
        "github.com/onsi/ginkgo",
        "github.com/onsi/gomega",
        "github.com/stretchr/testify",
        "github.com/golang/mock",
        "github.com/google/go-cmp",
        "github.com/google/gofuzz",
        "go.uber.org/mock",
        "go.uber.org/goleak",
        "gopkg.in/check.v1",
        "gotest.tools",
    }
)

# How many parts of an import path name the repository, where it is not the three of github.com/owner/name.
_PARTS = {
    "golang.org": 3,
    "google.golang.org": 2,
    "k8s.io": 2,
    "sigs.k8s.io": 2,
    "go.uber.org": 2,
    "go.etcd.io": 2,
    "cloud.google.com": 2,
    "gotest.tools": 1,
    "go.opentelemetry.io": 1,
}
_MAJOR = re.compile(r"/v\d+$")


def repository(path: str) -> str:
    """Give the repository that a module's or package's path names: `google.golang.org/grpc` of `google.golang.org/grpc/codes`."""
    parts = path.strip("/").split("/")
    if parts[0] == "gopkg.in":  # gopkg.in/yaml.v2, gopkg.in/owner/name.v1
        return "/".join(parts[: 2 if re.search(r"\.v\d+$", parts[1] if len(parts) > 1 else "") else 3])
    count = _PARTS.get(parts[0], 3 if parts[0] in {"github.com", "bitbucket.org", "gitlab.com"} else 2)
    return _MAJOR.sub("", "/".join(parts[:count]))


def unversioned(module: str) -> str:
    """Give a module's path without its major version: `example.com/name` of `example.com/name/v2`."""
    return _MAJOR.sub("", module)


def dependency(path: str) -> Dependency:
    """Give the dependency that a module or package belongs to: one of TABLE, or its repository."""
    prefix = path
    while prefix:
        if prefix in _BY_PREFIX:
            return _BY_PREFIX[prefix]
        prefix = prefix.rpartition("/")[0]
    return Dependency(repository(path), prefixes=(repository(path),))


def itself(module: str) -> bool:
    """Say whether a module, or what a repository's packages begin with, is Kubernetes or a library it publishes."""
    organisation, _, name = module.partition("/")
    return module in {KUBERNETES, _FORMER} or (organisation == "k8s.io" and name in STAGING)


def of_kubernetes(modules: Modules) -> bool:
    """Say whether a tree is Kubernetes itself or a library it publishes, which run in every cluster, the largest too."""
    if modules.module_path:  # of before go.mod too: Godeps.json, import comments and imports name the root
        return itself(modules.module_path)
    return any(modules.listing(folder) for folder in LAYOUT)
