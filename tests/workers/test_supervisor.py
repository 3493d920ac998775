import asyncio
import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import eventually, free_ports
from workers.command_line import CannotRun
from workers.services import Program, command
from workers.supervisor import Supervisor


def python(
    name: str, code: str, stage: int = 0, ready: Callable[[], bool] = lambda: True, patience: float = 10.0
) -> Program:
    return Program(name, stage, [sys.executable, "-c", code], {"PATH": os.environ["PATH"]}, ready, patience)


class Terminal:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.watch: Callable[[str, str], None] = lambda name, line: None

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self.watch(name, line)

    def said(self, name: str) -> list[str]:
        return [line for each, line in self.lines if each == name]


def supervise(
    programs: list[Program], folder: Path, until: Callable[[Terminal, str, str], bool], kill: bool = False
) -> Terminal:
    """Run programs until a line is the one awaited; then stop, twice in a row if they are to be killed."""
    terminal = Terminal()

    async def run() -> None:
        supervisor = Supervisor(programs, folder, terminal)

        def watch(name: str, line: str) -> None:
            if until(terminal, name, line):
                supervisor.stop()
                if kill:
                    supervisor.stop()

        terminal.watch = watch
        await asyncio.wait_for(supervisor.run(), 60)

    asyncio.run(run())
    return terminal


WAITING = (
    "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
    "print('started', flush=True)\nsignal.sigwait({signal.SIGTERM})\nprint('ended', flush=True)"
)


def test_stages_start_in_order_and_end_in_reverse(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    slow = f"import pathlib\npathlib.Path({str(mark)!r}).write_text('x')\n" + WAITING
    programs = [python("first", slow, 0, mark.exists), python("second", WAITING, 1), python("third", WAITING, 2)]
    # Which of the two later ones prints first is chance: both must be ready to be told to end.
    terminal = supervise(
        programs,
        tmp_path,
        lambda terminal, name, line: (
            line == "started" and {"second", "third"} <= {each for each, said in terminal.lines if said == "started"}
        ),
    )
    names = [name for name, line in terminal.lines if line == "started"]
    assert names[0] == "first"
    ended = [name for name, line in terminal.lines if line == "ended"]
    assert ended == ["third", "second", "first"]


def test_what_ends_is_started_again(tmp_path: Path) -> None:
    terminal = supervise(
        [python("frail", "print('started')"), python("sound", WAITING)],
        tmp_path,
        lambda terminal, name, line: terminal.said("frail").count("started") == 2,
    )
    assert "frail ended (status 0) and starts again in 1 s" in terminal.said("run")
    assert terminal.said("sound").count("started") == 1


def test_a_killed_one_is_named_with_its_signal(tmp_path: Path) -> None:
    terminal = supervise(
        [python("frail", "import os\nos.kill(os.getpid(), 9)")],
        tmp_path,
        lambda terminal, name, line: "SIGKILL" in line,
    )
    assert terminal.said("run")[-1].startswith("frail ended (SIGKILL)")


def test_one_that_cannot_run_ends_all_with_its_sentence(tmp_path: Path) -> None:
    code = "import sys\nprint('scalability-bot: no, because', file=sys.stderr)\nsys.exit(2)"
    with pytest.raises(CannotRun, match="other cannot run"):
        supervise([python("sound", WAITING), python("other", code, 1, lambda: False)], tmp_path, lambda *_: False)


def test_one_that_cannot_run_later_on_is_started_again(tmp_path: Path) -> None:
    pid, away = tmp_path / "pid", tmp_path / "away"
    # Runs at first; then, say, its queue is away for a while.
    code = (
        f"import os, pathlib, sys\nif pathlib.Path({str(away)!r}).exists():\n    sys.exit(2)\n"
        f"pathlib.Path({str(pid)!r}).symlink_to(str(os.getpid()))\n{WAITING}"
    )

    def until(terminal: Terminal, name: str, line: str) -> bool:
        if line.startswith("all is up"):
            away.touch()
            os.kill(int(str(pid.readlink())), signal.SIGKILL)
        return "status 2" in line

    terminal = supervise([python("frail", code, ready=pid.is_symlink)], tmp_path, until)
    assert "frail ended (status 2) and starts again in 2 s" in terminal.said("run")


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('started', flush=True)\ntime.sleep(600)"
    terminal = supervise([python("deaf", deaf, patience=0.2)], tmp_path, lambda terminal, name, line: line == "started")
    assert "deaf takes too long to end and is killed" in terminal.said("run")


def test_told_twice_it_waits_for_nobody(tmp_path: Path) -> None:
    deaf = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('started', flush=True)\ntime.sleep(600)"
    supervise([python("deaf", deaf, patience=600)], tmp_path, lambda terminal, name, line: line == "started", kill=True)


def test_what_is_hidden_is_not_shown(tmp_path: Path) -> None:
    program = python("loud", "print('# WARNING advice')\nprint('news')\n" + WAITING)
    program = dataclasses.replace(program, hides=re.compile("WARNING"))
    terminal = supervise([program], tmp_path, lambda terminal, name, line: line == "started")
    assert terminal.said("loud")[:2] == ["news", "started"]


def test_what_is_printed_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.stdout.buffer.write(b'\\x1b[2Jred\\r\\n' + b'x' * 10_000 + b'\\n' + b'\\xff\\n' + b'no end')\n"
        "sys.stdout.flush()\nimport signal\nsignal.sigwait({signal.SIGTERM})"
    )
    terminal = supervise([python("loud", code)], tmp_path, lambda terminal, name, line: line == "�")
    said = terminal.said("loud")
    assert said[0] == "?[2Jred"
    assert sum(line.count("x") for line in said) == 10_000
    assert said[-1] == "no end"


