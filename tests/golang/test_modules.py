import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.program.modules import Modules

GO = "package x\n"


def modules_of(files):
    return Modules(MemoryTree({path: GO if content is None else content for path, content in files.items()}))


def test_a_module_at_the_root_with_nested_and_replaced_ones() -> None:
    modules = modules_of(
        {
            "go.mod": "module example.com/root/v2\nreplace k.io/api => ./staging/src/k.io/api\nreplace o.org/x => ../x\n",
            "a/a.go": None,
            "tools/go.mod": "module example.com/tools\n",
            "tools/gen/a.go": None,
            "staging/src/k.io/api/core/a.go": None,
            "vendor/github.com/v/w/a.go": None,
        }
    )
    assert modules.module_path == "example.com/root/v2"
    assert modules.folder("example.com/root/v2/a") == "a"
    assert modules.folder("k.io/api/core") == "staging/src/k.io/api/core"
    assert modules.folder("github.com/v/w") == "vendor/github.com/v/w"
    assert modules.folder("o.org/x") is None
    assert modules.folder("example.com/root/v2/absent") is None
    assert modules.folder("fmt") is None
    assert modules.import_path("a") == "example.com/root/v2/a"
    assert modules.import_path("") == "example.com/root/v2"
    assert modules.import_path("tools/gen") == "example.com/tools/gen"
    assert modules.import_path("staging/src/k.io/api/core") == "k.io/api/core"
    assert modules.import_path("vendor/github.com/v/w") == "github.com/v/w"
    assert modules.folder("example.com/tools/gen") == "tools/gen"


def test_a_nested_module_is_found_by_a_path_below_the_root() -> None:
    modules = modules_of(
        {"go.mod": "module example.com/root\n", "test/go.mod": "module example.com/root/test\n", "test/e2e/a.go": None}
    )
    assert modules.folder("example.com/root/test/e2e") == "test/e2e"


def test_a_workspace() -> None:
    modules = modules_of(
        {
            "go.work": "go 1.22\n\nuse (\n\t.\n\t./one\n\t./two\n)\n",
            "go.mod": "module example.com/root\n",
            "one/go.mod": "module one.org\n",
            "one/a/a.go": None,
            "two/go.mod": "module two.org/two\n",
            "two/a.go": None,
        }
    )
    assert modules.folder("one.org/a") == "one/a"
    assert modules.folder("two.org/two") == "two"


@pytest.mark.parametrize(
    "files",
    [
        {"Godeps/Godeps.json": '{"ImportPath": "k.io/kube", "GoVersion": "go1.4"}', "pkg/api/a.go": None},
        {"pkg/api/doc.go": 'package api // import "k.io/kube/pkg/api"\n'},
        {
            "cmd/a.go": 'package main\nimport ("k.io/kube/pkg/api"; "k.io/kube/pkg/util/sets"; "github.com/golang/glog")\n',
            "pkg/api/a.go": None,
            "pkg/util/sets/a.go": None,
        },
        {
            "go.mod": "module k.io/kube\n",
            "pkg/api/a.go": None,
            "Godeps/Godeps.json": '{"ImportPath": "something.else/x"}',
        },
    ],
    ids=["Godeps", "import comment", "imports", "go.mod before Godeps"],
)
def test_the_import_path_of_the_root(files: dict[str, str | None]) -> None:
    modules = modules_of(files)
    assert modules.module_path == "k.io/kube"
    assert modules.folder("k.io/kube/pkg/api") == "pkg/api"
    assert modules.import_path("pkg/api") == "k.io/kube/pkg/api"


def test_a_root_of_which_nothing_is_known() -> None:
    modules = modules_of({"a/a.go": None, "Godeps/Godeps.json": "{broken"})
    assert modules.module_path == ""
    assert modules.import_path("a") == "./a"
    assert modules.folder("./a") == "a"


def test_vendoring_of_before_modules() -> None:
    modules = modules_of(
        {
            "Godeps/Godeps.json": '{"ImportPath": "github.com/GoogleCloudPlatform/kubernetes"}',
            "Godeps/_workspace/src/github.com/x/y/a.go": None,
            "third_party/src/z.org/z/a.go": None,
            "staging/src/k8s.io/api/core/v1/a.go": None,
        }
    )
    assert modules.folder("github.com/x/y") == "Godeps/_workspace/src/github.com/x/y"
    assert modules.import_path("Godeps/_workspace/src/github.com/x/y") == "github.com/x/y"
    assert modules.folder("z.org/z") == "third_party/src/z.org/z"
    assert modules.folder("k8s.io/api/core/v1") == "staging/src/k8s.io/api/core/v1"


def test_a_link_in_vendor_leads_into_staging() -> None:
    class Linked(MemoryTree):
        def list(self, folder):
            entries = super().list(folder)
            return [
                entry._replace(kind="other") if entry.name == "api" and folder == "vendor/k.io" else entry
                for entry in entries
            ]

    files = {
        "vendor/k.io/api": "../../staging/src/k.io/api",
        "staging/src/k.io/api/v1/a.go": GO,
        "go.mod": "module k.io/kube\n",
    }
    modules = Modules(Linked(files))
    assert modules.folder("k.io/api/v1") == "staging/src/k.io/api/v1"
