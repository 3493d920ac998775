"""What breaks an SLO and what got worse is said, with numbers; noise is not."""

import re
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from tests.results import files
from workers.results import objectives, perfdata, plot, words
from workers.results.comparison import Comparison, compare


def compared(change: dict[str, bytes], base: dict[str, bytes] | None = None) -> Comparison:
    return compare(perfdata.read(change), None if base is None else perfdata.read(base))


def api(*items: dict[str, object]) -> dict[str, bytes]:
    return {files.API: files.perf_data(*items)}


def test_a_run_within_the_slos_is_well() -> None:
    found = compared(files.run())
    assert found.is_well and not found.broken
    assert words.sentence(found) == "all 6 series that an SLO speaks of keep it."


@pytest.mark.parametrize(
    ("item", "limit"),
    [
        (files.call("GET", "pods", 1), 1_000),
        (files.call("LIST", "pods", 1, "namespace"), 30_000),
        (files.call("LIST", "pods", 1, "cluster"), 30_000),
        (files.call("DELETE", "pods", 1, "namespace"), 30_000),
        (files.call("POST", "pods", 1, "resource", Subresource="binding"), 1_000),
        (files.call("LIST", "pods", 1, ""), 30_000),
        (files.call("PUT", "pods", 1, ""), 1_000),
        (files.call("WATCH", "pods", 1, "cluster"), None),
        (files.call("WATCHLIST", "pods", 1, "cluster"), 30_000),
        (files.call("GET", "pods", 1, Subresource="log"), None),
        (files.call("POST", "pods", 1, Subresource="exec"), None),
    ],
)
def test_each_call_is_held_against_its_own_threshold(item: dict[str, object], limit: float | None) -> None:
    (series,) = perfdata.read(api(item)).series.values()
    assert objectives.threshold(series) == limit


def test_only_the_start_of_stateless_pods_has_an_slo_and_not_while_all_are_made_at_once() -> None:
    run = perfdata.read(
        {**files.run(), files.STATELESS.replace("Stateless", "Stateful", 1): files.run()[files.STATELESS]}
    )
    held = [
        series.name for series in run.series.values() if series.kind == "pod start-up" and objectives.threshold(series)
    ]
    assert held == ["pod_startup, stateless"]


def test_a_change_that_got_worse_is_told_with_how_much() -> None:
    found = compared(files.run(pods=2_000, start=6_200, memory_mb=14_000), files.run())
    assert not found.is_well
    assert [row.name for row in found.broken] == ["pod_startup, stateless"]
    assert {row.name for row in found.worse} == {
        "LIST pods (namespace)",
        "pod_startup, stateless",
        "create_to_schedule, stateless",
        "kube-apiserver memory",
    }
    said = words.markdown(found)
    assert "1 of 6 series breaks an SLO, pod_startup, stateless: 6.20 s where 5.00 s are allowed" in said
    assert re.search(r"`LIST pods \(namespace\)` \| 30.00 s \| 800 ms \| 2.00 s \| worse \(\+150 %\)", said)
    assert re.search(r"kube-apiserver memory` \| — \| 9.00 GB \| 14.00 GB \| worse \(\+56 %\)", said)


def test_a_change_that_got_better_is_well() -> None:
    found = compared(files.run(pods=200, start=2_000), files.run(start=6_000))
    assert found.is_well and not found.worse
    assert {row.name for row in found.better} >= {"LIST pods (namespace)", "pod_startup, stateless"}


def test_noise_is_no_news() -> None:
    quick = compared(api(files.call("GET", "pods", 15)), api(files.call("GET", "pods", 4)))
    near = compared(api(files.call("GET", "pods", 120)), api(files.call("GET", "pods", 100)))
    rare = compared(api(files.call("GET", "pods", 900, Count=3)), api(files.call("GET", "pods", 100, Count=3)))
    assert [found.rows[0].verdict for found in (quick, near, rare)] == ["same", "same", "few calls"]


