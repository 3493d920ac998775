"""Trees and diffs from a git repository."""

import itertools
import pathlib
import stat
import subprocess
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, NamedTuple

from analyzers.analysis.diff import Diff, FileDiff
from analyzers.analysis.tree import Entry, Unreadable
from workers.git import CatFile, GitError, TooLarge, command, environment, last_line, run, sizes

# What the rules never read: other people's code and what machines wrote. Left out of the patch, since a bump of one
# dependency can carry 100,000 such lines. vendor/modules.txt stays: it names versions.
NOT_READ = (
    ":(exclude,glob)**/vendor/*/**",
    ":(exclude,glob)**/third_party/**",
    ":(exclude,glob)**/Godeps/_workspace/**",
    ":(exclude,glob)**/Godeps/LICENSES",
    ":(exclude,glob)**/LICENSES/**",
    ":(exclude,glob)**/*.pb.go",
    ":(exclude,glob)**/zz_generated.*",
    ":(exclude,glob)**/go.sum",
    ":(exclude,glob)**/*.svg",
    ":(exclude,glob)**/api/openapi-spec/**",
    ":(exclude,glob)**/docs/api-reference/**",
)
_DIFF = (
    "diff-tree",
    "-r",
    "-p",
    "--find-renames",
    "-l400",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--full-index",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_FOLDER = 0o040000
_SUBMODULE = "160000"
# What is read of one file, and of one file's patch: Kubernetes' largest Go file has 1.55 MB. Nothing above is compared
# (git takes it for binary), so that it costs nothing.
LARGEST = 2 << 20
LINES = 50_000
# Of all patches together. Where these end, the rest is left out: each file by its name, as long as git's output has an end.
MOST_LINES, MOST_BYTES = 300_000, 16 << 20
ENOUGH = 10


def too_large(size: int) -> str:
    """Say why a file is not read."""
    return f"it has {size / 1e6:,.1f} MB: beyond {LARGEST / 1e6:.0f} MB no file is read"


class GitTree:
    """The files at one commit or tree. Folders and files are read once each."""

    def __init__(self, cat_file: CatFile, revision: str) -> None:
        """`revision` names a commit or tree; GitError, at the first use, if it is not there."""
        self._cat_file = cat_file
        self._revision = revision
        self._folders: dict[str, dict[str, Entry]] = {}

    @cached_property
    def root(self) -> str:
        """The id of the root folder."""
        found = self._cat_file.read(f"{self._revision}^{{tree}}")
        if found is None:
            raise unknown(self._cat_file, self._revision)
        self._folders[""] = _entries(found.content)
        return found.id

    def read(self, path: str) -> bytes | None:
        """Give the bytes of the file at `path`, None if there is none (or it is a symbolic link or a submodule)."""
        entry = self._entry(path)
        if entry is None or entry.kind != "blob":
            return None
        try:
            found = self._cat_file.read(entry.id, LARGEST)
        except TooLarge as error:
            raise Unreadable(too_large(error.size)) from error
        except GitError as error:
            raise Unreadable(str(error)) from error
        if found is None:
            raise Unreadable(f"its content ({entry.id[:12]}) is missing from this clone: fetch it to have it analysed")
        return found.content

    def list(self, folder: str) -> list[Entry]:
        """Give the entries of `folder`, sorted by name."""
        return sorted(self._folder(folder).values())

    def id(self, path: str) -> str | None:
        """Give the blob or tree id at `path`."""
        if not path:
            return self.root
        entry = self._entry(path)
        return entry.id if entry else None

    def _entry(self, path: str) -> Entry | None:
        folder, _, name = path.rpartition("/")
        return self._folder(folder).get(name)

    def _folder(self, folder: str) -> dict[str, Entry]:
        assert self.root
        # Up to the nearest folder that is known, and down again: a path may be hundreds of folders deep.
        unknown = []
        while folder not in self._folders:
            unknown.append(folder)
            folder = folder.rpartition("/")[0]
        known = self._folders[folder]
        for each in reversed(unknown):
            entry = known.get(each.rpartition("/")[2])
            found = self._cat_file.read(entry.id) if entry and entry.kind == "tree" else None
            known = self._folders[each] = _entries(found.content) if found else {}
        return known


def _entries(content: bytes) -> dict[str, Entry]:
    """Read a tree object: MODE NAME NUL ID(20 or 32 bytes), again and again."""
    entries: dict[str, Entry] = {}
    at = 0
    while at < len(content):
        blank = content.index(b" ", at)
        nul = content.index(b"\0", blank)
        mode = int(content[at:blank], 8)
        name = content[blank + 1 : nul].decode("utf-8", "replace")
        at = nul + 21
        kind = "tree" if mode == _FOLDER else "blob" if stat.S_ISREG(mode) else "other"
        entries[name] = Entry(name, content[nul + 1 : at].hex(), kind)  # type: ignore[arg-type]
    return entries


class DiffProcess:
    """`git diff-tree -p` between two trees, running while the caller does something else."""

    def __init__(self, repository: pathlib.Path, base: str, head: str, exclude: Iterable[str] = ()) -> None:
        self._repository, self._base, self._head = repository, base, head
        self._exclude = tuple(f":(exclude,literal){path}" for path in exclude)
        arguments = [*_DIFF, "--end-of-options", base, head, "--", ".", *NOT_READ, *self._exclude]
        self._process = subprocess.Popen(
            command(repository, arguments, {"core.bigFileThreshold": str(LARGEST)}),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def result(self, timeout: float) -> tuple[Diff, dict[str, str]]:
        """Give the diff, and what of the change is not in it with the reason, "" standing for files without a name.

        That is what is missing from this clone, and what is too large. GitError if git fails.
        """
        assert self._process.stdout and self._process.stderr
        errors: list[bytes] = []
        late = threading.Timer(timeout, self._process.kill)
        # git's complaints are taken in passing, or it would wait for them to be read.
        complaints = threading.Thread(target=lambda: errors.append(self._process.stderr.read()))  # type: ignore[union-attr]
        with self._process:
            late.start()
            complaints.start()
            patch = _Patch.read(self._process.stdout)
            if patch.is_cut:
                self._process.kill()
            complaints.join()
            status = self._process.wait()
            in_time = late.is_alive()
            late.cancel()
        if status == 0 or patch.is_cut:
            diff = Diff.parse(patch.text)
            return diff, {**self._large(diff), **patch.left_out}
        if not in_time:
            raise GitError(f"the diff took git longer than {timeout:.0f} s")
        missing = {} if self._exclude else _missing(self._repository, self._base, self._head)
        if not missing:
            raise GitError(f"git could not compare {self._base} with {self._head}: {last_line(errors[0])}")
        diff, left_out = DiffProcess(self._repository, self._base, self._head, missing).result(timeout)
        return diff, {**left_out, **missing}

    def _large(self, diff: Diff) -> dict[str, str]:
        """Give the files that are binary only for their size."""
        binary = [file for file in diff if file.binary]
        names = [
            f"{revision}:{path}"
            for file in binary
            for revision, path in ((self._base, file.old_path or file.path), (self._head, file.path))
        ]
        found = sizes(self._repository, names) if names else []
        largest = [max(before or 0, after or 0) for before, after in zip(found[::2], found[1::2], strict=True)]
        return {file.path: too_large(size) for file, size in zip(binary, largest, strict=True) if size > LARGEST}


@dataclass
class _Patch:
    """git's output, as far as it is not too much: sections of one file each, of which some are left out."""

    left_out: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    sections: list[bytes] = field(default_factory=list)
    lines: int = 0
    size: int = 0

    @property
    def text(self) -> str:
        return b"".join(self.sections).decode("utf-8", "replace")

    @classmethod
    def read(cls, output: IO[bytes]) -> "_Patch":
        patch, section = cls(), _Section()
        lines = size = 0
        for line in output:
            lines, size = lines + 1, size + len(line)
            if line.startswith(b"diff --git "):
                patch._add(section)
                section = _Section()
            section.add(line)
            if lines > ENOUGH * MOST_LINES or size > ENOUGH * MOST_BYTES:
                patch.is_cut = True
                patch.left_out[""] = "the change is too large: its last files were left out"
                return patch
        patch._add(section)
        return patch

    def _add(self, section: "_Section") -> None:
        if not section.lines:
            return
        reason = ""
        if section.lines > LINES or section.size > LARGEST:
            reason = f"its part of the change is too large ({section.lines:,} lines): left out"
        elif self.lines + section.lines > MOST_LINES or self.size + section.size > MOST_BYTES:
            reason = "the whole change is too large: this file was left out"
        if reason:
            self.left_out[section.path] = reason
            return
        self.sections += section.text
        self.lines += section.lines
        self.size += section.size


@dataclass
class _Section:
    """The part of a patch that is about one file: its lines as far as they are kept."""

    text: list[bytes] = field(default_factory=list)
    lines: int = 0
    size: int = 0

    def add(self, line: bytes) -> None:
        self.lines += 1
        self.size += len(line)
        if self.lines <= LINES and self.size <= LARGEST:
            self.text.append(line)

    @property
    def path(self) -> str:
        header = list(itertools.takewhile(lambda line: not line.startswith(b"@@ "), self.text))
        return Diff.parse(b"".join(header).decode("utf-8", "replace")).files[0].path


def _missing(repository: pathlib.Path, base: str, head: str) -> dict[str, str]:
    """Give the changed paths of which one side's content is not in this clone."""
    with CatFile(repository) as cat_file:
        for revision in (base, head):
            if cat_file.read(f"{revision}^{{tree}}") is None:
                raise unknown(cat_file, revision)
        raw = run(repository, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--end-of-options", base, head)
        return missing_content(cat_file, raw_changes(raw))


def unknown(cat_file: CatFile, revision: str) -> GitError:
    """Give the error for a revision without files here: it may be known, and its files left out of a partial clone."""
    if cat_file.read(f"{revision}^{{commit}}") is not None:
        return GitError(f"the list of files of {revision} is missing from this clone, which is partial: fetch it")
    return GitError(f"{revision} is no commit of this repository: fetch it, or name another")


class RawChange(NamedTuple):
    """One path of `git diff --raw -z --no-renames`: ids of all zeros are those that git does not know, or of nothing."""

    path: str
    old: str
    new: str
    status: str
    submodule: bool


def raw_changes(raw: bytes) -> list[RawChange]:
    """Read what `git diff --raw -z --no-renames` prints (git-diff(1), "Raw output format")."""
    words = raw.decode("utf-8", "replace").split("\0")
    changes = []
    for meta, path in zip(words[::2], words[1::2], strict=False):
        old_mode, new_mode, old, new, status = meta.removeprefix(":").split(" ")
        changes.append(RawChange(path, old, new, status, _SUBMODULE in {old_mode, new_mode}))
    return changes


def missing_content(cat_file: CatFile, changes: Iterable[RawChange]) -> dict[str, str]:
    """Give the paths of which one side's content should be in this clone and is not, with the reason to tell."""
    missing = {}
    for change in changes:
        for blob in (change.old, change.new):
            if not change.submodule and set(blob) != {"0"} and cat_file.read(blob) is None:
                missing[change.path] = (
                    f"its content ({blob[:12]}) is missing from this clone: fetch it to have it analysed"
                )
    return missing


class PatchMismatch(Exception):
    """A patch that does not fit the text it is applied to; says where."""


def patched(file: FileDiff, before: bytes | None) -> bytes:
    """Give a file's bytes after its diff is applied to the text before; PatchMismatch where they do not fit."""
    old = before.decode("utf-8", "surrogateescape").split("\n") if before is not None else []
    result: list[str] = []
    at = 0
    for hunk in file.hunks:
        for line in hunk.lines:
            if line.old is not None:
                result += old[at : line.old - 1]
                at = line.old
                if at > len(old) or old[at - 1].rstrip("\r") != line.text.rstrip("\r"):
                    raise PatchMismatch(
                        f"the patch does not fit {file.old_path} at line {line.old}: give the commit it was made from with --base"
                    )
            if line.kind != "-":
                result.append(line.text)
    result += old[at:]
    return ("\n".join(result) + ("\n" if not old and result else "")).encode("utf-8", "surrogateescape")
