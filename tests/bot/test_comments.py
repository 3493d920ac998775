import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzers import catalogue
from analyzers.analysis.diagnostic import Place, code
from bot import comments
from bot.markers import markers
from tests.bot.scene import RULE, diagnostic, links, place

HOSTILE = "@kubernetes/owners `#1` ![x](http://evil) <img src=x> [a](http://b) *b* $(rm)`` \n/test all\n<!-- scalability-bot:aa -->"


def rendered(markdown: str) -> list[Token]:
    """Give the inline tokens that GitHub would see, code left out."""
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)
    return [
        child for token in tokens for child in token.children or [token] if child.type not in {"code_inline", "fence"}
    ]


def plain_text(markdown: str) -> str:
    """Give what GitHub looks through for names and numbers: the text outside code, a line each."""
    return "\n".join(token.content for token in rendered(markdown) if token.type == "text")


def test_a_comment_says_what_how_much_what_instead_and_when_to_ignore_it() -> None:
    body = comments.comment(diagnostic(), links())
    above = comments.unfolded(body)
    assert above.startswith(
        "`client.List` lists all pods. 150,000 pods every 15 s.\n\nRead them from an informer's cache. Leave it"
    )
    assert comments.words(above) <= comments.WORDS
    assert "5,000 nodes x 1 / 15 s = 333 QPS" not in above
    assert "5,000 nodes x 1 / 15 s = 333 QPS" in body


def test_the_fold_has_the_why_an_example_and_the_way_to_silence_it() -> None:
    body = comments.comment(diagnostic(), links())
    fold = body[body.index("<details>") : body.index("</details>")]
    told = catalogue.documentation(RULE)
    assert told.title in fold
    changed = [line for line in told.example_hunk.splitlines() if line[:1] in {"+", "-"}]
    example = fold[fold.index("```diff\n") : fold.rindex("```")].splitlines()
    assert changed
    assert [line for line in example if line[:1] in {"+", "-"}] == changed
    assert len(example) <= len(changed) * 7 + 10
    assert f"`//scalability:allow {RULE} REASON`" in fold
    assert f"`/scalability-check explain {RULE}`" in fold


def test_the_way_to_it_is_shown_with_a_link_to_each_function() -> None:
    way = (Place("pkg/a.go", 3, 3, "kubelet.syncLoop"), Place("pkg/b.go", 9, 9, "mount"))
    above = comments.unfolded(comments.comment(diagnostic(witness=way), links()))
    assert re.search(
        r"The way there: \[`kubelet.syncLoop`\]\(\S+/pkg/a.go#L3\) → \[`mount`\]\(\S+/pkg/b.go#L9\)\.", above
    )


def test_the_rules_page_is_linked_where_there_is_one() -> None:
    body = comments.comment(diagnostic(), links(rules="https://bot.example.com"))
    assert f"[{RULE}](https://bot.example.com/rules/{RULE})" in body
    assert "/scalability-check explain" not in body


def test_what_is_no_go_is_silenced_in_the_configuration() -> None:
    bump = diagnostic(analyzer="etcd-bump", path="cluster/images/etcd/Makefile")
    body = comments.comment(bump, links())
    assert "//scalability:allow" not in body
    assert "```yaml\nrules:\n  etcd-bump: notice" in body


def test_jobs_that_show_the_effect_are_fenced_in_the_fold() -> None:
    body = comments.comment(diagnostic(jobs=("a-job",)), links())
    assert "```\n/test a-job\n```" in body[body.index("<details>") : body.index("</details>")]


def test_a_long_comment_gives_its_last_sentence_to_the_fold() -> None:
    long = diagnostic(remedy="Read them from a cache. " * 14, unless="Leave it where it runs only once.")
    body = comments.comment(long, links())
    assert "Leave it" not in comments.unfolded(body)
    assert body.index("<details>") < body.index("Leave it where") < body.index("</details>")


