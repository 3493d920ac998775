"""What a request costs: equations that are true, and no number that nobody knows."""

import pytest

from analyzers.kubernetes import scale
from analyzers.weighing.load import Load


def load(**changes: object) -> Load:
    known: dict[str, object] = {
        "instances": 1,
        "factors": (),
        "unknown": (),
        "rate": None,
        "rhythm": "",
        "bytes": None,
        "parts": "",
        "limit": 20,
    }
    return Load(**{**known, **changes})  # type: ignore[arg-type]


def test_an_equation_has_all_its_factors() -> None:
    estimate, sentence = load(instances=5_000, factors=(("pods", 30),), rate=1 / 60, rhythm="every 60 s").told()
    assert estimate.qps == pytest.approx(2_500)
    assert estimate.formula == "5,000 nodes x 30 pods x 1 call every 60 s = 2,500 requests a second"
    assert (
        sentence
        == "At the largest supported scale that is 5,000 nodes x 30 pods x 1 call every 60 s: 2,500 requests a second."
    )


def test_what_a_client_s_limit_holds_back_is_no_equation() -> None:
    estimate, sentence = load(factors=(("pods", 150_000),), rate=1 / 60, rhythm="every 60 s").told()
    assert estimate.qps is None
    assert " = " not in estimate.formula
    assert sentence == "150,000 pods are as many requests, 2.1 hours at 20 a second."


def test_a_known_rate_and_known_instances_are_kept_beside_an_unknown_loop() -> None:
    estimate, sentence = load(instances=5_000, unknown=("names",), rate=1 / 30, rhythm="every 30 s").told()
    assert estimate.qps is None  # of all together it is not known
    assert estimate.formula == "5,000 nodes x 1 call every 30 s = 167 requests a second for each of names"
    assert "167 requests a second for each of `names`. How many can there be?" in sentence


def test_how_many_calls_a_request_brings_is_told_as_what_it_can_bring() -> None:
    assert load(rhythm="for each request").told()[1] == "That can be 1 call for each request."
    assert load(rhythm="for each request", again=True).told()[1] == "That can be several calls for each request."


def test_nothing_is_assumed_where_nothing_is_known() -> None:
    assert load().told() == (load().told()[0], "")
    assert load().told()[0].formula == ""
    estimate, sentence = load(instances=5_000).told()
    assert estimate.qps is None
    assert sentence == "That is up to 5,000 nodes; how often it runs is not seen here."
    assert load(unknown=("names",)).told()[1] == "How many can there be?"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.0333, "0.033"), (2.5, "2.5"), (1_050.0, "1,050"), (150_000, "150,000"), (7.5e8, "7.5e8")],
)
def test_counts_are_written_as_people_write_them(number: float, shown: str) -> None:
    assert scale.human_count(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(848, "848 B"), (4_000, "4 kB"), (600e6, "600 MB"), (999.7e6, "1 GB"), (1.05e12, "1.05 TB"), (12.34e6, "12.3 MB")],
)
def test_bytes_have_three_digits_and_a_unit(number: float, shown: str) -> None:
    assert scale.human_bytes(number) == shown
