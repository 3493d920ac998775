"""Critical paths: code that everybody waits for, and what it runs for.

Sources: kubernetes/kubernetes from 2014 to 2026 (shared facts, kubernetes.md 2.4); the method sets of the scheduler
framework (k8s.io/kube-scheduler/framework), of admission (k8s.io/apiserver/pkg/admission), of authentication and
authorization, and of controller-runtime's webhooks and reconcilers, which tell such code in any project; the
contributors' guide, "Complex and expensive computations on a critical path".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Closure
from analyzers.golang.facts.syntax import Node

Per = Literal["pod and node", "pod", "cycle", "request", "event", "object", "round", "tick"]


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """A critical path: its name as people say it (it reads after "on"), and what its code runs once for.

    "pod and node": for each node that is tried for a pod; "pod": for each pod scheduled or synchronised; "cycle": for each
    round of a scheduler, of whatever it schedules; "request": for each API request (or the writes among them); "event":
    for each event of an informer; "object": for each reconciled object; "round": for each round of a reconciler that is
    given no object; "tick": again and again, with a short period. hinted: no signature, no name and no caller says so, only the
    folder. of_one_kind: it is asked about objects of one kind alone, by whoever asks a server of the project, or by the kubelet
    of its own node alone: of which there may be few.
    """

    name: str
    per: Per
    hinted: bool = field(default=False, compare=False)
    of_one_kind: bool = field(default=False, compare=False)

    @property
    def hot(self) -> bool:
        """Whether it runs so often that copies and allocations count: not for events, single objects and rounds of them."""
        return self.per not in {"event", "object", "round"}

    @property
    def where(self) -> str:
        """Where its code stands, as a sentence says it."""
        return f"in code of {self.name}" if self.hinted else f"on {self.name}"


SCHEDULING = CriticalPath("the scheduling path", "pod and node")
SCHEDULING_A_POD = CriticalPath("the scheduling path", "pod")
SCHEDULING_CYCLE = CriticalPath("the scheduling path", "cycle")
ADMISSION = CriticalPath("the admission path", "request")
WEBHOOK = CriticalPath("the admission path", "request", of_one_kind=True)
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
ROUND = CriticalPath("a reconciler's round", "round")
MAPPING = CriticalPath("an event's mapping to requests", "event")
VOLUMES = CriticalPath("a volume reconciler's loop", "tick")
ANY_REQUEST = CriticalPath("a request path", "request", of_one_kind=True)
NODE_SERVICE = CriticalPath("the path of a pod's start on its node", "pod", of_one_kind=True)
"""What the kubelet calls of drivers on its node: CSI's node service (container-storage-interface/spec), device plugins
(k8s.io/kubelet/pkg/apis/deviceplugin), DRA (pkg/apis/dra), CNI (containernetworking/cni/pkg/skel)."""

# Patterns are parted by blanks; a function's must match its whole name, without its receiver.
_STARTS_UP_WORDS = """
main init AddToScheme SetupWithManager SetupWebhookWithManager AddFlags AddGoFlags InitFlags Complete ApplyTo SetDefaults
String GoString Name Usage Describe InjectClient InjectScheme DeepCopyObject AddToManager
"""
_STARTS_UP = frozenset(_STARTS_UP_WORDS.split())
"""What Go and its libraries call once, or for people: main and init, and methods of scheme builders (runtime.SchemeBuilder),
managers (controller-runtime pkg/builder), flags (spf13/pflag, k8s.io/component-base/cli), plugins (Name) and fmt."""


class _Place(NamedTuple):
    """Files whose functions (all of them, if none are named) are on a critical path. Names count of methods and of what a
    package exports: what else it calls its functions says nothing."""

    where: CriticalPath
    files: str
    functions: str = ""


# The first row that matches both decides.
_PLACES = (
    _Place(
        SCHEDULING,
        r"(^|/)scheduler/(algorithm/)?(predicates|priorities)(/|\.go$)"
        r" (^|/)scheduler/(spreading|(generic_)?scheduler|nodeinfo)\.go$ (^|/)pkg/scheduler/schedule_one\.go$"
        r" (^|/)pkg/scheduler/(framework/)?(plugins/(?!names|registry|testing)|runtime/framework|preemption/|core/(?!extender))"
        r" (^|/)pkg/scheduler/(framework/)?(nodeinfo/|types\.go)",
    ),
    _Place(
        SCHEDULING_A_POD,
        r"(^|/)(schedulercache|scheduler/(internal/|backend/)?(cache|queue))/ (^|/)scheduler/(core/)?extender\.go$"
        r" (^|/)(scheduler|scheduling)/(?!(apis?|options?|config|metrics|profile|testing|factory|algorithmprovider|app)(/|\.go$))"
        r".*\.go$",
    ),
    _Place(
        ADMISSION,
        r"(^|/)plugin/pkg/admission/ (^|/)apiserver/pkg/admission/ (^|/)pkg/admission/",
        r"[aA]dmit\w* [vV]alidate\w* Handles check\w* Evaluate Should\w+ Dispatch Call\w* ensure\w+ limit\w*",
    ),
    _Place(
        AUTHORIZATION,
        r"(^|/)(auth|authentication|authorization|authorizer|authenticator)/",
        r"[aA]uthori[sz]e\w* [aA]uthenticate\w* (Visit)?RulesFor Rules?Allows?\w* Get(Effective)?PolicyRules"
        r" \w{0,80}[mM]atches Allowed"
        r" hasPath\w*",
    ),
    _Place(
        REQUESTS,
        r"(^|/)pkg/(generic)?api-?server/(?!.*(options|config)) (^|/)apiserver/pkg/(audit|util/flowcontrol)/"
        r" (^|/)apiserver/pkg/(endpoints|server)/(filters|handlers|request|responsewriters)/"
        r" (^|/)apiserver/pkg/endpoints/installer\.go$",
    ),
    _Place(
        REQUESTS,
        r"(^|/)pkg/registry/.*(strategy|store)\.go$ (^|/)registry/generic/(registry/)?\w*\.go$",
        r"PrepareFor\w+ Validate\w* Canonicalize Allow\w+ GetAttrs Match\w+ SelectableFields"
        r" \w{0,80}(Create|Update|Get|List|Delete|Watch)\w*",
    ),
    _Place(STORAGE, r"(^|/)storage/(cacher/|etcd\d?/|value/|(?![^/]*(factory|config))[^/]*\.go$) (^|/)pkg/tools/etcd"),
    _Place(CONVERSION, r"(^|/)(runtime/serializer|pkg/conversion|pkg/runtime)/(?!.*(scheme_builder|register))"),
    _Place(
        KUBELET,
        r"(^|/)pkg/kubelet/",
        r"[sS]ync\w*Pod\w* HandlePod\w* dispatchWork managePodLoop podWorkerLoop UpdatePod UpdateStatus [sS]etPodStatus syncBatch"
        r" generate(API)?PodStatus computePodActions makeEnvironmentVariables [gG]enerateRunContainerOptions [gG]etPodStatus\w*"
        r" can(Admit|Run)Pod convert\w*Status\w* start[cC]ontainer runContainer\w* PodResourceChanged",
    ),
    _Place(
        KUBELET_LOOP,
        r"(^|/)pkg/kubelet/",
        r"syncLoop\w* [rR]elist updateCache HandlePodCleanups [cC]leanup\w*Pods? (tryU|u)pdateNodeStatus setNodeStatus\w*"
        r" syncNodeStatus reconcile populatorLoop\w* findAndAdd\w* findAndRemove\w* GetPods doProbe runProbe\w*",
    ),
    _Place(
        PROXY,
        r"(^|/)pkg/proxy/",
        r"sync\w* On(Service|Endpoint|Node)\w* NextEndpoint build\w{0,80}Map [uU]pdate\w{0,80}(Map|Services|Endpoints) write\w*",
    ),
    _Place(
        ENDPOINTS,
        r"(^|/)pkg/controller/(endpoint|endpointslice|service)/ (^|/)staging/src/k8s\.io/endpointslice/",
        r"sync\w* [aA]ddPod [uU]pdatePod [rR]econcile\w*",
    ),
    _Place(VOLUMES, r"(^|/)volumemanager/(populator|reconciler)/ (^|/)attachdetach/(populator|reconciler)/"),
)


class _Sign(NamedTuple):
    """A function of such a name whose signature holds such a text is on a critical path, in any project."""

    where: CriticalPath
    names: str
    signature: str


# PreBind, Bind and PostBind run beside the scheduling of further pods (kubernetes pkg/scheduler/schedule_one.go, bindingCycle).
_EXTENSION_POINTS = "PreFilter PostFilter PreScore NormalizeScore Reserve Unreserve Permit PreEnqueue"
_STATE_OF_A_POD = r"(CycleState|PreFilterState)\b.{0,80}\bPod(Info)?\b|\bPod(Info)?\b.{0,80}(CycleState|PreFilterState)"
_DEVICE = r"\.(AllocateRequest|PreStartContainerRequest|PreferredAllocationRequest|DevicePlugin_ListAndWatchServer)\b"
_OBJECT = r"(interface\{\}|any)"
_MAPS = r"client\.Object\) \[\](reconcile|ctrl)\.Request$"
_SIGNS = (
    _Sign(
        SCHEDULING,
        r"Filter Score AddPod RemovePod SelectVictimsOnNode",
        _STATE_OF_A_POD + r"|\bPod(Info)?\b.{0,80}NodeInfo",
    ),
    _Sign(SCHEDULING_A_POD, _EXTENSION_POINTS, r"\*(core)?v1\.Pod\b|" + _STATE_OF_A_POD),
    # Schedulers of other things took over the framework's extension points.
    _Sign(SCHEDULING_CYCLE, f"Filter Score {_EXTENSION_POINTS}", r"CycleState"),
    _Sign(SCHEDULING, r"Clone", r"\.StateData$"),  # the cycle's state is cloned for each node that preemption tries
    _Sign(SCHEDULING_A_POD, r"Less", r"PodInfo\b"),
    _Sign(ADMISSION, r"Admit Validate Handles", r"admission\.Attributes"),
    _Sign(WEBHOOK, r"Handle", r"admission\.Request"),
    _Sign(WEBHOOK, r"Default Validate(Create|Update|Delete)", r"admission\.Request|runtime\.Object"),
    # spotahome/kooper controller.Handler, operator-sdk before 0.1 pkg/sdk.Handler: for each object, at each event and resync.
    _Sign(RECONCILER, r"Handle", r"^\((\w+ )?context\.Context, (\w+ )?(runtime|sdk)\.(Object|Event)\) \(?error"),
    _Sign(AUTHORIZATION, r"Authorize RulesFor", r"Attributes\b|user\.Info"),
    _Sign(AUTHORIZATION, r"Authenticate(Request|Token|Password)", r""),
    # k8s.io/apiserver pkg/registry/rest, Connecter: what an API server of any project answers subresources with.
    _Sign(REQUESTS, r"Connect", r"\brest\.Responder\b"),
    _Sign(ANY_REQUEST, r"ServeHTTP", r"ResponseWriter"),
    _Sign(ROUND, r"Reconcile", r"^\((\w+ )?context\.Context\)"),
    _Sign(WEBHOOK, r"\w+", r"\.Admission(Request|Review|Response)\b"),
    _Sign(ANY_REQUEST, r"\w+", r"^\(\w+ http\.ResponseWriter, \w+ \*http\.Request\)$"),
    _Sign(NODE_SERVICE, r"Node(Publish|Unpublish|Stage|Unstage|Expand)Volume|NodeGetVolumeStats", r"\bcsi\.Node"),
    _Sign(
        NODE_SERVICE,
        r"Allocate PreStartContainer GetPreferredAllocation ListAndWatch",
        _DEVICE,
    ),
    _Sign(NODE_SERVICE, r"Node(Prepare|Unprepare)Resources? PrepareResourceClaims UnprepareResourceClaims", r"\w"),
    _Sign(NODE_SERVICE, r"\w+", r"^\(\w+ \*skel\.CmdArgs\)"),
    _Sign(RECONCILER, r"Reconcile ReconcileKind", r"\bRequest\b|context\.Context"),
    _Sign(MAPPING, r"\w+", _MAPS),
    _Sign(HANDLER, r"OnAdd OnUpdate OnDelete", rf"^\(\w+(, \w+)? {_OBJECT}(, \w+ (bool|{_OBJECT}))?\)$"),
    _Sign(HANDLER, r"Create Update Delete Generic", r"event\.(Typed)?(Create|Update|Delete|Generic)Event"),
)


def _any(patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns.split()))


_PLACES_COMPILED = tuple(
    (_any(place.files), _any(place.functions) if place.functions else None, place.where) for place in _PLACES
)
_SIGNS_COMPILED = tuple((_any(sign.names), re.compile(sign.signature), sign.where) for sign in _SIGNS)

DELETIONS = "DeleteFunc"
_HANDLER_FIELDS = frozenset({"AddFunc", "UpdateFunc", DELETIONS, "CreateFunc", "GenericFunc"})
_HANDLERS = frozenset({"ResourceEventHandlerFuncs", "ResourceEventHandlerDetailedFuncs", "Funcs", "TypedFuncs"})
"""What holds functions that run for each event: client-go tools/cache, controller-runtime pkg/handler and pkg/predicate."""


def handles(field: str, literal: Node | None) -> bool:
    """Say whether what stands in this field of a composite literal of this type, as it is written, runs for each event; no
    type, as what stands in no literal has none, is False."""
    if field not in _HANDLER_FIELDS or literal is None:
        return False
    return syntax.text(literal).partition("[")[0].rpartition(".")[2] in _HANDLERS


_PARALLEL = frozenset({"ParallelizeUntil", "Until", "Parallelize"})


def critical_path(function: Function) -> CriticalPath | None:
    """Give the critical path that a function is on by its signature, else by the folder it lies in; None if nothing says so.

    What only runs at start-up is on none. Who calls the function is not asked: callpaths does.
    """
    return None if starts_up(function) else by_signature(function) or hint(function)


def hint(function: Function) -> CriticalPath | None:
    """Give the critical path that the look, folder and file of a function hint at: for what no call path explains."""
    if starts_up(function):
        return None
    found = _by_place(function)
    return HANDLER if (found is None or not found.hot) and _looks_handling(function) else found


def _by_place(function: Function) -> CriticalPath | None:
    found = None
    named = function.name if function.receiver_name or function.exported else ""
    for files, functions, where in _PLACES_COMPILED:
        if files.search(function.file.path) and (functions is None or functions.fullmatch(named)):
            if functions is not None:
                return None if where is REQUESTS and _ONE_URL.search(signature(function)) else where
            found = where
            break
    return None if found is None else _as_hint(function, found)


def _as_hint(function: Function, found: CriticalPath) -> CriticalPath | None:
    """What a folder alone hints at, which names no functions."""
    where = _by_folder(function, found)
    return None if where is None else replace(where, hinted=True)


def _by_folder(function: Function, found: CriticalPath) -> CriticalPath | None:
    if found is REQUESTS and _ONE_URL.search(signature(function)):
        return None
    if found is not SCHEDULING and found is not SCHEDULING_A_POD:
        return found
    # A folder says that code schedules; what it runs for, its own signature tells.
    if found is SCHEDULING and (given_one_node(function) or _NODE_TYPE.search(function.receiver_name or "")):
        return SCHEDULING
    of_pods = _KUBE_SCHEDULER.search(function.file.path) or _OF_PODS.search(function.file.source)
    return SCHEDULING_A_POD if of_pods else SCHEDULING_CYCLE


_ONE_NODE = re.compile(r"\*?(\w{1,60}\.)?Node(Info)?")
_FIT_PREDICATE = re.compile(r"(\*?)(\w{1,60}\.)?Pod,\[\]\1(\w{1,60}\.)?Pod,string")
"""What the scheduler's predicates were given until 2016 (algorithm.FitPredicate): a pod, the pods of a node, its name."""


