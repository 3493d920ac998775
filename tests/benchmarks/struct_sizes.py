"""Compare the sizes that analyzers.golang.sizes finds with those that a compiler found.

    python tests/benchmarks/struct_sizes.py --git-dir REPO.git --rev COMMIT --year 2018 struct_sizes.json

The JSON maps "import/path.Type" to {"2018": bytes, ...}. Prints how many are exact, too small but said so ("at least"),
wrong, or not found.
"""

import argparse
import json
import pathlib
import sys
import time
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.sizes import Sizes
from analyzers.golang.types.types import Named
from workers.git import CatFile
from workers.trees import GitTree


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
    objects = CatFile(pathlib.Path(options.git_dir))
    objects.start()
    started = time.perf_counter()
    index = PackageIndex(GitTree(objects, options.rev))
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
    objects.close()
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
