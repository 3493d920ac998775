"""Of how many calls in a table does the Go model know the receiver's type?

    python tests/benchmarks/type_coverage.py --git-dir REPO.git --rev COMMIT requests_2018.tsv

The table has the columns file, line (where the call's expression begins), method and category. Prints, by category, the
calls, those whose receiver has no type, and those that were not found at all.
"""

import argparse
import csv
import pathlib
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from analyzers.golang.facts import syntax
from analyzers.golang.types.checker import PackageIndex
from workers.git import CatFile
from workers.trees import GitTree


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("--git-dir", required=True, type=pathlib.Path)
    parser.add_argument("--rev", required=True)
    parser.add_argument("--examples", type=int, default=10)
    options = parser.parse_args()
    with options.table.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    objects = CatFile(options.git_dir)
    started = time.perf_counter()
    index = PackageIndex(GitTree(objects, options.rev))
    counts: Counter[tuple[str, str]] = Counter()
    examples = []
    for row in rows:
        outcome = receiver(index, row["file"], int(row["line"]), row["method"])
        counts[row["category"], outcome] += 1
        if outcome != "typed":
            examples.append(f"{outcome}: {row['file']}:{row['line']} {row['method']} ({row['category']})")
    objects.close()
    print(f"{len(rows)} calls in {time.perf_counter() - started:.1f} s")
    print(f"{'category':28}{'calls':>8}{'untyped':>9}{'not found':>11}")
    for category, calls in Counter(row["category"] for row in rows).most_common():
        print(f"{category:28}{calls:8}{counts[category, 'untyped']:9}{counts[category, 'not found']:11}")
    print("\n".join(examples[: options.examples]))
    return 0


def receiver(index: PackageIndex, path: str, line: int, method: str) -> str:
    """Say whether the receiver of the call to `method` whose expression begins on `line` is "typed" or "untyped", or the
    call "not found".
    """
    file = index.file(path)
    function = file.function_at(line) if file is not None else None
    if file is None or function is None:
        return "not found"
    for call in function.calls:
        if call.name == method and syntax.line(call.node) == line and call.operand is not None:
            package = call.operand.type == "identifier" and index.imported(file, syntax.text(call.operand))
            return "typed" if package or index.type_of(call.operand, file, function) is not None else "untyped"
    return "not found"


if __name__ == "__main__":
    sys.exit(main())