def given_one_node(function: Function) -> bool:
    """Say whether a function is given one node: the object, its NodeInfo, or its name and its pods as a predicate of the
    scheduler is."""
    given = ["" if parameter.variadic else syntax.text(parameter.type) for parameter in function.params]
    return any(map(_ONE_NODE.fullmatch, given)) or _FIT_PREDICATE.fullmatch(",".join(given)) is not None


# A handler that is given none serves its own address; a filter is given the one behind it.
_ONE_URL = re.compile(r"^(?!.*\bhttp\.Handler(Func)?[,)]).*\bhttp\.HandlerFunc$")
_KUBE_SCHEDULER = re.compile(
    r"(^|/)plugin/pkg/scheduler/|(^|/)pkg/scheduler/(core|framework|backend|internal|algorithm|schedulercache)/"
)
_NODE_TYPE = re.compile(r"^(node|Node|host|Host)(Info|Tree)?$")
_OF_PODS = re.compile(rb"\b(v1|api|core|corev1|framework)\.(Pod|PodInfo|QueuedPodInfo)\b|\bPod\b[^\n]{0,40}\bstruct\b")


def of_file(path: str) -> CriticalPath | None:
    """Give the critical path of a file all of whose functions are on one, whatever their names."""
    found = next(
        (where for files, functions, where in _PLACES_COMPILED if functions is None and files.search(path)), None
    )
    return replace(found, hinted=True) if found is not None else None


