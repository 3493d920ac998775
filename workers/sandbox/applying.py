"""A diff that a person pastes, as the files it makes of a commit."""

import re
import tempfile
from pathlib import Path

from .call import unprocessable
from .git import BareRepository, Entry, GitFailed

LARGEST = 1 << 20


def applied(git: BareRepository, commit: str, diff: str) -> dict[str, Entry | None]:
    """Give the files that a unified diff changes in a commit: path -> what it becomes, None where it goes away.

    Raises:
        Refusal: it is too large, changes nothing, or does not apply; the reason is git's.
    """
    text = diff.replace("\r\n", "\n").strip("\n") + "\n"  # a form's lines end so
    if len(text.encode()) > LARGEST:
        raise unprocessable("The diff has more than 1 MB.")
    if not re.search(r"^@@ |^(rename|deleted|new file)", text, re.MULTILINE):
        raise unprocessable("This is no unified diff, as `git diff` prints it.")
    with tempfile.TemporaryDirectory(prefix="scalability-bot-") as folder:
        try:
            # The index is a file of its own: the repository has no work tree, and others read it meanwhile.
            tree = _tree(git, Path(folder, "index"), commit, text.encode())
        except GitFailed as problem:
            reasons = re.findall(r"error: (.*)", str(problem)) or ["git gives no reason"]
            raise unprocessable(f"The diff does not apply: {reasons[-1]}.") from None
    found: dict[str, Entry | None] = {}
    fields = git.git("diff-tree", "-r", "-z", "--no-renames", f"{commit}^{{tree}}", tree).decode().split("\0")
    for described, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, status = described.removeprefix(":").split(" ")
        found[path] = None if status == "D" else Entry(mode, git.blob(blob))
    if not found:
        raise unprocessable("The diff changes nothing.")
    return found


def _tree(git: BareRepository, index: Path, commit: str, diff: bytes) -> str:
    git.git("read-tree", commit, index=index)
    git.git("apply", "--cached", "--recount", "--whitespace=nowarn", "-", stdin=diff, index=index)
    return git.git("write-tree", index=index).decode().strip()
