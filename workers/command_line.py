"""scalability-bot: the command line."""

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

# Sub-command -> the module that holds it: `add_parser(subparsers)` describes it, `main(args)` runs it and gives the exit
# status. Each is imported only when its command is named, so that `check` starts quickly.
COMMANDS = {
    "check": "workers.check",
    "rules": "workers.rules",
    "explain": "workers.rules",
    "inventory": "workers.inventory",
    "prr": "workers.prr",
    "results": "workers.results.command",
    "run": "workers.supervisor",
    "serve": "workers.serve",
    "worker": "workers.worker",
    "sandbox": "workers.sandbox.command",
    "shadow": "workers.shadow",
    "stats": "workers.stats",
    "setup": "workers.setup.command",
    "doctor": "workers.doctor",
}
SUMMARIES = {
    "check": "analyse a change in a local repository",
    "rules": "list the rules",
    "explain": "print a rule's documentation",
    "inventory": "list every API request of a tree",
    "prr": "answer the Scalability questions of a KEP's production readiness review from a change",
    "results": "hold what performance jobs measured against the SLOs and a second run",
    "run": "start everything: receiver, queue and workers; without credentials the sandbox",
    "serve": "start the webhook receiver",
    "worker": "start one worker",
    "sandbox": "start the simulated GitHub",
    "shadow": "print the reviews that MODE=shadow kept",
    "stats": "tell what became of the comments, by rule and repository",
    "setup": "register the GitHub App in the browser and write .env",
    "doctor": "check credentials, Redis, disk, git, clock and webhooks",
}
COULD_NOT_RUN = 2
# What writing fails with when the place that output goes to is full or broken, rather than our work.
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class CannotRun(Exception):
    """A command that could not do its work; the text is the one sentence to print."""


def coloured(stream: TextIO) -> bool:
    """Say whether colours are wanted: on a terminal that has them, unless NO_COLOR (no-color.org) is set to anything."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def counted(number: int, noun: str) -> str:
    """Give a number with its noun: 1 file, 2,000 files."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Give the known names that a mistyped one is near to, as a question; the other sentence if there is none."""
    import difflib  # 5 ms that only a mistake pays

    near = difflib.get_close_matches(name, list(known), 3)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


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
    if named is not None and named not in COMMANDS:
        hint = did_you_mean(named, COMMANDS, f"the commands are {', '.join(COMMANDS)}")
        print(f"scalability-bot: there is no command {named!r}: {hint}", file=sys.stderr)
        return COULD_NOT_RUN
    for command, module in COMMANDS.items():
        if command == named:
            importlib.import_module(module).add_parser(subparsers)
        elif COMMANDS.get(named or "") != module:
            subparsers.add_parser(command, help=SUMMARIES[command], add_help=False)
    args = parser.parse_args(given)
    try:
        status = int(importlib.import_module(COMMANDS[args.command]).main(args))
        sys.stdout.flush()
        return status
    except CannotRun as error:
        print(f"scalability-bot: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): that is no error of ours.
        _discard_output()
        return 0
    except OSError as error:
        if error.errno not in _NOT_WRITTEN:
            raise
        _discard_output()
        where = error.filename or "standard output"
        print(
            f"scalability-bot: {where} could not be written ({error.strerror}): nothing in it is whole", file=sys.stderr
        )
        return COULD_NOT_RUN


def _discard_output() -> None:
    """Have what is still in the buffer go nowhere: Python would try to write it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
