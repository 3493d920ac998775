import pytest

from analyzers.kubernetes.versions import dependencies, go_releases
from analyzers.kubernetes.versions.dependencies import ETCD_CLIENT, LIBRARIES, TABLE, Grade


@pytest.mark.parametrize(
    ("path", "repository"),
    [
        ("github.com/coreos/rkt/api/v1alpha", "github.com/coreos/rkt"),
        ("google.golang.org/grpc/codes", "google.golang.org/grpc"),
        ("golang.org/x/net/http2", "golang.org/x/net"),
        ("k8s.io/gengo/v2", "k8s.io/gengo"),
        ("sigs.k8s.io/structured-merge-diff/v6/value", "sigs.k8s.io/structured-merge-diff"),
        ("gopkg.in/yaml.v2", "gopkg.in/yaml.v2"),
        ("gopkg.in/natefinch/lumberjack.v2/sub", "gopkg.in/natefinch/lumberjack.v2"),
        ("gotest.tools/v3", "gotest.tools"),
    ],
)
def test_repository(path: str, repository: str) -> None:
    assert dependencies.repository(path) == repository


def test_a_name_that_only_begins_alike_is_another_dependency() -> None:
    assert dependencies.dependency("github.com/emicklei/go-restful/v3").grade is Grade.IMPORTANT
    assert dependencies.dependency("github.com/emicklei/go-restful-swagger12").grade is Grade.OTHER
    assert dependencies.dependency("go.etcd.io/etcd/api/v3") is ETCD_CLIENT
    assert dependencies.dependency("k8s.io/client-go") is LIBRARIES
    assert dependencies.dependency("k8s.io/gengo").grade is Grade.OTHER


def test_kubernetes_itself() -> None:
    assert (
        dependencies.itself("k8s.io/kubernetes")
        and dependencies.itself("k8s.io/apiserver")
        and dependencies.itself("github.com/GoogleCloudPlatform/kubernetes")
    )
    for other in ("k8s.io/node-problem-detector", "example.com/client-go", ""):
        assert not dependencies.itself(other)


def test_what_broke_between_two_versions_of_go() -> None:
    assert "75833" in go_releases.past("1.11.5", "1.12.1")
    assert "20400" in go_releases.past("1.4.2", "1.6")
    for old, new in (("1.23.0", "1.24.0"), ("1.8.3", "1.9.1")):
        assert "45216" not in go_releases.past(old, new), "what a release did that it leaves is no reason"
        assert "1.5, 1.8, 1.12 and 1.13" in go_releases.past(old, new)


def test_every_important_dependency_says_what_it_is_on_the_path_of() -> None:
    assert [each.name for each in TABLE if each.grade and not each.hits] == []
    prefixes = [prefix for each in TABLE for prefix in each.prefixes]
    assert len(prefixes) == len(set(prefixes))