def starts_up(function: Function) -> bool:
    """Say whether a function runs once, when something is built or started: Go or a library calls it, or it builds what it
    gives, and is given no object of the cluster to do so."""
    return function.name in _STARTS_UP or constructs(function)


def constructs(function: Function) -> bool:
    """Say whether a function builds and gives something that works, not an object: `func NewX(...) *X { return &X{...} }`."""
    if function.receiver_name or not function.results or not function.params:
        return False
    if any(_is_object(function, syntax.text(parameter.type)) for parameter in function.params):
        return False
    return any(_builds(function, statement) for statement, closures in function.facts.returns if not closures)


def _builds(function: Function, statement: Node) -> bool:
    """Say whether a return gives `&X{...}` of the package's own, itself or in a variable."""
    values = [inner for child in syntax.children(statement) for inner in syntax.children(child)]
    value = syntax.unparenthesized(values[0]) if values else None
    if value is not None and value.type == "identifier":
        binding = function.binding(syntax.text(value), value.start_byte)
        value = binding.value if binding is not None and binding.kind == "var" else None
    operand = value.child_by_field_name("operand") if value is not None and value.type == "unary_expression" else None
    made = operand.child_by_field_name("type") if operand is not None and operand.type == "composite_literal" else None
    return (
        made is not None
        and made.type == "type_identifier"
        and not any(each.node == operand and each.loops for each in function.composites)
    )


