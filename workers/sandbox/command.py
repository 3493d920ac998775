"""scalability-bot sandbox: the simulated GitHub from the command line."""

import argparse
import errno
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from workers.command_line import CannotRun

from .serving import prepare, serve


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    sandbox = subparsers.add_parser(
        "sandbox",
        help="start the simulated GitHub",
        description="A simulated GitHub on this machine with a sample pull request; `scalability-bot run` starts it by itself.",
        epilog="examples:\n"
        "  scalability-bot sandbox --port 8090\n"
        "  scalability-bot sandbox --port 8090 --webhook-url http://127.0.0.1:8080/webhook\n"
        "  scalability-bot sandbox --port 8090 --print-environment     what receiver and workers need to take it for GitHub",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sandbox.add_argument(
        "--port", type=int, default=8090, help="the port to serve at; 0 takes a free one; default: 8090"
    )
    sandbox.add_argument("--host", default="127.0.0.1", help="the address to listen on; default: 127.0.0.1")
    sandbox.add_argument(
        "--folder", type=Path, default=Path("data/sandbox"), help="for its files; default: data/sandbox"
    )
    sandbox.add_argument("--webhook-url", metavar="URL", help="where webhooks go; default: nowhere")
    sandbox.add_argument("--no-sample", action="store_true", help="begin without the sample pull request")
    sandbox.add_argument(
        "--print-environment", action="store_true", help="print the environment variables for the bot and end"
    )


def main(args: argparse.Namespace) -> int:
    """Serve until ended by SIGTERM or Ctrl-C, or print the environment.

    Raises:
        CannotRun: the port is taken or the folder is unusable.
    """
    if not 0 <= args.port <= 65535:
        raise CannotRun(f"--port {args.port} is no port: choose one from 1 to 65535, or 0 for a free one.")
    try:
        if args.print_environment:
            for name, value in prepare(args.folder).environment(f"http://{args.host}:{args.port}").items():
                _say(f"{name}={value}")
            return 0
        until = threading.Event()
        signal.signal(signal.SIGTERM, lambda number, frame: until.set())
        signal.signal(signal.SIGINT, lambda number, frame: until.set())
        serve(
            args.folder, args.port, args.webhook_url, host=args.host, sample=not args.no_sample, say=_say, until=until
        )
    except OSError as problem:
        if problem.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL) and not problem.filename:
            reason = os.strerror(problem.errno)
            raise CannotRun(
                f"the sandbox cannot listen on {args.host}:{args.port} ({reason}): choose another --port."
            ) from problem
        raise CannotRun(f"the sandbox cannot use its folder {args.folder}: {problem}") from problem
    except ValueError as problem:
        raise CannotRun(str(problem)) from problem
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
