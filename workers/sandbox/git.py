"""The bare git repository behind a simulated one: written by people's commits, read by the API, served over smart HTTP."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .patch import Patch

STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}


class GitFailed(RuntimeError):
    """git ended with an error; says which command and what it wrote."""


@dataclass(frozen=True)
class Entry:
    """A file of a commit that is not a plain one: its mode ("120000" a link, "100755" a program) and its bytes."""

    mode: str
    data: bytes


@dataclass(frozen=True)
class FileChange:
    """One file of a diff. `blob` is its object after the change (before, for a removed one); `patch` is None for a binary file."""

    path: str
    previous: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: Patch | None


@dataclass(frozen=True)
class CommitRecord:
    """A commit as git keeps it: people as "Name <mail>", times in ISO 8601."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    author_mail: str
    authored: str
    committer: str
    committer_mail: str
    committed: str
    message: str


def environment() -> dict[str, str]:
    """Give the environment in which git obeys no configuration but the repository's own."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **keep,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


class BareRepository:
    """A bare repository on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._changes = lru_cache(maxsize=64)(self._read_changes)
        self._commit = lru_cache(maxsize=4096)(self._read_commit)
        self._merge_base = lru_cache(maxsize=4096)(self._find_merge_base)

    def create(self, default_branch: str) -> None:
        """Create it, serving partial clones and any commit by its sha, as github.com does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", ".")
        with (self.folder / "config").open("a", encoding="utf-8") as config:
            config.write(
                "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[gc]\n\tauto = 0\n[core]\n\tfsync = none\n"
            )

    def git(self, *arguments: str, stdin: bytes | None = None, index: Path | None = None) -> bytes:
        """Run git in the repository and give what it writes; with an index file where the command needs one.

        Raises:
            GitFailed: it ended with an error.
        """
        variables = environment() | ({"GIT_INDEX_FILE": str(index)} if index else {})
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=variables, input=stdin, capture_output=True, check=False
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise GitFailed(f"git {' '.join(arguments)} in {self.folder}: {said or done.returncode}")
        return done.stdout

    def commit(
        self,
        files: Mapping[str, str | bytes | Entry | None],
        message: str,
        parents: Sequence[str],
        author: str,
        when: int,
        ref: str,
    ) -> str:
        """Write a commit and point `ref` at it; give its sha.

        Args:
            files: path -> content (None removes it); what is not named stays as in the first parent.
            message: the commit message.
            parents: shas; none for the first commit.
            author: a login; its mail address is made of it.
            when: seconds since 1970.
            ref: the full name of the ref to set, for example "refs/heads/master".
        """
        text = message.encode()
        person = f"{author} <{author}@example.com> {when} +0000".encode()
        stream = [
            b"commit " + ref.encode(),
            b"mark :1",
            b"author " + person,
            b"committer " + person,
            b"data %d" % len(text),
            text,
        ]
        for index, parent in enumerate(parents):
            stream.append((b"merge " if index else b"from ") + parent.encode())
        for path, content in files.items():
            name = b'"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").encode() + b'"'
            if content is None:
                stream.append(b"D " + name)
                continue
            entry = (
                content
                if isinstance(content, Entry)
                else Entry("100644", content.encode() if isinstance(content, str) else content)
            )
            stream += [b"M " + entry.mode.encode() + b" inline " + name, b"data %d" % len(entry.data), entry.data]
        # fast-import appends to what a ref already has; a commit with other parents needs the ref out of the way.
        stream.insert(0, b"reset " + ref.encode() + b"\n")
        stream += [b"get-mark :1", b""]
        written = self.git("fast-import", "--quiet", "--force", "--date-format=raw", stdin=b"\n".join(stream))
        return written.decode().strip()

    def resolve(self, revision: str) -> str | None:
        """Give the sha of the commit that a branch, a tag, a full ref or a sha names; None if there is none."""
        if not revision or revision.startswith("-"):
            return None
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            try:
                return (
                    self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
                    .decode()
                    .strip()
                )
            except GitFailed:
                continue
        return None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Give the refs whose names start with `prefix`: name -> sha, sorted."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return {name: sha for name, _, sha in (line.partition(" ") for line in listed) if name.startswith(prefix)}

    def set_ref(self, ref: str, sha: str | None) -> None:
        """Point a ref at a commit, or remove it."""
        self.git(*(("update-ref", "-d", ref) if sha is None else ("update-ref", ref, sha)))

    def merge_base(self, one: str, other: str) -> str | None:
        """Give the newest commit that both have in their history; None if there is none."""
        return self._merge_base(one, other)

    def _find_merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.git("merge-base", one, other).decode().strip()
        except GitFailed:
            return None

    def commits(self, base: str, head: str) -> list[CommitRecord]:
        """Give the commits that `head` has and `base` has not, oldest first."""
        shas = self.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}").decode().split()
        return [self.commit_record(sha) for sha in shas]

    def commit_record(self, sha: str) -> CommitRecord:
        """Give a commit by its sha."""
        return self._commit(sha)

    def _read_commit(self, sha: str) -> CommitRecord:
        fields = "%H%n%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B"
        text = self.git("show", "--no-patch", f"--format={fields}", sha).decode(errors="replace")
        name, tree, parents, author, mail, authored, committer, committer_mail, committed, message = text.split("\n", 9)
        return CommitRecord(
            name,
            tree,
            tuple(parents.split()),
            author,
            mail,
            authored,
            committer,
            committer_mail,
            committed,
            message.strip("\n"),
        )

    def changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        """Give the files that differ between two commits, in git's order, renames found."""
        return self._changes(base, head)

    def _read_changes(self, base: str, head: str) -> tuple[FileChange, ...]:
        raw = (
            self.git("diff", "--raw", "--no-abbrev", "-z", "-M", base, head)
            .decode(errors="surrogateescape")
            .split("\0")
        )
        counts = self._counts(base, head)
        patches = _patches(self.diff(base, head))
        found = []
        fields = iter(raw)
        for index, head_field in enumerate(iter(lambda: next(fields, ""), "")):
            _, _, before, after, letter = head_field.removeprefix(":").split(" ")
            path = next(fields)
            previous = None
            if letter[0] in "RC":
                previous, path = path, next(fields)
            added, deleted = counts[index]
            text = patches[index] if index < len(patches) else ""
            status = STATUS[letter[0]]
            blob = before if status == "removed" else after
            patch = Patch(text) if added is not None and text else None
            found.append(FileChange(path, previous, status, blob, added or 0, deleted or 0, patch))
        return tuple(found)

    def _counts(self, base: str, head: str) -> list[tuple[int | None, int | None]]:
        """Give the added and removed lines of each changed file, None for a binary one."""
        fields = iter(
            self.git("diff", "--numstat", "-z", "-M", base, head).decode(errors="surrogateescape").split("\0")
        )
        counts: list[tuple[int | None, int | None]] = []
        for record in iter(lambda: next(fields, ""), ""):
            added, deleted, path = record.split("\t", 2)
            if not path:  # a rename: two names follow
                next(fields), next(fields)
            counts.append((None, None) if added == "-" else (int(added), int(deleted)))
        return counts

    def diff(self, base: str, head: str) -> str:
        """Give the unified diff between two commits."""
        return self.git("diff", "-M", "--full-index", base, head).decode(errors="replace")

    def mail(self, base: str, head: str) -> str:
        """Give the commits between two as `git format-patch` writes them."""
        return self.git("format-patch", "--stdout", f"{base}..{head}").decode(errors="replace")

    def between(self, base: str, head: str, path: str) -> Patch | None:
        """Give the diff of one file without context lines; None where either side has no such file."""
        if self.blob_id(base, path) is None or self.blob_id(head, path) is None:
            return None
        text = self.git("diff", "-U0", "--no-renames", base, head, "--", path).decode(errors="replace")
        return Patch("\n".join(_patches(text)))

    def blob_id(self, revision: str, path: str) -> str | None:
        """Give the object id of a file (or folder) at a revision; None if there is none."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{revision}:{path}").decode().strip()
        except GitFailed:
            return None

    def blob(self, object_id: str) -> bytes:
        """Give a blob's bytes."""
        return self.git("cat-file", "blob", object_id)

    def kind(self, object_id: str) -> str | None:
        """Give an object's type ("blob", "tree", "commit", "tag"); None if there is no such object."""
        try:
            return self.git("cat-file", "-t", object_id).decode().strip()
        except GitFailed:
            return None

    def entries(self, treeish: str, recursive: bool = False) -> list[tuple[str, str, str, int | None, str]]:
        """Give a folder's entries: mode, type, object id, size (None for a folder), path."""
        arguments = ["ls-tree", "-z", "-l", *(["-r", "-t"] if recursive else []), treeish]
        entries = []
        for record in self.git(*arguments).decode(errors="surrogateescape").split("\0"):
            if record:
                described, path = record.split("\t", 1)
                mode, kind, object_id, size = described.split()
                entries.append((mode, kind, object_id, None if size == "-" else int(size), path))
        return entries


def _patches(diff: str) -> list[str]:
    """Split a diff into its files' parts, each from its first "@@" on ("" where there is none)."""
    parts: list[list[str]] = []
    inside = False
    for line in diff.split("\n"):
        if line.startswith("diff --git "):
            parts.append([])
            inside = False
        elif parts:
            inside = inside or line.startswith("@@ ")
            if inside:
                parts[-1].append(line)
    return ["\n".join(part).rstrip("\n") for part in parts]
