"""What code under review could reach if it took over the process that reads it: tried by a stand-in for git, from inside."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers.analysis.configuration import Configuration
from workers import confinement
from workers.parser import USER, Parser, ParserError

pytestmark = pytest.mark.skipif(not confinement.version(), reason="this kernel has no Landlock")

PROBE = """
import ctypes, json, os, pathlib, socket, subprocess, sys
worker, parser = int(sys.argv[1]), os.getppid()
key, port, path, mirror, beside = sys.argv[2:]
done = []
def attempt(name, what):
    try:
        what()
    except (OSError, subprocess.CalledProcessError):
        return
    done.append(name)
def read(path):
    return lambda: pathlib.Path(path).read_bytes()
attempt("the mirror", read(f"{mirror}/HEAD"))
attempt("the worker's environment", read(f"/proc/{worker}/environ"))
attempt("the worker's files", lambda: os.listdir(f"/proc/{worker}/fd"))
attempt("the parser's memory", lambda: open(f"/proc/{parser}/mem", "rb"))
attempt("the key", read(key))
attempt("another mirror", read(beside))
attempt("the users of the machine", read("/etc/passwd"))
attempt("the folder for what passes", lambda: pathlib.Path("/tmp/mark").write_text("x"))
attempt("the mirror, to write", lambda: pathlib.Path(f"{mirror}/HEAD").write_text("x"))
attempt("a connection to a port", lambda: socket.create_connection(("127.0.0.1", int(port))))
attempt("a connection to a path", lambda: socket.socket(socket.AF_UNIX).connect(path))
attempt("a pair of sockets", socket.socketpair)
attempt("a signal to the worker", lambda: os.kill(worker, 0))
attempt("another process's files", lambda: os.close(os.pidfd_open(worker)))
attempt("a namespace", lambda: subprocess.run(["unshare", "-U", "true"], check=True, stderr=subprocess.DEVNULL))
libc = ctypes.CDLL(None, use_errno=True)
def ptrace():
    if libc.ptrace(16, worker, 0, 0):
        raise OSError
attempt("the worker as a debugger", ptrace)
print("DONE", json.dumps([done, os.getuid()]), file=sys.stderr)
sys.exit(1)
"""

Bare = tuple[Path, Callable[[dict[str, str]], str]]


def test_nothing_but_the_mirror_is_in_reach(bare: Bare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, commit = bare
    base, head = commit({"a.go": "package a\n"}), commit({"a.go": "package a\n\nvar A = 1\n"})
    key, beside = tmp_path / "key.pem", tmp_path / "beside.git"
    key.write_text("PRIVATE KEY")
    beside.write_text("ref: x")
    monkeypatch.setenv("REDIS_URL", "redis://:hush@127.0.0.1/0")
    real = shutil.which("git")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        unix.bind(str(tmp_path / "redis.sock"))
        unix.listen()
        port = server.getsockname()[1]
        probe = tmp_path / "bin" / "git"
        probe.parent.mkdir()
        arguments = [
            sys.executable,
            "-I",
            "-c",
            PROBE,
            os.getpid(),
            key,
            port,
            tmp_path / "redis.sock",
            repository,
            beside,
        ]
        tried = shlex.join(map(str, arguments))
        probe.write_text(f'#!/bin/sh\ncase "$*" in *diff-tree*) exec {tried};; esac\nexec {real} "$@"\n')
        probe.chmod(0o755)
        monkeypatch.setenv("PATH", f"{probe.parent}{os.pathsep}{os.environ['PATH']}")
        parser = Parser(timeout=60, memory_mb=4096)
        parser.start()
        try:
            with pytest.raises(ParserError, match="DONE") as error:
                parser.analyze(repository, base, head, deep=False, configuration=Configuration())
        finally:
            parser.close()
    done, user = json.loads(str(error.value).partition("DONE ")[2])
    assert done == ["the mirror"]
    assert user == (USER if os.getuid() == 0 else os.getuid())


def test_a_kernel_without_it_is_said_and_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    assert confinement.missing() == ""
    monkeypatch.setattr(confinement, "version", lambda: 0)
    assert "no Landlock" in confinement.missing()
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "no Landlock and no seccomp" in confinement.missing()
    confinement.confine([])  # nothing to do, and so nothing happens to this process
    assert Path("/etc/passwd").read_bytes()


def test_the_filter_lets_work_go_on() -> None:
    code = (
        "import subprocess, sys, threading\nfrom pathlib import Path\nfrom workers import confinement, limits\n"
        "limits.give_up_privileges()\n"
        "confinement.confine([Path(sys.prefix), Path(sys.base_prefix), Path('/usr'), Path('/bin'), Path('/lib'), Path('/lib64'),"
        " Path('/etc/ld.so.cache')], [Path('/dev/null')])\n"
        "thread = threading.Thread(target=print)\nthread.start()\nthread.join()\n"
        "done = subprocess.run(['git', 'version'], stdin=subprocess.DEVNULL, capture_output=True,"
        " env={'PATH': '/usr/bin', 'GIT_CONFIG_NOSYSTEM': '1', 'GIT_CONFIG_GLOBAL': '/dev/null'})\n"
        "raise SystemExit(0 if done.stdout.startswith(b'git version') and not done.stderr else 7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
