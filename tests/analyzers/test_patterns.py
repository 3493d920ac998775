"""Every regular expression of the analyzers reads hostile text in about linear time: code under review is anybody's."""

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

import analyzers

_LENGTH = 12_000
_SECONDS = 0.1
"""Quadratic work on a text of this length takes longer by far, linear work a hundredth of it."""

_RUNS = [
    "a",
    "A",
    "1",
    "(",
    ")",
    "[",
    "{",
    " ",
    "\t",
    "\n",
    ".",
    "!",
    '"',
    "`",
    "-",
    ",",
    "a.",
    "a(",
    "a, ",
    "a b ",
    "= ",
]


def _patterns() -> dict[str, "re.Pattern[str] | re.Pattern[bytes]"]:
    found: dict[str, re.Pattern[str] | re.Pattern[bytes]] = {}
    for module in pkgutil.walk_packages(analyzers.__path__, "analyzers."):
        for name, value in vars(importlib.import_module(module.name)).items():
            waiting = [value]
            while waiting:
                each = waiting.pop()
                if isinstance(each, re.Pattern):
                    found.setdefault(f"{module.name.removeprefix('analyzers.')}.{name}.{len(found)}", each)
                elif isinstance(each, (list, tuple)):
                    waiting += each
                elif isinstance(each, dict):
                    waiting += each.values()
    unique = {(each.pattern, each.flags): name for name, each in reversed(found.items())}
    return {name: found[name] for name in unique.values()}


def _hostile(pattern: str) -> Iterator[str]:
    """Runs of what the pattern may begin with, stumble over, or repeat: characters, and words of its own."""
    plain = re.sub(r"\\[a-zA-Z]|\(\?(P?<\w+>|<?[:=!]|[a-z]+[:)])|\{\d*,?\d*\}", " ", pattern)
    plain = re.sub(r"\[([^\]]{1,3})[^\]]*\]", lambda match: match[1][0], plain)  # [cC]hanged is changed
    own = sorted(dict.fromkeys(re.findall(r"[A-Za-z_]{2,}", plain)), key=len, reverse=True)[:10]
    units = [*_RUNS, *own, *(each + end for each in own[:5] for end in (" ", ".", "(", ".("))]
    for before in ["", *(each + end for each in own[:4] for end in ("", " ", "("))]:
        for unit in units if before == "" else [*_RUNS, *own[:3]]:
            yield before + unit * (_LENGTH // len(unit)) + "~"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    old = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, old)


PATTERNS = _patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_hostile_text_is_searched_in_about_linear_time(name: str) -> None:
    pattern = PATTERNS[name]
    text = pattern.pattern
    for each in _hostile(text if isinstance(text, str) else text.decode("latin-1")):
        try:
            with _alarm(_SECONDS):
                pattern.search(each if isinstance(text, str) else each.encode())  # type: ignore[arg-type]
        except TimeoutError:
            pytest.fail(f"{text!r} takes more than {_SECONDS} s of processor time for {each[:40]!r}...")
