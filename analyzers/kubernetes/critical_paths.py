"""Critical paths: code that everybody waits for, and what it runs for.

Sources: kubernetes/kubernetes from 2014 to 2026 (shared facts, kubernetes.md 2.4); the method sets of the scheduler
framework (k8s.io/kube-scheduler/framework), of admission (k8s.io/apiserver/pkg/admission), of authentication and
authorization, and of controller-runtime's webhooks and reconcilers, which tell such code in any project; the
contributors' guide, "Complex and expensive computations on a critical path".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analyzers.golang import syntax
from analyzers.golang.declaration import Function
from analyzers.golang.facts import Closure

Per = Literal["pod and node", "pod", "request", "event", "object", "tick"]


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """A critical path: its name as people say it (it reads after "on"), and what its code runs once for.

    "pod and node": for each node that is tried for a pod; "pod": for each pod scheduled or synchronised; "request":
    for each API request (or the writes among them); "event": for each event of an informer; "object": for each
    reconciled object; "tick": again and again, with a short period.
    """

    name: str
    per: Per

    @property
    def hot(self) -> bool:
        """Whether it runs so often that copies and allocations count: not for events and single objects."""
        return self.per not in {"event", "object"}


SCHEDULING = CriticalPath("the scheduling path", "pod and node")
SCHEDULING_A_POD = CriticalPath("the scheduling path", "pod")
ADMISSION = CriticalPath("the admission path", "request")
AUTHORIZATION = CriticalPath("the path of authentication and authorization", "request")
REQUESTS = CriticalPath("the API server's request path", "request")
STORAGE = CriticalPath("the API server's storage path", "request")
CONVERSION = CriticalPath("the path of serialization and conversion", "request")
KUBELET = CriticalPath("the kubelet's pod sync path", "pod")
KUBELET_LOOP = CriticalPath("a loop of the kubelet", "tick")
PROXY = CriticalPath("kube-proxy's sync path", "tick")
ENDPOINTS = CriticalPath("the endpoints sync path", "object")
HANDLER = CriticalPath("an informer's event path", "event")
RECONCILER = CriticalPath("a reconcile path", "object")

# What is built once, at start-up, whatever folder it stands in. (A NodeInfo is built for every pod that is tried.)
_START_UP = re.compile(
    r"(^|\.)(New(?!NodeInfo|Snapshot)[A-Z]?\w*|new[A-Z]\w*(Command|Manager|Controller|Server|Config|Plugin|Factory)|init|main|Main|Run|run|Start\w*|start[A-Z]\w*|Register\w*|register[A-Z]?\w*|Install\w*|install[A-Z]?\w*"
    r"|AddFlags|AddToScheme|AddTo\w*Scheme|addKnownTypes|[sS]et_?Defaults?\w*|Complete|Setup\w*|setup[A-Z]\w*|Build|build(?:Config|Handler\w*)|Default[A-Z]\w*|Create(?:FromConfig|FromKeys|FromProvider)?|Initialize|InitFlags"
    r"|Close|Stop|Shutdown|ShutDown|String|GoString|Name|Usage|Describe)$"
)

# (path, "Receiver.Name" or "Name", where). The first row that matches both decides.
_PLACES: tuple[tuple[str, str, CriticalPath], ...] = (
    (r"(^|/)scheduler/(algorithm/)?(predicates|priorities)(/|\.go$)|(^|/)scheduler/(spreading|(generic_)?scheduler|nodeinfo|extender)\.go$", r"", SCHEDULING),
    (r"(^|/)pkg/scheduler/(framework/)?(plugins/(?!names|registry|testing)|runtime/framework|preemption/|core/|nodeinfo/|types\.go)", r"", SCHEDULING),
    (r"(^|/)pkg/scheduler/schedule_one\.go$", r"", SCHEDULING),
    (r"(^|/)(schedulercache|scheduler/(internal/|backend/)?(cache|queue))/", r"", SCHEDULING_A_POD),
    (r"(^|/)(scheduler|scheduling)/(?!(apis?|options?|config|metrics|profile|testing|factory|algorithmprovider|app|util/feature)(/|\.go$)).*\.go$", r"", SCHEDULING_A_POD),
    (r"(^|/)plugin/pkg/admission/|(^|/)apiserver/pkg/admission/(plugin/)?|(^|/)pkg/admission/", r"(^|\.)(Admit|Validate|Handles|admit\w*|validate\w*|check\w*|Evaluate|Should\w+|Dispatch|Call\w*|ensure\w+|limit\w*)$", ADMISSION),
    (r"(^|/)(auth|authentication|authorization|authorizer|authenticator)/", r"(^|\.)(Authorize\w*|authorize\w*|Authenticate\w*|authenticate\w*|RulesFor|VisitRulesFor|RuleAllows\w*|RulesAllow\w*|Get(Effective)?PolicyRules|\w*[mM]atches|Allowed|hasPath\w*)$", AUTHORIZATION),
    (r"(^|/)pkg/(generic)?api-?server/(?!.*(options|config))|(^|/)apiserver/pkg/(endpoints|server)/(filters|handlers|request|responsewriters)/|(^|/)apiserver/pkg/(endpoints/installer|audit/.*|util/flowcontrol/.*)", r"", REQUESTS),
    (r"(^|/)pkg/registry/.*(strategy|store)\.go$|(^|/)registry/generic/(registry/)?\w*\.go$", r"(^|\.)(PrepareFor\w+|Validate\w*|Canonicalize|Allow\w+|GetAttrs|Match\w+|SelectableFields|\w*(Create|Update|Get|List|Delete|Watch)\w*)$", REQUESTS),
    (r"(^|/)storage/(cacher/|etcd\d?/|value/|[^/]*\.go$)|(^|/)pkg/tools/etcd", r"", STORAGE),
    (r"(^|/)(runtime/serializer|pkg/conversion|pkg/runtime)/(?!.*(scheme_builder|register))", r"", CONVERSION),
    (r"(^|/)pkg/kubelet/", r"(^|\.)([sS]ync\w*Pod\w*|HandlePod\w*|dispatchWork|managePodLoop|podWorkerLoop|UpdatePod|UpdateStatus|[sS]etPodStatus|syncBatch|generate(API)?PodStatus|computePodActions|makeEnvironmentVariables|generateRunContainerOptions|GenerateRunContainerOptions|[gG]etPodStatus\w*|canAdmitPod|canRunPod|convert\w*Status\w*|start[cC]ontainer|runContainer\w*|PodResourceChanged)$", KUBELET),
    (r"(^|/)pkg/kubelet/", r"(^|\.)(syncLoop\w*|relist|Relist|updateCache|HandlePodCleanups|[cC]leanup\w*Pods?|tryUpdateNodeStatus|updateNodeStatus|setNodeStatus\w*|syncNodeStatus|reconcile|populatorLoop\w*|findAndAdd\w*|findAndRemove\w*|GetPods|doProbe|runProbe\w*)$", KUBELET_LOOP),
    (r"(^|/)pkg/proxy/", r"(^|\.)(sync\w*|On(Service|Endpoint|Node)\w*|NextEndpoint|build\w*Map|[uU]pdate\w*(Map|Services|Endpoints)|write\w*)$", PROXY),
    (r"(^|/)pkg/controller/(endpoint|endpointslice|service)/|(^|/)staging/src/k8s\.io/endpointslice/", r"(^|\.)(sync\w*|[aA]ddPod|[uU]pdatePod|[rR]econcile\w*)$", ENDPOINTS),
    (r"(^|/)volumemanager/(populator|reconciler)/|(^|/)attachdetach/(populator|reconciler)/", r"", CriticalPath("a volume reconciler's loop", "tick")),
)  # fmt: skip
_COMPILED = tuple((re.compile(path), re.compile(name), where) for path, name, where in _PLACES)

# Signs in any project: a method's name, and what must stand in its parameters.
_SIGNS: tuple[tuple[str, str, CriticalPath], ...] = (
    (r"(Filter|Score|ScoreExtensions|NormalizeScore|AddPod|RemovePod|SelectVictimsOnNode)$", r"CycleState|NodeInfo|PreFilterState", SCHEDULING),
    (r"(PreFilter|PostFilter|PreScore|Reserve|Unreserve|Permit|PreBind|PostBind|Bind|PreEnqueue)$", r"CycleState|\*(core)?v1\.Pod\b", SCHEDULING_A_POD),
    (r"Clone$", r"\.StateData$", SCHEDULING),
    (r"Less$", r"PodInfo\b", SCHEDULING_A_POD),
    (r"(\w*S|s)chedule(One|Pod)?$", r"\bPod\b|CycleState", SCHEDULING_A_POD),
    (r"(Admit|Validate|Handles)$", r"admission\.Attributes", ADMISSION),
    (r"(Handle|Default|Validate(Create|Update|Delete))$", r"admission\.Request|runtime\.Object", ADMISSION),
    (r"(Authorize|RulesFor)$", r"authorizer\.Attributes|user\.Info|Attributes\b", AUTHORIZATION),
    (r"Authenticate(Request|Token|Password)$", r"", AUTHORIZATION),
    (r"ServeHTTP$", r"ResponseWriter", CriticalPath("a request path", "request")),
    (r"(Reconcile|ReconcileKind)$", r"\bRequest\b|context\.Context|ctx\b", RECONCILER),
    (r"(sync|Sync)\w*$", r"^\(((ctx|_) context\.Context, )?key string\)", RECONCILER),
    (r"(On|on|handle|Handle)?(Add|Update|Delete|add|update|delete|Create|create|Generic)\w*$", r"^\(\w+ (interface\{\}|any)\)$|^\(\w+, \w+ (interface\{\}|any)\)$|^\(\w+ (interface\{\}|any), \w+ (interface\{\}|any)\)$|event\.(Typed)?(Create|Update|Delete|Generic)Event", HANDLER),
)  # fmt: skip
_SIGNS_COMPILED = tuple((re.compile(r"(?:\w+\.)?" + name), re.compile(params), where) for name, params, where in _SIGNS)

# Function literals given to these run for each event, or for each node: what the key of a literal, or the callee, says.
HANDLER_KEYS = frozenset({"AddFunc", "UpdateFunc", "DeleteFunc", "CreateFunc", "GenericFunc"})
_PARALLEL = frozenset({"ParallelizeUntil", "Until", "Parallelize"})


def critical_path(function: Function) -> CriticalPath | None:
    """Give the critical path that a function is on, by its name, parameters and place; None if it is on none.

    What only runs at start-up is on none. Who calls the function is not asked: see `callgraph` for that.
    """
    key = function.key
    if starts_up(function):
        return None
    found = None
    path = function.file.path
    for place, name, where in _COMPILED:
        if place.search(path) and name.search(key):
            found = where
            break
    if found is not None and found.hot:
        return found
    return _by_signs(function) or found


def of_file(path: str) -> CriticalPath | None:
    """Give the critical path of a file all of whose functions are on one, whatever their names."""
    return next((where for place, name, where in _COMPILED if not name.pattern and place.search(path)), None)


def starts_up(function: Function) -> bool:
    """Say whether a function runs once, when something is built or started, by its name."""
    return _START_UP.search(function.key) is not None


def _by_signs(function: Function) -> CriticalPath | None:
    for name, params, where in _SIGNS_COMPILED:
        if name.fullmatch(function.key) and params.search(signature(function)):
            return where
    return None


def signature(function: Function) -> str:
    """Give the text of a function's parameters and results, on one line."""
    node = function.node
    parts = [node.child_by_field_name(field) for field in ("parameters", "result")] if node is not None else []
    return " ".join(" ".join(syntax.text(part).split()) for part in parts if part is not None)


def within(function: Function, closures: Iterable[Closure]) -> CriticalPath | None:
    """Give the critical path of code in a function, inside these function literals of it.

    A literal that is an informer's handler, or the body of a parallel loop over nodes, says more than the function
    around it, which may only register it.
    """
    found = critical_path(function)
    for closure in closures:
        if closure.role == "value" and closure.name in HANDLER_KEYS:
            return HANDLER
        if closure.role == "argument" and closure.call is not None and closure.call.name in _PARALLEL:
            operand = syntax.text(closure.call.operand) if closure.call.operand is not None else ""
            if "parallel" in operand.lower() or closure.call.name != "Until":
                return found or CriticalPath("a parallel loop", "tick")
    return found
