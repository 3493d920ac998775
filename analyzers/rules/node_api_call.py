"""Code that runs on every node sends a new API request

Whatever a node asks is asked 5,000 times. When the kubelet refreshed the Secret of each pod once a minute, 150,000
pods made 2,500 requests a second, and the API server failed. A kubelet reads Secrets and ConfigMaps through its
caching manager, its own Node and Pods from its informers, and writes only what has changed; an agent does best with
one watch that is restricted to its own node.

```diff
--- a/pkg/kubelet/environment.go
+++ b/pkg/kubelet/environment.go
@@ -1,28 +1,24 @@
 package kubelet

 import (
-	"context"
-
        v1 "k8s.io/api/core/v1"
-	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
-	"k8s.io/client-go/kubernetes"
 )

+type secretManager interface {
+	GetSecret(namespace, name string) (*v1.Secret, error)
+}
+
 type environment struct {
-	kubeClient kubernetes.Interface
+	secrets secretManager
 }

-func (e *environment) token(ctx context.Context, pod *v1.Pod, name string) ([]byte, error) {
+func (e *environment) token(pod *v1.Pod, name string) ([]byte, error) {
-	secret, err := e.kubeClient.CoreV1().Secrets(pod.Namespace).Get(ctx, name, metav1.GetOptions{})
+	secret, err := e.secrets.GetSecret(pod.Namespace, name)
        if err != nil {
                return nil, err
        }
        return secret.Data["token"], nil
 }
```

Not reported: requests that were only moved or written differently; watches that a selector restricts to the node;
what volume plugins do in the controller manager (provisioning, attaching); tests, fakes and generated code. Which
code runs on every node is told by the folder (unless a Deployment's manifest names its program), by a DaemonSet's
manifest that names the program, or by `node_components` in .github/scalability.yaml. What runs once at start-up or
after a failure is a notice, and so is an event that is recorded again and again: it is sent in the background, and
not each time.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.requests import library
from analyzers.news.requests import NewRequest, new_requests
from analyzers.news.sent import Sent

_CACHED_BY_KUBELET = frozenset({"secrets", "configmaps"})


def node_api_call(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new request from code of every node."""
    for new in new_requests(change):
        request = new.request
        if not new.component.every_node:
            continue
        if request.verb == "WATCH" and (
            request.options.fields or request.options.one_node or request.options.one_object
        ):
            continue  # of what the node itself needs
        if request.background and new.path.root not in {"critical", "periodic"}:
            continue  # an event that tells of something rare
        sends = f"{code(request.method)} sends {request.a_what}"
        yield Diagnostic(
            analyzer="node-api-call",
            path=request.path,
            line=new.first_line,
            end_line=new.end_line,
            construct=f"The condition that spared this {request.what} was removed."
            if new.because == "unguarded"
            else f"{sends} from every node, and no longer from the watch cache."
            if new.because == "widened" and request.verb == "GET"
            else f"{sends} from every node.",
            remedy=_remedy(new),
            unless="Leave it if it runs only at start-up or after a rare failure.",
            concern=f"{request.verb.lower()} {request.resource} {request.scope} node",
            function=request.function.key,
            subject=Sent(new, "node"),
        )


def _remedy(new: NewRequest) -> str:
    request = new.request
    if request.background:
        return "Record it when something changes, not in each round: what repeats is dropped after 25, and still costs the node."
    if request.kind == library.LEADER_ELECTION:
        return "Elect a leader among a few replicas of a Deployment; what runs on every node needs none."
    if request.verb == "GET" and request.resource in _CACHED_BY_KUBELET and new.component.name.startswith("kubelet"):
        kind = "Secret" if request.resource == "secrets" else "ConfigMap"
        return f"Read it through the kubelet's caching {kind} manager ({code(f'Get{kind}')}), which shares one read between pods."
    if _is_a_process_of_its_own(new):
        return (
            "Ask for less, or once: a cache of an agent that runs on answers it without the API server."
            if request.verb in {"GET", "LIST", "WATCH"}
            else "Send it only when something has changed."
        )
    if request.verb in {"GET", "LIST"}:
        return "Read it from a cache: an informer restricted to this node's objects, or one shared by all that need it."
    if request.verb == "WATCH":
        return "Restrict the watch to this node's objects with a field selector."
    return "Send it only when something has changed, and join it with a request that is sent anyway."


def _is_a_process_of_its_own(new: NewRequest) -> bool:
    """Say whether a request is sent by what is started anew for each pod (CNI), so that no informer of its own helps."""
    return any("skel.CmdArgs" in critical_paths.signature(each) for each in new.path.functions)
