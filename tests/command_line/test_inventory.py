"""scalability-bot inventory: what a tree asks of the API server."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(sys.executable).with_name("scalability-bot")
KUBELET = """package kubelet

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

type Kubelet struct {
	client kubernetes.Interface
}

func (kl *Kubelet) Run(stop chan struct{}) {
	wait.Until(kl.report, 10*time.Second, stop)
}

func (kl *Kubelet) report() {
	kl.client.CoreV1().Nodes().Get(context.TODO(), "self", metav1.GetOptions{})
}
"""
CONTROLLER = """package x

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

func services(client kubernetes.Interface, names []string) {
	for _, name := range names {
		client.CoreV1().Services(name).List(context.TODO(), metav1.ListOptions{})
	}
}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("repository")
    files = {
        "pkg/kubelet/kubelet.go": KUBELET,
        "pkg/controller/x/x.go": CONTROLLER,
        "pkg/controller/x/x_test.go": CONTROLLER,
        "vendor/example.org/y/y.go": CONTROLLER,
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.com"}
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True)
    return folder


def inventory(repository: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "inventory", "--git-dir", repository / ".git", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_json(repository: pathlib.Path) -> None:
    done = inventory(repository, "--format", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["requests"] == [
        {
            "path": "pkg/controller/x/x.go",
            "line": 12,
            "method": "List",
            "verb": "LIST",
            "resource": "services",
            "kind": "typed",
            "component": "controller",
            "function": "services",
            "loop": "range",
            "period": None,
            "scope": "namespace",
        },
        {
            "path": "pkg/kubelet/kubelet.go",
            "line": 21,
            "method": "Get",
            "verb": "GET",
            "resource": "nodes",
            "kind": "typed",
            "component": "kubelet",
            "function": "Kubelet.report",
            "loop": "",
            "period": 10.0,
            "scope": "resource",
        },
    ]
    assert report["stats"]["requests"] == 2


def test_text_is_grouped_by_component(repository: pathlib.Path) -> None:
    done = inventory(repository)
    assert "kubelet (1)\n  GET             nodes " in done.stdout
    assert "pkg/kubelet/kubelet.go:21  resource, typed, every 10 s" in done.stdout
    assert "in a range loop" in done.stdout
    assert "\r" not in done.stderr, "a progress bar is for terminals"


def test_one_component_and_one_folder(repository: pathlib.Path) -> None:
    by_component = json.loads(inventory(repository, "--component", "kubelet", "--format", "json").stdout)
    by_folder = json.loads(inventory(repository, "pkg/kubelet", "--format", "json").stdout)
    assert [each["path"] for each in by_component["requests"]] == ["pkg/kubelet/kubelet.go"]
    assert by_folder["requests"] == by_component["requests"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--rev", "nowhere"), "nowhere is no commit"), (("no/such/folder",), "holds no Go files at no/such/folder")],
)
def test_cannot_run(repository: pathlib.Path, arguments: tuple[str, ...], words: str) -> None:
    done = inventory(repository, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
