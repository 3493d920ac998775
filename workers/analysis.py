"""The straight line's middle: two revisions of a repository in, a report out. Holds no secret and asks for none."""

import dataclasses
import pathlib
import time
from collections.abc import Mapping, Sequence

from analyzers import catalogue
from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.change import Change
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diff import Diff, FileDiff, Hunk, Line
from analyzers.analysis.report import Report
from analyzers.analysis.tree import OverlayTree, Tree, Unreadable
from analyzers.driver.driver import analyze
from analyzers.golang.program.words import MemoryWords, WordStore
from bot.configuration import PATH, Parsed, parse, unread
from workers.git import CatFile, run
from workers.trees import NOT_READ, DiffProcess, GitTree, RawChange, missing_content, patched, raw_changes, unknown

TIMEOUT = 60.0
_DIFF = (
    "diff",
    "-p",
    "--find-renames",
    "-l400",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


def analyze_revisions(
    repository: pathlib.Path,
    base: str,
    head: str,
    *,
    analyzers: Sequence[Analyzer],
    deep: bool = False,
    configuration: Configuration | None = None,
    words: WordStore | None = None,
) -> Report:
    """Analyse the change from one commit to another, as `git diff BASE HEAD` shows it.

    repository is a bare repository or a work tree's folder; configuration, where it is None, is read from the base;
    words is what is known of the repository's files from other analyses, and gets to know what this one had to look up.
    GitError if a revision is not there or git fails.
    """
    started = time.perf_counter()
    with CatFile(repository) as cat_file:
        cat_file.start()
        process = DiffProcess(repository, base, head)
        before, after = GitTree(cat_file, base), GitTree(cat_file, head)
        # While git compares: what is asked for whatever the diff says.
        commits = _commit(cat_file, base), _commit(cat_file, head)
        parsed = _configured(configuration, before)
        after.list("")
        diff, missing = process.result(TIMEOUT)
        return _report(_change(diff, before, after, parsed, deep, words), missing, analyzers, *commits, started)


def analyze_work_tree(
    repository: pathlib.Path,
    base: str,
    *,
    analyzers: Sequence[Analyzer],
    deep: bool = False,
    configuration: Configuration | None = None,
    words: WordStore | None = None,
    objects: pathlib.Path | None = None,
) -> Report:
    """Analyse the change from a commit to the files on disk, with what is not committed and not yet added.

    objects is the repository to read commits from, where that is another one (workers.compared.readable).
    """
    started = time.perf_counter()
    top = pathlib.Path(run(repository, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    others = run(top, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", *NOT_READ)
    # A name that ends in a slash is another repository inside this one.
    new = sorted(path for path in others.decode("utf-8", "replace").split("\0") if path and not path.endswith("/"))
    with CatFile(objects or repository) as cat_file:
        before = GitTree(cat_file, base)
        before.list("")  # whether the base is here at all, with a sentence if not
        raw = raw_changes(run(top, "diff", "--raw", "-z", "--no-abbrev", "--no-renames", base, "--", ".", *NOT_READ))
        missing = missing_content(cat_file, raw)
        files = {change.path: _present(top / change.path, change, cat_file) for change in raw if not change.submodule}
        files |= {path: _on_disk(top / path) for path in new}
        exclude = (f":(exclude,literal){path}" for path in missing)
        text = run(top, *_DIFF, base, "--", ".", *NOT_READ, *exclude).decode("utf-8", "replace")
        diff = Diff.parse(text)
        diff = Diff((*diff.files, *(_added(path, files[path]) for path in new)))
        change = _change(diff, before, OverlayTree(files, before), _configured(configuration, before), deep, words)
        return _report(change, missing, analyzers, _commit(cat_file, base), None, started)


def analyze_patch(
    text: str,
    repository: pathlib.Path | None,
    base: str = "HEAD",
    *,
    analyzers: Sequence[Analyzer],
    deep: bool = False,
    configuration: Configuration | None = None,
    words: WordStore | None = None,
) -> Report:
    """Analyse a patch as if it were applied to a commit; without a repository, of changed Go files only what the patch shows whole.

    MalformedDiff or PatchMismatch if it is no diff or does not fit.
    """
    started = time.perf_counter()
    diff = Diff.parse(text)
    if repository is None:
        whole = {file.path: patched(file, None) for file in diff if file.status == "added"}
        missing = {
            file.path: "there is no repository: only a diff's own lines are known of a file that was there before"
            for file in diff
            if file.status in {"modified", "renamed"}
        }
        kept = Diff(tuple(file for file in diff if not (file.path in missing and file.path.endswith(".go"))))
        change = Change(kept, OverlayTree({}), OverlayTree(whole), configuration or Configuration(), deep)
        return _report(change, missing, analyzers, None, None, started)
    with CatFile(repository) as cat_file:
        before = GitTree(cat_file, base)
        files: dict[str, bytes | None] = {}
        missing = {}
        for file in diff:
            if file.binary:
                continue
            try:
                if file.status != "removed":
                    files[file.path] = patched(file, before.read(file.old_path) if file.old_path else None)
            except Unreadable as error:
                missing[file.path] = str(error)
                continue
            if file.old_path and file.status in {"removed", "renamed"}:
                files.setdefault(file.old_path, None)
        diff = Diff(tuple(file for file in diff if file.path not in missing))
        change = _change(diff, before, OverlayTree(files, before), _configured(configuration, before), deep, words)
        return _report(change, missing, analyzers, _commit(cat_file, base), None, started)


def read_configuration(repository: pathlib.Path, commit: str, defaults: Configuration) -> Parsed:
    """Read a repository's configuration at a commit, with the defaults where it says nothing. GitError if git fails."""
    with CatFile(repository) as cat_file:
        return _read(GitTree(cat_file, commit), defaults)


def _configured(configuration: Configuration | None, base: Tree) -> Parsed:
    """Without a configuration it is the base's own: a change can never silence its own review."""
    return _read(base, Configuration()) if configuration is None else Parsed(configuration, ())


def _read(tree: Tree, defaults: Configuration) -> Parsed:
    try:
        content = tree.read(PATH)
    except Unreadable as error:
        return unread(defaults, str(error))
    return parse(None if content is None else content.decode("utf-8", "replace"), defaults)


def _change(diff: Diff, base: Tree, head: Tree, parsed: Parsed, deep: bool, words: WordStore | None) -> Change:
    change = Change(diff, base, head, parsed.configuration, deep, MemoryWords() if words is None else words)
    for problem in parsed.problems:
        change.skip(PATH, problem)
    return change


def _report(
    change: Change,
    missing: Mapping[str, str],
    analyzers: Sequence[Analyzer],
    base: str | None,
    head: str | None,
    started: float,
) -> Report:
    for path, reason in missing.items():
        change.skip(path, reason)
    report = analyze(change, analyzers, catalogue.known())
    return dataclasses.replace(report, base=base, head=head, elapsed_ms=(time.perf_counter() - started) * 1000)


def _commit(cat_file: CatFile, revision: str) -> str:
    found = cat_file.read(f"{revision}^{{}}")
    if found is None:
        raise unknown(cat_file, revision)
    return found.id


def _present(path: pathlib.Path, change: RawChange, cat_file: CatFile) -> bytes | None:
    """Give what a changed file is now. In a sparse work tree it may not be on disk; then it is as it is committed."""
    if change.status == "D":
        return None
    content = _on_disk(path)
    if content is not None or set(change.new) == {"0"} or path.is_symlink():
        return content
    committed = cat_file.read(change.new)
    return committed.content if committed else None


def _on_disk(path: pathlib.Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


def _added(path: str, content: bytes | None) -> FileDiff:
    if content is None or b"\0" in content[:8000]:
        return FileDiff(path, None, "added", binary=True)
    lines = content.decode("utf-8", "replace").removesuffix("\n").split("\n")
    numbered = tuple(Line("+", None, number, text) for number, text in enumerate(lines, 1))
    return FileDiff(path, None, "added", hunks=(Hunk(1, len(lines), numbered),))
