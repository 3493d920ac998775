"""Mirrors: a bare repository for each repository on GitHub, in which the commits of its reviews are.

What is fetched are snapshots: two commits by their ids with depth 1 (the head and the merge base, which GitHub names), no
history and no branches. For kubernetes/kubernetes that is 25 MB and 1.5 s at first (its history is more than 1 GB), and
later only what two snapshots do not share. A blobless clone would be as small, but the analysis reads blobs that the
diff does not name (the rest of a package), and the process that does so has neither network nor token to fetch them with.
"""

import contextlib
import datetime
import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.review_request import is_repository
from bot.settings import Secret
from bot.timers import DEFAULT, Timers
from workers import git
from workers.git import GitError
from workers.remote import CommitGone, OverQuota, Remote, RemoteRefused
from workers.words_store import path_in

GC_TIMEOUT = 300.0
FSCK_TIMEOUT = 120.0
# Each fetch leaves a pack; beyond this many, reading slows down and they are made one.
PACKS = 20
# How much of the quota is free before a fetch begins: it fails where it needs more, and is begun anew with all of it.
ROOM = 0.25

_LARGER = "git fetch failed: what is fetched is larger than MIRROR_QUOTA_MB leaves room for"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KEPT = "refs/kept"
# A process with a limited address space reads the packs too: without these, git maps up to 1 GiB of a pack at once.
_CONFIG = {
    "core.packedGitWindowSize": "32m",
    "core.packedGitLimit": "256m",
    "gc.auto": "0",
    "core.logAllRefUpdates": "false",
}


