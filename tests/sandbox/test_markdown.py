"""Comments rendered as GitHub would, with what would notify or link made visible."""

import pytest

from workers.sandbox.markdown import mentions, render


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** ~~gone~~", "<strong>bold</strong> <s>gone</s>"),
        ("| a |\n|---|\n| b |", "<td>b</td>"),
        ("<details><summary>Why</summary>\n\n*text*\n\n</details>", "<details><summary>Why</summary>"),
        ("<details open>x</details>", "<details open>"),
        ("```go\nfunc a() {}\n```", '<pre class="code" data-language="go"><code>func a() {}</code></pre>'),
        ("```diff\n+a\n-b\n```", '<span class="added">+a</span>\n<span class="removed">-b</span>'),
        ("see #12 and octo/k#3", '<span class="reference" title="becomes a link">octo/k#3</span>'),
        ("at 0123abc4", '<span class="reference" title="becomes a link">0123abc4</span>'),
        ("https://example.com/a?b=c.", '<a href="https://example.com/a?b=c" rel="nofollow noreferrer">'),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("a<br>b", "a<br>b"),
        ("![alt](http://example.com/x.png)", "image: alt"),
    ],
)
def test_shown(text: str, shown: str) -> None:
    assert shown in render(text)


def test_who_is_notified() -> None:
    text = (
        "@alice, (@kubernetes/sig-scalability-pr-reviews) `@code` a@b.example @-no\n\n```\n@fenced\n```\n\n> @quoted\n"
    )
    assert mentions(text) == ["alice", "kubernetes/sig-scalability-pr-reviews", "quoted"]
    assert '<strong class="mention" title="notifies alice">@alice</strong>' in render(text)


def test_a_marker_is_not_shown() -> None:
    for text in (
        "a <!-- marker --> b",
        "<!-- marker -->\n\ntext",
        "text\n<!-- marker",
        "<details>\n<!-- marker -->\n\nx\n\n</details>",
    ):
        assert "marker" not in render(text)


@pytest.mark.parametrize(
    "text", ["<details>", "</details>", "<details><summary>a", "</summary></details><details>", "<details></summary>"]
)
def test_what_is_open_is_closed(text: str) -> None:
    html = render(text)
    for tag in ("details", "summary"):
        assert html.count(f"<{tag}>") == html.count(f"</{tag}>")


@pytest.mark.parametrize(
    "text",
    [
        "<script>x</script>",
        '<details onclick="x">',
        "<summary class=x>",
        "<iframe src=x>",
        "`<script>`",
        "    <script>",
        "<scr\nipt>",
    ],
)
def test_no_other_html_gets_through(text: str) -> None:
    html = render(text)
    assert not any(forbidden in html for forbidden in ("<script", "<iframe", "<details on", "<summary c", "<scr"))
