"""Lines of a diff, and where they are after a push."""

from hypothesis import given
from hypothesis import strategies as st

from workers.sandbox.patch import Patch, moved

PATCH = Patch(
    "@@ -1,3 +1,4 @@ func a\n one\n-two\n+2\n+2.5\n three\n@@ -10 +11,2 @@\n ten\n+eleven\n\\ No newline at end of file"
)


def test_lines_on_both_sides() -> None:
    assert [(line.kind, line.old, line.new, line.position) for line in PATCH.hunks[0].lines] == [
        (" ", 1, 1, 1), ("-", 2, None, 2), ("+", None, 2, 3), ("+", None, 3, 4), (" ", 3, 4, 5),
    ]  # fmt: skip
    assert [(line.kind, line.old, line.new, line.position) for line in PATCH.hunks[1].lines] == [
        (" ", 10, 11, 7),
        ("+", None, 12, 8),
    ]


def test_places_are_found_by_side_and_by_position() -> None:
    place = PATCH.find("RIGHT", 3)
    assert place is not None and (place.hunk, place.line.text) == (0, "+2.5")
    assert PATCH.find("RIGHT", 5) is None and PATCH.find("LEFT", 11) is None
    removed = PATCH.find("LEFT", 2)
    assert removed is not None and removed.line.text == "-two"
    assert [PATCH.at(position) for position in (1, 2, 3, 6, 7, 99)] == [
        ("RIGHT", 1), ("LEFT", 2), ("RIGHT", 2), None, ("RIGHT", 11), None,
    ]  # fmt: skip
    assert PATCH.excerpt(place) == "@@ -1,3 +1,4 @@ func a\n one\n-two\n+2\n+2.5"


def test_an_empty_line_of_the_file_is_a_line() -> None:
    patch = Patch("@@ -1,2 +1,3 @@\n a\n \n+\n")
    assert [line.text for line in patch.hunks[0].lines] == [" a", " ", "+"]


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 30), unique=True, max_size=8), st.data())
def test_a_line_moves_by_what_is_added_and_removed_above_it(
    added: list[int], removed: list[int], data: st.DataObject
) -> None:
    """Build a change of 30 numbered lines by hand, and follow each line through its diff."""
    hunks: list[str] = []
    after: list[int] = []
    for number in range(1, 31):
        extra = added[number - 1] if number <= len(added) else 0
        gone = number in removed
        if gone or extra:
            start = len(after) + 1
            old = f"{number},{int(gone)}" if gone else f"{number - 1},0"
            new = f"{start},{extra}" if extra else f"{start - 1},0"
            hunks.append(f"@@ -{old} +{new} @@" + "".join(["\n-x"] * gone + ["\n+y"] * extra))
        after += [0] * extra
        if not gone:
            after.append(number)
    line = data.draw(st.integers(1, 30))
    expected = None if line in removed else after.index(line) + 1
    assert moved(Patch("\n".join(hunks)), line) == expected
