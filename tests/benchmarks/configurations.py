"""Texts of all kinds as .github/scalability.yaml: none may bring its reading down, or take long.

    nice .venv/bin/python -m tests.benchmarks.configurations [--texts 50000] [--seed 1]

Half of them are drawn from pieces of YAML, half are ordinary files in which a few characters were changed. Each is read
as a repository's file is, and the slowest are shown. Bounded: about a minute for 50,000. Exit status 1 if one failed.
"""

import argparse
import random
import sys
import time

from bot.configuration import LONGEST, Parsed, parse

PIECES = (
    *"\n\n\n  :-[]{},&*!|>%@`#?\"'\t\0~<=.0123456789",
    *(
        "rules",
        "ignore",
        "node_components",
        "cc",
        "label",
        "cap",
        "explicit-list",
        "off",
        "notice",
        "docs/",
        "@me",
        "@a/b",
    ),
    *(
        ": ",
        "- ",
        "? ",
        "\n- ",
        "\n  - ",
        "\n",
        "---\n",
        "...\n",
        "%YAML 9.9\n",
        "%TAG ! tag:x,2000:\n",
        "<<: ",
        "&a ",
        "*a",
    ),
    *(
        "!!bool x",
        "!!int 0x",
        "!!float",
        "!!binary ",
        "!!timestamp ",
        "!!set",
        "!!python/name:os.system",
        "!<x> ",
        "! ",
        "!a!b ",
    ),
    *(
        "2026-01-01",
        "1:30:00",
        "0x" + "f" * 30,
        "0b1",
        "0o7",
        "1_000",
        ".inf",
        "-.nan",
        "1e999",
        "null",
        "true",
        "yes",
        "~",
    ),
    *('"\\ud800"', '"\\U00110000"', '"\\UFFFFFFFF"', '"\\x"', "\ufeff", "\u2028", "\x85", "\ud7ff", "\U0001f600", "é"),
)
LONG = (
    "[" * 2_000,
    "{" * 2_000,
    "? " * 2_000,
    "- " * 2_000,
    "a: " * 2_000,
    "9" * 5_000,
    "a" * 20_000,
    "'" * 3_000,
    "\t" * 3_000,
)
ORDINARY = """\
rules:
  explicit-list: off
  value-receiver: notice
ignore: [docs/, "*_generated.go"]
node_components:
  - cmd/agent/*
cc: ["@me", "@kubernetes/sig-node"]
label: scalability/deep
cap: 3
"""


def texts(number: int, seed: int) -> list[str]:
    """Draw so many texts; the same for the same seed."""
    draw = random.Random(seed)
    return [_mutated(draw) if index % 2 else _drawn(draw) for index in range(number)]


def _drawn(draw: random.Random) -> str:
    pieces = draw.choices(PIECES, k=draw.randint(1, 40))
    if draw.random() < 0.1:
        pieces.insert(draw.randrange(len(pieces)), draw.choice(LONG))
    if draw.random() < 0.01:
        pieces *= 200
    return "".join(pieces)[: LONGEST + 1]


def _mutated(draw: random.Random) -> str:
    text = ORDINARY
    for _ in range(draw.randint(1, 4)):
        begin = draw.randrange(len(text) + 1)
        end = min(len(text), begin + draw.choice((0, 0, 1, 1, 5, 20)))
        text = (
            text[:begin]
            + draw.choice((draw.choice(PIECES), draw.choice(PIECES), "", text[end : end + 20]))
            + text[end:]
        )
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed, slowest, problems = 0, (0.0, ""), 0
    begin = time.perf_counter()
    for text in texts(options.texts, options.seed):
        started = time.process_time()
        try:
            found = parse(text)
            assert isinstance(found, Parsed)
            "".join(found.problems).encode()
            problems += bool(found.problems)
        except Exception as error:
            failed += 1
            print(f"{type(error).__name__}: {error}: {text[:200]!r}")
        slowest = max(slowest, (time.process_time() - started, text))
    print(
        f"{options.texts:,} texts in {time.perf_counter() - begin:.0f} s: {failed} failed, {problems:,} had problems; the "
        f"slowest took {slowest[0] * 1000:.0f} ms ({len(slowest[1]):,} characters, {slowest[1][:60]!r})"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
