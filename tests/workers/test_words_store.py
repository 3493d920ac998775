"""The words on disk: the same answers as without them, whatever became of the file, and a line in the log where it is bad."""

import json
import os
import resource
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analyzers.analysis.configuration import Configuration
from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from workers import words_store
from workers.parser import Parser
from workers.words_store import StoredWords, keep

FILES = {"go.mod": "module example.com/m\n"} | {
    f"p{number % 7}/f{number}.go": f"package p\nfunc F{number}() {{ Shared() }}\nfunc Only{number % 10}() {{}}\n"
    for number in range(600)
}
WANTED = (("Shared",), ("F7",), ("Only3", "Shared"), ("Only3", "F13"), ("Absent",), ("Only3", "F14"))


class Tree(MemoryTree):
    """A tree that counts what is read."""

    reads = 0

    def read(self, path):
        self.reads += path.endswith(".go")
        return super().read(path)


def answers(tree: MemoryTree, words: StoredWords | None = None) -> list[list[str]]:
    index = PackageIndex(tree, words=words)
    return [index.words.files(*each) for each in WANTED]


def ask(path: Path, files: dict[str, str] | None = None) -> tuple[int, bytes | None]:
    """Ask through the store, compare with what is right, and give how many files were read and what is to be kept."""
    tree = Tree(files or FILES)
    words = StoredWords(path)
    assert answers(tree, words) == answers(MemoryTree(files or FILES))
    rows = words.rows()
    words.close()
    return tree.reads, rows


def fill(path: Path, files: dict[str, str] | None = None) -> None:
    _, rows = ask(path, files)
    assert rows is not None
    keep(path, rows)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "words.sqlite"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    return lambda: [record.getMessage() for record in caplog.records]


