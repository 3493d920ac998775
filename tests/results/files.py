"""Artifacts as performance jobs write them: the shapes of ClusterLoader2, scheduler_perf and the e2e tests of 2018."""

import json
from typing import Any

TIME = "2026-08-01T10:00:00Z"
API = f"APIResponsivenessPrometheus_load_{TIME}.json"
API_SIMPLE = f"APIResponsivenessPrometheus_simple_load_{TIME}.json"
STATELESS = f"StatelessPodStartupLatency_PodStartupLatency_load_{TIME}.json"
CREATE_PHASE = f"StatelessPodStartupLatency_CreatePhasePodStartupLatency_load_{TIME}.json"
RESOURCES = f"ResourceUsageSummary_load_{TIME}.json"
THROUGHPUT = f"SchedulingThroughput_load_{TIME}.json"
QUERY = f"GenericPrometheusQuery API Server objects_load_{TIME}.json"
SCHEDULER = "BenchmarkPerfScheduling_2026-08-01T10:00:00Z.json"


def call(verb: str, resource: str, p99: float, scope: str = "resource", **labels: Any) -> dict[str, Any]:
    """Give the item of one API call, in milliseconds."""
    told = {
        "Count": "12000",
        "SlowCount": "0",
        "Subresource": "",
        **{name: str(value) for name, value in labels.items()},
    }
    return {
        "data": {"Perc50": p99 / 4, "Perc90": p99 / 2, "Perc99": p99},
        "unit": "ms",
        "labels": {"Verb": verb, "Resource": resource, "Scope": scope, **told},
    }


def phase(metric: str, p99: float) -> dict[str, Any]:
    """Give the item of one phase of pods' start, in milliseconds."""
    return {"data": {"Perc50": p99 / 2, "Perc90": p99 * 0.9, "Perc99": p99}, "unit": "ms", "labels": {"Metric": metric}}


def perf_data(*items: dict[str, Any], version: str = "v1") -> bytes:
    return json.dumps({"version": version, "dataItems": list(items)}, indent=1).encode()


def usage(memory_mb: float, cpu: float, machine: str = "gce-master") -> bytes:
    """Give a summary of resources: those of the API server on one machine, and of kube-proxy on two nodes."""
    return json.dumps(
        {
            percentile: [
                {
                    "Name": f"kube-apiserver-{machine}/kube-apiserver",
                    "CPU": cpu * part,
                    "Mem": int(memory_mb * 1e6 * part),
                },
                {"Name": f"kube-proxy-{machine}-a1b2/kube-proxy", "CPU": 0.01, "Mem": 30_000_000},
                {"Name": f"kube-proxy-{machine}-c3d4/kube-proxy", "CPU": 0.02, "Mem": 31_000_000},
            ]
            for percentile, part in (("50", 0.8), ("90", 0.9), ("99", 1.0), ("100", 1.1))
        }
    ).encode()


def run(*, pods: float = 800.0, start: float = 3900.0, bind: float = 40.0, memory_mb: float = 9000) -> dict[str, bytes]:
    """Give the artifacts of a run of the load test at 5,000 nodes, in whole."""
    return {
        API: perf_data(
            call("LIST", "pods", 12_000, "cluster"),
            call("LIST", "pods", pods, "namespace"),
            call("POST", "pods", bind, Subresource="binding"),
            call("PATCH", "nodes", 35, Subresource="status"),
            call("GET", "configmaps", 60),
            call("WATCH", "pods", 600_000, "cluster"),
            call("GET", "pods", 55_000, Subresource="log"),
        ),
        STATELESS: perf_data(phase("pod_startup", start), phase("create_to_schedule", start / 3), version="1.0"),
        CREATE_PHASE: perf_data(phase("pod_startup", 900_000), version="1.0"),
        RESOURCES: usage(memory_mb, 20.0),
        THROUGHPUT: json.dumps({"perc50": 95.0, "perc90": 100.0, "perc99": 100.0, "max": 104.0}).encode(),
        QUERY: perf_data({"data": {"leases": 5000.0}, "unit": "#", "labels": {}}),
    }
