"""scalability-bot check: analyse a change in a local repository, as a contributor would before opening a pull request."""

import argparse
import gc
import hashlib
import importlib
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from analyzers import catalogue
from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.diagnostic import Level
from analyzers.analysis.diff import MalformedDiff
from analyzers.analysis.report import Report
from analyzers.golang.program.words import WordStore
from bot.configuration import PATH, parse
from workers import analysis, compared
from workers.command_line import CannotRun, coloured
from workers.compared import WORK_TREE, Compared
from workers.formats.checked import Checked
from workers.git import CatFile, GitError
from workers.rules import unknown
from workers.trees import PatchMismatch
from workers.words_store import StoredWords, keep, remove

_MOST_STORES = 10

_EXAMPLES = """examples:
  scalability-bot check                               the work tree against its merge base with the default branch
  scalability-bot check --base main --head my-branch  two trees, as `git diff main my-branch` compares them
  git diff HEAD | scalability-bot check --diff -      a patch, applied in memory to HEAD
  scalability-bot check --format sarif --output scalability.sarif
  scalability-bot check --format rdjson --fail-on never | reviewdog -f=rdjson -reporter=local -diff="git diff main"

exit status: 0 nothing of the level of --fail-on, 1 something of it, 2 could not run"""
# Format -> the module of workers.formats that holds it, and its function there. Each is imported only when it is asked for.
FORMATS: Mapping[str, tuple[str, str]] = {
    "text": ("text", "render"),
    "json": ("json_report", "render"),
    "sarif": ("sarif", "render"),
    "rdjson": ("rdjson", "render"),
    "rdjsonl": ("rdjson", "render_lines"),
    "github": ("github", "render"),
    "markdown": ("markdown", "render"),
}
_FAIL_ON: Mapping[str, frozenset[Level]] = {
    "warning": frozenset({Level.WARNING}),
    "notice": frozenset(Level),
    "never": frozenset(),
}


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "check",
        help="analyse a change in a local repository",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_comparison(parser)
    parser.add_argument(
        "--deep",
        action="store_true",
        help="search more of the repository; add what was already there, and what is asked before and after",
    )
    parser.add_argument("--select", metavar="NAMES", help="only these rules, separated by commas")
    parser.add_argument("--ignore", metavar="NAMES", help="say nothing that these rules would say, separated by commas")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text")
    parser.add_argument(
        "--output", type=pathlib.Path, metavar="FILE", help="write to a file (default: standard output)"
    )
    parser.add_argument(
        "--fail-on", choices=_FAIL_ON, default="warning", help="what makes the exit status 1; default: warning"
    )