def child(work: Callable[[], Any]) -> Generator[Any, None, None]:
    """Run `work` in a process of its own; yields its process id, then what it gave."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            os.close(read)
            os.write(write, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    yield process
    with os.fdopen(read, "rb") as answer:
        given = answer.read()
    os.waitpid(process, 0)
    yield json.loads(given)


def test_what_was_looked_up_is_known_the_next_time(store: Path, lines) -> None:
    reads, rows = ask(store)
    assert reads == 600
    keep(store, rows)
    assert ask(store) == (0, None)
    # Another revision costs what differs.
    changed = {**FILES, "p1/f1.go": "package p\nfunc Only3() {}\n", "new/n.go": "package n\nvar _ = Shared\n"}
    reads, rows = ask(store, changed)
    assert reads == 2
    keep(store, rows)
    assert ask(store, changed) == (0, None)
    assert ask(store) == (0, None)
    assert store.stat().st_mode & 0o777 == 0o600
    assert lines() == []


def test_two_processes_fill_one_store(store: Path, lines) -> None:
    kept = ["go.mod", *(path for path in FILES if path != "go.mod")]
    halves = [{path: FILES[path] for path in (kept[:400], kept[:1] + kept[200:], kept)[part]} for part in range(3)]
    every = [rows for half in halves if (rows := ask(store, half)[1])]
    start_read, start_write = os.pipe()

    def filler(rows: bytes) -> Callable[[], bool]:
        def work() -> bool:
            os.read(start_read, 1)
            keep(store, rows)
            return True

        return work

    running = [child(filler(rows)) for rows in every]
    for each in running:
        next(each)
    os.write(start_write, b"1" * len(running))
    assert [next(each) for each in running] == [True] * 3
    for half in halves:
        assert ask(store, half) == (0, None)
    os.close(start_read)
    os.close(start_write)
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT count(*), count(DISTINCT id) FROM files").fetchone() == (600, 600)
    assert lines() == []


def test_a_process_that_is_killed_in_mid_write_leaves_the_store_as_it_was(store: Path, monkeypatch, lines) -> None:
    fill(store)
    changed = {**FILES, "p1/f1.go": "package p\nfunc Only3() {}\n"}
    _, rows = ask(store, changed)
    told, tell = os.pipe()

    def stop(*_: object) -> None:
        os.write(tell, b"1")
        signal.pause()

    def work() -> None:
        monkeypatch.setattr(words_store, "_shrink", stop)
        keep(store, rows)

    running = child(work)
    process = next(running)
    os.read(told, 1)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    running.close()
    os.close(told)
    os.close(tell)
    assert ask(store) == (0, None)
    assert ask(store, changed)[0] == 1
    keep(store, rows)
    assert ask(store, changed) == (0, None)
    assert lines() == []


def test_a_full_disk(store: Path, caplog) -> None:
    fill(store)
    changed = {
        path: text.replace("Shared()", f"Shared(); Word{number}()") for number, (path, text) in enumerate(FILES.items())
    }
    _, rows = ask(store, changed)

    def work() -> list[str]:
        caplog.clear()
        resource.setrlimit(resource.RLIMIT_FSIZE, (store.stat().st_size + 8192, resource.RLIM_INFINITY))
        keep(store, rows)
        return [record.getMessage() for record in caplog.records]

    running = child(work)
    next(running)
    (line,) = next(running)
    assert str(store) in line
    assert "was not written" in line
    assert ask(store) == (0, None)
    assert ask(store, changed)[0] == 600


def unprivileged(work: Callable[[], Any]) -> Any:
    """Run `work` as somebody whom the modes of files bind."""

    def bound() -> Any:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        return work()

    running = child(bound)
    next(running)
    return next(running)


def test_a_store_that_can_only_be_read(caplog) -> None:
    # Not in pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder:
        unchanged, reads, said = _only_read(Path(folder) / "words.sqlite", caplog)
    assert unchanged == [0, None]
    assert reads == 1
    assert len(said) == 1
    assert "was not written" in said[0]


def _only_read(store: Path, caplog: pytest.LogCaptureFixture) -> Any:
    fill(store)
    changed = {**FILES, "p1/f1.go": "package p\nfunc Only3() {}\n"}
    store.chmod(0o444)
    store.parent.chmod(0o555)

    def work() -> list[Any]:
        caplog.clear()
        unchanged = ask(store)
        reads, rows = ask(store, changed)
        keep(store, rows)
        return [unchanged, reads, [record.getMessage() for record in caplog.records]]

    try:
        return unprivileged(work)
    finally:
        store.parent.chmod(0o755)


def overwritten(path: Path) -> None:
    path.write_bytes(b"this is no store\n" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def torn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def scrambled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)


def another(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE postings (word, files)")


def wrong(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE postings SET files = 7")


def without_files(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE files")


@pytest.mark.parametrize("spoil", [overwritten, torn, scrambled, another, wrong, without_files])
def test_a_store_of_garbage_is_done_without_and_made_anew(store: Path, lines, spoil) -> None:
    fill(store)
    spoil(store)
    reads, rows = ask(store)
    assert reads == 600
    keep(store, rows)
    (line,) = lines()
    assert str(store) in line
    assert ask(store) == (0, None)


def test_an_empty_file_is_no_store_yet(store: Path) -> None:
    empty(store)
    fill(store)
    assert ask(store) == (0, None)


def test_what_was_of_use_longest_ago_goes_first(store: Path, monkeypatch, lines) -> None:
    def revision(name: str) -> dict[str, str]:
        code = {f"{name}/f{number}.go": f"package p\nfunc {name}{number}() {{}}\n" for number in range(300)}
        return {**code, "go.mod": FILES["go.mod"]}

    today = 1000
    monkeypatch.setattr(words_store, "_today", lambda: today)
    first, second, third = revision("a"), revision("b"), revision("c")

    def looked_up(files: dict[str, str], most_mb: int = 64) -> int:
        tree = Tree(files)
        words = StoredWords(store)
        index = PackageIndex(tree, words=words)
        name = next(iter(files)).partition("/")[0]
        assert index.words.files(f"{name}299") == [f"{name}/f299.go"]
        assert index.words.files(f"{name}0") == [f"{name}/f0.go"]
        rows = words.rows()
        words.close()
        if rows is not None:
            keep(store, rows, most_mb)
        return tree.reads

    for files in (first, second):
        today += 1
        assert looked_up(files) == 300
    today += 1
    assert looked_up(first) == 0
    size = store.stat().st_size
    # No room for all three (a limit in MiB would take long to reach here).
    monkeypatch.setattr(words_store, "_MIB", size // 8)
    today += 1
    assert looked_up(third, most_mb=9) == 300
    assert looked_up(third) == 0
    assert looked_up(second) > 0
    assert lines() == []


def test_folders_that_another_process_made_incomplete_are_not_taken_for_whole(store: Path) -> None:
    fill(store)
    changed = {**FILES, "p1/f1.go": "package p\nfunc Only3() {}\n"}
    _, rows = ask(store, changed)
    # In the meantime another process found the store too large.
    with sqlite3.connect(store) as database:
        database.execute("BEGIN")
        words_store._shrink(database, 0)
    keep(store, rows)
    reads, rows = ask(store, changed)
    assert reads > 500
    keep(store, rows)
    assert ask(store, changed) == (0, None)


@pytest.mark.parametrize(
    "rows",
    [
        b"no msgpack",
        msgspec.msgpack.encode([3, [], {}, [], None, "", False]),
        msgspec.msgpack.encode([[("p/a.go", b"1" * 20)], [], {b"F7": [5]}, [], None, "", False]),
        msgspec.msgpack.encode([[("p/a.go", b"1" * 20)], [], {b"F7": [-1]}, [], None, "", False]),
    ],
)
def test_what_is_no_answer_of_an_analysis_is_not_written(store: Path, lines, rows) -> None:
    fill(store)
    keep(store, rows)
    assert len(lines()) == 1
    assert ask(store) == (0, None)


def test_the_parser_reads_the_store_and_the_worker_writes_it(bare, lines) -> None:
    repository, commit = bare
    files = {
        "go.mod": "module example.com/x\n\ngo 1.21\n",
        "lib/lib.go": "package lib\n\nfunc Read() {}\n",
        "a/a.go": 'package a\n\nimport "example.com/x/lib"\n\nfunc A() { lib.Read() }\n',
    }
    base = commit(files)
    head = commit({"lib/lib.go": POLLING})
    store = words_store.path_in(repository)
    parser = Parser(timeout=60, memory_mb=2048)
    parser.start()
    try:

        def review() -> Any:
            return parser.analyze(repository, base, head, deep=False, configuration=Configuration())

        first = review()
        assert first.diagnostics
        assert store.exists()
        with sqlite3.connect(store) as database:
            assert database.execute("SELECT count(*) FROM files").fetchone() >= (2,)
        before = store.read_bytes()
        assert review().diagnostics == first.diagnostics
        assert store.read_bytes() == before
        overwritten(store)
        assert review().diagnostics == first.diagnostics
        assert len(lines()) == 1
        assert review().diagnostics == first.diagnostics
        assert len(lines()) == 1
    finally:
        parser.close()


def test_a_confined_reader_beside_a_writer(bare, lines) -> None:
    repository, commit = bare
    base = commit({"go.mod": "module example.com/x\n\ngo 1.21\n", "lib/lib.go": "package lib\n\nfunc Read() {}\n"})
    head = commit({"lib/lib.go": POLLING, "a/a.go": "package a\n\nfunc A() {}\n"})
    store = words_store.path_in(repository)
    parser = Parser(timeout=60, memory_mb=2048)
    parser.start()
    try:

        def review() -> Any:
            return parser.analyze(repository, base, head, deep=False, configuration=Configuration())

        first = review()
        # A writer in the midst of its work, with what it has done so far in the log beside the store.
        writer = sqlite3.connect(store, isolation_level=None)
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE segments SET used = 1")
        assert store.with_name(f"{store.name}-wal").stat().st_size
        assert review().diagnostics == first.diagnostics
        # That the segment was of use today was seen, and written beside the writer.
        assert writer.execute("SELECT count(*) FROM segments WHERE used = 1").fetchone() == (0,)
        writer.close()
        assert lines() == []
    finally:
        parser.close()


def test_a_store_that_cannot_be_opened_just_now_is_kept(store: Path, lines, monkeypatch) -> None:
    fill(store)
    content = store.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(words_store, "_WAIT_S", 0.0)
        with sqlite3.connect(store, isolation_level=None) as database:
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            reads, _ = ask(store)
        database.close()
    assert reads == 600
    assert store.read_bytes() == content
    assert ask(store) == (0, None)
    assert lines() == []


POLLING = """package lib

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

var client kubernetes.Interface

func Read() {
	client.CoreV1().Pods("").List(context.TODO(), metav1.ListOptions{})
}
"""
