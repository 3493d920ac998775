"""The driver: what several rules say becomes one ordered report, on lines a reviewer can comment on."""

import dataclasses
from collections.abc import Iterator
from typing import cast

import pytest

from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.change import Change
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import Diagnostic, Level
from analyzers.analysis.diff import Diff
from analyzers.analysis.report import Report
from analyzers.analysis.subject import Copy, Walk
from analyzers.analysis.tree import MemoryTree
from analyzers.driver.driver import analyze
from analyzers.kubernetes.execution.critical_paths import CriticalPath
from analyzers.news.requests import NewRequest
from analyzers.news.sent import Per, Sent
from tests import harness

CHANGE = """
--- a/pkg/controller/a.go
+++ b/pkg/controller/a.go
@@
 package a
 
 func f() {
+	one()
+	two(
+		x,
+	)
 	old()
-	gone()
 	last()
 }
"""

IN_KUBERNETES = f"file: go.mod\n    module k8s.io/kubernetes\n{CHANGE}"


def said(
    *places: tuple[int, int], analyzer: str = "explicit-list", path: str = "pkg/controller/a.go", **fields: object
) -> Analyzer:
    def run(change: Change) -> Iterator[Diagnostic]:
        for first, last in places:
            known: dict[str, object] = {
                "construct": "C.",
                "remedy": "R.",
                "concern": f"c{first}",
                "level": Level.WARNING,
            }
            yield Diagnostic(analyzer=analyzer, path=path, line=first, end_line=last, **{**known, **fields})  # type: ignore[arg-type]

    return Analyzer(analyzer, run)


def report(*analyzers: Analyzer, text: str = CHANGE, configuration: Configuration | None = None) -> Report:
    fixture = harness.load(text)
    change = Change(
        Diff.parse(fixture.diff), MemoryTree(fixture.base), MemoryTree(fixture.head), configuration or Configuration()
    )
    return analyze(change, analyzers, ("explicit-list", "value-receiver", "node-api-call", "critical-path"))


def test_a_comment_marks_ten_lines_of_a_long_statement_and_shows_no_more() -> None:
    body = "".join(f"+\t\tx{number},\n" for number in range(40))
    long = f"--- a/pkg/controller/a.go\n+++ b/pkg/controller/a.go\n@@\n package a\n \n func f() {{\n+\tg(\n{body}+\t)\n }}\n"
    [found] = report(said((4, 45)), text=long).diagnostics
    assert (found.line, found.end_line, len(found.excerpt)) == (4, 13, 10)


@pytest.mark.parametrize(
    ("given", "placed", "inline"),
    [
        ((4, 4), (4, 4), True),
        ((5, 7), (5, 7), True),
        ((3, 11), (4, 10), True),  # begins on an added line, and marks no more than its hunk
        ((9, 9), (9, 9), True),  # what a deletion causes stands on the nearest line
        ((3, 3), (3, 3), False),  # an old line is no news
    ],
)
def test_a_comment_begins_on_an_added_line(given: tuple[int, int], placed: tuple[int, int], inline: bool) -> None:
    (found,) = report(said(given)).diagnostics
    assert (found.line, found.end_line, found.inline) == (*placed, inline)
    assert found.level is (Level.WARNING if inline else Level.NOTICE)


def test_one_concern_is_one_comment_with_related_places() -> None:
    (found,) = report(said((4, 4), (5, 7), concern="same")).diagnostics
    assert [(place.line, place.end_line) for place in found.related] == [(5, 7)]


def sent(per: Per, new: object = None) -> Sent:
    return Sent(cast(NewRequest, new), per)


