"""Weighing of API requests, informers and clients' limits: how loud to be about each.

The levels follow what reviewers of the SIG said of real changes: worse on every node, per item of a cluster-sized
collection, from a ticker or on a critical path, over all namespaces, unpaged; milder on a command line, at start-up,
from the watch cache.
"""

import dataclasses
import math
import re
from itertools import pairwise

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level
from analyzers.analysis.subject import ClientLimit, Pace, Round, Watch
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.memos import memos
from analyzers.golang.types import texts
from analyzers.golang.types.place import Place
from analyzers.kubernetes import perf_jobs, resources, scale
from analyzers.kubernetes.execution import admitted, collections, conditions, critical_paths
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.flows import made_of
from analyzers.kubernetes.execution.flows import names as names_of
from analyzers.kubernetes.execution.reconciled import may_be_many, reconciled
from analyzers.kubernetes.program import calls
from analyzers.kubernetes.requests.request import READS, Request
from analyzers.kubernetes.requests.requests import requests
from analyzers.news.requests import NewRequest
from analyzers.news.sent import Per, Sent
from analyzers.weighing.load import grows, load, recorded, unbounded
from analyzers.weighing.reuse import at_hand
from analyzers.weighing.witness import witness

_REPORTS = re.compile("status|lease|heartbeat|report|resync|renew|config", re.IGNORECASE)
"""What a node's timers are named that talk to the API server; others look after the node itself."""
_RETRIES = frozenset({"RetryOnConflict", "OnError", "RecheckDeletionTimestamp"})
"""What calls again, or asks again before it adopts (client-go util/retry; kubernetes pkg/controller, controller_ref_manager.go)."""
_NOT_SERVED = frozenset({"IsNotFound", "IsNoMatchError"})
"""What asks whether the API server knows a kind at all (apimachinery pkg/api/errors, pkg/api/meta)."""
_RECONCILING = frozenset({Kind.CONTROLLER, Kind.OTHER})
"""What handles events outside the API server, the scheduler and nodes is a controller, whatever its folder is called."""
_NO_KUBELETS = frozenset({"node agent", "node service"})
"""Programs of nodes that are not Kubernetes' own, of which most run for pods."""
_MUCH = 200_000_000
"""Bytes in a controller's memory that its limit may not have foreseen: less than all pods, secrets or configmaps are."""
_FEW_A_SECOND = scale.CHURN
"""Requests a second of all nodes together that are not worth a look: one for each pod that comes or goes, a twenty-fifth of
what the nodes' lease renewals cost."""
_SELDOM = 300
"""Seconds: a period of one program that is not worth a look, if little is read: each of 5,000 kubelets renews its lease thirty
times in it."""
_LITTLE = 100_000
"""Bytes a second that one program may read again and again: all nodes in a quarter of an hour, not all pods in one hour."""
_NOTICEABLE = 500
"""Requests a second of all nodes together that the lease renewals of 5,000 kubelets already cost (kubernetes.md 3.4)."""


