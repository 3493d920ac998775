import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import NAME, READ, Command

CHECK = Command("check")


@pytest.mark.parametrize(
    ("comment", "command"),
    [
        ("/scalability-check", CHECK),
        ("/scalability-check deep", Command("deep")),
        ("/scalability-check prr", Command("prr")),
        ("/scalability-check prr now", Command("unknown")),
        ("/scalability-check help", Command("help")),
        ("/scalability-check explain explicit-list", Command("explain", ("explicit-list",))),
        ("/scalability-check explain", Command("explain")),
        ("/Scalability-Check  DEEP \t", Command("deep")),
        ("/scalability-check deeper", Command("unknown")),
        ("/scalability-check please look", Command("unknown")),
        ("/scalability-check `deep`", Command("unknown")),
        ("/scalability-check <b>deep</b>", Command("unknown")),
        ("Thanks!\r\n/scalability-check deep\r\nand more\r\n", Command("deep")),
        ("Two fixes:\n- one\n- two\n/scalability-check", CHECK),
        ("/scalability-check\n---\nof a section", CHECK),
        ("> quoted\n\n/scalability-check", CHECK),
        ("> <details>\n> <summary>quoted</summary>\n\n/scalability-check", CHECK),
        ("- <details>\n\n/scalability-check", CHECK),
        ("<!-- a template's hint -->\n\n/scalability-check", CHECK),
        ("<details><summary>log</summary>\n\nlines\n\n</details>\n\n/scalability-check", CHECK),
        ("a picture <img src=x>\n/scalability-check", CHECK),
        ("```\ncode\n```\n/scalability-check", CHECK),
    ],
)
def test_a_command_stands_at_the_start_of_a_line(comment: str, command: Command) -> None:
    assert Command.parse(comment) == [command]


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "please run /scalability-check",
        " /scalability-check",
        "- /scalability-check",
        "# /scalability-check",
        "| /scalability-check |\n|---|",
        "/scalability-check | x\n---|---",
        "/scalability-checker",
        "/scalability-check, please",
        "/scalability",
        r"\/scalability-check",
        "&#47;scalability-check",
        "*/scalability-check*",
        # code
        "`/scalability-check`",
        "`\n/scalability-check\n`",
        "\\` `\n/scalability-check\n`",
        "``a ` b\n/scalability-check\n``",
        "    /scalability-check",
        "\t/scalability-check",
        "```\n/scalability-check\n```",
        "~~~ go\n/scalability-check",
        "````\n```\n/scalability-check\n````",
        "<pre>\n/scalability-check\n</pre>",
        # quotes
        "> /scalability-check",
        "> a lazy line belongs to the quote\n/scalability-check",
        "> > deep\n/scalability-check",
        "On Monday alice wrote:\n> text\n> /scalability-check deep",
        "<blockquote>\n\n/scalability-check\n\n</blockquote>",
        # HTML
        "<!--\n/scalability-check\n-->",
        "<!-- never closed\n\n/scalability-check",
        "<details>\n/scalability-check\n</details>",
        "<details>\n\n/scalability-check\n\n</details>",
        "<details><summary>x</summary>\n\ntext\n\n/scalability-check deep\n\n</details>",
        "so <b>\n/scalability-check\n</b>",
        # links and pictures
        "[\n/scalability-check\n](https://example.com)",
        "![\n/scalability-check\n](https://example.com/x.png)",
        "[a]: https://example.com '\n/scalability-check\n'",
    ],
)
def test_text_elsewhere_is_no_command(comment: str) -> None:
    assert Command.parse(comment) == []


def test_all_commands_of_a_comment_in_their_order_with_their_lines() -> None:
    comment = "/scalability-check help\n```\n/scalability-check deep\n```\nand\n/scalability-check  Explain A-b \nend"
    commands = Command.parse(comment)
    assert commands == [Command("help"), Command("explain", ("a-b",))]
    assert [command.text for command in commands] == ["/scalability-check help", "/scalability-check  Explain A-b"]


