"""Calls to cloud providers: through Kubernetes' own interface to them, and through the providers' libraries.

Sources: k8s.io/cloud-provider cloud.go (pkg/cloudprovider in kubernetes/kubernetes until 1.13, where it began); the libraries that
kubernetes/kubernetes @b329179c, kubernetes/autoscaler and the cloud-provider-* repositories of 2026 are built with. In a
provider's library one type is one API, whose methods each send a request; what only makes a client or a value does not.
"""

import re
from collections.abc import Iterator

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced

_INTERFACE = re.compile(r"(^|/)pkg/cloudprovider$|^k8s\.io/cloud-provider$")
_ASKS = {
    "LoadBalancer": "GetLoadBalancer EnsureLoadBalancer UpdateLoadBalancer EnsureLoadBalancerDeleted",
    "TCPLoadBalancer": "GetTCPLoadBalancer EnsureTCPLoadBalancer UpdateTCPLoadBalancer EnsureTCPLoadBalancerDeleted"
    " TCPLoadBalancerExists CreateTCPLoadBalancer DeleteTCPLoadBalancer",
    "Instances": "NodeAddresses NodeAddressesByProviderID ExternalID InstanceID InstanceType InstanceTypeByProviderID"
    " List AddSSHKeyToAllInstances InstanceExistsByProviderID InstanceShutdownByProviderID GetNodeResources",
    "InstancesV2": "InstanceExists InstanceShutdown InstanceMetadata",
    "Zones": "GetZone GetZoneByProviderID GetZoneByNodeName",
    "Routes": "ListRoutes CreateRoute DeleteRoute",
    "Clusters": "ListClusters Master",
    "PVLabeler": "GetLabelsForVolume",
}
_METHODS = {name: frozenset(methods.split()) for name, methods in _ASKS.items()}
_LIBRARIES = (
    (re.compile(r"(^|/)github\.com/aws/aws-sdk-go(-v2)?/service/"), "AWS"),
    (
        re.compile(
            r"(^|/)(google\.golang\.org/api|code\.google\.com/p/google-api-go-client)/\w+/v|(^|/)cloud\.google\.com/go/"
        ),
        "Google Cloud",
    ),
    (re.compile(r"(^|/)github\.com/Azure/azure-sdk-for-go/"), "Azure"),
    (re.compile(r"(^|/)github\.com/(gophercloud|rackspace)/gophercloud/"), "OpenStack"),
    (re.compile(r"(^|/)github\.com/vmware/govmomi(/|$)"), "vSphere"),
    (re.compile(r"(^|/)github\.com/digitalocean/godo(/|$)"), "DigitalOcean"),
    (re.compile(r"(^|/)github\.com/hetznercloud/hcloud-go(/|$)"), "Hetzner Cloud"),
    (re.compile(r"(^|/)github\.com/linode/linodego(/|$)"), "Linode"),
    (re.compile(r"(^|/)github\.com/(aliyun|alibabacloud-go)/"), "Alibaba Cloud"),
    (re.compile(r"(^|/)github\.com/tencentcloud/"), "Tencent Cloud"),
    (re.compile(r"(^|/)github\.com/oracle/oci-go-sdk/"), "Oracle Cloud"),
)
# What a library does without asking anybody: constructors, setters of a request that another call sends, conversions.
_LOCAL = re.compile(
    r"^(New\w*|Set\w*|With\w*|To\w+|Is\w+|String\w*|GoString|Validate|Context|Fields|Header|Filter|PageToken|MaxResults|OrderBy|"
    r"Basic\w*|Extract\w*|AllowReauth|Config\w*|Default\w*|Must\w*|Error\w*|Code|Message|Get[A-Z]\w+OK|\w+Value(Slice|Map)?|\w+Ptr)$"
)
_SENDS = frozenset({"Do", "Pages"})
"""With which a request is sent that a chain of calls describes: `service.Instances.List(project, zone).Do()`."""


def asked(index: PackageIndex, function: Function, call: Call) -> str | None:
    """Give the provider's API that a call asks ("cloudprovider.Routes", "AWS ec2"), None where it is no such call."""
    if call.operand is None or not call.name[:1].isupper():
        return None
    file = function.file
    receiver = dereferenced(index.type_of(call.operand, file, function))
    if isinstance(receiver, Named):
        if _INTERFACE.search(receiver.path):
            return f"cloudprovider.{receiver.name}" if call.name in _METHODS.get(receiver.name, ()) else None
        return _of_library(receiver.path, call.name)
    path = index.imported(file, syntax.text(call.operand)) if call.operand.type == "identifier" else None
    if path is not None:  # a package's own function: `servers.List(client, options)`
        return _of_library(path, call.name) if _library(path) == "OpenStack" else None
    if call.name in _SENDS:
        for inner in _chain(call.operand):
            began = dereferenced(index.type_of(inner, file, function))
            if isinstance(began, Named):
                return _of_library(began.path, call.name)
    return None


def _of_library(path: str, method: str) -> str | None:
    library = _library(path)
    if library is None or _LOCAL.match(method):
        return None
    # Google's requests are described by one call and sent by another.
    if library == "Google Cloud" and "/go/" not in path and method not in _SENDS:
        return None
    name = re.sub(r"/v[\w.]+$", "", path).rpartition("/")[2]
    return f"{library} {name}"


def _library(path: str) -> str | None:
    return next((name for pattern, name in _LIBRARIES if pattern.search(path)), None)


def _chain(node: Node) -> Iterator[Node]:
    """Yield what a chain of selectors and calls is made of, from its end to the variable at which it begins."""
    inner = syntax.field(node, "function" if node.type == "call_expression" else "operand")
    while inner is not None:
        yield inner
        inner = syntax.field(inner, "function" if inner.type == "call_expression" else "operand")
