"""Dismissals: what people do not want to hear of on a pull request, and why; read from the bot's answers to them."""

import re
from collections.abc import Iterable

from bot.markers import marker, markers

# What people write -> what it means. The first that stands in a reason counts, unless "not" stands before it.
_MEANINGS = (
    ("wrong", r"wrong|false(?:-positive)?|incorrect|mistaken|untrue|bogus|nonsense"),
    ("fine", r"fine|ok|okay|intended|intentional|deliberate|accepted|acceptable|wont-?fix|won't"),
    ("later", r"later|todo|follow-?up|another (?:pr|pull request)"),
)
_WORDS = re.compile(
    rf"(?<![\w-])(?P<not>(?:not|isn't|never) )?(?:{'|'.join(f'(?P<{name}>{words})' for name, words in _MEANINGS)})(?![\w-])",
    re.IGNORECASE,
)


def reason(words: Iterable[str]) -> str:
    """Say what the words after a dismissal mean: wrong, fine or later; other for what says none of these, none for no words."""
    text = " ".join(words)
    if not text.strip():
        return "none"
    for found in _WORDS.finditer(text):
        meant = next(name for name, _ in _MEANINGS if found[name])
        if not found["not"]:
            return meant
    return "other"


def dismissed(subject: Iterable[str], why: str) -> str:
    """Give the markers by which an answer is known as a dismissal: of what (all, a rule, a comment), and for what reason."""
    return f"{marker('dismissed', *subject)}\n{marker('why', why)}"


def restored(subject: Iterable[str]) -> str:
    """Give the marker of an answer that takes a dismissal back."""
    return marker("restored", *subject)


class Dismissals:
    """What people dismissed and restored, in the order of the bot's answers to them; each with its reason."""

    def __init__(self) -> None:
        self.restored = False
        self.all = ""
        self.rules: dict[str, str] = {}
        self.but_rules: set[str] = set()
        self.comments: dict[int, str] = {}
        self.but_comments: set[int] = set()

    def hear(self, body: str) -> None:
        """Take in the markers of one answer."""
        found = markers(body)
        # An answer from before there were reasons has none.
        why = next((words[1] for words in found if words[0] == "why" and len(words) == 2), "none")
        for words in found:
            self._take(words, why)

    def _take(self, words: tuple[str, ...], why: str) -> None:
        match words:
            case ("dismissed", "all"):
                self.all, self.restored = why, False
                self.but_rules.clear()
            case ("dismissed", "rule", rule):
                self.rules[rule] = why
                self.but_rules.discard(rule)
            case ("dismissed", "comment", number) if number.isdecimal():
                self.comments[int(number)] = why
                self.but_comments.discard(int(number))
            case ("restored", "all"):
                self.__init__()  # type: ignore[misc] # everything is as at first, but for threads that people resolved
                self.restored = True
            case ("restored", "rule", rule):
                self.rules.pop(rule, None)
                self.but_rules.add(rule)
            case ("restored", "comment", number) if number.isdecimal():
                self.comments.pop(int(number), None)
                self.but_comments.add(int(number))
            case _:
                return
