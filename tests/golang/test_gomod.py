from analyzers.golang.program import gomod

SOURCE = """// A comment.
module "example.com/m" // trailing

go 1.22.3

toolchain go1.23.1

require github.com/one/one v1.2.3 // indirect; for tests

require (
	// a comment
	k8s.io/api v0.30.0
	k8s.io/client-go v0.30.0 // indirect
	"quoted.org/x" v1.0.0
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/client-go v0.30.0 => github.com/fork/client-go v0.30.1
)
replace old.org/x => ../x

exclude bad.org/x v1.1.1
retract [v1.0.0, v1.9.9]
tool example.com/m/cmd
half a line
require
"""


def test_a_module_file() -> None:
    found = gomod.parse(SOURCE)
    assert (found.module, found.go, found.toolchain) == ("example.com/m", "1.22.3", "go1.23.1")
    assert found.lines == {"module": 2, "go": 4, "toolchain": 6}
    assert [(required.path, required.version, required.line, required.indirect) for required in found.requires] == [
        ("github.com/one/one", "v1.2.3", 8, True),
        ("k8s.io/api", "v0.30.0", 12, False),
        ("k8s.io/client-go", "v0.30.0", 13, True),
        ("quoted.org/x", "v1.0.0", 14, False),
    ]
    assert [(one.path, one.version, one.target, one.target_version, one.local) for one in found.replaces] == [
        ("k8s.io/api", "", "./staging/src/k8s.io/api", "", True),
        ("k8s.io/client-go", "v0.30.0", "github.com/fork/client-go", "v0.30.1", False),
        ("old.org/x", "", "../x", "", True),
    ]
    assert [(one.path, one.version) for one in found.excludes] == [("bad.org/x", "v1.1.1")]
    required = found.requirement("k8s.io/api")
    assert required is not None
    assert required.line == 12
    assert found.requirement("absent") is None


def test_a_workspace_file_with_odd_line_ends() -> None:
    found = gomod.parse(b"go 1.22\r\nuse ./a\r\nuse (\r\n\t.\r\n\t./b // why\r\n)\r\nreplace x.org/x v1.0.0 => ./x\r\n")
    assert found.uses == ["./a", ".", "./b"]
    assert found.go == "1.22"
    assert found.replaces[0].target == "./x"


def test_no_module_file_at_all() -> None:
    assert gomod.parse(b"\xff\x00 <html>").requires == []
    assert gomod.parse("").module is None
