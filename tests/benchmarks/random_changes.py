#!/usr/bin/env python3
"""What the reviewer says of random changes of a repository, for a person to judge: precision where nobody has looked before.

    random_changes.py --git-dir DIR [--count N] [--seed N] [--since DATE] [--until DATE] [--known CASES.jsonl ...]

Reviews N pull requests that the default branch took (merges, or squashed ones) and that touch Go code other than tests, drawn
with the seed, and prints one line of JSON for each that got a comment on a line: {"base", "head", "title", "comments":
[{"rule", "path", "line", "message"}]}; on standard error, how many were reviewed and how many of them got one. Changes
whose base or head a case of --known names are left out, so that what was tuned to does not count.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys

_BOT = str(pathlib.Path(sys.executable).with_name("scalability-bot"))
_MOST_FILES = 80


def git(directory: str, *arguments: str) -> str:
    """Give what a git command prints of the repository; "" where it fails, as for objects that a clone lacks."""
    done = subprocess.run(["git", "--git-dir", directory, *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def changes(directory: str, since: str | None, until: str | None) -> list[tuple[str, str]]:
    """Give (base, head) of every pull request that the default branch took, merged or squashed: what other branches took in
    from it is nobody's change."""
    dates = [f"--since={since}"] * bool(since) + [f"--until={until}"] * bool(until)
    rows = [
        line.split() for line in git(directory, "log", "--first-parent", "--format=%H %P", *dates, "HEAD").splitlines()
    ]
    return [(row[1], row[0]) for row in rows if len(row) in {2, 3}]


def touches_code(directory: str, base: str, head: str) -> bool:
    """Say whether a change of moderate size touches Go code that is neither a test nor somebody else's."""
    names = git(directory, "diff", "--name-only", "--no-renames", base, head).splitlines()
    own = [name for name in names if name.endswith(".go") and not name.endswith("_test.go")]
    own = [name for name in own if not name.startswith(("vendor/", "Godeps/", "test/", "third_party/"))]
    return 0 < len(own) <= _MOST_FILES


def review(directory: str, base: str, head: str) -> dict[str, object]:
    """Give the report of `scalability-bot check`."""
    command = [_BOT, "check", "--git-dir", directory, "--base", base, "--head", head, "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{base}..{head}: {done.stderr.decode('utf-8', 'replace').strip()}")
    report: dict[str, object] = json.loads(done.stdout)
    return report


def main() -> None:
    """Draw, review and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--git-dir", required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--since")
    parser.add_argument("--until")
    parser.add_argument("--known", nargs="*", type=pathlib.Path, default=[])
    given = parser.parse_args()
    known = set()
    for path in given.known:
        for line in path.read_text().splitlines():
            case = json.loads(line)
            known |= {case["base"], case["head"]}
    drawn = changes(given.git_dir, given.since, given.until)
    random.Random(given.seed).shuffle(drawn)
    reviewed = said = 0
    for base, head in drawn:
        if reviewed >= given.count:
            break
        if {base, head} & known or not touches_code(given.git_dir, base, head):
            continue
        reviewed += 1
        found = review(given.git_dir, base, head)["diagnostics"]
        assert isinstance(found, list)
        comments = [
            {"rule": each["analyzer"], **{key: each[key] for key in ("path", "line", "message")}}
            for each in found
            if each["inline"]
        ]
        if comments:
            said += 1
            title = git(given.git_dir, "log", "-1", "--format=%s", head).strip()
            print(json.dumps({"base": base, "head": head, "title": title, "comments": comments}), flush=True)
    print(f"{reviewed} changes reviewed, {said} of them got a comment on a line", file=sys.stderr)


if __name__ == "__main__":
    main()