def add_comparison(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments that say what is compared, for all commands that look at a change."""
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
    parser.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep what is known of the repository from other checks"
    )


def main(args: argparse.Namespace) -> int:
    """Analyse and print; give the exit status."""
    if not args.deep:
        gc.disable()  # one analysis and out: collecting its syntax trees would be a fifth of its time
    with checking(args, _known(args.select), _known(args.ignore), deep=args.deep) as checked:
        _write(checked, args)
        sys.stdout.flush()  # whoever waits for the answer need not wait for what is kept of it
    return int(any(diagnostic.level in _FAIL_ON[args.fail_on] for diagnostic in checked.report.diagnostics))


@contextmanager
def checking(
    args: argparse.Namespace, select: Sequence[str] = (), ignore: Sequence[str] = (), *, deep: bool
) -> Iterator[Checked]:
    """Analyse what the arguments of add_comparison name, warn of what is amiss, and give what there is to say.

    select and ignore are rules (none selected: all). On the way out, what was learnt of the repository is kept. CannotRun.
    """
    repository = _repository(args)
    with _words(None if args.no_cache else repository) as words:
        try:
            checked = _check(args, repository, words, catalogue.load(list(select) or None, list(ignore)), deep)
        except (GitError, MalformedDiff, PatchMismatch, catalogue.UnknownRule) as error:
            raise CannotRun(str(error)) from error
        for warning in checked.warnings:
            print(f"scalability-bot: warning: {warning}", file=sys.stderr)
        yield checked


def _check(
    args: argparse.Namespace,
    repository: pathlib.Path | None,
    words: WordStore | None,
    analyzers: Sequence[Analyzer],
    deep: bool,
) -> Checked:
    names = tuple(analyzer.name for analyzer in analyzers)
    if args.diff and args.head:
        raise CannotRun(
            "--diff says what is changed, so --head has nothing to say: name what the patch fits with --base"
        )
    if repository is None:
        if not args.diff:
            raise CannotRun(
                f"{pathlib.Path.cwd()} is no git repository: run this inside one, or name one with --repo or --git-dir"
            )
        report = analysis.analyze_patch(_patch(args.diff), None, analyzers=analyzers, deep=deep)
        return Checked(report, names, "compared the patch with nothing, as there is no repository here", {})
    if args.diff:
        ends = compared.patch(repository, args.base)
    elif args.head:
        ends = compared.revisions(repository, args.base, args.head)
    elif args.git_dir:
        raise CannotRun("a bare repository has no work tree: name a commit with --head")
    else:
        ends = compared.work_tree(repository, args.base)
    with compared.readable(repository) as objects:
        report = _analyse(args, ends, repository, objects, {"analyzers": analyzers, "deep": deep, "words": words})
        problems = _problems(ends, repository, objects)
    left_out = sum(each.path != PATH for each in report.skipped)
    sentence = ends.sentence(report.files, left_out)
    warnings = tuple(ends.warnings(report.files + left_out))
    return Checked(report, names, sentence, ends.to_json(), warnings, problems)


def _known(text: str | None) -> list[str]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name not in catalogue.known():
            raise CannotRun(unknown(name))
    return names


@contextmanager
def _words(repository: pathlib.Path | None) -> Iterator[WordStore | None]:
    """Give what is known of a repository's files from other checks, and keep what this one learnt."""
    cache = _cache(repository) if repository else None
    if cache is None:
        yield None
        return
    words = StoredWords(cache)
    yield words
    rows = words.rows()
    words.close()
    if rows is not None:
        keep(cache, rows)
        _tidy(cache.parent)


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
    args: argparse.Namespace,
    ends: Compared,
    repository: pathlib.Path,
    objects: pathlib.Path,
    given: dict[str, Any],
) -> Report:
    if args.diff:
        return analysis.analyze_patch(_patch(args.diff), objects, ends.base, **given)
    if ends.head is None:
        return analysis.analyze_work_tree(repository, ends.base, objects=objects, **given)
    return analysis.analyze_revisions(objects, ends.base, ends.head, **given)


def _problems(ends: Compared, repository: pathlib.Path, objects: pathlib.Path) -> tuple[str, ...]:
    """Give what is wrong with the repository's configuration, before the change and after it, each problem once."""
    with CatFile(objects) as cat_file:
        found = [cat_file.read(f"{commit}:{PATH}") for commit in (ends.base, ends.head) if commit]
    texts = [each.content for each in found if each]
    if ends.head_name == WORK_TREE:
        on_disk = compared.top(repository) / PATH
        texts += [on_disk.read_bytes()] if on_disk.is_file() else []
    problems = (problem for each in texts for problem in parse(each.decode("utf-8", "replace")).problems)
    return tuple(dict.fromkeys(problems))


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


def _patch(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == "-" else pathlib.Path(name).read_bytes()
    except OSError as error:
        raise CannotRun(f"the patch {name} could not be read: {error.strerror}") from error
    return content.decode("utf-8", "surrogateescape")


def _write(checked: Checked, args: argparse.Namespace) -> None:
    module, function = FORMATS[args.format]
    render = getattr(importlib.import_module(f"workers.formats.{module}"), function)
    options: dict[str, Any] = {}
    if args.format == "text":
        width = min(shutil.get_terminal_size((100, 24)).columns, 110)
        options = {"colour": not args.output and coloured(sys.stdout), "width": width}
    put(render(checked, **options), args.output, checked.count)


def put(written: str, output: pathlib.Path | None, what: str) -> None:
    """Write a text to a file, and say so, or to standard output; CannotRun."""
    if not output:
        sys.stdout.write(written)
        return
    try:
        output.write_text(written, "utf-8", "surrogateescape")
    except OSError as error:
        raise CannotRun(f"{output} could not be written ({error.strerror}): name another --output") from error
    print(f"{what}: written to {output}", file=sys.stderr)
