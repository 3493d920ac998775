import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.report import Report
from bot.configuration import Parsed
from tests.command_line.repository import BAD, GOOD, PATH
from workers.parser import Parser, ParserError

Bare = tuple[Path, Callable[[dict[str, str]], str]]

SMALL = {
    "go.mod": "module example.com/x\n\ngo 1.21\n",
    "pkg/a.go": "package pkg\n\n// A is small.\nfunc A() int { return 1 }\n",
}


@contextmanager
def running(timeout: int = 60, memory_mb: int = 2048) -> Iterator[Parser]:
    parser = Parser(timeout=timeout, memory_mb=memory_mb)
    parser.start()
    try:
        yield parser
    finally:
        parser.close()


def process_of(parser: Parser) -> int:
    assert parser._process is not None
    return parser._process.pid


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(entry.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.parent.name))
    return found


def wait_for_analysis(process: int) -> int:
    """Wait until the parser's child has started a git that hangs, and give the child."""
    while True:
        for child in children(process):
            if children(child):
                return child
        time.sleep(0.01)


def test_it_analyses_and_the_report_crosses(bare: Bare) -> None:
    repository, commit = bare
    base = commit(SMALL)
    head = commit({"go.mod": SMALL["go.mod"].replace("1.21", "1.22"), "pkg/b.go": "package pkg\n\nfunc B() {}\n"})
    with running() as parser:
        report = parser.analyze(repository, base, head, deep=False, configuration=Configuration())
        again = parser.analyze(repository, base, head, deep=True, configuration=Configuration())
        left_out = parser.analyze(
            repository,
            base,
            head,
            deep=False,
            configuration=Configuration(ignore=("*",), rules={"go-version-bump": "off"}),
        )
    assert (report.base, report.head, report.files) == (base, head, 2)
    assert [diagnostic.analyzer for diagnostic in report.diagnostics] == ["go-version-bump"]
    assert report.diagnostics == again.diagnostics
    assert left_out.diagnostics == ()


def test_a_deep_analysis_crosses_with_what_it_adds(bare: Bare) -> None:
    repository, commit = bare
    base = commit({PATH: GOOD})
    head = commit({PATH: BAD})
    with running() as parser:
        plain = parser.analyze(repository, base, head, deep=False, configuration=Configuration())
        deep = parser.analyze(repository, base, head, deep=True, configuration=Configuration())
    assert plain.diagnostics == deep.diagnostics
    assert plain.asked == ()
    assert [(each.verb, each.resource) for each in deep.asked] == [("LIST", "pods")]


def test_it_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_PRIVATE_KEY", "GITHUB_APP_ID", "REDIS_URL", "WEBHOOK_SECRETS", "HOME"):
        monkeypatch.setenv(name, "hush")
    with running() as parser:
        try:
            environment = Path(f"/proc/{process_of(parser)}/environ").read_bytes()
        except PermissionError:
            environment = b""  # it is not dumpable: only root may look
        names = {entry.partition(b"=")[0] for entry in environment.split(b"\0") if entry}
        arguments = Path(f"/proc/{process_of(parser)}/cmdline").read_bytes()
    assert names <= {b"PATH", b"TMPDIR", b"TZ"}
    assert b"hush" not in environment + arguments


def test_a_commit_that_is_not_there_is_one_sentence(bare: Bare) -> None:
    repository, commit = bare
    base = commit(SMALL)
    with running() as parser, pytest.raises(ParserError, match="failed: ") as error:
        parser.analyze(repository, base, "1" * 40, deep=False, configuration=Configuration())
    assert "\n" not in str(error.value)


def test_too_little_memory_is_said_and_not_tried_again(bare: Bare) -> None:
    repository, commit = bare
    base = commit(SMALL)
    head = commit({f"docs/large{number}.txt": "many words\n" * 40_000 for number in range(7)})
    with running(memory_mb=100) as parser:
        for _ in range(2):
            report = parser.analyze(repository, base, head, deep=False, configuration=Configuration())
            [skipped] = report.skipped
            assert (skipped.path, report.diagnostics) == ("", ())
            assert "needs more memory than JOB_MEMORY_MB allows" in skipped.reason
        pid = process_of(parser)
        parser.start()
        assert process_of(parser) == pid


