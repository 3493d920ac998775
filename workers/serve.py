"""scalability-bot serve: the receiver of webhooks, with its metrics on a port of their own."""

import argparse
from typing import Any

from bot.serve import serve
from bot.settings import SettingsError
from workers import environment
from workers.command_line import CannotRun


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    subparsers.add_parser(
        "serve",
        help="start the webhook receiver",
        description="Start the receiver: /webhook, /healthz, /readyz and /rules on PORT, /metrics on METRICS_PORT.",
        epilog="example:\n  HOST=0.0.0.0 PORT=8080 scalability-bot serve",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def main(args: argparse.Namespace) -> int:
    """Serve until told to end."""
    try:
        serve(environment.settings())
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    return 0
