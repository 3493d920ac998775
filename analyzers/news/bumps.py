"""What a change does to the versions of dependencies: one Bump for each dependency, from every file that names its version."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.analysis.change import Change, ChangedFile, once
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.diff import FileDiff
from analyzers.analysis.subject import Bump
from analyzers.golang.program import gomod
from analyzers.kubernetes.versions import dependencies, go_releases, pins, versions
from analyzers.kubernetes.versions import lock_files as locks
from analyzers.kubernetes.versions.dependencies import GO, LIBRARIES, Dependency
from analyzers.kubernetes.versions.lock_files import Pin


@dataclass(frozen=True, slots=True)
class _Carrier:
    """One file in which a dependency's version changes. The lowest rank says it best. indirect, idle: see Bump."""

    dependency: Dependency
    rank: tuple[int, ...]
    path: str
    line: int
    name: str
    old: str
    new: str
    indirect: bool = False
    idle: bool = False


@once
def bumps(change: Change) -> tuple[Bump, ...]:
    """Give the bumps of a change, in the order of their places; those that only tests, tools and examples see are left out."""
    carriers: dict[str, list[_Carrier]] = {}
    requirements = any(file.path == "go.mod" for file in change.files)
    for file in change.files:
        if file.diff.binary or file.diff.status in {"added", "removed"}:
            continue
        name = file.path.rpartition("/")[2]
        if name in locks.NAMES:
            if name == "modules.txt" and (requirements or not file.path.endswith("vendor/modules.txt")):
                continue  # it repeats go.mod
            found = _locked(file)
        elif name == "go.work":
            found = _go_lines(file)
        elif name == "dependencies.yaml":
            found = _declared(file)
        else:
            found = _written(file)
        for carrier in found:
            if (name in locks.NAMES or carrier.dependency is GO) and _nested(change, file.path):
                carrier = dataclasses.replace(carrier, rank=(_NESTED, *carrier.rank), idle=True)
            carriers.setdefault(carrier.dependency.name, []).append(carrier)
    kubernetes = bool(carriers) and dependencies.of_kubernetes(change.head_index.modules)
    found_bumps = [bump for group in carriers.values() if (bump := _bump(group, kubernetes))]
    return tuple(sorted(found_bumps, key=lambda bump: (bump.places[0].path, bump.places[0].line)))


def diagnostic(analyzer: str, bump: Bump) -> Diagnostic:
    """Give the diagnostic for one bump, before it is weighed."""
    name = code(bump.name) if "/" in bump.name else bump.name  # a path is the file's word, a plain name is ours
    old, new = code(bump.old), code(bump.new)
    if bump.move.back:
        construct = f"This takes {name} back from {old} to {new}, a downgrade."
    else:
        construct = f"This moves {name} from {old} to {new}."
    return Diagnostic(
        analyzer=analyzer,
        path=bump.places[0].path,
        line=bump.places[0].line,
        end_line=bump.places[0].end_line,
        construct=construct,
        remedy="Ask for a performance run, and compare API call latencies, CPU and memory.",
        unless="Nothing to do if a run is linked here.",
        concern=bump.dependency.name,
        related=bump.places[1:],
        subject=bump,
    )


def _nested(change: Change, path: str) -> bool:
    """Say whether a file belongs to a module of its own below the repository's: a dashboard's, a plugin's."""
    modules = change.head_index.modules
    if path.startswith("staging/") or modules.go_mod("") is None:
        return False
    folder = path.rpartition("/")[0]
    while folder and modules.go_mod(folder) is None:
        folder = folder.rpartition("/")[0]
    return folder != ""


def _bump(group: list[_Carrier], kubernetes: bool) -> Bump | None:
    counted = [carrier for carrier in group if not pins.aside(carrier.path)]
    if not counted:
        return None
    working = [carrier for carrier in counted if not carrier.idle]
    # One place for each file: the 73 packages of one repository in Godeps.json are one dependency.
    best: dict[str, _Carrier] = {}
    for carrier in sorted(group, key=lambda each: (pins.aside(each.path), each.rank, each.path, each.line)):
        best.setdefault(carrier.path, carrier)
    first, *rest = best.values()
    move = versions.move(first.old, first.new, first.dependency.renumbered)
    assert move, "a carrier is made only of different versions"
    return Bump(
        dependency=first.dependency,
        name=first.name,
        old=versions.short(first.old),
        new=versions.short(first.new),
        move=move,
        places=(
            Place(first.path, first.line, first.line),
            *(
                Place(
                    each.path,
                    each.line,
                    each.line,
                    f"{code(versions.short(each.old))} to {code(versions.short(each.new))}",
                )
                for each in rest
            ),
        ),
        indirect=all(each.indirect for each in working or counted),
        idle=not working,
        kubernetes=kubernetes,
        past=go_releases.past(first.old, first.new) if first.dependency is GO else first.dependency.past,
    )


