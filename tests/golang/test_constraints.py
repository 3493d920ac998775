import pytest

from analyzers.golang.program.constraints import builds, named_for_another_system


@pytest.mark.parametrize(
    ("head", "holds"),
    [
        ("", True),
        ("// This is built by hand.\n", True),
        ("//go:build linux\n", True),
        ("//go:build !windows\n", True),
        ("//go:build windows || (darwin && cgo)\n", False),
        ("//go:build (linux || windows) && amd64 && !arm64\n", True),
        ("//go:build !(linux || darwin)\n", False),
        ("//go:build go1.18\n", True),
        ("//go:build ignore\n", False),
        ("//go:build integration && linux\n", False),
        ("//go:build linux\n// +build windows\n", True),
        ("// +build linux,amd64 darwin\n", True),
        ("// +build linux\n// +build !amd64\n", False),
        ("// +build darwin windows\n", False),
        ("//+build windows\n", False),
        ("//go:build " + "!" * 2001 + "linux\n", False),
        ("//go:build " + "(" * 2000 + "linux\n", True),
        ("//go:build && )) ||\n", True),
    ],
)
def test_constraints(head: str, holds: bool) -> None:
    assert builds(head.encode()) is holds


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("kubelet.go", False),
        ("kubelet_linux.go", False),
        ("kubelet_windows.go", True),
        ("kubelet_linux_arm64.go", True),
        ("kubelet_windows_amd64.go", True),
        ("kubelet_amd64.go", False),
        ("kubelet_windows_test.go", True),
        ("windows.go", False),
        ("linux_windows_utils.go", False),
    ],
)
def test_file_names(name: str, other: bool) -> None:
    assert named_for_another_system(name) is other