def _is_object(function: Function, type_: str) -> bool:
    """Say whether a parameter's type is an object of the cluster: what is built for each of them is not built once."""
    if _OF_CLUSTER.search(type_):
        return True
    package = type_.strip("*[]").partition(".")[0]
    return "." in type_ and _API.search(function.file.imports.get(package, "")) is not None


_OF_CLUSTER = re.compile(r"\b(Pod|Node|PodInfo|NodeInfo|Service|Event|Endpoints)\b")
_API = re.compile(r"^k8s\.io/api/|(^|/)apis?(/|$)")


def by_signature(function: Function) -> CriticalPath | None:
    """Give the critical path that a function is on by its name and the types it is given, as an interface asks for them, or
    by what it does with them."""
    text = None
    for names, pattern, where in _SIGNS_COMPILED:
        if names.fullmatch(function.name):
            text = signature(function) if text is None else text
            if pattern.search(text):
                return where
    return RECONCILER if _splits_its_key(function) else None


_HANDLED = re.compile(rf"^\(\w+(, \w+)? {_OBJECT}\)$|^\(\w+ {_OBJECT}, \w+ {_OBJECT}\)$|^\(\w+ {_OBJECT}, \w+ bool\)$")
_KEYED = re.compile(r"\b\w+ string\b")


