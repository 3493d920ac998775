"""deploy/: what can be known of the manifests without a cluster."""

import re
from typing import Any

import pytest
import yaml

from bot.app import LARGEST_BODY, create_app
from bot.queue import QUEUES
from bot.settings import Settings
from bot.timers import DEFAULT
from tests.deploy.manifests import (
    COMPOSE,
    DOCUMENTED,
    KUBERNETES,
    OURS,
    ROOT,
    WORKLOADS,
    Unset,
    compose_environment,
    container,
    interpolated,
    kubernetes_environment,
    literals,
    mebibytes,
    objects,
)
from workers.command_line import COMMANDS

BOTS = [name for name, service in COMPOSE["services"].items() if name not in {"redis", "proxy"}]
# What an operator sets and a container is not given by the same name.
ELSEWHERE = {
    "HOST": "the image listens on all its addresses; compose publishes on HOST",
    "PORT": "compose publishes it",
    "METRICS_PORT": "compose publishes it",
    "DATA_DIR": "a volume",
    "GITHUB_PRIVATE_KEY": "the key is a file of a secret",
    "GITHUB_TOKEN": "likewise, and in deploy/prow only",
    "GITHUB_TOKEN_FILE": "deploy/prow sets it, in place of the App's key",
    "SANDBOX_PORT": "for `scalability-bot run` alone",
    "WORKERS": "how often a container runs: compose's scale, the StatefulSet's replicas",
}
ENV = {
    "REDIS_PASSWORD": "p",
    "REPOSITORIES": "octo/*",
    "GITHUB_APP_ID": "4711",
    "WEBHOOK_SECRETS": "it is Tuesday",
}


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
    mounted = set()
    for each in pod["containers"]:
        context = each["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= each["resources"].keys()
        mounted |= {mount["name"] for mount in each.get("volumeMounts", [])}
    claimed = {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    assert mounted == {volume["name"] for volume in pod.get("volumes", [])} | claimed


@pytest.mark.parametrize("workload", WORKLOADS, ids=names(WORKLOADS))
def test_selectors_choose_their_own_pods(workload: dict[str, Any]) -> None:
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_there_is_one_worker_for_each_queue_and_none_on_two() -> None:
    args = [container(each)["args"] for each in OURS]
    assert sorted(each[1:] for each in args if each[0] == "worker") == sorted([queue] for queue in QUEUES)
    assert {each[0] for each in args} == {"serve", "worker"} <= COMMANDS.keys()
    compose = [COMPOSE["services"][name]["command"] for name in BOTS if name != "receiver"]
    assert {command[0] for command in compose} == {"worker"}
    assert sorted(each[1:] for each in compose) == sorted([queue] for queue in QUEUES)


def test_workers_says_how_many_processes_serve_the_queue_of_reviews() -> None:
    default = Settings.from_environment({}).workers
    assert default > 1, "a repository whose git stalls holds up no other"
    services = COMPOSE["services"]
    for env, expected in (({}, default), ({"WORKERS": "5"}, 5)):
        assert int(interpolated(services["reviews"]["scale"], env)) == expected
    assert [name for name in services if "scale" in services[name]] == ["reviews"]
    # Containers of one service have nothing that only one of them can have.
    assert not {"ports", "container_name"} & services["reviews"].keys()
    sets = yaml.safe_load_all((KUBERNETES / "workers.yaml").read_text())
    [reviews] = [
        each for each in sets if each["metadata"]["name"] == "worker-reviews" and each["kind"] == "StatefulSet"
    ]
    assert reviews["spec"]["replicas"] == default
    assert "worker-reviews" in names(OURS)


def test_each_process_gets_the_secrets_it_needs_and_no_other() -> None:
    for workload in OURS:
        pod = workload["spec"]["template"]["spec"]
        given = variables(container(workload))
        assert given <= DOCUMENTED
        receiver = workload["metadata"]["name"] == "receiver"
        assert ("WEBHOOK_SECRETS" in given) is ("CLIENT_SECRET" in given) is receiver
        assert ("GITHUB_PRIVATE_KEY_FILE" in given) is not receiver
        assert any("scalability-bot-key" in str(volume) for volume in pod["volumes"]) is not receiver
    for name, service in COMPOSE["services"].items():
        assert ("private_key" in service.get("secrets", [])) is (name not in {"receiver", "redis", "proxy"})
        assert ("WEBHOOK_SECRETS" in service.get("environment", {})) is (name == "receiver")


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
            r"secretKeyRef: \{name: scalability-bot, key: (\w+)(?:, optional: true)?\}",
            "".join(path.read_text() for path in KUBERNETES.glob("*.yaml")),
        )
    )
    assert used == set(next(each for each in secrets if each["metadata"]["name"] == "scalability-bot")["stringData"])


