"""Names from code under review stay inert, and a diagnostic keeps its identity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level, Place, code
from analyzers.analysis.readiness import Shown
from analyzers.analysis.report import Present, Report, Skipped
from analyzers.kubernetes.production_readiness import Topic
from analyzers.kubernetes.requests.asked import Asked, Side


def diagnostic(**fields: object) -> Diagnostic:
    known = {
        "analyzer": "explicit-list",
        "path": "a.go",
        "line": 3,
        "end_line": 3,
        "construct": "A.",
        "remedy": "B.",
        "concern": "list pods",
    }
    return Diagnostic(**{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("pods.List", "`pods.List`"),
        ("a`b", "``a`b``"),
        ("`x`", "`` `x` ``"),
        ("@kubernetes/all\n<!-- x -->", "`@kubernetes/all <!-- x -->`"),
        ("a\u202eb\x00c", "`a b c`"),
        ("", "`  `"),
    ],
)
def test_code(text: str, span: str) -> None:
    assert code(text) == span


@given(st.text())
def test_code_is_one_code_span_whatever_it_holds(text: str) -> None:
    (paragraph, inline, _) = MarkdownIt().parse(code(text) + ".")
    assert paragraph.type == "paragraph_open"
    kinds = [child.type for child in inline.children or []]
    assert kinds == (["code_inline", "text"] if text.strip() and code(text).strip("` ") else kinds)
    assert not {"link_open", "html_inline", "image", "em_open"} & set(kinds)


def test_a_fingerprint_holds_no_place() -> None:
    here, there = diagnostic().with_fingerprint(0), diagnostic(path="b.go", line=9, end_line=12).with_fingerprint(0)
    assert here.fingerprint == there.fingerprint
    others = [diagnostic(concern="list nodes"), diagnostic(function="sync"), diagnostic(analyzer="node-api-call")]
    assert (
        len(
            {each.with_fingerprint(0).fingerprint for each in (diagnostic(), *others)}
            | {diagnostic().with_fingerprint(1).fingerprint}
        )
        == 5
    )


def test_a_report_survives_json() -> None:
    said = diagnostic(
        level=Level.NOTICE,
        estimate=Estimate(qps=1.5, formula="f"),
        related=(Place("b.go", 1, 2, "m"),),
        cc=True,
        excerpt=("x",),
        jobs=("job",),
    )
    report = Report(
        (said,),
        (Skipped("c.go", "too large"),),
        ("@a/b",),
        ("job",),
        ("remark",),
        (Present("a.go", 3, "T.f", "GET of nodes", "every 10 s", (Place("b.go", 1, 1, "run"),)),),
        (Asked("kubelet", "GET", "nodes", "resource", Side(), Side(1, 0, 0, 10.0, 500.0), "a.go", 3),),
        (Shown(Topic.OBJECTS, "a field", (Place("types.go", 5, 5),)),),
        "1" * 40,
        None,
        2,
        30,
        4.5,
    )
    assert Report.from_json(report.to_json()) == report
