"""Workflow commands, which GitHub Actions turns into annotations on the lines of a pull request.

GitHub shows ten warnings and ten notices of a step, so the most important come first, as everywhere.
"""

from bot.summary import plain
from workers.formats.checked import Checked


def render(checked: Checked) -> str:
    """Give one command for each diagnostic, and for what a person should beware of; the count last, for the log."""
    lines = [
        f"::{each.level.value} file={_property(each.path)},line={each.line},endLine={max(each.line, each.end_line)},"
        f"title={_property(each.analyzer)}::{_data(plain(each.message))}"
        for each in checked.report.diagnostics
    ]
    lines += [
        f"::warning title=scalability-bot::{_data(plain(text))}" for text in (*checked.warnings, *checked.problems)
    ]
    lines += [_data(f"skipped {path or '(all files)'}: {reason}") for path, reason in checked.skipped]
    return "\n".join([*lines, checked.count, _data(checked.compared)]) + "\n"


def _data(text: str) -> str:
    """Give a command's text on one line, as the runner's own toolkit escapes it: nothing in it begins another command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