def test_configuration_names_known_variables_and_serves_somebody() -> None:
    assert literals().keys() <= DOCUMENTED
    settings = Settings.from_environment(literals())
    assert settings.repositories
    assert settings.mode == "shadow", "a first deployment only watches"
    assert Settings.from_environment(compose_environment("reviews", ENV)).mode == "shadow"
    for name in BOTS:
        assert COMPOSE["services"][name]["environment"].keys() <= DOCUMENTED


def test_every_setting_reaches_the_process_that_reads_it() -> None:
    key, hooks = {"GITHUB_PRIVATE_KEY_FILE"}, {"WEBHOOK_SECRETS", "CLIENT_ID", "CLIENT_SECRET"}
    for name in BOTS:
        expected = DOCUMENTED - ELSEWHERE.keys() - (key if name == "receiver" else hooks)
        assert COMPOSE["services"][name]["environment"].keys() == expected, name
    for workload in OURS:
        name = workload["metadata"]["name"]
        expected = DOCUMENTED - ELSEWHERE.keys() - (key if name == "receiver" else hooks)
        assert literals().keys() | variables(container(workload)) == expected, name


def test_what_an_operator_sets_for_compose_is_what_the_process_reads() -> None:
    env = {
        **ENV,
        "GITHUB_API_URL": "https://github.example.com/api/v3",
        "GITHUB_GIT_URL": "https://github.example.com",
        "CC": "@a/b",
        "DEEP_SCAN_LABEL": "deep",
        "BOT_LOGIN": "our-bot[bot]",
        "MIRROR_QUOTA_MB": "1000",
        "JOB_TIMEOUT": "300",
        "JOB_MEMORY_MB": "1500",
        "MODE": "post",
        "PUBLIC_URL": "https://bot.example.com",
    }
    found = Settings.from_environment(compose_environment("reviews", env))
    assert (found.github_api_url, found.github_git_url) == (env["GITHUB_API_URL"], env["GITHUB_GIT_URL"])
    assert (found.cc, found.deep_scan_label, found.bot_login) == (("@a/b",), "deep", "our-bot[bot]")
    assert (found.mirror_quota_mb, found.job_timeout, found.job_memory_mb) == (1000, 300, 1500)
    assert (found.mode, found.public_url, found.app_id) == ("post", "https://bot.example.com", 4711)
    Settings.from_environment(compose_environment("receiver", env)).require_receiver()


@pytest.mark.parametrize("missing", ENV)
def test_compose_demands_what_has_no_default(missing: str) -> None:
    env = {name: value for name, value in ENV.items() if name != missing}
    with pytest.raises(Unset, match=r"\.env"):
        compose_environment("receiver", env)


def test_a_worker_has_more_memory_than_an_analysis_and_more_disk_than_its_mirrors() -> None:
    room = 512  # MiB beside the analysis: the worker, its parser, git
    for name in BOTS:
        if name != "receiver":
            limit = interpolated(COMPOSE["services"][name]["mem_limit"], {})
            settings = Settings.from_environment(compose_environment(name, ENV))
            assert mebibytes(limit) >= settings.job_memory_mb + room
    for workload in OURS:
        if workload["metadata"]["name"] == "receiver":
            continue
        assert workload["kind"] == (
            "Deployment" if workload["metadata"]["name"] == "worker-maintenance" else "StatefulSet"
        )
        secret = {"REDIS_URL": "redis://redis", "GITHUB_APP_ID": "1"}
        settings = Settings.from_environment(kubernetes_environment(workload, literals(), secret))
        assert mebibytes(container(workload)["resources"]["limits"]["memory"]) >= settings.job_memory_mb + room
        for claim in workload["spec"].get("volumeClaimTemplates", ()):
            size = claim["spec"]["resources"]["requests"]["storage"]
            assert mebibytes(size) >= 1.2 * settings.mirror_quota_mb


