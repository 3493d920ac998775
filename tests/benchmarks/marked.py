#!/usr/bin/env python3
"""What is said where readers wanted a comment: what silence costs.

    marked.py MARKED.jsonl ... --mirrors DIR

Each line of MARKED is a place that a reader marked in a change, who saw no comments and knew no rules: {"repo", "base",
"head", "path", "line", "kind", "reason"}; its repository is DIR/OWNER+NAME/repo. Prints each place with what is said within
four lines of it: "line" for a comment on a line (its further places count), "notice" for what only the summary lists, "-"
for nothing; then how many there are of each.
"""

import argparse
import json
import pathlib
from collections import Counter
from collections.abc import Iterable
from typing import Any

from analyzers import catalogue
from analyzers.analysis.diagnostic import Diagnostic, Place
from analyzers.golang.program.words import MemoryWords
from workers import analysis

_NEAR = 4
"""Lines: a comment that far away is read with the line that it is about."""


def said(place: dict[str, Any], diagnostics: Iterable[Diagnostic]) -> str:
    """Give how a place is spoken of: "line", "notice" or "-"."""
    near: list[bool] = [
        each.inline
        for each in diagnostics
        if any(
            where.path == place["path"] and abs(where.line - place["line"]) <= _NEAR
            for where in (*each.related, *each.witness, Place(each.path, each.line, each.line))
        )
    ]
    return "line" if any(near) else "notice" if near else "-"


def main() -> None:
    """Review each change once, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("marked", nargs="+", type=pathlib.Path)
    parser.add_argument("--mirrors", required=True, type=pathlib.Path)
    given = parser.parse_args()
    rules, words = catalogue.load(), dict[str, MemoryWords]()
    reports: dict[tuple[str, str, str], tuple[Diagnostic, ...]] = {}
    count = Counter[str]()
    for path in given.marked:
        for place in map(json.loads, path.read_text().splitlines()):
            key = (place["repo"], place["base"], place["head"])
            if key not in reports:
                repository = given.mirrors / place["repo"].replace("/", "+") / "repo"
                known = words.setdefault(place["repo"], MemoryWords())
                report = analysis.analyze_revisions(repository, *key[1:], analyzers=rules, words=known)
                reports[key] = tuple(report.diagnostics)
            how = said(place, reports[key])
            count[how] += 1
            print(f"{how:7}{place['repo']} {place['path']}:{place['line']} {place['kind']}")
    print(
        f"{sum(count.values())} places: {count['line']} on a line, {count['notice']} as a notice, {count['-']} not at all"
    )


if __name__ == "__main__":
    main()
