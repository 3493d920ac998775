"""StoredWords: which Go files of a repository hold which words, kept on disk beside its mirror.

An analysis opens the store read-only and collects what it had to look up itself; the worker writes that (`keep`), one at a
time, so that whatever a change under review does to the process that parses it, the store holds words of files and
nothing else. It is a cache: what is damaged, full, locked or not ours is done without, and said in one line of the log.

The words are posting lists, one row for a word and a segment of 256 files in the order in which they came, with a byte for
each file: 5,220 files of Kubernetes, 29 MB, are 5 MB. Segments from which nothing was found for longest go first.
"""

import contextlib
import datetime
import fcntl
import itertools
import logging
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from analyzers.golang.program.words import MemoryWords, Object

__all__ = ["MOST_MB", "StoredWords", "keep", "path_in", "remove"]

_log = logging.getLogger(__name__)

MOST_MB = 64
"""How large a store becomes: a dozen times what one revision of Kubernetes needs."""

_MIB = 1 << 20
_SEGMENT = 256
_BATCH = 500  # parameters of one statement
_WAIT_S = 5.0
_LONGEST_WORD = 200
# What does not say that the file is damaged: another process has it, or it cannot be opened or read just now.
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
# "scal" and a version: another one, or another program's file, is no store.
_APPLICATION, _VERSION = 0x7363616C, 1
_SCHEMA = f"""
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
CREATE TABLE files (number INTEGER PRIMARY KEY, id BLOB NOT NULL, path TEXT NOT NULL, UNIQUE (id, path));
CREATE TABLE folders (id BLOB, path TEXT, PRIMARY KEY (id, path)) WITHOUT ROWID;
CREATE TABLE postings (word BLOB, segment INTEGER, files BLOB NOT NULL, PRIMARY KEY (word, segment)) WITHOUT ROWID;
CREATE TABLE segments (number INTEGER PRIMARY KEY, used INTEGER NOT NULL);
CREATE TABLE generation (id INTEGER NOT NULL);
"""


class _Rows(NamedTuple):
    """What an analysis gives back: the files it read with their words (by place in `files`), the folders it knows whole,
    the segments that had what it looked for, and why the store was of no use, if so.

    generation: the store's that the folders rely on; None where all their files are in `files`. damaged: whether the store
    is to be made anew, rather than to be used the next time.
    """

    files: list[tuple[str, bytes]]
    folders: list[tuple[str, bytes]]
    places: dict[bytes, list[int]]
    used: list[int]
    generation: int | None
    lost: str
    damaged: bool


def path_in(mirror: Path) -> Path:
    """Give where the store of a bare repository is: it is counted, and goes, with the mirror."""
    return mirror / "scalability-words.sqlite"


