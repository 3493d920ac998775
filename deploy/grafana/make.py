"""Makes dashboard.json: python deploy/grafana/make.py > deploy/grafana/dashboard.json."""

import json
import sys
from typing import Any

_SOURCE = {"type": "prometheus", "uid": "${source}"}
# Title, unit, kind, how many of 24 columns wide, (expression, legend) ...
PANELS: tuple[tuple[str, str, str, int, tuple[tuple[str, str], ...]], ...] = (
    ("Redis answers", "short", "stat", 4, (("min(scalability_bot_redis_up)", "up"),)),
    ("Comments left this hour", "short", "stat", 4, (("min(scalability_bot_budget_left)", "left"),)),
    (
        "Given up, an hour",
        "short",
        "stat",
        4,
        (('sum(increase(scalability_bot_jobs_total{outcome="failed"}[1h]))', "pull requests"),),
    ),
    (
        "From webhook to review",
        "s",
        "timeseries",
        12,
        tuple(
            (
                f"histogram_quantile({quantile}, sum by (le, depth) "
                "(rate(scalability_bot_webhook_to_review_seconds_bucket[1h])))",
                f"{{{{depth}}}} {name}",
            )
            for quantile, name in ((0.5, "median"), (0.9, "90th percentile"))
        ),
    ),
    (
        "First that waits, by kind",
        "s",
        "timeseries",
        12,
        (("max by (kind) (scalability_bot_oldest_seconds)", "{{kind}}"),),
    ),
    (
        "Pull requests that wait",
        "short",
        "timeseries",
        12,
        (('max by (kind) (scalability_bot_pull_requests{state="due"})', "{{kind}}"),),
    ),
    (
        "Turns ended, an hour",
        "short",
        "timeseries",
        12,
        (("sum by (queue, outcome) (increase(scalability_bot_jobs_total[1h]))", "{{queue}} {{outcome}}"),),
    ),
    (
        "Seconds a turn",
        "s",
        "timeseries",
        12,
        (
            (
                "sum by (queue) (rate(scalability_bot_job_seconds_total[1h])) "
                "/ sum by (queue) (rate(scalability_bot_jobs_total[1h]))",
                "{{queue}}",
            ),
        ),
    ),
    (
        "Webhooks, an hour",
        "short",
        "timeseries",
        12,
        (("sum by (outcome) (increase(scalability_bot_deliveries_total[1h]))", "{{outcome}}"),),
    ),
    (
        "Time to queue a webhook",
        "s",
        "timeseries",
        12,
        (
            (
                "histogram_quantile(0.99, sum by (le) (rate(scalability_bot_enqueue_seconds_bucket[5m])))",
                "99th percentile",
            ),
        ),
    ),
    (
        "Diagnostics by rule, a day",
        "short",
        "timeseries",
        12,
        (("sum by (rule, level) (increase(scalability_bot_diagnostics_total[1d]))", "{{rule}} {{level}}"),),
    ),
    (
        "Writes to GitHub, an hour",
        "short",
        "timeseries",
        12,
        (("sum by (kind, outcome) (increase(scalability_bot_writes_total[1h]))", "{{kind}} {{outcome}}"),),
    ),
    (
        "Calls to GitHub by status, an hour",
        "short",
        "timeseries",
        12,
        (("sum by (status) (increase(scalability_bot_github_calls_total[1h]))", "{{status}}"),),
    ),
    (
        "Comments by what became of them, a day",
        "short",
        "timeseries",
        12,
        (("sum by (outcome) (increase(scalability_bot_comments_total[1d]))", "{{outcome}}"),),
    ),
    (
        "Files left out, a day",
        "short",
        "timeseries",
        12,
        (("sum by (reason) (increase(scalability_bot_skipped_files_total[1d]))", "{{reason}}"),),
    ),
    (
        "Mirrors, and the stores of words in them",
        "bytes",
        "timeseries",
        12,
        (
            ("max by (worker) (scalability_bot_mirror_bytes)", "{{worker}}"),
            ("max by (worker) (scalability_bot_store_bytes)", "{{worker}} stores"),
        ),
    ),
    ("Redis", "bytes", "timeseries", 12, (("max(scalability_bot_redis_bytes)", "memory"),)),
    (
        "Webhooks asked for again, a day",
        "short",
        "timeseries",
        12,
        (("increase(scalability_bot_redeliveries_total[1d])", "redeliveries"),),
    ),
)


def dashboard() -> dict[str, Any]:
    """Give the dashboard as Grafana imports it; it asks for the Prometheus to read from."""
    panels, x, y, height = [], 0, 0, 8
    for number, (title, unit, kind, width, targets) in enumerate(PANELS, start=1):
        if x + width > 24:
            x, y = 0, y + height
        panels.append(
            {
                "id": number,
                "title": title,
                "type": kind,
                "datasource": _SOURCE,
                "gridPos": {"h": height, "w": width, "x": x, "y": y},
                "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
                "targets": [
                    {"refId": chr(65 + index), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
                    for index, (expression, legend) in enumerate(targets)
                ],
            }
        )
        x += width
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "scalability-bot",
        "title": "Scalability Bot",
        "tags": ["scalability-bot"],
        "timezone": "utc",
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1)
    sys.stdout.write("\n")
