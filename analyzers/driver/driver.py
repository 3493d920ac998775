"""The driver: runs analyzers over a change and makes one ordered report of what they say."""

import dataclasses
import itertools
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from analyzers.analysis.allowances import MARK, Allowances
from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Level, Place
from analyzers.analysis.diff import FileDiff
from analyzers.analysis.readiness import Shown
from analyzers.analysis.report import Present, Report
from analyzers.analysis.subject import Watch
from analyzers.driver.allow import unreasoned
from analyzers.kubernetes.requests.asked import Asked
from analyzers.news.twins import was_there
from analyzers.weighing import precedence
from analyzers.weighing.present import asked, present
from analyzers.weighing.readiness import readiness
from analyzers.weighing.weigh import weigh

_log = logging.getLogger(__name__)

# The longest statement a comment marks: a longer one would hide the code it speaks of.
LONGEST = 10


def analyze(
    change: Change,
    analyzers: Iterable[Analyzer],
    names: tuple[str, ...] = (),
) -> Report:
    """Give what the analyzers say of a change, most important first.

    names are all names of rules, present and former, against which allow comments are read. Silencing is by concern: a rule
    that the configuration, the command line or an allow comment silences is asked all the same, so that no other rule says
    in its place what was not to be said. A rule that fails is named under skipped (its traceback is logged), and the others
    are heard.
    """
    found: list[Diagnostic] = []
    given = tuple(analyzers)
    rules = {analyzer.name: analyzer for analyzer in given}
    for analyzer in given:
        try:
            found += [weigh(diagnostic, change) for diagnostic in analyzer.run(change)]
        except Exception as error:
            _log.exception("rule %s failed", analyzer.name)
            change.skip("", f"rule {analyzer.name} failed ({type(error).__name__}); please report it")
    found = [placed for diagnostic in found if (placed := _place(diagnostic, change.diff.by_path.get(diagnostic.path)))]
    found = [
        each
        for each in found
        if _is_new_to_the_program(each) or not was_there(change, each.path, each.function, each.line, each.end_line)
    ]
    found = _one_for_each_operation(found)
    found = _silence(change, found, names, rules)
    found = _join(found)
    found.sort(
        key=lambda each: (not each.inline, each.level is not Level.WARNING, -each.priority, each.path, each.line)
    )
    found = _identify(found, rules)
    there, sent, shown = _deep(change, found) if change.deep else ((), (), ())
    return Report(
        diagnostics=tuple(found),
        skipped=change.skipped,
        cc=change.configuration.cc if any(each.cc for each in found) else (),
        jobs=tuple(dict.fromkeys(job for each in found for job in each.jobs)),
        remarks=tuple(dict.fromkeys(each.remark for each in found if each.remark)),
        present=there,
        asked=sent,
        readiness=shown,
        files=len(change.files),
        lines=sum(len(file.diff.added) for file in change.files),
    )


def _deep(
    change: Change, found: Sequence[Diagnostic]
) -> tuple[tuple[Present, ...], tuple[Asked, ...], tuple[Shown, ...]]:
    """What was there before, what is asked of the API server before and after, and what is shown of the questions of a
    production readiness review; nothing of what the rules say hangs on it."""
    try:
        there, sent = present(change), asked(change)
    except Exception as error:
        _log.exception("what was there before was not found")
        change.skip("", f"what was there before was not found ({type(error).__name__}); please report it")
        there, sent = (), ()
    try:
        return there, sent, readiness(change, found, sent)
    except Exception as error:
        _log.exception("the questions of a production readiness review were not answered")
        change.skip("", f"no question of the readiness review was answered ({type(error).__name__}); please report it")
        return there, sent, ()


def _is_new_to_the_program(diagnostic: Diagnostic) -> bool:
    """Say whether a diagnostic is about a kind that nothing in the program kept before: lines that are alike but for names, as
    those of two controllers are, are about another."""
    return isinstance(diagnostic.subject, Watch) and diagnostic.subject.first