class Mirrors:
    """All mirrors of this machine.

    folder is theirs alone. git_url is GitHub's address for git ("https://github.com"): https, or http on this machine.
    quota_mb bounds the disk they take together, also while one of them grows; the one that was used longest ago goes
    first. fetch_timeout is in seconds.
    """

    def __init__(
        self, folder: Path, git_url: str, quota_mb: int, fetch_timeout: float = 200.0, timers: Timers = DEFAULT
    ) -> None:
        self.folder = folder
        self._timers = timers
        self._remote = Remote(git_url, fetch_timeout)
        self._quota_mb = quota_mb

    def path(self, repository: str) -> Path:
        """Give where the mirror of "owner/name" is, or would be; ValueError for a name that is none of GitHub's."""
        if not is_repository(repository):
            raise ValueError(f"{repository!r} is no repository of GitHub")
        # GitHub's names ignore case and hold no "+".
        return self.folder / f"{repository.lower().replace('/', '+')}.git"

    @contextlib.contextmanager
    def holding(self, repository: str, commits: Sequence[str], token: Secret) -> Iterator[Path]:
        """Give the bare repository in which these commits are, whole; it stays as it is until the block ends.

        What is missing is fetched with the token (contents: read). CommitGone, RemoteRefused, TooMuch, or another GitError.
        """
        for commit in commits:
            if not _COMMIT.fullmatch(commit):
                raise ValueError(f"{commit!r} is no commit of git")
        path = self.path(repository)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(path.with_suffix(".use"), fcntl.LOCK_SH) as lock:
            os.utime(lock)
            with _locked(path.with_suffix(".fetch"), fcntl.LOCK_EX):
                self._complete(path, repository, commits, token)
            yield path

    def repair(self, repository: str) -> bool:
        """Remove a mirror that is damaged, so that the next review makes a new one; say whether it was."""
        path = self.path(repository)
        if not path.exists():
            return False
        with _locked(path.with_suffix(".fetch"), fcntl.LOCK_EX):
            if _healthy(path):
                return False
            _remove(path)
        return True

    def tidy_now_and_then(self) -> bool:
        """Tidy if nobody did lately (Timers.tidy), and say whether it was due."""
        mark = self.folder / "tidied"
        try:
            if time.time() - mark.stat().st_mtime < self._timers.tidy:
                return False
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mark.touch()
        self.tidy()
        return True

    def tidy(self, today: datetime.date | None = None) -> None:
        """Let go of commits that no review used for a week, make many packs one, and keep to the quota. Mirrors in use are left."""
        oldest = f"{(today or _today()) - datetime.timedelta(days=self._timers.mirror_days):%Y%m%d}"
        for path in self._mirrors():
            with _unused(path) as free:
                if not free or not path.exists():
                    continue
                try:
                    _tidy(path, oldest)
                except GitError:
                    if not _healthy(path):
                        _remove(path)
                    else:
                        raise
        self.evict()

    def evict(self, room_mb: float = 0) -> float:
        """Remove the mirrors that were used longest ago until so much of the quota is free, and give what is (MiB).

        Mirrors in use are left, so it may be less, or below 0.
        """
        sizes = {path: _size_mb(path) for path in self._mirrors()}
        for path in self._least_used(list(sizes)):
            if self._quota_mb - sum(sizes.values()) >= room_mb:
                break
            if self._evict(path):
                del sizes[path]
        return self._quota_mb - sum(sizes.values())

    def size_mb(self) -> float:
        """Give how much disk all mirrors take."""
        return sum(_size_mb(path) for path in self._mirrors())

    def stores_mb(self) -> float:
        """Give how much of that the stores of words take (workers.words_store)."""
        total = 0
        for mirror in self._mirrors():
            for file in mirror.glob(f"{path_in(mirror).name}*"):
                with contextlib.suppress(FileNotFoundError):
                    total += file.lstat().st_blocks * 512
        return total / (1 << 20)

    def _evict(self, path: Path) -> bool:
        with _unused(path) as free:
            if free:
                _remove(path)
            return free

    def _mirrors(self) -> list[Path]:
        return sorted(self.folder.glob("*.git"))

    def _least_used(self, paths: list[Path]) -> list[Path]:
        def used(path: Path) -> float:
            try:
                return path.with_suffix(".use").stat().st_mtime
            except FileNotFoundError:
                return 0.0

        return sorted(paths, key=used)

    def _complete(self, path: Path, repository: str, commits: Sequence[str], token: Secret) -> None:
        """Bring what is missing of these commits into the mirror."""
        for attempt in (1, 2):
            room = 0.0
            try:
                _create(path)
                # What a process that was killed left; nobody else fetches now.
                _sweep(path)
                missing = [commit for commit in dict.fromkeys(commits) if not _keep(path, commit)]
                if not missing:
                    return
                wanted = {commit: _kept(commit) for commit in missing}
                room = self.evict(ROOM * self._quota_mb if attempt == 1 else self._quota_mb)
                if room < 1:
                    raise OverQuota(_LARGER)
                self._remote.fetch(path, repository, wanted, token, int(room))
                return
            except (CommitGone, RemoteRefused):
                raise
            except GitError as error:
                full = isinstance(error, OverQuota) or (room >= 1 and _filled(path, int(room)))
                if attempt == 2:
                    raise OverQuota(_LARGER) if full else error from None
                if full:
                    _forget(path, commits)
                elif "No space left" in str(error):
                    # The other mirrors are a cache; this review is work.
                    for other in self._mirrors():
                        if other != path:
                            self._evict(other)
                elif _healthy(path):
                    raise
                else:
                    _remove(path)
            finally:
                _sweep(path)
        raise AssertionError("the second attempt returns or raises")


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _kept(commit: str) -> str:
    # The day is in the name since git does not note when a ref was set.
    return f"{_KEPT}/{_today():%Y%m%d}/{commit}"


def _keep(path: Path, commit: str) -> bool:
    """Keep a commit for another week; False if no ref holds it, so that its trees and files may not all be there."""
    found = git.run(path, "for-each-ref", "--format=%(refname)", f"{_KEPT}/*/{commit}").decode().split()
    if not found:
        return False
    if _kept(commit) not in found:
        git.run(path, "update-ref", _kept(commit), commit)
    return True


