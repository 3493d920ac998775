import pytest

from analyzers.golang.types.sizes import Sizes
from analyzers.golang.types.types import Array, Basic, Named, Slice

from .model import index_of


@pytest.mark.parametrize(
    ("type_", "size"),
    [
        ("bool", 1),
        ("int8", 1),
        ("int16", 2),
        ("int32", 4),
        ("rune", 4),
        ("int", 8),
        ("uintptr", 8),
        ("float32", 4),
        ("complex64", 8),
        ("complex128", 16),
        ("string", 16),
        ("error", 16),
        ("interface{}", 16),
        ("any", 16),
        ("[]string", 24),
        ("map[string]int", 8),
        ("chan int", 8),
        ("func(int) string", 8),
        ("*Unknown", 8),
        ("[4]int32", 16),
        ("[Length]string", 64),
        ("[0]string", 0),
        ("struct{}", 0),
        ("struct { a bool; b int64; c bool }", 24),
        ("struct { a, b bool; c int16; d int32 }", 8),
        ("struct { a int64; b struct{} }", 16),
        ("struct { b struct{}; a int64 }", 8),
        ("struct { a struct{}; b struct{} }", 0),
        ("struct { a [3]byte; b int16; c byte }", 8),
        ("struct { a complex64; b bool }", 12),
        ("struct { *Named; Named; a bool }", 40),
        ("[3]struct { a int16; b byte }", 12),
        ("[2][3]Named", 144),
        ("Generic[int32]", 16),
        ("Generic[string]", 32),
        ("sync.Mutex", 8),
        ("time.Time", 24),
        ("time.Duration", 8),
        ("struct { m sync.RWMutex; t *time.Time }", 32),
        ("unsafe.Pointer", 8),
    ],
)
def test_layout_of_the_compiler(type_: str, size: int) -> None:
    assert size_of(type_) == (size, True)


@pytest.mark.parametrize(
    ("type_", "least"),
    [
        ("unlisted.T", 0),
        ("struct { a int; b unlisted.T; c int }", 16),
        ("struct { a bool; b unlisted.T; c bool }", 2),
        ("[unlisted.Length]int", 0),
        ("[3]struct { a int; b unlisted.T }", 24),
        ("Self", 16),
    ],
)
def test_at_least_where_a_part_is_unknown(type_: str, least: int) -> None:
    assert size_of(type_) == (least, False)


def size_of(type_):
    index = index_of(
        {
            "p/a.go": f"""package p
import ("sync"; "time"; "unsafe"; "example.org/unlisted")
const Length = 2 * 2
type Named struct {{ s string; i int }}
type Generic[T any] struct {{ a T; b bool; c *T }}
type Self struct {{ a int; b Self }}
type Probed {type_}
"""
        }
    )
    return Sizes(index).size(Named("example.com/m/p", "Probed"))


def test_types_that_are_built_by_hand() -> None:
    sizes = Sizes(index_of({}))
    assert str(sizes.size(Slice(None))) == "24 bytes"
    assert str(sizes.size(None)) == "at least 0 bytes"
    assert sizes.size(Array(Basic("int64"), None)) == (0, False)
