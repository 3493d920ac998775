"""The sample: the guide's own mistakes, in a repository that looks like one."""

import json
import re

from tests.sandbox.conftest import as_app
from workers.sandbox import SimulatedGitHub, load_sample
from workers.sandbox.sample import files

SCHEDULER = "pkg/scheduler/scheduler.go"
AFFINITY = "pkg/scheduler/algorithm/predicates/antiaffinity.go"
CONTROLLER = "pkg/controller/imagecleanup/image_cleanup_controller.go"
KUBELET = "pkg/kubelet/secret/secret_refresher.go"


def added(path: str, name: str = "head") -> set[str]:
    return set(files(name)[path].splitlines()) - set(files("base").get(path, "").splitlines())


def test_the_pull_request_makes_the_guides_mistakes() -> None:
    scheduler = "\n".join(sorted(added(SCHEDULER)))
    assert "func (s Scheduler) ScheduleOne(pod v1.Pod, nodes []v1.Node)" in scheduler  # receiver and pod by value
    assert "for _, node := range nodes {" in scheduler  # copies a node a turn
    assert re.search(
        r"for _, other := range pods \{\n\t\tfor i := range nodes \{", files("head")[AFFINITY]
    )  # quadratic
    assert any("Pods(metav1.NamespaceAll).List(" in line for line in added(CONTROLLER))  # in what wait.Until calls
    assert "wait.Until(c.reconcile, c.period, stop)" in files("head")[CONTROLLER]
    assert any("Secrets(pod.Namespace).Get(" in line for line in added(KUBELET))  # once a pod and secret
    assert any("wait.Until(r.refresh, 60*time.Second, stop)" in line for line in added(KUBELET))
    assert "FROM golang:1.10.0" in added("build/build-image/cross/Dockerfile")
    assert "REGISTRY_TAG?=3.2.14" in added("cluster/images/etcd/Makefile")
    changed = [
        dependency["Comment"]
        for dependency in json.loads(files("head")["Godeps/Godeps.json"])["Deps"]
        if "Comment" in dependency
    ]
    assert {"v3.2.13", "v1.7.5"} <= set(changed)


def test_the_fix_makes_none_of_them_in_its_go_code() -> None:
    fixed = "\n".join(files("fixed").values())
    for mistake in (
        "(s Scheduler)",
        "pod v1.Pod",
        "node := range s.nodes",
        "NamespaceAll",
        ".CoreV1().Secrets(",
        "range pods {\n\t\tfor i := range nodes",
    ):
        assert mistake not in fixed
    assert set(files("fixed")) == {SCHEDULER, AFFINITY, CONTROLLER, KUBELET}


def test_the_go_files_are_formatted_as_gofmt_would() -> None:
    for name in ("base", "head", "fixed"):
        for path, text in files(name).items():
            if path.endswith(".go"):
                assert text.startswith("package ") and text.endswith("}\n") and "\r" not in text
                assert not re.search(r"[ \t]\n|\n\n\n|^ +\S", text, re.MULTILINE), path
                assert text.count("{") == text.count("}")


def test_it_is_opened_with_its_webhook(github: SimulatedGitHub) -> None:
    pull = load_sample(github)
    told = [json.loads(found.body) for found in github.deliveries if found.event == "pull_request"]
    assert [found["action"] for found in told] == ["opened"] and told[0]["pull_request"]["head"]["sha"] == pull.head_sha
    installation = as_app(github).get_repo_installation("kubernetes-sample", "kubernetes")
    api = installation.get_github_for_installation()
    seen = api.get_repo("kubernetes-sample/kubernetes").get_pull(pull.number)
    assert {file.filename for file in seen.get_files()} == set(files("head"))
    api.close()
