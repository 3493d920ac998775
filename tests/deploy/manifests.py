"""deploy/ as data: what each process of a deployment is given, worked out as compose and Kubernetes do."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
DOCUMENTED = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}|\$\$")
_UNITS = {"k": 1 / 1024, "m": 1, "g": 1024, "Ki": 1 / 1024, "Mi": 1, "Gi": 1024}


class Unset(Exception):
    """A variable that compose demands."""


def objects() -> Iterator[dict[str, Any]]:
    """Give the objects of all files in deploy/kubernetes."""
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


WORKLOADS = [each for each in objects() if each["kind"] in {"Deployment", "StatefulSet"}]
OURS = [each for each in WORKLOADS if each["metadata"]["name"] != "redis"]


def container(workload: Mapping[str, Any]) -> dict[str, Any]:
    """Give the container of a workload that runs our image (or Redis)."""
    found: dict[str, Any] = next(
        each for each in workload["spec"]["template"]["spec"]["containers"] if each["name"] != "proxy"
    )
    return found


def literals() -> dict[str, str]:
    """Give the variables of the ConfigMap that kustomize makes."""
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    return dict(literal.split("=", 1) for literal in kustomization["configMapGenerator"][0]["literals"])


def image() -> dict[str, str]:
    """Give the variables that the image itself sets."""
    text = (ROOT / "deploy" / "Containerfile").read_text().replace("\\\n", " ")
    return dict(
        word.split("=", 1) for line in text.splitlines() if line.startswith("ENV ") for word in shlex.split(line)[1:]
    )


def interpolated(value: str, env: Mapping[str, str]) -> str:
    """Put variables into a value of compose.yaml; Unset for one that must be set."""

    def put(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        if name is None:
            return "$"
        if env.get(name):
            return env[name]
        if kind == ":?":
            raise Unset(rest)
        return rest or ""

    return _VARIABLE.sub(put, value)


def compose_environment(service: str, env: Mapping[str, str]) -> dict[str, str]:
    """Give what a service's process finds in its environment, env being the operator's .env."""
    given = COMPOSE["services"][service]["environment"]
    return {**image(), **{name: interpolated(value, env) for name, value in given.items()}}


def kubernetes_environment(
    workload: Mapping[str, Any], config: Mapping[str, str], secret: Mapping[str, str]
) -> dict[str, str]:
    """Give what the process of a workload finds in its environment, from the ConfigMap and the Secret of the operator."""
    found = container(workload)
    given = dict(config) if found.get("envFrom") else {}
    for variable in found.get("env", []):
        source = variable.get("valueFrom")
        if source is None:
            given[variable["name"]] = variable["value"]
        elif not source["secretKeyRef"].get("optional") or source["secretKeyRef"]["key"] in secret:
            given[variable["name"]] = secret[source["secretKeyRef"]["key"]]
    return {**image(), **given}


def mebibytes(amount: str) -> float:
    """Give an amount of memory or disk, as compose (3g) or Kubernetes (3Gi) writes it."""
    match = re.fullmatch(r"(\d+)(\w+)", amount)
    assert match, amount
    return int(match[1]) * _UNITS[match[2]]
