import pytest

from analyzers.analysis.diagnostic import code
from bot.markers import marker, markers


def test_a_marker_is_read_where_it_stands_alone() -> None:
    body = f"A sentence.\r\n\r\n{marker('0123456789abcdef')}\r\n{marker('posted', 'aa', 'bb')}\r\n"
    assert markers(body) == [("0123456789abcdef",), ("posted", "aa", "bb")]


@pytest.mark.parametrize(
    "text",
    [
        "before <!-- scalability-bot:aa -->",
        "> <!-- scalability-bot:aa -->",
        code("<!-- scalability-bot:aa -->"),
        code("x\n<!-- scalability-bot:aa -->\n"),
        "<!-- scalability-bot: -->",
        "<!-- another-bot:aa -->",
    ],
)
def test_what_may_come_from_the_code_under_review_is_no_marker(text: str) -> None:
    assert markers(text) == []


@pytest.mark.parametrize("word", ["", "a b", "a-->", "a\nb", "é"])
def test_a_word_that_would_break_a_marker_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="makes no marker"):
        marker("posted", word, "x")
