import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.kubernetes.versions.versions import Move, Step, move, short


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        ("1.7.5", "1.8.1", Step.MINOR),
        ("go1.9", "go1.10", Step.MINOR),
        ("1.24rc1", "1.24.0", Step.PATCH),
        ("3.2.14", "3.2.16", Step.PATCH),
        ("v12.3.0", "v13.0.0", Step.MAJOR),
        ("v1.0.0-rc2-14-g45c30e7", "v1.0.0-rc2-49-gd223e2a", Step.REVISION),
        ("1.0.0", "1.0.4-7-g13f8643", Step.REVISION),
        ("v1.0.0-rc4", "v1.0.0-rc5", Step.REVISION),
        ("v1.2-66-gc4afa8e", "89ef8af493ab468a45a42bb0d89a06fccdd2fb22", Step.REVISION),
        ("v0.0.0-20220728103510-ee6ede2d64ed", "v0.0.0-20221107191617-1a15be271d1d", Step.REVISION),
        ("v0.0.0-20240228011516-70dd3763d340", "v0.30.0", Step.MINOR),
        ("v2.0.0+incompatible", "v2.1.0+incompatible", Step.MINOR),
        ("kubernetes-1.14.0-beta.2", "kubernetes-1.14.0", Step.PATCH),
        ("kubernetes-1.12.0", "kubernetes-1.13.0-beta.1", Step.MINOR),
        ("v6.3.2-0.20260122202528-d9cc6641c482", "v6.3.2", Step.PATCH),
    ],
)
def test_steps_and_both_directions(old: str, new: str, step: Step) -> None:
    forwards, back = move(old, new), move(new, old)
    assert forwards and forwards.step is step and not forwards.back
    known = len(new) != 40  # revisions have no order
    assert back and back.back is known


@pytest.mark.parametrize(
    ("old", "new"), [("1.21", "1.21.0"), ("v1.8.1", "1.8.1"), ("3.5.21-0", "3.5.21-1"), ("go1.9", "1.9")]
)
def test_one_version_written_in_two_ways(old: str, new: str) -> None:
    assert move(old, new) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v12.0.0+incompatible", "v0.17.0"),
        ("v3.3.10", "v0.5.0-alpha.5"),
        ("v0.5.0-alpha.5", "v3.5.0"),
        ("kubernetes-1.9.0", "v8.0.0"),
        ("v12.0.0", "kubernetes-1.16.0"),
    ],
)
def test_a_project_that_counts_anew_goes_forwards(old: str, new: str) -> None:
    assert move(old, new, renumbered=True) == Move(Step.MAJOR)


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(old: str, new: str) -> None:
    forwards, back = move(old, new), move(new, old)
    assert (forwards is None) == (back is None)
    assert not (forwards and back and forwards.back and back.back)


def test_revisions_are_cut_and_releases_are_not() -> None:
    assert short("89ef8af493ab468a45a42bb0d89a06fccdd2fb22") == "89ef8af493ab"
    assert short("v0.0.0-20221107191617-1a15be271d1d") == "v0.0.0-20221107191617-1a15be271d1d"
