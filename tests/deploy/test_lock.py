"""requirements*.txt install on every Python that README names, without one of them being here: by the packages' own metadata."""

import pathlib
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Debian 12's; then the first of each newer line, which is what markers of the kind "before 3.13" look at.
PYTHONS = ("3.11.2", "3.12.0", "3.13.0", "3.14.0")
MACHINES = ("x86_64", "aarch64")
FILES = {"requirements.txt": ("build",), "requirements-dev.txt": ("build", "dev")}


def environment(python: str, machine: str) -> dict[str, str]:
    """Give what markers ask for, as CPython on Linux answers."""
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
    }


def locked(name: str) -> list[Requirement]:
    text = (ROOT / name).read_text().replace("\\\n", "")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(re.sub(r"\s*--hash=\S+", "", line)) for line in lines if line]


def applies(requirement: Requirement, where: dict[str, str], extras: Iterable[str] = ()) -> bool:
    return requirement.marker is None or any(
        requirement.marker.evaluate({**where, "extra": extra}) for extra in ("", *extras)
    )


def wanted(requirement: Requirement) -> Iterator[tuple[Requirement, tuple[str, ...]]]:
    """Yield what an installed package asks for, with the extras that it is asked for with."""
    try:
        found = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:
        # One that this Python does not need is not here to be asked. It must be a leaf: then nothing is missed.
        return
    for text in found:
        yield Requirement(text), tuple(requirement.extras)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(("name", "extras"), FILES.items())
def test_the_lock_holds_all_that_this_python_needs(
    name: str, extras: tuple[str, ...], python: str, machine: str
) -> None:
    where = environment(python, machine)
    pins = {canonicalize_name(pin.name): pin for pin in locked(name) if applies(pin, where)}
    waiting = [Requirement(text) for text in PROJECT["dependencies"]]
    waiting += [Requirement(text) for extra in extras for text in PROJECT["optional-dependencies"][extra]]
    seen = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin, f"Python {python} on {machine} needs {requirement}, which {name} does not pin: make lock"
        (version,) = (each.version for each in pin.specifier)
        assert requirement.specifier.contains(version, prereleases=True), f"{pin} does not satisfy {requirement}"
        waiting += [each for each, asked in wanted(requirement) if applies(each, where, asked)]


@pytest.mark.parametrize("name", FILES)
def test_every_pinned_package_runs_on_every_python(name: str) -> None:
    for pin in locked(name):
        try:
            found = metadata.metadata(pin.name)
        except metadata.PackageNotFoundError:
            assert pin.marker, f"{pin} is not installed here although it has no marker: make install"
            continue
        for python in PYTHONS:
            if applies(pin, environment(python, "x86_64")):
                # Of the headers, where it is absent one finder gives None and another raises KeyError.
                supported = str(found.json.get("requires_python") or "")
                assert Version(python) in SpecifierSet(supported), f"{pin} on {python}"


@pytest.mark.parametrize("name", FILES)
def test_every_pin_is_one_version_with_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", "")
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        assert re.match(r"[a-z0-9.-]+==[^ ,]+", line), line
        assert "--hash=sha256:" in line, line


def test_readme_and_pyproject_name_the_same_python() -> None:
    (oldest,) = (each.version for each in SpecifierSet(PROJECT["requires-python"]))
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text()
    assert PYTHONS[0].startswith(f"{oldest}.")
    classifiers = {f"Programming Language :: Python :: {'.'.join(each.split('.')[:2])}" for each in PYTHONS}
    assert classifiers <= set(PROJECT["classifiers"])
