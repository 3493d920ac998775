"""go.mod and go.work: module, go and toolchain versions, requirements, replacements (go.dev/ref/mod, "go.mod files")."""

import re
from dataclasses import dataclass, field

__all__ = ["GoMod", "Replacement", "Requirement", "parse"]

_TOKEN = re.compile(r'//.*|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|=>|[^\s"`]+')


@dataclass(frozen=True, slots=True)
class Requirement:
    """One required module: path, version, line (1-based), and whether only other modules need it."""

    path: str
    version: str
    line: int
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """`path` (at `version`, or at any if "") is taken from `target`, which is a folder if `local`; else a module at
    `target_version`.
    """

    path: str
    version: str
    target: str
    target_version: str
    line: int

    @property
    def local(self) -> bool:
        """Whether the target is a folder beside the file."""
        return self.target.startswith(("./", "../", "/")) or self.target in {".", ".."}


@dataclass(slots=True)
class GoMod:
    """What a go.mod or go.work says. `lines` gives the line of "module", "go" and "toolchain"; unknown directives are
    skipped.
    """

    module: str | None = None
    go: str | None = None
    toolchain: str | None = None
    requires: list[Requirement] = field(default_factory=list)
    replaces: list[Replacement] = field(default_factory=list)
    excludes: list[Requirement] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def requirement(self, path: str) -> Requirement | None:
        """Give the requirement of the module `path`."""
        return next((required for required in self.requires if required.path == path), None)


def parse(source: bytes | str) -> GoMod:
    """Read a go.mod or go.work. Lines that are none of their directives are skipped, as a half-edited file still has
    good ones.
    """
    found = GoMod()
    block = ""
    lines = (source.decode("utf-8", "replace") if isinstance(source, bytes) else source).split("\n")
    for number, text in enumerate(lines, 1):
        tokens = _TOKEN.findall(text)
        comment = tokens.pop()[2:].strip() if tokens and tokens[-1].startswith("//") else ""
        words = [token[1:-1] if token[0] in '"`' and len(token) > 1 else token for token in tokens]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
                continue
            words.insert(0, block)
        elif words[-1] in {"(", "()"} or words[0].endswith("("):
            block = "" if words[-1] == "()" else words[0].rstrip("(")
            continue
        _directive(found, words, number, comment)
    return found


def _directive(found: GoMod, words: list[str], line: int, comment: str) -> None:
    name, arguments = words[0], words[1:]
    if name in {"module", "go", "toolchain"} and arguments:
        setattr(found, name, arguments[0])
        found.lines[name] = line
    elif name in {"require", "exclude"} and len(arguments) >= 2:
        into = found.requires if name == "require" else found.excludes
        into.append(Requirement(arguments[0], arguments[1], line, re.match(r"indirect\b", comment) is not None))
    elif name == "use" and arguments:
        found.uses.append(arguments[0])
    elif name == "replace" and "=>" in arguments:
        arrow = arguments.index("=>")
        old, new = arguments[:arrow], arguments[arrow + 1 :]
        if old and new:
            found.replaces.append(
                Replacement(old[0], old[1] if len(old) > 1 else "", new[0], new[1] if len(new) > 1 else "", line)
            )
