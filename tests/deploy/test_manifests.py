"""deploy/: what can be known of the manifests without a cluster."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from bot.app import create_app
from bot.queue import QUEUES
from bot.settings import Settings
from workers.command_line import COMMANDS

ROOT = pathlib.Path(__file__).parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
DOCUMENTED = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))


def objects() -> Iterator[dict[str, Any]]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


WORKLOADS = [each for each in objects() if each["kind"] in {"Deployment", "StatefulSet"}]
OURS = [each for each in WORKLOADS if each["metadata"]["name"] != "redis"]


def names(workloads: list[dict[str, Any]]) -> list[str]:
    return [each["metadata"]["name"] for each in workloads]


def variables(container: dict[str, Any]) -> set[str]:
    return {variable["name"] for variable in container.get("env", [])}


@pytest.mark.parametrize("workload", WORKLOADS, ids=names(WORKLOADS))
def test_nothing_runs_as_root_or_writes_to_its_image(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= container["resources"].keys()
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        claimed = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        assert mounted == {volume["name"] for volume in pod.get("volumes", [])} | claimed


@pytest.mark.parametrize("workload", WORKLOADS, ids=names(WORKLOADS))
def test_selectors_choose_their_own_pods(workload: dict[str, Any]) -> None:
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_there_is_one_worker_for_each_queue_and_none_on_two() -> None:
    args = [each["spec"]["template"]["spec"]["containers"][0]["args"] for each in OURS]
    assert sorted(each[1:] for each in args if each[0] == "worker") == sorted([queue] for queue in QUEUES)
    assert {each[0] for each in args} == {"serve", "worker"} <= COMMANDS.keys()
    compose = [each["command"] for each in COMPOSE["services"].values() if each["command"][0] == "worker"]
    assert sorted(each[1:] for each in compose) == sorted([queue] for queue in QUEUES)


def test_each_process_gets_the_secrets_it_needs_and_no_other() -> None:
    for workload in OURS:
        pod = workload["spec"]["template"]["spec"]
        given = variables(pod["containers"][0])
        assert given <= DOCUMENTED
        receiver = workload["metadata"]["name"] == "receiver"
        assert ("WEBHOOK_SECRETS" in given) is receiver
        assert ("GITHUB_PRIVATE_KEY_FILE" in given) is not receiver
        assert any("scalability-bot-key" in str(volume) for volume in pod["volumes"]) is not receiver
    for name, service in COMPOSE["services"].items():
        assert ("private_key" in service.get("secrets", [])) is (name not in {"receiver", "redis"})
        assert ("WEBHOOK_SECRETS" in service["environment"]) is (name == "receiver")


def test_secret_templates_hold_no_values_and_are_not_applied() -> None:
    secrets = [each for each in objects() if each["kind"] == "Secret"]
    assert {each["metadata"]["name"] for each in secrets} == {"scalability-bot", "scalability-bot-key"}
    assert all(value == "" for each in secrets for value in each["stringData"].values())
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert set(kustomization["resources"]) == {path.name for path in KUBERNETES.glob("*.yaml")} - {
        "kustomization.yaml",
        "secret.template.yaml",
    }
    used = set(
        re.findall(
            r"secretKeyRef: \{name: scalability-bot, key: (\w+)\}",
            "".join(path.read_text() for path in KUBERNETES.glob("*.yaml")),
        )
    )
    assert used == set(next(each for each in secrets if each["metadata"]["name"] == "scalability-bot")["stringData"])


def test_configuration_names_known_variables_and_serves_somebody() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    literals = dict(literal.split("=", 1) for literal in kustomization["configMapGenerator"][0]["literals"])
    assert literals.keys() <= DOCUMENTED
    settings = Settings.from_environment(literals)
    assert settings.repositories
    assert settings.mode == "shadow", "a first deployment only watches"
    for service in COMPOSE["services"].values():
        unknown = service["environment"].keys() - DOCUMENTED - {"REDIS_PASSWORD"}
        assert not unknown


def test_probes_ask_for_paths_that_are_there() -> None:
    application = create_app(
        Settings.from_environment({"REDIS_URL": "redis://127.0.0.1:1/0", "WEBHOOK_SECRETS": "s", "REPOSITORIES": "a/*"})
    )
    routes = {rule.rule for rule in application.url_map.iter_rules()}
    (receiver,) = (each for each in OURS if each["metadata"]["name"] == "receiver")
    container = receiver["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["path"] in routes
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    defaults = Settings.from_environment({})
    assert ports == {"http": defaults.port, "metrics": defaults.metrics_port}


def test_network_policies_name_pods_that_exist() -> None:
    components = {each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] for each in WORKLOADS}
    policies = [each for each in objects() if each["kind"] == "NetworkPolicy"]
    chosen = {
        each["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component") for each in policies
    }
    assert chosen == {None, *components}, "one denies all, and each component has one that allows"


@pytest.mark.parametrize(
    "text", [(ROOT / "deploy" / "compose.yaml").read_text(), (KUBERNETES / "redis.yaml").read_text()]
)
def test_redis_loses_nothing_and_shows_no_password(text: str) -> None:
    for setting in ("appendonly yes", "maxmemory-policy noeviction", "requirepass %s"):
        assert setting in text
    assert "--requirepass" not in text


def test_the_image_copies_what_is_there_and_runs_as_nobody() -> None:
    lines = (ROOT / "deploy" / "Containerfile").read_text().splitlines()
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
    assert "USER 10001:10001" in lines
    assert any("HOST=0.0.0.0" in line for line in lines)
    assert lines.index("USER 10001:10001") < lines.index('ENTRYPOINT ["scalability-bot"]')
