"""Manifests of what runs on every node (DaemonSets) or in every cluster (addons): requests, and affinity to other pods.

The fields are those of core/v1 PodSpec and apps/v1. Manifests are often templates (Helm, jinja, sed): what stands in a
template's braces is unknown, and what is no YAML without it is left alone.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import yaml

# cluster/addons and the folders built like it: installed in every cluster (kubernetes/kubernetes cluster/addons/README.md).
_ADDON = re.compile(r"(^|/)addons/")
_MANIFEST = re.compile(r"\.ya?ml(\.\w+)?$|\.manifest$")
_OF_ALL = frozenset({"kubernetes.io/os", "beta.kubernetes.io/os"})
"""The labels by which nearly all nodes are chosen: Linux."""
_KINDS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_KIND = re.compile(r"^\"?kind\"?:\s*\"?(\w+)", flags=re.MULTILINE)
_SEPARATOR = re.compile(r"^---", flags=re.MULTILINE)
_RAW_STRING = re.compile(r"`([^`]*)`")
# What Helm and jinja put into a manifest: statements, lines of nothing else, expressions.
_CONTROL = re.compile(r"\{%[^{}\n]*%\}|\{\{-?[ \t]*(?:if|else|end|range|with|define|template|/\*)\b[^{}\n]*\}\}")
_OWN_LINE = re.compile(r"^[ \t]*\{\{[^{}\n]*\}\}[ \t]*$", flags=re.MULTILINE)
_EXPRESSION = re.compile(r"\{\{[^{}\n]*\}\}")
_DEEPEST = 60  # collections in one another; a DaemonSet has about 12
_LONGEST = 100_000  # characters of one document; the largest addon has a few thousand

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity of a resource (cores or bytes; None: not readable) and the line it stands on."""

    amount: Decimal | None
    line: int


@dataclass(frozen=True, slots=True)
class Container:
    """A container: the lines it takes, and what it requests and is limited to, by resource ("cpu", "memory")."""

    name: str
    line: int
    end_line: int
    requests: dict[str, Amount] = field(default_factory=dict)
    limits: dict[str, Amount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workload:
    """One document: its kind and name, its containers by name, and the line of its affinity to other pods (None: none).

    affinity is that field's name, "podAffinity" or "podAntiAffinity".
    """

    kind: str
    name: str
    line: int
    end_line: int
    containers: dict[str, Container]
    affinity: str = ""
    affinity_line: int | None = None
    selected: bool = False

    @property
    def every_node(self) -> bool:
        """Whether it runs on every node."""
        return self.kind == "DaemonSet" and not self.selected


def candidate(path: str) -> bool:
    """Say whether a file may hold manifests: YAML and its templates; Go only among the addons, where it stands in raw strings."""
    return _MANIFEST.search(path) is not None or (path.endswith(".go") and addon(path))


def addon(path: str) -> bool:
    """Say whether what this file describes is installed in every cluster."""
    return _ADDON.search(path) is not None


def workloads(path: str, text: str) -> Iterator[Workload]:
    """Yield the workloads of a file that run on every node, or, below addons/, in every cluster."""
    if path.endswith(".go"):
        documents = [(match[1], text.count("\n", 0, match.start(1))) for match in _RAW_STRING.finditer(text)]
    else:
        documents = [(text, 0)]
    for whole, offset in documents:
        starts = [0, *(match.start() for match in _SEPARATOR.finditer(whole)), len(whole)]
        for start, end in itertools.pairwise(starts):
            document = whole[start:end]
            kind = _KIND.search(document)
            wanted = _KINDS if addon(path) else {"DaemonSet"}
            if kind and kind[1] in wanted and end - start <= _LONGEST:
                found = _workload(kind[1], document, offset + whole.count("\n", 0, start))
                if found:
                    yield found


def _workload(kind: str, document: str, offset: int) -> Workload | None:
    root = _compose(_EXPRESSION.sub("x", _OWN_LINE.sub("", _CONTROL.sub("", document))).removeprefix("---"))
    name = _scalar(_at(root, "metadata", "name"))
    spec = _at(root, "spec", "template", "spec")
    if not name or not isinstance(spec, yaml.MappingNode):
        return None
    containers = {}
    for key in ("initContainers", "containers"):
        items = _at(spec, key)
        for item in items.value if isinstance(items, yaml.SequenceNode) else ():
            container = _container(item, offset)
            if container:
                containers[container.name] = container
    affinity, line = "", None
    rules = _at(spec, "affinity")
    for key, value in rules.value if isinstance(rules, yaml.MappingNode) else ():
        if key.value in {"podAffinity", "podAntiAffinity"} and value.value:
            affinity, line = key.value, offset + key.start_mark.line + 1
    selector = _at(spec, "nodeSelector")
    chosen = {
        (key.value, value.value) for key, value in (selector.value if isinstance(selector, yaml.MappingNode) else ())
    }
    some = any(key not in _OF_ALL or value == "windows" for key, value in chosen)
    last = offset + document.count("\n") + 1
    return Workload(kind, name, offset + 1, last, containers, affinity, line, selected=some)


def _compose(text: str) -> yaml.Node | None:
    # Composing recurses, in C for the fast loader: a document of nothing but brackets would end the process.
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                return None
        return yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        return None


def _container(item: yaml.Node, offset: int) -> Container | None:
    name = _scalar(_at(item, "name"))
    if not name:
        return None
    amounts: dict[str, dict[str, Amount]] = {}
    for kind in ("requests", "limits"):
        node = _at(item, "resources", kind)
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value in {"cpu", "memory"}:
                amounts.setdefault(kind, {})[key.value] = Amount(
                    quantity(_scalar(value) or ""), offset + key.start_mark.line + 1
                )
    return Container(
        name,
        offset + item.start_mark.line + 1,
        offset + max(item.end_mark.line, item.start_mark.line + 1),
        amounts.get("requests", {}),
        amounts.get("limits", {}),
    )


def _at(node: yaml.Node | None, *keys: str) -> yaml.Node | None:
    for wanted in keys:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == wanted), None)
    return node


def _scalar(node: yaml.Node | None) -> str | None:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


# apimachinery pkg/api/resource: decimal and binary suffixes.
_SUFFIXES = {
    "m": Decimal("0.001"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
}


def quantity(text: str) -> Decimal | None:
    """Read a quantity ("100m", "0.5", "64Mi") as cores or bytes; None where it is none, as in a template."""
    match = re.fullmatch(r"([0-9.]{1,20})(m|k|M|G|T|Ki|Mi|Gi|Ti)?", text.strip())
    if not match:
        return None
    try:
        return Decimal(match[1]) * _SUFFIXES[match[2] or ""]
    except InvalidOperation:
        return None
