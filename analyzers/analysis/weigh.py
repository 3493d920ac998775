"""Weighing: what a rule found, and where it stands, turned into level, estimate, priority and cc; here and nowhere else."""

import dataclasses
from functools import singledispatch

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, Estimate, Level
from analyzers.analysis.subject import Bump, Copy, Nested
from analyzers.kubernetes import perf_jobs, scale


def weigh(diagnostic: Diagnostic, change: Change) -> Diagnostic:
    """Give the diagnostic with level, multiplier, estimate, priority, cc and jobs, as its subject and its place ask for."""
    return _weigh(diagnostic.subject, diagnostic, change)


@singledispatch
def _weigh(subject: object, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    return diagnostic


@_weigh.register
def _copy(subject: Copy, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    size = f"{'' if subject.exact else 'at least '}{subject.bytes:,} bytes"
    per = "Every call copies" if subject.per == "call" else "Every iteration copies"
    where = f" on {subject.path_name}" if subject.path_name else ""
    return dataclasses.replace(
        diagnostic,
        multiplier=f"{per} {size}{where}.",
        estimate=Estimate(bytes=subject.bytes, formula=f"sizeof(amd64) = {size}"),
        priority=min(subject.bytes / 100, 20) + (10 if subject.hot else 0),
    )


@_weigh.register
def _nested(subject: Nested, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    operations = 1.0
    for collection in subject.collections:
        operations *= scale.COUNTS.get(collection, scale.OBJECTS)
    factors = " x ".join(f"{scale.human_count(scale.COUNTS.get(each, scale.OBJECTS))} {each}" for each in subject.collections)
    where = f", on {subject.path_name}" if subject.path_name else ""
    return dataclasses.replace(
        diagnostic,
        multiplier=f"At the supported limit that is {factors}: {scale.human_count(operations)} steps{where}.",
        estimate=Estimate(operations=operations, formula=f"{factors} = {scale.human_count(operations)}"),
        priority=60 + (20 if subject.hot else 0),
        cc=diagnostic.level is Level.WARNING,
        jobs=perf_jobs.for_path(diagnostic.path),
    )


@_weigh.register
def _bump(subject: Bump, diagnostic: Diagnostic, change: Change) -> Diagnostic:
    raised = subject.important and subject.minor
    return dataclasses.replace(
        diagnostic,
        level=diagnostic.level if raised else Level.NOTICE,
        priority=70 if raised else 10,
        cc=raised,
        jobs=perf_jobs.LOAD if raised else (),
    )
