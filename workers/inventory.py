"""scalability-bot inventory: every API request of a tree, grouped by component: what does the kubelet ask of the API server?"""

import argparse
import dataclasses
import json
import pathlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from workers.command_line import CannotRun, counted
from workers.formats.asked import table
from workers.git import CatFile, GitError, run
from workers.trees import NOT_READ, GitTree, raw_changes

_EXAMPLES = """examples:
  scalability-bot inventory --git-dir kubernetes.git --rev v1.30.0
  scalability-bot inventory --rev HEAD pkg/kubelet --format json
  scalability-bot inventory --rev HEAD --component kubelet
  scalability-bot inventory --git-dir kubernetes.git --diff v1.30.0 v1.31.0

--diff reads the Go files that differ, and prints for each component, verb, resource and scope how many places send such
requests before and after; what is the same on both sides is left out. Requests a second are for the largest supported
cluster, and printed only where the period and the number of instances are known, and no loop or condition is on the way."""
_SKIPPED_FOLDERS = frozenset({"vendor", "third_party", "Godeps", "testdata", "node_modules", "_output", ".git"})


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "inventory",
        help="list every API request of a tree",
        description="List every API request that the code of a tree sends, grouped by component.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="only these files and folders")
    parser.add_argument(
        "--git-dir",
        type=pathlib.Path,
        default=pathlib.Path(),
        metavar="DIR",
        help="a bare repository, or a work tree's folder (default: this folder)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--rev", default="HEAD", metavar="REV", help="the commit (default: HEAD)")
    which.add_argument(
        "--diff", nargs=2, metavar=("BEFORE", "AFTER"), help="two commits: print what is asked before and after"
    )
    parser.add_argument("--component", metavar="NAME", help="only requests of this component, as the list names it")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def main(args: argparse.Namespace) -> int:
    """Read the tree and print its requests."""
    started = time.perf_counter()
    if not args.git_dir.is_dir():
        raise CannotRun(f"{args.git_dir} is no folder: name a repository with --git-dir")
    try:
        with CatFile(args.git_dir.resolve()) as cat_file:
            if args.diff:
                return _compare(args, cat_file, started)
            tree = GitTree(cat_file, args.rev)
            files = sorted(_go_files(tree, args.paths))
            if args.paths and not files:
                raise CannotRun(
                    f"{args.rev} holds no Go files at {', '.join(args.paths)}: name files or folders of the repository"
                )
            progress = _Progress(len(files), sys.stderr)
            found, skipped = _read(tree, files, args.component, progress, {})
            progress.end()
    except GitError as error:
        raise CannotRun(str(error)) from error
    stats = {"files": len(files), "requests": len(found), "elapsed_ms": round((time.perf_counter() - started) * 1000)}
    if args.format == "json":
        reasons = [{"path": path, "reason": reason} for path, reason in sorted(skipped.items())]
        json.dump({"requests": found, "skipped": reasons, "stats": stats}, sys.stdout, indent=1)
        print()
    else:
        _print(found, skipped, stats)
    return 0


def _compare(args: argparse.Namespace, cat_file: CatFile, started: float) -> int:
    from analyzers.kubernetes.requests.asked import difference

    before, after = (GitTree(cat_file, revision) for revision in args.diff)
    files = sorted(_differing(args, before, after))
    progress = _Progress(2 * len(files), sys.stderr)
    facts: dict[str, Any] = {}
    old, skipped = _read(before, files, args.component, progress, facts)
    new, skipped_after = _read(after, files, args.component, progress, facts)
    progress.end()
    asked = difference(old, new)
    skipped |= skipped_after
    elapsed = time.perf_counter() - started
    if args.format == "json":
        report = {
            "asked": [dataclasses.asdict(each) for each in asked],
            "skipped": [{"path": path, "reason": reason} for path, reason in sorted(skipped.items())],
            "stats": {"files": len(files), "elapsed_ms": round(elapsed * 1000)},
        }
        json.dump(report, sys.stdout, indent=1)
        print()
        return 0
    if asked:
        print("\n".join(table(asked)), end="\n\n")
    for path, reason in sorted(skipped.items()):
        print(f"skipped {path}: {reason}")
    differ = counted(len(asked), "difference") if asked else "nothing else is asked of the API server"
    print(f"{differ}, in {counted(len(files), 'file')} ({elapsed:.1f} s)")
    return 0