@pytest.fixture
def unweighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the rules say is taken as it is: these tests are about what becomes of several words."""
    monkeypatch.setattr("analyzers.driver.driver.weigh", lambda diagnostic, change: diagnostic)


@pytest.mark.usefixtures("unweighed")
def test_one_request_is_one_comment_of_what_multiplies_it_most() -> None:
    list_ = said((4, 4), analyzer="a-rule", multiplier="LIST.", subject=sent("call"), priority=99.0)
    node = said((4, 4), analyzer="z-rule", multiplier="5,000 nodes.", cc=True, subject=sent("node"))
    (found,) = report(list_, node).diagnostics
    assert found.analyzer == "z-rule"
    assert found.multiplier == "5,000 nodes. LIST."
    assert found.cc


@pytest.mark.usefixtures("unweighed")
def test_what_another_request_on_the_line_costs_is_not_said() -> None:
    one = said((4, 4), multiplier="5,000 nodes.", subject=sent("node", object()))
    two = said((4, 4), analyzer="value-receiver", multiplier="LIST.", subject=sent("call", object()))
    assert [each.multiplier for each in report(one, two).diagnostics] == ["5,000 nodes."]


@pytest.mark.usefixtures("unweighed")
def test_a_warning_owns_its_operation_before_a_notice() -> None:
    notice = said((4, 4), analyzer="a-rule", subject=sent("node"), level=Level.NOTICE)
    warning = said((4, 4), analyzer="z-rule", subject=sent("call"))
    assert [each.analyzer for each in report(notice, warning).diagnostics] == ["z-rule"]


@pytest.mark.usefixtures("unweighed")
def test_two_operations_on_one_line_are_two_comments() -> None:
    walk = said((4, 4), analyzer="a-rule", subject=Walk("pods", True, "event"))
    copy = said((4, 4), analyzer="z-rule", subject=Copy("v1.Pod", 848, True, "item"))
    assert len(report(walk, copy).diagnostics) == 2


OWNED = (
    said((4, 4), analyzer="node-api-call", subject=sent("node")),
    said((4, 4), analyzer="explicit-list", subject=sent("call")),
)


@pytest.mark.usefixtures("unweighed")
def test_where_the_owner_is_silenced_no_other_rule_speaks_on_its_operation() -> None:
    assert [each.analyzer for each in report(*OWNED).diagnostics] == ["node-api-call"]
    allowed = CHANGE.replace("+	one()", "+	one() //scalability:allow node-api-call runs once")
    assert not report(*OWNED, text=allowed).diagnostics
    assert not report(*OWNED, configuration=Configuration(rules={"node-api-call": "off"})).diagnostics
    assert not report(dataclasses.replace(OWNED[0], ignored=True), OWNED[1]).diagnostics
    (lowered,) = report(*OWNED, configuration=Configuration(rules={"node-api-call": "notice"})).diagnostics
    assert (lowered.analyzer, lowered.level) == ("node-api-call", Level.NOTICE)


@pytest.mark.usefixtures("unweighed")
def test_what_only_adds_a_clause_may_be_silenced_without_silencing_the_owner() -> None:
    (found,) = report(*OWNED, configuration=Configuration(rules={"explicit-list": "off"})).diagnostics
    assert found.analyzer == "node-api-call"


RENAMED = dataclasses.replace(said((4, 4), analyzer="blocking-send"), formerly=("critical-path",))


def test_a_former_name_still_silences() -> None:
    text = CHANGE.replace("+	one()", "+	one() //scalability:allow critical-path runs once")
    assert not report(RENAMED, text=text).diagnostics
    assert not report(RENAMED, configuration=Configuration(rules={"critical-path": "off"})).diagnostics
    (found,) = report(
        RENAMED, configuration=Configuration(rules={"critical-path": "off", "blocking-send": "notice"})
    ).diagnostics
    assert found.level is Level.NOTICE  # the present name comes before the former one


def test_a_former_name_leaves_its_fingerprint() -> None:
    (now,) = report(RENAMED).diagnostics
    (then,) = report(said((4, 4), analyzer="critical-path")).diagnostics
    assert now.fingerprint != then.fingerprint
    assert now.former_fingerprints == (then.fingerprint,)


def test_the_most_important_comes_first_and_notices_last() -> None:
    found = report(
        said((4, 4), priority=1.0),
        said((5, 5), analyzer="value-receiver", priority=9.0),
        said((9, 9), level=Level.NOTICE, priority=99.0),
    ).diagnostics
    assert [each.line for each in found] == [5, 4, 9]


def test_cc_only_where_a_diagnostic_asks_for_it() -> None:
    assert report(said((4, 4))).cc == ()
    assert report(said((4, 4), cc=True), configuration=Configuration(cc=("@a/b",))).cc == ("@a/b",)


def test_configuration_turns_rules_off_and_down_and_leaves_paths_out() -> None:
    assert not report(said((4, 4)), configuration=Configuration(rules={"explicit-list": "off"})).diagnostics
    (found,) = report(said((4, 4)), configuration=Configuration(rules={"explicit-list": "notice"})).diagnostics
    assert (found.level, found.inline) == (Level.NOTICE, False)
    assert report(configuration=Configuration(ignore=("pkg/",))).files == 0


def test_a_rule_that_fails_is_named_and_the_others_are_heard() -> None:
    def broken(change: Change) -> Iterator[Diagnostic]:
        raise ZeroDivisionError
        yield

    found = report(Analyzer("value-receiver", broken), said((4, 4)))
    assert len(found.diagnostics) == 1
    assert [skipped.reason for skipped in found.skipped] == [
        "rule value-receiver failed (ZeroDivisionError); please report it"
    ]


ALLOWED = CHANGE.replace("+	one()", "+	one() //scalability:allow explicit-list {reason}")


def test_allow_with_a_reason_silences_its_rule_there() -> None:
    text = ALLOWED.replace("{reason}", "runs once")
    assert not report(said((4, 4)), text=text).diagnostics
    assert report(said((4, 4), analyzer="value-receiver"), text=text).diagnostics
    assert report(said((8, 8)), text=text).diagnostics == report(said((8, 8))).diagnostics


def test_allow_on_the_line_above() -> None:
    assert not report(said((5, 7)), text=ALLOWED.replace("{reason}", "runs once")).diagnostics


def test_allow_without_a_reason_is_itself_a_notice() -> None:
    (found,) = report(said((4, 4)), text=ALLOWED.replace(" {reason}", "")).diagnostics
    assert (found.analyzer, found.level) == ("allow", Level.NOTICE)
    assert "gives no reason" in found.message


def test_equal_diagnostics_have_different_fingerprints() -> None:
    found = report(
        said((4, 4), (5, 5), concern="x", function="f"),
        said((9, 9), analyzer="value-receiver", concern="x", function="f"),
    ).diagnostics
    assert len({each.fingerprint for each in found}) == len(found) == 2


@pytest.mark.usefixtures("unweighed")
def test_two_things_copied_on_one_line_keep_both_remedies() -> None:
    receiver = said(
        (4, 4),
        analyzer="a",
        remedy="Use a pointer receiver.",
        priority=2.0,
        subject=Copy("Scheduler", 800, True, "call"),
    )
    param = said((4, 4), analyzer="b", remedy="Take a pointer.", subject=Copy("v1.Pod", 848, True, "call"))
    (found,) = report(receiver, param).diagnostics
    assert (found.analyzer, found.remedy) == ("a", "Use a pointer receiver. Take a pointer.")


def test_many_allow_comments_are_one_notice_and_silence_each_their_line() -> None:
    many = 20_000
    lines = "".join(f"+	one() //scalability:allow explicit-list{' once' if n % 2 else ''}\n" for n in range(many))
    text = CHANGE.replace("+	one()\n", lines)
    found = report(said(*((n, n) for n in range(4, 4 + many))), text=text)
    assert [(each.analyzer, len(each.related)) for each in found.diagnostics] == [("allow", many // 2 - 1)]


def copied(name: str, line: int, size: int, **fields: object) -> Analyzer:
    subject = Copy(name, size, True, "call", CriticalPath("the scheduling path", "pod"))
    known: dict[str, object] = {"analyzer": f"copy-{line}-{size}", "subject": subject, "function": "f"}
    return said((line, line), **{**known, **fields})  # type: ignore[arg-type]


def test_copies_on_one_line_are_told_in_one_sentence() -> None:
    (found,) = report(copied("v1.Node", 4, 680, remedy="P."), copied("v1.Pod", 4, 848, remedy="P.")).diagnostics
    assert (
        found.multiplier == "Every call copies 848 bytes (`v1.Pod`) and 680 bytes (`v1.Node`), on the scheduling path."
    )
    assert found.remedy == "P."


def test_copies_in_one_function_are_one_comment() -> None:
    both = copied("v1.Node", 4, 680, remedy="P."), copied("v1.Pod", 5, 848, remedy="I.")
    (found,) = report(*both, text=IN_KUBERNETES).diagnostics
    assert (found.line, found.remedy, found.function) == (5, "I. P.", "f")
    assert [(place.line, place.message) for place in found.related] == [(4, "v1.Node")]
    apart = copied("v1.Node", 4, 680), copied("v1.Pod", 5, 848, function="g")
    two = report(*apart, text=IN_KUBERNETES).diagnostics
    assert len(two) == 2


@pytest.mark.parametrize(
    ("path", "in_kubernetes", "elsewhere"),
    [
        (CriticalPath("the scheduling path", "pod and node"), Level.WARNING, Level.WARNING),
        (CriticalPath("the admission path", "request"), Level.WARNING, Level.NOTICE),
        (CriticalPath("a reconcile path", "object"), Level.NOTICE, Level.NOTICE),
        (None, Level.NOTICE, Level.NOTICE),
    ],
)
def test_a_copy_is_a_comment_only_where_it_is_made_again_and_again(
    path: CriticalPath | None, in_kubernetes: Level, elsewhere: Level
) -> None:
    copy = said((4, 4), subject=Copy("v1.Pod", 848, True, "call", path))
    assert [each.level for each in report(copy, text=IN_KUBERNETES).diagnostics] == [in_kubernetes]
    assert [each.level for each in report(copy).diagnostics] == [elsewhere]


def test_a_copied_lock_is_a_comment_in_every_project() -> None:
    (found,) = report(said((4, 4), subject=Copy("v1.Cache", 120, True, "call", None, locks=True))).diagnostics
    assert found.level is Level.WARNING
