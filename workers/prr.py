"""scalability-bot prr: the Scalability questions of a production readiness review, answered from a change as far as code shows."""

import argparse
import json
import pathlib
import sys
from typing import Any

from workers import check
from workers.command_line import CannotRun
from workers.formats.checked import Checked

_EXAMPLES = """examples:
  scalability-bot prr                                the work tree against its merge base with the default branch
  scalability-bot prr --base v1.30.0 --head my-branch
  scalability-bot prr --repository kubernetes/kubernetes --head HEAD   each line as a permanent link on GitHub

What it prints is the section of Kubernetes' KEP template: each question with what lines of the change show, and what is left
for its author. Nothing is answered with "no", since code elsewhere may say otherwise."""


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "prr",
        help="answer the Scalability questions of a KEP's production readiness review from a change",
        description=__doc__.partition(": ")[2].capitalize(),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    check.add_comparison(parser)
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", help="link each line to this repository on GitHub (wants --head)"
    )
    parser.add_argument(
        "--web",
        default="https://github.com",
        metavar="URL",
        help="GitHub's address, for the links (default: github.com)",
    )
    parser.add_argument("--format", choices=("markdown", "json"), default="markdown", help="default: markdown")
    parser.add_argument(
        "--output", type=pathlib.Path, metavar="FILE", help="write to a file (default: standard output)"
    )


def main(args: argparse.Namespace) -> int:
    """Analyse and print."""
    from bot.review_request import is_repository

    if args.repository and not is_repository(args.repository):
        raise CannotRun(f"{args.repository!r} is no repository of GitHub: write --repository owner/name")
    if args.repository and not args.head:
        raise CannotRun("lines can be linked to only where they are committed: name a commit with --head")
    with check.checking(args, deep=True) as checked:
        check.put(_written(checked, args), args.output, "the section")
        sys.stdout.flush()
    return 0


def _written(checked: Checked, args: argparse.Namespace) -> str:
    from bot import readiness
    from bot.links import Links

    report = checked.report
    if args.format == "json":
        told = report.to_json()
        kept = {name: told[name] for name in ("schema", "base", "head", "asked", "readiness", "skipped")}
        return json.dumps({**kept, "compared": checked.compared}, indent=1) + "\n"
    place = readiness.named
    if args.repository and report.head:
        place = Links(args.repository, report.head, args.web.rstrip("/")).place
    blocks = [*readiness.section(report, place), *readiness.unread(report)]
    # A comment in HTML, which may hold no two dashes.
    blocks.append(f"<!-- scalability-bot: {checked.compared.replace('--', '- -')} -->")
    return "\n\n".join(blocks) + "\n"
