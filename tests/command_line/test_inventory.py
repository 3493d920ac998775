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


def git(folder: pathlib.Path, *arguments: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.com"}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True)


def committed(folder: pathlib.Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "x")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    files = {
        "pkg/kubelet/kubelet.go": KUBELET,
        "pkg/controller/x/x.go": CONTROLLER,
        "pkg/controller/x/x_test.go": CONTROLLER,
        "vendor/example.org/y/y.go": CONTROLLER,
    }
    committed(folder, files)
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
            "for_each_item": True,
            "period": None,
            "qps": None,
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
            "for_each_item": False,
            "period": 10.0,
            "qps": 500.0,
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


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Two releases: the kubelet's period is a fifth, the controller's file has another name and one request more."""
    folder = tmp_path_factory.mktemp("releases")
    git(folder, "init", "--quiet")
    committed(folder, {"pkg/kubelet/kubelet.go": KUBELET, "pkg/controller/x/x.go": CONTROLLER})
    git(folder, "tag", "before")
    (folder / "pkg/controller/x/x.go").unlink()
    more = '\nfunc one(client kubernetes.Interface) {\n\tclient.CoreV1().Pods("").List(nil, metav1.ListOptions{})\n}\n'
    changed = {
        "pkg/kubelet/kubelet.go": KUBELET.replace("10*time.Second", "2*time.Second"),
        "pkg/controller/x/renamed.go": CONTROLLER + more,
        "pkg/controller/x/x_test.go": CONTROLLER,
        "vendor/example.org/y/y.go": CONTROLLER,
    }
    committed(folder, changed)
    git(folder, "tag", "after")
    return folder


def test_two_releases(releases: pathlib.Path) -> None:
    done = inventory(releases, "--diff", "before", "after")
    assert done.returncode == 0, done.stderr
    heading, *rows, _, summary = done.stdout.rstrip().splitlines()
    assert [" ".join(each.split()) for each in (heading, *rows)] == [
        "COMPONENT VERB RESOURCE SCOPE BEFORE AFTER WHERE",
        "controller LIST pods cluster - 1 place pkg/controller/x/renamed.go:17",
        "kubelet GET nodes resource 1 place, every 10 s, 500 a second 1 place, every 2 s, 2,500 a second pkg/kubelet/kubelet.go:21",
    ]
    assert summary.startswith("2 differences, in 4 files (")


def test_two_releases_as_json(releases: pathlib.Path) -> None:
    report = json.loads(inventory(releases, "--diff", "after", "before", "pkg/controller", "--format", "json").stdout)
    assert report["asked"] == [
        {
            "component": "controller",
            "verb": "LIST",
            "resource": "pods",
            "scope": "cluster",
            "before": {"places": 1, "looped": 0, "informers": 0, "period": None, "qps": None},
            "after": {"places": 0, "looped": 0, "informers": 0, "period": None, "qps": None},
            "path": "pkg/controller/x/renamed.go",
            "line": 17,
        }
    ]
    assert (report["skipped"], report["stats"]["files"]) == ([], 3)


def test_two_releases_that_ask_for_the_same(releases: pathlib.Path) -> None:
    alone = inventory(releases, "--diff", "before", "before")
    assert alone.stdout.startswith("nothing else is asked of the API server, in 0 files")
    one = json.loads(
        inventory(releases, "--diff", "before", "after", "--component", "kubelet", "--format", "json").stdout
    )
    assert [each["component"] for each in one["asked"]] == ["kubelet"]


def test_two_releases_of_which_one_is_not_there(releases: pathlib.Path) -> None:
    done = inventory(releases, "--diff", "before", "nowhere")
    assert done.returncode == 2
    assert done.stderr.startswith("scalability-bot: nowhere is no commit")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_tree_or_a_difference(releases: pathlib.Path) -> None:
    done = inventory(releases, "--rev", "after", "--diff", "before", "after")
    assert done.returncode == 2
    assert "not allowed with argument --rev" in done.stderr
