"""scalability-bot results: a table, bars, an SVG, and an exit status to build on."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.results import files
from tests.results.conftest import Bucket
from workers.command_line import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = {
        "base": files.run(),
        "worse": files.run(pods=31_000),
        "better": files.run(pods=300),
        "bad": {files.API: b"{"},
    }
    for name, content in made.items():
        (tmp_path / name).mkdir()
        for file, data in content.items():
            (tmp_path / name / file).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_job_that_got_worse_one_that_got_better_and_a_broken_one(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["results", "./worse", "--base", "base", "--svg", "plot.svg"]) == 1
    said = capsys.readouterr().out
    assert "LIST pods (namespace): 31.00 s where 30.00 s are allowed" in said
    assert re.search(r"change  █{40} 31\.00 s", said)
    assert ElementTree.parse("plot.svg").getroot().tag.endswith("svg")
    assert main(["results", "better", "--base", "base"]) == 0
    assert "better (-62 %)" in capsys.readouterr().out
    for arguments in (["bad"], ["bad", "--base", "base"]):
        assert main(["results", *arguments]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "is no JSON" in error


def test_json_is_for_machines(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", "worse", "--base", "base", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (row,) = [row for row in told["rows"] if row["verdict"] == "worse"]
    assert (row["name"], row["base"], row["change"], row["breaks"]) == ("LIST pods (namespace)", 800, 31_000, True)
    assert told["well"] is False


def test_markdown_is_for_pasting(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["results", "worse", "--base", "base", "--format", "markdown"])
    assert "| what | SLO | base | change |  |" in capsys.readouterr().out


def test_jobs_by_name_from_the_operators_bucket(
    runs: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put("pr-logs/pull/7/pull-perf/3/artifacts", files.run(pods=400))
    bucket.put("pr-logs/pull/7/pull-perf", {"latest-build.txt": b"3"})
    monkeypatch.setenv("RESULTS_HOSTS", bucket.host)
    monkeypatch.setenv("RESULTS_BUCKET", bucket.address)
    assert main(["results", "pull-perf", "--pull", "7", "--base", "base"]) == 0
    assert "better (-50 %)" in capsys.readouterr().out
    assert main(["results", "https://evil.example/a.json"]) == 2
    assert "none of the hosts that results are read from" in capsys.readouterr().err
