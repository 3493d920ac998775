"""scalability-bot rules, and explain: the catalogue and the documentation of one rule."""

import argparse
from typing import Any

from analyzers import catalogue
from workers.command_line import CannotRun, did_you_mean


def add_parser(subparsers: Any) -> None:
    """Describe both commands' arguments."""
    rules = subparsers.add_parser(
        "rules",
        help="list the rules",
        description="List every rule with its title.",
        epilog="example:\n  scalability-bot rules",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rules.add_argument(
        "--format", choices=("text", "markdown"), default="text", help="markdown is README's table; default: text"
    )
    explain = subparsers.add_parser(
        "explain",
        help="print a rule's documentation",
        description="Print why a rule exists, an example with its remedy, and what it does not report.",
        epilog="example:\n  scalability-bot explain explicit-list",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("name", metavar="NAME", help="a rule's name, as `scalability-bot rules` lists it")


def main(args: argparse.Namespace) -> int:
    """Print what was asked for."""
    if args.command == "rules" and args.format == "markdown":
        print(table(), end="")
        return 0
    if args.command == "rules":
        width = max(map(len, catalogue.names()))
        for name in catalogue.names():
            print(f"{name:<{width}}  {catalogue.documentation(name).title}")
        return 0
    if args.name not in catalogue.known():
        raise CannotRun(unknown(args.name))
    if args.name in catalogue.names():
        print(catalogue.documentation(args.name).text, end="")
    parts = [name for name in catalogue.meant(args.name) if name != args.name]
    if parts:
        print(f"{args.name} was more once. Now there are rules of their own for its parts:\n")
        print("".join(f"  {name}: {catalogue.documentation(name).title}\n" for name in parts), end="")
    return 0


def unknown(name: str) -> str:
    """Give the sentence for a name that is no rule's."""
    hint = did_you_mean(name, catalogue.names(), "`scalability-bot rules` lists them")
    return f"there is no rule {name!r}: {hint}"


def table() -> str:
    """Give the catalogue as README shows it: a Markdown table of names and titles."""
    rows = (f"| `{name}` | {catalogue.documentation(name).title} |\n" for name in catalogue.names())
    return "| rule | what it finds |\n|---|---|\n" + "".join(rows)