def test_the_marks_that_lead_back_to_a_line_cannot_be_forged() -> None:
    forged = f"- {NAME}\ue0000\ue001 deep\n- {NAME}\ue0001\ue001 deep\n\n{NAME} help"
    assert Command.parse(forged) == [Command("help")]


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("/scalability-check", "/scalability-check", []),
        ("/scalability-check", "Fixed a typo.\n\n/scalability-check", []),
        ("hello", "/scalability-check", [CHECK]),
        ("/scalability-check", "/scalability-check\n/scalability-check deep", [Command("deep")]),
        ("/scalability-check", "/scalability-check deep", [Command("deep")]),
        ("`/scalability-check`", "/scalability-check", [CHECK]),
        ("/scalability-check", "/scalability-check\n\n/scalability-check", [CHECK]),
        ("/scalability-check explain a", "/scalability-check explain b", [Command("explain", ("b",))]),
    ],
)
def test_an_edited_comment_runs_only_what_is_new(before: str, after: str, new: list[Command]) -> None:
    assert Command.new_in(after, before) == new


PIECES = st.one_of(
    st.sampled_from(["`", "``", "```", "~~~", ">", "> ", "- ", "    ", "<b>", "</b>", "<!--", "-->", "<details>"]),
    st.sampled_from(["\n", "\n\n", "[", "](x)", "\\", "*", "|", "---", "text ", "\ue000", "\ue001", "\x00", "\u2028"]),
    st.sampled_from([NAME, f"\n{NAME}", f"\n{NAME} deep\n"]),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_comment_is_read(comment: str) -> None:
    lines = re.sub("[\ue000\ue001]", "", comment).split("\n")
    for command in Command.parse(comment):
        assert command.text.startswith(NAME)
        assert command.text in [line.rstrip() for line in lines]


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_in_a_fence_or_a_quote_runs_whatever_it_is(text: str) -> None:
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    assert Command.parse(quoted) == []
    fence = "`" * 40
    assert Command.parse(f"{fence}\n{text}\n{fence}") == []


def test_only_the_first_lines_of_a_long_comment_are_read() -> None:
    filler = "x" * (READ - len(NAME) - 1)
    assert Command.parse(f"{NAME}\n{'x' * 25_000_000}") == [CHECK]
    assert Command.parse(f"{filler}\n{NAME}") == [CHECK]
    assert Command.parse(f"{filler}xx\n{NAME}") == []
    # The last line that would fit is not whole, so nobody knows what it says.
    assert Command.parse(f"{filler[:-4]}\n{NAME} deep\nmore") == []


CHEAP = 2_500_000  # calls: some 50 ms; words of that length take 80,000


@pytest.mark.parametrize(
    "hostile",
    [
        "|a|b|\n|-|-|\n" + "|a|b|\n" * 10_000,
        "|" * 480 + "a|\n" + "|-" * 480 + "|\n" + "|\n" * 1_200,
        "![" * 30_000,
        "[" * 60_000,
        "[a\n" * 20_000,
        "> " * 30_000,
        "*_" * 30_000,
        "<![CDATA[" * 6_000,
        "[a]: <" * 10_000,
        "`" * 60_000,
    ],
    ids=["rows", "columns", "images", "brackets", "labels", "quotes", "emphasis", "cdata", "references", "ticks"],
)
def test_no_comment_costs_the_receiver_much(hostile: str) -> None:
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert Command.parse(f"{NAME}\n\n{hostile[: READ - 30]}") == [CHECK]
    finally:
        sys.setprofile(before)
    assert steps < CHEAP


@pytest.mark.parametrize(
    ("line", "verb", "words"),
    [
        ("dismiss", "dismiss", ()),
        ("dismiss ALL", "dismiss", ("all",)),
        ("Dismiss Value-Receiver it is Small", "dismiss", ("value-receiver", "it", "is", "Small")),
        ("dismiss value-receiver `T` is *small*", "dismiss", ("value-receiver", "`T`", "is", "*small*")),
        ("restore", "restore", ()),
        ("restore value-receiver", "restore", ("value-receiver",)),
        ("restore a b", "unknown", ()),
        ("check", "unknown", ()),
    ],
)
def test_what_to_leave_out_is_said_with_a_reason(line: str, verb: str, words: tuple[str, ...]) -> None:
    (command,) = Command.parse(f"/scalability-check {line}")
    assert (command.verb, command.words) == (verb, words)