def _filled(path: Path, largest_mb: int) -> bool:
    """Say whether a fetch ended because a file reached its limit: of that, git says different things or nothing."""
    sizes = [left.stat().st_size for left in (path / "objects" / "pack").glob("tmp_*")]
    return max(sizes, default=0) >= (largest_mb << 20) - (1 << 16)


def _sweep(path: Path) -> None:
    """Remove what a fetch that did not come to its end left behind."""
    for folder in (path / "objects" / "pack", *(path / "objects").glob("[0-9a-f][0-9a-f]")):
        for left in (*folder.glob("tmp_*"), *folder.glob(".tmp-*")):
            left.unlink(missing_ok=True)
    for lock in (path / "shallow.lock", path / "packed-refs.lock", path / "config.lock"):
        lock.unlink(missing_ok=True)


def _forget(path: Path, commits: Sequence[str]) -> None:
    """Let go of all commits of former days but these, and of what only they held.

    A review that runs now has kept its commits today; around midnight, yesterday.
    """
    lately = {f"{_today() - datetime.timedelta(days=days):%Y%m%d}" for days in (0, 1)}
    for name in git.run(path, "for-each-ref", "--format=%(refname)", _KEPT).decode().split():
        _, _, day, commit = name.split("/")
        if day not in lately and commit not in commits:
            git.run(path, "update-ref", "-d", name)
    git.run(path, "gc", "--quiet", "--prune=now", timeout=GC_TIMEOUT)


def _create(path: Path) -> None:
    if path.exists():
        return
    with tempfile.TemporaryDirectory(prefix="new-", dir=path.parent) as folder:
        new = Path(folder, "mirror")
        git.run(path.parent, "init", "--quiet", "--bare", "--template=", "--initial-branch=none", str(new))
        for name, value in _CONFIG.items():
            git.run(new, "config", name, value)
        new.rename(path)


def _tidy(path: Path, oldest: str) -> None:
    for name in git.run(path, "for-each-ref", "--format=%(refname)", _KEPT).decode().split():
        if name.split("/")[2] < oldest:
            git.run(path, "update-ref", "-d", name)
    if len(list((path / "objects" / "pack").glob("*.pack"))) > PACKS or _loose(path):
        git.run(path, "gc", "--quiet", "--prune=now", timeout=GC_TIMEOUT)


def _loose(path: Path) -> bool:
    """Say whether a fetch that was interrupted left files, or many small fetches did."""
    broken = any((path / "objects" / "pack").glob("tmp_*"))
    return broken or len(list((path / "objects").glob("[0-9a-f][0-9a-f]/*"))) > 100 * PACKS


def _healthy(path: Path) -> bool:
    """Say whether all that the refs hold is there and can be read."""
    try:
        git.run(path, "fsck", "--no-dangling", "--no-progress", timeout=FSCK_TIMEOUT)
    except GitError:
        return False
    return True


def _remove(path: Path) -> None:
    if not path.exists():
        return
    # First out of the way, which is one step: whoever still reads it keeps what is open and fails at the next file.
    aside = Path(tempfile.mkdtemp(prefix="old-", dir=path.parent))
    path.rename(aside / "mirror")
    shutil.rmtree(aside, ignore_errors=True)


def _size_mb(path: Path) -> float:
    total = 0
    for folder, _, files in os.walk(path):
        for name in files:
            # A file may go while we look: git makes many small ones into one.
            with contextlib.suppress(FileNotFoundError):
                total += Path(folder, name).lstat().st_blocks * 512
    return total / (1 << 20)


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Iterator[int]:
    """Hold a lock (it ends with the process, however that ends); the files stay, since removing them would race."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _unused(path: Path) -> Iterator[bool]:
    """Hold a mirror that nobody uses; False, without waiting, if somebody does."""
    with contextlib.ExitStack() as stack:
        try:
            for suffix in (".use", ".fetch"):
                stack.enter_context(_locked(path.with_suffix(suffix), fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            free = False
        else:
            free = True
        yield free
