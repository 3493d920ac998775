"""What a worker saves that has a repository's mirror already: the first review of it against the next ones.

    .venv/bin/python -m tests.benchmarks.mirrors --git-dir kubernetes.git [--count 8] [--rev HEAD]

Takes the last merges of a repository's history, oldest first, as pull requests, and does with each what a review does:
fetch three commits over smart HTTP from this machine, and analyse. So the network is missing from the seconds; the bytes
that went over it are told, to be divided by one's own. For deploy/README.md: whether it pays to give a repository to one
worker.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from analyzers.analysis.configuration import Configuration
from bot.settings import Secret
from workers.mirror import Mirrors
from workers.parser import Parser
from workers.sandbox import SimulatedGitHub

NAME = "octo/measured"


def merges(git_dir: Path, revision: str, count: int) -> list[tuple[str, str]]:
    """Give base and head of the last merges, oldest first."""
    said = subprocess.run(
        ["git", "--git-dir", str(git_dir), "log", "--first-parent", "--merges", f"-{count}", "--format=%P", revision],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    pairs = []
    for line in reversed(said.splitlines()):
        first, second = line.split()[:2]
        base = subprocess.run(
            ["git", "--git-dir", str(git_dir), "merge-base", first, second], capture_output=True, text=True, check=True
        )
        pairs.append((base.stdout.strip(), second))
    return pairs


def megabytes(folder: Path) -> float:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / (1 << 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--git-dir", type=Path, required=True)
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--count", type=int, default=8)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name, SimulatedGitHub(Path(name, "github")) as github:
        served = github.repository(NAME).git
        Path(served.folder, "objects", "info", "alternates").write_text(f"{options.git_dir.resolve() / 'objects'}\n")
        mirrors = Mirrors(Path(name, "mirrors"), github.git_url, 20_480)
        token = Secret(github.token({"contents": "read"}).value)
        reader = Parser(timeout=600, memory_mb=2_048)
        reader.start()
        before = 0.0
        for base, head in merges(options.git_dir, options.rev, options.count):
            for index, commit in enumerate((base, head)):
                served.set_ref(f"refs/heads/at-{index}", commit)
            started = time.monotonic()
            with mirrors.holding(NAME, (base, head), token) as mirror:
                fetched = time.monotonic()
                reader.analyze(mirror, base, head, deep=False, configuration=Configuration())
                done = time.monotonic()
            after = megabytes(mirrors.folder)
            rows.append((fetched - started, done - fetched, after - before))
            print(
                f"fetch {rows[-1][0]:5.1f} s  analysis {rows[-1][1]:5.1f} s  disk {rows[-1][2]:+6.1f} MiB", flush=True
            )
            before = after
        reader.close()
    first, *rest = rows
    usual = [statistics.median(column) for column in zip(*rest, strict=True)]
    print(f"first review: {first[0]:.1f} + {first[1]:.1f} s, {first[2]:.0f} MiB")
    print(f"the next ones, median: {usual[0]:.1f} + {usual[1]:.1f} s, {usual[2]:.1f} MiB")


if __name__ == "__main__":
    main()
