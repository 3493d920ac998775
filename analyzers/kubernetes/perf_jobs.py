"""The performance jobs that a pull request to kubernetes/kubernetes can ask for. As of 2026-08-22.

Source: kubernetes/test-infra @9cd5798c, config/jobs/kubernetes/sig-scalability; all are `always_run: false` and
answer to `/test NAME`. Job names move: `AS_OF` is printed with them.
"""

AS_OF = "2026-08-22"
LOAD_100 = "pull-kubernetes-e2e-gce-master-scale-performance-100"
SCHEDULER = "pull-kubernetes-scheduler-perf"

LOAD: tuple[str, ...] = (LOAD_100,)


def for_path(path: str) -> tuple[str, ...]:
    """Give the jobs that would show a regression in the code at `path`."""
    return (SCHEDULER, LOAD_100) if "scheduler" in path else LOAD
