"""scalability-bot results: what performance jobs measured, held against the SLOs and a second run."""

import argparse
import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from bot.settings import Settings, SettingsError
from workers import environment
from workers.command_line import CannotRun
from workers.results import artifacts, perfdata, plot, words
from workers.results.artifacts import Artifacts, ResultsError, Source
from workers.results.comparison import Comparison, compare


def add_parser(subparsers: Any) -> None:
    """Describe the command's arguments."""
    results = subparsers.add_parser(
        "results",
        help="hold what performance jobs measured against the SLOs and a second run",
        description=(
            "Read the artifacts of a performance job (ClusterLoader2, scheduler_perf, e2e tests of 2018), hold them against\n"
            "Kubernetes' SLOs (API calls: 1 s for one object, 30 s for collections; start of a stateless pod: 5 s), and\n"
            "against a second run. RUN is a folder, a .json file, the address of a run (prow.k8s.io/view/gs/...), or the\n"
            "name of a job, whose newest run is taken."
        ),
        epilog="examples:\n"
        "  scalability-bot results artifacts/\n"
        "  scalability-bot results after/ --base before/ --svg latencies.svg\n"
        "  scalability-bot results pull-kubernetes-e2e-gce-master-scale-performance-100 --pull 131105 \\\n"
        "      --base ci-kubernetes-e2e-gce-scale-performance-100\n\n"
        "exit status: 0 all SLOs hold and nothing got worse, 1 one does not or something did, 2 could not run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    results.add_argument("run", metavar="RUN", help="the run to look at (with a base: the change's)")
    results.add_argument("--base", metavar="RUN", help="a run to compare with, as it was before the change")
    results.add_argument(
        "--pull", metavar="NUMBER", type=int, default=0, help="the pull request, for jobs named pull-..."
    )
    results.add_argument(
        "--repository", metavar="OWNER/NAME", default="kubernetes/kubernetes", help="of --pull; default: %(default)s"
    )
    results.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="default: text")
    results.add_argument("--svg", metavar="FILE", type=Path, help="write a plot there as well")


def main(args: argparse.Namespace) -> int:
    """Print what was found; give 1 if an SLO is broken or something got worse."""
    try:
        source = source_of(environment.settings())
        change, base = (
            _run(source, each, args.repository, args.pull) if each is not None else None
            for each in (args.run, args.base)
        )
    except (ResultsError, SettingsError) as error:
        raise CannotRun(str(error).removesuffix(".")) from error
    assert change is not None
    found = compare(perfdata.read(change.files), perfdata.read(base.files) if base else None)
    if not found.is_measured:
        reasons = " ".join(found.problems[:3])
        raise CannotRun(f"{change.where} holds no results that can be read. {reasons}".strip().removesuffix("."))
    if args.svg:
        try:
            args.svg.write_text(plot.svg(found), encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"{args.svg} cannot be written: {error.strerror}") from error
    _print(found, args.format)
    return 0 if found.is_well else 1


def source_of(settings: Settings) -> Source:
    """Give where results may come from, as the operator decided."""
    return Source(settings.results_hosts, settings.results_bucket)


def to_json(found: Comparison) -> dict[str, Any]:
    """Give a comparison as JSON data."""
    return {
        "well": found.is_well,
        "sentence": words.sentence(found),
        "rows": [{**dataclasses.asdict(row), "ratio": row.ratio} for row in found.rows],
        "problems": list(found.problems),
    }


def _run(source: Source, what: str, repository: str, number: int) -> Artifacts:
    path = Path(what)
    if path.exists() or what.startswith((".", "/", "~")) or (what.endswith(".json") and "://" not in what):
        return artifacts.from_disk(path.expanduser())
    return source.fetch(what, repository=repository, number=number)


def _print(found: Comparison, form: str) -> None:
    match form:
        case "json":
            print(json.dumps(to_json(found), indent=2))
        case "markdown":
            print(words.markdown(found))
        case _:
            print(words.text(found))
            width = max(10, min(60, shutil.get_terminal_size().columns - 70)) if sys.stdout.isatty() else plot.WIDTH
            if bars := plot.terminal(found, width):
                print(f"\n99th percentile\n{bars}")
