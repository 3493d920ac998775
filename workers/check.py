"""scalability-bot check: analyse a change in a local repository, as a contributor would before opening a pull request."""

import argparse
import gc
import hashlib
import json
import os
import pathlib
import shutil
import sys
import textwrap
from typing import Any

from analyzers import catalogue
from analyzers.analysis.diagnostic import Level
from analyzers.analysis.diff import MalformedDiff
from analyzers.analysis.report import Report
from analyzers.golang.program.words import WordStore
from workers import analysis
from workers.command_line import CannotRun
from workers.git import GitError, run
from workers.trees import PatchMismatch
from workers.words_store import StoredWords, keep, remove

_MOST_STORES = 10

_EXAMPLES = """examples:
  scalability-bot check                               the work tree against its merge base with the default branch
  scalability-bot check --base main --head my-branch  two trees, as `git diff main my-branch` compares them
  git diff HEAD | scalability-bot check --diff -      a patch, applied in memory to HEAD
  scalability-bot check --select explicit-list,node-api-call --format json

exit status: 0 no warning, 1 a warning (with --strict a notice too), 2 could not run"""


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "check",
        help="analyse a change in a local repository",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--repo", type=pathlib.Path, metavar="DIR", help="the work tree (default: this folder)")
    where.add_argument("--git-dir", type=pathlib.Path, metavar="DIR", help="a bare repository")
    parser.add_argument(
        "--base", metavar="REV", help="compare from here (default: the merge base with the remote's default branch)"
    )
    parser.add_argument(
        "--head", metavar="REV", help="compare to here (default: the work tree, with what is not committed)"
    )
    parser.add_argument(
        "--diff", metavar="FILE", help="a patch, applied in memory to the base (default HEAD); - is standard input"
    )
    parser.add_argument("--deep", action="store_true", help="let the analyzers read the whole repository")
    parser.add_argument("--select", metavar="NAMES", help="only these rules, separated by commas")
    parser.add_argument("--ignore", metavar="NAMES", help="say nothing that these rules would say, separated by commas")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for notices too")
    parser.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep what is known of the repository from other checks"
    )


def main(args: argparse.Namespace) -> int:
    """Analyse and print; give the exit status."""
    if not args.deep:
        gc.disable()  # one analysis and out: collecting its syntax trees would be a fifth of its time
    try:
        analyzers = catalogue.load(_names(args.select) or None, _names(args.ignore))
        repository = _repository(args)
        cache = None if args.no_cache or repository is None else _cache(repository)
        words = StoredWords(cache) if cache is not None else None
        report = _analyse(args, repository, analyzers, words)
    except (GitError, MalformedDiff, PatchMismatch, catalogue.UnknownRule) as error:
        raise CannotRun(str(error)) from error
    if args.format == "json":
        json.dump(report.to_json(), sys.stdout, indent=1)
        print()
    else:
        _print(report, args)
    if cache is not None and words is not None:
        rows = words.rows()
        words.close()
        if rows is not None:
            sys.stdout.flush()
            keep(cache, rows)
            _tidy(cache.parent)
    levels = {diagnostic.level for diagnostic in report.diagnostics}
    return int(Level.WARNING in levels or (args.strict and bool(levels)))


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def _cache(repository: pathlib.Path) -> pathlib.Path | None:
    """Give where what is known of a repository's files is kept: below the user's cache folder (the XDG Base Directory
    Specification); None for a user without a home."""
    given = pathlib.Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        folder = given if given.is_absolute() else pathlib.Path.home() / ".cache"
    except RuntimeError:
        return None
    name = hashlib.sha256(os.fsencode(repository)).hexdigest()[:16]
    return folder / "scalability-bot" / f"{name}.sqlite"


def _tidy(folder: pathlib.Path) -> None:
    """Remove what was written longest ago, so that not each repository that was ever checked keeps its store."""
    stores = sorted(folder.glob("*.sqlite"), key=lambda path: path.stat().st_mtime)
    for path in stores[:-_MOST_STORES]:
        remove(path)


