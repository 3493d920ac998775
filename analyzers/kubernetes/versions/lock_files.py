"""What dependency files require: go.mod, Godeps.json, vendor/modules.txt, Gopkg.lock, glide.lock."""

import dataclasses
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.golang.program import gomod


@dataclass(frozen=True, slots=True)
class Pin:
    """One module or package at one version. version is what people read, revision what identifies it; line is 1-based.

    packages: the import paths of what is used of it, None where the file does not list them.
    """

    path: str
    version: str
    revision: str
    line: int
    indirect: bool = False
    packages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """A dependency file: the module it belongs to (None where it does not say), and what it pins, by path."""

    module: str | None
    pins: dict[str, Pin]


NAMES = frozenset({"go.mod", "Godeps.json", "modules.txt", "Gopkg.lock", "glide.lock"})


def read(name: str, text: str) -> Lock:
    """Read a dependency file by its name (one of NAMES); lines that are not understood are skipped."""
    if name == "go.mod":
        return _go_mod(text)
    reader = {"Godeps.json": _godeps, "modules.txt": _modules, "Gopkg.lock": _gopkg, "glide.lock": _glide}[name]
    module = re.search(r'^\s*"ImportPath":\s*"([^"]+)"', text, flags=re.MULTILINE) if name == "Godeps.json" else None
    return Lock(module[1] if module else None, {pin.path: pin for pin in reader(text)})


def _go_mod(text: str) -> Lock:
    file = gomod.parse(text)
    pins = {}
    for required in file.requires:
        version, line, path = required.version, required.line, required.path
        for replaced in file.replaces:
            if replaced.path == path and replaced.version in {"", version}:
                # A folder has no version; a fork is another dependency, of which only its own versions can be compared.
                version = "" if replaced.local else replaced.target_version
                line = line if version == required.version else replaced.line
                path = path if replaced.local else replaced.target
                break
        if version:
            pins[path] = Pin(path, version, version, line, required.indirect)
    return Lock(file.module, pins)


_GODEPS = re.compile(r'"(ImportPath|Comment|Rev)"\s*:\s*"([^"\n]*)"|\n')


def _godeps(text: str) -> Iterator[Pin]:
    path = comment = ""
    line = 1
    for match in _GODEPS.finditer(text):
        if match[1] == "ImportPath":
            path, comment = match[2].rstrip("/"), ""
        elif match[1] == "Comment":
            comment = match[2]
        elif match[1] == "Rev" and path:
            yield Pin(path, comment or match[2], match[2], line, packages=(path,))
        else:
            line += 1


def _modules(text: str) -> Iterator[Pin]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if match := re.match(r"# (\S+) (v\S+)(?: => (\S+) (v\S+))?$", line):
            explicit = number < len(lines) and lines[number].startswith("## explicit")
            used = itertools.takewhile(lambda each: not each.startswith("# "), lines[number:])
            packages = tuple(each for each in used if each and not each.startswith("#"))
            version = match[4] or match[2]
            yield Pin(match[3] or match[1], version, version, number, not explicit, packages or None)


def _gopkg(text: str) -> Iterator[Pin]:
    for pin, block in _blocks(text, re.compile(r'^\s*(name|revision|version)\s*=\s*"([^"]*)"'), "name"):
        listed = re.search(r"^\s*packages\s*=\s*\[([^\]]*)\]", block, flags=re.MULTILINE)
        yield _with_packages(pin, re.findall(r'"([^"]+)"', listed[1]) if listed else [])


def _glide(text: str) -> Iterator[Pin]:
    # In glide.lock `version` is the revision; without subpackages the root is used, or nobody said.
    for pin, block in _blocks(text, re.compile(r"^\s*(?:- )?(name|version):\s*(\S+)"), "name"):
        listed = re.search(r"^\s*subpackages:((?:\n\s*- \S+)+)", block, flags=re.MULTILINE)
        packages = re.findall(r"- (\S+)", listed[1]) if listed else []
        yield _with_packages(Pin(pin.path, pin.version, pin.version, pin.line), packages)


def _with_packages(pin: Pin, folders: list[str]) -> Pin:
    packages = tuple(pin.path if folder == "." else f"{pin.path}/{folder}" for folder in folders)
    return dataclasses.replace(pin, packages=packages or None)


def _blocks(text: str, field: re.Pattern[str], first: str) -> Iterator[tuple[Pin, str]]:
    """Yield the pin of each block of lines that begins with a name, and the lines behind its name."""
    found: dict[str, str] = {}
    block: list[str] = []
    line = 0
    for number, content in enumerate([*text.split("\n"), ""], 1):
        match = field.match(content)
        if (match and match[1] == first) or number > text.count("\n") + 1:
            if found.keys() & {"version", "revision"}:
                version, revision = found.get("version", ""), found.get("revision", "")
                yield Pin(found[first], version or revision, revision or version, line), "\n".join(block)
            found, block = {}, []
        block.append(content)
        if match and (found or match[1] == first):
            found[match[1]] = match[2]
            line = number if match[1] != first else line
