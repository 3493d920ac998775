"""Checked: what one run of `scalability-bot check` has to say, whatever the format."""

from dataclasses import dataclass

from analyzers.analysis.diagnostic import Level
from analyzers.analysis.report import Report
from bot.configuration import PATH
from workers.command_line import counted


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found by which rules, what was compared (a sentence, and for JSON the same as data), and what to beware of.

    problems are those of the repository's configuration, one sentence each.
    """

    report: Report
    rules: tuple[str, ...]
    compared: str
    comparison: dict[str, object]
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """What was not analysed, with the reason, and without the configuration, whose problems are told as such."""
        return [(each.path, each.reason) for each in self.report.skipped if each.path != PATH]

    @property
    def count(self) -> str:
        """Say how much was found."""
        warnings = sum(diagnostic.level is Level.WARNING for diagnostic in self.report.diagnostics)
        notices = len(self.report.diagnostics) - warnings
        return (
            f"{counted(warnings, 'warning')}, {counted(notices, 'notice')} in {counted(self.report.files, 'file')},"
            f" {counted(self.report.lines, 'added line')}"
        )
