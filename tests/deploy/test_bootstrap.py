"""make on a machine that lacks something: one sentence that says what to do, and exit status 2."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder of programs that is all of PATH: a shell's tools, git, and a python3 that each test writes."""
    for tool in ("sh", "rm", "git", "mkdir", "tail", "grep"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path


def bootstrap(machine: pathlib.Path, python: str | None) -> subprocess.CompletedProcess[str]:
    if python is not None:
        (machine / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (machine / "python3").chmod(0o755)
    return subprocess.run(
        ["sh", str(ROOT / "deploy" / "bootstrap.sh"), str(machine / "venv"), "requirements.txt"],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_no_python(machine: pathlib.Path) -> None:
    assert "install Python 3.11" in said(bootstrap(machine, None))


def test_old_python(machine: pathlib.Path) -> None:
    line = said(bootstrap(machine, "echo 3.9.2 old enough"))
    assert "Python 3.9.2 is too old" in line
    assert "make PYTHON=" in line


def test_broken_python_is_not_called_old(machine: pathlib.Path) -> None:
    line = said(bootstrap(machine, "echo cannot open shared object file >&2; exit 127"))
    assert "does not run (failed: cannot open shared object file)" in line
    assert "old" not in line
    assert "does not run" in said(bootstrap(machine, "exit 0"))


def test_python_without_venv(machine: pathlib.Path) -> None:
    without = f'case "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"'
    assert "apt install python3-venv" in said(bootstrap(machine, without))


def test_no_git(machine: pathlib.Path) -> None:
    (machine / "git").unlink()
    assert "git was not found" in said(bootstrap(machine, f'exec {sys.executable} "$@"'))


def test_help_lists_every_target() -> None:
    done = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    for target in ("install", "run", "test", "lint"):
        assert f"make {target} " in done.stdout
