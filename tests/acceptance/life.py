"""A life of pull requests with known truth: people open, fix, dismiss, resolve, thumb, delete, merge and give up.

What they do is drawn from a seed, and what must be counted for it is written down beside. What a bot counted, whatever was
delivered twice, late or in reverse and whoever died meanwhile, is held against that.
"""

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.acceptance.record import ADDRESSED, JUDGED
from bot.acceptance.thresholds import Thresholds
from bot.markers import markers
from workers.sandbox import SimulatedGitHub, SimulatedRepository
from workers.sandbox.changes import add_reaction
from workers.sandbox.records import Pull, ReviewComment

# A rule that people follow, and one that they do not; each finds one place in a file of its own.
GOOD, BAD = "large-value-param", "regexp-compile"
BASE = {
    "go.mod": "module k8s.io/kubernetes\n\ngo 1.21\n",
    "pkg/scheduler/pod.go": """\
package scheduler

// Pod is what is scheduled.
type Pod struct {
	Name        string
	Labels      map[string]string
	Containers  [40]string
	Annotations map[string]string
}
""",
}
CONFIGURATION = ".github/scalability.yaml"
_FILES = {GOOD: "pkg/scheduler/fits_{0}.go", BAD: "plugin/pkg/scheduler/algorithm/predicates/zone_{0}.go"}
_FOUND = {
    GOOD: """\
package scheduler

func fits{0}(pod Pod, nodes []string) bool {{
	return len(nodes) > 0 && pod.Name != ""
}}
""",
    BAD: """\
package predicates

import (
	"regexp"

	"k8s.io/kubernetes/pkg/api"
)

func inZone{0}(pod *api.Pod, node *api.Node, pattern string) bool {{
	match, err := regexp.MatchString(pattern, node.Labels["zone"])
	return err == nil && match
}}
""",
}
_MENDED = {
    GOOD: _FOUND[GOOD].replace("pod Pod", "pod *Pod"),
    BAD: """\
package predicates

import "k8s.io/kubernetes/pkg/api"

func inZone{0}(pod *api.Pod, node *api.Node, zone string) bool {{
	return node.Labels["zone"] == zone
}}
""",
}

Fate = Literal[
    "fixed",
    "returned",
    "changed",
    "wrong",
    "fine",
    "later",
    "other",
    "none",
    "rule",
    "allowed",
    "resolved",
    "deleted",
    "left",
]
# How comments of each rule are taken.
_FATES: dict[str, dict[Fate, int]] = {
    GOOD: {"fixed": 50, "returned": 5, "changed": 8, "fine": 6, "later": 4, "none": 3, "allowed": 5, "resolved": 6,
           "deleted": 4, "left": 9},
    BAD: {"fixed": 3, "changed": 1, "wrong": 30, "other": 6, "rule": 8, "allowed": 4, "resolved": 8, "deleted": 3, "left": 37},
}  # fmt: skip
_SAID = {
    "wrong": "wrong: it runs once",
    "fine": "fine here, it is small",
    "later": "later, in a follow-up",
    "other": "please",
    "none": "",
}
End = Literal["merged", "given up", "open", "opened again", "unheard"]
_ENDS: dict[End, int] = {"merged": 60, "given up": 14, "open": 6, "opened again": 8, "unheard": 12}


class Bot(Protocol):
    """Whoever reviews: in this process, or in processes of its own."""

    github: SimulatedGitHub
    thresholds: Thresholds

    def settle(self) -> None:
        """Wait until nothing is to be done."""

    def sweep(self) -> None:
        """Have maintenance look for what nobody told of."""

    def disturb(self) -> None:
        """Have something go wrong, sooner or later: doubled deliveries, late ones, somebody who is killed."""

    def stats(self) -> dict[str, Any]:
        """Give what `scalability-bot stats --format json` prints."""


@dataclass(eq=False)
class Comment:
    """One comment, and what must be counted of it."""

    rule: str
    place: ReviewComment
    taken: str = "open"
    reason: str = ""
    end: Literal["open", "merged", "closed"] = "open"
    thumbs: int = 0
    replied: bool = False
    edited: bool = False
    fate: Fate = "left"

    @property
    def outcome(self) -> str:
        """What became of it: what people made of it, or how the pull request ended."""
        if self.taken != "open" and not (self.end == "closed" and self.reason in {"resolved", "allowed"}):
            return self.taken
        if self.end != "open" and self.fate == "changed":
            return "changed"
        return {"open": "open", "merged": "stood", "closed": "dropped"}[self.end]

    def whats(self) -> list[str]:
        """Give what it is counted as."""
        found = ["posted", self.outcome]
        found += [f"dismissed_{self.reason}"] if self.outcome == "dismissed" else []
        found += ["edited"] if self.edited else []
        found += ["replied"] if self.replied else []
        found += ["outdated"] if self.place.current is None else []
        found += ["helpful" if self.thumbs > 0 else "unhelpful"] if self.thumbs else []
        return found


