"""The sdist and the wheel made from it hold all that the program needs, and run where nothing else of the project is."""

import pathlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

from tests.command_line.repository import BAD, LINE, PATH, Repository

ROOT = pathlib.Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PACKAGES = ("analyzers", "bot", "workers")


def python(*arguments: str, cwd: pathlib.Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment or None, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {path for path in listed.split("\0") if path and (ROOT / path).is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Build the sdist from a copy of the sources, and the wheel from the sdist; give the folder with both."""
    folder = tmp_path_factory.mktemp("distribution")
    for path in tracked():
        (folder / "source" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / path).write_bytes((ROOT / path).read_bytes())
    build = "import sys; from setuptools import build_meta; getattr(build_meta, sys.argv[1])(sys.argv[2])"
    python("-c", build, "build_sdist", str(folder), cwd=folder / "source")
    with tarfile.open(folder / f"scalability_bot-{VERSION}.tar.gz") as sdist:
        sdist.extractall(folder, filter="data")
    python("-c", build, "build_wheel", str(folder), cwd=folder / f"scalability_bot-{VERSION}")
    return folder


def test_the_wheel_holds_every_file_of_the_packages(made: pathlib.Path) -> None:
    with zipfile.ZipFile(made / f"scalability_bot-{VERSION}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert tracked(*PACKAGES) <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_the_sdist_holds_what_a_person_reads(made: pathlib.Path) -> None:
    unpacked = made / f"scalability_bot-{VERSION}"
    for name in ("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "pyproject.toml"):
        assert (unpacked / name).is_file(), name


def test_what_is_installed_from_it_runs(made: pathlib.Path, repository: Repository, tmp_path: pathlib.Path) -> None:
    repository.write(PATH, BAD)
    target = tmp_path / "installed"
    with zipfile.ZipFile(made / f"scalability_bot-{VERSION}-py3-none-any.whl") as wheel:
        wheel.extractall(target)
    code = "import sys, workers; from workers.command_line import main; print(workers.__file__, file=sys.stderr); sys.exit(main())"
    done = python("-P", "-c", code, "check", cwd=repository.folder, PYTHONPATH=str(target), PATH="/usr/bin:/bin")
    assert done.stderr.splitlines()[0] == str(target / "workers" / "__init__.py")
    assert f"{PATH}:{LINE}: warning: explicit-list" in done.stdout
    done = python("-P", "-c", code, "explain", "explicit-list", cwd=tmp_path, PYTHONPATH=str(target))
    assert "```diff" in done.stdout
    done = python("-P", "-c", code, "--version", cwd=tmp_path, PYTHONPATH=str(target))
    assert done.stdout.strip() == f"scalability-bot {VERSION}"


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    assert f"\n## {VERSION}" in text
    assert text.index(f"\n## {VERSION}") == text.index("\n## ")
