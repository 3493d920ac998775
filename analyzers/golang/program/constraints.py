# ruff: noqa: SIM905 - the lists read as in the documentation
"""Build constraints: whether a file is part of a build for linux on amd64 (go.dev/cmd/go, "Build constraints")."""

import re

__all__ = ["builds", "named_for_another_system"]

_SYSTEMS = frozenset(
    "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows"
    " zos".split()
)
_ARCHITECTURES = frozenset(
    "386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mipsle ppc ppc64 ppc64le riscv riscv64"
    " s390x sparc64 wasm".split()
)
_TRUE = frozenset({"linux", "amd64", "unix", "gc", "cgo"})
_TOKEN = re.compile(r"&&|\|\||[!()]|[\w.]+")


def named_for_another_system(name: str) -> bool:
    """Say whether the file name ends in _GOOS, _GOARCH or _GOOS_GOARCH for another system than linux on amd64."""
    parts = name.removesuffix(".go").removesuffix("_test").split("_")[1:]
    if parts and parts[-1] in _ARCHITECTURES:
        if parts[-1] != "amd64":
            return True
        parts.pop()
    return bool(parts) and parts[-1] in _SYSTEMS and parts[-1] != "linux"


def builds(head: bytes) -> bool:
    """Say whether the constraints in `head`, all that stands in front of a package clause, hold for linux on amd64."""
    if b"build" not in head:
        return True
    old: list[str] = []
    for line in head.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if line.startswith("//go:build "):
            return _holds(_TOKEN.findall(line.removeprefix("//go:build ")))
        if line.startswith("//") and line[2:].strip().startswith("+build "):
            old.append(line[2:].strip().removeprefix("+build "))
    # Lines are joined by "and", words of a line by "or", commas in a word by "and".
    return all(any(all(_tag(tag) for tag in word.split(",")) for word in line.split()) for line in old)


def _tag(tag: str) -> bool:
    if tag.startswith("!"):
        return not _tag(tag[1:]) if not tag.startswith("!!") else False
    return tag in _TRUE or re.match(r"go1\.\d+$", tag) is not None


def _holds(tokens: list[str]) -> bool:
    """Evaluate with two stacks, so that no nesting is too deep."""
    values: list[bool] = []
    operators: list[str] = []
    strength = {"||": 1, "&&": 2, "!": 3}

    def reduce(least: int) -> None:
        while operators and operators[-1] != "(" and strength[operators[-1]] >= least:
            operator = operators.pop()
            if operator == "!":
                values.append(not values.pop() if values else True)
            elif len(values) >= 2:
                right, left = values.pop(), values.pop()
                values.append(left and right if operator == "&&" else left or right)

    for word in tokens:
        if word in {"(", "!"}:
            operators.append(word)
        elif word == ")":
            reduce(1)
            if operators:
                operators.pop()
        elif word in strength:
            reduce(strength[word])
            operators.append(word)
        else:
            values.append(_tag(word))
    reduce(1)
    return values[-1] if values else True
