"""scalability-bot run: everything in one terminal, and nothing of it left behind.

A hundred and fifty lines of our own rather than supervisord: its children outlive it when it is killed, the secrets of its
programs stand in a file, their lines bear no names, it has no "when that one is ready", and a port that is taken ends in
"FATAL" after four tries where one sentence is wanted.
"""

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.settings import Settings, SettingsError
from bot.timers import DEFAULT as DEFAULT_TIMERS
from bot.timers import Timers
from workers import environment, limits, services
from workers.command_line import COULD_NOT_RUN, CannotRun, coloured
from workers.services import Program

# For so long after the end of a program of the first stage, others that cannot run are its consequence.
_CONSEQUENCE = 10.0
_LONGEST_LINE = 4_000
_COLOURS = (36, 32, 33, 35, 34, 96, 92, 93)

Show = Callable[[str, str], None]


class Supervisor:
    """Runs programs, stage by stage, until told to stop; starts again what ends by itself."""

    def __init__(self, programs: Sequence[Program], folder: Path, show: Show, timers: Timers = DEFAULT_TIMERS) -> None:
        """The programs run in `folder`; `show` is given each line that they print, with the program's name."""
        self._programs = programs
        self._folder = folder
        self._show = show
        self._timers = timers
        self._stopping = asyncio.Event()
        self._failure = ""
        self._up = False
        self._foundation_lost = -_CONSEQUENCE
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> None:
        """Run all until stop(); CannotRun if one of them says that it cannot, or is not ready in time."""
        stages = sorted({program.stage for program in self._programs})
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            for stage in stages:
                started = [program for program in self._programs if program.stage == stage]
                tasks |= {program.name: asyncio.create_task(self._keep(program)) for program in started}
                for program in started:
                    await self._wait_until_ready(program)
                self._tell_what_is_up(started)
                if self._stopping.is_set():
                    break
            else:
                self._up = True
                self._show("run", "all is up; Ctrl-C ends it")
            await self._stopping.wait()
        finally:
            self._stopping.set()
            for stage in reversed(stages):
                ending = [program for program in self._programs if program.stage == stage and program.name in tasks]
                await asyncio.gather(*(self._end(program, tasks[program.name]) for program in ending))
        if self._failure:
            raise CannotRun(self._failure)

    def stop(self) -> None:
        """Have all end, the last stage first; told a second time, at once."""
        if self._stopping.is_set():
            for process in self._processes.values():
                _signal(process.pid, signal.SIGKILL)
        self._stopping.set()

    async def _keep(self, program: Program) -> None:
        """Run a program, again and again."""
        pause = self._timers.restart
        while not self._stopping.is_set():
            started = time.monotonic()
            status = await self._once(program)
            if self._stopping.is_set():
                return
            if status == COULD_NOT_RUN and not self._up:
                # Its sentence is on the terminal. Later on, what it lacks (the queue, say) may come back.
                self._fail(f"{program.name} cannot run: its reason is above")
                return
            if time.monotonic() - started > self._timers.steady:
                pause = self._timers.restart
            if program.stage == 0:
                self._foundation_lost = time.monotonic()
            # What cannot run for want of the queue that just ended is no news of its own.
            consequence = time.monotonic() - self._foundation_lost < _CONSEQUENCE
            if program.stage == 0 or status != COULD_NOT_RUN or not consequence:
                how = f"status {status}" if status >= 0 else signal.Signals(-status).name
                self._show("run", f"{program.name} ended ({how}) and starts again in {pause:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(2 * pause, self._timers.restart_longest)

    async def _once(self, program: Program) -> int:
        parent = os.getpid()
        process = await asyncio.create_subprocess_exec(
            *program.arguments,
            env=program.environment,
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us alone: what ends first and last is our decision
            preexec_fn=lambda: limits.die_with_parent(parent, signal.SIGTERM if program.stage == 0 else signal.SIGKILL),
        )
        self._processes[program.name] = process
        assert process.stdout
        await self._tell(program, process.stdout)
        status = await process.wait()
        # Whatever it started in its own group and left.
        _signal(process.pid, signal.SIGKILL)
        del self._processes[program.name]
        return status

    async def _tell(self, program: Program, output: asyncio.StreamReader) -> None:
        def show(line: bytes) -> None:
            text = _printable(line)
            if program.hides is None or not program.hides.search(text):
                self._show(program.name, text)

        rest = b""
        while part := await output.read(1 << 16):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                show(line)
            if len(rest) > _LONGEST_LINE:
                show(rest)
                rest = b""
        if rest:
            show(rest)

    def _tell_what_is_up(self, started: Sequence[Program]) -> None:
        if self._stopping.is_set():
            return
        for program in started:
            if program.address:
                self._show("run", f"{program.name} is up at {program.address}")
        if others := [program.name for program in started if not program.address]:
            self._show("run", f"{', '.join(others)}: up")

    async def _wait_until_ready(self, program: Program) -> None:
        end = time.monotonic() + self._timers.ready
        while not self._stopping.is_set() and not await asyncio.to_thread(program.ready):
            if time.monotonic() > end:
                self._fail(f"{program.name} was not ready within {self._timers.ready:g} s: its lines above may say why")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 0.1)

    async def _end(self, program: Program, task: asyncio.Task[None]) -> None:
        process = self._processes.get(program.name)
        if process is not None and process.returncode is None:
            _signal(process.pid, signal.SIGTERM, group=False)
        done, _ = await asyncio.wait([task], timeout=program.patience)
        if not done:
            self._show("run", f"{program.name} takes too long to end and is killed")
            _signal(self._processes[program.name].pid, signal.SIGKILL)
            await task

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self._stopping.set()


