"""Artifacts of performance jobs are read as what they are; one that is bad costs one sentence and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.results import files
from workers.results import perfdata
from workers.results.perfdata import Run, Series


def named(run: Run, name: str) -> Series:
    (found,) = [each for each in run.series.values() if each.name == name]
    return found


def test_a_whole_run_is_read() -> None:
    run = perfdata.read(files.run())
    assert run.problems == () and run.files == 6
    lists = named(run, "LIST pods (cluster)")
    assert (lists.kind, lists.unit, lists.values["Perc99"], lists.count, lists.slow) == (
        "api call",
        "ms",
        12_000,
        12_000,
        0,
    )
    assert named(run, "POST pods/binding (resource)").values["Perc99"] == 40
    assert named(run, "pod_startup, stateless").values["Perc50"] == 1950
    assert named(run, "pod_startup, stateless, create phase").values["Perc99"] == 900_000
    assert named(run, "kube-apiserver memory").values == {
        "Perc50": 7.2e9,
        "Perc90": 8.1e9,
        "Perc99": 9e9,
        "Perc100": 9.9e9,
    }
    assert named(run, "scheduling throughput").unit == "pods/s"
    assert named(run, "leases").values == {"Value": 5000.0}


def test_of_many_instances_the_largest_counts_whatever_their_nodes_are_called() -> None:
    one, other = (perfdata.read({files.RESOURCES: files.usage(100, 1, machine)}) for machine in ("gce-a", "aws-b"))
    assert one.series.keys() == other.series.keys()
    assert named(one, "kube-proxy CPU").values["Perc99"] == 0.02


def test_files_of_2018_have_neither_scope_nor_slow_calls() -> None:
    item = {"data": {"Perc50": 1.0, "Perc90": 2.0, "Perc99": 3.0, "Perc100": 9.0}, "unit": "ms"}
    item["labels"] = {"Verb": "LIST", "Resource": "pods", "Count": "12"}
    run = perfdata.read({"APIResponsiveness_density_2018-03-01T00:00:00Z.json": files.perf_data(item)})
    assert (named(run, "LIST pods").count, named(run, "LIST pods").slow) == (12, None)


def test_the_schedulers_own_benchmark_is_read() -> None:
    item = {
        "data": {"Average": 310.5, "Perc50": 300.0, "Perc90": 400.0, "Perc95": 410.0, "Perc99": 420.0},
        "unit": "pods/s",
        "labels": {"Metric": "SchedulingThroughput", "Name": "SchedulingBasic/5000Nodes"},
    }
    run = perfdata.read({files.SCHEDULER: files.perf_data(item)})
    assert named(run, "scheduling throughput SchedulingBasic/5000Nodes").kind == "throughput"


def test_of_two_files_of_a_summary_the_later_counts() -> None:
    later = files.API.replace("10:00:00Z", "11:00:00Z")
    run = perfdata.read(
        {
            later: files.perf_data(files.call("GET", "pods", 7)),
            files.API: files.perf_data(files.call("GET", "pods", 900)),
        }
    )
    assert named(run, "GET pods (resource)").values["Perc99"] == 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<html>Not found</html>", "is no JSON"),
        (b'{"version": "v1", "dataItems": [{"data": {"Perc99": "fast"}', "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (
            b'{"version": "v1", "dataItems": [{"data": {"Perc99": "fast"}, "unit": "ms"}]}',
            "is not as performance jobs write it",
        ),
        (b'{"version": "v1", "dataItems": {"a": 1}}', "is not as performance jobs write it"),
        (b'["a"]', "holds none of the formats"),
        (b'{"50": [{"Name": "a", "CPU": "much", "Mem": 1}]}', "is not as performance jobs write it"),
        (b'{"perc50": null, "perc99": 3}', "is not as performance jobs write it"),
        (b"[" * 100_000, "is no JSON"),
        (
            b'{"dataItems": [{"data": {"Perc99": -5}, "unit": "ms", "labels": {"Metric": "a"}}]}',
            "1 entry without a usable number",
        ),
        (
            b'{"dataItems": [{"data": {}, "unit": "ms"}, {"data": {}, "unit": "ms"}]}',
            "2 entries without a usable number",
        ),
    ],
)
def test_a_bad_file_costs_one_sentence(content: bytes, said: str) -> None:
    run = perfdata.read({**files.run(), "APIResponsivenessPrometheus_bad_2026-08-01T10:00:00Z.json": content})
    (problem,) = run.problems
    assert "APIResponsivenessPrometheus_bad" in problem and said in problem and "\n" not in problem
    assert named(run, "LIST pods (cluster)")  # the others are there all the same


def test_names_from_outside_stay_on_one_line() -> None:
    item = files.call("GET\x1b[2J\n\u202e", "pods" * 100, 5)
    (series,) = perfdata.read({files.API: files.perf_data(item)}).series.values()
    assert series.name.isprintable() and len(series.name) < 3 * perfdata.LONGEST_NAME


def test_no_flood_of_series_fills_the_memory() -> None:
    items = [files.call("GET", f"kind{number}", 1) for number in range(perfdata.MOST_SERIES + 5)]
    run = perfdata.read({files.API: files.perf_data(*items)})
    assert len(run.series) == perfdata.MOST_SERIES and "the rest is left out" in run.problems[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["dataItems", "data", "unit", "labels", "50", "perc50", "perc99", "Name"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_json_there_is_no_file_stops_the_reading(shape: object) -> None:
    perfdata.read({files.API: json.dumps(shape).encode()})


def test_only_files_of_results_are_asked_for() -> None:
    assert all(perfdata.is_read(name) for name in [*files.run(), files.SCHEDULER])
    for name in (
        "junit.xml",
        "cl2-metadata.json",
        f"MetricsForE2E_load_{files.TIME}.json",
        "kubelet.log",
        "finished.json",
    ):
        assert not perfdata.is_read(name)
