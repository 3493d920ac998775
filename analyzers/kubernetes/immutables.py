"""Types that are passed by value on purpose: small immutable values, and options in the signatures of generated clients.

Source: the packages' own methods and signatures (metav1.Time and schema.GroupVersionKind have value receivers; every
generated client takes its options by value); shared facts, kubernetes.md 4, "Conventional exceptions".
"""

from analyzers.golang.types.types import Named

_BY_VALUE = frozenset(
    ["Time", "MicroTime", "Duration", "Quantity", "IntOrString", "NamespacedName", "ObjectKey", "ObjectName", "Logger"]
    + ["GroupVersionKind", "GroupVersionResource", "GroupKind", "GroupResource", "GroupVersion", "Requirement"]
    + [f"{verb}Options" for verb in ("List", "Get", "Create", "Update", "Patch", "Delete", "Apply")]
    + ["SelectionPredicate", "AttributesRecord"]
)
_OPTIONS = ("Options", "Option", "Opts", "Config", "Configuration", "Settings", "Flags", "Args", "ControllerContext")

# Interfaces whose packages are seldom at hand: admission.Handler and admission.Decoder of controller-runtime.
_ADMISSION = "sigs.k8s.io/controller-runtime/pkg/webhook/admission"
_DEMANDED = frozenset((method, _ADMISSION, "Request") for method in ("Handle", "Decode", "DecodeRaw"))


def by_value(named: Named) -> bool:
    """Say whether a type's values are passed by value by convention."""
    return named.name in _BY_VALUE


def demanded(method: str, named: Named) -> bool:
    """Say whether a well-known interface asks for a method of this name that takes the type by value."""
    return (method, named.path, named.name) in _DEMANDED


def options(named: Named) -> bool:
    """Say whether a type holds settings, which are handed over when something is built and seldom after."""
    return named.name.endswith(_OPTIONS)
