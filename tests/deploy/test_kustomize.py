"""The overlays and components, put together: by our own kustomize always, and held against the original where it is."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from redis import Redis

from bot.keys import KINDS, PREFIX
from bot.metrics import Metrics
from bot.queue import Queues
from bot.review_request import ReviewRequest
from tests.deploy.kustomize import Object, Wrong, build
from tests.deploy.manifests import KUBERNETES, ROOT

SCALING = ("keda", "hpa")
COMPONENTS = (*SCALING, "own-ca")
PROW = ROOT / "deploy" / "prow"
# What the redis scaler of KEDA counts, by the type of what lies under the name (its documentation speaks of lists alone).
SIZES: dict[object, str] = {b"zset": "ZCARD", b"list": "LLEN", b"none": "LLEN"}


@pytest.fixture
def queues(redis_connection: Redis) -> Queues:
    return Queues(redis_connection)


def original(folder: Path) -> list[Object]:
    """Give what kubectl makes of a folder, with the hashes taken off the names of ConfigMaps."""
    made = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True).stdout
    names = r"\b(scalability-bot|proxy)-[a-z0-9]{10}\b"
    return list(yaml.safe_load_all(re.sub(names, r"\1", made)))


def ordered(objects: list[Object]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in objects)


def one(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="ours does without; this holds it against the original")
@pytest.mark.parametrize("component", [None, *COMPONENTS])
def test_ours_makes_what_the_original_makes(tmp_path: Path, component: str | None) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(KUBERNETES, folder)
    shutil.copytree(PROW, tmp_path / "prow")
    if component:
        file = folder / "kustomization.yaml"
        file.write_text(file.read_text().replace(f"# components: [{component}]", f"components: [{component}]"))
    for each in (folder, tmp_path / "prow"):
        assert ordered(build(each)) == ordered(original(each))


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_line_that_takes_a_component_is_there_to_be_uncommented(component: str) -> None:
    assert f"\n# components: [{component}]\n" in (KUBERNETES / "kustomization.yaml").read_text()


def test_all_components_are_tried() -> None:
    assert {path.parent.name for path in KUBERNETES.glob("*/kustomization.yaml")} == set(COMPONENTS)


def test_workers_trust_an_authority_of_their_own() -> None:
    workers = [each for each in build(KUBERNETES, ("own-ca",)) if each["metadata"]["name"].startswith("worker-")]
    pods = [each["spec"]["template"]["spec"] for each in workers if "template" in each["spec"]]
    assert len(pods) == 4
    for pod in pods:
        (container,) = pod["containers"]
        (variable,) = (each for each in container["env"] if each["name"] == "REQUESTS_CA_BUNDLE")
        (mount,) = (each for each in container["volumeMounts"] if variable["value"].startswith(each["mountPath"]))
        assert mount["readOnly"] and {"name": mount["name"], "configMap": {"name": "own-ca"}} in pod["volumes"]
        assert len(container["env"]) > 2  # and all else is still there


@pytest.mark.parametrize("component", SCALING)
def test_who_is_scaled_has_no_number_of_its_own(component: str) -> None:
    objects = build(KUBERNETES, (component,))
    scaled = [each for each in objects if each["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}]
    assert {each["metadata"]["name"] for each in scaled} == {"worker-reviews", "worker-deep"}
    for each in scaled:
        target = each["spec"]["scaleTargetRef"]
        assert "replicas" not in one(objects, target["kind"], target["name"])["spec"]
        spec = each["spec"]
        least = spec.get("minReplicas") or spec["minReplicaCount"]
        plain = one(build(KUBERNETES), target["kind"], target["name"])["spec"]["replicas"]
        assert least == plain  # whoever takes the component away has as many as in the quietest hour


def test_keda_counts_what_is_due(queues: Queues) -> None:
    redis = queues.connection
    objects = build(KUBERNETES, ("keda",))
    counted: dict[str, int] = {}

    def look() -> dict[str, int]:
        for each in objects:
            if each["kind"] == "ScaledObject":
                (trigger,) = each["spec"]["triggers"]
                name = trigger["metadata"]["listName"]
                counted[each["metadata"]["name"]] = redis.execute_command(SIZES[redis.type(name)], name)
        return counted

    assert look() == {"worker-reviews": 0, "worker-deep": 0}
    for number in (1, 2, 3):
        queues.submit([ReviewRequest(repository="octo/kubernetes", number=number, cause="opened")])
    queues.submit([ReviewRequest(repository="octo/kubernetes", number=1, cause="label", depth="deep", again="x")])
    assert look() == {"worker-reviews": 3, "worker-deep": 1}
    queues.keys.take(("normal",))
    assert look() == {"worker-reviews": 2, "worker-deep": 1}


def test_keda_reaches_redis_with_the_password() -> None:
    objects = build(KUBERNETES, ("keda",))
    service = one(objects, "Service", "redis")
    for each in objects:
        if each["kind"] == "ScaledObject":
            (trigger,) = each["spec"]["triggers"]
            host, port = trigger["metadata"]["address"].split(":")
            assert host == f"redis.{service['metadata']['namespace']}.svc"
            assert int(port) == service["spec"]["ports"][0]["port"]
            secret = one(objects, "TriggerAuthentication", trigger["authenticationRef"]["name"])
            (reference,) = secret["spec"]["secretTargetRef"]
            template = next(yaml.safe_load_all((KUBERNETES / "secret.template.yaml").read_text()))
            assert reference["name"] == template["metadata"]["name"] and reference["key"] in template["stringData"]
    policy = one(objects, "NetworkPolicy", "redis-from-keda")
    redis = one(objects, "StatefulSet", "redis")["spec"]["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= redis.items()


def test_the_autoscaler_asks_for_a_figure_of_the_receivers(queues: Queues) -> None:
    told = generate_latest(Metrics.of(queues).registry).decode()
    (rule,) = yaml.safe_load((KUBERNETES / "hpa" / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    for each in build(KUBERNETES, ("hpa",)):
        if each["kind"] == "HorizontalPodAutoscaler":
            (metric,) = (one["external"]["metric"] for one in each["spec"]["metrics"])
            labels = metric["selector"]["matchLabels"]
            series = ",".join(f'{name}="{value}"' for name, value in labels.items())
            assert f"\n{metric['name']}{{{series}}} " in told
            assert metric["name"] == rule["seriesQuery"] == rule["name"]["as"]
            assert re.fullmatch(r"max by \((.*)\) .*", rule["metricsQuery"])[1].split(", ") == list(labels)  # type: ignore[index]


def test_each_kind_of_review_has_who_is_scaled_by_it() -> None:
    lists = {
        trigger["metadata"]["listName"].removeprefix(f"{PREFIX}ready:")
        for each in build(KUBERNETES, ("keda",))
        if each["kind"] == "ScaledObject"
        for trigger in each["spec"]["triggers"]
    }
    assert lists == set(KINDS) - {"talk"}


def test_a_disruption_leaves_somebody_at_work() -> None:
    objects = build(KUBERNETES)
    for each in (each for each in objects if each["kind"] == "PodDisruptionBudget"):
        chosen = each["spec"]["selector"]["matchLabels"].items()
        (workload,) = (
            found
            for found in objects
            if found["kind"] in {"Deployment", "StatefulSet"}
            and chosen <= found["spec"]["template"]["metadata"]["labels"].items()
        )
        assert workload["spec"]["replicas"] >= 2 and each["spec"]["maxUnavailable"] in {1, "34%"}


def test_behind_prow_workers_have_the_token_in_place_of_the_app() -> None:
    for component in (None, *COMPONENTS):
        objects = build(PROW, (f"../kubernetes/{component}",) if component else ())
        workers = [
            each for each in objects if each["metadata"]["name"].startswith("worker-") and "template" in each["spec"]
        ]
        assert len(workers) == 4
        for worker in workers:
            pod = worker["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            variables = {variable["name"]: variable.get("value") for variable in container["env"]}
            assert variables["GITHUB_TOKEN_FILE"] == "/key/token" and "REDIS_URL" in variables
            assert not {"GITHUB_APP_ID", "GITHUB_PRIVATE_KEY_FILE"} & variables.keys()
            secrets = [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume]
            assert secrets == ["scalability-bot-token"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"patchesJson6902": []}, "not known"),
        ({"resources": ["gone.yaml"]}, "missing"),
        ({"patches": [{"target": {"name": "nobody"}, "patch": "{}"}]}, "fits nothing"),
    ],
)
def test_ours_says_what_is_wrong(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"kind": "Kustomization", **change}))
    with pytest.raises(Wrong, match=said):
        build(tmp_path)
