"""scalability-bot: the command line."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

# Sub-command -> the module that holds it: `add_parser(subparsers)` describes it, `main(args)` runs it and gives the exit
# status. Each is imported only when its command is named, so that `check` starts quickly.
COMMANDS = {
    "check": "workers.check",
    "rules": "workers.rules",
    "explain": "workers.rules",
    "inventory": "workers.inventory",
    "results": "workers.results.command",
    "run": "workers.supervisor",
    "serve": "workers.serve",
    "worker": "workers.worker",
    "sandbox": "workers.sandbox.command",
    "shadow": "workers.shadow",
    "setup": "workers.setup.command",
    "doctor": "workers.doctor",
}
SUMMARIES = {
    "check": "analyse a change in a local repository",
    "rules": "list the rules",
    "explain": "print a rule's documentation",
    "inventory": "list every API request of a tree",
    "results": "hold what performance jobs measured against the SLOs and a second run",
    "run": "start everything: receiver, queue and workers; without credentials the sandbox",
    "serve": "start the webhook receiver",
    "worker": "start one worker",
    "sandbox": "start the simulated GitHub",
    "shadow": "print the reviews that MODE=shadow kept",
    "setup": "register the GitHub App in the browser and write .env",
    "doctor": "check credentials, Redis, disk, git, clock and webhooks",
}
COULD_NOT_RUN = 2


class CannotRun(Exception):
    """A command that could not do its work; the text is the one sentence to print."""


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib import metadata  # 15 ms that only this question pays

        print(f"scalability-bot {metadata.version('scalability-bot')}")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give its exit status: 0 well, 1 something was found or failed a check, 2 could not run."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="scalability-bot",
        description="A GitHub reviewer for Kubernetes' SIG Scalability.",
        epilog="examples:\n  scalability-bot check                      what you have not yet pushed\n"
        "  scalability-bot check --base v1.30.0 --head v1.31.0\n  scalability-bot explain explicit-list\n\n"
        "scalability-bot COMMAND --help says more of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    named = next((word for word in given if not word.startswith("-")), None)
    for command, module in COMMANDS.items():
        if command == named:
            importlib.import_module(module).add_parser(subparsers)
        elif COMMANDS.get(named or "") != module:
            subparsers.add_parser(command, help=SUMMARIES[command], add_help=False)
    args = parser.parse_args(given)
    try:
        return int(importlib.import_module(COMMANDS[args.command]).main(args))
    except CannotRun as error:
        print(f"scalability-bot: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
