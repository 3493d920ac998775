"""Markers: HTML comments, invisible on GitHub, by which the bot knows what it wrote."""

import re

_MARKER = re.compile(r"^<!-- scalability-bot:([A-Za-z0-9_-]+(?: [A-Za-z0-9_-]+)*) -->\r?$", flags=re.MULTILINE)


def marker(*words: str) -> str:
    """Give the marker of these words, to stand alone on a line; ValueError for a word that could end it or forge another."""
    if not words or not all(re.fullmatch(r"[A-Za-z0-9_-]+", word) for word in words):
        raise ValueError(f"{words!r} makes no marker: words are of letters, digits, _ and -")
    return f"<!-- scalability-bot:{' '.join(words)} -->"


def markers(body: str) -> list[tuple[str, ...]]:
    """Give the words of each marker in the text of one of the bot's own comments.

    Only what stands alone on a line counts: whatever comes from the code under review is in a code span, which begins
    with a backtick and holds no line break, so no path or name can forge one.
    """
    return [tuple(found.split(" ")) for found in _MARKER.findall(body)]
