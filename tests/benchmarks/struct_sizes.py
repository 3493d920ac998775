"""Compare the sizes that analyzers.golang.sizes finds with those that a compiler found.

    python tests/benchmarks/struct_sizes.py --git-dir REPO.git --rev COMMIT --year 2018 struct_sizes.json

The JSON maps "import/path.Type" to {"2018": bytes, ...}. Prints how many are exact, too small but said so ("at least"), wrong, or not found.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from analyzers.golang.packages import PackageIndex
from analyzers.golang.sizes import Sizes
from analyzers.golang.tree import Entry
from analyzers.golang.types import Named


class GitTree:
    """The files at one commit of a bare repository, through one `git cat-file --batch`."""

    def __init__(self, git_dir: str, rev: str) -> None:
        self._git = subprocess.Popen(
            ["git", "--git-dir", git_dir, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._rev = rev
        self._lists: dict[str, list[Entry]] = {}

    def _object(self, name: str) -> tuple[str, str, bytes] | None:
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._git.stdin.write(f"{name}\n".encode())
        self._git.stdin.flush()
        head = self._git.stdout.readline().split()
        if len(head) != 3:
            return None
        data = self._git.stdout.read(int(head[2]) + 1)[:-1]
        return head[0].decode(), head[1].decode(), data

    def read(self, path: str) -> bytes | None:
        """Give a file's bytes."""
        found = self._object(f"{self._rev}:{path}")
        return found[2] if found is not None and found[1] == "blob" else None

    def id(self, path: str) -> str | None:
        """Give an object's id."""
        found = self._object(f"{self._rev}:{path}")
        return found[0] if found is not None else None

    def list(self, folder: str) -> list[Entry]:
        """Give a folder's entries."""
        if folder not in self._lists:
            found = self._object(f"{self._rev}:{folder}")
            self._lists[folder] = _entries(found[2]) if found is not None and found[1] == "tree" else []
        return self._lists[folder]

    def close(self) -> None:
        """End git."""
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._git.stdin.close()
        self._git.stdout.close()
        self._git.wait()


def _entries(data: bytes) -> list[Entry]:
    found, position = [], 0
    while position < len(data):
        blank, end = data.index(b" ", position), data.index(b"\0", position)
        mode, name = data[position:blank], data[blank + 1 : end].decode("utf-8", "replace")
        kind = "tree" if mode == b"40000" else "blob" if mode.startswith(b"100") else "other"
        found.append(Entry(name, data[end + 1 : end + 21].hex(), kind))  # type: ignore[arg-type]
        position = end + 21
    return found


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", help="struct_sizes.json")
    parser.add_argument("--git-dir", required=True)
    parser.add_argument("--rev", required=True)
    parser.add_argument("--year", default="2018")
    parser.add_argument("--examples", type=int, default=10)
    options = parser.parse_args()
    known = json.loads(pathlib.Path(options.sizes).read_text())
    tree = GitTree(options.git_dir, options.rev)
    started = time.perf_counter()
    index = PackageIndex(tree)
    sizes = Sizes(index)
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for key, years in known.items():
        if options.year not in years:
            continue
        path, _, name = key.rpartition(".")
        expected = years[options.year]
        named = Named(path, name)
        if index.lookup(path, name) is None:
            outcome = "not found"
        else:
            bytes_, exact = sizes.size(named)
            if bytes_ > expected:
                outcome = "too large"
            elif exact:
                outcome = "exact" if bytes_ == expected else "too small, said to be exact"
            else:
                outcome = "at least"
            if outcome != "exact":
                key = f"{key}: {bytes_} of {expected}"
        counts[outcome] += 1
        examples.setdefault(outcome, []).append(key)
    tree.close()
    total = sum(counts.values())
    print(f"{total} structs of {options.year} in {time.perf_counter() - started:.1f} s; module {index.module_path!r}")
    for outcome, count in counts.most_common():
        print(f"{outcome:30} {count:6} {100 * count / total:6.2f} %")
        if outcome != "exact":
            for example in examples[outcome][: options.examples]:
                print(f"    {example}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