def _signal(process: int, number: signal.Signals, *, group: bool = True) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process, number)
        else:
            os.kill(process, number)


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "replace").expandtabs()
    return "".join(each if each.isprintable() else "?" for each in text.rstrip("\r"))


def _orphans() -> Iterator[int]:
    """Yield the processes whose parent is this one."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # PID (COMMAND) STATE PPID ...: the command may hold blanks and parentheses.
            if int(entry.read_text(errors="replace").rpartition(")")[2].split()[1]) == os.getpid():
                yield int(entry.parent.name)


def _end_orphans() -> None:
    """End what lost its parent and came to us."""
    while found := list(_orphans()):
        for process in found:
            _signal(process, signal.SIGKILL, group=False)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)


def _terminal(names: Sequence[str]) -> Show:
    width = max(map(len, (*names, "run")))
    colours = dict(zip(("run", *names), _COLOURS, strict=False)) if coloured(sys.stdout) else {}

    def show(name: str, line: str) -> None:
        prefix = f"{name:<{width}} |"
        if name in colours:
            prefix = f"\x1b[{colours[name]}m{prefix}\x1b[0m"
        # A terminal that is gone is no reason to leave the others running: they are ended in order.
        with contextlib.suppress(BrokenPipeError, OSError):
            sys.stdout.write(f"{prefix} {line}\n")
            sys.stdout.flush()

    return show


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a data folder; SettingsError if another supervisor does."""
    with (folder / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"the bot already runs in {folder}: end it, or set DATA_DIR to another folder."
            ) from None
        yield


async def _supervise(programs: Sequence[Program], folder: Path, timers: Timers) -> None:
    supervisor = Supervisor(programs, folder, _terminal([program.name for program in programs]), timers)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, supervisor.stop)
    await supervisor.run()


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    subparsers.add_parser(
        "run",
        help="start everything: receiver, queue and workers; without credentials the sandbox",
        description=(
            "Start the receiver, the workers and, unless REDIS_URL is set, an embedded Valkey.\n"
            "With a GitHub App's credentials in the environment or .env (see .env.example) it serves github.com;\n"
            "without them it starts a simulated GitHub with a pull request to look at."
        ),
        epilog="examples:\n  scalability-bot run\n  PORT=9000 SANDBOX_PORT=9001 scalability-bot run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def main(args: argparse.Namespace) -> int:
    """Run everything until told to end."""
    limits.adopt_orphans()
    with contextlib.ExitStack() as stack:
        try:
            variables = environment.variables()
            settings = Settings.from_environment(variables)
            folder = settings.data_dir.resolve()
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_alone(folder))
            programs = services.plan(variables, stack)
        except SettingsError as error:
            raise CannotRun(str(error).removesuffix(".")) from error
        except OSError as error:
            raise CannotRun(f"the data folder cannot be used ({error}): set DATA_DIR") from error
        try:
            asyncio.run(_supervise(programs, folder, settings.timers))
        finally:
            _end_orphans()
    return 0