@dataclass(eq=False)
class Case:
    """One pull request."""

    number: int
    repository: SimulatedRepository
    pull: Pull
    rules: tuple[str, ...]
    end: End
    comments: list[Comment] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Say whether it is."""
        return self.pull.state == "open"


class Life:
    """Repositories whose people do what a seed has them do. mistakes are the places where the bot did otherwise than it must."""

    def __init__(self, bot: Bot, seed: int, names: tuple[str, ...] = ("octo/often", "octo/seldom")) -> None:
        self.bot = bot
        self.chance = random.Random(seed)
        self.repositories = [bot.github.repository(name) for name in names]
        for repository in self.repositories:
            repository.commit(BASE)
        self.cases: list[Case] = []
        self.silent = 0
        self.mistakes: list[str] = []

    def wave(self, number: int) -> None:
        """Live through so many pull requests, all at a time."""
        cases = [self._opened() for _ in range(number)]
        self._settle()
        for case in cases:
            self._look(case)
        returning = [case for case in cases for comment in case.comments if comment.fate == "returned"]
        for case in cases:
            self._act(case)
        self._settle()
        for case in returning:
            self._put_back(case)
        self._settle()
        for case in cases:
            self._end(case)
        self._settle()
        self.bot.sweep()
        for case in cases:
            if case.end == "opened again" and not case.is_open:
                case.repository.reopen(case.pull)
                self.bot.disturb()
                case.pull.merged = False
        self._settle()
        for case in cases:
            if case.end == "opened again":
                case.repository.close(case.pull, merged=True)
                self._judge(case)
        self._settle()

    def truth(self) -> dict[str, Counter[str]]:
        """Give what must be counted, by "repository rule"."""
        found: dict[str, Counter[str]] = {}
        for case in self.cases:
            for comment in case.comments:
                counts = found.setdefault(f"{case.repository.full_name} {comment.rule}", Counter())
                counts.update(comment.whats())
                counts["pulls"] += not case.is_open and comment.outcome in JUDGED
        return found

    def counted(self) -> dict[str, Counter[str]]:
        """Give what the bot counted, as truth() does."""
        derived = {"judged", "addressed", "shares"}
        return {
            name: Counter({what: number for what, number in counts.items() if what not in derived and number})
            for name, counts in self.bot.stats()["rules_by_repository"].items()
        }

    def demoted(self, repository: SimulatedRepository, rule: str) -> bool:
        """Say whether a rule must be demoted in a repository by now."""
        counts = self.truth().get(f"{repository.full_name} {rule}", Counter())
        judged, wanted = sum(counts[what] for what in JUDGED), self.bot.thresholds
        if counts["pulls"] < wanted.after:
            return False
        addressed = sum(counts[what] for what in ADDRESSED)
        wrong = counts["dismissed_wrong"]
        return addressed / judged < wanted.addressed / 100 or wrong / judged >= wanted.wrong / 100

    def _opened(self) -> Case:
        number = len(self.cases) + 1
        repository = self.chance.choices(self.repositories, [4, 1])[0]
        rules = self.chance.choice([(GOOD, BAD), (GOOD, BAD), (GOOD,), (BAD,)])
        files = {_FILES[rule].format(number): _FOUND[rule].format(number) for rule in rules}
        end = self.chance.choices(list(_ENDS), list(_ENDS.values()))[0]
        pull = repository.open_pull(files, f"Change {number}", f"contributor-{number % 7}")
        self.cases.append(Case(number, repository, pull, rules, end))
        self.bot.disturb()
        return self.cases[-1]

    def _look(self, case: Case) -> None:
        """See that each finding has its comment, but for a demoted rule's, of which the check run tells instead."""
        roots = [each for each in case.pull.review_comments if each.in_reply_to is None]
        [run] = case.repository.check_runs(case.pull, "scalability")
        for rule in case.rules:
            own = [each for each in roots if ("rule", rule) in {words[:2] for words in markers(each.body)}]
            said = f"`{rule}` is listed here and not on lines" in (run.summary or "")
            annotated = any(each.get("title") == rule for each in run.annotations)
            silent = self.demoted(case.repository, rule)
            self.silent += silent
            if (len(own), said, annotated) != ((0, True, False) if silent else (1, False, False)):
                self.mistakes.append(
                    f"{case.repository.full_name}#{case.pull.number} {rule}: {len(own)} {said} {annotated}"
                )
            if own:
                fates = _FATES[rule]
                fate = self.chance.choices(list(fates), list(fates.values()))[0]
                case.comments.append(Comment(rule, own[0], fate=fate))
        fates_here = {comment.fate for comment in case.comments}
        if "changed" in fates_here and (fates_here & {"returned"} or case.end != "merged"):
            # What was changed last, unseen, is known by its lines, which a change and its return leave changed too.
            for comment in case.comments:
                comment.fate = "left" if comment.fate == "changed" else comment.fate

    def _act(self, case: Case) -> None:
        mended = {}
        for comment in case.comments:
            person, root = f"member-{case.number}", comment.place
            if comment.fate != "deleted":
                self._thumb(case, comment)
            match comment.fate:
                case "fixed" | "returned":
                    mended[root.path] = _MENDED[comment.rule].format(case.number)
                    comment.taken, comment.edited = "fixed", True
                case "allowed":
                    found = _FOUND[comment.rule].format(case.number)
                    mended[root.path] = _allowed(found, comment.rule, above=self.chance.random() < 0.5)
                    comment.taken, comment.reason, comment.edited = "dismissed", "allowed", True
                case "rule":
                    case.repository.comment(
                        case.pull, person, f"/scalability-check dismiss {comment.rule} wrong", "MEMBER"
                    )
                    comment.taken, comment.reason = "dismissed", "wrong"
                case "resolved":
                    case.repository.resolve(root, f"contributor-{case.number % 7}")
                    comment.taken, comment.reason = "dismissed", "resolved"
                case "deleted":
                    case.repository.delete_review_comment(case.pull, root)
                    comment.taken = "deleted"
                case "wrong" | "fine" | "later" | "other" | "none" as reason:
                    words = f"/scalability-check dismiss {_SAID[reason]}".rstrip()
                    case.repository.reply(case.pull, root, person, words, "MEMBER")
                    comment.taken, comment.reason, comment.replied = "dismissed", reason, True
                case _:
                    pass
        if mended:
            case.repository.push(case.pull, mended)
        self.bot.disturb()

    def _thumb(self, case: Case, comment: Comment) -> None:
        # Followed advice is liked, wrong advice is not, and most people say nothing.
        liked = 0.8 if comment.fate == "fixed" else 0.1
        state = self.bot.github.state
        for number in range(self.chance.choice([0, 0, 1, 1, 3])):
            thumb = "+1" if self.chance.random() < liked else "-1"
            with state.lock:
                add_reaction(state, comment.place.reactions, state.user(f"reader-{number}"), thumb)
            comment.thumbs += 1 if thumb == "+1" else -1
        if comment.fate in {"fixed", "left"} and self.chance.random() < 0.2:
            case.repository.reply(case.pull, comment.place, "contributor", "Thanks, I see.")
            comment.replied = True

    def _put_back(self, case: Case) -> None:
        back = {
            each.place.path: _FOUND[each.rule].format(case.number) for each in case.comments if each.fate == "returned"
        }
        case.repository.push(case.pull, back)
        for comment in case.comments:
            if comment.fate == "returned":
                comment.taken = "open"

    def _end(self, case: Case) -> None:
        changed = {
            each.place.path: _MENDED[each.rule].format(case.number) for each in case.comments if each.fate == "changed"
        }
        url = self.bot.github.webhook_url
        with self.bot.github.state.lock:  # so that nobody reviews the last push
            if changed:
                case.repository.push(case.pull, changed)
            match case.end:
                case "merged":
                    case.repository.close(case.pull, merged=True)
                case "unheard":
                    self.bot.github.delivered()
                    self.bot.github.webhook_url = None
                    case.repository.close(case.pull, merged=True)
                case "given up" | "opened again":
                    case.repository.close(case.pull)
                case "open":
                    # A thumb and a resolved thread send no webhook: they are seen when something else happens.
                    case.repository.push(case.pull, {f"docs/{case.number}.md": "Words.\n"})
        if case.end == "unheard":
            self.bot.github.delivered()
            self.bot.github.webhook_url = url
        self._judge(case)
        self.bot.disturb()

    def _judge(self, case: Case) -> None:
        """Write down how it ended."""
        for comment in case.comments:
            comment.end = "open" if case.is_open else "merged" if case.pull.merged else "closed"

    def _settle(self) -> None:
        self.bot.settle()


def _allowed(found: str, rule: str, *, above: bool) -> str:
    """Give a file whose finding is allowed, on its line or above it."""
    lines = found.split("\n")
    at = next(index for index, line in enumerate(lines) if "(pod Pod" in line or "MatchString" in line)
    comment = f"//scalability:allow {rule} it runs once"
    if above:
        lines.insert(at, comment)
    else:
        lines[at] += f" {comment}"
    return "\n".join(lines)


def configured(repository: SimulatedRepository, rule: str) -> None:
    """Have a repository ask for a demoted rule's comments."""
    repository.commit({CONFIGURATION: f"rules: {{{rule}: warning}}\n"})


def finding(number: int, rule: str = GOOD) -> dict[str, str]:
    """Give the file with a finding of a rule."""
    return {_FILES[rule].format(number): _FOUND[rule].format(number)}


def again(repository: SimulatedRepository) -> Pull:
    """Open one more pull request with a finding of the rule that nobody follows."""
    return repository.open_pull(finding(0, BAD), "Once more")


def said_of(summary: str) -> list[str]:
    """Give the sentences in which a check run says which rules are demoted."""
    return re.findall(r"^- `[a-z-]+` is listed here and not on lines.*$", summary, flags=re.MULTILINE)