def test_a_proxy_stands_in_front_that_buffers_and_times_out() -> None:
    lines = [line.strip().rstrip(";") for line in (KUBERNETES / "nginx.conf").read_text().splitlines()]
    settings = dict(line.split(None, 1) for line in lines if " " in line and not line.startswith("#"))
    assert settings["proxy_request_buffering"] == "on"
    assert settings["client_max_body_size"] == f"{LARGEST_BODY >> 20}m"
    for timeout in ("client_header_timeout", "client_body_timeout", "send_timeout", "proxy_read_timeout"):
        assert float(settings[timeout].removesuffix("s")) <= DEFAULT.request
    assert all(each.startswith("/tmp/") for name, each in settings.items() if name.endswith("_temp_path"))
    # Nobody reaches the receiver but through it: that is what is published, and what the Service and the Ingress name.
    services = COMPOSE["services"]
    assert services["proxy"]["ports"] == [f"${{HOST:-127.0.0.1}}:${{PORT:-8080}}:{settings['listen']}"]
    assert services["proxy"]["volumes"] == ["./kubernetes/nginx.conf:/etc/nginx/nginx.conf:ro"]
    assert not any(port.endswith(":8080") for port in services["receiver"]["ports"])
    assert "server receiver:8080 max_fails=0" in lines
    assert services["receiver"]["command"] == ["serve"]
    (receiver,) = (each for each in OURS if each["metadata"]["name"] == "receiver")
    pod = receiver["spec"]["template"]["spec"]
    assert pod["hostAliases"] == [{"ip": "127.0.0.1", "hostnames": ["receiver"]}]
    (proxy,) = (each for each in pod["containers"] if each["name"] == "proxy")
    assert proxy["ports"] == [{"name": "http", "containerPort": int(settings["listen"])}]
    (service,) = (each for each in objects() if each["kind"] == "Service" and each["metadata"]["name"] == "receiver")
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    (ingress,) = (each for each in objects() if each["kind"] == "Ingress")
    paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    assert {path["backend"]["service"]["name"] for path in paths} == {"receiver"}
    assert "/webhook" in {path["path"] for path in paths}
    assert ingress["spec"]["tls"]
    (policy,) = (
        each for each in objects() if each["kind"] == "NetworkPolicy" and each["metadata"]["name"] == "receiver"
    )
    ports = [port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]]
    assert ports == ["http", "metrics"]


def test_redis_is_nobody_of_importance() -> None:
    redis = COMPOSE["services"]["redis"]
    assert int(redis["user"].partition(":")[0]) > 0
    assert redis["cap_drop"] == ["ALL"]
    assert "cap_add" not in redis


RECEIVER = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "WEBHOOK_SECRETS": "s",
    "REPOSITORIES": "a/*",
    "GITHUB_APP_ID": "1",
}


def test_people_reach_every_page_and_nothing_else() -> None:
    application = create_app(Settings.from_environment(RECEIVER))
    (ingress,) = (each for each in objects() if each["kind"] == "Ingress")
    let_in = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]

    def reached(route: str) -> bool:
        return any(
            route == each["path"] or (each["pathType"] == "Prefix" and route.startswith(f"{each['path']}/"))
            for each in let_in
        )

    for rule in application.url_map.iter_rules():
        page = rule.endpoint == "static" or rule.endpoint.partition(".")[0] in {"pages", "reports"}
        assert reached(rule.rule) is ((page and rule.rule != "/") or rule.rule == "/webhook"), rule.rule


def test_probes_ask_for_paths_that_are_there() -> None:
    application = create_app(Settings.from_environment(RECEIVER))
    routes = {rule.rule for rule in application.url_map.iter_rules()}
    (receiver,) = (each for each in OURS if each["metadata"]["name"] == "receiver")
    ours = container(receiver)
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert ours[probe]["httpGet"]["path"] in routes
        assert ours[probe]["httpGet"]["port"] == "app"
    ports = {port["name"]: port["containerPort"] for port in ours["ports"]}
    defaults = Settings.from_environment({})
    assert ports == {"app": defaults.port, "metrics": defaults.metrics_port}


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
