from hypothesis import given
from hypothesis import strategies as st

from analyzers.kubernetes.versions import lock_files as locks
from analyzers.kubernetes.versions.lock_files import Pin


def test_go_mod_gives_what_is_built_with() -> None:
    lock = locks.read(
        "go.mod",
        """module example.com/a

require (
	example.com/b v1.0.0
	example.com/c v1.0.0 // indirect
	example.com/d v1.0.0
	example.com/e v1.2.0
)

replace (
	example.com/b => example.com/b v1.1.0
	example.com/c => ../c
	example.com/d => example.com/fork v0.1.0
	example.com/e v1.1.0 => example.com/e v1.1.1
)
""",
    )
    assert lock.module == "example.com/a"
    assert list(lock.pins.values()) == [
        Pin("example.com/b", "v1.1.0", "v1.1.0", 11),
        Pin("example.com/fork", "v0.1.0", "v0.1.0", 13),
        Pin("example.com/e", "v1.2.0", "v1.2.0", 7),
    ]


def test_godeps_is_known_by_its_revision() -> None:
    lock = locks.read(
        "Godeps.json",
        """{
	"ImportPath": "k8s.io/kubernetes",
	"Deps": [
		{
			"ImportPath": "example.com/a/b",
			"Comment": "v1.0.0-1-gabc",
			"Rev": "0123456789"
		},
		{
			"ImportPath": "example.com/c/",
			"Rev": "abcdef0123"
		}
	]
}
""",
    )
    assert lock.module == "k8s.io/kubernetes"
    assert list(lock.pins.values()) == [
        Pin("example.com/a/b", "v1.0.0-1-gabc", "0123456789", 7, packages=("example.com/a/b",)),
        Pin("example.com/c", "abcdef0123", "abcdef0123", 11, packages=("example.com/c",)),
    ]


def test_modules_txt_marks_what_is_explicit() -> None:
    lock = locks.read(
        "modules.txt",
        "# example.com/a v1.0.0\n## explicit\nexample.com/a\n# example.com/b v1.0.0 => example.com/c v2.0.0\nexample.com/b\n",
    )
    assert list(lock.pins.values()) == [
        Pin("example.com/a", "v1.0.0", "v1.0.0", 1, packages=("example.com/a",)),
        Pin("example.com/c", "v2.0.0", "v2.0.0", 4, indirect=True, packages=("example.com/b",)),
    ]


def test_gopkg_lock_and_glide_lock() -> None:
    gopkg = """[[projects]]
  name = "example.com/a"
  packages = [
    ".",
    "c",
  ]
  revision = "abc"
  version = "v1"

[[projects]]
  name = "example.com/b"
  revision = "def"
"""
    assert list(locks.read("Gopkg.lock", gopkg).pins.values()) == [
        Pin("example.com/a", "v1", "abc", 8, packages=("example.com/a", "example.com/a/c")),
        Pin("example.com/b", "def", "def", 12),
    ]
    glide = """hash: x
imports:
- name: example.com/a
  version: abc
  subpackages:
  - b
- name: example.com/c
  version: def
"""
    assert list(locks.read("glide.lock", glide).pins.values()) == [
        Pin("example.com/a", "abc", "abc", 4, packages=("example.com/a/b",)),
        Pin("example.com/c", "def", "def", 8),
    ]


@given(
    st.sampled_from(sorted(locks.NAMES)), st.text(alphabet='require(v1.0) =>/\n\t"name:ImportPathRev# ', max_size=200)
)
def test_any_text_can_be_read(name: str, text: str) -> None:
    for pin in locks.read(name, text).pins.values():
        assert 1 <= pin.line <= text.count("\n") + 1
