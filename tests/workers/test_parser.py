import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzers.analysis.configuration import Configuration
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


def wait_for(path: Path) -> int:
    """Wait until a hanging git has started, and give its parent: the child that analyses."""
    while not path.exists() or not path.read_text().strip():
        time.sleep(0.01)
    return int(path.read_text().split()[0])


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


def test_it_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_PRIVATE_KEY", "GITHUB_APP_ID", "REDIS_URL", "WEBHOOK_SECRETS", "HOME"):
        monkeypatch.setenv(name, "hush")
    with running() as parser:
        environment = Path(f"/proc/{process_of(parser)}/environ").read_bytes()
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


def test_too_little_memory_fails_the_analysis_alone(bare: Bare) -> None:
    repository, commit = bare
    base = commit(SMALL)
    head = commit({"docs/large.txt": "many words\n" * 2_000_000})
    with running(memory_mb=100) as parser:
        for _ in range(2):
            with pytest.raises(ParserError, match=r"memory|was ended by"):
                parser.analyze(repository, base, head, deep=False, configuration=Configuration())
        pid = process_of(parser)
        parser.start()
        assert process_of(parser) == pid


def test_too_long_an_analysis_is_ended(bare: Bare, hanging_git: Path) -> None:
    repository, _ = bare
    with running(timeout=1) as parser, pytest.raises(ParserError, match="took longer than 1 s"):
        parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())


def test_a_crash_is_an_error_of_one_analysis(bare: Bare, hanging_git: Path) -> None:
    repository, _ = bare
    with running() as parser:
        errors: list[Exception] = []

        def ask() -> None:
            try:
                parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())
            except ParserError as error:
                errors.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        os.kill(wait_for(hanging_git), signal.SIGSEGV)
        asking.join()
        assert "was ended by SIGSEGV" in str(errors[0])
        pid = process_of(parser)
        parser.start()
        assert process_of(parser) == pid


def test_an_analysis_nobody_waits_for_is_ended(bare: Bare, hanging_git: Path) -> None:
    repository, _ = bare
    with running() as parser:
        asking = os.fork()
        if asking == 0:
            try:
                parser.analyze(repository, "1" * 40, "2" * 40, deep=False, configuration=Configuration())
            finally:
                os._exit(0)
        child = os.pidfd_open(wait_for(hanging_git))
        os.kill(asking, signal.SIGKILL)
        os.waitpid(asking, 0)
        wait_until_ended(child)


def test_the_process_ends_with_its_worker(bare: Bare, hanging_git: Path) -> None:
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
    processes = [os.pidfd_open(int(os.read(read, 20))), os.pidfd_open(wait_for(hanging_git))]
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