def _locked(file: ChangedFile) -> Iterator[_Carrier]:
    """The pins of a dependency file that changed."""
    name = file.path.rpartition("/")[2]
    if name == "Godeps.json" and not any('"Rev"' in line for line in file.diff.removed.values()):
        return  # no revision is gone: Comments, or new packages
    depth = file.path.count("/") - (name != "go.mod" and file.path.count("/") > 0)  # Godeps/Godeps.json is a root file
    rank = 4 + depth if file.path.startswith("staging/") else depth
    before, after = locks.read(name, _before(file)), locks.read(name, _after(file))
    gone = [old for path, old in before.pins.items() if path not in after.pins]
    for pin in after.pins.values():
        old = before.pins.get(pin.path) or _predecessor(pin, gone)
        if old is None or old.revision == pin.revision:
            continue
        dependency = dependencies.dependency(pin.path)
        if dependency.prefixes[0] in dependencies.TEST_LIBRARIES:
            continue
        if dependency is LIBRARIES and (
            file.path.startswith("staging/") or (after.module and dependencies.itself(after.module))
        ):
            continue  # Kubernetes' own libraries in Kubernetes: written by the robot that publishes them
        was, now = (old.version, pin.version) if old.version != pin.version else (old.revision, pin.revision)
        if not versions.move(was, now, dependency.renumbered):
            continue
        speaks = dependency.speaks.index(pin.path) if pin.path in dependency.speaks else len(dependency.speaks)
        shown = dependencies.repository(pin.path) if name in {"Godeps.json", "glide.lock"} else pin.path
        idle = not dependency.does_its_work(pin.path, pin.packages)
        yield _Carrier(dependency, (rank, speaks, pin.line), file.path, pin.line, shown, was, now, pin.indirect, idle)
    if name == "go.mod":
        yield from _go_lines(file)


def _predecessor(pin: Pin, gone: list[Pin]) -> Pin | None:
    """The pin that a new one replaces under another path: a major version (name/v2), or an older name of the same dependency."""
    family = dependencies.unversioned(pin.path)
    former = next((old for old in gone if dependencies.unversioned(old.path) == family), None)
    dependency = dependencies.dependency(pin.path)
    if former is None and (dependency.kind == "etcd" or 1 < len(dependency.prefixes) < 5):
        former = next((old for old in gone if dependencies.dependency(old.path) is dependency), None)
    return former


def _go_lines(file: ChangedFile) -> Iterator[_Carrier]:
    """The Go version of a go.mod or go.work: its toolchain, or, without one, its go line, the least that is asked for.

    An image or a file that says what is really built with says it better.
    """
    before, after = gomod.parse(_before(file)), gomod.parse(_after(file))
    old, new = _toolchain(before), _toolchain(after)
    if not old or not new or not versions.move(old, new):
        return
    named = "toolchain" if new == after.toolchain else "go"
    line = after.lines[named if after.lines[named] in file.diff.added else "go"]
    depth = file.path.count("/") + (4 if file.path.startswith("staging/") else 0)
    rank = 0 if named == "toolchain" else _GO_LINE
    yield _Carrier(
        GO,
        (rank, depth, file.path.endswith("go.work")),
        file.path,
        line,
        "Go",
        old.removeprefix("go"),
        new.removeprefix("go"),
    )


def _toolchain(file: gomod.GoMod) -> str | None:
    return file.toolchain if file.toolchain and file.toolchain.startswith("go1") else file.go


_NAME = re.compile(r"^\s*(?:-\s*)?name:\s*(\S.{0,200}?)\s*$")
_VERSION = re.compile(r"^\s*version:\s*[\"']?([^\"'\s#]+)")