def _analyse(
    args: argparse.Namespace, repository: pathlib.Path | None, analyzers: list[Any], words: WordStore | None
) -> Report:
    given: dict[str, Any] = {"analyzers": analyzers, "deep": args.deep, "words": words}
    if args.diff:
        return analysis.analyze_patch(_patch(args.diff), repository, args.base or "HEAD", **given)
    if repository is None:
        raise CannotRun(
            f"{pathlib.Path.cwd()} is no git repository: run this inside one, or name one with --repo or --git-dir"
        )
    if args.head is None and args.git_dir:
        raise CannotRun("a bare repository has no work tree: name a commit with --head")
    base = args.base or _merge_base(repository, args.head or "HEAD")
    if args.head is None:
        return analysis.analyze_work_tree(repository, base, **given)
    return analysis.analyze_revisions(repository, base, args.head, **given)


def _repository(args: argparse.Namespace) -> pathlib.Path | None:
    given = args.git_dir or args.repo
    folder = (given or pathlib.Path.cwd()).resolve()
    if not folder.is_dir():
        raise CannotRun(f"{given} is no folder: name a repository that is there")
    if args.git_dir:
        if not (folder / "objects").is_dir():
            raise CannotRun(f"{given} is no git repository: --git-dir wants a bare one, or a .git folder")
        return folder
    inside = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
    if inside is None and args.repo:
        raise CannotRun(f"{given} is no git repository: name one with --repo or --git-dir")
    return inside


def _merge_base(repository: pathlib.Path, head: str) -> str:
    candidates = (
        "refs/remotes/origin/HEAD",
        "refs/remotes/upstream/HEAD",
        "origin/main",
        "origin/master",
        "main",
        "master",
    )
    for candidate in candidates:
        try:
            return run(repository, "merge-base", candidate, head).decode().strip()
        except GitError:
            continue
    raise CannotRun(
        f"no default branch was found in {repository} (tried {', '.join(candidates)}): name a commit with --base"
    )


def _patch(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == "-" else pathlib.Path(name).read_bytes()
    except OSError as error:
        raise CannotRun(f"the patch {name} could not be read: {error.strerror}") from error
    return content.decode("utf-8", "surrogateescape")


def _print(report: Report, args: argparse.Namespace) -> None:
    colour = sys.stdout.isatty()
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)

    def paint(text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if colour else text

    for diagnostic in report.diagnostics:
        style = "1;33" if diagnostic.level is Level.WARNING else "36"
        print(
            f"{paint(f'{diagnostic.path}:{diagnostic.line}', '1')}: {paint(diagnostic.level.value, style)}: {diagnostic.analyzer}"
        )
        for number, text in enumerate(diagnostic.excerpt, diagnostic.line):
            print(f"{paint(f'{number:>6} |', '2')} {text.expandtabs(4)}")
        print(textwrap.fill(diagnostic.message, width, initial_indent="       ", subsequent_indent="       "))
        if diagnostic.witness:
            way = " -> ".join(f"{each.message} ({each.path}:{each.line})" for each in diagnostic.witness)
            print(textwrap.fill(way, width, initial_indent="       by ", subsequent_indent="          "))
        for place in diagnostic.related:
            print(paint(f"       also {place.path}:{place.line} {place.message}".rstrip(), "2"))
        print()
    for skipped in report.skipped:
        print(paint(f"skipped {skipped.path or '(all files)'}: {skipped.reason}", "2"))
    warnings = sum(diagnostic.level is Level.WARNING for diagnostic in report.diagnostics)
    print(
        f"{warnings} {'warning' if warnings == 1 else 'warnings'}, {len(report.diagnostics) - warnings} notices"
        f" in {report.files} files, {report.lines} added lines ({report.elapsed_ms:.0f} ms)"
        f"{'; not all could be read' if report.skipped else ''}"
    )
    if report.cc:
        print(f"The bot would mention {', '.join(report.cc)}.")
