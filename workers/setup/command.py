"""scalability-bot setup: registers the GitHub App in the browser and writes .env."""

import argparse
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from bot.settings import SettingsError
from workers import app_manifest, environment
from workers.command_line import CannotRun
from workers.setup import env_file, pages

_TEMPLATE = Path(".env.example")
# For the browser to fetch the last page's style before the server ends.
_LAST_SECONDS = 3.0


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    setup = subparsers.add_parser(
        "setup",
        help="register the GitHub App in the browser and write .env",
        description=(
            "Open a page on this machine that sends app.yml's manifest to GitHub, receives the App's key and secrets, and\n"
            "writes them to .env, readable by you alone. MODE stays shadow until you change it."
        ),
        epilog="examples:\n  scalability-bot setup\n"
        "  ssh -L 8099:127.0.0.1:8099 HOST, then there: scalability-bot setup --port 8099 --no-browser\n\n"
        "exit status: 0 .env is written, 2 could not run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    setup.add_argument("--port", type=int, default=0, help="the page's port on 127.0.0.1; default: a free one")
    setup.add_argument("--no-browser", action="store_true", help="only print the page's address")
    setup.add_argument("--replace", action="store_true", help="replace the App that .env has now")


def main(args: argparse.Namespace) -> int:
    """Serve the pages until .env is written or Ctrl-C ends it."""
    try:
        settings = environment.settings()
    except SettingsError as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    manifest = app_manifest.read()
    if manifest is None:
        raise CannotRun(f"{app_manifest.NAME} was not found beside the program: run this in the project's folder")
    if env_file.has_app(environment.FILE) and not args.replace:
        raise CannotRun(".env names an App or an account already: check it with `doctor`, or begin anew with --replace")

    def write(variables: Mapping[str, str]) -> None:
        env_file.write(environment.FILE, variables, _TEMPLATE)

    setup = pages.Setup(settings, manifest, write)
    try:
        server = make_server("127.0.0.1", args.port, pages.create(setup), threaded=True, request_handler=_Quiet)
    except (OSError, OverflowError, SystemExit) as error:
        raise CannotRun(f"port {args.port} cannot be listened on: choose another --port, or none") from error
    address = f"http://127.0.0.1:{server.port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    print(f"Open {address} in your browser (Ctrl-C ends).", flush=True)
    if not args.no_browser:
        webbrowser.open(address)
    setup.done.wait()
    print(
        f"{environment.FILE} is written. Next: install the App, start the bot, then `scalability-bot doctor`.",
        flush=True,
    )
    thread.join(_LAST_SECONDS)
    server.shutdown()
    return 0


class _Quiet(WSGIRequestHandler):
    """Says nothing: the address of the last page holds GitHub's code."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""