# --- the real thing ---------------------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    port, metrics, sandbox = free_ports(3)
    ports = {"PORT": str(port), "METRICS_PORT": str(metrics), "SANDBOX_PORT": str(sandbox)}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    processes = []

    def start(**changes: str) -> "subprocess.Popen[bytes]":
        with (tmp_path / "out").open("ab") as out:
            process = subprocess.Popen(
                command("run"),
                env={**kept, **ports, "DATA_DIR": str(tmp_path / "data"), **changes},
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
    for left in ours(tmp_path):  # nothing, unless a test failed
        with contextlib.suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL)
    print((tmp_path / "out").read_text())


def ours(folder: Path) -> list[int]:
    """Give the processes that run in a folder or below it, or name it: all that belongs to one run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            at, line = str((process / "cwd").readlink()), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if int(process.name) != os.getpid() and (at.startswith(str(folder)) or str(folder).encode() in line):
            found.append(int(process.name))
    return found


def valkeys(folder: Path) -> set[int]:
    found = set()
    for each in ours(folder):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{each}/comm").read_text().startswith("valkey"):
                found.add(each)
    return found


def test_the_first_run_says_what_is_up_what_was_posted_and_last_where(
    started: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    process = started()
    out = tmp_path / "out"

    def lines() -> list[str]:
        return out.read_text().splitlines()

    def position(text: str) -> int:
        (found,) = (number for number, line in enumerate(lines()) if text in line)
        return found

    eventually(lambda: any("see it in its place" in line for line in lines()) or process.poll() is not None, "the page")
    order = ["redis: up", "github is up at http", "receiver is up at http", "maintenance: up", "all is up"]
    order += ["scalability-bot[bot] reviewed #1", "check run scalability: neutral", "see it in its place: http"]
    assert [position(text) for text in order] == sorted(position(text) for text in order)
    assert position("see it in its place") == len(lines()) - 1, "nothing follows the address"
    assert not [line for line in lines() if "WARNING" in line or "INFO" in line]

    before = len(lines())
    (valkey,) = eventually(lambda: valkeys(tmp_path / "data"), "Valkey")
    os.kill(valkey, signal.SIGKILL)
    eventually(lambda: valkeys(tmp_path / "data") - {valkey}, "another Valkey")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert [line.split("|")[1].strip() for line in lines()[before:]] == [
        "redis ended (SIGKILL) and starts again in 1 s"
    ]


def test_everything_runs_reviews_and_ends(started: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    process = started()
    out = tmp_path / "out"
    eventually(
        lambda: "check run scalability: neutral" in out.read_text() or process.poll() is not None, "the sample's review"
    )
    eventually(lambda: "/pull/1/files" in out.read_text(), "the address of the page")
    assert "all is up; Ctrl-C ends it" in out.read_text()
    assert len(ours(tmp_path / "data")) >= 7
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert ours(tmp_path) == []
    assert "Traceback" not in out.read_text()


def test_nothing_outlives_a_supervisor_that_is_killed(
    started: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    process = started()
    eventually(lambda: "all is up" in (tmp_path / "out").read_text() or process.poll() is not None, "the start")
    assert ours(tmp_path / "data")
    process.kill()
    process.wait()
    eventually(lambda: ours(tmp_path) == [], "the end of all that it had started")


def test_a_second_one_in_the_same_folder_says_so(
    started: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    import fcntl

    with (tmp_path / "data" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert started().wait(60) == 2
    [line] = (tmp_path / "out").read_text().splitlines()
    assert line.startswith(f"scalability-bot: the bot already runs in {tmp_path / 'data'}")


def test_a_setting_that_is_wrong_is_one_line(started: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    assert started(GITHUB_APP_ID="12").wait(60) == 2
    [line] = (tmp_path / "out").read_text().splitlines()
    assert line.startswith("scalability-bot: GITHUB_PRIVATE_KEY_FILE is not set")
    assert not ours(tmp_path)
