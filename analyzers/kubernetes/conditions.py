"""What the conditions around a call say of how often it happens: after a failure, at the end of an object's life, for users
of a feature alone.

Sources: k8s.io/apimachinery pkg/api/errors (IsConflict, IsNotFound ...); deletionTimestamp and finalizers of ObjectMeta;
feature gates as k8s.io/component-base featuregate, and projects like it, ask for them.
"""

import re
from collections.abc import Iterable

from analyzers.golang import syntax
from analyzers.golang.facts import Condition

_ERROR = re.compile(r"\b\w*[eE]rr\b\s*!=\s*nil|\b[eE]rrors\.(Is|As)\(")
_KNOWN_ERROR = re.compile(
    r"\bIs(NotFound|Conflict|AlreadyExists|Timeout|ServerTimeout|Gone|Invalid|TooManyRequests|ResourceExpired)\w*\("
)
_NO_ERROR = re.compile(r"^\s*\w*[eE]rr\s*==\s*nil\s*$")
_ENDING = re.compile(r"DeletionTimestamp|\bIs?Terminating\b|NamespaceTerminating|PodSucceeded|PodFailed")
_ALIVE = re.compile(r"DeletionTimestamp\s*==\s*nil|(?<!!)\b[\w.()]*DeletionTimestamp(\(\))?\.IsZero\(\)")
_GATE = re.compile(
    r"(?P<negated>!?)(?<![\w.])[\w.]*([fF]eature\w*\.(Is)?Enabled\(|DefaultFeatureGate\b|[fF]eatureGate\w*\.Enabled\()"
)


def failed(conditions: Iterable[Condition]) -> bool:
    """Say whether a place is only reached when something has failed."""
    for each in conditions:
        text = _text(each)
        if each.kind in {"if", "case"} and (_ERROR.search(text) or (_KNOWN_ERROR.search(text) and "!" not in text)):
            return True
        if each.kind == "guard" and (_NO_ERROR.match(text) or (text.startswith("!") and _KNOWN_ERROR.search(text))):
            return True
        if each.kind == "else" and _NO_ERROR.match(text):
            return True
    return False


def ending(conditions: Iterable[Condition]) -> bool:
    """Say whether a place is only reached at the end of an object's life, which comes once."""
    for each in conditions:
        text = _text(each)
        if _ENDING.search(text) and (_ALIVE.search(text) is not None) == (each.kind in {"guard", "else"}):
            return True
    return False


def gated(conditions: Iterable[Condition]) -> bool:
    """Say whether a place is only reached where a feature gate is on."""
    for each in conditions:
        found = _GATE.search(_text(each))
        if found is not None and bool(found["negated"]) == (each.kind in {"guard", "else"}):
            return True
    return False


def _text(condition: Condition) -> str:
    return syntax.text(condition.test) if condition.test is not None else ""
