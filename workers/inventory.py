"""scalability-bot inventory: every API request of a tree, grouped by component: what does the kubelet ask of the API server?"""

import argparse
import json
import pathlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from workers.command_line import CannotRun, counted
from workers.git import CatFile, GitError
from workers.trees import GitTree

_EXAMPLES = """examples:
  scalability-bot inventory --git-dir kubernetes.git --rev v1.30.0
  scalability-bot inventory --rev HEAD pkg/kubelet --format json
  scalability-bot inventory --rev HEAD --component kubelet"""
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
    parser.add_argument("--rev", default="HEAD", metavar="REV", help="the commit (default: HEAD)")
    parser.add_argument("--component", metavar="NAME", help="only requests of this component, as the list names it")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def main(args: argparse.Namespace) -> int:
    """Read the tree and print its requests."""
    started = time.perf_counter()
    if not args.git_dir.is_dir():
        raise CannotRun(f"{args.git_dir} is no folder: name a repository with --git-dir")
    try:
        with CatFile(args.git_dir.resolve()) as cat_file:
            tree = GitTree(cat_file, args.rev)
            files = sorted(_go_files(tree, args.paths))
            if args.paths and not files:
                raise CannotRun(
                    f"{args.rev} holds no Go files at {', '.join(args.paths)}: name files or folders of the repository"
                )
            found, skipped = _read(tree, files, args.component)
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


def _read(tree: GitTree, files: list[str], component_name: str | None) -> tuple[list[dict[str, Any]], dict[str, str]]:
    from analyzers.golang.types.checker import PackageIndex
    from analyzers.kubernetes.execution.components import component
    from analyzers.kubernetes.requests.external import EXTERNAL
    from analyzers.kubernetes.requests.inventory import Inventory

    index = PackageIndex(tree, external=EXTERNAL)
    inventory = Inventory(index)
    progress = _Progress(len(files), sys.stderr)
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
    progress.end()
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
