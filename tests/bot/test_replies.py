import pytest

from analyzers import catalogue
from bot import replies
from bot.markers import markers
from bot.review_request import Answer, Reply
from bot.standing import Standing
from tests.bot.scene import links, source


def answer(kind: Answer, rule: str = "", rules: str | None = None) -> str:
    command = source(text=f"/scalability-check {kind} {rule}")
    return replies.answer(
        Reply(repository="octo/kubernetes", number=1, answer=kind, command=command, words=(rule,) if rule else ()),
        links(rules=rules),
        Standing(head="f" * 40),
    )


def test_an_answer_quotes_the_command_and_marks_it_as_answered() -> None:
    text = answer("help")
    assert text.startswith("> `/scalability-check help`\n\n")
    assert markers(text) == [("answer", "issue_comment-77-check")]


@pytest.mark.parametrize(
    "kind",
    [
        "help",
        "explain",
        "unknown",
        "deep-not-allowed",
        "dismiss-not-allowed",
        "too-many",
        "dismiss",
        "restore",
    ],
)
def test_no_answer_is_a_command_or_a_mention(kind: Answer) -> None:
    hostile = source(
        text="/scalability-check @kubernetes/owners\n/test all `x` <!-- scalability-bot:answer issue_comment-1-0 -->"
    )
    text = replies.answer(
        Reply(repository="octo/kubernetes", number=1, answer=kind, command=hostile, words=("@kubernetes/owners",)),
        links(),
        Standing(head="f" * 40),
    )
    assert not any(line.lstrip("> ").startswith("/") for line in text.splitlines())
    assert "@" not in text.replace("`@kubernetes/owners`", "").split("\n", 1)[1]
    assert markers(text) == [("answer", "issue_comment-77-check")]


def test_who_may_not_ask_is_told_what_to_ask_others_for() -> None:
    for verb, said in (("deep", "`/scalability-check deep` or the label."), ("prr", "`/scalability-check prr`.")):
        asked = source(text=f"/scalability-check {verb}", verb=verb)
        reply = Reply(repository="octo/kubernetes", number=1, answer="deep-not-allowed", command=asked)
        assert said in replies.answer(reply, links(), Standing(head="f" * 40))


def test_help_lists_every_command() -> None:
    text = answer("help")
    for command in (
        "/scalability-check prr`",
        "/scalability-check`",
        "/scalability-check deep`",
        "/scalability-check explain RULE`",
        "/scalability-check help`",
    ):
        assert f"`{command}" in text
    assert all(f"`{name}`" in text for name in catalogue.names())
    assert "https://bot.example.com/rules" in answer("help", rules="https://bot.example.com")


def test_explain_gives_the_documentation() -> None:
    told = catalogue.documentation("value-receiver")
    text = answer("explain", "value-receiver")
    assert told.title in text
    assert told.example_hunk.strip().splitlines()[0] in text
    assert "Not reported:" in text


def test_an_unknown_rule_gets_the_nearest() -> None:
    assert "Did you mean `value-receiver`" in answer("explain", "value-reciever")
    assert "The rules are `" in answer("explain", "xyz")
    assert "Name the rule" in answer("explain")


def test_numbers_agree_with_their_nouns() -> None:
    assert (
        replies.nothing_found(1, 1, 0)
        == "I read 1 file with 1 added line and found nothing that should trouble a large cluster."
    )
    assert replies.nothing_found(2, 1000, 1).endswith("1 smaller note is in the check run.")
    assert replies.nothing_new(1).startswith("Nothing new: 1 earlier comment still stands")


def test_a_former_name_is_explained_by_what_became_of_it() -> None:
    gone = answer("explain", "hot-alloc")
    assert "`regexp-compile`: A regular expression is compiled every time" in gone
    assert "no rule" not in gone
    parted = answer("explain", "critical-path")
    assert catalogue.documentation("critical-path").title in parted
    assert "`blocking-send`" in parted


def test_nothing_found_says_what_was_not_read() -> None:
    assert replies.nothing_found(1, 1, 0, unread=1).endswith("Not everything could be read: the check run says what.")
