"""kustomize, as much of it as deploy/ uses, so that its overlays are tested where there is no kubectl.

Stricter than the original: what it does not know, a file that is missing and a patch that fits nothing are errors.
tests/deploy/test_kustomize.py holds it against the original where that is installed. Names of generated ConfigMaps bear no
hash here.
"""

import copy
import re
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

_FIELDS = {
    "apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "images", "labels", "patches",
}  # fmt: skip
# The lists of a pod that a strategic merge joins by a key (Kubernetes' patchMergeKey); others are replaced.
_KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath", "ports": "containerPort"}
# Objects of no namespace.
_CLUSTER = {"Namespace"}


class Wrong(Exception):
    """A kustomization that cannot be, or that this does not know."""


def build(folder: Path, components: tuple[str, ...] = ()) -> list[Object]:
    """Give the objects of a kustomization, with so many of its components as if they stood there."""
    if not (folder / "kustomization.yaml").is_file():
        raise Wrong(f"{folder} has no kustomization.yaml")
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return _transformed(folder, told, _resources(folder, told), (*told.get("components", ()), *components))


def _resources(folder: Path, told: Object) -> list[Object]:
    if unknown := told.keys() - _FIELDS:
        raise Wrong(f"{folder}: {unknown} is not known here")
    found: list[Object] = []
    for name in told.get("resources", ()):
        path = folder / name
        if path.is_dir():
            found += build(path)
        elif path.is_file():
            found += [each for each in yaml.safe_load_all(path.read_text()) if each]
        else:
            raise Wrong(f"{path} is missing")
    for made in told.get("configMapGenerator", ()):
        data = dict(literal.split("=", 1) for literal in made.get("literals", ()))
        data |= {Path(name).name: (folder / name).read_text() for name in made.get("files", ())}
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made["name"]}, "data": data})
    names = [(each["apiVersion"], each["kind"], each["metadata"]["name"]) for each in found]
    if len(names) != len(set(names)):
        raise Wrong(f"{folder} has an object twice")
    return found


def _transformed(folder: Path, told: Object, objects: list[Object], components: tuple[str, ...]) -> list[Object]:
    for name in components:
        part = yaml.safe_load((folder / name / "kustomization.yaml").read_text())
        if part["kind"] != "Component":
            raise Wrong(f"{folder / name} is no component")
        objects = objects + _resources(folder / name, part)
        objects = _transformed(folder / name, part, objects, tuple(part.get("components", ())))
    for patch in told.get("patches", ()):
        target, change = patch["target"], yaml.safe_load(patch["patch"])
        fitting = [each for each in objects if _fits(target, each)]
        if not fitting:
            raise Wrong(f"{folder}: {target} fits nothing")
        for each in fitting:
            _merge(each, {name: value for name, value in change.items() if name not in {"kind", "metadata"}})
    for each in objects:
        if (namespace := told.get("namespace")) and each["kind"] not in _CLUSTER:
            each["metadata"]["namespace"] = namespace
        for label in told.get("labels", ()):
            _label(each, label["pairs"], label.get("includeSelectors", False))
        for image in told.get("images", ()):
            _image(each, image)
    return objects


def _fits(target: Object, each: Object) -> bool:
    group = each["apiVersion"].rpartition("/")[0]
    return (
        target.get("group", group) == group
        and target.get("kind", each["kind"]) == each["kind"]
        and re.fullmatch(target.get("name", ".*"), each["metadata"]["name"]) is not None
    )


def _merge(into: Any, change: Object) -> None:
    for name, value in change.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        elif isinstance(value, list) and name in _KEYS and isinstance(into.get(name), list):
            for item in reversed(value):  # what a patch names comes first, as kustomize has it
                key = _KEYS[name]
                old = next((each for each in into[name] if each[key] == item[key]), None)
                if old is not None:
                    into[name].remove(old)
                if item.get("$patch") != "delete":
                    made = old or {}
                    _merge(made, copy.deepcopy(item))
                    into[name].insert(0, made)
        else:
            into[name] = copy.deepcopy(value)


def _label(each: Object, pairs: dict[str, str], selectors: bool) -> None:
    each["metadata"].setdefault("labels", {}).update(pairs)
    if not selectors:
        return
    spec = each.get("spec") or {}
    if "template" in spec:
        spec["template"]["metadata"].setdefault("labels", {}).update(pairs)
        spec["selector"]["matchLabels"].update(pairs)
        for claim in spec.get("volumeClaimTemplates", ()):
            claim["metadata"].setdefault("labels", {}).update(pairs)
        for spread in spec["template"]["spec"].get("topologySpreadConstraints", ()):
            spread["labelSelector"]["matchLabels"].update(pairs)
    elif each["kind"] == "Service":
        spec["selector"].update(pairs)
    elif each["kind"] == "PodDisruptionBudget":
        spec["selector"]["matchLabels"].update(pairs)
    elif each["kind"] == "NetworkPolicy":
        peers = [peer for rule in spec.get("ingress", ()) for peer in rule.get("from", ())]
        peers += [peer for rule in spec.get("egress", ()) for peer in rule.get("to", ())]
        for peer in (spec, *peers):
            # A selector of everything, or by expressions alone, stays what it is.
            if "matchLabels" in peer.get("podSelector", {}):
                peer["podSelector"]["matchLabels"].update(pairs)


def _image(each: Object, image: Object) -> None:
    for container in each.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ()):
        if container["image"] == image["name"]:
            container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"
