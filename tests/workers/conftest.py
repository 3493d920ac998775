"""What the workers' tests share: a repository on disk, and a git that is told how to behave."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Commit = Callable[[dict[str, str]], str]


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, Commit]:
    """Give a bare repository and a function that commits files on top of what is there and gives the commit's id."""
    folder, work = tmp_path / "code.git", tmp_path / "work"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str) -> str:
        options = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
        done = subprocess.run(
            ["git", *options, *arguments], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "--quiet", "--bare", str(folder))
    git("clone", "--quiet", str(folder), str(work))

    def commit(files: dict[str, str]) -> str:
        for name, text in files.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git("-C", str(work), "add", "--all")
        git("-C", str(work), "commit", "--quiet", "--message", "A change")
        git("-C", str(work), "push", "--quiet", "origin", "HEAD:main")
        return git("-C", str(work), "rev-parse", "HEAD")

    return folder, commit


@pytest.fixture
def hanging_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a git first on PATH that hangs."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