def _differing(args: argparse.Namespace, before: GitTree, after: GitTree) -> Iterator[str]:
    """Yield the Go files that differ between two trees; GitError, with a sentence, where one is not there."""
    ids = before.root, after.root
    wanted = [f":(literal){path.strip('/').removeprefix('./') or '.'}" for path in args.paths] or ["."]
    raw = run(args.git_dir.resolve(), "diff-tree", "-r", "-z", "--raw", "--no-renames", *ids, "--", *wanted, *NOT_READ)
    for change in raw_changes(raw):
        if change.path.endswith(".go") and not change.submodule and not _SKIPPED_FOLDERS & {*change.path.split("/")}:
            yield change.path


def _go_files(tree: GitTree, paths: Iterable[str]) -> Iterator[str]:
    wanted = [path.strip("/").removeprefix("./") for path in paths] or [""]
    waiting = []
    for path in wanted:
        if path.endswith(".go") and tree.read(path) is not None:
            yield path
        else:
            waiting.append("" if path == "." else path)
    while waiting:
        folder = waiting.pop()
        for entry in tree.list(folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.kind == "tree" and entry.name not in _SKIPPED_FOLDERS:
                waiting.append(path)
            elif entry.kind == "blob" and entry.name.endswith(".go"):
                yield path


def _read(
    tree: GitTree, files: list[str], component_name: str | None, progress: "_Progress", facts: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    from analyzers.golang.types.checker import PackageIndex
    from analyzers.kubernetes.execution.components import component
    from analyzers.kubernetes.requests.external import EXTERNAL
    from analyzers.kubernetes.requests.inventory import Inventory

    index = PackageIndex(tree, external=EXTERNAL, facts=facts)
    inventory = Inventory(index)
    found: list[dict[str, Any]] = []
    for path in files:
        progress.step()
        where = component(path)
        if not where.reviewed:
            continue
        file = index.file(path)
        if file is None or file.generated:
            continue
        found += [request for request in inventory.of(file) if component_name in {None, request["component"]}]
        file.release()
    return found, dict(index.skipped)


class _Progress:
    """A bar on a terminal; silence elsewhere."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = max(total, 1)
        self._stream = stream
        self._shown = stream.isatty()
        self._done = 0

    def step(self) -> None:
        self._done += 1
        if self._shown and (self._done % 20 == 0 or self._done == self._total):
            filled = 40 * self._done // self._total
            self._stream.write(f"\r[{'#' * filled}{' ' * (40 - filled)}] {self._done}/{self._total} files")
            self._stream.flush()

    def end(self) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _print(found: list[dict[str, Any]], skipped: dict[str, str], stats: dict[str, int]) -> None:
    components = Counter(request["component"] for request in found)
    for name, count in components.most_common():
        print(f"{name} ({count})")
        for request in found:
            if request["component"] != name:
                continue
            notes = [request["scope"], request["kind"]]
            notes += (
                [f"in {'an' if request['loop'] == 'infinite' else 'a'} {request['loop']} loop"]
                if request["loop"]
                else []
            )
            notes += [f"every {request['period']:g} s"] if request["period"] else []
            print(
                f"  {request['verb']:<16}{request['resource'] or '?':<28}{request['path']}:{request['line']}  {', '.join(notes)}"
            )
        print()
    for path, reason in sorted(skipped.items()):
        print(f"skipped {path}: {reason}")
    print(
        f"{counted(stats['requests'], 'request')} in {counted(stats['files'], 'file')} ({stats['elapsed_ms'] / 1000:.1f} s)"
    )
