"""scalability-bot stats: what became of the bot's comments."""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from redis import RedisError

from bot.acceptance import overview
from bot.acceptance.figures import ANCHORS, Figures, per_cent
from bot.acceptance.overview import Overview
from bot.acceptance.record import monday, week
from bot.acceptance.store import Store
from bot.queue import connect
from bot.settings import SettingsError
from workers import environment
from workers.command_line import CannotRun

_COUNTS = ("posted", "open", "fixed", "changed", "dismissed", "wrong", "deleted", "stood", "dropped")


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "stats",
        help="tell what became of the comments, by rule and repository",
        description="Tell what became of the comments that the bot posted: addressed, dismissed, stood when merged; and which "
        "rules are demoted for it.",
        epilog="examples:\n"
        "  scalability-bot stats\n"
        "  scalability-bot stats --repository kubernetes/kubernetes --since 13w\n"
        "  scalability-bot stats --by repository\n"
        "  scalability-bot stats --format json | jq '.rules | map_values(.shares.addressed)'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--repository", metavar="OWNER/NAME", help="only of this repository")
    parser.add_argument(
        "--by", choices=("rule", "repository", "both", "week"), default="rule", help="a line for each (default: rule)"
    )
    parser.add_argument(
        "--since",
        metavar="DATE|WEEKS",
        type=_since,
        help="comments posted since the week of a date, or so many weeks: 13w",
    )
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="json: one object (default: table)"
    )


def main(args: argparse.Namespace) -> int:
    """Print the figures."""
    try:
        settings = environment.settings()
        with connect(environment.redis_url(settings)) as connection:
            store = Store(connection)
            now = store.now()
            since = args.since(now) if args.since else None
            found = overview.read(store, settings.demote, args.repository, since)
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    except RedisError as error:
        raise CannotRun(f"the queue cannot be read ({error}): check REDIS_URL") from error
    if args.format == "json":
        json.dump(found.to_json(now), sys.stdout, indent=2, ensure_ascii=False)
        print()
    elif not found.cells:
        print("No comments yet: they are counted as they are posted (MODE=post).", file=sys.stderr)
    else:
        print("\n".join(_told(found, args.by, now)))
    return 0


def _since(text: str) -> Any:
    """Give what gives the first week, once the present time is known."""
    if found := re.fullmatch(r"([1-9][0-9]{0,2})w", text):
        return lambda now: overview.last(int(found[1]), now)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date and no number of weeks: write 2026-10-01 or 13w"
        ) from None
    return lambda now: week(datetime.combine(day, time(), UTC).timestamp())


def _told(found: Overview, by: str, now: float) -> list[str]:
    rows = {"rule": found.by_rule, "repository": found.by_repository, "both": found.by_both}
    named = found.by_week(now) if by == "week" else rows[by]()
    where = found.repository or "all repositories"
    lines = [f"Comments posted since {monday(found.since):%Y-%m-%d} in {where}:", "", *_table(by, named, found.total)]
    if found.demoted:
        lines += ["", "Demoted, so told in the check run alone:"]
        lines += [
            f"  {each.rule} in {each.repository}: {each.why}"
            + ("; its configuration names it, and decides" if each.kept else "")
            for each in found.demoted
        ]
    return [*lines, "", "For comparison:", *(f"  {each.said} ({each.who}, {each.source})" for each in ANCHORS)]


def _table(by: str, named: Mapping[str, Figures], total: Figures) -> list[str]:
    heading = ["repository, rule" if by == "both" else by, *_COUNTS, "% addressed", "% wrong", "% useful"]
    rows = [heading, *([name, *_cells(each)] for name, each in named.items()), ["all", *_cells(total)]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(figures: Figures) -> list[str]:
    counts = (figures.wrong if name == "wrong" else figures[name] for name in _COUNTS)
    shares = (figures.addressed_share, figures.wrong_share, figures.useful_share)
    return [*(f"{number:,}" for number in counts), *map(per_cent, shares)]