def test_every_rule_fits_into_a_comment() -> None:
    for name in catalogue.names():
        body = comments.comment(diagnostic(analyzer=name), links())
        assert len(body) < 20_000
        assert not re.search(r"(?<!\w)@\w|#\d", plain_text(body)), name


def test_related_places_are_links_that_stay_true() -> None:
    several = diagnostic(related=tuple(place(f"pkg/{index}.go", index + 1, "F") for index in range(13)))
    above = comments.unfolded(comments.comment(several, links()))
    assert f"Also at [`pkg/0.go:1`](https://github.com/octo/kubernetes/blob/{'f' * 40}/pkg/0.go#L1) (`F`)" in above
    assert above.endswith("and 3 more places.")
    assert above.count("/blob/") == comments.RELATED


def test_the_longest_paths_fit_into_a_comment() -> None:
    path = "ü" * 2_000
    several = diagnostic(path=path, related=tuple(place(f"{path}{index}", 1, path) for index in range(20)))
    assert len(comments.comment(several, links(), elsewhere=True)) < 30_000


def test_nothing_from_the_code_under_review_renders_links_or_mentions() -> None:
    hostile = diagnostic(
        construct=f"{code(HOSTILE)} lists all pods.",
        path=HOSTILE,
        related=(Place(HOSTILE, 1, 2, HOSTILE),),
        concern=HOSTILE,
        function="",
    )
    body = comments.comment(hostile, links())
    kinds = {token.type for token in rendered(body)}
    assert "image" not in kinds
    assert "em" not in kinds
    assert [token.content for token in rendered(body) if token.type == "html_inline"] == ["<sub>", "</sub>"]
    assert not re.search(r"@kubernetes|#1|/test all", plain_text(body))
    targets = [str(token.attrs["href"]) for token in rendered(body) if token.type == "link_open"]
    assert all(target.startswith("https://github.com/octo/kubernetes/blob/") for target in targets)
    assert not any(line.startswith("/test") for line in body.splitlines())
    assert ("aa",) not in markers(body)
    assert [words[0] for words in markers(body)] == [hostile.fingerprint, "about", "rule"]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("see @kubernetes/sig-x and @me", "see `@kubernetes/sig-x` and `@me`"),
        ("as in #45216, kubernetes/kubernetes#1 and GH-2", "as in `#45216`, `kubernetes/kubernetes#1` and `GH-2`"),
        ("`@me #1`, ``a ` #2``", "`@me #1`, ``a ` #2``"),
        ("```diff\n-@me #1\n```\n@me", "```diff\n-@me #1\n```\n`@me`"),
        ("https://github.com/k/k/pull/12/files.", "`k/k#12`."),
        (
            "[this](https://github.com/k/k/issues/12#issuecomment-1)",
            "[this](https://redirect.github.com/k/k/issues/12#issuecomment-1)",
        ),
        ("in commit b329179c2f", "in commit `b329179c2f`"),
        (
            "150,000 pods x 5,000 nodes = 7.5e8, a.b@c.d, #sig-scalability",
            "150,000 pods x 5,000 nodes = 7.5e8, a.b@c.d, #sig-scalability",
        ),
        ("a lonely ` and @me", "a lonely ` and ``@me``"),
    ],
)
def test_our_own_words_leave_no_trace_elsewhere(said: str, heard: str) -> None:
    assert comments.quiet(said) == heard


def test_an_edited_comment_names_its_new_place_and_keeps_its_fingerprints() -> None:
    body = comments.comment(diagnostic(related=(place(),)), links(), elsewhere=True, earlier=["0123456789abcdef"])
    assert "Now at [`pkg/a.go:10`]" in body
    assert ("0123456789abcdef",) in markers(body)


def test_places_are_known_apart_from_their_lines() -> None:
    one = diagnostic(related=(place(line=3),))
    shifted = diagnostic(line=90, related=(place(line=83),))
    moved = diagnostic(related=(place("pkg/c.go"),))
    assert comments.places_key(one) == comments.places_key(shifted) != comments.places_key(moved)
