"""Fixtures: a pull request in miniature is one full-context diff with `want "regexp"` on the lines that must be flagged.

A fixture is a file tests/testdata/RULE/IDEA.diff. Its files are shown whole, so before and after are both derived from
it; the counts in hunk headers are recomputed, so people can edit by hand. An added (or context) line that ends in
`// want "regexp"` (or `# want`, `-- want`: whatever begins a comment there) must be flagged by RULE with a message that
matches; several regexps are several diagnostics. The want comments are taken off before the code is analysed. Files
that cannot hold comments are expected on in the text before the first file: `want PATH:LINE "regexp"`. A preamble line
`level: notice` says that the expected diagnostics are notices (default: warning); `deep: true` gives the analyzers the
whole tree. Unexpected and unmatched expectations both fail. A file of the preamble form `file: PATH` followed by lines
indented by four blanks (empty ones need none) is in both trees and not in the diff.
"""

import pathlib
import re
from dataclasses import dataclass, field

from analyzers import catalogue
from analyzers.analysis.change import Change
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Level
from analyzers.analysis.diff import Diff
from analyzers.analysis.report import Report
from analyzers.analysis.tree import MemoryTree
from analyzers.driver.driver import analyze

TESTDATA = pathlib.Path(__file__).parent / "testdata"
_WANT = re.compile(r"\s*(?://|#|--|/\*|;|<!--)\s*want((?:\s+\"(?:[^\"\\]|\\.)*\")+)\s*(?:\*/|-->)?\s*$")
_REGEXP = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
_HEADER = re.compile(r"^want (\S+):(\d+)((?:\s+\"(?:[^\"\\]|\\.)*\")+)\s*$")


@dataclass
class Fixture:
    """One pull request in miniature: its diff's text without wants, both trees, and what is expected where."""

    diff: str
    base: dict[str, str]
    head: dict[str, str]
    wants: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    level: Level = Level.WARNING
    deep: bool = False

    def reversed(self) -> "Fixture":
        """Give the pull request that undoes this one."""
        lines = []
        for file in _files(self.diff):
            hunks = "\n".join({"+": "-", "-": "+"}.get(line[:1], line[:1]) + line[1:] for line in file.body)
            lines.append(_rendered(file.new, file.old, hunks.split("\n")))
        return Fixture("".join(lines), self.head, self.base, {}, self.level, self.deep)

    def change(self, configuration: Configuration | None = None) -> Change:
        """Give it as rules see it."""
        trees = MemoryTree(self.base), MemoryTree(self.head)
        return Change(Diff.parse(self.diff), *trees, configuration or Configuration(), self.deep)

    def report(self, *rules: str, configuration: Configuration | None = None) -> Report:
        """Give what the rules (all, if none is named) say of it; a rule that raises fails the test."""
        report = analyze(self.change(configuration), catalogue.load(rules or None), catalogue.known())
        failed = [skipped.reason for skipped in report.skipped if "failed" in skipped.reason]
        assert not failed, failed
        return report


@dataclass
class _File:
    old: str | None
    new: str | None
    body: list[str]


def _files(text: str) -> list[_File]:
    files: list[_File] = []
    for line in text.split("\n"):
        if line.startswith("--- "):
            files.append(_File(_path(line), None, []))
        elif line.startswith("+++ ") and files and files[-1].new is None and not files[-1].body:
            files[-1].new = _path(line)
        elif files and line[:1] in {"+", "-", " ", ""} and not line.startswith("diff --git"):
            files[-1].body.append(line or " ")
    for file in files:
        while file.body and file.body[-1] == " ":
            file.body.pop()
    return files


def _path(line: str) -> str | None:
    name = line[4:].split("\t")[0].strip()
    return None if name == "/dev/null" else name[2:] if name[:2] in {"a/", "b/"} else name


def _rendered(old: str | None, new: str | None, body: list[str]) -> str:
    before = sum(line[:1] != "+" for line in body)
    after = sum(line[:1] != "-" for line in body)
    header = f"--- {f'a/{old}' if old else '/dev/null'}\n+++ {f'b/{new}' if new else '/dev/null'}\n"
    return f"{header}@@ -{min(before, 1)},{before} +{min(after, 1)},{after} @@\n" + "\n".join(body) + "\n"


def load(text: str) -> Fixture:
    """Read a fixture's text."""
    fixture = Fixture("", {}, {})
    preamble = re.split(r"^--- ", text, maxsplit=1, flags=re.MULTILINE)[0]
    shared: dict[str, list[str]] = {}
    body: list[str] = []
    for line in preamble.split("\n"):
        if shared and (line.startswith("    ") or not line):
            body.append(line[4:])
        elif line.startswith("file: "):
            body = shared[line[6:].strip()] = []
        elif line.startswith("level: "):
            fixture.level = Level(line[7:].strip())
        elif line.startswith("deep: "):
            fixture.deep = line[6:].strip() == "true"
        elif match := _HEADER.match(line):
            fixture.wants[match[1], int(match[2])] = _REGEXP.findall(match[3])
    for path, lines in shared.items():
        fixture.base[path] = fixture.head[path] = "\n".join(lines).rstrip("\n") + "\n"
    for file in _files(text):
        body = []
        number = 0
        for line in file.body:
            if line[:1] != "-":
                number += 1
            if (match := _WANT.search(line)) and file.new:
                fixture.wants[file.new, number] = _REGEXP.findall(match[1])
                line = line[: match.start()]
            body.append(line)
        if file.old:
            fixture.base[file.old] = "".join(line[1:] + "\n" for line in body if line[:1] != "+")
        if file.new:
            fixture.head[file.new] = "".join(line[1:] + "\n" for line in body if line[:1] != "-")
        fixture.diff += _rendered(file.old, file.new, body)
    return fixture


def check(fixture: Fixture, rule: str) -> None:
    """Fail unless the rule says what the fixture wants, where it wants it, and nothing else."""
    report = fixture.report(rule)
    said: dict[tuple[str, int], list[str]] = {}
    for diagnostic in report.diagnostics:
        if diagnostic.analyzer != rule:
            continue
        said.setdefault((diagnostic.path, diagnostic.line), []).append(diagnostic.message)
        assert diagnostic.level is fixture.level, (
            f"{diagnostic.path}:{diagnostic.line} is a {diagnostic.level.value}: {diagnostic.message}"
        )
        for place in diagnostic.related:
            said.setdefault((place.path, place.line), []).append(diagnostic.message)
    problems = []
    for where in sorted({*said, *fixture.wants}):
        messages, wants = said.get(where, []), list(fixture.wants.get(where, []))
        for message in messages:
            match = next((want for want in wants if re.search(want, message)), None)
            if match is None:
                problems.append(f"{where[0]}:{where[1]}: unexpected: {message}")
            else:
                wants.remove(match)
        problems += [f"{where[0]}:{where[1]}: nothing matches {want!r}; said: {messages}" for want in wants]
    assert not problems, "\n".join(problems)


def fixtures() -> list[tuple[str, pathlib.Path]]:
    """Give every fixture as (rule, file)."""
    return [(path.parent.name, path) for path in sorted(TESTDATA.glob("*/*.diff"))]
