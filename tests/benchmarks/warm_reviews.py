#!/usr/bin/env python3
"""What does a review cost? Processor time and memory of each in a warm worker.

    warm_reviews.py CASES.jsonl ... --mirrors DIR --stores DIR [--deep] [--sample N] [--only ID ...]

Of each case (a line of JSON with `id`, `repo`, `base`, `head`; its repository is DIR/OWNER+NAME/repo) the change is
analysed as a worker does it: in a child forked from a process that has loaded all rules, with the repository's store of
words. Where that lacked words, the case is analysed again and the last time counts; --stores is where the stores are
kept. What is measured is the processor time of the child and of the git processes that it starts, as the kernel counts it,
and the largest resident set among them.

Prints one line of JSON for each case, {"case", "ms", "mb"}, as they come; then one for all.
"""

import argparse
import json
import os
import pathlib
import random
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from analyzers.analysis.analyzer import Analyzer
from workers import analysis, words_store
from workers.parser import loaded


class Cost(NamedTuple):
    """Processor time in ms, and the largest resident set in MB; the words that the store lacked, b"" for none."""

    ms: float
    mb: float
    lacked: bytes


def cost(
    case: dict[str, Any], mirrors: pathlib.Path, store: pathlib.Path, rules: Sequence[Analyzer], deep: bool
) -> Cost:
    """Analyse a change in a child of this process; ChildProcessError if it fails, and says why on standard error."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(receiver)
            words = words_store.StoredWords(store)
            repository = mirrors / case["repo"].replace("/", "+") / "repo"
            revisions = case["base"], case["head"]
            report = analysis.analyze_revisions(repository, *revisions, analyzers=rules, deep=deep, words=words)
            json.dumps(report.to_json())
            with os.fdopen(sender, "wb") as pipe:
                pipe.write(words.rows() or b"")
            status = 0
        except Exception:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        lacked = pipe.read()
    _, status, usage = os.wait4(child, 0)
    if status:
        raise ChildProcessError
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024, lacked)


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value below which this share of the values lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> None:
    """Analyse every case and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=pathlib.Path)
    parser.add_argument("--mirrors", required=True, type=pathlib.Path)
    parser.add_argument("--stores", required=True, type=pathlib.Path)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--sample", type=int, help="so many cases, always the same ones")
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    read = (json.loads(line) for path in given.cases for line in path.read_text().splitlines())
    cases = [case for case in read if not given.only or case["id"] in given.only]
    if given.sample:
        cases = random.Random(1).sample(cases, min(given.sample, len(cases)))
    rules = loaded()
    costs = []
    failed = 0
    for case in cases:
        store = words_store.path_in(given.stores / case["repo"].replace("/", "+"))
        try:
            while (found := cost(case, given.mirrors, store, rules, given.deep)).lacked:
                words_store.keep(store, found.lacked)
        except ChildProcessError:
            print(f"{case['id']} failed", file=sys.stderr)
            failed += 1
            continue
        costs.append(found)
        print(json.dumps({"case": case["id"], "ms": round(found.ms), "mb": round(found.mb)}), flush=True)
    ms, mb = [each.ms for each in costs], [each.mb for each in costs]
    totals = {"ms": {f"p{share * 100:.0f}": round(quantile(ms, share)) for share in (0.5, 0.9, 0.99, 1)}}
    print(json.dumps({"cases": len(costs), "failed": failed, **totals, "mb": round(max(mb))}))


if __name__ == "__main__":
    main()
