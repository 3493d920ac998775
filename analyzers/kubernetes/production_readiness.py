"""The Scalability questions of Kubernetes' production readiness review, and what code cannot tell of each.

Source: kubernetes/enhancements @07065607 (2026), keps/NNNN-kep-template/README.md, "Scalability": the headings stand here as a KEP
has them, so that an answer can be pasted below its own; what each asks for is said in our words.
Objectives: kubernetes/community sig-scalability/slos/slos.md (2026).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the receiver reads the questions, and loads no analyzer
    from analyzers.kubernetes.execution.critical_paths import CriticalPath

SOURCE = "https://github.com/kubernetes/enhancements/blob/master/keps/NNNN-kep-template/README.md#scalability"


class Topic(StrEnum):
    """What a question is about."""

    CALLS = "calls"
    TYPES = "types"
    CLOUD = "cloud"
    OBJECTS = "objects"
    TIME = "time"
    RESOURCES = "resources"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the review: its heading in a KEP, what was looked for in the change, and what is left to its author.

    sought completes "Not seen in this change's code: ..."; open are questions that no line of code answers. always: they are
    asked also where nothing was seen.
    """

    topic: Topic
    heading: str
    sought: str
    open: tuple[str, ...]
    always: bool = False


QUESTIONS = (
    Question(
        Topic.CALLS,
        "Will enabling / using this feature result in any new API calls?",
        "a request to the API server that is new, or sent more often",
        (
            "How often is each call sent that has no rate above: per node, per pod, per change of which object?",
            "Does a change of one kind of object lead to updates of another?",
        ),
    ),
    Question(
        Topic.TYPES,
        "Will enabling / using this feature result in introducing new API types?",
        "a new type that embeds TypeMeta and ObjectMeta, or a new CustomResourceDefinition",
        ("How many objects of each type are supported in a cluster, and in a namespace?",),
    ),
    Question(
        Topic.CLOUD,
        "Will enabling / using this feature result in any new calls to the cloud provider?",
        "a new call through Kubernetes' interface to cloud providers, or through a provider's own library",
        ("How many more calls are that at 5,000 nodes, and which quota do they count against?",),
    ),
    Question(
        Topic.OBJECTS,
        "Will enabling / using this feature result in increasing size or count of the existing API objects?",
        "a new field of an API object, or a new request that creates objects",
        (
            "How large does each new field get at most, and what sets that limit?",
            "How many new objects are there for each existing one (annotations and labels count as size)?",
        ),
    ),
    Question(
        Topic.TIME,
        "Will enabling / using this feature result in increasing time taken by any operations covered by existing SLIs/SLOs?",
        "new work on a path that an objective is measured on",
        (
            "Which steps are added to an API call, to a pod's start, or to what a watch delivers, and how long do they take?",
        ),
        always=True,
    ),
    Question(
        Topic.RESOURCES,
        "Will enabling / using this feature result in non-negligible increase of resource usage (CPU, RAM, disk, IO, ...) "
        "in any components?",
        "copies, walks, caches, series or versions that cost more than before",
        (
            "What did a run show at the supported limits: CPU and memory of each component, disk, network, volume of logs?",
        ),
        always=True,
    ),
    Question(
        Topic.NODE,
        "Can enabling / using this feature result in resource exhaustion of some node resources (PIDs, sockets, inodes, etc.)?",
        "a process, connection, listener, watch of files, directory or mount that code on every node newly makes",
        (
            "What limits how many there are at a time, also where things fail, hang or are retried?",
            "Which test shows that limit?",
        ),
        always=True,
    ),
)


def objective(path: "CriticalPath | None") -> str:
    """Give the objective that work on a path counts against (slos.md), "" where no signature or caller says that it does.

    Of what servers of other projects, or drivers of nodes, are asked for, no objective of Kubernetes' own is certain.
    """
    if path is None or path.hinted or path.of_one_kind:
        return ""
    match path.per:
        case "request":
            return "API call latency"
        case "pod and node" | "pod" | "cycle":
            return "pod start-up latency"
    return ""