def test_too_long_an_analysis_is_ended_and_said(bare: Bare, hanging_git: None) -> None:
    repository, _ = bare
    with running(timeout=1) as parser:
        report = parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())
    assert [skipped.path for skipped in report.skipped] == [""]
    assert report.skipped[0].reason.startswith("the analysis took longer than 1 s")
    assert (report.base, report.head) == ("1" * 40, "2" * 40)


@pytest.mark.parametrize(("ended", "retried"), [(signal.SIGSEGV, False), (signal.SIGKILL, True)])
def test_a_crash_ends_one_analysis(bare: Bare, hanging_git: None, ended: signal.Signals, retried: bool) -> None:
    repository, _ = bare
    with running() as parser:
        said: list[object] = []

        def ask() -> None:
            try:
                said.append(parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration()))
            except ParserError as error:
                said.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        os.kill(wait_for_analysis(process_of(parser)), ended)
        asking.join()
        # What the code did would happen again; what the machine did may not.
        assert isinstance(said[0], ParserError if retried else Report)
        assert f"was ended by {ended.name}" in str(said[0])
        pid = process_of(parser)
        parser.start()
        assert process_of(parser) == pid


def test_a_configuration_whose_reading_is_brought_down_is_a_problem(bare: Bare, hanging_git: None) -> None:
    repository, _ = bare
    defaults = Configuration(label="ours")
    with running() as parser:
        said: list[Parsed] = []
        asking = threading.Thread(target=lambda: said.append(parser.configuration(repository, "1" * 40, defaults)))
        asking.start()
        os.kill(wait_for_analysis(process_of(parser)), signal.SIGSEGV)
        asking.join()
    [found] = said
    assert found.configuration == defaults
    assert "is not read: reading it was ended by SIGSEGV" in found.problems[0]


def test_a_configuration_crosses(bare: Bare) -> None:
    repository, commit = bare
    first = commit(SMALL)
    text = "rules: {explicit-list: off}\nignore: [docs/]\ncap: 3\nlabl: x\n"
    second = commit({".github/scalability.yaml": text})
    defaults = Configuration(cc=("@a/b",), label="ours")
    with running() as parser:
        assert parser.configuration(repository, first, defaults) == Parsed(defaults, ())
        found, problems = parser.configuration(repository, second, defaults)
        with pytest.raises(ParserError, match="failed: "):
            parser.configuration(repository, "1" * 40, defaults)
    assert found == dataclasses.replace(defaults, rules={"explicit-list": "off"}, ignore=("docs/",), cap=3)
    assert len(problems) == 1


def test_an_analysis_nobody_waits_for_is_ended(bare: Bare, hanging_git: None) -> None:
    repository, _ = bare
    with running() as parser:
        asking = os.fork()
        if asking == 0:
            try:
                parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())
            finally:
                os._exit(0)
        child = os.pidfd_open(wait_for_analysis(process_of(parser)))
        os.kill(asking, signal.SIGKILL)
        os.waitpid(asking, 0)
        wait_until_ended(child)


def test_the_process_ends_with_its_worker(bare: Bare, hanging_git: None) -> None:
    repository, _ = bare
    read, write = os.pipe()
    worker = os.fork()
    if worker == 0:
        parser = Parser(timeout=60, memory_mb=2048)
        parser.start()
        os.write(write, str(process_of(parser)).encode())
        parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())
        os._exit(0)
    os.close(write)
    process = int(os.read(read, 20))
    processes = [os.pidfd_open(process), os.pidfd_open(wait_for_analysis(process))]
    os.close(read)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    for process in processes:
        wait_until_ended(process)


def test_a_process_that_died_is_replaced(bare: Bare) -> None:
    repository, commit = bare
    base = commit(SMALL)
    head = commit({"pkg/b.go": "package pkg\n"})
    with running() as parser:
        assert parser._process is not None
        parser._process.kill()
        parser._process.wait()
        with pytest.raises(ParserError, match=r"has ended|ended before"):
            parser.analyze(repository, base, head, deep=False, configuration=Configuration())
        parser.start()
        assert parser.analyze(repository, base, head, deep=False, configuration=Configuration()).head == head


def wait_until_ended(process: int) -> None:
    import select

    poll = select.poll()
    poll.register(process, select.POLLIN)
    assert poll.poll(20_000), "the process still runs"
    os.close(process)
