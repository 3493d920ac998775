"""Versions written into scripts, Makefiles, Dockerfiles, templates, manifests and constants: Go's, etcd's, and what runs on nodes.

The places are those of kubernetes/kubernetes from 2014 to 2026 (build/build-image/cross, build/root/WORKSPACE,
cluster/gce, cluster/images/etcd, kubeadm's constants, build/dependencies.yaml) and what projects built like it use.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzers.kubernetes.versions.dependencies import ETCD, GO, TABLE, Dependency


class Written(NamedTuple):
    """One version in a line of text. `frame` is the line without it: what stays equal when only the version changes."""

    dependency: Dependency
    version: str
    frame: str


_GO = r"(?P<version>1\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)(?![\d.]*\d)"
_NUMBER = r"\d+\.\d+(?:\.\d+)?(?:-(?:alpha|beta|rc)\.?\d+)?"
# What may stand between a name and its version: `=`, `?=`, `:=`, `: "`, `', '`, `=${NAME:-`, `" "`.
_BETWEEN = r"[\"']?\s{0,40}[:?]?[=:,]?\s{0,40}[\"'({]{0,8}\$?\{?(?:\w{1,80}:-)?[\"']?(?:go|v)?"
_GO_PATTERNS = (
    re.compile(r"(?<![\w-])golang:v?" + _GO),
    re.compile(r"(?i)(?<![a-z0-9])go(?:lang)?[_-]?version\w{0,80}" + _BETWEEN + _GO),
    re.compile(r"kube-cross:v(?:[\d.]+-go)?" + _GO),
    re.compile(r"[:-]v?\d[\d.]*-go" + _GO),
    re.compile(r"(?<![\w.])go" + _GO.replace(r"(?![\d.]*\d)", r"(?=\.(?:linux|darwin|windows|src))")),
)
# kubernetes/kubernetes, build/build-image/cross/VERSION: v1.10.3-1 till 2021, v1.33.0-go1.24.0-bullseye.0 since.
_CROSS = re.compile(r"^v(?:[\d.]+-go)?" + _GO)
_GO_VERSION_FILE = re.compile(r"^(?:go)?" + _GO + r"\s*$")

# The last of a list is the one that is run: TAGS?=2.2.1 2.3.7 3.0.17 3.1.12 in cluster/images/etcd/Makefile.
_LIST = rf"(?:{_NUMBER}(?:-\d+)?[ ,]+)*(?P<version>{_NUMBER})"
_ETCD_PATTERNS = (
    re.compile(rf"(?<![\w-])etcd(?:-(?:amd64|arm|arm64|ppc64le|s390x))?:v?(?P<version>{_NUMBER})"),
    re.compile(
        rf"(?i)(?<![a-z0-9])(?P<name>[\w-]{{0,80}}etcd[\w-]{{0,80}}(?:version|tag|image)s?)(?![\w-]){_BETWEEN}{_LIST}"
    ),
    re.compile(rf"(?<![\w-])etcd-v?(?P<version>{_NUMBER})-(?:linux|darwin|windows)"),
    re.compile(rf"\"etcd\",\s*\"v?(?P<version>{_NUMBER})"),
)
_ETCD_IMAGE = re.compile(rf"^\s*(?P<name>(?:\w{{1,80}}_)?TAGS?|\w{{1,80}}_ETCD_VERSIONS?){_BETWEEN}{_LIST}")
_ETCD_ITEM = re.compile(rf"\"v?(?P<version>{_NUMBER})")
# The oldest that is supported, and what one may go back to, is not what is run.
_NOT_RUN = re.compile(r"(?i)(?:^|[_-])min|min(?:imum)?[A-Z]|external|rollback|previous|oldest|monitor")

_PLATFORM = r"(?:-(?:plugins|linux|amd64|arm64|arm|ppc64le|s390x))*"


def _on_nodes(names: tuple[str, ...]) -> re.Pattern[str]:
    name = rf"(?:{'|'.join(map(re.escape, names))})"
    variable = rf"{name}[_-]?version{_BETWEEN}(?P<version>{_NUMBER})"
    archive = rf"{name}{_PLATFORM}-v?(?P<archive>{_NUMBER})(?=[-.](?:linux|tgz|tar))"
    return re.compile(rf"(?i)(?<![a-z0-9])(?:{variable}|{archive})")


_NODE_PATTERNS = tuple((each, _on_nodes(each.names)) for each in TABLE if each.names)
_QUICK = re.compile(
    r"(?i)etcd|golang|go[_-]?version|kube-cross|-go1|go1\.|"
    + "|".join(name for each, _ in _NODE_PATTERNS for name in each.names)
)
_LONGEST = 1_000  # characters: a longer line is data, and would cost the patterns below more than it is worth
_COMMENT = re.compile(r"^\s*(?:#|//|\*|/\*|;|\{#|<!--)")

# Prose, other people's code, what only this repository's own checks run, and files that locks.py reads.
_NOT_SCANNED = re.compile(
    r"\.(md|rst|adoc|txt|html|svg|sum|lock|mod|work|proto|patch|csv|pb)$|(^|/)(vendor|third_party|node_modules|Godeps|docs?|LICENSES)/"
    r"|(^|/)(CHANGELOG|OWNERS|cloudbuild|prow)|(^|/)\.(github|circleci|travis|gitlab|semaphore|buildkite|prow|golangci|azure)|_test\.go$|(^|/)zz_|_generated\.go$"
)
# Tests, tools and examples: what they use does not run in a cluster.
_ASIDE = re.compile(
    r"(^|/)(tests?|e2e\w*|testing|testdata|test-?infra|hack|tools?|examples?|samples?|sample-[^/]*|docs?|scripts?|ci|contrib|third_party|release-tools"
    r"|images/etcd-[^/]+|demos?|benchmarks?|kubemark|plugins/[^/]*-example|\.[^/]+)/"
)


def scanned(path: str) -> bool:
    """Say whether versions in this file mean anything."""
    return not _NOT_SCANNED.search(path)


def mentioned(path: str, text: str) -> bool:
    """Say quickly whether a text of this file can hold a version that written() reads."""
    if path.endswith(".go"):
        return "etcd" in text.lower()
    name = path.rpartition("/")[2]
    return name in {".go-version", "VERSION"} or "/etcd/" in path or _QUICK.search(text) is not None


def aside(path: str) -> bool:
    """Say whether this file belongs to tests, tools or examples, whose dependencies reach no cluster."""
    return _ASIDE.search(path) is not None


def written(path: str, line: str, enclosing: str = "") -> Iterator[Written]:
    """Yield the versions of known dependencies in one line of a file.

    enclosing is the name of the map of versions that the line stands in. Comments hold none. Of a Go file only etcd's are
    read: constants of what is installed.
    """
    if len(line) > _LONGEST:
        return
    name = path.rpartition("/")[2]
    if name == ".go-version" or path.endswith("cross/VERSION"):
        yield from _found(GO, _GO_VERSION_FILE if name == ".go-version" else _CROSS, line)
        return
    if _COMMENT.match(line):
        return
    if "/etcd/" in f"/{path}" and name == "Makefile":
        yield from _found(ETCD, _ETCD_IMAGE, line)
        return
    if enclosing and "etcd" in enclosing.lower():
        yield from _found(ETCD, _ETCD_ITEM, line)
        return
    if not _QUICK.search(line):
        return
    if not path.endswith(".go"):
        for pattern in _GO_PATTERNS:
            for each in _found(GO, pattern, line):
                yield each
                return
        for dependency, pattern in _NODE_PATTERNS:
            yield from _found(dependency, pattern, line)
    for pattern in _ETCD_PATTERNS:
        for each in _found(ETCD, pattern, line):
            yield each
            return


def named(name: str) -> Dependency | None:
    """Give the dependency that an entry of build/dependencies.yaml (kubernetes-sigs/zeitgeist) speaks of."""
    first = name.strip("\"'").lower()
    if first.startswith("golang: upstream") or first == "golang":
        return GO
    if first == "etcd":
        return ETCD
    return next((each for each in TABLE if first in each.names), None)


def _found(dependency: Dependency, pattern: re.Pattern[str], line: str) -> Iterator[Written]:
    match = pattern.search(line)
    if match is None:
        return
    groups = match.groupdict()
    if groups.get("name") and _NOT_RUN.search(groups["name"]):
        return
    group = "version" if groups["version"] else "archive"
    start, end = match.span(group)
    rebuilt = re.sub(r"^-\d+", "", line[end:])  # 3.2.18-0: the image's own number
    yield Written(dependency, match[group], f"{line[:start]}\0{rebuilt}".strip())
