"""What `scalability-bot check` compares: which commit with what, how it was found, and where that is nothing."""

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from workers.command_line import CannotRun, counted
from workers.git import GitError, run

# A repository whose default branch is meant, before those of its copies: by convention `upstream` is what a fork comes from.
_BRANCHES = ("HEAD", "main", "master")


@dataclass(frozen=True, slots=True)
class Compared:
    """Two ends of a change.

    base and head are ids of commits; head is None for what lies beside it: the work tree, or a patch. found says how the base
    was found. commits counts those from the base to the head (to HEAD for the work tree), None where that is not asked for.
    shallow says that the clone's history ends early. implied says that nobody named the base.
    """

    base: str
    found: str
    head: str | None
    head_name: str
    commits: int | None = None
    shallow: bool = False
    implied: bool = False

    def sentence(self, files: int, left_out: int) -> str:
        """Say what was compared, in one line; left_out counts the files that could not be read."""
        parts = [] if self.commits is None else [counted(self.commits, "commit")]
        if self.head_name == WORK_TREE:
            parts.append("what is not committed")
        # A commit that was named by its id is not named twice.
        what = self.head_name
        if self.head:
            what = self.head[:9] if self.head.startswith(what) else f"{what} ({self.head[:9]})"
        found = "" if self.base.startswith(self.found) else f" ({self.found})"
        within = f", {' and '.join(parts)}" if parts else ""
        left = f", {left_out:,} left out" if left_out else ""
        return f"compared {what} with {self.base[:9]}{found}{within}: {counted(files, 'file')}{left}"

    def warnings(self, files: int) -> Iterator[str]:
        """Yield one sentence for each reason why less may have been compared than was meant; files counts all that differ."""
        if self.implied and self.shallow and not self.commits:
            yield (
                "this clone is shallow and its history ends where the comparison begins: fetch more with"
                " `git fetch --unshallow` (or --deepen=100), or name a commit with --base"
            )
        elif self.implied and not self.commits and not files:
            yield (
                f"nothing was compared: {self.base[:9]}, the {self.found}, is the newest commit itself, and there is nothing"
                " beside it; name an earlier one, such as --base HEAD~1"
            )
        elif not files:
            yield f"nothing was compared: {self.head_name} and {self.base[:9]} have the same files"

    def to_json(self) -> dict[str, Any]:
        """Give what `check --format json` prints of it."""
        return {"found": self.found, "what": self.head_name, "commits": self.commits, "shallow": self.shallow}


WORK_TREE = "the work tree"
PATCH = "the patch"


def work_tree(repository: pathlib.Path, base: str | None) -> Compared:
    """Compare the files on disk with a commit, or with where HEAD left the default branch; CannotRun, GitError."""
    compared = _compared(repository, base, "HEAD")
    return replace(compared, head=None, head_name=WORK_TREE)


def revisions(repository: pathlib.Path, base: str | None, head: str) -> Compared:
    """Compare a commit with another, or with where it left the default branch; CannotRun, GitError."""
    return _compared(repository, base, head)


def patch(repository: pathlib.Path, base: str | None) -> Compared:
    """Compare what a patch makes of a commit with that commit; CannotRun, GitError."""
    name = base or "HEAD"
    return Compared(_commit(repository, name), name, None, PATCH)


def _compared(repository: pathlib.Path, base: str | None, head: str) -> Compared:
    at = _commit(repository, head)
    shallow = run(repository, "rev-parse", "--is-shallow-repository").strip() == b"true"
    found = (_commit(repository, base), base) if base else _merge_base(repository, at, shallow)
    commits = int(run(repository, "rev-list", "--count", f"{found[0]}..{at}"))
    return Compared(*found, at, head, commits, shallow, implied=base is None)


def _commit(repository: pathlib.Path, name: str) -> str:
    try:
        return run(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{}}").decode().strip()
    except GitError as error:
        if not run(repository, "rev-list", "--max-count=1", "--all"):
            raise CannotRun(f"{repository} has no commit yet: there is nothing to compare with") from error
        raise CannotRun(f"{name} is no commit of this repository: fetch it, or name another") from error


def _merge_base(repository: pathlib.Path, head: str, shallow: bool) -> tuple[str, str]:
    """Give the newest commit that the head has in common with a default branch, and its name.

    Remote branches come first, all of them: in a fork `origin` may be months behind `upstream`, and the nearest one leaves
    what the author did. Local ones are asked only where there is no remote.
    """
    listed = run(repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/remotes", "refs/heads")
    refs = [line.split(" ", 1) for line in listed.decode("utf-8", "replace").splitlines()]
    remote = {tip: ref for tip, ref in refs if ref.startswith("refs/remotes/") and ref.rpartition("/")[2] in _BRANCHES}
    local = {tip: ref for tip, ref in refs if ref in {f"refs/heads/{name}" for name in _BRANCHES}}
    candidates = remote or local
    nearest: tuple[int, str, str] | None = None
    for tip, ref in candidates.items():
        with contextlib.suppress(GitError):
            base = run(repository, "merge-base", tip, head).decode().strip()
            distance = int(run(repository, "rev-list", "--count", f"{base}..{head}"))
            if nearest is None or distance < nearest[0]:
                alone = "" if remote else ", as there is no remote"
                nearest = (distance, base, f"merge base with {_short(ref)}{alone}")
    if nearest:
        return nearest[1:]
    if candidates and shallow:
        raise CannotRun(
            "this clone is shallow, and where HEAD left the default branch is missing from it: fetch more with"
            " `git fetch --unshallow` (or --deepen=100), or name a commit with --base"
        )
    tried = ", ".join(map(_short, candidates.values())) or "main and master of every remote, then here"
    raise CannotRun(f"no default branch was found in {repository} (tried {tried}): name a commit with --base")


def top(repository: pathlib.Path) -> pathlib.Path:
    """Give the folder of a work tree's files."""
    return pathlib.Path(os.fsdecode(run(repository, "rev-parse", "--show-toplevel")).rstrip("\n"))


def _short(ref: str) -> str:
    return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/").removesuffix("/HEAD")


@contextlib.contextmanager
def readable(repository: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give a repository to read objects from: the same, or for a partial clone a view of it that takes no remote's promise.

    In a partial clone, git before 2.45 fetches what is missing whatever it is told, and ends where it may not. The view is a
    bare repository in a folder of its own, with the same objects and no remote: there what is missing is missing. It has no
    branches: commits are named by their ids.
    """
    if not _is_partial(repository):
        yield repository
        return
    where = run(repository, "rev-parse", "--path-format=absolute", "--git-path", "objects", "--show-object-format")
    objects, form = where.decode().splitlines()
    with tempfile.TemporaryDirectory(prefix="scalability-bot-") as folder:
        view = pathlib.Path(folder)
        run(view, "init", "--quiet", "--bare", f"--object-format={form}", folder)
        (view / "objects" / "info" / "alternates").write_text(f"{objects}\n", "utf-8", "surrogateescape")
        yield view


def _is_partial(repository: pathlib.Path) -> bool:
    try:
        return bool(run(repository, "config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$"))
    except GitError:
        return False  # exit status 1: there is no such setting
