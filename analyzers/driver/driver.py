"""The driver: runs analyzers over a change and makes one ordered report of what they say."""

import dataclasses
import itertools
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable

from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place
from analyzers.analysis.diff import FileDiff
from analyzers.analysis.report import Report
from analyzers.driver import precedence as owner
from analyzers.driver.allow import MARK, allowed, silences, unreasoned
from analyzers.weighing.weigh import weigh

_log = logging.getLogger(__name__)

# The longest statement a comment marks: a longer one would hide the code it speaks of.
LONGEST = 10


def analyze(change: Change, analyzers: Iterable[Analyzer], names: tuple[str, ...] = ()) -> Report:
    """Give what the analyzers say of a change, most important first.

    names are all rules' names, against which allow comments are read. A rule that fails is named under skipped
    (its traceback is logged), and the others are heard.
    """
    found: list[Diagnostic] = []
    for analyzer in analyzers:
        setting = change.configuration.rules.get(analyzer.name)
        if setting == "off":
            continue
        try:
            said = [weigh(diagnostic, change) for diagnostic in analyzer.run(change)]
        except Exception as error:
            _log.exception("rule %s failed", analyzer.name)
            change.skip("", f"rule {analyzer.name} failed ({type(error).__name__}); please report it")
            continue
        if setting == "notice":
            said = [dataclasses.replace(diagnostic, level=Level.NOTICE) for diagnostic in said]
        found += said
    found = [placed for diagnostic in found if (placed := _place(diagnostic, change.diff.by_path.get(diagnostic.path)))]
    found = _silence(change, found, names)
    found = _own(found)
    found = _join(found)
    found.sort(
        key=lambda each: (not each.inline, each.level is not Level.WARNING, -each.priority, each.path, each.line)
    )
    found = _identify(found)
    return Report(
        diagnostics=tuple(found),
        skipped=change.skipped,
        cc=change.configuration.cc if any(each.cc for each in found) else (),
        jobs=tuple(dict.fromkeys(job for each in found for job in each.jobs)),
        remarks=tuple(dict.fromkeys(each.remark for each in found if each.remark)),
        files=len(change.files),
        lines=sum(len(file.diff.added) for file in change.files),
    )


def _place(diagnostic: Diagnostic, file: FileDiff | None) -> Diagnostic | None:
    """Put a diagnostic on lines that a reviewer can comment on: within one hunk, beginning on an added line, at most ten.

    What a deletion causes has no added line: it stands on the nearest line of its hunk. Outside every hunk it is a notice.
    """
    if file is None or file.status == "removed":
        return None
    hunk = next(
        (each for each in file.hunks if each.start <= diagnostic.end_line and diagnostic.line <= each.end), None
    )
    if hunk is None:
        return dataclasses.replace(diagnostic, level=Level.NOTICE, inline=False)
    first, last = max(diagnostic.line, hunk.start), min(diagnostic.end_line, hunk.end)
    added = [line for line in range(first, last + 1) if line in file.added]
    if added:
        first = added[0]
    elif not any(first <= at <= last + 1 for at in file.deletions):
        return dataclasses.replace(diagnostic, level=Level.NOTICE, inline=False)
    last = min(last, first + LONGEST - 1)
    excerpt = tuple(line.text for line in hunk.lines if line.new and first <= line.new <= last)
    return dataclasses.replace(
        diagnostic, line=first, end_line=last, excerpt=excerpt, inline=diagnostic.level is Level.WARNING
    )


def _silence(change: Change, found: list[Diagnostic], names: tuple[str, ...]) -> list[Diagnostic]:
    heard = list(found)
    for file in change.files:
        said = [each for each in found if each.path == file.path]
        writes = names and any(MARK in text for text in file.diff.added.values())
        if not (said or writes) or not file.path.endswith(".go") or file.head is None:
            continue
        comments = allowed(file.head.source.decode("utf-8", "replace"))
        heard = [each for each in heard if each.path != file.path or not silences(comments, each)]
        if writes and file.component.reviewed:
            notices = (_place(each, file.diff) for each in unreasoned(file, comments, names))
            heard += [each for each in notices if each]
    return heard


def _own(found: list[Diagnostic]) -> list[Diagnostic]:
    """One place is one comment: of the rules that speak of one request or one copy, one owns it and the others add a clause."""
    groups: dict[object, list[Diagnostic]] = {}
    for each in found:
        groups.setdefault(owner.place(each), []).append(each)
    return [owner.merge(group) for group in groups.values()]


def _join(found: list[Diagnostic]) -> list[Diagnostic]:
    """One concern is one comment: the most important place speaks, the others are related."""
    groups: dict[tuple[str, str], list[Diagnostic]] = defaultdict(list)
    for each in found:
        groups[each.analyzer, each.concern].append(each)
    joined = []
    for group in groups.values():
        group.sort(key=lambda each: (not each.inline, -each.priority, each.path, each.line))
        first, rest = group[0], group[1:]
        places = [Place(each.path, each.line, each.end_line, each.function) for each in rest]
        places += itertools.chain.from_iterable(each.related for each in rest)
        if rest:
            first = dataclasses.replace(
                first,
                function="",
                related=(*first.related, *places),
                cc=any(each.cc for each in group),
                jobs=tuple(dict.fromkeys(job for each in group for job in each.jobs)),
            )
        joined.append(first)
    return joined


def _identify(found: list[Diagnostic]) -> list[Diagnostic]:
    seen: Counter[tuple[str, str, str]] = Counter()
    identified = []
    for each in found:
        key = (each.analyzer, each.concern, each.function)
        identified.append(each.with_fingerprint(seen[key]))
        seen[key] += 1
    return identified
