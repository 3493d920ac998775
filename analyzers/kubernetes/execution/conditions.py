"""What the conditions around a call say of how often it happens: after a failure, at the end of an object's life, for users
of a feature alone.

Sources: k8s.io/apimachinery pkg/api/errors (IsConflict, IsNotFound ...); deletionTimestamp and finalizers of ObjectMeta;
feature gates as k8s.io/component-base featuregate, and projects like it, ask for them.
"""

import re
from collections.abc import Iterable

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Condition

_ERROR = re.compile(r"\b[a-z]{0,20}[eE]rr\s?!=\s?nil|(?<!!)\b\w{0,20}[eE]rrors\.(Is|As)\(")
_KNOWN_ERROR = re.compile(
    r"\bIs(NotFound|Conflict|AlreadyExists|Timeout|ServerTimeout|Gone|Invalid|TooManyRequests|ResourceExpired)[a-zA-Z]{0,20}\("
)
_NO_ERROR = re.compile(r"^\s*[a-z]{0,20}[eE]rr\s?==\s?nil\s*$")
# An object's end: reached if the test is true (`ENDS`), or if it is false (`LIVES`).
_ENDS = re.compile(
    r"DeletionTimestamp\s?!=\s?nil|![\w.()]{0,80}DeletionTimestamp(\(\))?\.IsZero\(\)|(?<![!\w])([\w.]{1,80}\.)?(Is)?Terminating\("
    r"|==\s?[\w.]{0,20}(NamespaceTerminating|PodSucceeded|PodFailed)\b"
)
_LIVES = re.compile(
    r"DeletionTimestamp\s?==\s?nil|(?<![!\w.()])[\w.()]{0,80}DeletionTimestamp(\(\))?\.IsZero\(\)|!([\w.]{1,80}\.)?(Is)?Terminating\("
    r"|!=\s?[\w.]{0,20}(NamespaceTerminating|PodSucceeded|PodFailed)\b"
)
_COMPARES = re.compile(
    r"\b(Deep)?(Equal|Derivative)[A-Z]?\w{0,20}\(|[nN]eeds?[A-Z]\w{0,40}\(|[cC]hanged\b|[dD]iff(er\w{0,10})?\(|equality\."
    r"|[\w\])]\.\w{1,60} [!=]= (?!nil\b)[\w.]{1,80}$"
)
_CACHE = re.compile(r"[cC]ache|[lL]ister|[iI]ndexer|[iI]nformer|[sS]tore\b")
_NOTHING = re.compile(r"^(?:len\((\w{1,60})\)|(\w{1,60})) == (?:0|nil)$")
_FOUND = re.compile(r"\b(ok|found|exists?|hit|err == nil)\b")
_GATE = re.compile(
    r"(?P<negated>!?)(?<![\w.])[\w.]{0,80}?([fF]eature\w{0,40}\.(Is)?Enabled\(|DefaultFeatureGate\b|[fF]eatureGate\w{0,20}\.Enabled\()"
)
_LONGEST = 400
"""Characters of a test that are looked at: a longer one would cost more than it tells."""


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
    return any((_LIVES if each.kind in {"guard", "else"} else _ENDS).search(_text(each)) for each in conditions)


def compared(conditions: Iterable[Condition]) -> bool:
    """Say whether a place is only reached where a comparison of objects found a difference, or asked for it."""
    for each in conditions:
        text = _text(each)
        if each.kind in {"if", "guard", "else"} and not _ERROR.search(text) and _COMPARES.search(text):
            return True
    return False


def missed(conditions: Iterable[Condition]) -> bool:
    """Say whether a place is only reached after something looked up in a cache was not there."""
    for each in conditions:
        asked = each.node.child_by_field_name("initializer")
        looked_up = _text(each) + (syntax.text(asked) if asked is not None else "")
        if not _CACHE.search(looked_up):
            continue
        negated = "!" in _text(each) or "!= nil" in _text(each)
        if each.kind == "guard" and not negated and _FOUND.search(_text(each)):
            return True
        if each.kind in {"if", "else"} and (each.kind == "if") == negated:
            return True
    return False


_LOOKS_UP = re.compile(rb"[cC]ache\w{0,40}\.(Get|Load|Lookup)\(")
_REMEMBERS = re.compile(rb"[cC]ache\w{0,40}\.(Add|Set|Put|Store|Insert)\w{0,20}\(")


def keeps_answers(function: Function) -> bool:
    """Say whether a function looks into a cache of its own first, and puts there what it had to ask for."""
    source, start, end = function.file.source, function.region.start, function.region.end
    return bool(_LOOKS_UP.search(source, start, end) and _REMEMBERS.search(source, start, end))


def found_nothing(function: Function, conditions: Iterable[Condition]) -> bool:
    """Say whether a place of a function is only reached where a cached read of it gave nothing: `if len(nodes) == 0`."""
    for each in conditions:
        asked = _NOTHING.match(_text(each)) if each.kind == "if" else None
        binding = function.binding(asked[1] or asked[2], each.node.start_byte) if asked is not None else None
        if binding is not None and binding.value is not None and _CACHE.search(syntax.text(binding.value)[:_LONGEST]):
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
    return syntax.text(condition.test)[:_LONGEST] if condition.test is not None else ""
