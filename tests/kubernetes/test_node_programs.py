"""Which code runs on every node: what manifests say of the programs that hold it."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.node_programs import on_every_node, on_few


def manifest(kind: str, image: str) -> str:
    return f"kind: {kind}\nspec:\n  template:\n    spec:\n      containers:\n      - image: example.org/{image}:v1\n"


def index_of(*workloads: tuple[str, str]) -> PackageIndex:
    def program(imported: str) -> str:
        return f'package main\n\nimport "example.org/x/pkg/{imported}"\n\nfunc main() {{ {imported}.Run() }}\n'

    return PackageIndex(
        MemoryTree(
            {
                "go.mod": "module example.org/x\n",
                "cmd/x-agent/main.go": program("agent"),
                "cmd/x-hub/main.go": program("hub"),
                "pkg/agent/agent.go": "package agent\n\nfunc Run() {}\n",
                "pkg/hub/hub.go": "package hub\n\nfunc Run() {}\n",
                "deploy/all.yaml": "---\n".join(manifest(kind, image) for kind, image in workloads),
            }
        )
    )


@pytest.mark.parametrize(
    ("workloads", "everywhere", "few"),
    [
        ([("DaemonSet", "x-agent"), ("Deployment", "x-hub")], True, False),
        ([("Deployment", "x-agent"), ("Deployment", "x-hub")], False, True),
        ([("DaemonSet", "x-agent"), ("Deployment", "x-agent")], False, True),
        ([("Deployment", "x-hub")], False, False),
        ([], False, False),
    ],
)
def test_a_manifest_tells_where_a_program_s_code_runs(
    workloads: list[tuple[str, str]], everywhere: bool, few: bool
) -> None:
    index = index_of(*workloads)
    path = "pkg/agent/agent.go"
    assert (on_every_node(index, path), on_few(index, path)) == (everywhere, few)


@pytest.mark.parametrize(
    ("selector", "everywhere"),
    [
        ("", True),
        ("      nodeSelector:\n        kubernetes.io/os: linux\n", True),
        (
            "      nodeSelector:\n        kubernetes.io/os: linux\n        node-role.kubernetes.io/control-plane: ''\n",
            False,
        ),
        ("      tolerations:\n        - key: node-role.kubernetes.io/master\n", True),
    ],
)
def test_a_daemonset_of_the_control_plane_s_nodes_is_on_few(selector: str, everywhere: bool) -> None:
    files = {
        "go.mod": "module example.org/x\n",
        "cmd/x-agent/main.go": 'package main\n\nimport "example.org/x/pkg/agent"\n\nfunc main() { agent.Run() }\n',
        "pkg/agent/agent.go": "package agent\n\nfunc Run() {}\n",
        "deploy/agent.yaml": manifest("DaemonSet", "x-agent") + selector,
    }
    index = PackageIndex(MemoryTree(files))
    path = "pkg/agent/agent.go"
    assert (on_every_node(index, path), on_few(index, path)) == (everywhere, not everywhere)


@pytest.mark.parametrize(
    ("files", "everywhere"),
    [
        ({"v2/cmd/coild/main.go": "", "v2/config/coild.yaml": manifest("DaemonSet", "coild")}, True),
        (
            {
                "net/service/main.go": "",
                "net/Dockerfile": 'RUN GOOS=$OS go build -a -o /go/bin/net-agent -ldflags "-X v=$V" net/service/*.go\n',
                "net/agent.yaml": manifest("DaemonSet", "net-agent"),
            },
            True,
        ),
        (
            {
                "net/service/main.go": "",
                "net/Dockerfile": "RUN go build -o /go/bin/net-hub ./net/hub\n",
                "net/hub/main.go": "",
                "net/agent.yaml": manifest("DaemonSet", "net-agent"),
            },
            False,
        ),
        ({"cmd/agent/main.go": "", "test/e2e/agent.yaml": manifest("DaemonSet", "agent")}, False),
        ({"cmd/operator/main.go": "", "deploy/x.yaml": "kind: DaemonSet\ntolerations:\n- operator: Exists\n"}, False),
        (
            {
                "cmd/agent/main.go": "",
                "deploy/x.yaml": manifest("DaemonSet", "one") + "        command:\n        - agent\n",
                "deploy/y.yaml": manifest("Deployment", "one"),
            },
            False,
        ),
    ],
)
def test_programs_of_projects_and_of_dockerfiles_run_where_manifests_say(
    files: dict[str, str], everywhere: bool
) -> None:
    main = next(path for path in files if path.endswith("main.go"))
    source = "package main\n\nfunc main() {}\n"
    tree = {path: content or source for path, content in files.items()}
    assert on_every_node(PackageIndex(MemoryTree({"go.mod": "module example.org/x\n", **tree})), main) is everywhere