def _looks_handling(function: Function) -> bool:
    """Say whether a method takes objects of any type, gives nothing and asserts what they are: as informers' handlers do, and
    some that others call."""
    if not function.receiver_name or not _HANDLED.match(signature(function)):
        return False
    start, end = function.region.start, function.region.end
    asserted = (f"{each.name}.(".encode() for each in function.params)
    return any(function.file.source.find(each, start, end) >= 0 for each in asserted)


def _splits_its_key(function: Function) -> bool:
    """Say whether a function splits a key that it is given (client-go tools/cache), as a reconcile does."""
    if b"SplitMetaNamespaceKey" not in function.file.source or not _KEYED.search(signature(function)):
        return False
    names = {parameter.name for parameter in function.params}
    return any(
        call.name == "SplitMetaNamespaceKey" and len(call.arguments) == 1 and syntax.text(call.arguments[0]) in names
        for call in function.calls
    )


_MAPPING = re.compile(_MAPS)


def signature(function: Function) -> str:
    """Give the text of a function's parameters and results, on one line."""
    return _signature(function.node) if function.node is not None else ""


def _signature(node: Node) -> str:
    parts = [node.child_by_field_name(field) for field in ("parameters", "result")]
    return " ".join(" ".join(syntax.text(part).split()) for part in parts if part is not None)


