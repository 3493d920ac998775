import pytest

from bot.dismissals import Dismissals, dismissed, reason, restored
from bot.markers import marker


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("wrong", "wrong"),
        ("wrong: the lister is a cache", "wrong"),
        ("this is a false positive", "wrong"),
        ("False-positive, see the tests", "wrong"),
        ("not wrong, but fine here", "fine"),
        ("it isn't wrong but intended", "fine"),
        ("OK for now", "fine"),
        ("wontfix", "fine"),
        ("won't fix", "fine"),
        ("in a follow-up", "later"),
        ("I do that in another PR", "later"),
        ("fine, and later wrong", "fine"),
        ("please", "other"),
        ("strongly finely", "other"),
        ("", "none"),
        ("  ", "none"),
    ],
)
def test_a_reason_is_understood_by_its_first_word_that_says_one(words: str, meant: str) -> None:
    assert reason(words.split(" ")) == meant


def test_what_was_dismissed_has_the_reason_of_its_own_answer() -> None:
    heard = Dismissals()
    heard.hear(f"No more.\n\n{dismissed(('comment', '7'), 'wrong')}\n{marker('answer', 'x')}")
    heard.hear(dismissed(("rule", "value-receiver"), "later"))
    heard.hear(marker("dismissed", "comment", "8"))  # as it was written before there were reasons
    assert heard.comments == {7: "wrong", 8: "none"}
    assert heard.rules == {"value-receiver": "later"}
    heard.hear(restored(("comment", "7")))
    heard.hear(restored(("rule", "value-receiver")))
    assert (heard.comments, heard.rules) == ({8: "none"}, {})
    heard.hear(dismissed(("all",), "fine"))
    assert heard.all == "fine"
    heard.hear(restored(("all",)))
    assert (heard.all, heard.restored) == ("", True)