def _declared(file: ChangedFile) -> Iterator[_Carrier]:
    """The entries of build/dependencies.yaml: `name:` followed by `version:`."""

    def entries(text: str) -> Iterator[tuple[Dependency, str, int]]:
        dependency: Dependency | None = None
        for number, line in enumerate(text.split("\n"), 1):
            if match := _NAME.match(line):
                dependency = pins.named(match[1])
            elif dependency and (match := _VERSION.match(line)):
                yield dependency, match[1], number
                dependency = None

    before = {dependency.name: version for dependency, version, _ in entries(_before(file))}
    for dependency, version, line in entries(_after(file)):
        old = before.get(dependency.name)
        if old and versions.move(old, version):
            yield _Carrier(dependency, (_ELSEWHERE, 0), file.path, line, dependency.name, old, version)


# Where a version in text says it best: what is run, then what is built with it, then what repeats it.
_RANKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(^|/)\.go-version$",
        r"(^|/)cross/VERSION$",
        r"\.manifest$|\.ya?ml$|\.ya?ml\.\w+$|\.jinja2?$|\.sls$",
        r"(^|/)[^/]*Dockerfile[^/]*$|(^|/)Containerfile[^/]*$",
        r"(^|/)images/|(^|/)constants/",
        r"(^|/)WORKSPACE|\.bzl$|(^|/)Makefile|\.mk$",
    )
)
_GO_LINE = len(_RANKS)
_ELSEWHERE = _GO_LINE + 1
_NESTED = _ELSEWHERE + 1


def _written(file: ChangedFile) -> Iterator[_Carrier]:
    """Versions in text: a removed line and an added one of a file that name the same dependency at different versions."""
    diff = file.diff
    if not pins.scanned(file.path) or not diff.removed or not diff.added:
        return
    shown = "\n".join(line.text for hunk in diff.hunks for line in hunk.lines)
    if not pins.mentioned(file.path, shown):
        return
    removed, added = _versions(file.path, diff, "-"), _versions(file.path, diff, "+")
    rank = next((index for index, pattern in enumerate(_RANKS) if pattern.search(file.path)), _ELSEWHERE)
    for name, news in added.items():
        olds = removed.get(name, [])
        gone = [each for each in olds if each[1].version not in {new.version for _, new in news}]
        come = [each for each in news if each[1].version not in {old.version for _, old in olds}]
        pair = next(((old, new) for new in come for old in gone if old[1].frame == new[1].frame), None)
        if pair is None and gone and come:
            pair = gone[0], come[0]
        if pair and versions.move(pair[0][1].version, pair[1][1].version):
            (_, old), (line, new) = pair
            yield _Carrier(new.dependency, (rank, line), file.path, line, new.dependency.name, old.version, new.version)


def _versions(path: str, diff: FileDiff, kind: str) -> dict[str, list[tuple[int, pins.Written]]]:
    found: dict[str, list[tuple[int, pins.Written]]] = {}
    for hunk in diff.hunks:
        enclosing = ""
        for line in hunk.lines:
            if path.endswith(".go") and (match := re.match(r"^\s*(\w+)\s*(?::?=|:)?\s*map\[", line.text)):
                enclosing = match[1]
            elif line.text.strip() in {"}", ")"}:
                enclosing = ""
            if line.kind == kind:
                for written in pins.written(path, line.text, enclosing):
                    found.setdefault(written.dependency.name, []).append((line.new or line.old or 0, written))
    return found


def _before(file: ChangedFile) -> str:
    text = file.old_text()
    return text if text is not None else _shown(file, "-")


def _after(file: ChangedFile) -> str:
    text = file.text()
    return text if text is not None else _shown(file, "+")


def _shown(file: ChangedFile, kind: str) -> str:
    """What a diff shows of a file that cannot be read, every line at its number."""
    lines: dict[int, str] = {}
    opened = not file.path.endswith("go.mod")
    for line in (line for hunk in file.diff.hunks for line in hunk.lines if line.kind in {kind, " "}):
        number = line.new if kind == "+" else line.old
        if line.text.startswith(("require (", ")")):
            opened = line.text != ")"
        if number:  # a requirement whose `require (` is not shown is given its directive
            lines[number] = line.text if opened else re.sub(r"^\t(?=\S+\.\S+ v\d)", "require ", line.text)
    return "\n".join(lines.get(number, "") for number in range(1, max(lines, default=0) + 1))