class StoredWords:
    """The words in the store at `path`, which need not be there, and those that are added to them in memory."""

    def __init__(self, path: Path) -> None:
        self.losses = 0
        self._added = MemoryWords()
        self._lost = ""
        self._damaged = False
        self._used: set[int] = set()
        self._last_used: dict[int, int] = {}
        self._numbered: dict[int, Object] = {}
        self._generation: int | None = None
        self._database: sqlite3.Connection | None = None
        try:
            self._database = _opened(path)
            if self._database is not None:
                self._last_used = dict(self._database.execute("SELECT number, used FROM segments"))
                ((self._generation,),) = self._database.execute("SELECT id FROM generation")
        except (sqlite3.Error, ValueError) as error:
            self._lose(error)

    def complete(self, folders: Collection[Object]) -> Collection[Object]:
        """Give those of the folders below which all files are known."""
        return {*self._added.complete(folders), *self._stored("folders", folders)}

    def known(self, files: Collection[Object]) -> Collection[Object]:
        """Give those of the files whose words are known."""
        return {*self._added.known(files), *self._stored("files", files)}

    def add(self, file: Object, words: Collection[bytes]) -> None:
        """Keep the words of a file."""
        self._added.add(file, words)

    def finish(self, folders: Iterable[Object]) -> None:
        """Keep that all files below these folders were added."""
        self._added.finish(folders)

    def holding(self, words: Collection[bytes], here: Callable[[Object], bool]) -> list[Object]:
        """Give the files that hold all of the words and are in the tree that is asked about, as `here` says of each."""
        found = self._added.holding(words, here)
        try:
            for number, file in self._files(self._numbers(words)):
                if here(file):
                    found.append(file)
                    self._used.add(number // _SEGMENT)
        except (sqlite3.Error, TypeError, ValueError) as error:
            self._lose(error)
        return found

    def rows(self) -> bytes | None:
        """Give what `keep` should write, None if there is nothing."""
        today = _today()
        used = sorted(segment for segment in self._used if self._last_used.get(segment, today) != today)
        added = self._added
        if not (added.files or added.folders or used or self._lost):
            return None
        import msgspec  # 10 ms, which most analyses need not spend

        rows = _Rows(
            files=[(file.path, bytes.fromhex(file.id)) for file in added.files],
            folders=[(folder.path, bytes.fromhex(folder.id)) for folder in added.folders],
            places=added.places,
            used=used,
            generation=self._generation,
            lost=self._lost,
            damaged=self._damaged,
        )
        return msgspec.msgpack.encode(rows)

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _lose(self, error: Exception) -> None:
        self._lost = str(error)
        self._damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF not in _PASSING
        self._generation = None
        self._used.clear()
        self.losses += 1
        self.close()

    def _stored(self, table: str, objects: Collection[Object]) -> set[Object]:
        if self._database is None:
            return set()
        found: set[Object] = set()
        wanted = {bytes.fromhex(each.id): each.id for each in objects}
        try:
            for ids in _batched(wanted, _BATCH):
                query = f"SELECT id, path FROM {table} WHERE id IN ({','.join('?' * len(ids))})"  # noqa: S608
                found.update(Object(path, wanted[id_]) for id_, path in self._database.execute(query, ids))
        except (sqlite3.Error, KeyError) as error:
            self._lose(error)
            return set()
        return found.intersection(objects)

    def _numbers(self, words: Collection[bytes]) -> list[int]:
        if self._database is None:
            return []
        common: dict[int, set[int]] | None = None
        for word in words:
            rows = self._database.execute("SELECT segment, files FROM postings WHERE word = ?", (word,))
            places = {segment: set(files) for segment, files in rows if common is None or segment in common}
            common = places if common is None else {each: common[each] & places[each] for each in places}
        return [segment * _SEGMENT + place for segment, places in sorted((common or {}).items()) for place in places]

    def _files(self, numbers: list[int]) -> Iterator[tuple[int, Object]]:
        # Questions have most of their answers in common: a file is read from the store once.
        for batch in _batched((each for each in numbers if each not in self._numbered), _BATCH):
            assert self._database is not None
            query = f"SELECT number, path, id FROM files WHERE number IN ({','.join('?' * len(batch))})"  # noqa: S608
            for number, path, id_ in self._database.execute(query, batch):
                self._numbered[number] = Object(path, id_.hex())
        return ((each, self._numbered[each]) for each in numbers if each in self._numbered)


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep what SQLite shares between the readers and writers of the store in its place.

    A process that may write nothing reads the store safely while another one writes it only if that is there already.
    """
    try:
        database = _opened(path)
    except (sqlite3.Error, ValueError):
        database = None  # whoever reads it will say so
    with contextlib.closing(database) if database is not None else contextlib.nullcontext():
        yield


def keep(path: Path, data: bytes, most_mb: int = MOST_MB) -> None:
    """Write what StoredWords.rows() gave into the store at `path`, which is made if need be. What fails is logged."""
    import msgspec

    try:
        rows = msgspec.msgpack.decode(data, type=_Rows)
        with _alone(path):
            if rows.damaged:
                remove(path)
            with contextlib.closing(_writable(path)) as database:
                _write(database, rows, most_mb)
        if rows.lost:
            anew = ", and made anew" if rows.damaged else ""
            _log.warning("the store of words %s was done without (%s)%s", path, rows.lost, anew)
    except msgspec.DecodeError as error:
        _log.warning("what an analysis gave for the store of words %s was not taken: %s", path, error)
    except (sqlite3.Error, OSError, ValueError) as error:
        _log.warning("the store of words %s was not written, and the next review looks again: %s", path, error)


def _write(database: sqlite3.Connection, rows: _Rows, most_mb: int) -> None:
    with database:
        database.execute("BEGIN IMMEDIATE")
        numbers = _numbered(database, rows.files)
        database.executemany(
            "INSERT INTO postings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET files = CAST(files || excluded.files AS BLOB)",
            _postings(rows.places, numbers),
        )
        ((generation,),) = database.execute("SELECT id FROM generation")
        if rows.generation in {None, generation}:
            folders = ((id_, path) for path, id_ in rows.folders)
            database.executemany("INSERT OR IGNORE INTO folders VALUES (?, ?)", folders)
        today = _today()
        made = {number // _SEGMENT for number in numbers if number is not None}
        database.executemany("INSERT OR REPLACE INTO segments VALUES (?, ?)", ((each, today) for each in made))
        database.executemany("UPDATE segments SET used = ? WHERE number = ?", ((today, each) for each in rows.used))
        _shrink(database, most_mb)


def _numbered(database: sqlite3.Connection, files: list[tuple[str, bytes]]) -> list[int | None]:
    """Give new files their numbers, None to those that another process has brought in the meantime."""
    ((following,),) = database.execute("SELECT coalesce(max(number) + 1, 0) FROM files")
    numbers: list[int | None] = []
    for path, id_ in files:
        done = database.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?)", (following, id_, path)).rowcount
        numbers.append(following if done else None)
        following += done
    return numbers


def _postings(places: dict[bytes, list[int]], numbers: list[int | None]) -> Iterator[tuple[bytes, int, bytes]]:
    for word in sorted(places):  # in the order of the table: a third of the time
        if len(word) > _LONGEST_WORD:
            continue
        if not 0 <= min(places[word], default=0) <= max(places[word], default=0) < len(numbers):
            raise ValueError("a word is said to be in a file that was not given")
        given = sorted({number for place in places[word] if (number := numbers[place]) is not None})
        for segment, group in itertools.groupby(given, key=lambda number: number // _SEGMENT):
            yield word, segment, bytes(number % _SEGMENT for number in group)


def _shrink(database: sqlite3.Connection, most_mb: int) -> None:
    """Remove the segments that were of use longest ago, where the store is too large."""
    pages, free, size = (
        database.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "freelist_count", "page_size")
    )
    used = (pages - free) * size
    if used <= most_mb * _MIB:
        return
    segments = [number for (number,) in database.execute("SELECT number FROM segments ORDER BY used, number")]
    gone = segments[: max(1, round(len(segments) * (1 - 0.8 * (most_mb * _MIB) / used)))]
    marks = ",".join("?" * len(gone))
    database.execute(f"DELETE FROM postings WHERE segment IN ({marks})", gone)  # noqa: S608
    database.execute(f"DELETE FROM segments WHERE number IN ({marks})", gone)  # noqa: S608
    database.execute(f"DELETE FROM files WHERE number / {_SEGMENT} IN ({marks})", gone)  # noqa: S608
    # No folder is known whole any more, and what an analysis under way takes for known must not be written.
    database.execute("DELETE FROM folders")
    database.execute("UPDATE generation SET id = ?", (_new_generation(),))


def _opened(path: Path) -> sqlite3.Connection | None:
    """Open a store for reading, None if there is none; sqlite3.Error or ValueError if it is damaged or not ours."""
    if not path.exists():
        return None
    database = _connected(path, "mode=ro")
    try:
        _check(database)
    except ValueError:
        database.close()
        raise
    except sqlite3.OperationalError as error:
        database.close()
        written = path.with_name(f"{path.name}-wal")
        refused = error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
        if not refused or (written.exists() and written.stat().st_size):
            raise
        # Where nothing can be written beside it, nobody writes into it either.
        database = _connected(path, "immutable=1")
        _check(database)
    return database


def _check(database: sqlite3.Connection) -> None:
    application, version = (
        database.execute(f"PRAGMA {each}").fetchone()[0] for each in ("application_id", "user_version")
    )
    if (application, version) != (_APPLICATION, _VERSION):
        raise ValueError("it is of another version, or another program's")


def _connected(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_WAIT_S, isolation_level=None)


def _writable(path: Path) -> sqlite3.Connection:
    database = _connected(path, "mode=rwc")
    try:
        os.chmod(path, 0o600)  # noqa: PTH101
        if not path.stat().st_size:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO generation VALUES (?)", (_new_generation(),))
        _check(database)
        database.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        database.close()
        raise
    return database


def remove(path: Path) -> None:
    """Remove the store at `path`, if there is one."""
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        each.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Be the only one who writes a store in this folder; the lock ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(
        path.with_name("scalability-words.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _new_generation() -> int:
    return int.from_bytes(os.urandom(7), "big")


def _today() -> int:
    return datetime.datetime.now(datetime.UTC).toordinal()
