"""Alerts and dashboard speak of metrics that are there, and the alerts ring when they should: tried with promtool."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from redis import Redis

from bot import metrics, status
from bot.metrics import COUNTED, MEASURED, Metrics
from bot.queue import Queues

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"


def names_told(redis: Redis) -> set[str]:
    """Give the names of all metrics on the page, once everything was counted."""
    for name, (_, labels) in COUNTED.items():
        metrics.count(redis, name, **dict.fromkeys(labels, "x"))
    for name, (_, labels, _) in MEASURED.items():
        metrics.observe(redis, name, 1.0, **dict.fromkeys(labels, "x"))
    status.note_mirrors(redis, "w", 1, 2)
    told = Metrics.of(Queues(redis))
    told.delivered("pull_request", "queued")
    return set(re.findall(r"^(scalability_bot_\w+)", generate_latest(told.registry).decode(), re.MULTILINE))


def test_every_metric_that_is_spoken_of_is_there(redis_connection: Redis) -> None:
    expressions = [rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    expressions += [
        target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]
    ]
    spoken = {name for each in expressions for name in re.findall(r"scalability_bot_\w+", each)}
    assert spoken <= names_told(redis_connection) and len(spoken) > 10


def test_the_dashboard_is_as_it_is_made_and_no_panels_overlap() -> None:
    spec = importlib.util.spec_from_file_location("make", DEPLOY / "grafana" / "make.py")
    assert spec is not None and spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert json.loads(DASHBOARD.read_text()) == make.dashboard()
    taken: set[tuple[int, int]] = set()
    for panel in make.dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and at["x"] + at["w"] <= 24
        taken |= cells


def promtool(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    if shutil.which("promtool") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("promtool was not found: .ci/run installs it")
    return subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_alerts_are_rules_of_prometheus(tmp_path: Path) -> None:
    done = promtool("check", "rules", str(ALERTS), folder=tmp_path)
    assert done.returncode == 0 and "7 rules found" in done.stdout, done.stderr


def buckets(slow: int, fast: int) -> list[dict[str, str]]:
    name = "scalability_bot_webhook_to_review_seconds_bucket"
    ends = [*map(str, MEASURED["webhook_to_review_seconds"][2]), "+Inf"]
    return [
        {
            "series": f'{name}{{depth="normal",le="{end}"}}',
            "values": f"0+{fast if float(end) < 3600 else fast + slow}x240",
        }
        for end in ends
    ]


@pytest.mark.parametrize(
    ("alert", "series", "labels", "at"),
    [
        ("RedisAway", [{"series": "scalability_bot_redis_up", "values": "0x60"}], {"severity": "critical"}, "5m"),
        (
            "QueueStands",
            [{"series": 'scalability_bot_oldest_seconds{kind="normal"}', "values": "0+60x60"}],
            {"severity": "warning", "kind": "normal"},
            "30m",
        ),
        (
            "JobsFail",
            [{"series": 'scalability_bot_jobs_total{queue="reviews",outcome="failed"}', "values": "0+1x60"}],
            {"severity": "warning", "queue": "reviews"},
            "30m",
        ),
        ("ReviewsAreSlow", buckets(slow=3, fast=7), {"severity": "warning"}, "2h"),
        ("BudgetShort", [{"series": "scalability_bot_budget_left", "values": "20x60"}], {"severity": "info"}, "20m"),
        (
            "SignaturesWrong",
            [{"series": 'scalability_bot_deliveries_total{event="other",outcome="BadSignature"}', "values": "0+5x60"}],
            {"severity": "warning"},
            "20m",
        ),
    ],
)
def test_an_alert_rings_when_it_should_and_not_otherwise(
    tmp_path: Path, alert: str, series: list[dict[str, str]], labels: dict[str, str], at: str
) -> None:
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    (rule,) = [each for each in rules if each["alert"] == f"ScalabilityBot{alert}"]
    said = {
        name: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda label: labels[label[1]], text)
        for name, text in rule["annotations"].items()
    }
    quiet = [{**each, "values": "1x240" if alert == "RedisAway" else "100x240"} for each in series]

    def tried(given: list[dict[str, str]], rings: bool) -> dict[str, Any]:
        expected = [{"exp_labels": labels, "exp_annotations": said}] if rings else []
        check = {"eval_time": at, "alertname": rule["alert"], "exp_alerts": expected}
        return {"interval": "1m", "input_series": given, "alert_rule_test": [check]}

    test = tmp_path / "test.yaml"
    tests = [tried(series, True), tried(quiet, False)]
    test.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}), encoding="utf-8"
    )
    done = promtool("test", "rules", str(test), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