def weigh_request(sent: Sent, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about a request with level, multiplier, estimate, priority, cc and jobs."""
    new = sent.new
    level = _level(new, sent.per, change)
    estimate, sentence = recorded() if new.request.background else load(new, change).told()
    loud = level is Level.WARNING
    there = at_hand(change.head_index, new.request)
    return dataclasses.replace(
        diagnostic,
        level=level,
        remedy=f"{diagnostic.remedy} {there}".strip(),
        witness=witness(new.path),
        multiplier=diagnostic.multiplier or sentence,
        estimate=estimate,
        priority=_priority(new, estimate) if loud else 3 if _is_tool(new) else 5,
        cc=loud,
        jobs=perf_jobs.for_path(diagnostic.path)
        if loud and (new.component.every_node or new.path.root == "critical")
        else (),
    )


def _is_of_its_own_node(request: Request) -> bool:
    """Say whether an event on a node makes or removes an object, or writes down something of the node: as seldom as it changes."""
    return request.verb in {"CREATE", "DELETE"} or (request.resource == "nodes" and request.verb in {"UPDATE", "PATCH"})


def _names_one(request: Request, change: Change) -> bool:
    """Say whether a GET asks for the one object that constants name: `Get(ctx, "cluster", ...)`, `ObjectKey{Name: theOne}`."""
    names = list(request.call.arguments)
    for argument in request.call.arguments:
        body = argument.child_by_field_name("body") if argument.type == "composite_literal" else None
        for element in syntax.children(body) if body is not None else ():
            parts = syntax.children(element) if element.type == "keyed_element" else []
            if len(parts) == 2 and syntax.text(parts[0]) == "Name":
                value = syntax.children(parts[1]) if parts[1].type == "literal_element" else [parts[1]]
                names += value[:1]
    return request.verb == "GET" and any(
        texts.text(change.head_index, texts.Expression(name, request.file, request.function)) for name in names
    )


def _level(new: NewRequest, per: Per, change: Change) -> Level:
    request, path, kind = new.request, new.path, new.component.kind
    if kind in {Kind.CLI, Kind.OTHER} and _is_tool(new):
        return Level.NOTICE
    # How often people ask a server of the project's own, who read its pages, nobody can see; they write few objects.
    asked = path.critical is critical_paths.ANY_REQUEST or _of_few_writes(new, change)
    hot = path.root in {"critical", "periodic"} and not asked
    for_a_pod = path.critical is critical_paths.NODE_SERVICE  # whose claims and volumes are few
    if path.root == "start-up":
        return Level.NOTICE  # it is done once
    whole = request.verb == "LIST" and request.scope == "cluster" and not request.options.one_node
    if request.background or (path.rare and (per == "item" or not whole)):
        return Level.NOTICE
    again = request.verb == "GET" and _is_looked_at_again(request, change)
    if again and (per == "item" or (new.because == "uncached" and not new.component.every_node)):
        return Level.NOTICE
    if per == "object" and not (path.after_a_miss or _is_fallback(request, change) or _is_kept(new)):
        return Level.WARNING
    if new.because == "uncached" and (request.verb == "LIST" or hot or path.root == "event"):
        one = _names_one(request, change) or (request.verb == "GET" and conditions.for_one(path.conditions))
        one = one or _is_explained(request)
        return Level.NOTICE if one and not hot and not new.component.every_node else Level.WARNING
    if path.after_a_miss or _is_fallback(request, change) or _is_kept(new):
        return Level.NOTICE
    if per == "path" and (asked or _for_few(new, change) or _is_decision(new)):
        return Level.NOTICE
    if per == "path" and path.root == "event" and conditions.compared(path.conditions):
        return Level.NOTICE  # of the events of an informer only those that change something come here
    if per == "node":
        # Most of the kubelet's and kube-proxy's code runs for pods; of other programs on nodes how often must be seen.
        sent_by_all = load(new, change)
        qps = math.inf if sent_by_all.unknown else sent_by_all.qps
        untold = path.root == "periodic" and sent_by_all.rate is None
        seldom = request.verb != "LIST" and (untold or for_a_pod or (qps is not None and qps <= _FEW_A_SECOND))
        waits = path.root == "poll" or (
            new.component.name in _NO_KUBELETS
            and (path.root == "unknown" or seldom or (path.root == "event" and _is_of_its_own_node(request)))
        )
        spared = request.verb in {"UPDATE", "PATCH"} and conditions.compared(path.conditions)
        return Level.NOTICE if waits or spared else Level.WARNING
    if request.unlisted:
        return Level.NOTICE  # it costs the API server little, or nothing keeps what it gives
    if per == "item":
        through = {grows(change, each, sure=not hot) for each in path.loops} - {None}
        # Of kinds that Kubernetes does not know (tenants, pools, gateways) there are few, however they are gone through.
        growing = scale.COUNTS.keys() - resources.FEW
        grown, few = bool(through & growing), bool(through - growing)
        if request.kind == "discovery":
            return Level.NOTICE
        if request.verb in {"GET", "LIST"}:
            many = path.root == "event" and request.resource in resources.AS_MANY_AS_PODS and not _of_some(new, change)
            return Level.WARNING if grown or (not few and (many or (hot and not for_a_pod))) else Level.NOTICE
        writes = request.verb in {"UPDATE", "PATCH"} and not _for_some(new) and not conditions.compared(path.conditions)
        return Level.WARNING if grown and hot and writes else Level.NOTICE
    if per in {"round", "call"} and new.because == "added" and _is_seldom(new, change):
        return Level.NOTICE
    if per == "round":
        return (
            Level.WARNING
            if request.verb in {"LIST", "DELETECOLLECTION"} or new.because == "unguarded"
            else Level.NOTICE
        )
    if request.options.limited or path.root in {"start-up", "poll"} or (path.root == "unknown" and _is_probe(request)):
        return Level.NOTICE
    if (request.options.cached or request.scope == "namespace") and not hot:
        return Level.NOTICE  # of one namespace, once for an object: beside what else its reconcile sends
    if request.resource in resources.FEW:
        return Level.WARNING if hot else Level.NOTICE
    if not (request.resource or hot or (path.root == "event" and kind is Kind.CONTROLLER and unbounded(change, path))):
        return Level.NOTICE  # code for every kind of object: which, and how many, cannot be seen here
    if request.resource and request.resource not in scale.COUNTS and _reconciles_few(new, change):
        return Level.NOTICE  # few objects ask for what may be few as well
    if request.scope == "cluster":
        # Of a kind that Kubernetes does not know, asked for nobody knows how often, there may be a handful.
        known = request.resource in scale.COUNTS or path.root != "unknown"
        return Level.WARNING if known else Level.NOTICE
    if request.verb == "DELETE":
        return Level.NOTICE  # once in the life of an object
    return Level.WARNING if hot or (path.root == "event" and kind in _RECONCILING) else Level.NOTICE


def _is_seldom(new: NewRequest, change: Change) -> bool:
    """Say whether one program sends a request with a known period of minutes, and little by it."""
    period = new.path.repetition.seconds if new.path.root == "periodic" and new.path.repetition is not None else None
    if period is None or period < _SELDOM or new.component.every_node:
        return False
    return (load(new, change).bytes or 0) / period < _LITTLE


def _of_some(new: NewRequest, change: Change) -> bool:
    """Say whether all that is gone through on the way is known to be a part: of a namespace, by a selector, of one object."""
    return all(
        each.loop.collection is not None
        and collections.extent(Place(change.head_index, each.function.file, each.function), each.loop.collection).size
        in {"some", "few"}
        for each in new.path.loops
    )


def _is_looked_at_again(request: Request, change: Change) -> bool:
    """Say whether an object is read live on purpose, as it is now: in what is tried again after a conflict, or where
    the same function deletes such a one."""
    retried = (each.call for each in request.closures if each.role == "argument" and each.call is not None)
    if any(each.name in _RETRIES and each.operand is not None for each in retried):
        return True
    return any(
        each.verb == "DELETE" and each.resource == request.resource
        for each in requests(change.head_index, request.function.file, request.function)
    )


_WHY = re.compile(rb"//[^\n]*\b(?:cache[sd]?|uncached|stale|live|latest|directly|up[- ]to[- ]date)\b", re.IGNORECASE)


def _is_explained(request: Request) -> bool:
    """Say whether a comment on a read, or in the three lines in front of it, says why it is no cached one."""
    source, at = request.file.source, request.call.node.start_byte
    lines = source[max(0, at - 600) : at].split(b"\n")[-4:]
    end = source.find(b"\n", at)
    return _WHY.search(b"\n".join(lines) + source[at : end if end >= 0 else len(source)]) is not None


def _is_probe(request: Request) -> bool:
    """Say whether a request asks if a kind is served, as is done at start-up: its answer is dropped, its error asked about."""
    given = next(
        (
            each.left
            for each in request.function.assignments
            if len(each.right) == 1 and syntax.same(each.right[0], request.call.node)
        ),
        (),
    )
    names = [syntax.text(each) for each in given]
    return names[:1] == ["_"] and any(
        each.name in _NOT_SERVED and [syntax.text(argument) for argument in each.arguments] == names[1:]
        for each in request.function.calls
    )


def _is_decision(new: NewRequest) -> bool:
    """Say whether a write is what a scheduler's extension point is for: Bind writes the decision down."""
    return new.path.functions[0].name == "Bind" and new.request.verb not in READS


def _reconciles_few(new: NewRequest, change: Change) -> bool:
    """Say whether a reconcile is called for settings, of which a cluster has one or a few."""
    kind = reconciled(change.head_index, new.path.functions) if new.path.critical is critical_paths.RECONCILER else None
    return kind is not None and may_be_many(change.head_index, kind) is False


def _of_few_writes(new: NewRequest, change: Change) -> bool:
    """Say whether a request is sent for each object of kinds that people write, of which few come: pods are many."""
    return new.path.critical is critical_paths.WEBHOOK and admitted.of_few(change.head_index, new.path.functions)


def _for_few(new: NewRequest, change: Change) -> bool:
    """Say whether only users of a feature come to a request on a critical path, or only after a failure: a gate is in front of
    it, or of every call of its function."""
    if conditions.gated(new.path.conditions):
        return True
    function = new.request.function
    sites = [site for site in calls(change.head_index).callers(function) if not site.caller.file.test]
    return bool(sites) and all(
        site.kind != "value" and site.call is not None and _spared(change, site.caller, site.call) for site in sites
    )


def _spared(change: Change, function: Function, call: Call) -> bool:
    around = conditions.requirements(Place(change.head_index, function.file, function), call.conditions)
    return conditions.gated(around) or conditions.failed(around)


def _is_fallback(request: Request, change: Change) -> bool:
    """Say whether a request is sent where a cache had nothing: its function keeps answers, or looked into a lister before."""
    own = Place(change.head_index, request.function.file, request.function)
    if conditions.found_nothing((*conditions.requirements(own, request.call.conditions), *request.inner)):
        return True
    functions = [request.function, *([request.via] if request.via is not None else [])]
    return any(conditions.keeps_answers(each, Place(change.head_index, each.file, each)) for each in functions)


def _is_kept(new: NewRequest) -> bool:
    """Say whether what a request is for is kept, by a function on the way that looks for it first: it is sent once."""
    steps = [(above, below.name) for above, below in pairwise(new.path.functions)]
    for function, name in (*steps, (new.request.function, new.request.call.name)):
        for memo in memos(function):
            first, last = memo.lookup.start_byte, memo.store.end_byte
            if any(call.name == name and first < call.node.start_byte < last for call in function.calls):
                return True
    return False


def _for_some(new: NewRequest) -> bool:
    """Say whether a condition that reads the item stands between a loop and the request: not every item is written."""
    for item in new.path.loops:
        names = made_of(item.function, item.loop)
        own = [each for call in item.function.calls if item.loop in call.loops for each in call.conditions]
        for requirement in new.path.conditions:
            each = requirement.condition
            inside = item.loop.node.start_byte <= each.node.start_byte < item.loop.node.end_byte
            if (
                inside
                and any(each is one for one in own)
                and each.test is not None
                and conditions.spares(requirement)
                and names & set(names_of(each.test))
            ):
                return True
    return False


def _is_tool(new: NewRequest) -> bool:
    return new.component.kind is Kind.CLI or new.component.name == "tooling"


def _priority(new: NewRequest, estimate: Estimate) -> float:
    base = {
        "critical": 75.0,
        "periodic": 70.0,
        "event": 55.0,
        "unknown": 45.0,
        "poll": 35.0,
        "start-up": 20.0,
        "informer": 20.0,
    }[new.path.root]
    return (
        base
        + (15 if new.component.every_node else 0)
        + min((estimate.qps or 0) / 100, 10)
        + min((estimate.bytes or 0) / 1e8, 5)
    )


def weigh_watch(watch: Watch, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about an informer or a watch with level, multiplier, estimate, priority and cc."""
    count = scale.COUNTS.get(watch.resource) if watch.all_namespaces and not watch.selected else None
    large = count is not None and watch.resource not in resources.LITTLE
    each = scale.BYTES.get(watch.resource, scale.OBJECT_BYTES)
    carried = count * each if large and count is not None else None
    node = watch.component.every_node
    # What the network of a node needs whole; the kubelet needs its own node.
    needed = watch.resource in {"endpointslices", "services", "endpoints", "namespaces"} or (
        watch.resource == "nodes" and watch.component.name != "kubelet"
    )
    kinds = {Kind.CONTROLLER, Kind.SCHEDULER, Kind.NODE}
    warn = (
        large and watch.component.kind in kinds and not (node and needed and not watch.unrestricted) and not watch.own
    )
    if watch.first and not node:
        warn = (
            large and not watch.wanted and (carried or 0) >= _MUCH and watch.component.kind not in {Kind.CLI, Kind.TEST}
        )
    own = node and watch.first and watch.resource != "" and watch.resource not in scale.COUNTS and not needed
    warn = warn or watch.for_one or (watch.again and large) or own
    warn = warn or (watch.repeated and watch.component.kind not in {Kind.CLI, Kind.TEST})
    warn = warn or (watch.unrestricted and not watch.resource and watch.component.kind not in {Kind.CLI, Kind.TEST})
    sentence, estimate = "", None
    if watch.for_one or own:
        sentence = f"Each change of one is sent to all {scale.human_count(scale.NODES)}."
    if carried is not None and count is not None:
        held = f"{scale.human_count(count)} {watch.resource} of about {scale.human_bytes(each)}"
        sentence = f"At the largest supported scale that is {held}, {scale.human_bytes(carried)}"
        sentence += (
            f", on each of {scale.human_count(scale.NODES)} nodes, and every change."
            if node
            else ", and every change."
            if watch.first
            else " once more, and every change."
        )
        estimate = Estimate(bytes=carried, formula=f"{held} (assumed) = {scale.human_bytes(carried)} a copy")
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if warn else Level.NOTICE,
        multiplier=sentence,
        estimate=estimate,
        priority=(60 if node else 45) if warn else 5,
        cc=warn and carried is not None,
    )


def weigh_limit(limit: ClientLimit, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about a client's rate limit with level, multiplier, estimate, priority and cc."""
    node = limit.component.every_node
    much = (limit.factor is None and limit.new is None) or (limit.factor or 1) >= 2 or limit.old is None
    at_once = limit.setting.lower().endswith("burst")
    warn = much and limit.component.kind is not Kind.TEST and not at_once
    sentence, estimate = "", None
    if at_once:
        sentence = "So many it may send at once; how many a second, its QPS says."
    elif limit.new is not None:
        total = limit.new * (scale.NODES if node else 1)
        usual = "kube-controller-manager's default is 20 a second, kube-scheduler's 50"
        if node:
            sentence = f"It lets all nodes together send {scale.human_count(total)} requests a second; {usual}."
        else:
            sentence = f"{usual[:1].upper()}{usual[1:]}, and the API server serves 400 reads at a time."
        words = (
            f"{scale.human_count(scale.NODES)} nodes x {scale.human_count(limit.new)}"
            if node
            else scale.human_count(limit.new)
        )
        estimate = Estimate(qps=total, formula=f"{words} = {scale.human_count(total)} requests a second")
    elif warn:
        sentence = "The API server serves 400 reads and 200 writes at a time, for everybody."
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if warn else Level.NOTICE,
        multiplier=sentence,
        estimate=estimate,
        priority=50 if warn else 5,
        cc=warn,
    )


_LOUD_ROUND = 50
"""Requests a second of all nodes together from which on a round is worth a comment: one a node in 100 s."""


def weigh_round(found: Round, diagnostic: Diagnostic) -> Diagnostic:
    """Give a diagnostic about what each node asks again after a while with level, multiplier, estimate, priority and cc."""
    qps = scale.NODES / found.seconds
    nodes, period, total = (scale.human_count(each) for each in (scale.NODES, found.seconds, round(qps)))
    told = f"{nodes} nodes x 1 request every {period} s = {total} requests a second"
    warn = qps >= _LOUD_ROUND
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if warn else Level.NOTICE,
        multiplier=f"At the largest supported scale that is {told}.",
        estimate=Estimate(qps=qps, formula=told),
        priority=60 if warn else 5,
        cc=warn,
    )


def weigh_pace(pace: Pace, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give a diagnostic about a shorter period or more workers with level, multiplier, estimate and priority."""
    node = pace.component.every_node and not pace.workers
    sentence, estimate = "", None
    if node:
        old, new = scale.NODES / pace.old, scale.NODES / pace.new
        nodes, rates = scale.human_count(scale.NODES), f"{scale.human_count(old)} to {scale.human_count(new)}"
        sentence = f"{nodes} nodes go from {rates} rounds a second. What does a round send?"
        period = scale.human_count(pace.new)
        estimate = Estimate(
            formula=f"{nodes} nodes x 1 round every {period} s = {scale.human_count(new)} rounds a second"
        )
    warn = node and scale.NODES / pace.new >= _NOTICEABLE and _REPORTS.search(pace.setting) is not None
    return dataclasses.replace(
        diagnostic,
        level=Level.WARNING if warn else Level.NOTICE,
        multiplier=sentence,
        estimate=estimate,
        priority=60 if warn else 5,
        cc=warn,
    )