def maps(literal: Node) -> bool:
    """Say whether a function literal is a mapping by its look: it is given an object and gives requests for others."""
    return _MAPPING.search(_signature(literal)) is not None


def within(function: Function, closures: Iterable[Closure]) -> CriticalPath | None:
    """Give the critical path of code in a function, inside these function literals of it.

    A literal that is an informer's handler, an HTTP handler, or the body of a parallel loop over nodes, says more than the
    function around it, which may only register it.
    """
    closures = tuple(closures)
    return of_literals(closures) or critical_path(function)


def of_literals(closures: Iterable[Closure]) -> CriticalPath | None:
    """Give the critical path of code inside these function literals, by what takes them or by what they are given."""
    for closure in closures:
        if handles(closure.name, closure.composite):
            return HANDLER
        given = closure.node.child_by_field_name("parameters")
        if given is not None and _SERVES_HTTP.match(" ".join(syntax.text(given).split())):
            return ANY_REQUEST
    return None


_SERVES_HTTP = re.compile(r"^\(\w+ http\.ResponseWriter, \w+ \*http\.Request\)$")


def in_parallel(closures: Iterable[Closure]) -> bool:
    """Say whether code is the body of a parallel loop: k8s.io/client-go/util/workqueue's, the scheduler's parallelizer's."""
    for closure in closures:
        if closure.role == "argument" and closure.call is not None and closure.call.name in _PARALLEL:
            operand = syntax.text(closure.call.operand) if closure.call.operand is not None else ""
            if "parallel" in operand.lower() or closure.call.name != "Until":
                return True
    return False
