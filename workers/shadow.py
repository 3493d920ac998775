"""scalability-bot shadow: the reviews that MODE=shadow kept instead of posting them."""

import argparse
import dataclasses
import itertools
import json
import sys
from typing import Any

from redis import RedisError

from bot.queue import connect
from bot.settings import SettingsError
from bot.shadow import Kept, read
from workers import environment
from workers.command_line import CannotRun


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "shadow",
        help="print the reviews that MODE=shadow kept",
        description="Print what the bot would have written on GitHub, the oldest first.",
        epilog="examples:\n"
        "  scalability-bot shadow\n"
        "  scalability-bot shadow --repository kubernetes/kubernetes --number 123456\n"
        "  scalability-bot shadow --format json | jq .write",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only of this repository")
    parser.add_argument("--number", type=int, help="only of this pull request")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="json: an object a line (default: text)"
    )


def main(args: argparse.Namespace) -> int:
    """Print what was kept."""
    try:
        with connect(environment.redis_url(environment.settings())) as connection:
            found = read(connection, args.repository, args.number)
            if args.format == "json":
                for kept in found:
                    json.dump({**dataclasses.asdict(kept), "at": kept.at.isoformat()}, sys.stdout)
                    print()
                return 0
            groups = itertools.groupby(found, key=lambda kept: (kept.repository, kept.number))
            shown = False
            for (repository, number), writes in groups:
                _show(repository, number, list(writes))
                shown = True
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    except RedisError as error:
        raise CannotRun(f"the queue cannot be read ({error}): check REDIS_URL") from error
    if not shown:
        print("Nothing was kept: the bot keeps what it would write while MODE is shadow.", file=sys.stderr)
    return 0


def _show(repository: str, number: int, writes: list[Kept]) -> None:
    heading = f"{repository}#{number}, {writes[0].at:%Y-%m-%d %H:%M} UTC"
    print(f"{heading}\n{'=' * len(heading)}\n")
    for kept in writes:
        print(f"{kept.text}\n")