def _place(diagnostic: Diagnostic, file: FileDiff | None) -> Diagnostic | None:
    """Put a diagnostic on lines that a reviewer can comment on: within one hunk, beginning on an added line, at most ten.

    What a deletion causes has no added line: it stands on the nearest line of its hunk. Outside every hunk it is a notice.
    """
    if file is None or file.status == "removed":
        return None
    hunk = file.first_hunk(diagnostic.line, diagnostic.end_line)
    if hunk is None:
        return dataclasses.replace(diagnostic, level=Level.NOTICE, inline=False)
    first, last = max(diagnostic.line, hunk.start), min(diagnostic.end_line, hunk.end)
    added = file.first_added(first, last)
    if added is not None:
        first = added
    elif not file.deletes(first, last + 1):
        return dataclasses.replace(diagnostic, level=Level.NOTICE, inline=False)
    last = min(last, first + LONGEST - 1)
    excerpt = tuple(file.shown[line] for line in range(first, last + 1) if line in file.shown)
    return dataclasses.replace(
        diagnostic, line=first, end_line=last, excerpt=excerpt, inline=diagnostic.level is Level.WARNING
    )


def _one_for_each_operation(found: list[Diagnostic]) -> list[Diagnostic]:
    """Of the rules that speak of one request, one walk or one copy, one owns the comment, and the others add a clause."""
    groups: dict[object, list[Diagnostic]] = defaultdict(list)
    for each in found:
        groups[precedence.statement(each)].append(each)
    return [precedence.merged(group) for group in groups.values()]


def _silence(
    change: Change, found: list[Diagnostic], names: tuple[str, ...], analyzers: Mapping[str, Analyzer]
) -> list[Diagnostic]:
    """Leave out what allow comments, the configuration and the command line silence, and lower what is to be a notice."""
    by_path: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in found:
        by_path[each.path].append(each)
    comments = {}
    for file in change.files:
        writes = names and any(MARK in text for text in file.diff.added.values())
        if not (writes or file.path in by_path) or not file.path.endswith(".go") or file.head is None:
            continue
        comments[file.path] = Allowances.read(file.head.source.decode("utf-8", "replace"))
        if writes and file.component.reviewed:
            notices = (_place(each, file.diff) for each in unreasoned(file, comments[file.path], names))
            found = [*found, *(each for each in notices if each)]
    settings = change.configuration.rules
    heard = []
    for each in found:
        analyzer = analyzers.get(each.analyzer)
        rules = (each.analyzer, *(analyzer.formerly if analyzer is not None else ()))
        setting = next((settings[rule] for rule in rules if rule in settings), "warning")
        allowed = comments.get(each.path)
        if setting == "off" or (analyzer is not None and analyzer.ignored):
            continue
        if allowed is not None and allowed.silences(each, rules):
            continue
        heard.append(dataclasses.replace(each, level=Level.NOTICE, inline=False) if setting == "notice" else each)
    return heard


def _join(found: list[Diagnostic]) -> list[Diagnostic]:
    """One concern is one comment, and so are the copies in one function, and the requests in it that one rule comments on: the
    most important place speaks, the others are related."""
    by_function: dict[object, list[Diagnostic]] = defaultdict(list)
    for each in found:
        by_function[precedence.together(each) or id(each)].append(each)
    by_concern: dict[tuple[str, str], list[Diagnostic]] = defaultdict(list)
    for group in by_function.values():
        each = _speaker(group, precedence.thing, keep=precedence.operation(group[0]) == "copy")
        by_concern[each.analyzer, each.concern].append(each)
    return [_speaker(group, lambda other: other.function) for group in by_concern.values()]


def _speaker(group: list[Diagnostic], name: Callable[[Diagnostic], str], keep: bool = False) -> Diagnostic:
    """Give the most important of a group, with the places of the others, each by its `name`; it keeps its function,
    and all that is to be done there, only if that is what they have in common."""
    first, *rest = sorted(group, key=lambda each: (not each.inline, -each.priority, each.path, each.line))
    if not rest:
        return first
    places = [Place(each.path, each.line, each.end_line, name(each)) for each in rest]
    places += itertools.chain.from_iterable(each.related for each in rest)
    return dataclasses.replace(
        first,
        function=first.function if keep else "",
        remedy=" ".join(dict.fromkeys(each.remedy for each in (first, *rest))) if keep else first.remedy,
        related=(*first.related, *places),
        cc=any(each.cc for each in group),
        jobs=tuple(dict.fromkeys(job for each in group for job in each.jobs)),
    )


def _identify(found: list[Diagnostic], analyzers: Mapping[str, Analyzer]) -> list[Diagnostic]:
    """Give each diagnostic its identity across pushes, and those that it would have had under its rule's former names."""
    seen: Counter[tuple[str, str, str]] = Counter()
    identified = []
    for each in found:
        key = (each.analyzer, each.concern, each.function)
        formerly = analyzers[each.analyzer].formerly if each.analyzer in analyzers else ()
        identified.append(each.with_fingerprint(seen[key], formerly))
        seen[key] += 1
    return identified