def test_more_throughput_is_better_and_of_a_query_nobody_knows() -> None:
    def run(pods: float, leases: float) -> dict[str, bytes]:
        query = files.perf_data({"data": {"leases": leases}, "unit": "#", "labels": {}})
        return {
            files.THROUGHPUT: f'{{"perc50": {pods}, "perc90": 1, "perc99": {pods}, "max": 1}}'.encode(),
            files.QUERY: query,
        }

    less = {row.kind: row.verdict for row in compared(run(50, 9_000), run(100, 5_000)).rows}
    more = {row.kind: row.verdict for row in compared(run(100, 5_000), run(50, 9_000)).rows}
    assert less == {"throughput": "worse", "query": "differs"} and more == {"throughput": "better", "query": "differs"}


def test_what_one_side_lacks_is_neither_worse_nor_better() -> None:
    found = compared(api(files.call("GET", "pods", 10)), api(files.call("LIST", "nodes", 10)))
    assert {(row.name, row.verdict) for row in found.rows} == {
        ("GET pods (resource)", "new"),
        ("LIST nodes (resource)", "gone"),
    }
    assert found.is_well


def test_one_slow_call_of_a_rare_request_is_let_pass_as_the_jobs_do() -> None:
    found = compared(api(files.call("POST", "events", 1_300, Count=40, SlowCount=1)))
    assert found.broken and found.is_well and "a single slow call" in words.markdown(found)
    assert not compared(api(files.call("POST", "events", 1_300, Count=40, SlowCount=2))).is_well


def test_what_broke_before_is_said_to() -> None:
    slow = api(files.call("GET", "pods", 1_500))
    assert "breaks the SLO, as before" in words.markdown(compared(slow, slow))


def test_bad_files_are_told_with_their_side() -> None:
    said = words.markdown(compared(files.run(), {**files.run(), files.API_SIMPLE: b"gone"}))
    assert f"- In the base's run: {files.API_SIMPLE} is no JSON" in said


def test_nothing_is_said_to_be_nothing() -> None:
    found = compared({})
    assert not found.is_well and words.markdown(found) == "No results of performance jobs were found."


def test_names_of_a_hostile_file_are_neither_markup_nor_mentions() -> None:
    run = api(files.call("GET", "@kubernetes/everyone|<img src=x>`#1`", 5_000))
    said = words.markdown(compared(run))
    cell = next(line for line in said.splitlines() if line.startswith("| ") and "everyone" in line)
    assert cell.count("|") - cell.count("\\|") == 5  # the table's own
    assert "<img" not in MarkdownIt("commonmark", {"html": False}).enable("table").render(said)


def test_the_terminals_bars_are_as_long_as_their_values() -> None:
    drawn = plot.terminal(compared(files.run(pods=1_600), files.run(pods=400)), width=40)
    (base,) = [line for line in drawn.splitlines() if line.endswith("400 ms")]
    (change,) = [line for line in drawn.splitlines() if line.endswith("1.60 s")]
    assert (base.count("░"), change.count("█")) == (10, 40)


def test_the_svg_is_well_formed_has_no_script_and_escapes_names() -> None:
    hostile = api(files.call("GET", "</text><script>alert(1)</script>", 5_000))
    drawn = plot.svg(compared(hostile, api(files.call("GET", "pods", 3))))
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(drawn).iter()}
    assert "svg" in tags and "rect" in tags and "script" not in tags and "foreignObject" not in tags
    assert not re.search(r'(?:href|src)="(?!#)', drawn) and "url(" not in drawn


def test_the_svg_names_what_it_shows_and_its_values() -> None:
    drawn = plot.svg(compared(files.run(pods=31_000), files.run()))
    texts = [element.text for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("text")]
    assert {"LIST pods (namespace)", "31.00 s", "800 ms", "change", "base"} <= set(texts)


def test_text_for_a_terminal_has_its_columns_below_each_other() -> None:
    lines = words.text(compared(files.run(pods=2_000), files.run())).splitlines()
    table = [line for line in lines if "  " in line]
    assert table[0].split() == ["what", "SLO", "base", "change"]
    assert all(line.index("800 ms") + 6 == table[0].index("base") + 4 for line in table if "800 ms" in line)
