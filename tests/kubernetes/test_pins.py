import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.kubernetes.versions import pins

PLACES = [
    ("Dockerfile", "FROM --platform=$BUILDPLATFORM golang:1.24.0-bookworm AS build", "Go", "1.24.0"),
    ("build/build-image/cross/VERSION", "v1.7.5-3", "Go", "1.7.5"),
    ("build/build-image/cross/VERSION", "v1.33.0-go1.24.0-bullseye.0", "Go", "1.24.0"),
    (".go-version", "1.24.0", "Go", "1.24.0"),
    ("build/root/WORKSPACE", '    go_version = "1.10.3",', "Go", "1.10.3"),
    ("Makefile", "GO_VERSION ?= 1.20", "Go", "1.20"),
    ("cluster/config.sh", 'KUBE_GO_VERSION="${KUBE_GO_VERSION:-1.19.3}"', "Go", "1.19.3"),
    ("build.ps1", '    $GOLANG_VERSION = "1.17"', "Go", "1.17"),
    ("Dockerfile", "RUN curl https://example.com/go1.8.1.linux-amd64.tar.gz", "Go", "1.8.1"),
    ("a.yaml", "image: registry.example.com/go-runner:v2.3.1-go1.19.4-bullseye.0", "Go", "1.19.4"),
    ("a.yaml", "image: gcr.io/google_containers/kube-cross:v1.8.1-1", "Go", "1.8.1"),
    ("etcd.yaml", "image: quay.io/coreos/etcd:v3.1.10", "etcd", "3.1.10"),
    ("etcd.yaml", "image: gcr.io/google_containers/etcd-amd64:2.2.1", "etcd", "2.2.1"),
    ("a.sh", "ETCD_VERSION=${ETCD_VERSION:-3.2.16}", "etcd", "3.2.16"),
    ("cluster/images/etcd/Makefile", "TAGS?=2.2.1 2.3.7 3.0.17 3.1.11 3.2.16", "etcd", "3.2.16"),
    ("cluster/images/etcd/Makefile", "LATEST_ETCD_VERSION?=3.5.21", "etcd", "3.5.21"),
    ("manifest.go", '	configs[Etcd] = Config{list.GcEtcdRegistry, "etcd", "3.5.21-0"}', "etcd", "3.5.21"),
    ("constants.go", '	DefaultEtcdVersion = "3.2.16"', "etcd", "3.2.16"),
    ("a.sh", "curl -L https://example.com/etcd-v3.2.16-linux-amd64.tar.gz", "etcd", "3.2.16"),
    ("configure.sh", '  local -r cni_version="v0.6.0"', "CNI", "0.6.0"),
    ("a.bzl", 'url = "https://example.com/cni-plugins-linux-amd64-v1.2.0.tgz"', "CNI", "1.2.0"),
    ("Makefile", "CONTAINERD_VERSION=1.7.1", "containerd", "1.7.1"),
]


@pytest.mark.parametrize(("path", "line", "name", "version"), PLACES)
def test_read(path: str, line: str, name: str, version: str) -> None:
    assert pins.mentioned(path, line)
    assert [(each.dependency.name, each.version) for each in pins.written(path, line)] == [(name, version)]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("Makefile", "CARGO_VERSION=1.2.3"),
        ("Makefile", "GOLANGCI_LINT_VERSION := v1.41.1"),
        ("Makefile", "sh golangci/golangci-lint/install.sh -b $@ v1.48.0"),
        ("a.sh", "minor_version=1.2"),
        ("a.sh", "# GO_VERSION=1.2.3"),
        ("a.yaml", "image: gcr.io/etcd-version-monitor:0.1.2"),
        ("a.yaml", "image: gcr.io/etcd-empty-dir-cleanup:3.0.14.0"),
        ("a.go", '	MinExternalEtcdVersion = "3.2.16"'),
        ("a.go", '	goVersion = "1.24"'),
        ("cluster/images/etcd/Makefile", "ROLLBACK_REGISTRY_TAG?=3.1.11"),
    ],
)
def test_not_read(path: str, line: str) -> None:
    assert list(pins.written(path, line)) == []


def test_the_frame_is_what_stays_when_the_version_changes() -> None:
    frames = {each.frame for tag in ("3.2.14", "3.2.18-0") for each in pins.written("a.sh", f"export ETCD_IMAGE={tag}")}
    assert len(frames) == 1


@pytest.mark.parametrize(
    "path", ["hack/lib/etcd.sh", "test/e2e/a.go", "tools/go.mod", "staging/src/k8s.io/sample-apiserver/rc.yaml"]
)
def test_aside(path: str) -> None:
    assert pins.aside(path)


@pytest.mark.parametrize(
    "path", ["build/build-image/cross/Dockerfile", "cluster/gce/manifests/etcd.manifest", "go.mod", "cmd/latest/a.go"]
)
def test_not_aside(path: str) -> None:
    assert not pins.aside(path)


@pytest.mark.parametrize(
    "path", [".github/workflows/a.yaml", "docs/a.sh", "README.md", "vendor/a/Dockerfile", "a_test.go", "go.sum"]
)
def test_not_scanned(path: str) -> None:
    assert not pins.scanned(path)


@given(st.text(alphabet="etcdgolanversion_-:=.0123456789v ${}'\"", max_size=60))
def test_any_line_can_be_read(line: str) -> None:
    for path in ("Makefile", "a.go", "cluster/images/etcd/Makefile", ".go-version"):
        for each in pins.written(path, line, "etcd"):
            assert each.version in line
